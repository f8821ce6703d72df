/*
 * http_clients.h - the connections of one HTTP listener: how many there may be, and how long one may go without an answer.
 *
 * libmicrohttpd's own limits are not enough: at its limit of connections it takes no new one, and its time-out begins anew with
 * every byte. What is asked and answered is not known here.
 */
#ifndef HTTP_CLIENTS_H
#define HTTP_CLIENTS_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <uv.h>

#define HTTP_CLIENTS 64 /* kept; for one more, the one that has gone longest without an answer is cut */

struct http_client {
    TAILQ_ENTRY(http_client) order;
    uint64_t since; /* of the loop's clock: its last answer, or its arrival */
    int fd;
    bool cut; /* not in the list any more */
};

struct http_clients {
    TAILQ_HEAD(http_client_list, http_client) list; /* oldest first */
    size_t count;
    uv_timer_t late; /* runs while there is a client */
};

void http_clients_init(struct http_clients *c, uv_loop_t *loop);

/* Once the library has closed all connections; `closed` gets a handle whose data is `arg`. */
void http_clients_close(struct http_clients *c, uv_close_cb closed, void *arg);

/* For MHD_OPTION_NOTIFY_CONNECTION and MHD_OPTION_NOTIFY_COMPLETED, each with the struct http_clients. */
void http_clients_connection(void *clients, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode what);
void http_clients_answered(void *clients, struct MHD_Connection *connection, void **request,
                           enum MHD_RequestTerminationCode how);

#endif
