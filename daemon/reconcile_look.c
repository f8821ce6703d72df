/*
 * reconcile_look.c - looking at rows: vNext through the mapping, then legacy; see reconcile_run.h. What a look means, and why
 * in this order, is said in dualwrite/reconcile.h.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "read.h"
#include "reconcile_run.h"

#define COLUMNS_MAX 1600 /* of a table */

struct looking {
    struct reconcile_run *run;
    size_t entity;
    const struct mapping_entity *e;
    struct batch batch;
    struct reconcile_look *looks; /* by item */
    struct buf *seen;             /* by subject */
    bool doubt;
};

/* ---- the batch ---- */

static void
fill_event(struct event *event, const struct looking *l, const struct reconcile_suspect *item, size_t n)
{
    cJSON *ref = cJSON_Parse(item->ref);
    const cJSON *text;

    event->id = (int64_t) n;
    event->entity = l->entity;
    event->operation = xstrdup(item->removal ? l->e->operation_remove : l->e->operation_update);
    event->ref = xcalloc((size_t) cJSON_GetArraySize(ref), sizeof *event->ref);
    cJSON_ArrayForEach(text, ref) event->ref[event->nref++] = xstrdup(cJSON_GetStringValue(text));
    cJSON_Delete(ref);
}

static struct reconcile_look *
look_of(const struct looking *l, size_t subject)
{
    return &l->looks[l->batch.subjects[subject].event];
}

static void
refuse(const struct looking *l, size_t subject, const char *error, bool lacks)
{
    struct reconcile_look *look = look_of(l, subject);

    look->class = RECONCILE_REFUSED;
    free(look->error);
    look->error = xstrdup(error);
    look->lacks = lacks;
    buf_printf(&l->seen[subject], "refused: %s", error);
}

/* ---- vNext ---- */

static char *
identities(const struct looking *l, size_t from, size_t to, size_t column)
{
    struct buf out = {0};

    pgarray_open(&out);
    for (size_t i = from; i < to; i++)
        pgarray_add(&out, subject_identity(&l->batch, l->run->mapping, &l->batch.subjects[i], column));
    pgarray_close(&out);
    return buf_steal(&out);
}

static void
take_doubt(const struct looking *l, size_t from, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        size_t subject = from + (size_t) reconcile_number(r, row, "n") - 1;
        struct reconcile_look *look = look_of(l, subject);

        look->waits = reconcile_truth(r, row, "waits");
        look->parked = reconcile_truth(r, row, "parked");
        if (!PQgetisnull(r, row, PQfnumber(r, "message")))
            look->failed = xstrdup(reconcile_field(r, row, "message"));
        buf_printf(&l->seen[subject], "%s;", reconcile_field(r, row, "version"));
    }
}

/* Both questions of one range in one snapshot; false after a refusal. */
static bool
ask_vnext(struct looking *l, size_t from, size_t to, const char *const *params)
{
    struct reconcile_run *run = l->run;
    int columns = (int) l->e->identity.count;
    PGresult *doubt = NULL;
    PGresult *rows = NULL;
    size_t *asked = xcalloc(to - from, sizeof *asked);
    bool good = reconcile_open(run, DATABASE_VNEXT, false);

    if (good && l->doubt) {
        doubt = reconcile_ask(run, DATABASE_VNEXT, run->compare[l->entity].sql[COMPARE_DOUBT], columns, params);
        good = doubt != NULL;
    }
    if (good) {
        rows = reconcile_ask(run, DATABASE_VNEXT, run->plan->entities[l->entity].sql[PLAN_READ], columns, params);
        good = rows != NULL;
    }
    reconcile_close(run, DATABASE_VNEXT);
    if (doubt != NULL && (good || (to - from == 1 && reconcile_refusal(run->sqlstate, 1, 0) == RECONCILE_HALVE)))
        take_doubt(l, from, doubt);
    for (size_t i = from; i < to; i++)
        asked[i - from] = i;
    if (good)
        read_take(&l->batch, run->mapping, asked, rows);
    free(asked);
    PQclear(doubt);
    PQclear(rows);
    return good;
}

/* A range that is refused is halved until the guilty row stands alone. */
static bool
read_range(struct looking *l, size_t from, size_t to)
{
    char *params[COLUMNS_MAX];
    size_t columns = l->e->identity.count;
    enum reconcile_refusal refusal = RECONCILE_HALVE;
    int tries = 0;
    bool good = false;

    if (from == to)
        return true;
    for (size_t i = 0; i < columns; i++)
        params[i] = identities(l, from, to, i);
    do {
        good = ask_vnext(l, from, to, (const char *const *) params);
        if (!good)
            refusal = reconcile_refused(l->run, to - from, &tries, "reading the vNext rows");
    } while (!good && refusal == RECONCILE_AGAIN);
    for (size_t i = 0; i < columns; i++)
        free(params[i]);
    if (good || refusal == RECONCILE_STOP)
        return good;
    if (to - from == 1) {
        refuse(l, from, l->run->error, strcmp(l->run->sqlstate, LOOKUP_MISSING) == 0);
        return true;
    }
    return read_range(l, from, from + (to - from) / 2) && read_range(l, from + (to - from) / 2, to);
}

/* ---- legacy ---- */

static char *
text_at(const cJSON *array, int i)
{
    return xstrdup(cJSON_GetStringValue(cJSON_GetArrayItem(array, i)));
}

static void
take_differences(struct reconcile_look *look, const char *json)
{
    cJSON *list = cJSON_Parse(json);
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        look->items = xreallocarray(look->items, look->count + 1, sizeof *look->items);
        look->items[look->count++] =
            (struct reconcile_difference){text_at(item, 0), text_at(item, 1), text_at(item, 2)};
    }
    cJSON_Delete(list);
}

