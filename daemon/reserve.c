/* reserve.c - stage three; see reserve.h. Keys are drawn in the legacy database, the map is in the vNext one. */
#include "reserve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "grouped.h"

struct reserve {
    struct pgconn *legacy;
    bool two;
    struct grouped *draws; /* in the legacy database */
    struct grouped *groups;
    reserve_done done;
    void *arg;
    struct reserve_request request;
    size_t *rows; /* that need a key, by entity */
    size_t count;
    char **complaints; /* of each: why legacy does not take the key; NULL: it does */
    bool *taken;       /* ... the map gives its key to another row */
    unsigned again;    /* how often keys were drawn anew because of that */
    bool reserved;
};

/* Each time as many keys are passed over as were drawn before, so that a sequence which is a million behind is caught up. */
#define DRAW_TIMES 20

static struct row *
row_at(const struct reserve *r, size_t item)
{
    return &r->request.batch->rows[r->rows[item]];
}

static struct subject *
subject_at(const struct reserve *r, size_t item)
{
    return &r->request.batch->subjects[row_at(r, item)->subject];
}

static void
finish(struct reserve *r, const char *error, const char *sqlstate)
{
    struct reserve_answer answer = {error, sqlstate, r->reserved};

    for (size_t i = 0; i < r->count; i++)
        free(r->complaints[i]);
    free(r->complaints);
    free(r->taken);
    free(r->rows);
    r->rows = NULL;
    r->complaints = NULL;
    r->taken = NULL;
    r->count = 0;
    r->done(r->arg, &answer);
}

/* ---- the map rows ---- */

static bool
push(void *arg, struct grouped *g, size_t first, size_t count)
{
    const struct reserve *r = arg;
    struct sqlrows rows;
    char *params[1];

    /*
     * In one transaction with the write the map row is made as it should be after it, and changed only where that came out
     * differently (mark.c): else each new one would be written twice.
     */
    for (size_t i = first; i < first + count; i++)
        row_at(r, i)->noted = !r->two;
    sqlrows_begin_reserve(&rows, row_entity(r->request.batch, r->request.mapping, row_at(r, first)));
    for (size_t i = first; i < first + count; i++)
        if (subject_at(r, i)->state == SUBJECT_PENDING)
            sqlrows_add_reserve(&rows, r->request.batch, r->request.mapping, r->rows[i], r->complaints[i] != NULL);
    params[0] = sqlrows_end(&rows);
    if (params[0] == NULL)
        return false;
    grouped_push(g, r->request.plan->entities[subject_at(r, first)->entity].sql[PLAN_RESERVE], 1, params);
    return true;
}

struct returned {
    const char *key;
    bool taken;
};

static int
compare_returned(const void *a, const void *b)
{
    return strcmp(((const struct returned *) a)->key, ((const struct returned *) b)->key);
}

static void
done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    struct reserve *r = arg;
    size_t nreturned = (size_t) PQntuples(results[0]);
    struct returned *returned = xcalloc(nreturned + 1, sizeof *returned);

    (void) n;
    for (size_t i = 0; i < nreturned; i++)
        returned[i] =
            (struct returned){PQgetvalue(results[0], (int) i, 0), PQgetvalue(results[0], (int) i, 1)[0] == 't'};
    qsort(returned, nreturned, sizeof *returned, compare_returned);
    for (size_t i = first; i < first + count; i++) {
        const struct returned *at;

        if (subject_at(r, i)->state != SUBJECT_PENDING)
            continue;
        at = bsearch(&(struct returned){.key = row_at(r, i)->key[0]}, returned, nreturned, sizeof *returned,
                     compare_returned);
        r->taken[i] = at != NULL && at->taken;
        r->reserved = r->reserved || (at != NULL && !at->taken);
        row_at(r, i)->reserved = at != NULL && !at->taken;
        row_at(r, i)->guess = row_at(r, i)->reserved ? GUESS_NEW : GUESS_NONE;
        if (r->taken[i])
            continue; /* also where its legacy row is there again */
        if (r->complaints[i] != NULL)
            subject_fail(subject_at(r, i), OUTCOME_PARK, "23505", NULL, r->complaints[i]);
        else if (at == NULL)
            subject_fail(subject_at(r, i), OUTCOME_RETRY_ROW, NULL, NULL,
                         "somebody else has put it into the map at the same time");
    }
    free(returned);
}

static void
failed(void *arg, struct grouped *g, size_t item, const PGresult *error, const char *text)
{
    struct reserve *r = arg;
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

    (void) g;
    subject_fail(subject_at(r, item), row_outcome_of(sqlstate), sqlstate,
                 PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME), text);
}

static void run_draw(struct reserve *r);

/* Keeps those whose key turned out to be another's; their keys are drawn anew. */
static void
end(void *arg, const char *error, const char *sqlstate)
{
    struct reserve *r = arg;
    size_t left = 0;

    for (size_t i = 0; i < r->count; i++) {
        bool again = r->taken[i] && subject_at(r, i)->state == SUBJECT_PENDING;

        free(r->complaints[i]);
        r->complaints[i] = NULL;
        r->taken[i] = false;
        if (again)
            r->rows[left++] = r->rows[i];
    }
    r->count = left;
    if (error != NULL || left == 0) {
        finish(r, error, sqlstate);
        return;
    }
    if (r->again++ < DRAW_TIMES) {
        run_draw(r);
        return;
    }
    for (size_t i = 0; i < left; i++)
        subject_fail(subject_at(r, i), OUTCOME_PARK, "23505", NULL,
                     "the next keys of the legacy table are all given to other rows by the map; its sequence is far "
                     "behind: set it above the map's highest legacy key");
    finish(r, NULL, NULL);
}

