/*
 * signals.h - SIGTERM, SIGINT, SIGHUP and SIGUSR1 as calls from the loop. What they mean is the engine's business.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <uv.h>

struct signals;

/*
 * Holds them back until signals_start(). Before that they would end the process, or be lost where it is the first one of a
 * container: what such a process has no handler for, and does not block, the kernel throws away.
 */
void signals_hold(void);

struct signals *signals_start(uv_loop_t *loop, void (*caught)(void *arg, int signum), void *arg);

/* The loop must run once more for the handles to go; frees. */
void signals_close(struct signals *s);

#endif