/* Everything that the row was judged by, except the removal's time, which passes. */
static void
note_seen(struct buf *seen, const struct mapping_entity *e, const struct row *r, const char *version)
{
    size_t values = r->values == NULL ? 0 : slots_values(e, NULL);

    buf_printf(seen, "%d%d", r->found, r->present);
    for (size_t i = 0; i < r->nkey; i++)
        buf_printf(seen, ",%s", r->key[i] == NULL ? "" : r->key[i]);
    buf_printf(seen, ";%s;", r->parent_key == NULL ? "" : r->parent_key);
    for (size_t i = 0; i < values; i++)
        pgarray_add(seen, r->values[i]);
    buf_printf(seen, ";%s|", version);
}

static void
take_comparison(struct looking *l, const PGresult *result)
{
    bool deletes = l->e->removal.kind == REMOVAL_DELETE;

    for (int i = 0; i < PQntuples(result); i++) {
        struct row *r = &l->batch.rows[reconcile_number(result, i, "n")];
        struct reconcile_look *look = look_of(l, r->subject);
        const char *differences = reconcile_field(result, i, "differences");
        enum reconcile_class class =
            reconcile_classify(r, deletes, reconcile_truth(result, i, "shadow"), *differences != '\0');

        note_seen(&l->seen[r->subject], l->e, r, reconcile_field(result, i, "version"));
        look->class = reconcile_worse(look->class, class);
        if (class == RECONCILE_DRIFTED || class == RECONCILE_EXTRA)
            take_differences(look, differences);
        look->removes = look->removes || reconcile_removes(r, &l->e->removal, class, look->items, look->count);
    }
}

static bool
is_compared(const struct row *r)
{
    return r->write || r->create || r->remove;
}

/* The rows of a range of subjects, as the statement takes them; NULL: nothing to compare. */
static char *
rows_json(const struct looking *l, size_t from, size_t to)
{
    struct sqlrows rows;

    sqlrows_begin(&rows, l->e);
    for (size_t n = 0; n < l->batch.nrows; n++) {
        const struct row *r = &l->batch.rows[n];

        if (r->subject >= from && r->subject < to && is_compared(r))
            sqlrows_add(&rows, r, n);
    }
    return sqlrows_end(&rows);
}

static bool
compare_range(struct looking *l, size_t from, size_t to)
{
    char *json = from == to ? NULL : rows_json(l, from, to);
    const char *params[] = {json};
    enum reconcile_refusal refusal = RECONCILE_HALVE;
    int tries = 0;
    PGresult *r = NULL;

    if (json == NULL)
        return true;
    do {
        r = reconcile_query(l->run, DATABASE_LEGACY, l->run->compare[l->entity].sql[COMPARE_ROWS], 1, params);
        if (r == NULL)
            refusal = reconcile_refused(l->run, to - from, &tries, "comparing with the legacy rows");
    } while (r == NULL && refusal == RECONCILE_AGAIN);
    free(json);
    if (r != NULL) {
        take_comparison(l, r);
        PQclear(r);
        return true;
    }
    if (refusal == RECONCILE_STOP)
        return false;
    if (to - from == 1) {
        refuse(l, from, l->run->error, strcmp(l->run->sqlstate, LOOKUP_MISSING) == 0);
        return true;
    }
    return compare_range(l, from, from + (to - from) / 2) && compare_range(l, from + (to - from) / 2, to);
}

/* ---- looks ---- */

bool
reconcile_look(struct reconcile_run *run, size_t entity, const struct reconcile_suspect *items, size_t count,
               bool doubt, struct reconcile_look *looks)
{
    struct looking l = {
        .run = run, .entity = entity, .e = &run->mapping->entities[entity], .looks = looks, .doubt = doubt};
    bool good;

    l.batch.events = xcalloc(count, sizeof *l.batch.events);
    l.batch.count = count;
    for (size_t i = 0; i < count; i++) {
        looks[i] = (struct reconcile_look){.class = RECONCILE_EQUAL};
        fill_event(&l.batch.events[i], &l, &items[i], i);
    }
    batch_group(&l.batch, run->mapping);
    l.seen = xcalloc(l.batch.nsubjects, sizeof *l.seen);
    good = read_range(&l, 0, l.batch.nsubjects) && compare_range(&l, 0, l.batch.nsubjects);
    for (size_t i = 0; i < l.batch.nsubjects; i++) {
        const char *null = subject_null_column(&l.batch, run->mapping, &l.batch.subjects[i]);

        if (null != NULL && !l.batch.subjects[i].removal) {
            struct buf why = {0};

            buf_printf(&why, "column %s is null: no legacy row can stand for it", null);
            refuse(&l, i, buf_text(&why), false);
            buf_free(&why);
        }
        look_of(&l, i)->seen = buf_steal(&l.seen[i]);
    }
    free(l.seen);
    batch_free(&l.batch);
    return good;
}

bool
reconcile_confirm(struct reconcile_run *run, size_t entity, struct reconcile_suspect *items, size_t count, bool last)
{
    struct reconcile_look *first = xcalloc(count, sizeof *first);
    struct reconcile_look *second = xcalloc(count, sizeof *second);
    bool good = count == 0 || (reconcile_look(run, entity, items, count, true, first) &&
                               reconcile_look(run, entity, items, count, true, second));

    for (size_t i = 0; i < count; i++) {
        items[i].judgement = good ? reconcile_judge(&first[i], &second[i], last) : RECONCILE_OPEN;
        reconcile_look_free(&first[i]);
        reconcile_look_free(&items[i].look);
        items[i].look = second[i];
    }
    free(first);
    free(second);
    return good;
}

void
reconcile_suspects_free(struct reconcile_suspect *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].ref);
        reconcile_look_free(&items[i].look);
    }
    free(items);
}
