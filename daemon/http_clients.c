/* http_clients.c - the connections of one HTTP listener; see http_clients.h. */
#include "http_clients.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "dualwrite/xalloc.h"

#define REQUEST_MS 15000 /* from the connection, or the answer before, to the end of the answer */

static void
leave(struct http_clients *c, struct http_client *one)
{
    if (one->cut)
        return;
    TAILQ_REMOVE(&c->list, one, order);
    c->count--;
}

static void
cut_oldest(struct http_clients *c)
{
    struct http_client *oldest = TAILQ_FIRST(&c->list);

    leave(c, oldest);
    oldest->cut = true;
    shutdown(oldest->fd, SHUT_RDWR); /* the library sees the end of it and closes */
}

static void
on_late(uv_timer_t *timer)
{
    struct http_clients *c = timer->data;
    uint64_t now = uv_now(timer->loop);

    while (c->count > 0 && now - TAILQ_FIRST(&c->list)->since >= REQUEST_MS)
        cut_oldest(c);
    if (c->count > 0)
        uv_timer_start(timer, on_late, REQUEST_MS - (now - TAILQ_FIRST(&c->list)->since), 0);
}

/* Its time begins. */
static void
join(struct http_clients *c, struct http_client *one)
{
    one->since = uv_now(c->late.loop);
    TAILQ_INSERT_TAIL(&c->list, one, order);
    c->count++;
    if (!uv_is_active((uv_handle_t *) &c->late))
        uv_timer_start(&c->late, on_late, REQUEST_MS, 0);
}

void
http_clients_connection(void *clients, struct MHD_Connection *connection, void **context,
                        enum MHD_ConnectionNotificationCode what)
{
    struct http_clients *c = clients;
    struct http_client *one = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        one = *context = xcalloc(1, sizeof *one);
        one->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        join(c, one);
        /* so slow clients cannot keep others out: the library would leave those in the queue until somebody goes */
        if (c->count > HTTP_CLIENTS)
            cut_oldest(c);
        return;
    }
    leave(c, one);
    if (c->count == 0)
        uv_timer_stop(&c->late); /* an idle daemon does not wake up for nobody */
    free(one);
}

void
http_clients_answered(void *clients, struct MHD_Connection *connection, void **request,
                      enum MHD_RequestTerminationCode how)
{
    struct http_client *one = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

    (void) request;
    (void) how;
    if (one->cut)
        return;
    leave(clients, one);
    join(clients, one);
}

void
http_clients_init(struct http_clients *c, uv_loop_t *loop)
{
    TAILQ_INIT(&c->list);
    c->count = 0;
    uv_timer_init(loop, &c->late);
    c->late.data = c;
}

void
http_clients_close(struct http_clients *c, uv_close_cb closed, void *arg)
{
    c->late.data = arg;
    uv_close((uv_handle_t *) &c->late, closed);
}
