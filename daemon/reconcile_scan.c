/*
 * reconcile_scan.c - walks over one entity in key order, chunk by chunk: the vNext rows, which should have their legacy row as
 * the mapping asks; then the legacy rows, which should have a vNext row. See reconcile_run.h.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_node.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"
#include "reconcile_run.h"

#define NOTE_MS 1000

static bool
count_rows(struct reconcile_run *run, enum database side, const char *sql, int64_t *rows)
{
    PGresult *r = reconcile_query(run, side, sql, 0, NULL);

    *rows = 0;
    if (r == NULL && (strcmp(run->sqlstate, "57014") == 0 || strcmp(run->sqlstate, "55P03") == 0))
        return true; /* it takes too long, and is only for the progress */
    if (r == NULL) {
        reconcile_break(run, "counting the rows");
        return false;
    }
    *rows = reconcile_number(r, 0, "rows");
    PQclear(r);
    return true;
}

/* A question that is asked again while somebody is in the way; NULL: refused, or with *stop the run ends. */
static PGresult *
persist(struct reconcile_run *run, enum database side, const char *sql, int nparams, const char *const *params,
        size_t rows, const char *what, bool *stop)
{
    enum reconcile_refusal refusal = RECONCILE_AGAIN;
    int tries = 0;
    PGresult *r = NULL;

    while (r == NULL && refusal == RECONCILE_AGAIN) {
        r = reconcile_query(run, side, sql, nparams, params);
        if (r == NULL)
            refusal = reconcile_refused(run, rows, &tries, what);
    }
    *stop = refusal == RECONCILE_STOP;
    return r;
}

/* The next chunk of a pass; NULL: the run ends. */
static PGresult *
next_chunk(struct reconcile_run *run, enum database side, const char *sql, const char *position, const char *last)
{
    char limit[24];
    const char *params[] = {position, limit, last};
    bool stop;
    PGresult *r;

    snprintf(limit, sizeof limit, "%" PRId64, run->options->chunk);
    r = persist(run, side, sql, 3, params, 1, "listing the rows", &stop);
    if (r == NULL)
        reconcile_break(run, "listing the rows");
    return r;
}

/* The first `count` texts of a JSON array as the server reads an array. */
static char *
array_of(const char *json, size_t count)
{
    cJSON *array = cJSON_Parse(json);
    struct buf out = {0};

    pgarray_open(&out);
    for (size_t i = 0; i < count; i++)
        pgarray_add(&out, cJSON_GetStringValue(cJSON_GetArrayItem(array, (int) i)));
    pgarray_close(&out);
    cJSON_Delete(array);
    return buf_steal(&out);
}

static void
set_position(struct reconcile_progress *p, char *position)
{
    free(p->position);
    p->position = position;
}

/* What came of suspects, and how far the pass is, are written down together; where there are none, not for every chunk. */
static bool
settle_chunk(struct reconcile_run *run, struct reconcile_progress *p, struct reconcile_suspect *items, size_t count,
             int64_t rows)
{
    bool due = count > 0 || monotime_diff_ms(reconcile_now(), run->noted) >= NOTE_MS;
    bool good =
        reconcile_confirm(run, p->entity, items, count, false) && (!due || reconcile_store_step(run, p, items, count));

    reconcile_suspects_free(items, count);
    return good && reconcile_rest(run, rows);
}

/* ---- vNext rows ---- */

/* Keeps those that differ; returns how many. */
static size_t
keep_differing(struct reconcile_suspect *items, size_t count, struct reconcile_look *looks)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (looks[i].class == RECONCILE_EQUAL) {
            free(items[i].ref);
        } else {
            items[kept] = items[i];
            kept++;
        }
        reconcile_look_free(&looks[i]);
    }
    return kept;
}

/* `rows` more are behind it, of which `items` need a look. */
static bool
look_at(struct reconcile_run *run, struct reconcile_progress *p, struct reconcile_suspect *items, size_t count,
        int64_t rows)
{
    struct reconcile_look *looks = xcalloc(count, sizeof *looks);
    bool good = count == 0 || reconcile_look(run, p->entity, items, count, false, looks);

    p->vnext_seen += rows;
    count = keep_differing(items, count, looks);
    free(looks);
    if (!good) {
        reconcile_suspects_free(items, count);
        return false;
    }
    return settle_chunk(run, p, items, count, rows);
}

