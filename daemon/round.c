/* round.c - claim, apply, ack; see round.h. */
#include "round.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "ack.h"
#include "apply.h"
#include "claim.h"
#include "dualwrite/log.h"
#include "dualwrite/memory.h"
#include "dualwrite/retry.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "event_log.h"
#include "restored.h"

/* An event with an older id may become visible late and need a key too; but not for ever. */
#define RESERVE_TIMES 8

struct round {
    struct pgconn *pg;
    struct pgconn *legacy;
    round_done done;
    void *arg;
    struct claim *claim;
    struct apply *apply;
    struct ack *ack;
    struct restored *restored;

    struct round_request request;
    struct batch batch;
    int64_t took_ms;      /* what the committed batch took that is not told yet; < 0: none */
    int64_t *retry_in_ms; /* per event of the batch, for those that failed; < 0: parked */
    char *xid;            /* of the batch's transaction, once it has written */
    char *partitions;     /* that the claim holds */
    unsigned session;     /* of `pg`, in which the batch was claimed */
    int reserved;         /* how often the batch was claimed again because legacy keys were reserved for it */
    int64_t up_to;        /* ... and its last event: newer ones would need keys of their own, again and again */
    char *cursor;         /* behind which the next claim begins; good for this session */
    char *next_cursor;    /* ... once the batch is committed */
    unsigned cursor_session;
    char *kept;          /* partitions that were kept while keys were reserved */
    size_t limit;        /* how many events the last claim might bring */
    size_t events;       /* that it brought */
    size_t subjects;     /* whose changes these were */
    bool undecided;      /* its COMMIT got no answer */
    bool strict;         /* a failure is an ERROR */
    bool schema_suspect; /* the last batch failed on a missing table, column or right; preflight passed since */
    struct memory memory;
    struct tally *tally;
};

static monotime
now(void)
{
    return (monotime){(int64_t) uv_hrtime()};
}

static uint32_t
random_bits(void)
{
    uint32_t bits = 0;

    uv_random(NULL, NULL, &bits, sizeof bits, 0, NULL);
    return bits;
}

static const struct config *
config(const struct round *r)
{
    return r->request.settings->config;
}

static const struct mapping *
mapping(const struct round *r)
{
    return r->request.settings->mapping;
}

static void
clear_batch(struct round *r)
{
    batch_free(&r->batch);
    free(r->retry_in_ms);
    free(r->xid);
    free(r->partitions);
    free(r->next_cursor);
    r->retry_in_ms = NULL;
    r->xid = r->partitions = r->next_cursor = NULL;
    r->undecided = false;
    r->took_ms = -1;
}

/* What the last claim looked at is dealt with. */
static void
advance(struct round *r)
{
    if (r->next_cursor == NULL)
        return;
    free(r->cursor);
    r->cursor = r->next_cursor;
    r->next_cursor = NULL;
    r->cursor_session = r->session;
}

/* The whole batch is off, and its events are in the queue as before. */
static void
batch_failed(struct round *r, const char *error, const char *sqlstate)
{
    int64_t delay = retry_delay_ms(memory_failed(&r->memory, &r->batch), random_bits());

    for (size_t i = 0; i < r->batch.count; i++)
        event_log_failed(r->tally, mapping(r), &r->batch.events[i], error, sqlstate, NULL, delay, r->strict);
    r->memory.until = monotime_add_ms(now(), delay);
    clear_batch(r);
    r->reserved = 0;
    pgconn_reset(r->pg, error); /* its transaction is of no use */
    if (r->legacy != r->pg)
        pgconn_reset(r->legacy, error);
    r->done(r->arg, WAKE_LOST, -1);
}

void
round_tell(struct round *r)
{
    if (r->took_ms < 0)
        return;
    log_gather(true);
    for (size_t i = 0; i < r->batch.count; i++) {
        const struct event *e = &r->batch.events[i];
        const struct subject *s = &r->batch.subjects[e->subject];

        if (s->state == SUBJECT_DONE) {
            event_log_completed(r->tally, mapping(r), e, s, r->took_ms);
            if (s->found && !s->verified)
                event_log_differs(mapping(r), e, s);
        } else {
            event_log_failed(r->tally, mapping(r), e, s->error, s->sqlstate, s->constraint, r->retry_in_ms[i],
                             r->strict);
        }
    }
    log_gather(false);
    clear_batch(r);
}

/* `woken`: parked events are due at once. */
static void
batch_committed(struct round *r, bool woken)
{
    int64_t retry_ms = woken ? 0 : -1;

    for (size_t i = 0; i < r->batch.count; i++)
        if (r->batch.subjects[r->batch.events[i].subject].state != SUBJECT_DONE && r->retry_in_ms[i] >= 0 &&
            (retry_ms < 0 || r->retry_in_ms[i] < retry_ms))
            retry_ms = r->retry_in_ms[i];
    r->took_ms = monotime_diff_ms(now(), r->batch.claimed);
    r->tally->batches++;
    r->schema_suspect = false;
    r->reserved = 0;
    r->undecided = false;
    advance(r);
    memory_done(&r->memory, &r->batch, (size_t) config(r)->batch_size);
    r->done(r->arg, WAKE_WORKED, retry_ms);
}

