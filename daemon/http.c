/*
 * http.c - libmicrohttpd on the loop; see http.h. What is answered is the routes' business.
 *
 * The library runs without threads: all its sockets are in one epoll descriptor, which the loop watches, and MHD_run() is
 * called when that is readable or the time is up that MHD_get_timeout() names (microhttpd.h, MHD_run).
 */
#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "dualwrite/config_keys.h"
#include "dualwrite/http_header.h"
#include "dualwrite/log.h"
#include "dualwrite/xalloc.h"
#include "http_clients.h"
#include "http_socket.h"

#define AGAIN_MS 2000                      /* a port that was taken is tried again */
#define CLIENTS_AND_CUT (2 * HTTP_CLIENTS) /* also those that were cut and have not gone yet */
#define IDLE_S 10                          /* a connection that says nothing for so long is closed */
#define MEMORY ((size_t) 8 << 10)          /* of one connection, headers included; libmicrohttpd answers 431 to more */

struct server {
    struct http *http;
    struct MHD_Daemon *mhd;
    uv_poll_t poll;
    uv_timer_t timer;
    struct http_clients clients;
    int handles; /* open */
};

struct http {
    uv_loop_t *loop;
    const char *instance;
    const struct http_route *routes;
    http_answered answered;
    void *arg;
    char own_name[CONFIG_HOST_MAX];
    char *wanted;          /* address, or "off" */
    char *has;             /* the address that `server` was opened for */
    struct server *server; /* NULL: nothing listens */
    char *said;            /* the last complaint about `wanted` */
    uv_timer_t again;
    uv_getaddrinfo_t lookup;
    char *looking; /* the address under way; NULL: none */
    bool closing;
    bool closed; /* `again` is */
};

static void attempt(struct http *h);

/* ---- requests -------------------------------------------------------------------------------------------------- */

static enum MHD_Result
send_reply(const struct http *h, struct MHD_Connection *connection, struct http_reply *reply)
{
    size_t len = reply->body.len;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, buf_steal(&reply->body), MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "Content-Security-Policy", reply->policy);
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    MHD_add_response_header(response, "X-Dualwrite-Instance", h->instance);
    if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/*
 * What comes to a loopback address comes from this host: maybe from a browser there, whose page found a name that leads to it.
 * Such a name is not ours. Elsewhere any name may lead here, and whoever may reach the port may read.
 */
static bool
may_ask(const struct http *h, struct MHD_Connection *connection, const char *host)
{
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    char listens[CONFIG_HOST_MAX] = "";
    char port[6];

    return !http_socket_is_loopback(fd) ||
           http_host_is_ours(host, h->own_name,
                             h->has != NULL && config_listen_split(h->has, listens, port) ? listens : NULL);
}

static void
refuse(const struct http *h, struct http_reply *reply, unsigned status, const char *why)
{
    reply->status = status;
    buf_printf(&reply->body, "{\"error\":\"%s\",\"instance\":\"%s\"}\n", why, h->instance);
}

/* Once when the headers are there and once when the request is complete. An answer to the first closes the connection. */
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
           const char *upload, size_t *upload_size, void **seen)
{
    const struct http *h = ((struct server *) arg)->http;
    bool reads = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    const struct http_route *route = h->routes;
    const struct http_request request = {
        .accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT)};
    struct http_reply reply = {
        .status = MHD_HTTP_OK, .type = "application/json", .policy = "default-src 'none'; frame-ancestors 'none'"};

    (void) version;
    (void) upload;
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_NO; /* nothing here takes a body: the connection is closed */
    }
    if (reads && *seen == NULL) {
        *seen = arg;
        return MHD_YES;
    }
    while (route->path != NULL && strcmp(route->path, url) != 0)
        route++;
    if (!may_ask(h, connection, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
        refuse(h, &reply, MHD_HTTP_MISDIRECTED_REQUEST,
               "that host name is not this host's: ask by address, or as localhost");
    else if (route->path == NULL)
        refuse(h, &reply, MHD_HTTP_NOT_FOUND, "no such path");
    else if (!reads)
        refuse(h, &reply, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
    else
        route->answer(h->arg, &request, &reply);
    h->answered(h->arg, route->path, reply.status);
    return send_reply(h, connection, &reply);
}

/* ---- one listening socket -------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void
run(struct server *s)
{
    MHD_UNSIGNED_LONG_LONG ms;

    MHD_run(s->mhd);
    /* not 0: libuv 1.44 runs such a timer again in the same round, for ever while clients always have a next request there */
    if (MHD_get_timeout(s->mhd, &ms) == MHD_YES)
        uv_timer_start(&s->timer, on_timer, ms > 0 ? ms : 1, 0);
    else
        uv_timer_stop(&s->timer);
}

static void
on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
    (void) status;
    (void) events;
    run(poll->data);
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct server *s = handle->data;

    if (--s->handles == 0)
        free(s);
}

/* Takes the socket over; NULL when there is no memory or descriptor left, the socket is closed then. */
static struct server *
server_start(struct http *h, int fd)
{
    struct server *s = xcalloc(1, sizeof *s);

    s->http = h;
    s->mhd = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
                              MHD_OPTION_CONNECTION_LIMIT, (unsigned) CLIENTS_AND_CUT, MHD_OPTION_CONNECTION_TIMEOUT,
                              (unsigned) IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY,
                              MHD_OPTION_NOTIFY_CONNECTION, http_clients_connection, &s->clients,
                              MHD_OPTION_NOTIFY_COMPLETED, http_clients_answered, &s->clients, MHD_OPTION_END);
    if (s->mhd == NULL) {
        close(fd);
        free(s);
        return NULL;
    }
    uv_poll_init(h->loop, &s->poll, MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    uv_timer_init(h->loop, &s->timer);
    http_clients_init(&s->clients, h->loop);
    s->poll.data = s->timer.data = s;
    s->handles = 3;
    uv_poll_start(&s->poll, UV_READABLE, on_readable);
    return s;
}