static bool
vnext_chunk(struct reconcile_run *run, struct reconcile_progress *p, const PGresult *r)
{
    const struct mapping_entity *e = &run->mapping->entities[p->entity];
    size_t count = (size_t) PQntuples(r);
    struct reconcile_suspect *items = xcalloc(count, sizeof *items);

    for (size_t i = 0; i < count; i++)
        items[i].ref = xstrdup(PQgetvalue(r, (int) i, 0));
    set_position(p, array_of(items[count - 1].ref, e->source_key.count));
    return look_at(run, p, items, count, (int64_t) count);
}

/* Row `n`, from 1, of the texts of a ref, column by column. */
static char *
ref_of(cJSON *const *columns, size_t count, int n)
{
    struct buf out = {0};

    for (size_t i = 0; i < count; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(columns[i], n - 1));

        buf_puts(&out, i == 0 ? "[" : ", ");
        if (text == NULL)
            buf_puts(&out, "null");
        else
            json_quote(&out, text);
    }
    buf_putc(&out, ']');
    return buf_steal(&out);
}

/* The suspects of a glance; what most chunks have not got is only read for those that have. */
static struct reconcile_suspect *
suspects_of(const struct mapping_entity *e, const struct reconcile_chunk *c, size_t *count)
{
    cJSON *numbers = cJSON_Parse(reconcile_field(c->found, 0, "suspects"));
    size_t ncolumns = ref_count(e);
    cJSON **columns = xcalloc(ncolumns, sizeof *columns);
    struct reconcile_suspect *items = xcalloc((size_t) cJSON_GetArraySize(numbers), sizeof *items);
    const cJSON *number;

    *count = 0;
    for (size_t i = 0; i < ncolumns && numbers != NULL; i++) {
        char name[24];

        snprintf(name, sizeof name, "ref%zu", i);
        columns[i] = cJSON_Parse(reconcile_field(c->rows, 0, name));
    }
    cJSON_ArrayForEach(number, numbers) items[(*count)++].ref = ref_of(columns, ncolumns, number->valueint);
    for (size_t i = 0; i < ncolumns; i++)
        cJSON_Delete(columns[i]);
    free(columns);
    cJSON_Delete(numbers);
    return items;
}

static bool
vnext_glanced(struct reconcile_run *run, struct reconcile_progress *p, const struct reconcile_chunk *c)
{
    size_t count;
    struct reconcile_suspect *items = suspects_of(&run->mapping->entities[p->entity], c, &count);

    set_position(p, xstrdup(reconcile_field(c->rows, 0, "position")));
    return look_at(run, p, items, count, reconcile_number(c->rows, 0, "rows"));
}

/* ---- legacy rows ---- */

/* The keys of rows from..to as the statement's parameters. */
static char *
keys_of(const PGresult *r, int from, int to, size_t column)
{
    struct buf out = {0};

    pgarray_open(&out);
    for (int i = from; i < to; i++) {
        cJSON *key = cJSON_Parse(reconcile_field(r, i, "key"));

        pgarray_add(&out, cJSON_GetStringValue(cJSON_GetArrayItem(key, (int) column)));
        cJSON_Delete(key);
    }
    pgarray_close(&out);
    return buf_steal(&out);
}

struct orphans {
    struct reconcile_suspect *items;
    size_t count;
};

/* A vNext row that is gone: whether its legacy row is as a removal leaves it is for a look to say. */
static void
add_gone(struct orphans *o, const struct mapping_entity *e, const char *json)
{
    cJSON *array = cJSON_Parse(json);
    const char **identity = xcalloc(e->identity.count, sizeof *identity);
    struct buf ref = {0};

    for (size_t i = 0; i < e->identity.count; i++)
        identity[i] = cJSON_GetStringValue(cJSON_GetArrayItem(array, (int) i));
    reconcile_gone_ref(&ref, e, identity);
    o->items = xreallocarray(o->items, o->count + 1, sizeof *o->items);
    o->items[o->count++] = (struct reconcile_suspect){.ref = buf_steal(&ref), .removal = true};
    free(identity);
    cJSON_Delete(array);
}

