/*
 * watchdog.h - does the daemon make progress? Whoever watches it (systemd's watchdog) is told only while it does.
 *
 * Progress is: the loop turns (else nobody asks here), nothing that is under way on a connection is beyond the time that the
 * daemon itself allows for it, and the worker has something under way, or a timer that wakes it, whenever something is due.
 * A database that is away, slow or silent is no lack of progress: trying again is under way, and has its time. Waiting events
 * and failures are none either; they are health.h's business, and no restart helps against them.
 */
#ifndef DUALWRITE_WATCHDOG_H
#define DUALWRITE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/monotime.h"

/* So long after its time something is hung, and not merely late: a process that was stopped, or had no processor, has its
 * timers run late too. */
#define WATCH_GRACE_MS 10000

struct watch_worker {
    bool busy;      /* a stage has the connections */
    bool under_way; /* a script on one of them, or one is coming back: both end in time, and then somebody is called */
    bool waiting;   /* a timer will start what is due */
    bool due;       /* something is to be started, were the connections free */
};

struct watch_facts {
    int64_t overdue_ms; /* what is under way on some connection has taken so much longer than it may; 0: nothing has */
    struct watch_worker worker;
};

/* The furthest counts. */
static inline void
watch_overdue(struct watch_facts *f, int64_t ms)
{
    if (f->overdue_ms < ms)
        f->overdue_ms = ms;
}

/* Kept between looks; zero is a valid beginning. */
struct watch {
    bool stood;
    monotime since;
};

/* NULL while it makes progress; else what stands still, for the log. */
const char *watch_look(struct watch *w, monotime now, const struct watch_facts *f);

#endif
