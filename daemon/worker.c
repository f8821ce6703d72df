/*
 * worker.c - one batch after the other; see worker.h.
 *
 * pump() starts what is due next, if the connection is free; every callback notes what happened and ends in free_again().
 */
#include "worker.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ack.h"
#include "apply.h"
#include "claim.h"
#include "dualwrite/log.h"
#include "dualwrite/memory.h"
#include "dualwrite/retry.h"
#include "dualwrite/wake.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "event_log.h"
#include "resync.h"

#define BEAT_MS 5000
#define POLL_CAP_MS 1000
#define PREFLIGHT_AGAIN_MS 2000

struct worker {
    const struct settings *settings;
    char *instance;
    struct worker_events events;
    void *arg;
    struct worker_orders orders;

    struct pgconn *pg;
    struct preflight *preflight;
    struct claim *claim;
    struct apply *apply;
    struct ack *ack;
    struct resync *resync;
    struct plan *plan; /* NULL until preflight passed on this connection */

    bool resync_wanted;
    bool busy;       /* a stage has the connection */
    bool resting;    /* the engine asked for rest */
    bool check;      /* a preflight is due */
    bool patient;    /* ... but the last one did not pass: not at once */
    uv_timer_t next; /* the next look, in states that wait */
    bool waited;     /* next has run out */
    uv_timer_t due;  /* the earliest retry of a failed event */

    enum wake_state wake;
    unsigned idle;    /* claims in a row that found nothing */
    bool doorbell_up; /* we set it and have not taken it down */
    char barrier[32]; /* "" when none was taken since the doorbell was set */

    struct batch batch;
    int64_t *retry_in_ms; /* per event of the batch */
    char *unknown_xid;    /* the transaction whose COMMIT got no answer; the batch is kept until its fate is known */
    char *xid;            /* of the batch under way */
    struct memory memory;
    struct worker_counters counters;
};

static void pump(struct worker *w);

static monotime
now(void)
{
    return (monotime){(int64_t) uv_hrtime()};
}

static const struct config *
config(const struct worker *w)
{
    return w->settings->config;
}

static uint32_t
random_bits(void)
{
    uint32_t bits = 0;

    uv_random(NULL, NULL, &bits, sizeof bits, 0, NULL);
    return bits;
}

static void
wake_on(struct worker *w, enum wake_event event)
{
    enum wake_state next = wake_next(w->wake, event, w->orders.listening);

    if (event == WAKE_EMPTY || event == WAKE_CONTENDED)
        w->idle++;
    else if (event != WAKE_ARMED)
        w->idle = 0;
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
    if (w->resting)
        w->events.rested(w->arg);
    else
        pump(w);
}

/* A stage's statement failed, or the connection went: what was known of the queue is not known any more. */
static void
lost(struct worker *w)
{
    w->barrier[0] = '\0';
    wake_on(w, WAKE_LOST);
}

/* ---- a batch: claim, apply, ack -------------------------------------------------------------------------------- */

static void
batch_over(struct worker *w)
{
    batch_free(&w->batch);
    free(w->retry_in_ms);
    free(w->xid);
    free(w->unknown_xid);
    w->retry_in_ms = NULL;
    w->xid = w->unknown_xid = NULL;
}

/* The whole batch is off, and its events are in the queue as before. */
static void
batch_failed(struct worker *w, const char *error, const char *sqlstate)
{
    int64_t delay = retry_delay_ms(memory_failed(&w->memory, &w->batch), random_bits());

    for (size_t i = 0; i < w->batch.count; i++)
        event_log_failed(w->settings->mapping, &w->batch.events[i], error, sqlstate, NULL, delay, w->orders.strict);
    w->counters.failures += (int64_t) w->batch.count;
    w->memory.until = monotime_add_ms(now(), delay);
    batch_over(w);
    lost(w);
    pgconn_reset(w->pg, error); /* its transaction is of no use */
    free_again(w);
}

