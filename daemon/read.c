/* read.c - stage two; see read.h. The statement is lib/core/sqlread.c. */
#include "read.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "grouped.h"

struct read {
    struct grouped *groups;
    read_done done;
    void *arg;
    struct read_request request;
    char xid[32];
    char epoch[32];
    char *leases;
};

static bool
is_pending(const struct read *r, size_t subject)
{
    const struct subject *s = &r->request.batch->subjects[subject];

    return s->state == SUBJECT_PENDING && s->row == NO_INDEX;
}

static bool
push(void *arg, struct grouped *g, size_t first, size_t count)
{
    const struct read *r = arg;
    const struct batch *b = r->request.batch;
    const struct mapping *m = r->request.mapping;
    size_t entity = b->subjects[first].entity;
    size_t columns = m->entities[entity].identity.count;
    char *params[PG_MAX_PARAMS];
    bool any = false;

    for (size_t p = 0; p < columns; p++) {
        struct buf out = {0};

        pgarray_open(&out);
        for (size_t i = first; i < first + count; i++) {
            if (!is_pending(r, i))
                continue;
            any = true;
            pgarray_add(&out, subject_identity(b, m, &b->subjects[i], p));
        }
        pgarray_close(&out);
        params[p] = buf_steal(&out);
    }
    if (any)
        grouped_push(g, r->request.plan->entities[entity].sql[PLAN_READ], (int) columns, params);
    for (size_t p = 0; !any && p < columns; p++)
        free(params[p]);
    return any;
}

static char *
text(const PGresult *result, int row, const char *column)
{
    int i = PQfnumber(result, column);

    return PQgetisnull(result, row, i) ? NULL : xstrdup(PQgetvalue(result, row, i));
}

static bool
truth(const PGresult *result, int row, const char *column)
{
    return PQgetvalue(result, row, PQfnumber(result, column))[0] == 't'; /* NULL is "" */
}

static void
parse_key(struct row *out, const PGresult *result, int row)
{
    cJSON *array = cJSON_Parse(PQgetvalue(result, row, PQfnumber(result, "key")));
    const cJSON *item;

    out->key = xcalloc((size_t) cJSON_GetArraySize(array), sizeof *out->key);
    cJSON_ArrayForEach(item, array) out->key[out->nkey++] = xstrdup(cJSON_GetStringValue(item));
    cJSON_Delete(array);
}

static void
parse_row(struct batch *b, const struct mapping *m, size_t subject, const PGresult *result, int row)
{
    struct row *out = batch_add_row(b, subject);

    out->found = truth(result, row, "found");
    out->present = truth(result, row, "present");
    out->noted = truth(result, row, "verified");
    out->parent = text(result, row, "parent");
    out->parent_key = text(result, row, "parent_key");
    out->values = text(result, row, "values");
    out->extra = text(result, row, "extra");
    parse_key(out, result, row);
    b->subjects[subject].found = out->found;
    row_decide(b, m, out);
}

void
read_take(struct batch *b, const struct mapping *m, const size_t *asked, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        long at = strtol(PQgetvalue(result, row, PQfnumber(result, "n")), NULL, 10);

        parse_row(b, m, asked[at - 1], result, row);
    }
}

static void
done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    struct read *r = arg;
    const PGresult *result = results[0];
    size_t *asked = xcalloc(count, sizeof *asked); /* the subjects, in the order of the statement's n */
    size_t nasked = 0;

    (void) n;
    for (size_t i = first; i < first + count; i++)
        if (is_pending(r, i))
            asked[nasked++] = i;
    read_take(r->request.batch, r->request.mapping, asked, result);
    free(asked);
}

static void
failed(void *arg, struct grouped *g, size_t item, const PGresult *error, const char *message)
{
    struct read *r = arg;
    struct subject *s = &r->request.batch->subjects[item];
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    bool writes = strcmp(sqlstate, "25006") == 0;
    struct buf out = {0};

    (void) g;
    buf_printf(&out, "%s%s", message, writes ? ": an expression of the mapping may not write" : "");
    if (strcmp(sqlstate, LOOKUP_MISSING) == 0)
        subject_fail_lookup(s, message);
    else
        subject_fail(s, writes ? OUTCOME_PARK : outcome_of(sqlstate), sqlstate,
                     PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME), buf_text(&out));
    buf_free(&out);
}

static void
opened(void *arg, PGresult *const *results)
{
    struct read *r = arg;

    snprintf(r->xid, sizeof r->xid, "%s", PQgetvalue(results[0], 0, 0));
    if (r->request.two) {
        snprintf(r->epoch, sizeof r->epoch, "%s", PQgetvalue(results[1], 0, 0));
        free(r->leases);
        r->leases = xstrdup(PQgetvalue(results[1], 0, 1));
    }
}

static void
end(void *arg, const char *error, const char *sqlstate)
{
    struct read *r = arg;
    struct read_answer answer = {error, sqlstate, r->xid, r->epoch, r->leases};

    r->done(r->arg, &answer);
}

struct read *
read_new(struct pgconn *pg, read_done on_done, void *arg)
{
    static const struct grouped_stage stage = {push, done, failed, opened, end};
    struct read *r = xcalloc(1, sizeof *r);

    r->groups = grouped_new(pg, &stage, r);
    r->done = on_done;
    r->arg = arg;
    return r;
}

void
read_free(struct read *r)
{
    if (r != NULL) {
        grouped_free(r->groups);
        free(r->leases);
    }
    free(r);
}

void
read_start(struct read *r, const struct read_request *request)
{
    static const struct pg_statement opening[] = {{.sql = sql_daemon_sync_session}, {.sql = sql_daemon_epoch}};
    const struct batch *b = request->batch;
    const struct grouped_options options = {
        .opening = opening,
        .nopening = !request->first_time ? 0
                    : request->two       ? 2
                                         : 1,
        .read_only = true,
        .blame_items = request->blame_rows,
        .statement_timeout_ms = request->statement_timeout_ms,
    };

    r->request = *request;
    for (size_t from = request->first, i = from; i < b->nsubjects; i++)
        if (i + 1 == b->nsubjects || b->subjects[i + 1].entity != b->subjects[from].entity) {
            if (b->subjects[from].entity < request->mapping->count)
                grouped_add(r->groups, from, i + 1 - from);
            from = i + 1;
        }
    grouped_run(r->groups, &options);
}