/* Of a row that is known to be somebody's nothing is told unless that one is gone. */
static void
take_traced(struct reconcile_progress *p, const struct mapping_entity *e, const PGresult *r, struct orphans *orphans)
{
    for (int i = 0; i < PQntuples(r); i++) {
        bool again = i > 0 && reconcile_number(r, i, "n") == reconcile_number(r, i - 1, "n");

        p->unmapped += !reconcile_truth(r, i, "known") && !again;
        if (reconcile_truth(r, i, "gone") && e->removal.kind != REMOVAL_KEEP)
            add_gone(orphans, e, reconcile_field(r, i, "identity"));
    }
}

/*
 * Which vNext rows the legacy rows from..to stand for. A legacy key that vNext cannot even read is nobody's: the range is
 * halved until it stands alone.
 */
static bool
trace_range(struct reconcile_run *run, struct reconcile_progress *p, const PGresult *chunk, int from, int to,
            struct orphans *orphans)
{
    const struct mapping_entity *e = &run->mapping->entities[p->entity];
    char **params = xcalloc(e->target_key.count, sizeof *params);
    PGresult *r;
    bool stop;

    for (size_t i = 0; i < e->target_key.count; i++)
        params[i] = keys_of(chunk, from, to, i);
    r = persist(run, DATABASE_VNEXT, run->compare[p->entity].sql[COMPARE_STANDS_FOR], (int) e->target_key.count,
                (const char *const *) params, (size_t) (to - from), "asking whose the legacy rows are", &stop);
    for (size_t i = 0; i < e->target_key.count; i++)
        free(params[i]);
    free(params);
    if (stop)
        return false;
    if (r == NULL && to - from > 1)
        return trace_range(run, p, chunk, from, from + (to - from) / 2, orphans) &&
               trace_range(run, p, chunk, from + (to - from) / 2, to, orphans);
    if (r == NULL)
        p->unmapped++;
    else
        take_traced(p, e, r, orphans);
    PQclear(r);
    return true;
}

/* Suspects are looked at as removals. */
static bool
judge_orphans(struct reconcile_run *run, struct reconcile_progress *p, struct orphans *orphans, int64_t rows)
{
    p->legacy_seen += rows;
    return settle_chunk(run, p, orphans->items, orphans->count, rows);
}

static bool
legacy_chunk(struct reconcile_run *run, struct reconcile_progress *p, const PGresult *r)
{
    const struct mapping_entity *e = &run->mapping->entities[p->entity];
    struct orphans orphans = {0};
    int count = PQntuples(r);

    set_position(p, array_of(reconcile_field(r, count - 1, "position"), e->target_key.count));
    if (!trace_range(run, p, r, 0, count, &orphans)) {
        reconcile_suspects_free(orphans.items, orphans.count);
        return false;
    }
    return judge_orphans(run, p, &orphans, count);
}

static bool
legacy_glanced(struct reconcile_run *run, struct reconcile_progress *p, const struct reconcile_chunk *c)
{
    struct orphans orphans = {0};

    set_position(p, xstrdup(reconcile_field(c->rows, 0, "position")));
    take_traced(p, &run->mapping->entities[p->entity], c->found, &orphans);
    return judge_orphans(run, p, &orphans, reconcile_number(c->rows, 0, "rows"));
}

/* ---- passes ---- */

static bool
find_last(struct reconcile_run *run, struct reconcile_progress *p, enum database side, const char *sql)
{
    bool stop;
    PGresult *r = persist(run, side, sql, 0, NULL, 1, "looking for the last key", &stop);
    bool good = r != NULL;

    if (!good)
        reconcile_break(run, "looking for the last key");
    else if (PQntuples(r) > 0)
        p->last[side] = xstrdup(PQgetvalue(r, 0, 0));
    PQclear(r);
    return good;
}

bool
reconcile_bound(struct reconcile_run *run, struct reconcile_progress *p)
{
    char **sql = run->compare[p->entity].sql;

    return find_last(run, p, DATABASE_VNEXT, sql[COMPARE_VNEXT_LAST]) &&
           (sql[COMPARE_LEGACY_LAST] == NULL || find_last(run, p, DATABASE_LEGACY, sql[COMPARE_LEGACY_LAST]));
}