static void
on_acked(void *arg, const struct ack_answer *answer)
{
    struct round *r = arg;

    if (answer->error == NULL) {
        batch_committed(r, answer->woken);
    } else if (answer->unknown && r->xid != NULL) {
        r->undecided = true;
        r->done(r->arg, WAKE_LOST, -1);
    } else {
        batch_failed(r, answer->error, answer->sqlstate);
    }
}

/* When is a failed event tried again? Parked: -1. Its attempts are counted in dualwrite.failed. */
static int64_t
retry_in_ms(const struct round *r, const struct event *e)
{
    enum outcome outcome = r->batch.subjects[e->subject].outcome;

    if (outcome == OUTCOME_WAIT)
        return retry_waiting_ms((unsigned) e->failed_before + 1, r->request.retrying, random_bits());
    if (outcome != OUTCOME_RETRY_ROW || e->failed_before >= config(r)->retry_max_attempts)
        return -1;
    return retry_delay_ms((unsigned) e->failed_before + 1, random_bits());
}

/* ---- two databases: keys are reserved, fences are heard ---------------------------------------------------------- */

static void claim_batch(struct round *r);

static void
parse_reserved(void *arg, const struct pg_reply *reply)
{
    struct round *r = arg;

    if (reply->error != NULL) {
        batch_failed(r, reply->error, NULL);
        return;
    }
    memory_seen(&r->memory, &r->batch);
    r->up_to = r->batch.events[r->batch.count - 1].id;
    free(r->kept);
    r->kept = r->partitions;
    r->partitions = NULL;
    clear_batch(r);
    r->reserved++;
    claim_batch(r);
}

static void
run_again(struct round *r)
{
    const struct pg_statement script[] = {
        {.sql = sql_daemon_keep, .nparams = 1, .params = {r->partitions}},
        {.sql = sql_daemon_commit},
    };

    pgconn_run(r->pg, script, 2, 2 * config(r)->statement_timeout_ms + 5000, parse_reserved, r);
}

/* The batch did not pass the fence, and what that means was dealt with. */
static void
on_restored(void *arg, const char *error)
{
    batch_failed(arg, error != NULL ? error : "the legacy database's fence keeps this batch out: it is tried again",
                 NULL);
}

/*
 * While the legacy side worked the other connection may have come and gone: what is sent to a new session would stand outside of
 * the claim's transaction, without its locks.
 */
static bool
still_there(const struct round *r)
{
    return pgconn_state(r->pg) == PGCONN_READY && pgconn_session(r->pg) == r->session;
}

static void
on_applied(void *arg, const struct apply_answer *answer)
{
    struct round *r = arg;

    if (answer->error == NULL && !still_there(r)) {
        batch_failed(r, "the connection to the vNext database was lost", NULL);
        return;
    }
    if (answer->again) {
        run_again(r);
        return;
    }
    if (answer->fenced != NULL) {
        restored_fenced(r->restored, mapping(r), answer->fenced, answer->leases);
        return;
    }
    if (answer->error != NULL) {
        r->schema_suspect = answer->sqlstate != NULL && outcome_of(answer->sqlstate) == OUTCOME_SCHEMA;
        batch_failed(r, answer->error, answer->sqlstate);
        return;
    }
    r->xid = xstrdup(answer->xid);
    r->retry_in_ms = xcalloc(r->batch.count, sizeof *r->retry_in_ms);
    for (size_t i = 0; i < r->batch.count; i++)
        r->retry_in_ms[i] = retry_in_ms(r, &r->batch.events[i]);
    ack_start(r->ack, &(struct ack_request){&r->batch, mapping(r), r->retry_in_ms, config(r), answer->epoch,
                                            answer->partitions});
}

/* `bounded`: by up_to, so it did not look at everything. */
static enum wake_event
empty_claim(const struct claim_answer *a, bool bounded)
{
    if (a->mine == 0)
        return WAKE_NOTHING_OURS;
    if (a->more || bounded)
        return WAKE_WORKED;
    if (a->held < a->mine)
        return WAKE_CONTENDED;
    return a->passed ? WAKE_CONFIRMED : WAKE_EMPTY;
}

