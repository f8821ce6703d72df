/*
 * worker.c - one batch after the other; see worker.h.
 * pump() starts what is due next, if the connection is free; every callback notes what happened and ends in free_again().
 */
#include "worker.h"

#include <stdlib.h>

#include "arm.h"
#include "dualwrite/log.h"
#include "dualwrite/wake.h"
#include "dualwrite/xalloc.h"
#include "resync.h"
#include "round.h"

#define PREFLIGHT_AGAIN_MS 2000
#define STALLED_MS 6000 /* with a beat every five seconds a peer takes over within 15 s of the last answer */

struct worker {
    const struct settings *settings;
    char *instance;
    struct worker_events events;
    void *arg;
    struct worker_orders orders;

    struct pgconn *pg;     /* to the vNext database */
    struct pgconn *legacy; /* the same, when there is one database */
    struct preflight *preflight;
    struct round *round;
    struct arm *arm;
    struct resync *resync;
    struct plan *plan; /* NULL until preflight passed on this connection */

    bool resync_wanted;
    bool caught_up;   /* the last claim saw the end of the queue; writers may never leave it empty */
    bool busy;        /* a stage has the connection */
    bool behind;      /* ... and has had it since before the orders changed */
    bool resting;     /* the engine asked for rest */
    bool check;       /* a preflight is due */
    bool patient;     /* ... but the last one did not pass: not at once */
    uv_timer_t next;  /* the next look, in states that wait */
    bool waited;      /* next has run out */
    uv_timer_t due;   /* the earliest retry of a failed event */
    uv_timer_t again; /* the next preflight after one that did not pass */

    enum wake_state wake;
    unsigned idle; /* claims in a row that found nothing */
};

static void pump(struct worker *w);

static void
wake_on(struct worker *w, enum wake_event event)
{
    enum wake_state next = wake_next(w->wake, event, w->orders.listening);

    w->idle = event == WAKE_EMPTY || event == WAKE_CONTENDED ? w->idle + 1 : 0;
    if (next != w->wake)
        log_msg(LOG_DEBUG, "wake_state", "%s -> %s, %s", wake_state_name(w->wake), wake_state_name(next),
                wake_event_name(event));
    w->wake = next;
    w->waited = false;
    uv_timer_stop(&w->next);
}

static void
free_again(struct worker *w)
{
    w->busy = false;
    if (w->behind || w->resting)
        round_tell(w->round);
    if (w->behind && !round_undecided(w->round))
        w->events.obeyed(w->arg);
    w->behind = w->behind && round_undecided(w->round);
    if (w->resting && !round_undecided(w->round))
        w->events.rested(w->arg);
    else
        pump(w);
    round_tell(w->round);
}

/* A stage's statement failed, or the connection went: what was known of the queue is not known any more. */
static void
lost(struct worker *w)
{
    arm_forget(w->arm);
    wake_on(w, WAKE_LOST);
}

static void
on_round(void *arg, enum wake_event how, int64_t retry_ms)
{
    struct worker *w = arg;

    if (how == WAKE_LOST)
        lost(w);
    else
        wake_on(w, how == WAKE_CONFIRMED && arm_is_late(w->arm) ? WAKE_LAPSED : how);
    if (how != WAKE_LOST) {
        pgconn_settled(w->pg);
        pgconn_settled(w->legacy);
    }
    w->caught_up = how == WAKE_WORKED && round_caught_up(w->round);
    worker_due_in(w, retry_ms);
    free_again(w);
}

static void
run_round(struct worker *w)
{
    bool confirming = w->wake == WAKE_CONFIRMING;
    struct round_request request = {
        .settings = w->settings,
        .plan = w->plan,
        .instance = w->instance,
        .barrier = confirming ? arm_barrier(w->arm) : NULL,
        .take_down_doorbell = !confirming && arm_take_down(w->arm),
        .retrying = w->orders.retrying,
    };

    w->busy = true;
    round_start(w->round, &request);
}

/* ---- falling asleep -------------------------------------------------------------------------------------------- */

static void
on_armed(void *arg, bool good)
{
    struct worker *w = arg;

    if (good)
        wake_on(w, WAKE_ARMED);
    else
        lost(w);
    free_again(w);
}

static void
run_arm(struct worker *w)
{
    const struct config *c = w->settings->config;

    w->busy = true;
    arm_start(w->arm, w->instance, wake_doorbell_ms(c->poll_interval_ms), c->statement_timeout_ms);
}

static void
on_resynced(void *arg, const struct resync_answer *answer)
{
    struct worker *w = arg;

    if (answer->error != NULL)
        lost(w);
    else if (answer->entity == NULL || answer->waiting)
        w->resync_wanted = false; /* the next beat says whether a mark is still up */
    else
        wake_on(w, WAKE_LAPSED);
    free_again(w);
}

