/* read.c - stage two; see read.h. The statement is lib/core/sqlread.c. */
#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/slots.h"
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

/* The columns of the answer; then the keys, the values and what the map's columns get. */
enum { N, FOUND, PRESENT, PARENT, PARENT_KEY, VERIFIED, FIRST_KEY };

static const char *
field(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

static bool
truth(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't'; /* NULL is "" */
}

/* Some columns in one block, which ends with their texts; its size is added to *taken. */
static char **
texts(const PGresult *result, int row, int first, size_t count, size_t *taken)
{
    size_t size = count * sizeof(char *);
    char **out;
    char *at;

    for (size_t i = 0; i < count; i++)
        size += (size_t) PQgetlength(result, row, first + (int) i) + 1;
    *taken += size;
    out = xcalloc(1, size);
    at = (char *) &out[count];
    for (size_t i = 0; i < count; i++) {
        const char *value = field(result, row, first + (int) i);
        size_t length = (size_t) PQgetlength(result, row, first + (int) i) + 1;

        if (value == NULL)
            continue;
        out[i] = memcpy(at, value, length);
        at += length;
    }
    return out;
}

void
read_row(struct row *out, const struct mapping_entity *e, const PGresult *result, int row)
{
    size_t values = slots_values(e, NULL);
    int first = FIRST_KEY + (int) e->target_key.count;

    out->found = truth(result, row, FOUND);
    out->present = truth(result, row, PRESENT);
    out->noted = truth(result, row, VERIFIED);
    out->parent = xstrdup(field(result, row, PARENT));
    out->parent_key = xstrdup(field(result, row, PARENT_KEY));
    out->nkey = e->target_key.count;
    out->key = xcalloc(out->nkey, sizeof *out->key);
    for (size_t i = 0; i < out->nkey; i++)
        out->key[i] = xstrdup(field(result, row, FIRST_KEY + (int) i));
    if (!out->found)
        return;
    out->values = texts(result, row, first, values, &out->length);
    out->extra = texts(result, row, first + (int) values, slots_map(e, NULL), &out->length);
}

void
read_take(struct batch *b, const struct mapping *m, const size_t *asked, const PGresult *result)
{
    for (int i = 0; i < PQntuples(result); i++) {
        size_t subject = asked[strtol(PQgetvalue(result, i, N), NULL, 10) - 1];
        struct row *row = batch_add_row(b, subject);

        read_row(row, row_entity(b, m, row), result, i);
        b->subjects[subject].found = row->found;
        row_decide(b, m, row);
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
        subject_fail(s, writes ? OUTCOME_PARK : row_outcome_of(sqlstate), sqlstate,
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
