/* http_socket.c - the listening socket of HTTP; see http_socket.h. */
#include "http_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

static int
open_one(const struct addrinfo *a)
{
    const int on = 1;
    const int off = 0;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    /* a restart must not wait for connections of the last run; never SO_REUSEPORT, two daemons would share the clients */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int
http_socket_open(const struct addrinfo *list)
{
    int fd = -1;

    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = open_one(a);
        if (fd < 0 && errno == EADDRINUSE)
            break;
    }
    return fd;
}

void
http_socket_address(int fd, struct buf *out)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    char host[INET6_ADDRSTRLEN] = "";
    char port[6] = "";

    getsockname(fd, (struct sockaddr *) &bound, &len);
    getnameinfo((struct sockaddr *) &bound, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    buf_printf(out, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

bool
http_socket_is_loopback(int fd)
{
    union {
        struct sockaddr_storage any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } a = {0};
    socklen_t len = sizeof a;

    if (getsockname(fd, (struct sockaddr *) &a, &len) != 0)
        return false;
    if (a.any.ss_family == AF_INET)
        return ntohl(a.in.sin_addr.s_addr) >> 24 == 127;
    return a.any.ss_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(&a.in6.sin6_addr) ||
            (IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr) && a.in6.sin6_addr.s6_addr[12] == 127));
}
