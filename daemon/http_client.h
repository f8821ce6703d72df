/*
 * http_client.h - one HTTP request to an application or a target of alerts, for commands: TLS verified, never redirected, bounded in time and size.
 *
 * libcurl, loaded when the first request is made: the daemon, which runs in every pod, does without it. Not the daemon's own
 * HTTP listener (http.h).
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/buf.h"

struct http_request {
    const char *method;
    const char *url;
    const char *token; /* sent as a bearer's; NULL: none. Shown nowhere */
    const char *body;  /* JSON; NULL: none */
    int64_t timeout_ms;
    int (*interrupted)(void); /* not 0: give up */
};

struct http_answer {
    long status; /* 0: none came; it may be there without a whole answer */
    struct buf body;
    double ms; /* from the request to the whole answer */
};

/* False: there is no whole answer; *why (free it) says what is wrong. buf_free(&answer->body) in any case. */
bool http_client_ask(const struct http_request *request, struct http_answer *answer, char **why);

#endif
