/* companions.c - rows that are synced along; see companions.h. Whose a legacy row is says lib/core/sqlmap.c. */
#include "companions.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "dualwrite/conflict.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "grouped.h"
#include "holders.h"

struct companions {
    struct holders *holders;
    struct grouped *owners; /* in the vNext database */
    companions_done done;
    void *arg;
    struct companions_request request;
    struct conflicts found; /* of this batch so far */
    size_t known;           /* so many of them were there before */
};

static struct subject *
subject_of(const struct companions *c, size_t row)
{
    return &c->request.batch->subjects[c->request.batch->rows[row].subject];
}

/* ---- whose they are ---- */

static size_t
entity_of(const struct companions *c, size_t item)
{
    return subject_of(c, c->found.items[item].row)->entity;
}

static bool
push(void *arg, struct grouped *g, size_t first, size_t count)
{
    const struct companions *c = arg;
    const char *sql = c->request.plan->entities[entity_of(c, first)].sql[PLAN_OWNER];
    size_t columns = c->found.items[first].nkey;
    char *params[PG_MAX_PARAMS];

    if (sql == NULL)
        return false;
    for (size_t k = 0; k < columns; k++) {
        struct buf out = {0};

        pgarray_open(&out);
        for (size_t i = first; i < first + count; i++)
            pgarray_add(&out, c->found.items[i].key[k]);
        pgarray_close(&out);
        params[k] = buf_steal(&out);
    }
    grouped_push(g, sql, (int) columns, params);
    return true;
}

/* A legacy key that leads to a part of an identity only is nobody's. */
static void
add_owner(struct companions *c, struct conflict *conflict, size_t entity, const char *json)
{
    cJSON *array = cJSON_Parse(json);
    char *identity[PG_MAX_PARAMS];
    size_t n = 0;
    bool whole = true;
    const cJSON *item;

    cJSON_ArrayForEach(item, array)
    {
        identity[n++] = cJSON_GetStringValue(item);
        whole = whole && identity[n - 1] != NULL;
    }
    if (whole)
        conflict->owner = batch_companion(c->request.batch, c->request.mapping, entity, identity);
    cJSON_Delete(array);
}

static void
done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    struct companions *c = arg;
    const PGresult *result = results[0];

    (void) count;
    (void) n;
    for (int i = 0; i < PQntuples(result); i++) {
        size_t at = first + (size_t) strtoul(PQgetvalue(result, i, PQfnumber(result, "n")), NULL, 10) - 1;

        add_owner(c, &c->found.items[at], entity_of(c, at), PQgetvalue(result, i, PQfnumber(result, "identity")));
    }
}

/* A key that is no key of the map's type, say: it leads nowhere. */
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
end(void *arg, const char *error, const char *sqlstate)
{
    struct companions *c = arg;

    c->done(c->arg, error, sqlstate);
}

static void
on_holders(void *arg, const char *error, const char *sqlstate)
{
    struct companions *c = arg;
    const struct grouped_options options = {
        .read_only = true,
        .blame_items = c->request.blame_rows,
        .statement_timeout_ms = c->request.statement_timeout_ms,
    };

    if (error != NULL) {
        c->done(c->arg, error, sqlstate);
        return;
    }
    for (size_t first = c->known, i = first; i < c->found.count; i++)
        if (i + 1 == c->found.count || entity_of(c, i + 1) != entity_of(c, first)) {
            grouped_add(c->owners, first, i + 1 - first);
            first = i + 1;
        }
    grouped_run(c->owners, &options);
}

/* ---- who holds what is wanted ---- */

static bool
asks(const struct companions *c, size_t row)
{
    const struct row *r = &c->request.batch->rows[row];
    const struct subject *s = subject_of(c, row);

    return s->state == SUBJECT_PENDING && (r->write || r->create) && (s->conflicted || s->companion != NULL) &&
           c->request.plan->entities[s->entity].sql[PLAN_HOLDERS] != NULL;
}

void
companions_start(struct companions *c, const struct companions_request *request)
{
    const struct batch *b = request->batch;
    size_t *rows = xcalloc(b->nrows + 1, sizeof *rows);
    struct holders_request ask = {
        .batch = b,
        .mapping = request->mapping,
        .plan = request->plan,
        .rows = rows,
        .found = &c->found,
        .own_transaction = request->two,
        .blame_rows = request->blame_rows,
        .statement_timeout_ms = request->statement_timeout_ms,
    };

    c->request = *request;
    if (request->first_time)
        conflicts_free(&c->found);
    c->known = c->found.count;
    for (size_t entity = 0; entity < request->mapping->count; entity++)
        for (size_t i = request->first; i < b->nrows; i++)
            if (subject_of(c, i)->entity == entity && asks(c, i))
                rows[ask.count++] = i;
    if (ask.count == 0)
        c->done(c->arg, NULL, NULL);
    else
        holders_start(c->holders, &ask);
    free(rows);
}

void
companions_wait(struct companions *c, size_t subject)
{
    conflict_wait(c->request.batch, c->request.mapping, &c->found, subject,
                  "another legacy row has a value of it, and another daemon works on that row's partition at this "
                  "moment");
}

struct companions *
companions_new(struct pgconn *vnext, struct pgconn *legacy, companions_done on_done, void *arg)
{
    static const struct grouped_stage stage = {push, done, failed, NULL, end};
    struct companions *c = xcalloc(1, sizeof *c);

    c->holders = holders_new(legacy, on_holders, c);
    c->owners = grouped_new(vnext, &stage, c);
    c->done = on_done;
    c->arg = arg;
    return c;
}

void
companions_free(struct companions *c)
{
    if (c != NULL) {
        holders_free(c->holders);
        grouped_free(c->owners);
        conflicts_free(&c->found);
    }
    free(c);
}