static void
run_resync(struct worker *w)
{
    w->busy = true;
    w->caught_up = false; /* what it queues goes first */
    resync_start(w->resync, w->instance, w->settings, w->plan);
}

/* ---- preflight ------------------------------------------------------------------------------------------------- */

static void
on_preflight(void *arg, struct preflight_answer *answer)
{
    struct worker *w = arg;

    plan_free(w->plan);
    w->plan = answer->plan;
    /* where one is due already, a session was lost meanwhile: the answer is not the next one's */
    w->patient = !w->check && (answer->verdict == PREFLIGHT_WAIT || answer->verdict == PREFLIGHT_BAD);
    w->check |= w->patient;
    lost(w);
    if (answer->verdict == PREFLIGHT_UNANSWERED) { /* either may be in a transaction that failed */
        pgconn_reset(w->pg, answer->why);
        if (w->legacy != w->pg)
            pgconn_reset(w->legacy, answer->why);
    }
    w->events.preflight(w->arg, answer);
    free_again(w);
}

static void
run_preflight(struct worker *w)
{
    w->check = w->patient = false;
    w->busy = true;
    preflight_start(w->preflight, w->settings->mapping_name, w->settings->mapping_text, w->settings->mapping);
}

/* ---- what is due ----------------------------------------------------------------------------------------------- */

static void
on_next(uv_timer_t *timer)
{
    struct worker *w = timer->data;

    w->waited = true;
    pump(w);
}

static void
on_again(uv_timer_t *timer)
{
    worker_preflight(timer->data);
}

static void
wait_ms(struct worker *w, int64_t ms)
{
    if (!uv_is_active((uv_handle_t *) &w->next))
        uv_timer_start(&w->next, on_next, (uint64_t) ms, 0);
}

static void
pump_queue(struct worker *w)
{
    int64_t cap = wake_poll_ms(w->settings->config->poll_interval_ms, w->orders.listening);
    int64_t pause = w->caught_up ? round_rest_ms(w->round) : wake_delay_ms(w->idle, cap);

    if (round_hold_ms(w->round) > 0) {
        wait_ms(w, round_hold_ms(w->round));
        return;
    }
    switch (w->wake) {
    case WAKE_ARMING:
        if (w->resync_wanted)
            run_resync(w);
        else
            run_arm(w);
        break;
    case WAKE_CONFIRMING:
    case WAKE_POLLING:
    case WAKE_DRAINING:
        if (!w->waited && pause > 0)
            wait_ms(w, pause);
        else if (w->resync_wanted && (w->caught_up || (w->wake == WAKE_POLLING && w->idle > 0)))
            run_resync(w);
        else
            run_round(w);
        break;
    default:
        break;
    }
}

/* Starts what is due next, if the connection is free. */
static void
pump(struct worker *w)
{
    if (w->busy || pgconn_state(w->pg) != PGCONN_READY || (w->resting && !round_undecided(w->round)))
        return;
    if (round_undecided(w->round)) {
        w->busy = true;
        round_verdict(w->round);
        return;
    }
    if (pgconn_state(w->legacy) != PGCONN_READY)
        return;
    if (w->check && !w->patient)
        run_preflight(w);
    else if (w->check && !uv_is_active((uv_handle_t *) &w->again))
        uv_timer_start(&w->again, on_again, PREFLIGHT_AGAIN_MS, 0);
    else if (!w->check && w->plan != NULL && w->orders.work)
        pump_queue(w);
}

/* ---- from the connection and the engine ------------------------------------------------------------------------ */

static void
on_up(void *arg)
{
    struct worker *w = arg;

    w->check = true;
    w->patient = false;
    pump(w);
}

static void
down(struct worker *w, const char *connection, const char *why, int64_t retry_in)
{
    if (!w->busy) { /* else the stage's end says so: it may still be using the plan */
        plan_free(w->plan);
        w->plan = NULL;
    }
    w->check = true;
    w->patient = false;
    lost(w);
    w->events.down(w->arg, connection, why, retry_in);
}

static void
on_down(void *arg, const char *why, int64_t retry_in)
{
    struct worker *w = arg;

    down(w, w->legacy == w->pg ? "apply" : "claim", why, retry_in);
}

static void
on_legacy_down(void *arg, const char *why, int64_t retry_in)
{
    down(arg, "apply", why, retry_in);
}

static void
on_due(uv_timer_t *timer)
{
    worker_bell(timer->data);
}

