/* holders.c - who holds what is wanted; see holders.h. The statement is lib/core/sqlunique.c. */
#include "holders.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "grouped.h"

struct holders {
    struct pgconn *pg;
    struct grouped *groups;
    holders_done done;
    void *arg;
    struct holders_request request;
    size_t *rows;
};

static size_t
entity_of(const struct holders *h, size_t item)
{
    const struct batch *b = h->request.batch;

    return b->subjects[b->rows[h->rows[item]].subject].entity;
}

static bool
push(void *arg, struct grouped *g, size_t first, size_t count)
{
    const struct holders *h = arg;
    const char *sql = h->request.plan->entities[entity_of(h, first)].sql[PLAN_HOLDERS];
    struct sqlrows rows;
    char *params[1];

    if (sql == NULL)
        return false;
    sqlrows_begin(&rows, &h->request.mapping->entities[entity_of(h, first)]);
    for (size_t i = first; i < first + count; i++)
        sqlrows_add(&rows, &h->request.batch->rows[h->rows[i]], h->rows[i]);
    params[0] = sqlrows_end(&rows);
    grouped_push(g, sql, 1, params);
    return true;
}

static size_t
number(const PGresult *result, int row, const char *column)
{
    int i = PQfnumber(result, column);

    return PQgetisnull(result, row, i) ? NO_INDEX : (size_t) strtoul(PQgetvalue(result, row, i), NULL, 10);
}

static void
done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    struct holders *h = arg;
    const PGresult *result = results[0];

    (void) first;
    (void) count;
    (void) n;
    for (int i = 0; i < PQntuples(result); i++) {
        struct conflict *c = conflicts_add(h->request.found, number(result, i, "n"));
        cJSON *key = cJSON_Parse(PQgetvalue(result, i, PQfnumber(result, "key")));
        const cJSON *part;

        c->holder = number(result, i, "holder");
        c->index = xstrdup(PQgetvalue(result, i, PQfnumber(result, "index")));
        c->key = xcalloc((size_t) cJSON_GetArraySize(key), sizeof *c->key);
        cJSON_ArrayForEach(part, key) c->key[c->nkey++] = xstrdup(cJSON_GetStringValue(part));
        cJSON_Delete(key);
    }
}

static void
failed(void *arg, struct grouped *g, size_t item, const PGresult *error, const char *text)
{
    (void) arg;
    (void) g;
    (void) item;
    (void) error;
    (void) text;
}

static void
finish(struct holders *h, const char *error, const char *sqlstate)
{
    free(h->rows);
    h->rows = NULL;
    h->done(h->arg, error, sqlstate);
}

static void
parse_ended(void *arg, const struct pg_reply *reply)
{
    finish(arg, reply->error,
           reply->error == NULL || reply->lost ? NULL
                                               : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE));
}

static void
end(void *arg, const char *error, const char *sqlstate)
{
    static const struct pg_statement commit = {.sql = sql_daemon_commit};
    struct holders *h = arg;

    if (error != NULL || !h->request.own_transaction)
        finish(h, error, sqlstate);
    else
        pgconn_run(h->pg, &commit, 1, h->request.statement_timeout_ms + 5000, parse_ended, h);
}

void
holders_start(struct holders *h, const struct holders_request *request)
{
    char timeout[24];
    const struct pg_statement opening[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_session, .nparams = 1, .params = {timeout}},
    };
    const struct grouped_options options = {
        .opening = opening,
        .nopening = request->own_transaction ? 2 : 0,
        .read_only = true,
        .blame_items = request->blame_rows,
        .statement_timeout_ms = request->statement_timeout_ms,
    };

    h->request = *request;
    h->rows = xcalloc(request->count + 1, sizeof *h->rows);
    memcpy(h->rows, request->rows, request->count * sizeof *h->rows);
    snprintf(timeout, sizeof timeout, "%lld", (long long) request->statement_timeout_ms);
    for (size_t first = 0, i = 0; i < request->count; i++)
        if (i + 1 == request->count || entity_of(h, i + 1) != entity_of(h, first)) {
            grouped_add(h->groups, first, i + 1 - first);
            first = i + 1;
        }
    grouped_run(h->groups, &options);
}

struct holders *
holders_new(struct pgconn *legacy, holders_done on_done, void *arg)
{
    static const struct grouped_stage stage = {push, done, failed, NULL, end};
    struct holders *h = xcalloc(1, sizeof *h);

    h->pg = legacy;
    h->groups = grouped_new(legacy, &stage, h);
    h->done = on_done;
    h->arg = arg;
    return h;
}

void
holders_free(struct holders *h)
{
    if (h != NULL) {
        grouped_free(h->groups);
        free(h->rows);
    }
    free(h);
}
