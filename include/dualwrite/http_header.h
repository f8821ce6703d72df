/*
 * http_header.h - what two headers of a request mean: Accept and Host. Pure; whatever a client may send is taken.
 */
#ifndef DUALWRITE_HTTP_HEADER_H
#define DUALWRITE_HTTP_HEADER_H

#include <stdbool.h>

/*
 * Does an Accept header ask for OpenMetrics 1.0 at least as much as for plain text? NULL: there is none. A range without a
 * version takes every version; another version is another format.
 */
bool http_wants_openmetrics(const char *accept);

/*
 * May a browser's page of another site have sent this Host to a loopback address (DNS rebinding)? True for what no foreign name
 * can be: no Host at all or an empty one, an IP address, localhost and names under it, this host's own name, the name that it listens on.
 * With or without a port. `own_name` and `listen_name` may be NULL or empty.
 */
bool http_host_is_ours(const char *host, const char *own_name, const char *listen_name);

#endif