static void
server_stop(struct http *h)
{
    struct server *s = h->server;

    if (s == NULL)
        return;
    h->server = NULL;
    free(h->has);
    h->has = NULL;
    /* the loop lets the descriptor go before the library closes it */
    uv_close((uv_handle_t *) &s->poll, on_handle_closed);
    MHD_stop_daemon(s->mhd);
    uv_close((uv_handle_t *) &s->timer, on_handle_closed);
    http_clients_close(&s->clients, on_handle_closed, s);
}

/* ---- the address ----------------------------------------------------------------------------------------------- */

static bool
same_port(const char *a, const char *b)
{
    char host[CONFIG_HOST_MAX];
    char port[2][6];

    return a != NULL && config_listen_split(a, host, port[0]) && config_listen_split(b, host, port[1]) &&
           strcmp(port[0], port[1]) == 0;
}

static void
on_again(uv_timer_t *timer)
{
    attempt(timer->data);
}

static void
failed(struct http *h, const char *why)
{
    struct log_line l = {0};

    uv_timer_start(&h->again, on_again, AGAIN_MS, 0);
    if (h->said != NULL && strcmp(h->said, why) == 0)
        return;
    free(h->said);
    h->said = xstrdup(why);
    log_begin(&l, LOG_WARNING, "http_not_listening");
    log_str(&l, "address", h->wanted);
    log_str(&l, "error", why);
    log_str(&l, "still_listening", h->has);
    log_str(&l, "msg", "tried again every 2 s; if it is not another daemon's, see DUALWRITE_HTTP_LISTEN");
    log_end(&l);
}

static void
log_listening(int fd)
{
    struct buf address = {0};
    struct log_line l = {0};

    http_socket_address(fd, &address);
    log_begin(&l, LOG_INFO, "http_listening");
    log_str(&l, "address", buf_text(&address));
    log_end(&l);
    buf_free(&address);
}

static void
open_on(struct http *h, const struct addrinfo *list)
{
    int fd = http_socket_open(list);
    struct server *s;

    if (fd < 0 && errno == EADDRINUSE && same_port(h->has, h->wanted)) {
        server_stop(h);
        fd = http_socket_open(list);
    }
    if (fd < 0) {
        failed(h, strerror(errno));
        return;
    }
    s = server_start(h, fd);
    if (s == NULL) {
        failed(h, "no memory or descriptor left");
        return;
    }
    server_stop(h);
    h->server = s;
    h->has = xstrdup(h->wanted);
    free(h->said);
    h->said = NULL;
    log_listening(fd);
}

static void
free_if_closed(struct http *h)
{
    if (!h->closed || h->looking != NULL)
        return;
    free(h->wanted);
    free(h->said);
    free(h);
}

static void
on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct http *h = request->data;
    bool still_wanted = strcmp(h->looking, h->wanted) == 0;

    free(h->looking);
    h->looking = NULL;
    if (h->closing)
        free_if_closed(h);
    else if (!still_wanted)
        attempt(h);
    else if (status != 0)
        failed(h, uv_strerror(status));
    else
        open_on(h, list);
    uv_freeaddrinfo(list);
}

static bool
has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* A number is no lookup; a name may take seconds, on a thread of the loop. */
static void
attempt(struct http *h)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char host[CONFIG_HOST_MAX];
    char port[6];

    if (h->looking != NULL || !config_listen_split(h->wanted, host, port))
        return;
    if (*host == '\0')
        hints.ai_family = has_ipv6() ? AF_INET6 : AF_INET; /* IPv6 takes IPv4 in, see IPV6_V6ONLY */
    if (getaddrinfo(*host == '\0' ? NULL : host, port, &hints, &list) == 0) {
        open_on(h, list);
        freeaddrinfo(list);
        return;
    }
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    h->lookup.data = h;
    h->looking = xstrdup(h->wanted);
    if (uv_getaddrinfo(h->loop, &h->lookup, on_looked_up, host, port, &hints) != 0) {
        free(h->looking);
        h->looking = NULL;
        failed(h, "the name cannot be looked up");
    }
}

/* ---- from the engine ------------------------------------------------------------------------------------------- */

struct http *
http_new(uv_loop_t *loop, const char *instance, const struct http_route *routes, http_answered answered, void *arg)
{
    struct http *h = xcalloc(1, sizeof *h);

    h->loop = loop;
    h->instance = instance;
    h->routes = routes;
    h->answered = answered;
    gethostname(h->own_name, sizeof h->own_name - 1);
    h->arg = arg;
    h->wanted = xstrdup("off");
    uv_timer_init(loop, &h->again);
    h->again.data = h;
    return h;
}

void
http_listen(struct http *h, const char *address)
{
    if (strcasecmp(h->wanted, address) == 0)
        return;
    free(h->wanted);
    h->wanted = xstrdup(address);
    free(h->said);
    h->said = NULL;
    uv_timer_stop(&h->again);
    if (strcmp(address, "off") == 0)
        server_stop(h);
    else
        attempt(h);
}

static void
on_closed(uv_handle_t *handle)
{
    struct http *h = handle->data;

    h->closed = true;
    free_if_closed(h);
}

void
http_close(struct http *h)
{
    server_stop(h);
    h->closing = true;
    if (h->looking != NULL)
        uv_cancel((uv_req_t *) &h->lookup);
    uv_close((uv_handle_t *) &h->again, on_closed);
}
