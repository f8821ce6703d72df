/*
 * child.h - other programs as children: pg_dump, pg_restore, psql, gzip, and the operator's own commands.
 *
 * They get their connection by the environment, so nothing secret is in a process title. What they say on stderr is kept,
 * for the message where they fail.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int said; /* what it wrote to stderr */
    const char *program;
};

/* Where children get a database's connection from; NULL terminated, owned. Free with child_environment_free(). */
char **child_environment(const char *url, const char *name);
void child_environment_free(char **environment);

/* Whether the program is in the PATH; else says which Debian package it is in. */
bool child_there(const char *program, const char *package);

/*
 * Starts argv[0] with these standard streams (-1: /dev/null); `in` and `out` stay open here. NULL environment: ours. `talks`: its
 * stderr is ours, nothing is kept. False after saying why on stderr.
 */
bool child_start(struct child *c, const char *const *argv, char *const *environment, int in, int out, bool talks);

/* Its exit status when it has ended, 128 and the signal's number when that ended it. `tick` is called meanwhile. */
int child_wait(struct child *c, void (*tick)(void *arg), void *arg);

/* The last lines of what it said, without its last line end; free() it. Ends the life of `c`. */
char *child_said(struct child *c);

/* From here on SIGINT, SIGTERM and SIGHUP end the children and are remembered, so that what was begun can be ended in order. */
void child_catch_signals(void);
bool child_interrupted(void);

#endif
