/*
 * resolve.c - host names to addresses with uv_getaddrinfo(), one host after the other; see dualwrite/resolve.h.
 */
#include "dualwrite/resolve.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"

struct resolve {
    uv_getaddrinfo_t request;
    uv_timer_t soon; /* calls done from the loop when nothing needs resolving */
    struct conninfo *info;
    resolve_done done;
    void *arg;
    bool cancelled;
    bool in_request;
    char **hosts, **addresses, **ports; /* as given; an address that is not "" needs no looking up */
    size_t count, next;
    struct buf host, hostaddr, port; /* as they will be */
    size_t entries;
    char *why;
};

static void advance(struct resolve *r);

/* Splits a comma list, empty items included, as libpq does. */
static char **
split(const char *list, size_t *count)
{
    char **items = NULL;

    *count = 0;
    for (;;) {
        size_t len = strcspn(list, ",");

        items = xreallocarray(items, *count + 1, sizeof *items);
        items[(*count)++] = xstrndup(list, len);
        if (list[len] == '\0')
            return items;
        list += len + 1;
    }
}

static void
free_list(char **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i]);
    free(items);
}

static void
on_closed(uv_handle_t *handle)
{
    struct resolve *r = handle->data;

    free_list(r->hosts, r->count);
    free_list(r->addresses, r->count);
    free_list(r->ports, r->count);
    buf_free(&r->host);
    buf_free(&r->hostaddr);
    buf_free(&r->port);
    free(r->why);
    conninfo_free(r->info);
    free(r);
}

static void
add_entry(struct resolve *r, const char *address)
{
    const char *comma = r->entries++ == 0 ? "" : ",";

    buf_printf(&r->host, "%s%s", comma, r->hosts[r->next]);
    buf_printf(&r->hostaddr, "%s%s", comma, address);
    buf_printf(&r->port, "%s%s", comma, r->ports[r->next]);
}

static void
finish(struct resolve *r)
{
    struct conninfo *info = r->info;

    r->info = NULL;
    if (r->cancelled) {
        conninfo_free(info);
    } else if (r->count > 0 && r->entries == 0) {
        conninfo_free(info);
        r->done(r->arg, NULL, r->why == NULL ? "a host name has no address" : r->why);
    } else {
        if (r->count > 0) {
            conninfo_set(info, "host", buf_text(&r->host));
            conninfo_set(info, "hostaddr", buf_text(&r->hostaddr));
            conninfo_set(info, "port", buf_text(&r->port));
        }
        r->done(r->arg, info, NULL);
    }
    uv_close((uv_handle_t *) &r->soon, on_closed);
}

static void
note_failure(struct resolve *r, const char *why)
{
    struct buf text = {0};

    if (r->why != NULL)
        return;
    buf_printf(&text, "could not resolve host name \"%s\": %s", r->hosts[r->next], why);
    r->why = buf_steal(&text);
}

static void
on_addresses(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolve *r = request->data;
    char address[INET6_ADDRSTRLEN];

    r->in_request = false;
    for (const struct addrinfo *a = list; status == 0 && a != NULL; a = a->ai_next)
        if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) == 0)
            add_entry(r, address);
    if (status != 0)
        note_failure(r, uv_strerror(status));
    uv_freeaddrinfo(list);
    r->next++;
    advance(r);
}

static void
advance(struct resolve *r)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int status;

    for (; !r->cancelled && r->next < r->count; r->next++) {
        const char *host = r->hosts[r->next];

        if (*r->addresses[r->next] != '\0' || host[0] == '/' || host[0] == '@' || host[0] == '\0') {
            add_entry(r, r->addresses[r->next]);
            continue;
        }
        status = uv_getaddrinfo(r->soon.loop, &r->request, on_addresses, host, NULL, &hints);
        r->in_request = status == 0;
        if (status == 0)
            return;
        note_failure(r, uv_strerror(status));
    }
    finish(r);
}

static void
on_soon(uv_timer_t *timer)
{
    advance(timer->data);
}

/* The items of `list`, as many as `count`: the only item serves for all, as with libpq's ports; what is missing is "". */
static char **
spread(const char *list, size_t count, bool one_for_all)
{
    size_t given;
    char **items = split(list == NULL ? "" : list, &given);
    char **out = xcalloc(count, sizeof *out);

    for (size_t i = 0; i < count; i++)
        out[i] = xstrdup(i < given ? items[i] : given == 1 && one_for_all ? items[0] : "");
    free_list(items, given);
    return out;
}

struct resolve *
resolve_start(uv_loop_t *loop, struct conninfo *info, resolve_done done, void *arg)
{
    struct resolve *r = xcalloc(1, sizeof *r);
    const char *host = conninfo_get(info, "host");

    r->info = info;
    r->done = done;
    r->arg = arg;
    r->request.data = r;
    uv_timer_init(loop, &r->soon);
    r->soon.data = r;
    if (host != NULL && *host != '\0') {
        r->hosts = split(host, &r->count);
        r->addresses = spread(conninfo_get(info, "hostaddr"), r->count, false);
        r->ports = spread(conninfo_get(info, "port"), r->count, true);
    }
    uv_timer_start(&r->soon, on_soon, 0, 0);
    return r;
}

void
resolve_cancel(struct resolve *r)
{
    r->cancelled = true;
    if (r->in_request)
        uv_cancel((uv_req_t *) &r->request);
    else
        uv_timer_start(&r->soon, on_soon, 0, 0);
}
