/* local_find.c - the command's side of the socket for health checks: which daemon is ours; see local.h. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "local.h"

/* Connected to that very process, or -1. */
static int
connect_to(const struct local_name *n, int timeout_s)
{
    const struct timeval patience = {.tv_sec = timeout_s};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    char name[LOCAL_NAME_MAX];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    local_name_print(n, name);
    memcpy(address.sun_path + 1, name, strlen(name));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* connect() obeys it, socket(7) */
    /* the peer is who called listen(), by its number here; 0 when it is in no PID namespace that we see */
    if (connect(fd, (struct sockaddr *) &address,
                (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == n->pid)
        return fd;
    close(fd);
    return -1;
}

static void
add(struct local_found *found, const struct local_name *n, bool fits, int timeout_s)
{
    int fd = fits ? connect_to(n, timeout_s) : -1;

    found->others += !fits;
    if (fd < 0)
        return;
    if (++found->count > 1) {
        close(fd);
        return;
    }
    found->fd = fd;
    found->pid = n->pid;
}

struct local_found
local_find(const char *file, int64_t pid, int timeout_s)
{
    struct local_found found = {.fd = -1};
    struct local_name own;
    struct local_name n;
    FILE *sockets = fopen("/proc/self/net/unix", "re");
    char *line = NULL;
    size_t size = 0;

    if (sockets == NULL)
        return found;
    while (local_own_name(file, &own) && getline(&line, &size, sockets) > 0)
        if (local_name_read(line, &n) && n.place == own.place)
            add(&found, &n, pid != 0 ? n.pid == pid : n.file == own.file, timeout_s);
    free(line);
    fclose(sockets);
    if (found.count > 1) {
        close(found.fd);
        found.fd = -1;
        found.pid = 0;
    }
    return found;
}
