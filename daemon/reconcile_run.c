/* reconcile_run.c - how reconcile asks, how fast it goes, and its progress on a terminal; see reconcile_run.h. */
#include "reconcile_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dualwrite/pgblock.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define QUIET_MS 2000
#define PACE_MS 1000           /* how often the lag is asked for */
#define LAG_PATIENCE_MS 300000 /* a backlog that does not get better for so long is not waited for */

monotime
reconcile_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (monotime){(int64_t) t.tv_sec * 1000000000 + t.tv_nsec};
}

/* ---- progress ---- */

void
reconcile_quiet(struct reconcile_run *run)
{
    if (run->shown)
        fputs("\r\x1b[K", stderr);
    run->shown = false;
}

static void
tick(void *arg)
{
    struct reconcile_run *run = arg;
    int64_t ms = monotime_diff_ms(reconcile_now(), run->started);

    if (!run->terminal || ms < QUIET_MS || run->doing[0] == '\0')
        return;
    reconcile_quiet(run);
    fprintf(stderr, "%s (%" PRId64 " s) ...", run->doing, ms / 1000);
    fflush(stderr);
    run->shown = true;
}

void
reconcile_doing(struct reconcile_run *run, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(run->doing, sizeof run->doing, fmt, ap);
    va_end(ap);
    tick(run);
}

void
reconcile_sleep_ms(struct reconcile_run *run, int64_t ms)
{
    for (; ms > 0; ms -= 250) {
        int64_t part = ms < 250 ? ms : 250;
        struct timespec t = {part / 1000, part % 1000 * 1000000};

        nanosleep(&t, NULL);
        tick(run);
    }
}

/* ---- asking ---- */

static PGconn *
pq_of(const struct reconcile_run *run, enum database side)
{
    return run->pair.pq[run->pair.count == 1 ? DATABASE_VNEXT : side];
}

static bool
is_bad(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
}

/* The result; NULL for a refusal, which is noted. */
static PGresult *
judged(struct reconcile_run *run, const PGconn *pq, PGresult *r)
{
    const char *sqlstate;
    const char *primary;

    if (!is_bad(r))
        return r;
    sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    snprintf(run->sqlstate, sizeof run->sqlstate, "%s", sqlstate == NULL ? "" : sqlstate);
    free(run->error);
    run->error = xstrdup(primary != NULL ? primary : PQerrorMessage(pq));
    run->error[strcspn(run->error, "\n")] = '\0';
    PQclear(r);
    return NULL;
}

PGresult *
reconcile_ask(struct reconcile_run *run, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGconn *pq = pq_of(run, side);

    return judged(run, pq, pgblock_ask(pq, sql, nparams, params, tick, run));
}

bool
reconcile_open(struct reconcile_run *run, enum database side, bool writes)
{
    const char *params[] = {run->timeout};
    PGresult *r = reconcile_ask(run, side, writes ? sql_daemon_begin : sql_reconcile_look, 0, NULL);

    if (r != NULL) {
        PQclear(r);
        r = reconcile_ask(run, side, sql_daemon_session, 1, params);
    }
    PQclear(r);
    return r != NULL;
}

static void
end_transaction(struct reconcile_run *run, PGconn *pq)
{
    if (PQtransactionStatus(pq) != PQTRANS_IDLE)
        PQclear(pgblock_ask(pq, sql_daemon_rollback, 0, NULL, tick, run));
}

void
reconcile_close(struct reconcile_run *run, enum database side)
{
    end_transaction(run, pq_of(run, side));
}

bool
reconcile_commit(struct reconcile_run *run, enum database side)
{
    PGresult *r = reconcile_ask(run, side, sql_daemon_commit, 0, NULL);

    PQclear(r);
    return r != NULL;
}

PGresult *
reconcile_query(struct reconcile_run *run, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = reconcile_open(run, side, false) ? reconcile_ask(run, side, sql, nparams, params) : NULL;

    reconcile_close(run, side);
    return r;
}

static PGconn *
lane_pq(const struct reconcile_run *run, enum database side, size_t lane)
{
    return lane == 0 ? pq_of(run, side) : run->beside[run->pair.count == 1 ? DATABASE_VNEXT : side];
}

bool
reconcile_send(struct reconcile_run *run, enum database side, size_t lane, const char *sql, int nparams,
               const char *const *params)
{
    const char *timeout[] = {run->timeout};
    const struct pgblock_statement list[] = {
        {.sql = sql_reconcile_look},  {.sql = sql_daemon_session, .nparams = 1, .params = timeout},
        {.sql = sql_daemon_by_index}, {.sql = sql, .nparams = nparams, .params = params},
        {.sql = sql_daemon_commit},
    };

    return pgblock_send(lane_pq(run, side, lane), list, sizeof list / sizeof list[0]);
}

