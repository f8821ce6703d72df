/* pgscript.c - statements under way, and their results; see dualwrite/pgscript.h. */
#include "dualwrite/pgscript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/fnv.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define MAX_PREPARED 128 /* in a session; more than there are statements, unless a mapping is huge */

struct pgprepared {
    char *sql;
    char name[32]; /* from the text: the same in every session */
    enum { UNKNOWN, ASKED, THERE } state;
};

char *
pgscript_first_line(const char *message)
{
    return xstrndup(message, strcspn(message, "\n"));
}

/* NULL: it is run as it is. */
static struct pgprepared *
prepared(struct pgscript *s, const struct pg_statement *one)
{
    const char *sql = one->sql;
    struct pgprepared *p;

    if (s->preparing != PREPARING_ON || one->planned_anew)
        return NULL;
    for (size_t i = 0; i < s->nprepared; i++)
        if (strcmp(s->prepared[i]->sql, sql) == 0)
            return s->prepared[i];
    if (s->nprepared == MAX_PREPARED)
        return NULL;
    p = xcalloc(1, sizeof *p);
    p->sql = xstrdup(sql);
    snprintf(p->name, sizeof p->name, "dualwrite_%016llx", (unsigned long long) fnv_add(FNV_START, sql, strlen(sql)));
    s->prepared = xreallocarray(s->prepared, s->nprepared + 1, sizeof *s->prepared);
    return s->prepared[s->nprepared++] = p;
}

static void
add_step(struct pgscript *s, size_t statement, struct pgprepared *prepare)
{
    s->steps[s->nsteps++] = (struct pgstep){statement, prepare};
}

bool
pgscript_send(struct pgscript *s, PGconn *pq, const struct pg_statement *statements, size_t count, bool replan,
              pgconn_done done, void *arg)
{
    s->count = count;
    s->next = 0;
    s->nsteps = 0;
    s->answered = false;
    s->failed = count;
    s->results = xcalloc(count + 1, sizeof *s->results);
    s->steps = xcalloc(2 * count + 2, sizeof *s->steps);
    s->done = done;
    s->done_arg = arg;
    if (replan) {
        add_step(s, count, NULL);
        if (PQsendQueryParams(pq, sql_daemon_replan, 0, NULL, NULL, NULL, NULL, 0) != 1)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct pg_statement *one = &statements[i];
        struct pgprepared *p = prepared(s, one);
        int sent;

        if (p != NULL && p->state == UNKNOWN) {
            add_step(s, i, p);
            p->state = ASKED;
            if (PQsendPrepare(pq, p->name, one->sql, 0, NULL) != 1)
                return false;
        }
        add_step(s, i, NULL);
        if (p != NULL)
            sent = PQsendQueryPrepared(pq, p->name, one->nparams, one->params, NULL, NULL, 0);
        else
            sent = PQsendQueryParams(pq, one->sql, one->nparams, NULL, one->params, NULL, NULL, 0);
        if (sent != 1)
            return false;
    }
    if (s->preparing == PREPARING_ASKS) {
        s->backend = PQbackendPID(pq);
        add_step(s, count, NULL);
        if (PQsendQueryParams(pq, sql_daemon_backend, 0, NULL, NULL, NULL, NULL, 0) != 1)
            return false;
    }
    return PQpipelineSync(pq) == 1;
}

/*
 * The session does not know the statement, because somebody deallocated it. Or a table is another one than when it was
 * prepared; others have that SQLSTATE too (plancache.c).
 */
static bool
is_stale(const PGresult *r, const char *sqlstate)
{
    const char *function = PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION);

    return strcmp(sqlstate, "26000") == 0 ||
           (strcmp(sqlstate, "0A000") == 0 && function != NULL && strcmp(function, "RevalidateCachedQuery") == 0);
}

void
pgscript_note_farewell(struct pgscript *s, const PGresult *r)
{
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    /* operator_intervention: a crash is only warned of */
    if (primary == NULL || ((sqlstate == NULL || strncmp(sqlstate, "57P", 3) != 0) &&
                            (severity == NULL || (strcmp(severity, "FATAL") != 0 && strcmp(severity, "PANIC") != 0))))
        return;
    free(s->farewell);
    s->farewell = pgscript_first_line(primary);
}

