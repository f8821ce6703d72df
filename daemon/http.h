/*
 * http.h - answers HTTP on the loop of the daemon, with libmicrohttpd; knows nothing of what it answers.
 *
 * GET and HEAD of the paths of a table. Nothing in here waits: sockets, time-outs and name lookups are events of the
 * loop. A port that is taken is tried again, so that of several daemons on a host the next one takes over. What a client
 * can cost is bounded: connections, memory, idle time and the whole time of each request; and a new client is always let in,
 * because the connection that has gone longest without an answer is cut for it. A request to a loopback address must name this host (http_header.h): a page in a browser on it could
 * ask otherwise.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include <uv.h>

#include "dualwrite/buf.h"

struct http_request {
    const char *accept; /* NULL: there is no such header */
};

struct http_reply {
    unsigned status;    /* 200 */
    const char *type;   /* "application/json" */
    const char *policy; /* Content-Security-Policy: nothing at all */
    struct buf body;    /* filled by the route, freed by the caller */
};

struct http_route {
    const char *path;
    /* from memory: the loop waits for it */
    void (*answer)(void *arg, const struct http_request *request, struct http_reply *reply);
};

/* Each reply, to be counted: `path` is the route's, NULL where there is none. */
typedef void (*http_answered)(void *arg, const char *path, unsigned status);

struct http;

/* `instance` is sent with every reply; it and `routes` (ends with a NULL path) live as long as the listener. */
struct http *http_new(uv_loop_t *loop, const char *instance, const struct http_route *routes, http_answered answered,
                      void *arg);

/*
 * Listens on `address`, HOST:PORT as config_listen_split() takes it, or "off"; called again, on another one. An address
 * that is numeric is bound when this returns, a name a moment later. The old listener closes once the new one is there,
 * or before it when both cannot be (the same port). It logs http_listening or, once for each cause, http_not_listening.
 */
void http_listen(struct http *h, const char *address);

/* Closes everything, replies under way too. Not from a route. */
void http_close(struct http *h);

#endif
