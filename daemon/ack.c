/* ack.c - stage three; see ack.h. Retry or park was decided by lib/core/outcome.c. */
#include "ack.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

enum { FAIL_PARAMS = 9, WAKE_PARAMS = 4 };

struct ack {
    struct pgconn *pg;
    ack_done done;
    void *arg;
    int woken; /* where wake_parked.sql stands in the script, < 0: it does not */
};

struct ack *
ack_new(struct pgconn *pg, ack_done done, void *arg)
{
    struct ack *a = xcalloc(1, sizeof *a);

    a->pg = pg;
    a->done = done;
    a->arg = arg;
    return a;
}

void
ack_free(struct ack *a)
{
    free(a);
}

static void
parse_ack(void *arg, const struct pg_reply *reply)
{
    struct ack *a = arg;
    struct ack_answer answer = {
        .error = reply->error,
        .sqlstate = reply->lost || reply->error == NULL
                        ? NULL
                        : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE),
        .unknown = reply->lost,
    };

    if (reply->error == NULL && a->woken >= 0)
        answer.woken = PQntuples(reply->results[a->woken]) > 0;
    if (reply->error != NULL && !reply->lost)
        pgconn_reset(a->pg, reply->error);
    a->done(a->arg, &answer);
}

/* Which legacy row the event is about, as an array literal. NULL for an entity that the mapping does not know. */
static void
add_identity(struct buf *out, const struct batch *b, const struct mapping *m, const struct event *e)
{
    struct buf identity = {0};

    if (e->entity == m->count) {
        pgarray_add(out, NULL);
        return;
    }
    pgarray_open(&identity);
    for (size_t i = 0; i < m->entities[e->entity].identity.count; i++)
        pgarray_add(&identity, subject_identity(b, m, &b->subjects[e->subject], i));
    pgarray_close(&identity);
    pgarray_add(out, buf_text(&identity));
    buf_free(&identity);
}

static const char *
parent_of(const struct mapping *m, const struct event *e)
{
    const struct mapping_entity *entity = e->entity == m->count ? NULL : &m->entities[e->entity];
    size_t at = entity == NULL || entity->parent == NULL ? e->nref : ref_position(entity, entity->parent->column);

    return at < e->nref ? e->ref[at] : NULL;
}

/* The arrays of fail.sql; returns how many events failed. */
static size_t
failure_params(const struct ack_request *r, struct buf params[FAIL_PARAMS])
{
    const struct batch *b = r->batch;
    size_t failed = 0;

    for (int p = 0; p < FAIL_PARAMS; p++)
        pgarray_open(&params[p]);
    for (size_t i = 0; i < b->count; i++) {
        const struct event *e = &b->events[i];
        const struct subject *s = &b->subjects[e->subject];

        if (s->state != SUBJECT_FAILED)
            continue;
        failed++;
        pgarray_add_int(&params[0], e->id);
        pgarray_add(&params[1], s->sqlstate);
        pgarray_add(&params[2], condition_name(s->sqlstate));
        pgarray_add(&params[3], s->constraint);
        pgarray_add(&params[4], s->error);
        if (r->retry_in_ms[i] < 0)
            pgarray_add(&params[5], NULL);
        else
            pgarray_add_int(&params[5], r->retry_in_ms[i]);
        add_identity(&params[6], b, r->mapping, e);
        pgarray_add(&params[7], parent_of(r->mapping, e));
        pgarray_add(&params[8], s->holder);
    }
    for (int p = 0; p < FAIL_PARAMS; p++)
        pgarray_close(&params[p]);
    return failed;
}

/* The key of a legacy row as an array literal. */
static void
add_key(struct buf *out, const struct row *r)
{
    struct buf key = {0};

    pgarray_open(&key);
    for (size_t k = 0; k < r->nkey; k++)
        pgarray_add(&key, r->key[k]);
    pgarray_close(&key);
    pgarray_add(out, buf_text(&key));
    buf_free(&key);
}

/* Rows that were done, for each entity whose parent they may be. */
static void
add_parents(const struct ack_request *r, struct buf *entities, struct buf *keys)
{
    const struct mapping *m = r->mapping;
    const struct batch *b = r->batch;

    for (size_t c = 0; c < m->count; c++)
        for (size_t i = 0; i < b->nsubjects && m->entities[c].parent != NULL; i++) {
            const struct subject *s = &b->subjects[i];

            if (s->state != SUBJECT_DONE || s->entity != m->entities[c].parent->index)
                continue;
            pgarray_add(entities, m->entities[c].name);
            pgarray_add(keys, s->implicit_key != NULL ? s->implicit_key : b->events[s->event].ref[0]);
        }
}