PGresult *
reconcile_collect(struct reconcile_run *run, enum database side, size_t lane)
{
    PGconn *pq = lane_pq(run, side, lane);
    PGresult *r = judged(run, pq, pgblock_collect(pq, 3, tick, run));

    end_transaction(run, pq);
    return r;
}

bool
reconcile_note(struct reconcile_run *run, const char *sql, int nparams, const char *const *params)
{
    PGresult *r =
        reconcile_open(run, DATABASE_VNEXT, true) ? reconcile_ask(run, DATABASE_VNEXT, sql, nparams, params) : NULL;
    bool good = r != NULL && reconcile_commit(run, DATABASE_VNEXT);

    PQclear(r);
    reconcile_close(run, DATABASE_VNEXT);
    if (!good)
        reconcile_break(run, "writing down how far it has got");
    return good;
}

bool
reconcile_lost(const struct reconcile_run *run)
{
    return run->sqlstate[0] == '\0' || strncmp(run->sqlstate, "08", 2) == 0 || strncmp(run->sqlstate, "57P", 3) == 0;
}

void
reconcile_break(struct reconcile_run *run, const char *what)
{
    struct buf out = {0};

    if (run->broken)
        return;
    run->broken = true;
    buf_printf(&out, "%s was broken off: %s", what, run->error);
    if (run->sqlstate[0] != '\0')
        buf_printf(&out, " (SQLSTATE %s)", run->sqlstate);
    free(run->why);
    run->why = buf_steal(&out);
}

enum reconcile_refusal
reconcile_refused(struct reconcile_run *run, size_t count, int *tries, const char *what)
{
    enum reconcile_refusal refusal = reconcile_refusal(run->sqlstate, count, ++*tries);

    if (refusal == RECONCILE_STOP)
        reconcile_break(run, what);
    return refusal;
}

const char *
reconcile_field(const PGresult *r, int row, const char *column)
{
    return PQgetvalue(r, row, PQfnumber(r, column));
}

int64_t
reconcile_number(const PGresult *r, int row, const char *column)
{
    return strtoll(reconcile_field(r, row, column), NULL, 10);
}

bool
reconcile_truth(const PGresult *r, int row, const char *column)
{
    return reconcile_field(r, row, column)[0] == 't';
}

/* ---- pace ---- */

bool
reconcile_pace(struct reconcile_run *run)
{
    const char *params[] = {run->digest};
    PGresult *r = reconcile_query(run, DATABASE_VNEXT, sql_reconcile_pace, 1, params);

    run->paced = reconcile_now();
    if (r == NULL) {
        reconcile_break(run, "asking how the sync keeps up");
        return false;
    }
    run->daemons = reconcile_number(r, 0, "daemons");
    run->enabled = reconcile_truth(r, 0, "enabled");
    run->lag_ms = reconcile_number(r, 0, "lag_ms");
    run->waiting = reconcile_number(r, 0, "waiting");
    PQclear(r);
    return true;
}

void
reconcile_pass_begins(struct reconcile_run *run)
{
    run->pass_began = reconcile_now();
    run->pass_rows = 0;
}

/* Waits while a daemon works and is behind. Without one waiting would not help. */
static bool
rest_for_lag(struct reconcile_run *run)
{
    monotime began = reconcile_now();
    int64_t lowest = INT64_MAX;
    char was[sizeof run->doing];

    if (monotime_diff_ms(began, run->paced) < PACE_MS)
        return true;
    if (!reconcile_pace(run))
        return false;
    memcpy(was, run->doing, sizeof was);
    while (run->daemons > 0 && run->enabled && run->lag_ms > run->options->max_lag_ms) {
        if (run->waiting < lowest) {
            lowest = run->waiting;
            began = reconcile_now();
        }
        if (monotime_diff_ms(reconcile_now(), began) > LAG_PATIENCE_MS) {
            run->broken = true;
            free(run->why);
            run->why = xstrdup("the sync lags behind by more than --max-lag and does not catch up: see `dualwrited "
                               "status`");
            return false;
        }
        reconcile_doing(run, "waiting for the sync, which is %" PRId64 " s behind", run->lag_ms / 1000);
        reconcile_sleep_ms(run, PACE_MS / 2);
        if (!reconcile_pace(run))
            return false;
    }
    memcpy(run->doing, was, sizeof was);
    return true;
}

bool
reconcile_rest(struct reconcile_run *run, int64_t rows)
{
    run->pass_rows += rows;
    reconcile_sleep_ms(
        run, reconcile_rest_ms(run->pass_rows, run->options->rate, monotime_diff_ms(reconcile_now(), run->pass_began)));
    return rest_for_lag(run);
}
