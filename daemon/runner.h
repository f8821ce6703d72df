/*
 * runner.h - runs a command as a child process, by an argv array and never through a shell, and keeps what it prints.
 *
 * For the commands that call other commands. A child is in a process group of its own, so that a Ctrl-C reaches us alone and we
 * say when it has to end; it ends with us, also when we are killed.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/words.h"

struct run {
    const char *in;  /* its stdin; NULL: nothing */
    const char *out; /* the file for its stdout; NULL: kept in `text` */
    const char *err; /* ... for its stderr, taken away when nothing was said; NULL: ours; the same as out: both there */
    bool silent;     /* its stderr is nobody's */
    bool append;     /* to out */
    void (*tick)(void *arg); /* called each second meanwhile; may be NULL */
    void *arg;
    int64_t limit_ms; /* it is ended when it takes longer; 0: never */

    int status; /* the exit status; 128 and its number after a signal; -1: it could not be started, or took too long */
    char *why;  /* then: one line with what to do */
    char *text; /* without `out`: what it printed */
};

/* Fills in the lower part of `r`, to be freed with run_free(). `argv[0]` is looked for in PATH. */
void run_command(struct run *r, const struct words *argv);
void run_free(struct run *r);

/* Opens a file for output as run_command() does: a link is not followed, to write over nobody's file. -1 and errno. */
int run_open(const char *path, bool append);

/* From now on SIGINT, SIGTERM and SIGHUP end the child, not us: a second one at once. */
void run_catch_signals(void);

/* The number of the signal that came; 0: none. run_forget_signal() is for what has to be done in spite of it. */
int run_stopped(void);
void run_forget_signal(void);

#endif
