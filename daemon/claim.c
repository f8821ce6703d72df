/* claim.c - stage one; see claim.h. What a batch is about is lib/core/change.c. */
#include "claim.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "dualwrite/outcome.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

enum { HOLD = 3, CLAIM, KEEP_END }; /* in the script */

struct claim {
    struct pgconn *pg;
    claim_done done;
    void *arg;
    struct claim_request request;
    struct claim_answer answer;
    monotime sent;
};

struct claim *
claim_new(struct pgconn *pg, claim_done done, void *arg)
{
    struct claim *c = xcalloc(1, sizeof *c);

    c->pg = pg;
    c->done = done;
    c->arg = arg;
    return c;
}

void
claim_free(struct claim *c)
{
    free(c);
}

static void
finish(struct claim *c, const char *error)
{
    struct claim_answer answer = c->answer;

    answer.error = error;
    if (error != NULL) {
        batch_free(&answer.batch);
        free(answer.partitions);
        free(answer.cursor);
        answer.partitions = answer.cursor = NULL;
    }
    c->answer = (struct claim_answer){0};
    c->done(c->arg, &answer);
}

static const char *
value(const PGresult *r, int row, int column)
{
    return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

static const char *
field(const PGresult *r, int row, const char *column)
{
    return value(r, row, PQfnumber(r, column));
}

static void
parse_events(struct claim *c, const PGresult *r)
{
    enum { ID, ENTITY, OPERATION, REF, ACTOR, ATTEMPTS, SQLSTATE, AGE_MS, AGE_FROM_COMMIT }; /* claim.sql */
    struct batch *b = &c->answer.batch;
    int rows = value(r, 0, ID) == NULL ? 0 : PQntuples(r);

    c->answer.cursor = xstrdup(field(r, 0, "cursor"));
    c->answer.more = field(r, 0, "more")[0] == 't';
    b->events = xcalloc((size_t) rows, sizeof *b->events);
    b->claimed = c->sent;
    for (int i = 0; i < rows; i++) {
        struct event *e = &b->events[b->count++];

        e->id = strtoll(value(r, i, ID), NULL, 10);
        e->entity = mapping_entity_index(c->request.mapping, value(r, i, ENTITY));
        e->operation = xstrdup(value(r, i, OPERATION));
        e->actor = xstrdup(value(r, i, ACTOR));
        e->failed_before = atoi(value(r, i, ATTEMPTS));
        e->attempt = e->failed_before + 1;
        e->conflicted = is_conflict(value(r, i, SQLSTATE));
        e->age_ms = strtoll(value(r, i, AGE_MS), NULL, 10);
        e->age_from_commit = value(r, i, AGE_FROM_COMMIT)[0] == 't';
        e->nref = pgarray_read(value(r, i, REF), &e->ref);
    }
    batch_group(b, c->request.mapping);
}

/* Nothing waits: the transaction has ended, its locks are free. */
static void
parse_end(void *arg, const struct pg_reply *reply)
{
    finish(arg, reply->error);
}

static void
end(struct claim *c)
{
    const struct pg_statement end = {.sql = sql_daemon_commit};

    if (c->answer.batch.count == 0)
        pgconn_run(c->pg, &end, 1, 10000, parse_end, c);
    else
        finish(c, NULL);
}

static void
give_up(struct claim *c, const struct pg_reply *reply)
{
    if (!reply->lost)
        pgconn_reset(c->pg, reply->error);
    finish(c, reply->error);
}

static void
parse_stale(void *arg, const struct pg_reply *reply)
{
    struct claim *c = arg;

    if (reply->error != NULL) {
        give_up(c, reply);
        return;
    }
    c->answer.ended = atoi(field(reply->results[0], 0, "ended"));
    end(c);
}

/* Before the batch, which may take long: then whoever was stopped with our partitions is gone when it is done. */
static void
run_stale(struct claim *c)
{
    const struct pg_statement stale = {.sql = sql_daemon_stale, .nparams = 1, .params = {c->request.instance}};

    pgconn_run(c->pg, &stale, 1, c->request.statement_timeout_ms, parse_stale, c);
}

static void
parse_claim(void *arg, const struct pg_reply *reply)
{
    struct claim *c = arg;
    const PGresult *hold;

    if (reply->error != NULL) {
        give_up(c, reply);
        return;
    }
    hold = reply->results[HOLD];
    c->answer.mine = atoi(field(hold, 0, "mine"));
    c->answer.held = atoi(field(hold, 0, "held"));
    c->answer.partitions = xstrdup(field(hold, 0, "partitions"));
    c->answer.passed = field(hold, 0, "passed")[0] == 't';
    parse_events(c, reply->results[CLAIM]);
    if (c->answer.held < c->answer.mine)
        run_stale(c);
    else
        end(c);
}

void
claim_start(struct claim *c, const struct claim_request *request)
{
    char timeout[32];
    char limit[32];
    char up_to[32];
    char *identities = ref_identities(request->mapping);
    const struct pg_statement script[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_session, .nparams = 1, .params = {timeout}},
        {.sql = sql_daemon_by_index},
        [HOLD] = {.sql = sql_daemon_hold,
                  .nparams = 4,
                  .params = {request->instance, request->barrier, request->take_down_doorbell ? "true" : "false",
                             request->kept}},
        [CLAIM] = {.sql = sql_daemon_claim,
                   .nparams = 4,
                   .params = {limit, request->up_to < 0 ? NULL : up_to, request->cursor, identities}},
        [KEEP_END] = {.sql = sql_daemon_keep_end, .nparams = 1, .params = {request->kept}},
    };

    c->request = *request;
    c->answer = (struct claim_answer){0};
    c->sent = (monotime){(int64_t) uv_hrtime()};
    snprintf(timeout, sizeof timeout, "%lld", (long long) request->statement_timeout_ms);
    snprintf(limit, sizeof limit, "%d", request->batch_size);
    snprintf(up_to, sizeof up_to, "%lld", (long long) request->up_to);
    pgconn_run(c->pg, script, request->kept == NULL ? KEEP_END : KEEP_END + 1,
               (KEEP_END + 1) * request->statement_timeout_ms + 5000, parse_claim, c);
    free(identities);
}
