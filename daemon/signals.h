/*
 * signals.h - SIGTERM, SIGINT, SIGHUP and SIGUSR1 as calls from the loop. What they mean is the engine's business.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <uv.h>

struct signals;

struct signals *signals_start(uv_loop_t *loop, void (*caught)(void *arg, int signum), void *arg);

/* The loop must run once more for the handles to go; frees. */
void signals_close(struct signals *s);

#endif
