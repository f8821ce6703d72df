/*
 * watchdog.h - tells systemd that there is progress, while there is: its watchdog, and at the start its patience.
 *
 * What progress is, is dualwrite/watchdog.h's word; who knows the facts is the engine. Does nothing where nobody listens.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <uv.h>

#include "dualwrite/watchdog.h"

struct watchdog {
    uv_timer_t timer;
    struct watch watch;
    const bool *started; /* it has come up once: the start is over */
    void (*look)(void *arg, struct watch_facts *f);
    void *arg;
    const char *said;
};

/* `look` fills in the facts; `started` is looked at again and again. */
void watchdog_start(struct watchdog *w, uv_loop_t *loop, const bool *started,
                    void (*look)(void *arg, struct watch_facts *f), void *arg);
void watchdog_close(struct watchdog *w);

#endif