/*
 * Legacy rows that were written, for each entity that writes their table: they may have given up a value. Only those with an
 * event: rows that two failed events bring along would wake each other's for ever.
 */
static void
add_holders(const struct ack_request *r, struct buf *entities, struct buf *keys)
{
    const struct mapping *m = r->mapping;
    const struct batch *b = r->batch;

    for (size_t i = 0; i < b->nrows; i++) {
        const struct row *row = &b->rows[i];
        const struct subject *s = &b->subjects[row->subject];

        if (s->state != SUBJECT_DONE || s->implicit_key != NULL || s->companion != NULL || row->nkey == 0)
            continue;
        for (size_t e = 0; e < m->count; e++)
            if (mapping_same_table(&m->entities[e].target, &m->entities[s->entity].target)) {
                pgarray_add(entities, m->entities[e].name);
                add_key(keys, row);
            }
    }
}

/* The arrays of wake_parked.sql; whether they name anything. */
static bool
wake_params(const struct ack_request *r, struct buf params[WAKE_PARAMS])
{
    for (int p = 0; p < WAKE_PARAMS; p++)
        pgarray_open(&params[p]);
    add_parents(r, &params[0], &params[1]);
    add_holders(r, &params[2], &params[3]);
    for (int p = 0; p < WAKE_PARAMS; p++)
        pgarray_close(&params[p]);
    return strcmp(buf_text(&params[0]), "{}") != 0 || strcmp(buf_text(&params[2]), "{}") != 0;
}

void
ack_start(struct ack *a, const struct ack_request *request)
{
    const struct batch *batch = request->batch;
    struct buf params[FAIL_PARAMS] = {{0}};
    struct buf ids = {0};
    struct buf wake[WAKE_PARAMS] = {{0}};
    char limit[24];
    char timeout[24];
    struct pg_statement script[8];
    size_t n = 0;

    snprintf(limit, sizeof limit, "%lld", (long long) request->config->outbox_max);
    snprintf(timeout, sizeof timeout, "%lld", (long long) request->config->statement_timeout_ms);
    pgarray_open(&ids);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->subjects[batch->events[i].subject].state == SUBJECT_DONE)
            pgarray_add_int(&ids, batch->events[i].id);
    pgarray_close(&ids);
    script[n++] = (struct pg_statement){.sql = sql_daemon_patient, .nparams = 1, .params = {timeout}};
    script[n++] = (struct pg_statement){.sql = sql_daemon_ack, .nparams = 1, .params = {buf_text(&ids)}};
    if (failure_params(request, params) > 0) {
        script[n] = (struct pg_statement){.sql = sql_daemon_fail, .nparams = FAIL_PARAMS};
        for (int p = 0; p < FAIL_PARAMS; p++)
            script[n].params[p] = buf_text(&params[p]);
        n++;
        script[n++] =
            (struct pg_statement){.sql = sql_daemon_supersede, .nparams = 1, .params = {buf_text(&params[0])}};
    }
    if (request->epoch != NULL)
        script[n++] = (struct pg_statement){
            .sql = sql_daemon_lease, .nparams = 2, .params = {request->epoch, request->partitions}};
    a->woken = -1;
    if (wake_params(request, wake)) {
        a->woken = (int) n;
        script[n] = (struct pg_statement){.sql = sql_daemon_wake_parked, .nparams = WAKE_PARAMS};
        for (int p = 0; p < WAKE_PARAMS; p++)
            script[n].params[p] = buf_text(&wake[p]);
        n++;
    }
    script[n++] = (struct pg_statement){.sql = sql_daemon_ceiling, .nparams = 1, .params = {limit}};
    script[n++] = (struct pg_statement){.sql = sql_daemon_commit};
    pgconn_run(a->pg, script, n, (int64_t) n * request->config->statement_timeout_ms + 5000, parse_ack, a);
    buf_free(&ids);
    for (int p = 0; p < WAKE_PARAMS; p++)
        buf_free(&wake[p]);
    for (int p = 0; p < FAIL_PARAMS; p++)
        buf_free(&params[p]);
}
