/* hold_parents.c - see hold_parents.h. */
#include "hold_parents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/outcome.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

enum { HELD = 2, EPOCH = 5 }; /* where the answers stand in the script */

struct hold_parents {
    struct pgconn *pg;
    hold_parents_done done;
    void *arg;
    int64_t statement_timeout_ms;
};

struct hold_parents *
hold_parents_new(struct pgconn *vnext, hold_parents_done done, void *arg)
{
    struct hold_parents *h = xcalloc(1, sizeof *h);

    h->pg = vnext;
    h->done = done;
    h->arg = arg;
    return h;
}

void
hold_parents_free(struct hold_parents *h)
{
    free(h);
}

static const char *
state_of(const struct pg_reply *reply)
{
    return reply->error == NULL || reply->lost ? NULL
                                               : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
}

static void
parse_let_go(void *arg, const struct pg_reply *reply)
{
    struct hold_parents *h = arg;

    h->done(h->arg, &(struct hold_parents_answer){.error = reply->error, .sqlstate = state_of(reply)});
}

static void
run_let_go(struct hold_parents *h)
{
    static const struct pg_statement script[] = {{.sql = sql_daemon_rollback_to}, {.sql = sql_daemon_release}};

    pgconn_run(h->pg, script, 2, h->statement_timeout_ms + 5000, parse_let_go, h);
}

static void
parse_held(void *arg, const struct pg_reply *reply)
{
    struct hold_parents *h = arg;
    struct buf partitions = {0};

    if (state_of(reply) != NULL && outcome_of(state_of(reply)) == OUTCOME_RETRY_ROW) {
        run_let_go(h); /* lock_timeout: somebody works there, and may be syncing these very rows */
        return;
    }
    for (int i = 0; reply->error == NULL && i < PQntuples(reply->results[HELD]); i++)
        buf_printf(&partitions, "%s%s", i == 0 ? "" : ",", PQgetvalue(reply->results[HELD], i, 1));
    h->done(h->arg, &(struct hold_parents_answer){
                        .error = reply->error,
                        .sqlstate = state_of(reply),
                        .held = true,
                        .partitions = buf_text(&partitions),
                        .epoch = reply->error != NULL ? NULL : PQgetvalue(reply->results[EPOCH], 0, 0),
                        .leases = reply->error != NULL ? NULL : PQgetvalue(reply->results[EPOCH], 0, 1),
                    });
    buf_free(&partitions);
}

void
hold_parents_start(struct hold_parents *h, const struct batch *batch, const struct mapping *mapping, size_t first,
                   int64_t statement_timeout_ms)
{
    struct buf keys = {0};
    char timeout[24];
    struct pg_statement script[] = {
        {.sql = sql_daemon_savepoint},
        {.sql = sql_daemon_brief},
        [HELD] = {.sql = sql_daemon_hold_parents, .nparams = 1},
        {.sql = sql_daemon_release},
        {.sql = sql_daemon_patient, .nparams = 1, .params = {timeout}},
        [EPOCH] = {.sql = sql_daemon_epoch},
    };

    h->statement_timeout_ms = statement_timeout_ms;
    if (pgconn_state(h->pg) != PGCONN_READY) {
        h->done(h->arg, &(struct hold_parents_answer){.error = "the connection to the vNext database was lost"});
        return;
    }
    snprintf(timeout, sizeof timeout, "%lld", (long long) statement_timeout_ms);
    pgarray_open(&keys);
    for (size_t i = first; i < batch->nsubjects; i++)
        pgarray_add(&keys, subject_root(batch, mapping, &batch->subjects[i]));
    pgarray_close(&keys);
    script[HELD].params[0] = buf_text(&keys);
    pgconn_run(h->pg, script, sizeof script / sizeof script[0], 6 * statement_timeout_ms + 5000, parse_held, h);
    buf_free(&keys);
}
