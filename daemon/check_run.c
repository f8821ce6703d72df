/* check_run.c - connections, questions and progress of `check`; see check_run.h. */
#include "check_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dualwrite/check_sql.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define QUIET_S 2

void
check_run_begin(struct check_run *run, const struct settings *settings, int64_t sample_rows)
{
    const struct config *c = settings->config;

    *run = (struct check_run){.settings = settings, .sample_rows = sample_rows, .terminal = isatty(STDERR_FILENO) == 1};
    run->two = *c->legacy_database_url != '\0';
    run->begin = check_sql_begin(c->statement_timeout_ms);
    run->sides[DATABASE_VNEXT] =
        (struct check_side){.url = c->database_url, .key = "DUALWRITE_DATABASE_URL", .area = AREA_VNEXT};
    run->sides[DATABASE_LEGACY] = (struct check_side){
        .url = run->two ? c->legacy_database_url : c->database_url,
        .key = run->two ? "DUALWRITE_LEGACY_DATABASE_URL" : "DUALWRITE_DATABASE_URL",
        .area = AREA_LEGACY,
    };
    clock_gettime(CLOCK_MONOTONIC, &run->started);
}

void
check_quiet(struct check_run *run)
{
    if (run->shown)
        fputs("\r\x1b[K", stderr);
    run->shown = false;
}

void
check_run_end(struct check_run *run)
{
    check_quiet(run);
    for (int side = DATABASE_VNEXT; side <= DATABASE_LEGACY; side++) {
        PQfinish(run->sides[side].pq);
        free(run->sides[side].encoding);
        free(run->sides[side].identity);
    }
    if (run->sides[DATABASE_LEGACY].catalog != run->sides[DATABASE_VNEXT].catalog)
        catalog_free(run->sides[DATABASE_LEGACY].catalog);
    catalog_free(run->sides[DATABASE_VNEXT].catalog);
    check_report_free(&run->report);
    free(run->begin);
    free(run->error);
}

static void
tick(void *arg)
{
    struct check_run *run = arg;
    struct timespec now;

    if (!run->terminal || run->doing == NULL)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - run->started.tv_sec < QUIET_S)
        return;
    check_quiet(run);
    fprintf(stderr, "looking at %s (%lld s) ...", run->doing, (long long) (now.tv_sec - run->started.tv_sec));
    fflush(stderr);
    run->shown = true;
}

void
check_doing(struct check_run *run, const char *what)
{
    run->doing = what;
    tick(run);
}

static bool
is_bad(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
}

PGresult *
check_ask(struct check_run *run, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGconn *pq = run->sides[side].pq;
    PGresult *r = pgblock_ask(pq, sql, nparams, params, tick, run);
    const char *sqlstate;
    const char *primary;

    if (!is_bad(r))
        return r;
    sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    snprintf(run->sqlstate, sizeof run->sqlstate, "%s", sqlstate == NULL ? "08006" : sqlstate);
    free(run->error);
    run->error = xstrdup(primary != NULL ? primary : PQerrorMessage(pq));
    run->error[strcspn(run->error, "\n")] = '\0';
    run->lost = run->lost || PQstatus(pq) != CONNECTION_OK;
    PQclear(r);
    return NULL;
}

bool
check_open(struct check_run *run, enum database side)
{
    PGresult *r = check_ask(run, side, run->begin, -1, NULL);

    PQclear(r);
    return r != NULL;
}

void
check_close(struct check_run *run, enum database side)
{
    PQclear(pgblock_ask(run->sides[side].pq, sql_daemon_rollback, -1, NULL, tick, run));
}

PGresult *
check_look(struct check_run *run, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = check_open(run, side) ? check_ask(run, side, sql, nparams, params) : NULL;

    check_close(run, side);
    return r;
}

void
check_refused(struct check_run *run, enum check_area area, const char *check, const char *where)
{
    check_add(&run->report, CHECK_WARN, area, check, where, "was not looked at: %s (SQLSTATE %s)", run->error,
              run->sqlstate);
    check_unfinished(&run->report);
    if (strcmp(run->sqlstate, "57014") == 0)
        check_mend(&run->report, "give it more time with DUALWRITE_STATEMENT_TIMEOUT, or fewer rows with "
                                 "--sample-rows, and check again");
    else if (strcmp(run->sqlstate, "42501") == 0 && !run->installed)
        check_mend(&run->report, "check as a role that may read it, or again after `dualwrited install` and GRANT "
                                 "dualwrite_daemon");
    else if (strcmp(run->sqlstate, "55P03") == 0)
        check_mend(&run->report, "somebody holds a lock on it: look at pg_stat_activity, and check again");
    else if (run->lost)
        check_mend(&run->report, "see whether the server runs, and check again");
    else if (strcmp(run->sqlstate, "42501") == 0)
        check_mend(&run->report, "mend the rights and policies that the mapping's lines name, and check again");
    else
        check_mend(&run->report, "mend what the server says, and the FAILs before it, and check again");
}

const char *
check_field(const PGresult *r, int row, const char *column)
{
    return PQgetvalue(r, row, PQfnumber(r, column));
}

int64_t
check_number(const PGresult *r, int row, const char *column)
{
    return strtoll(check_field(r, row, column), NULL, 10);
}

bool
check_truth(const PGresult *r, int row, const char *column)
{
    return check_field(r, row, column)[0] == 't';
}

char *
check_array(const PGresult *chunk, const bool *bad, int from, int to)
{
    struct buf out = {0};

    buf_putc(&out, '[');
    for (int i = from; i < to; i++) {
        if (bad != NULL && bad[i])
            continue;
        buf_puts(&out, out.len > 1 ? "," : "");
        buf_puts(&out, PQgetvalue(chunk, i, 1));
    }
    buf_putc(&out, ']');
    return buf_steal(&out);
}

bool
check_each_chunk(struct check_run *run, const char *sql, bool (*take)(void *arg, const PGresult *chunk), void *arg)
{
    PGresult *r = check_open(run, DATABASE_VNEXT) && check_open(run, DATABASE_LEGACY)
                      ? check_ask(run, DATABASE_VNEXT, sql, -1, NULL)
                      : NULL;
    bool good = r != NULL;
    bool more = good;

    while (more) {
        PQclear(r);
        r = check_ask(run, DATABASE_VNEXT, sql_check_fetch, -1, NULL);
        good = r != NULL;
        more = good && PQntuples(r) > 0 && take(arg, r);
    }
    PQclear(r);
    check_close(run, DATABASE_LEGACY);
    check_close(run, DATABASE_VNEXT);
    return good;
}
