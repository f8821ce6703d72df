/* resync.c - queues a whole table in chunks; see resync.h. The scan itself is lib/sql/apply/resync.sql. */
#include "resync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/log.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define ANSWER_MS 60000
#define STATEMENT_MS "55000" /* a chunk may take long; one that nobody waits for any more ends */
#define CHUNK_BATCHES 10

enum { NEXT = 2 }; /* where its answer stands in the script */

struct resync {
    struct pgconn *pg;
    resync_done done;
    void *arg;
    const struct mapping *mapping;
    const struct plan *plan;
    const char *instance;
    int chunk;
    struct resync_answer answer;
    char *entity;
};

struct resync *
resync_new(struct pgconn *pg, resync_done done, void *arg)
{
    struct resync *r = xcalloc(1, sizeof *r);

    r->pg = pg;
    r->done = done;
    r->arg = arg;
    return r;
}

void
resync_free(struct resync *r)
{
    if (r != NULL)
        free(r->entity);
    free(r);
}

static void
log_resync(const struct resync_answer *answer)
{
    struct log_line l = {0};

    log_begin(&l, LOG_WARNING, answer->finished ? "resync_completed" : "resync_marked");
    log_str(&l, "entity", answer->entity);
    if (answer->finished)
        log_int(&l, "queued", answer->queued);
    log_str(
        &l, "msg",
        answer->finished
            ? "every vNext row was queued; legacy rows without one were left alone"
            : "changes were not captured one by one (TRUNCATE, a full outbox, or a mapped column that is gone); every "
              "row will be queued once older transactions have ended");
    log_end(&l);
}

static void
finish(struct resync *r, const struct pg_reply *reply)
{
    struct resync_answer answer = r->answer;

    answer.error = reply->error;
    if (reply->error != NULL && !reply->lost)
        pgconn_reset(r->pg, reply->error);
    if (reply->error == NULL && (answer.begun || answer.finished))
        log_resync(&answer);
    r->done(r->arg, &answer);
}

static void
parse_end(void *arg, const struct pg_reply *reply)
{
    finish(arg, reply);
}

static void
run_end(struct resync *r)
{
    const struct pg_statement script = {.sql = sql_daemon_commit};

    pgconn_run(r->pg, &script, 1, ANSWER_MS, parse_end, r);
}

static void
run_begin_round(struct resync *r)
{
    const struct pg_statement script[] = {
        {.sql = sql_daemon_resync_begin, .nparams = 1, .params = {r->entity}},
        {.sql = sql_daemon_commit},
    };

    pgconn_run(r->pg, script, 2, ANSWER_MS, parse_end, r);
}

static void
parse_chunk(void *arg, const struct pg_reply *reply)
{
    struct resync *r = arg;
    char queued[24];
    struct pg_statement script[2] = {{.sql = sql_daemon_resync_step, .nparams = 4}, {.sql = sql_daemon_commit}};
    long long rows;

    if (reply->error != NULL) {
        finish(r, reply);
        return;
    }
    rows = strtoll(PQgetvalue(reply->results[0], 0, 0), NULL, 10);
    r->answer.queued += rows;
    r->answer.finished = rows < r->chunk;
    snprintf(queued, sizeof queued, "%lld", rows);
    script[0].params[0] = r->entity;
    script[0].params[1] = queued;
    script[0].params[2] = PQgetisnull(reply->results[0], 0, 1) ? NULL : PQgetvalue(reply->results[0], 0, 1);
    script[0].params[3] = r->answer.finished ? "true" : "false";
    pgconn_run(r->pg, script, 2, ANSWER_MS, parse_end, r);
}

static void
run_chunk(struct resync *r, const char *after)
{
    size_t i = mapping_entity_index(r->mapping, r->entity);
    char chunk[16];
    const struct pg_statement script = {
        .sql = r->plan->entities[i].sql[PLAN_RESYNC], .nparams = 2, .params = {after, chunk}};

    snprintf(chunk, sizeof chunk, "%d", r->chunk);
    pgconn_run(r->pg, &script, 1, ANSWER_MS, parse_chunk, r);
}

static void
parse_next(void *arg, const struct pg_reply *reply)
{
    struct resync *r = arg;
    const PGresult *next;

    if (reply->error != NULL) {
        finish(r, reply);
        return;
    }
    next = reply->results[NEXT];
    if (PQntuples(next) == 0) {
        run_end(r);
        return;
    }
    free(r->entity);
    r->entity = xstrdup(PQgetvalue(next, 0, PQfnumber(next, "entity")));
    r->answer.entity = r->entity;
    r->answer.queued = strtoll(PQgetvalue(next, 0, PQfnumber(next, "queued")), NULL, 10);
    if (PQgetvalue(next, 0, PQfnumber(next, "begun"))[0] != 't') {
        r->answer.begun = true;
        run_begin_round(r);
    } else if (PQgetvalue(next, 0, PQfnumber(next, "passed"))[0] != 't') {
        r->answer.waiting = true;
        run_end(r);
    } else {
        int after = PQfnumber(next, "after");

        run_chunk(r, PQgetisnull(next, 0, after) ? NULL : PQgetvalue(next, 0, after));
    }
}

void
resync_start(struct resync *r, const char *instance, const struct settings *settings, const struct plan *plan)
{
    const struct mapping *mapping = settings->mapping;
    int64_t chunk = (int64_t) settings->config->batch_size * CHUNK_BATCHES;
    struct buf entities = {0};
    struct pg_statement script[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_session, .nparams = 1, .params = {STATEMENT_MS}},
        [NEXT] = {.sql = sql_daemon_resync_next, .nparams = 2, .params = {instance}},
    };

    pgarray_open(&entities);
    for (size_t i = 0; i < mapping->count; i++)
        pgarray_add(&entities, mapping->entities[i].name);
    pgarray_close(&entities);
    script[NEXT].params[1] = buf_text(&entities);
    r->mapping = mapping;
    r->plan = plan;
    r->instance = instance;
    /* well below the outbox's limit, or the rows that a resync queues would themselves raise the next mark */
    if (chunk > settings->config->outbox_max / 4)
        chunk = settings->config->outbox_max / 4;
    r->chunk = (int) chunk;
    r->answer = (struct resync_answer){0};
    pgconn_run(r->pg, script, sizeof script / sizeof script[0], ANSWER_MS, parse_next, r);
    buf_free(&entities);
}