static void
on_claimed(void *arg, struct claim_answer *answer)
{
    struct round *r = arg;
    struct apply_request request;
    bool bounded;

    r->tally->claims++;
    r->events = answer->batch.count;
    r->subjects = answer->batch.nsubjects;
    free(r->kept);
    r->kept = NULL;
    if (answer->error != NULL) {
        r->done(r->arg, WAKE_LOST, -1);
        return;
    }
    if (answer->ended > 0)
        log_msg(
            LOG_WARNING, "lease_taken_over",
            "ended %d session%s of daemons that stopped beating in the middle of a batch; what they held is done here",
            answer->ended, answer->ended == 1 ? "" : "s");
    r->session = pgconn_session(r->pg);
    r->next_cursor = answer->cursor;
    if (answer->batch.count == 0) {
        batch_free(&answer->batch);
        free(answer->partitions);
        bounded = r->reserved > 0;
        advance(r);
        r->reserved = 0;
        r->done(r->arg, empty_claim(answer, bounded), -1);
        return;
    }
    r->batch = answer->batch;
    r->partitions = answer->partitions;
    request = (struct apply_request){
        .batch = &r->batch,
        .mapping = mapping(r),
        .plan = r->request.plan,
        .partitions = r->partitions,
        .reserved = r->reserved > RESERVE_TIMES,
        .blame_rows = r->schema_suspect,
        .removal_share = config(r)->removal_share,
        .batch_size = config(r)->batch_size,
        .statement_timeout_ms = config(r)->statement_timeout_ms,
    };
    apply_start(r->apply, &request);
    log_gather(true);
    for (size_t i = 0; i < r->batch.count; i++) /* while the server reads; what it says comes through the loop */
        if (memory_is_new(&r->memory, &r->batch.events[i]) && r->batch.events[i].attempt == 1)
            event_log_scheduled(r->tally, mapping(r), &r->batch.events[i]);
    log_gather(false);
}

static void
claim_batch(struct round *r)
{
    const size_t limit = r->limit = memory_limit(&r->memory, (size_t) config(r)->batch_size);
    struct claim_request claim = {
        .mapping = mapping(r),
        .instance = r->request.instance,
        .barrier = r->request.barrier,
        .take_down_doorbell = r->request.take_down_doorbell,
        .batch_size = (int) limit,
        .up_to = r->reserved > 0 ? r->up_to : -1,
        .kept = r->kept,
        .cursor = round_cursor(r),
        .statement_timeout_ms = config(r)->statement_timeout_ms,
    };

    claim_start(r->claim, &claim);
}

void
round_start(struct round *r, const struct round_request *request)
{
    r->request = *request;
    claim_batch(r);
}

/* The question was cancelled, or the server is going down: another time it may answer. */
static bool
may_pass(const struct pg_reply *reply)
{
    enum outcome outcome = outcome_of(PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE));

    return outcome == OUTCOME_RETRY_SERVER || outcome == OUTCOME_RETRY_ROW;
}

/*
 * What became of the COMMIT whose answer got lost? A server that cannot say (it forgot, or it is another one since) means
 * "not known": then the events are in the queue and are done again, which changes nothing, or they are not.
 */
static void
parse_verdict(void *arg, const struct pg_reply *reply)
{
    struct round *r = arg;
    const char *fate = reply->error == NULL ? PQgetvalue(reply->results[0], 0, 0) : "";

    if (reply->lost) {
        r->done(r->arg, WAKE_LOST, -1);
    } else if (reply->error != NULL && may_pass(reply)) {
        pgconn_reset(r->pg, reply->error);
        r->done(r->arg, WAKE_LOST, -1);
    } else if (strcmp(fate, "in progress") == 0) {
        pgconn_reset(r->pg, "the server still works on the commit whose answer got lost");
        r->done(r->arg, WAKE_LOST, -1);
    } else if (strcmp(fate, "committed") == 0) {
        batch_committed(r, false);
    } else if (strcmp(fate, "aborted") == 0) {
        batch_failed(r, "the connection was lost before the commit", NULL);
    } else {
        batch_failed(r, "the connection was lost during the commit, and the server does not know what became of it",
                     NULL);
    }
}

void
round_verdict(struct round *r)
{
    const struct pg_statement script = {.sql = sql_daemon_verdict, .nparams = 1, .params = {r->xid}};

    pgconn_run(r->pg, &script, 1, config(r)->statement_timeout_ms, parse_verdict, r);
}

void
round_strict(struct round *r, bool strict)
{
    r->strict = strict;
}

bool
round_undecided(const struct round *r)
{
    return r->undecided;
}

int64_t
round_hold_ms(const struct round *r)
{
    return r->memory.failures == 0 ? 0 : monotime_diff_ms(r->memory.until, now());
}

const char *
round_cursor(const struct round *r)
{
    return r->cursor_session == pgconn_session(r->pg) ? r->cursor : NULL;
}

bool
round_caught_up(const struct round *r)
{
    return r->events < r->limit;
}

int64_t
round_rest_ms(const struct round *r)
{
    return wake_rest_ms(r->events, r->subjects, r->strict);
}

struct round *
round_new(struct pgconn *pg, struct pgconn *legacy, struct tally *tally, round_done done, void *arg)
{
    struct round *r = xcalloc(1, sizeof *r);

    r->pg = pg;
    r->legacy = legacy;
    r->tally = tally;
    r->done = done;
    r->arg = arg;
    r->took_ms = -1;
    r->claim = claim_new(pg, on_claimed, r);
    r->apply = apply_new(pg, legacy, on_applied, r);
    r->ack = ack_new(pg, on_acked, r);
    r->restored = restored_new(pg, legacy, on_restored, r);
    return r;
}

void
round_free(struct round *r)
{
    if (r == NULL)
        return;
    claim_free(r->claim);
    apply_free(r->apply);
    ack_free(r->ack);
    restored_free(r->restored);
    clear_batch(r);
    free(r->cursor);
    free(r->kept);
    memory_forget(&r->memory);
    free(r);
}