/* Both ways to take a chunk: by a glance, and row by row. */
static const struct pass {
    struct reconcile_way way;
    enum compare_step list;
    bool (*glanced)(struct reconcile_run *run, struct reconcile_progress *p, const struct reconcile_chunk *c);
    bool (*chunk)(struct reconcile_run *run, struct reconcile_progress *p, const PGresult *r);
} passes[] = {
    [DATABASE_VNEXT] = {{DATABASE_VNEXT, COMPARE_VNEXT_MIDDLE, COMPARE_GLANCE_VNEXT, COMPARE_GLANCE_LEGACY, "do"},
                        COMPARE_VNEXT_LIST,
                        vnext_glanced,
                        vnext_chunk},
    [DATABASE_LEGACY] = {{DATABASE_LEGACY, COMPARE_LEGACY_MIDDLE, COMPARE_GLANCE_KEYS, COMPARE_STANDS_FOR, "k0"},
                         COMPARE_LEGACY_LIST,
                         legacy_glanced,
                         legacy_chunk},
};

static bool
walk_row_by_row(struct reconcile_run *run, struct reconcile_progress *p, enum database side, bool *more)
{
    const struct pass *pass = &passes[side];
    PGresult *r = next_chunk(run, side, run->compare[p->entity].sql[pass->list], p->position, p->last[side]);
    bool good = r != NULL;

    *more = good && PQntuples(r) > 0;
    if (*more)
        good = pass->chunk(run, p, r);
    PQclear(r);
    return good;
}

/* One chunk, or as many as one glance takes in; *more: it was not the end. */
static bool
walk_on(struct reconcile_run *run, struct reconcile_progress *p, enum database side, struct reconcile_glance *g,
        bool *more)
{
    bool good = true;

    if (!reconcile_glance(run, p, &passes[side].way, g))
        return walk_row_by_row(run, p, side, more);
    *more = false;
    for (size_t i = 0; i < g->count && good; i++) {
        if (g->chunks[i].found == NULL)
            continue;
        *more = true;
        good = passes[side].glanced(run, p, &g->chunks[i]);
    }
    reconcile_glance_clear(g);
    return good;
}

static bool
walk(struct reconcile_run *run, struct reconcile_progress *p, enum database side)
{
    const char *name = run->mapping->entities[p->entity].name;
    int64_t *seen = side == DATABASE_VNEXT ? &p->vnext_seen : &p->legacy_seen;
    int64_t *rows = side == DATABASE_VNEXT ? &p->vnext_rows : &p->legacy_rows;
    struct reconcile_glance g = {0};
    bool good = true;
    bool more = p->last[side] != NULL;

    reconcile_pass_begins(run);
    while (good && more) {
        reconcile_doing(run, "%s: %" PRId64 " of %" PRId64 " %s rows", name, *seen, *rows, pair_word(side));
        good = walk_on(run, p, side, &g, &more);
        if (*rows < *seen)
            *rows = *seen;
    }
    if (good)
        *rows = *seen; /* the pass met every row that there was to meet; others came or went meanwhile */
    return good;
}

static bool
next_pass(struct reconcile_run *run, struct reconcile_progress *p, enum reconcile_pass pass)
{
    set_position(p, NULL);
    p->pass = pass;
    return reconcile_store_step(run, p, NULL, 0);
}

bool
reconcile_scan(struct reconcile_run *run, struct reconcile_progress *p)
{
    char **sql = run->compare[p->entity].sql;

    if (p->pass == PASS_VNEXT) {
        if (p->position == NULL && !count_rows(run, DATABASE_VNEXT, sql[COMPARE_VNEXT_COUNT], &p->vnext_rows))
            return false;
        if (!walk(run, p, DATABASE_VNEXT) ||
            !next_pass(run, p, sql[COMPARE_LEGACY_LIST] == NULL ? PASS_DONE : PASS_LEGACY))
            return false;
    }
    if (p->pass == PASS_LEGACY) {
        if (p->position == NULL && !count_rows(run, DATABASE_LEGACY, sql[COMPARE_LEGACY_COUNT], &p->legacy_rows))
            return false;
        if (!walk(run, p, DATABASE_LEGACY) || !next_pass(run, p, PASS_DONE))
            return false;
    }
    return true;
}
