/* mark.c - stage five; see mark.h. */
#include "mark.h"

#include <stdlib.h>

#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "grouped.h"

struct mark {
    struct grouped *groups;
    mark_done done;
    void *arg;
    struct mark_request request;
    size_t *rows; /* by entity */
    size_t count;
};

static const struct row *
row_at(const struct mark *m, size_t item)
{
    return &m->request.batch->rows[m->rows[item]];
}

static size_t
entity_of(const struct mark *m, size_t item)
{
    return m->request.batch->subjects[row_at(m, item)->subject].entity;
}

static bool
push(void *arg, struct grouped *g, size_t first, size_t count)
{
    const struct mark *m = arg;
    struct sqlrows rows;
    char *params[1];

    sqlrows_begin_mark(&rows, &m->request.mapping->entities[entity_of(m, first)]);
    for (size_t i = first; i < first + count; i++)
        sqlrows_add_mark(&rows, m->request.batch, m->request.mapping, m->rows[i]);
    params[0] = sqlrows_end(&rows);
    grouped_push(g, m->request.plan->entities[entity_of(m, first)].sql[PLAN_MARK], 1, params);
    return true;
}

static void
done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    (void) arg;
    (void) first;
    (void) count;
    (void) results;
    (void) n;
}

static void
failed(void *arg, struct grouped *g, size_t item, const PGresult *error, const char *text)
{
    const struct mark *m = arg;
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    struct subject *s = &m->request.batch->subjects[row_at(m, item)->subject];

    (void) g;
    if (s->state == SUBJECT_FAILED)
        return;
    s->state = SUBJECT_PENDING;
    subject_fail(s, row_outcome_of(sqlstate), sqlstate, PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME), text);
}

static void
end(void *arg, const char *error, const char *sqlstate)
{
    struct mark *m = arg;

    free(m->rows);
    m->rows = NULL;
    m->count = 0;
    m->done(m->arg, error, sqlstate);
}

static bool
is_news(const struct mark *m, const struct row *r)
{
    const struct batch *b = m->request.batch;

    return m->request.plan->entities[b->subjects[r->subject].entity].sql[PLAN_MARK] != NULL && row_is_news(b, r);
}

struct mark *
mark_new(struct pgconn *vnext, mark_done on_done, void *arg)
{
    static const struct grouped_stage stage = {push, done, failed, NULL, end};
    struct mark *m = xcalloc(1, sizeof *m);

    m->groups = grouped_new(vnext, &stage, m);
    m->done = on_done;
    m->arg = arg;
    return m;
}

void
mark_free(struct mark *m)
{
    if (m != NULL) {
        grouped_free(m->groups);
        free(m->rows);
    }
    free(m);
}

void
mark_start(struct mark *m, const struct mark_request *request)
{
    const struct grouped_options options = {
        .blame_items = request->blame_rows,
        .statement_timeout_ms = request->statement_timeout_ms,
    };
    const struct batch *b = request->batch;

    m->request = *request;
    m->count = 0;
    m->rows = xcalloc(b->nrows, sizeof *m->rows);
    for (size_t entity = 0; entity < request->mapping->count; entity++) {
        size_t first = m->count;

        for (size_t i = 0; i < b->nrows; i++)
            if (b->subjects[b->rows[i].subject].entity == entity && is_news(m, &b->rows[i]))
                m->rows[m->count++] = i;
        if (m->count > first)
            grouped_add(m->groups, first, m->count - first);
    }
    grouped_run(m->groups, &options);
}
