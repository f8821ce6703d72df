/*
 * reconcile_glance.c - a chunk that the servers compare by themselves: what one side lists goes to the other as it is, and next
 * to nothing is read here; see reconcile_run.h. Whatever does not work that way, for whatever reason, is nobody's fault: the
 * chunk is then looked at row by row, which says why.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/xalloc.h"
#include "reconcile_run.h"

#define PARAMETERS_MAX 1664 /* columns of a result */

static bool
send_list(struct reconcile_run *run, enum database side, const char *give, const char *position, const char *last,
          int64_t rows)
{
    char limit[24];
    const char *params[] = {position, limit, last};

    snprintf(limit, sizeof limit, "%" PRId64, rows);
    return reconcile_send(run, side, give, 3, params);
}

static bool
send_parameters(struct reconcile_run *run, enum database side, const char *take, const PGresult *rows, int first)
{
    const char *params[PARAMETERS_MAX];
    int count = PQnfields(rows) - first;

    for (int i = 0; i < count; i++)
        params[i] = PQgetvalue(rows, 0, first + i);
    return reconcile_send(run, side, take, count, params);
}

/* While one side compares this chunk, the other lists the next one: not where somebody asked for a slow pace. */
static bool
goes_ahead(const struct reconcile_run *run)
{
    return run->options->rate == 0 && reconcile_pq(run, DATABASE_VNEXT) != reconcile_pq(run, DATABASE_LEGACY);
}

bool
reconcile_glance(struct reconcile_run *run, enum database side, const char *give, const char *take, const char *first,
                 const char *position, const char *last, struct reconcile_glance *g)
{
    enum database other = side == DATABASE_VNEXT ? DATABASE_LEGACY : DATABASE_VNEXT;
    bool ahead, good;
    int64_t rows;

    if (g->next == 0)
        g->next = run->options->chunk;

    g->rows = g->ahead;
    g->ahead = NULL;
    if (g->rows == NULL && send_list(run, side, give, position, last, g->next))
        g->rows = reconcile_collect(run, side);
    rows = g->rows == NULL ? 0 : reconcile_number(g->rows, 0, "rows");
    if (rows == 0)
        return g->rows != NULL;
    g->next =
        reconcile_chunk(rows, (int64_t) PQresultMemorySize(g->rows), run->options->chunk, run->options->max_chunk);
    ahead = goes_ahead(run) && send_list(run, side, give, reconcile_field(g->rows, 0, "position"), last, g->next);
    if (send_parameters(run, other, take, g->rows, PQfnumber(g->rows, first)))
        g->found = reconcile_collect(run, other);
    if (ahead)
        g->ahead = reconcile_collect(run, side);
    good = g->found != NULL;
    if (!good)
        reconcile_glance_free(g);
    return good;
}

void
reconcile_glance_free(struct reconcile_glance *g)
{
    PQclear(g->rows);
    PQclear(g->found);
    PQclear(g->ahead);
    *g = (struct reconcile_glance){0};
}
