/* stuck.c - rows that wait for each other's values; see stuck.h. */
#include "stuck.h"

#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/xalloc.h"

struct stuck {
    struct holders *holders;
    struct stuck_row *rows; /* by the time of their failure */
    size_t count;
    struct conflicts conflicts;
};

void
stuck_add(struct stuck *s, size_t row, const PGresult *error, const char *text)
{
    struct stuck_row *r;

    s->rows = xreallocarray(s->rows, s->count + 1, sizeof *s->rows);
    r = &s->rows[s->count++];
    *r = (struct stuck_row){
        .row = row, .constraint = xstrdup(PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME)), .error = xstrdup(text)};
    snprintf(r->sqlstate, sizeof r->sqlstate, "%s", PQresultErrorField(error, PG_DIAG_SQLSTATE));
}

const struct stuck_row *
stuck_rows(const struct stuck *s, size_t *count)
{
    *count = s->count;
    return s->rows;
}

const struct conflicts *
stuck_conflicts(const struct stuck *s)
{
    return &s->conflicts;
}

static int
compare(const void *left, const void *right, void *arg)
{
    const struct batch *b = arg;
    size_t x = *(const size_t *) left;
    size_t y = *(const size_t *) right;
    size_t a = b->subjects[b->rows[x].subject].entity;
    size_t c = b->subjects[b->rows[y].subject].entity;

    return a != c ? (a > c) - (a < c) : (x > y) - (x < y);
}

/* The rows by entity. */
static size_t *
sorted(const struct stuck *s, const struct batch *b)
{
    size_t *rows = xcalloc(s->count + 1, sizeof *rows);

    for (size_t i = 0; i < s->count; i++)
        rows[i] = s->rows[i].row;
    qsort_r(rows, s->count, sizeof *rows, compare, (void *) b);
    return rows;
}

void
stuck_look(struct stuck *s, const struct holders_request *request)
{
    struct holders_request ask = *request;
    size_t *rows = sorted(s, request->batch);

    ask.rows = rows;
    ask.count = s->count;
    ask.found = &s->conflicts;
    holders_start(s->holders, &ask);
    free(rows);
}

struct conflict_order
stuck_order(const struct stuck *s, const struct batch *b, size_t entity)
{
    size_t *rows = sorted(s, b);
    struct conflict_order order;
    size_t first = 0, end;

    while (first < s->count && b->subjects[b->rows[rows[first]].subject].entity < entity)
        first++;
    for (end = first; end < s->count && b->subjects[b->rows[rows[end]].subject].entity == entity;)
        end++;
    order = conflict_order(&s->conflicts, &rows[first], end - first);
    free(rows);
    return order;
}

void
stuck_clear(struct stuck *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->rows[i].constraint);
        free(s->rows[i].error);
    }
    free(s->rows);
    s->rows = NULL;
    s->count = 0;
    conflicts_free(&s->conflicts);
}

struct stuck *
stuck_new(struct pgconn *legacy, holders_done done, void *arg)
{
    struct stuck *s = xcalloc(1, sizeof *s);

    s->holders = holders_new(legacy, done, arg);
    return s;
}

void
stuck_free(struct stuck *s)
{
    if (s != NULL) {
        holders_free(s->holders);
        stuck_clear(s);
    }
    free(s);
}
