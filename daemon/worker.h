/*
 * worker.h - one batch after the other on the apply connection: preflight, claim, apply, ack, resync, sleep.
 *
 * Hands structs from stage to stage and decides nothing that a pure function could decide: when to look is wake.h, what
 * an error means is outcome.h, how long to wait is retry.h. Whether it may work at all is the engine's word, which
 * knows the flags in force, the installed mapping and the partitions.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "dualwrite/wake.h"
#include "dualwrite/watchdog.h"
#include "preflight.h"
#include "round.h"
#include "settings.h"

struct worker_events {
    void (*down)(void *arg, const char *connection, const char *why, int64_t retry_in_ms);
    /* After each connection and each worker_preflight(). The engine owns the answer's faults; the plan is the worker's. */
    void (*preflight)(void *arg, struct preflight_answer *answer);
    void (*rested)(void *arg); /* the answer to worker_rest(): nothing is under way */
    void (*obeyed)(void *arg); /* what began under other orders than the last has ended */
};

/* What the engine lets it do; changes take effect between batches. */
struct worker_orders {
    bool work; /* dual write is on and the mapping is the installed one */
    bool strict;
    int64_t retrying; /* events in dualwrite.failed that are not parked */
    bool listening;   /* notifications reach us: it may sleep */
};

struct worker;

/* `settings` stays the engine's; it may be changed only while the worker rests. So does `tally`, where its work is counted. */
struct worker *worker_new(uv_loop_t *loop, const struct settings *settings, const char *instance, struct tally *tally,
                          const struct worker_events *events, void *arg);
void worker_start(struct worker *w);

/* Between worker_rest()'s answer and worker_go_on() nothing is started. A batch under way is finished first. */
void worker_rest(struct worker *w);
void worker_go_on(struct worker *w);
void worker_settings(struct worker *w, const struct settings *settings);

/* Checks the mapping against the database (again), and makes the plan. */
void worker_preflight(struct worker *w);

/* False: something is under way that began under other orders; events.obeyed follows. */
bool worker_orders(struct worker *w, const struct worker_orders *orders);
void worker_resync(struct worker *w, bool wanted); /* a table's resync mark is up */
void worker_bell(struct worker *w);                /* something waits */
void worker_lapsed(struct worker *w);              /* the doorbell is not up any more, or other partitions are ours */
void worker_due_in(struct worker *w, int64_t ms);  /* a failed event is to be retried then; < 0: none */

enum wake_state worker_wake(const struct worker *w);

/* What round_cursor() says. */
const char *worker_cursor(const struct worker *w);
const char *worker_state(const struct worker *w);

/* The connection that claims, or the one that writes legacy rows: the same one when there is one database. To look at. */
const struct pgconn *worker_connection(const struct worker *w, bool legacy);
/* What it is at; and a connection of its that is overdue. */
void worker_watch(const struct worker *w, struct watch_facts *f);
void worker_close(struct worker *w);

#endif
