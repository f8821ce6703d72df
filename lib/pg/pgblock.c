/* pgblock.c - blocking libpq for one-shot commands; see dualwrite/pgblock.h. */
#include "dualwrite/pgblock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/conninfo.h"
#include "dualwrite/xalloc.h"

static void
notice(void *arg, const PGresult *r)
{
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    (void) arg;
    if (sqlstate != NULL &&
        strcmp(sqlstate, "42P07") == 0) /* duplicate_table: IF NOT EXISTS found it, which is no news */
        return;
    fprintf(stderr, "dualwrited: %s\n", PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
}

PGconn *
pgblock_connect(const char *url, const char *key, const char *name)
{
    char *why = NULL;
    struct conninfo *info = conninfo_parse(url, name, &why);
    char *shown;
    PGconn *pq;

    if (info == NULL) {
        fprintf(stderr, "dualwrited: %s cannot be read: %s\n", key, why);
        free(why);
        return NULL;
    }
    shown = conninfo_shown(info);
    pq = PQconnectdbParams((const char *const *) info->keywords, (const char *const *) info->values, 0);
    if (PQstatus(pq) != CONNECTION_OK) {
        fprintf(stderr, "dualwrited: cannot connect (%s): %s", shown, PQerrorMessage(pq));
        fprintf(stderr, "dualwrited: check %s, and that the server runs and lets this host in\n", key);
        PQfinish(pq);
        pq = NULL;
    } else {
        PQsetNoticeReceiver(pq, notice, NULL);
    }
    free(shown);
    conninfo_free(info);
    return pq;
}

static void
silence(void *arg, const PGresult *r)
{
    (void) arg;
    (void) r;
}

PGconn *
pgblock_open(const char *url, const char *name, char **why)
{
    struct conninfo *info = conninfo_parse(url, name, why);
    PGconn *pq;

    if (info == NULL)
        return NULL;
    conninfo_set(info, "client_encoding", "UTF8");
    pq = PQconnectdbParams((const char *const *) info->keywords, (const char *const *) info->values, 0);
    conninfo_free(info);
    if (PQstatus(pq) == CONNECTION_OK) {
        PQsetNoticeReceiver(pq, silence, NULL);
        return pq;
    }
    *why = xstrdup(PQerrorMessage(pq));
    PQfinish(pq);
    return NULL;
}

void
pgblock_complain(PGconn *pq, const PGresult *r, const char *what)
{
    const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
    const char *context = PQresultErrorField(r, PG_DIAG_CONTEXT);
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (primary == NULL) {
        fprintf(stderr, "dualwrited: %s: %s", what, PQerrorMessage(pq));
        return;
    }
    fprintf(stderr, "dualwrited: %s: %s (SQLSTATE %s)\n", what, primary, sqlstate == NULL ? "none" : sqlstate);
    if (detail != NULL)
        fprintf(stderr, "  detail: %s\n", detail);
    if (hint != NULL)
        fprintf(stderr, "  hint: %s\n", hint);
    if (context != NULL)
        fprintf(stderr, "  where: %.*s\n", (int) strcspn(context, "\n"), context);
    if (sqlstate != NULL && strcmp(sqlstate, "55P03") == 0)
        fputs("  somebody holds a lock on it: look at pg_locks and pg_stat_activity, and run the same command again\n",
              stderr);
}

static int
succeeded(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

PGresult *
pgblock_query(PGconn *pq, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = PQexecParams(pq, sql, nparams, NULL, params, NULL, NULL, 0);

    if (succeeded(r))
        return r;
    pgblock_complain(pq, r, "the server refused a statement");
    PQclear(r);
    return NULL;
}

int
pgblock_script(PGconn *pq, const char *sql)
{
    PGresult *r = PQexec(pq, sql);
    int ok = succeeded(r);

    if (!ok)
        pgblock_complain(pq, r, "the server refused a statement");
    PQclear(r);
    return ok ? 0 : -1;
}

/* Until the answer is there, or the connection is lost. */
static void
await(PGconn *pq, pgblock_tick tick, void *arg)
{
    while (PQisBusy(pq)) {
        struct pollfd fd = {.fd = PQsocket(pq), .events = POLLIN};

        if (poll(&fd, 1, 250) == 0 && tick != NULL)
            tick(arg);
        if (fd.revents != 0 && !PQconsumeInput(pq))
            return;
    }
}

PGresult *
pgblock_ask(PGconn *pq, const char *sql, int nparams, const char *const *params, pgblock_tick tick, void *arg)
{
    PGresult *kept = NULL;
    PGresult *r;
    int sent = nparams < 0 ? PQsendQuery(pq, sql) : PQsendQueryParams(pq, sql, nparams, NULL, params, NULL, NULL, 0);

    if (!sent)
        return PQmakeEmptyPGresult(pq, PGRES_FATAL_ERROR);
    for (await(pq, tick, arg); (r = PQgetResult(pq)) != NULL; await(pq, tick, arg)) {
        if (kept != NULL && !succeeded(kept)) {
            PQclear(r);
            continue;
        }
        PQclear(kept);
        kept = r;
    }
    return kept != NULL ? kept : PQmakeEmptyPGresult(pq, PGRES_FATAL_ERROR);
}

bool
pgblock_send(PGconn *pq, const struct pgblock_statement *list, size_t count)
{
    bool sent = PQenterPipelineMode(pq) == 1;

    for (size_t i = 0; i < count && sent; i++)
        sent = PQsendQueryParams(pq, list[i].sql, list[i].nparams, NULL, list[i].params, NULL, NULL, 0) == 1;
    return sent && PQpipelineSync(pq) == 1;
}

PGresult *
pgblock_collect(PGconn *pq, size_t which, pgblock_tick tick, void *arg)
{
    PGresult *kept = NULL;
    bool synced = false;

    for (size_t i = 0; !synced && PQstatus(pq) == CONNECTION_OK;) {
        PGresult *r;

        await(pq, tick, arg);
        r = PQgetResult(pq);
        synced = r != NULL && PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        if (r == NULL) {
            i++; /* the end of a statement's answers */
        } else if (!synced && (kept == NULL || succeeded(kept)) && (i == which || !succeeded(r))) {
            PQclear(kept);
            kept = r;
            continue;
        }
        PQclear(r);
    }
    PQexitPipelineMode(pq);
    return kept != NULL ? kept : PQmakeEmptyPGresult(pq, PGRES_FATAL_ERROR);
}

/* ---- rows of one server for another ---- */

/* The last of what is still to come, after `r`; the first that failed. */
static PGresult *
rest(PGconn *pq, PGresult *r, pgblock_tick tick, void *arg)
{
    for (;;) {
        PGresult *next;

        await(pq, tick, arg);
        next = PQgetResult(pq);
        if (next == NULL)
            return r != NULL ? r : PQmakeEmptyPGresult(pq, PGRES_FATAL_ERROR);
        if (r != NULL && !succeeded(r)) {
            PQclear(next);
            continue;
        }
        PQclear(r);
        r = next;
    }
}

/* NULL: the COPY stands; else what the server said instead. */
static PGresult *
start_copy(PGconn *pq, const char *sql, ExecStatusType wanted, pgblock_tick tick, void *arg)
{
    PGresult *r;

    if (!PQsendQuery(pq, sql))
        return PQmakeEmptyPGresult(pq, PGRES_FATAL_ERROR);
    await(pq, tick, arg);
    r = PQgetResult(pq);
    if (r != NULL && PQresultStatus(r) == wanted) {
        PQclear(r);
        return NULL;
    }
    return rest(pq, r, tick, arg);
}

/* Until `from` has no more. What `to` does not take is read all the same: a COPY cannot be left. */
static void
pump(PGconn *from, PGconn *to, pgblock_tick tick, void *arg)
{
    while (PQstatus(from) == CONNECTION_OK) {
        char *row = NULL;
        const int len = PQgetCopyData(from, &row, 1);

        if (len < 0)
            return;
        if (len > 0) {
            PQputCopyData(to, row, len); /* why it fails, its result says */
            PQfreemem(row);
        } else {
            struct pollfd fd = {.fd = PQsocket(from), .events = POLLIN};

            if (poll(&fd, 1, 250) == 0 && tick != NULL)
                tick(arg);
            if (fd.revents != 0)
                PQconsumeInput(from);
        }
    }
}

PGresult *
pgblock_copy(PGconn *from, const char *out, PGconn *to, const char *in, PGconn **refused, pgblock_tick tick, void *arg)
{
    PGresult *taken = start_copy(to, in, PGRES_COPY_IN, tick, arg);
    PGresult *given;

    *refused = to;
    if (taken != NULL)
        return taken;
    given = start_copy(from, out, PGRES_COPY_OUT, tick, arg);
    if (given == NULL) {
        pump(from, to, tick, arg);
        given = rest(from, NULL, tick, arg);
    }
    PQputCopyEnd(to, succeeded(given) ? NULL : "the other side failed");
    taken = rest(to, NULL, tick, arg);
    if (succeeded(given)) {
        PQclear(given);
        return taken;
    }
    PQclear(taken);
    *refused = from;
    return given;
}
