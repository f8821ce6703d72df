/* ack.c - stage three; see ack.h. Retry or park was decided by lib/core/outcome.c. */
#include "ack.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

enum { FAIL_PARAMS = 6 };

struct ack {
    struct pgconn *pg;
    ack_done done;
    void *arg;
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

    if (reply->error != NULL && !reply->lost)
        pgconn_reset(a->pg, reply->error);
    a->done(a->arg, &answer);
}

/* The six arrays of fail.sql; returns how many events failed. */
static size_t
failure_params(const struct batch *b, const int64_t *retry_in_ms, struct buf params[FAIL_PARAMS])
{
    size_t failed = 0;

    for (int p = 0; p < FAIL_PARAMS; p++)
        pgarray_open(&params[p]);
    for (size_t i = 0; i < b->count; i++) {
        const struct subject *s = &b->subjects[b->events[i].subject];

        if (s->state != SUBJECT_FAILED)
            continue;
        failed++;
        pgarray_add_int(&params[0], b->events[i].id);
        pgarray_add(&params[1], s->sqlstate);
        pgarray_add(&params[2], condition_name(s->sqlstate));
        pgarray_add(&params[3], s->constraint);
        pgarray_add(&params[4], s->error);
        if (retry_in_ms[i] < 0)
            pgarray_add(&params[5], NULL);
        else
            pgarray_add_int(&params[5], retry_in_ms[i]);
    }
    for (int p = 0; p < FAIL_PARAMS; p++)
        pgarray_close(&params[p]);
    return failed;
}

void
ack_start(struct ack *a, const struct batch *batch, const int64_t *retry_in_ms, const char *epoch,
          const char *partitions, const struct config *config)
{
    struct buf params[FAIL_PARAMS] = {{0}};
    struct buf ids = {0};
    char limit[24];
    char timeout[24];
    struct pg_statement script[7];
    size_t n = 0;

    snprintf(limit, sizeof limit, "%lld", (long long) config->outbox_max);
    snprintf(timeout, sizeof timeout, "%lld", (long long) config->statement_timeout_ms);
    pgarray_open(&ids);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->subjects[batch->events[i].subject].state == SUBJECT_DONE)
            pgarray_add_int(&ids, batch->events[i].id);
    pgarray_close(&ids);
    script[n++] = (struct pg_statement){.sql = sql_daemon_patient, .nparams = 1, .params = {timeout}};
    script[n++] = (struct pg_statement){.sql = sql_daemon_ack, .nparams = 1, .params = {buf_text(&ids)}};
    if (failure_params(batch, retry_in_ms, params) > 0) {
        script[n] = (struct pg_statement){.sql = sql_daemon_fail, .nparams = FAIL_PARAMS};
        for (int p = 0; p < FAIL_PARAMS; p++)
            script[n].params[p] = buf_text(&params[p]);
        n++;
        script[n++] =
            (struct pg_statement){.sql = sql_daemon_supersede, .nparams = 1, .params = {buf_text(&params[0])}};
    }
    if (epoch != NULL)
        script[n++] = (struct pg_statement){.sql = sql_daemon_lease, .nparams = 2, .params = {epoch, partitions}};
    script[n++] = (struct pg_statement){.sql = sql_daemon_ceiling, .nparams = 1, .params = {limit}};
    script[n++] = (struct pg_statement){.sql = sql_daemon_commit};
    pgconn_run(a->pg, script, n, (int64_t) n * config->statement_timeout_ms + 5000, parse_ack, a);
    buf_free(&ids);
    for (int p = 0; p < FAIL_PARAMS; p++)
        buf_free(&params[p]);
}