static void
batch_committed(struct worker *w)
{
    int64_t duration_ms = monotime_diff_ms(now(), w->batch.claimed);

    for (size_t i = 0; i < w->batch.count; i++) {
        const struct event *e = &w->batch.events[i];
        const struct subject *s = &w->batch.subjects[e->subject];

        if (s->state == SUBJECT_DONE) {
            event_log_completed(w->settings->mapping, e, s, duration_ms);
            w->counters.completed++;
            continue;
        }
        event_log_failed(w->settings->mapping, e, s->error, s->sqlstate, s->constraint, w->retry_in_ms[i],
                         w->orders.strict);
        w->counters.failures++;
        if (w->retry_in_ms[i] >= 0)
            worker_due_in(w, w->retry_in_ms[i]);
    }
    w->counters.batches++;
    memory_forget(&w->memory);
    batch_over(w);
    wake_on(w, WAKE_WORKED);
    free_again(w);
}

static void
on_acked(void *arg, const struct ack_answer *answer)
{
    struct worker *w = arg;

    if (answer->error == NULL) {
        batch_committed(w);
    } else if (answer->unknown && w->xid != NULL) {
        w->unknown_xid = w->xid;
        w->xid = NULL;
        lost(w);
        free_again(w);
    } else {
        batch_failed(w, answer->error, answer->sqlstate);
    }
}

/* When is a failed event tried again? Parked: -1. Its attempts are counted in dualwrite.failed. */
static int64_t
retry_in_ms(const struct worker *w, const struct event *e)
{
    if (w->batch.subjects[e->subject].outcome != OUTCOME_RETRY_ROW || e->attempt > config(w)->retry_max_attempts)
        return -1;
    return retry_delay_ms((unsigned) e->attempt, random_bits());
}

static void
on_applied(void *arg, const struct apply_answer *answer)
{
    struct worker *w = arg;

    if (answer->error != NULL) {
        batch_failed(w, answer->error, answer->sqlstate);
        return;
    }
    w->xid = xstrdup(answer->xid);
    w->retry_in_ms = xcalloc(w->batch.count, sizeof *w->retry_in_ms);
    for (size_t i = 0; i < w->batch.count; i++)
        w->retry_in_ms[i] = retry_in_ms(w, &w->batch.events[i]);
    ack_start(w->ack, &w->batch, w->retry_in_ms, config(w)->statement_timeout_ms);
}

static enum wake_event
empty_claim(const struct claim_answer *a)
{
    if (a->mine == 0)
        return WAKE_NOTHING_OURS;
    if (a->held < a->mine)
        return WAKE_CONTENDED;
    return a->passed ? WAKE_CONFIRMED : WAKE_EMPTY;
}

static void
on_claimed(void *arg, struct claim_answer *answer)
{
    struct worker *w = arg;

    w->counters.claims++;
    if (answer->error != NULL) {
        lost(w);
        free_again(w);
        return;
    }
    if (answer->batch.count == 0) {
        wake_on(w, empty_claim(answer));
        batch_free(&answer->batch);
        free_again(w);
        return;
    }
    w->batch = answer->batch;
    for (size_t i = 0; i < w->batch.count; i++)
        if (memory_is_new(&w->memory, &w->batch.events[i]))
            event_log_scheduled(w->settings->mapping, &w->batch.events[i]);
    apply_start(w->apply, &w->batch, w->settings->mapping, w->plan, config(w)->statement_timeout_ms);
}

static void
run_claim(struct worker *w)
{
    bool confirming = w->wake == WAKE_CONFIRMING;
    struct claim_request request = {
        .mapping = w->settings->mapping,
        .instance = w->instance,
        .barrier = confirming ? w->barrier : NULL,
        .take_down_doorbell = w->doorbell_up && !confirming,
        .batch_size = config(w)->batch_size,
        .statement_timeout_ms = config(w)->statement_timeout_ms,
    };

    if (request.take_down_doorbell)
        w->doorbell_up = false;
    w->busy = true;
    claim_start(w->claim, &request);
}

/* ---- falling asleep -------------------------------------------------------------------------------------------- */

enum { ARM_BARRIER = 5 }; /* where the barrier's answer stands in run_arm()'s script */

static void
parse_arm(void *arg, const struct pg_reply *reply)
{
    struct worker *w = arg;

    if (reply->error != NULL) {
        if (!reply->lost)
            pgconn_reset(w->pg, reply->error);
        lost(w);
    } else {
        w->doorbell_up = true;
        snprintf(w->barrier, sizeof w->barrier, "%s", PQgetvalue(reply->results[ARM_BARRIER], 0, 0));
        wake_on(w, WAKE_ARMED);
    }
    free_again(w);
}

