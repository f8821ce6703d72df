/* pgscript.c - statements under way, and their results; see dualwrite/pgscript.h. */
#include "dualwrite/pgscript.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

char *
pgscript_first_line(const char *message)
{
    return xstrndup(message, strcspn(message, "\n"));
}

bool
pgscript_send(struct pgscript *s, PGconn *pq, const struct pg_statement *statements, size_t count, pgconn_done done,
              void *arg)
{
    s->count = count;
    s->next = 0;
    s->answered = false;
    s->failed = count;
    s->results = xcalloc(count, sizeof *s->results);
    s->done = done;
    s->done_arg = arg;
    for (size_t i = 0; i < count; i++) {
        const struct pg_statement *one = &statements[i];

        if (PQsendQueryParams(pq, one->sql, one->nparams, NULL, one->params, NULL, NULL, 0) != 1)
            return false;
    }
    return PQpipelineSync(pq) == 1;
}

/* Returns true at the pipeline's end. */
static bool
take(struct pgscript *s, PGresult *r)
{
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
        if (s->error == NULL) {
            const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

            s->error = pgscript_first_line(primary != NULL ? primary : PQresultErrorMessage(r));
            s->failed = s->next;
        }
        break;
    default:
        break;
    }
    if (s->next < s->count && s->results[s->next] == NULL)
        s->results[s->next] = r;
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
            s->next++;            /* the end of one statement's results */
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
    for (size_t i = 0; i < s->count; i++)
        PQclear(s->results[i]);
    free(s->results);
    free(s->error);
    s->results = NULL;
    s->error = NULL;
    s->count = 0;
    s->done = NULL;
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

    s->results = NULL;
    s->error = NULL;
    s->count = 0;
    s->done = NULL;
    ended.done(ended.done_arg, &reply);
    pgscript_clear(&ended);
}
