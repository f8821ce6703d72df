/*
 * reconcile_glance.c - chunks that the servers compare by themselves: what one side lists goes to the other as it is, and next
 * to nothing is read here; see reconcile_run.h. Whatever does not work that way, for whatever reason, is nobody's fault: the
 * rows are then looked at one by one, which says why.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/pgblock.h"
#include "dualwrite/xalloc.h"
#include "reconcile_run.h"

#define PARAMETERS_MAX 1664 /* columns of a result */

static PGconn *
open_one(const char *url, const char *name)
{
    char *why = NULL;
    PGconn *pq = pgblock_open(url, name, &why);

    free(why);
    return pq;
}

void
reconcile_open_lanes(struct reconcile_run *run)
{
    const char *const urls[] = {run->settings->config->database_url, run->settings->config->legacy_database_url};

    for (size_t i = 0; i < sizeof urls / sizeof urls[0] && i < run->pair.count && run->options->rate == 0; i++)
        run->beside[i] = open_one(urls[i], run->name);
}

static size_t
lanes(const struct reconcile_run *run)
{
    bool second = true;

    for (size_t i = 0; i < run->pair.count; i++)
        second = second && PQstatus(run->beside[i]) == CONNECTION_OK; /* of NULL: it is bad */
    return second ? RECONCILE_LANES : 1;
}

/* What a lane lists: from a key (NULL: the start) up to another, and how many at most (NULL: all). */
struct range {
    const char *from, *limit, *to;
};

/* *middle: where the second lane begins, NULL where there is nothing for it to do; false after a refusal. */
static bool
divide(struct reconcile_run *run, const struct reconcile_way *way, const char *sql, const struct range *whole,
       char **middle)
{
    const char *params[] = {whole->from, whole->limit, whole->to};
    PGresult *r = NULL;

    *middle = NULL;
    if (lanes(run) == 1)
        return true;
    if (reconcile_send(run, way->side, 0, sql, 3, params))
        r = reconcile_collect(run, way->side, 0);
    if (r != NULL && PQntuples(r) > 0)
        *middle = xstrdup(PQgetvalue(r, 0, 0));
    PQclear(r);
    return r != NULL;
}

/* Both at once: each is sent before the first is waited for. */
static bool
list(struct reconcile_run *run, const struct reconcile_way *way, const char *sql, const struct range *ranges,
     struct reconcile_glance *g)
{
    bool sent[RECONCILE_LANES];
    bool good = true;

    for (size_t i = 0; i < g->count; i++) {
        const char *params[] = {ranges[i].from, ranges[i].limit, ranges[i].to};

        sent[i] = reconcile_send(run, way->side, i, sql, 3, params);
    }
    for (size_t i = 0; i < g->count; i++) {
        g->chunks[i].rows = sent[i] ? reconcile_collect(run, way->side, i) : NULL;
        good = good && g->chunks[i].rows != NULL;
    }
    return good;
}

static bool
send_parameters(struct reconcile_run *run, enum database side, size_t lane, const char *sql, const PGresult *rows,
                int first)
{
    const char *params[PARAMETERS_MAX];
    int count = PQnfields(rows) - first;

    for (int i = 0; i < count; i++)
        params[i] = PQgetvalue(rows, 0, first + i);
    return reconcile_send(run, side, lane, sql, count, params);
}

static bool
judge(struct reconcile_run *run, const struct reconcile_way *way, const char *sql, struct reconcile_glance *g)
{
    enum database other = way->side == DATABASE_VNEXT ? DATABASE_LEGACY : DATABASE_VNEXT;
    bool sent[RECONCILE_LANES];
    bool good = true;

    for (size_t i = 0; i < g->count; i++) {
        const PGresult *rows = g->chunks[i].rows;
        bool any = reconcile_number(rows, 0, "rows") > 0;

        sent[i] = any && send_parameters(run, other, i, sql, rows, PQfnumber(rows, way->first));
        good = good && (sent[i] || !any);
    }
    for (size_t i = 0; i < g->count; i++) {
        if (!sent[i])
            continue;
        g->chunks[i].found = reconcile_collect(run, other, i);
        good = good && g->chunks[i].found != NULL;
    }
    return good;
}

bool
reconcile_glance(struct reconcile_run *run, const struct reconcile_progress *p, const struct reconcile_way *way,
                 struct reconcile_glance *g)
{
    char **sql = run->compare[p->entity].sql;
    char limit[24];
    struct range ranges[RECONCILE_LANES] = {{p->position, limit, p->last[way->side]}};
    const PGresult *rows;
    char *middle;
    bool good;

    snprintf(limit, sizeof limit, "%" PRId64, g->next > 0 ? g->next : run->options->chunk);
    good = divide(run, way, sql[way->middle], &ranges[0], &middle);
    g->count = middle == NULL ? 1 : 2;
    if (middle != NULL) {
        ranges[1] = (struct range){middle, limit, ranges[0].to};
        ranges[0].limit = NULL; /* also rows that have come since: the other one begins behind the middle */
        ranges[0].to = middle;
    }
    good = good && list(run, way, sql[way->give], ranges, g) && judge(run, way, sql[way->take], g);
    free(middle);
    if (!good) {
        reconcile_glance_clear(g);
        return false;
    }
    rows = g->chunks[0].rows;
    g->next = reconcile_chunk(reconcile_number(rows, 0, "rows"), (int64_t) PQresultMemorySize(rows),
                              run->options->chunk, run->options->max_chunk);
    return true;
}

void
reconcile_glance_clear(struct reconcile_glance *g)
{
    for (size_t i = 0; i < RECONCILE_LANES; i++) {
        PQclear(g->chunks[i].rows);
        PQclear(g->chunks[i].found);
        g->chunks[i] = (struct reconcile_chunk){0};
    }
}