struct worker *
worker_new(uv_loop_t *loop, const struct settings *settings, const char *instance, struct tally *tally,
           const struct worker_events *events, void *arg)
{
    static const struct pgconn_events pg_events = {on_up, on_down, NULL};
    static const struct pgconn_events legacy_events = {on_up, on_legacy_down, NULL};
    bool two = settings_two_databases(settings);
    struct worker *w = xcalloc(1, sizeof *w);

    w->settings = settings;
    w->instance = xstrdup(instance);
    w->events = *events;
    w->arg = arg;
    w->pg = pgconn_new(loop, two ? "claim" : "apply", settings->config->database_url, &pg_events, w);
    w->legacy = two ? pgconn_new(loop, "apply", settings->config->legacy_database_url, &legacy_events, w) : w->pg;
    pgconn_prepare(w->pg);
    pgconn_prepare(w->legacy);
    w->preflight = preflight_new(w->pg, w->legacy, on_preflight, w);
    w->round = round_new(w->pg, w->legacy, tally, on_round, w);
    w->arm = arm_new(w->pg, on_armed, w);
    w->resync = resync_new(w->pg, on_resynced, w);
    uv_timer_init(loop, &w->again);
    uv_timer_init(loop, &w->next);
    uv_timer_init(loop, &w->due);
    w->again.data = w->next.data = w->due.data = w;
    return w;
}

void
worker_start(struct worker *w)
{
    pgconn_start(w->pg);
    if (w->legacy != w->pg)
        pgconn_start(w->legacy);
}

void
worker_rest(struct worker *w)
{
    w->resting = true;
    if (!w->busy && !round_undecided(w->round))
        w->events.rested(w->arg);
}

void
worker_go_on(struct worker *w)
{
    w->resting = false;
    pump(w);
}

void
worker_settings(struct worker *w, const struct settings *settings)
{
    w->settings = settings;
}

void
worker_preflight(struct worker *w)
{
    w->check = true;
    w->patient = false;
    pump(w);
}

bool
worker_orders(struct worker *w, const struct worker_orders *orders)
{
    bool deafened = w->orders.listening && !orders->listening;

    w->behind |= (w->busy || round_undecided(w->round)) &&
                 (w->orders.work != orders->work || w->orders.strict != orders->strict);
    w->orders = *orders;
    round_strict(w->round, orders->strict);
    if (deafened)
        lost(w);
    pump(w);
    return !w->behind;
}

void
worker_resync(struct worker *w, bool wanted)
{
    w->resync_wanted = wanted;
}

void
worker_bell(struct worker *w)
{
    w->caught_up = false;
    wake_on(w, WAKE_BELL);
    pump(w);
}

void
worker_lapsed(struct worker *w)
{
    wake_on(w, WAKE_LAPSED);
    pump(w);
}

void
worker_due_in(struct worker *w, int64_t ms)
{
    uint64_t when = (uint64_t) (ms < 0 ? 0 : ms) + 1;

    if (ms >= 0 && (!uv_is_active((uv_handle_t *) &w->due) || uv_timer_get_due_in(&w->due) > when))
        uv_timer_start(&w->due, on_due, when, 0);
}

enum wake_state
worker_wake(const struct worker *w)
{
    return w->wake;
}

const char *
worker_cursor(const struct worker *w)
{
    return round_cursor(w->round);
}

const char *
worker_state(const struct worker *w)
{
    if (w->plan == NULL)
        return "not connected";
    if (pgconn_silent_ms(w->pg) > STALLED_MS || pgconn_silent_ms(w->legacy) > STALLED_MS)
        return "stalled"; /* partitions_of() knows this word */
    return w->orders.work ? wake_state_name(w->wake) : "off";
}

void
worker_watch(const struct worker *w, struct watch_facts *f)
{
    f->worker = (struct watch_worker){
        .busy = w->busy,
        .under_way = pgconn_state(w->pg) != PGCONN_READY || pgconn_state(w->legacy) != PGCONN_READY,
        .waiting = uv_is_active((uv_handle_t *) &w->next) || uv_is_active((uv_handle_t *) &w->again),
        .due = round_undecided(w->round) ||
               (!w->resting && (w->check || (w->plan != NULL && w->orders.work && wake_acts(w->wake)))),
    };
    watch_overdue(f, pgconn_overdue_ms(w->pg));
    watch_overdue(f, pgconn_overdue_ms(w->legacy));
}

const struct pgconn *
worker_connection(const struct worker *w, bool legacy)
{
    return legacy ? w->legacy : w->pg;
}

static void
on_closed(uv_handle_t *handle)
{
    struct worker *w = handle->data;

    preflight_free(w->preflight);
    round_free(w->round);
    arm_free(w->arm);
    resync_free(w->resync);
    plan_free(w->plan);
    free(w->instance);
    free(w);
}

void
worker_close(struct worker *w)
{
    if (w == NULL)
        return;
    pgconn_close(w->pg);
    if (w->legacy != w->pg)
        pgconn_close(w->legacy);
    uv_close((uv_handle_t *) &w->due, NULL);
    uv_close((uv_handle_t *) &w->again, NULL);
    uv_close((uv_handle_t *) &w->next, on_closed);
}
