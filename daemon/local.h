/*
 * local.h - answers `dualwrited healthcheck` on a socket of the daemon's own, whoever has the port.
 *
 * Whoever connects is told what /livez and /readyz would say, each on a line, "200 {...}", and is hung up on; nothing is
 * read. The name of the socket is local_name.h's. No other program should use this: HTTP is for them.
 */
#ifndef LOCAL_H
#define LOCAL_H

#include <uv.h>

#include "dualwrite/local_name.h"
#include "readiness.h"

struct local;

/* `file` is the env file, or NULL. It says in the log when it cannot listen. */
struct local *local_new(uv_loop_t *loop, const char *file, struct readiness *readiness);
void local_close(struct local *l);

/* What a daemon of this process would be named: for both sides. False when "/" cannot be looked at. */
bool local_own_name(const char *file, struct local_name *n);

struct local_found {
    int64_t pid; /* 0: none, or several */
    int count;   /* daemons that fit */
    int others;  /* daemons of this container or host with another env file */
    int fd;      /* connected to the one that fits, or -1 */
};

/*
 * The daemon of this container or host that reads `file`, or the one with that process id where it is not 0. That the
 * process is the one that it says, and in our PID namespace, is what the kernel tells (SO_PEERCRED, unix(7)).
 */
struct local_found local_find(const char *file, int64_t pid, int timeout_s);

#endif