/* It outlives a few missed beats and no more: a dead daemon's doorbell must not cost the writers anything for long. */
int64_t
worker_doorbell_ms(const struct worker *w)
{
    int64_t beat = config(w)->poll_interval_ms < BEAT_MS ? config(w)->poll_interval_ms : BEAT_MS;

    return 2 * beat + BEAT_MS;
}

/* The doorbell in one transaction, the barrier in a later one: a writer that missed the former is older than the latter. */
static void
run_arm(struct worker *w)
{
    char ms[24];
    char rows[24];
    const struct pg_statement script[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_arm, .nparams = 2, .params = {w->instance, ms}},
        {.sql = sql_daemon_ceiling, .nparams = 1, .params = {rows}},
        {.sql = sql_daemon_commit},
        {.sql = sql_daemon_begin},
        [ARM_BARRIER] = {.sql = sql_daemon_barrier},
        {.sql = sql_daemon_commit},
    };

    snprintf(ms, sizeof ms, "%" PRId64, worker_doorbell_ms(w));
    snprintf(rows, sizeof rows, "%" PRId64, config(w)->outbox_max);
    w->busy = true;
    pgconn_run(w->pg, script, sizeof script / sizeof script[0], config(w)->statement_timeout_ms, parse_arm, w);
}

/* ---- resync ---------------------------------------------------------------------------------------------------- */

static void
log_resync(const struct resync_answer *answer)
{
    struct log_line l = {0};

    log_begin(&l, LOG_WARNING, answer->finished ? "resync_completed" : "resync_marked");
    log_str(&l, "entity", answer->entity);
    if (answer->finished)
        log_int(&l, "queued", answer->queued);
    log_str(&l, "msg",
            answer->finished
                ? "every vNext row was queued; legacy rows without one were left alone"
                : "changes were not captured one by one (TRUNCATE, or the outbox was full); every row will be "
                  "queued once older transactions have ended");
    log_end(&l);
}

static void
on_resynced(void *arg, const struct resync_answer *answer)
{
    struct worker *w = arg;

    if (answer->error != NULL) {
        lost(w);
    } else if (answer->entity == NULL || answer->waiting) {
        w->resync_wanted = false; /* the next beat says whether a mark is still up */
    } else {
        if (answer->begun || answer->finished)
            log_resync(answer);
        wake_on(w, WAKE_LAPSED);
    }
    free_again(w);
}

static void
run_resync(struct worker *w)
{
    w->busy = true;
    resync_start(w->resync, w->instance, w->settings->mapping, w->plan, config(w)->batch_size * 10);
}

/* ---- preflight ------------------------------------------------------------------------------------------------- */