static void
take_error(struct pgscript *s, const PGresult *r)
{
    const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    pgscript_note_farewell(s, r);
    if (s->error != NULL || s->done == NULL) /* what answers an empty message is no script's */
        return;
    s->error = pgscript_first_line(primary != NULL ? primary : PQresultErrorMessage(r));
    s->failed = s->next < s->nsteps ? s->steps[s->next].statement : s->count;
    s->stale = s->preparing == PREPARING_ON && sqlstate != NULL && is_stale(r, sqlstate);
}

/* Returns true at the pipeline's end. */
static bool
take(struct pgscript *s, PGresult *r)
{
    const struct pgstep *step = s->next < s->nsteps ? &s->steps[s->next] : NULL;

    s->answered = PQresultStatus(r) != PGRES_PIPELINE_SYNC;
    switch (PQresultStatus(r)) {
    case PGRES_PIPELINE_SYNC:
        PQclear(r);
        if (s->kept == 0)
            return true;
        s->kept--; /* an empty message's, sent before the script */
        return false;
    case PGRES_PIPELINE_ABORTED:
        PQclear(r);
        return false;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
        take_error(s, r);
        break;
    default:
        if (step != NULL && step->prepare != NULL) {
            step->prepare->state = THERE;
            PQclear(r);
            return false;
        }
        if (step != NULL && step->statement == s->count && s->preparing == PREPARING_ASKS)
            s->preparing = atoi(PQgetvalue(r, 0, 0)) == s->backend ? PREPARING_ON : PREPARING_OFF;
        break;
    }
    if (step != NULL && s->results[step->statement] == NULL)
        s->results[step->statement] = r;
    else
        PQclear(r);
    return false;
}

bool
pgscript_read(struct pgscript *s, PGconn *pq)
{
    int empty = 0;

    while (!PQisBusy(pq)) {
        PGresult *r = PQgetResult(pq);

        if (r != NULL && take(s, r))
            return true;
        if (r != NULL)
            continue;
        if (s->answered) {
            s->answered = false;
            s->next++;            /* the end of one step's results */
        } else if (++empty > 2) { /* one may be the end of an empty message's answer */
            return false;
        }
    }
    return false;
}

void
pgscript_read_kept(struct pgscript *s, PGconn *pq)
{
    while (s->kept > 0 && !PQisBusy(pq)) {
        PGresult *r = PQgetResult(pq);

        if (r == NULL)
            return;
        take(s, r);
    }
}

void
pgscript_clear(struct pgscript *s)
{
    for (size_t i = 0; i <= s->count && s->results != NULL; i++)
        PQclear(s->results[i]);
    free(s->results);
    free(s->steps);
    free(s->error);
    s->results = NULL;
    s->steps = NULL;
    s->error = NULL;
    s->count = s->nsteps = 0;
    s->stale = false;
    s->done = NULL;
}

void
pgscript_forget(struct pgscript *s)
{
    if (s->preparing != PREPARING_NEVER)
        s->preparing = PREPARING_ASKS;
    for (size_t i = 0; i < s->nprepared; i++) {
        free(s->prepared[i]->sql);
        free(s->prepared[i]);
    }
    free(s->prepared);
    s->prepared = NULL;
    s->nprepared = 0;
}

void
pgscript_finish(struct pgscript *s, bool lost, const char *why)
{
    struct pgscript ended = *s;
    struct pg_reply reply = {
        .results = s->results,
        .count = s->count,
        .lost = lost,
        .failed = s->failed,
        .error = lost ? why : s->error,
    };

    for (size_t i = 0; i < s->nprepared; i++)
        if (s->prepared[i]->state == ASKED) /* what failed before it kept it from being done */
            s->prepared[i]->state = UNKNOWN;
    s->results = NULL;
    s->steps = NULL;
    s->error = NULL;
    s->count = s->nsteps = 0;
    s->stale = false;
    s->done = NULL;
    ended.done(ended.done_arg, &reply);
    pgscript_clear(&ended);
}
