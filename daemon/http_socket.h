/* http_socket.h - the listening socket of HTTP, and the addresses of sockets. */
#ifndef HTTP_SOCKET_H
#define HTTP_SOCKET_H

#include <netdb.h>
#include <stdbool.h>

#include "dualwrite/buf.h"

/* A socket that listens on the first of these addresses that this host has, or -1 and errno. One that is taken is not passed
 * over: it is the next daemon's turn there. */
int http_socket_open(const struct addrinfo *list);

/* What was bound, HOST:PORT: the port may have been 0, the host a name. */
void http_socket_address(int fd, struct buf *out);

/* A connection that came to a loopback address: from this host. */
bool http_socket_is_loopback(int fd);

#endif