static void
on_preflight(void *arg, struct preflight_answer *answer)
{
    struct worker *w = arg;

    plan_free(w->plan);
    w->plan = answer->plan;
    w->check = w->patient = answer->verdict == PREFLIGHT_WAIT || answer->verdict == PREFLIGHT_BAD;
    lost(w);
    if (answer->verdict == PREFLIGHT_UNANSWERED)
        pgconn_reset(w->pg, answer->why);
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

/* What became of the COMMIT whose answer got lost? A server that does not know any more means an old transaction: then
 * its rows are in the queue or they are not, and the next claim will tell. */
static void
parse_verdict(void *arg, const struct pg_reply *reply)
{
    struct worker *w = arg;

    if (reply->error != NULL) {
        free_again(w);
        return;
    }
    if (strcmp(PQgetvalue(reply->results[0], 0, 0), "committed") == 0) {
        batch_committed(w);
        return;
    }
    for (size_t i = 0; i < w->batch.count; i++)
        event_log_failed(w->settings->mapping, &w->batch.events[i], "the connection was lost before the commit", NULL,
                         NULL, 0, w->orders.strict);
    memory_failed(&w->memory, &w->batch);
    batch_over(w);
    free_again(w);
}

static void
run_verdict(struct worker *w)
{
    const struct pg_statement script = {.sql = sql_daemon_verdict, .nparams = 1, .params = {w->unknown_xid}};

    w->busy = true;
    pgconn_run(w->pg, &script, 1, config(w)->statement_timeout_ms, parse_verdict, w);
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
wait_ms(struct worker *w, int64_t ms)
{
    if (!uv_is_active((uv_handle_t *) &w->next))
        uv_timer_start(&w->next, on_next, (uint64_t) ms, 0);
}

static void
pump_queue(struct worker *w)
{
    int64_t cap = config(w)->poll_interval_ms < POLL_CAP_MS ? config(w)->poll_interval_ms : POLL_CAP_MS;
    int64_t hold = monotime_diff_ms(w->memory.until, now());

    if (w->memory.failures > 0 && hold > 0) {
        wait_ms(w, hold);
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
        if (!w->waited && w->idle > 0) {
            wait_ms(w, wake_delay_ms(w->idle, cap));
        } else if (w->wake == WAKE_POLLING && w->resync_wanted && w->idle > 0) {
            run_resync(w);
        } else {
            run_claim(w);
        }
        break;
    case WAKE_DRAINING:
        run_claim(w);
        break;
    case WAKE_ASLEEP:
    case WAKE_STANDBY:
    case WAKE_STATES:
        break;
    }
}

/* Starts what is due next, if the connection is free. */
static void
pump(struct worker *w)
{
    if (w->busy || w->resting || pgconn_state(w->pg) != PGCONN_READY)
        return;
    if (w->unknown_xid != NULL)
        run_verdict(w);
    else if (w->check && w->patient && !w->waited)
        wait_ms(w, PREFLIGHT_AGAIN_MS);
    else if (w->check)
        run_preflight(w);
    else if (w->plan != NULL && w->orders.work)
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
on_down(void *arg, const char *why, int64_t retry_in)
{
    struct worker *w = arg;

    plan_free(w->plan);
    w->plan = NULL;
    lost(w);
    w->events.down(w->arg, why, retry_in);
}

static void
on_due(uv_timer_t *timer)
{
    worker_bell(timer->data);
}

struct worker *
worker_new(uv_loop_t *loop, const struct settings *settings, const char *instance, const struct worker_events *events,
           void *arg)
{
    static const struct pgconn_events pg_events = {on_up, on_down, NULL};
    struct worker *w = xcalloc(1, sizeof *w);

    w->settings = settings;
    w->instance = xstrdup(instance);
    w->events = *events;
    w->arg = arg;
    w->pg = pgconn_new(loop, "apply", settings->config->database_url, &pg_events, w);
    w->preflight = preflight_new(w->pg, on_preflight, w);
    w->claim = claim_new(w->pg, on_claimed, w);
    w->apply = apply_new(w->pg, on_applied, w);
    w->ack = ack_new(w->pg, on_acked, w);
    w->resync = resync_new(w->pg, on_resynced, w);
    uv_timer_init(loop, &w->next);
    uv_timer_init(loop, &w->due);
    w->next.data = w->due.data = w;
    return w;
}

void
worker_start(struct worker *w)
{
    pgconn_start(w->pg);
}

void
worker_rest(struct worker *w)
{
    w->resting = true;
    if (!w->busy)
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

void
worker_orders(struct worker *w, const struct worker_orders *orders)
{
    bool deafened = w->orders.listening && !orders->listening;

    w->orders = *orders;
    if (deafened)
        lost(w);
    pump(w);
}

void
worker_resync(struct worker *w, bool wanted)
{
    w->resync_wanted = wanted;
}

void
worker_bell(struct worker *w)
{
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

bool
worker_asleep(const struct worker *w)
{
    return w->wake == WAKE_ASLEEP;
}

bool
worker_planned(const struct worker *w)
{
    return w->plan != NULL;
}

const char *
worker_state(const struct worker *w)
{
    return pgconn_state(w->pg) == PGCONN_WAITING ? "disconnected" : wake_state_name(w->wake);
}

struct worker_counters
worker_counters(const struct worker *w)
{
    return w->counters;
}

static void
on_closed(uv_handle_t *handle)
{
    struct worker *w = handle->data;

    preflight_free(w->preflight);
    claim_free(w->claim);
    apply_free(w->apply);
    ack_free(w->ack);
    resync_free(w->resync);
    plan_free(w->plan);
    batch_over(w);
    memory_forget(&w->memory);
    free(w->instance);
    free(w);
}

void
worker_close(struct worker *w)
{
    if (w == NULL)
        return;
    pgconn_close(w->pg);
    uv_close((uv_handle_t *) &w->due, NULL);
    uv_close((uv_handle_t *) &w->next, on_closed);
}
