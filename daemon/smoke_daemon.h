/*
 * smoke_daemon.h - a daemon of its own for `dualwrited smoke --with-daemon`: started with the same settings, its log in a
 * temporary file, stopped at the end. For where none runs yet; not a way to run one.
 */
#ifndef SMOKE_DAEMON_H
#define SMOKE_DAEMON_H

#include <sys/types.h>

#include "desk.h"

struct smoke_daemon {
    pid_t pid;
    char log[64]; /* the file; "" : there is none */
};

/* EXIT_GOOD when it beats, or the status to exit with after saying why not. `config` as --config. */
int smoke_daemon_start(struct smoke_daemon *daemon, struct desk *d, const char *config);

/* Ends it and takes the file away; nothing where it was not started. */
void smoke_daemon_stop(struct smoke_daemon *daemon);

#endif