/* ---- the keys ---- */

/* Where the rows of item `first`'s entity end. */
static size_t
entity_end(const struct reserve *r, size_t first)
{
    size_t i = first;

    while (i < r->count && subject_at(r, i)->entity == subject_at(r, first)->entity)
        i++;
    return i;
}

static bool
draw_push(void *arg, struct grouped *g, size_t first, size_t count)
{
    const struct reserve *r = arg;
    struct buf out = {0};
    char *params[2];

    buf_printf(&out, "%zu", count);
    params[0] = buf_steal(&out);
    buf_printf(&out, "%u", (1U << r->again) - 1);
    params[1] = buf_steal(&out);
    grouped_push(g, r->request.plan->entities[subject_at(r, first)->entity].sql[PLAN_DRAW], 2, params);
    return true;
}

static void
draw_done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    struct reserve *r = arg;

    (void) n;
    for (size_t i = 0; i < count; i++) {
        struct row *row = row_at(r, first + i);

        free(row->key[0]);
        row->key[0] = xstrdup(PQgetvalue(results[0], (int) i, 0));
        if (!PQgetisnull(results[0], (int) i, 1))
            r->complaints[first + i] = xstrdup(PQgetvalue(results[0], (int) i, 1));
    }
}

static void
run_map(struct reserve *r)
{
    const struct grouped_options options = {
        .blame_items = r->request.blame_rows,
        .statement_timeout_ms = r->request.statement_timeout_ms,
    };

    for (size_t first = 0, next; first < r->count; first = next) {
        next = entity_end(r, first);
        grouped_add(r->groups, first, next - first);
    }
    grouped_run(r->groups, &options);
}

static void
parse_drawn(void *arg, const struct pg_reply *reply)
{
    struct reserve *r = arg;

    if (reply->error != NULL)
        finish(r, reply->error,
               reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE));
    else
        run_map(r);
}

/* A transaction of its own is committed: what a default writes to make a key must stay. */
static void
draw_end(void *arg, const char *error, const char *sqlstate)
{
    static const struct pg_statement commit = {.sql = sql_daemon_commit};
    struct reserve *r = arg;

    if (error != NULL)
        finish(r, error, sqlstate);
    else if (r->two)
        pgconn_run(r->legacy, &commit, 1, r->request.statement_timeout_ms + 5000, parse_drawn, r);
    else
        run_map(r);
}

static void
run_draw(struct reserve *r)
{
    char timeout[24];
    const struct pg_statement opening[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_session, .nparams = 1, .params = {timeout}},
        {.sql = sql_daemon_by_index},
    };
    const struct grouped_options options = {
        .opening = opening,
        .nopening = r->two ? sizeof opening / sizeof *opening : 0,
        .blame_items = r->request.blame_rows,
        .statement_timeout_ms = r->request.statement_timeout_ms,
    };

    snprintf(timeout, sizeof timeout, "%lld", (long long) r->request.statement_timeout_ms);
    for (size_t first = 0, next; first < r->count; first = next) {
        next = entity_end(r, first);
        grouped_add(r->draws, first, next - first);
    }
    grouped_run(r->draws, &options);
}

static void
collect(struct reserve *r)
{
    const struct batch *b = r->request.batch;

    r->rows = xcalloc(b->nrows, sizeof *r->rows);
    for (size_t entity = 0; entity < r->request.mapping->count; entity++) {
        if (r->request.mapping->entities[entity].map == NULL)
            continue;
        for (size_t i = 0; i < b->nrows; i++) {
            const struct subject *s = &b->subjects[b->rows[i].subject];

            if (s->entity == entity && s->state == SUBJECT_PENDING && b->rows[i].create && b->rows[i].key[0] == NULL)
                r->rows[r->count++] = i;
        }
    }
    r->complaints = xcalloc(r->count, sizeof *r->complaints);
    r->taken = xcalloc(r->count, sizeof *r->taken);
}

struct reserve *
reserve_new(struct pgconn *vnext, struct pgconn *legacy, reserve_done on_done, void *arg)
{
    static const struct grouped_stage draw_stage = {draw_push, draw_done, failed, NULL, draw_end};
    static const struct grouped_stage stage = {push, done, failed, NULL, end};
    struct reserve *r = xcalloc(1, sizeof *r);

    r->legacy = legacy;
    r->two = legacy != vnext;
    r->draws = grouped_new(legacy, &draw_stage, r);
    r->groups = grouped_new(vnext, &stage, r);
    r->done = on_done;
    r->arg = arg;
    return r;
}

void
reserve_free(struct reserve *r)
{
    if (r != NULL) {
        grouped_free(r->draws);
        grouped_free(r->groups);
        for (size_t i = 0; i < r->count; i++)
            free(r->complaints[i]);
        free(r->complaints);
        free(r->taken);
        free(r->rows);
    }
    free(r);
}

void
reserve_start(struct reserve *r, const struct reserve_request *request)
{
    r->request = *request;
    r->reserved = false;
    r->again = 0;
    r->count = 0;
    collect(r);
    if (r->count == 0)
        finish(r, NULL, NULL);
    else
        run_draw(r);
}
