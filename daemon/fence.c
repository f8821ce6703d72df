/* fence.c - see fence.h. */
#include "fence.h"

#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/log.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

enum { EVICT = 4, FENCE = 6, SCRIPT = 8 }; /* where the answers stand in the script */

struct fence {
    struct pgconn *pg;
    fence_done done;
    void *arg;
};

struct fence *
fence_new(struct pgconn *legacy, fence_done done, void *arg)
{
    struct fence *f = xcalloc(1, sizeof *f);

    f->pg = legacy;
    f->done = done;
    f->arg = arg;
    return f;
}

void
fence_free(struct fence *f)
{
    free(f);
}

static const char *
field(const PGresult *r, const char *column)
{
    return PQgetvalue(r, 0, PQfnumber(r, column));
}

static void
log_ended(const PGresult *r)
{
    for (int i = 0; i < PQntuples(r); i++) {
        struct log_line l = {0};

        log_begin(&l, LOG_WARNING, "lease_taken_over");
        log_str(&l, "database", "legacy");
        log_str(&l, "partitions", PQgetvalue(r, i, PQfnumber(r, "partitions")));
        log_str(&l, "backend_pid", PQgetvalue(r, i, PQfnumber(r, "pid")));
        log_str(&l, "msg",
                "the daemon that worked here before is stopped or cut off, and its transaction was still open: its "
                "session was ended");
        log_end(&l);
    }
}

static void
parse(void *arg, const struct pg_reply *reply)
{
    struct fence *f = arg;
    struct fence_answer answer = {.error = reply->error};
    const PGresult *r;

    if (!reply->lost && reply->results[EVICT] != NULL && PQresultStatus(reply->results[EVICT]) == PGRES_TUPLES_OK)
        log_ended(reply->results[EVICT]);
    if (reply->error != NULL) {
        answer.sqlstate = reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
        f->done(f->arg, &answer);
        return;
    }
    r = reply->results[FENCE];
    answer.restored = field(r, "restored")[0] == 't';
    answer.passed = field(r, "passed")[0] == 't' && !answer.restored;
    answer.highest = field(r, "highest");
    answer.partitions = field(r, "partitions");
    answer.fences = field(r, "fences");
    f->done(f->arg, &answer);
}

void
fence_start(struct fence *f, const struct fence_request *request)
{
    char timeout[24];
    const struct pg_statement script[SCRIPT] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_session, .nparams = 1, .params = {timeout}},
        {.sql = sql_daemon_by_index},
        {.sql = sql_daemon_hold_epoch, .nparams = 1, .params = {request->epoch}},
        [EVICT] = {.sql = sql_daemon_evict, .nparams = 2, .params = {request->epoch, request->partitions}},
        {.sql = sql_daemon_hold_legacy, .nparams = 1, .params = {request->partitions}},
        [FENCE] = {.sql = sql_daemon_fence,
                   .nparams = 3,
                   .params = {request->epoch, request->partitions, request->leases}},
        {.sql = sql_daemon_sync_session},
    };

    if (pgconn_state(f->pg) != PGCONN_READY) {
        f->done(f->arg, &(struct fence_answer){.error = "the connection to the legacy database was lost"});
        return;
    }
    snprintf(timeout, sizeof timeout, "%lld", (long long) request->statement_timeout_ms);
    pgconn_run(f->pg, script, SCRIPT, SCRIPT * request->statement_timeout_ms + 5000, parse, f);
}
