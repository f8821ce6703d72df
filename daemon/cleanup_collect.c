/*
 * cleanup_collect.c - which rows belong together: roots by their name on either side, what the map says of them, and the children
 * of both; see cleanup.h. Nothing is deleted here.
 */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "dualwrite/cleanup_sql.h"
#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define ROUNDS 16 /* a map that leads from row to row further than this is no map */
#define KEYS_MAX 32

/* ---- asking ---- */

static const struct mapping_table *
table_of(const struct mapping_entity *e, enum cleanup_place place)
{
    return place == CLEANUP_SOURCE ? &e->source : place == CLEANUP_TARGET ? &e->target : &e->map->table;
}

static enum database
side_of(enum cleanup_place place)
{
    return place == CLEANUP_TARGET ? DATABASE_LEGACY : DATABASE_VNEXT;
}

static const struct catalog_table *
catalog_of(const struct cleanup_run *run, const struct mapping_entity *e, enum cleanup_place place)
{
    const struct mapping_table *t = table_of(e, place);

    return catalog_table(catalog_of_side(&run->catalogs, side_of(place)), t->schema, t->name);
}

static const struct mapping_names *
key_of(const struct cleanup_part *part, enum cleanup_place place)
{
    return place == CLEANUP_SOURCE   ? &part->entity->source_key
           : place == CLEANUP_TARGET ? &part->entity->target_key
                                     : &part->map_key;
}

/* Adds the keys of an answer of cleanup/rows.sql, and to `names` each key with its name. */
static void
take_rows(const PGresult *r, struct keyset *keys, struct keyset *names)
{
    const char *texts[KEYS_MAX];

    for (int i = 0; i < PQntuples(r); i++) {
        cJSON *key = cJSON_Parse(PQgetvalue(r, i, 0));
        bool whole = (size_t) cJSON_GetArraySize(key) == keys->columns && keys->columns < KEYS_MAX;

        for (size_t k = 0; k < keys->columns && whole; k++)
            whole = (texts[k] = cJSON_GetStringValue(cJSON_GetArrayItem(key, (int) k))) != NULL;
        if (whole) {
            keyset_add(keys, texts);
            texts[keys->columns] = PQgetvalue(r, i, 1);
            if (names != NULL)
                keyset_add(names, texts);
        }
        cJSON_Delete(key);
    }
    keyset_settle(keys);
    if (names != NULL)
        keyset_settle(names);
}

/* One answer of rows; `by` NULL: those that match the pattern. */
struct question {
    enum cleanup_place place;
    const struct mapping_names *key; /* what is asked for */
    const char *shown;
    const struct mapping_names *by;
    const struct keyset *keys;
    const struct mapping_names *or_by;
    const struct keyset *or_keys;
    bool lock;
};

static bool
ask_rows(struct cleanup_run *run, const struct cleanup_part *part, const struct question *q, struct keyset *into,
         struct keyset *names)
{
    const struct cleanup_asked asked = {catalog_of(run, part->entity, q->place), q->key, q->shown, q->lock};
    const char *params[2 * KEYS_MAX];
    char *owned[2 * KEYS_MAX];
    size_t n = 0;
    char *sql;
    PGresult *r;

    if (q->by == NULL) {
        sql = cleanup_like_sql(&asked, q->shown);
        owned[n++] = xstrdup(run->pattern);
    } else {
        sql = cleanup_rows_sql(&asked, q->by, q->or_by);
        for (size_t i = 0; i < q->by->count; i++)
            owned[n++] = keyset_array(q->keys, i);
        for (size_t i = 0; q->or_by != NULL && i < q->or_by->count; i++)
            owned[n++] = keyset_array(q->or_keys, i);
    }
    for (size_t i = 0; i < n; i++)
        params[i] = owned[i];
    r = desk_ask(run->desk, side_of(q->place), sql, (int) n, params);
    if (r != NULL)
        take_rows(r, into, names);
    PQclear(r);
    free(sql);
    for (size_t i = 0; i < n; i++)
        free(owned[i]);
    return r != NULL;
}

/* ---- what the map, or the key's own columns, say ---- */

/* Map rows of either key; `both` adds what they name to the keys. */
static bool
ask_map(struct cleanup_run *run, struct cleanup_part *part, bool lock)
{
    const struct mapping_map *map = part->entity->map;
    const struct mapping_names target = {(char **) &map->target_key, 1};

    return ask_rows(run, part,
                    &(struct question){.place = CLEANUP_MAP,
                                       .key = &part->map_key,
                                       .by = &map->source_key,
                                       .keys = &part->keys[DATABASE_VNEXT],
                                       .or_by = &target,
                                       .or_keys = &part->keys[DATABASE_LEGACY],
                                       .lock = lock},
                    &part->rows[CLEANUP_MAP], NULL);
}

static void
follow_map(struct cleanup_part *part)
{
    keyset_add_part(&part->keys[DATABASE_VNEXT], &part->rows[CLEANUP_MAP], 0);
    keyset_add_part(&part->keys[DATABASE_LEGACY], &part->rows[CLEANUP_MAP], part->keys[DATABASE_VNEXT].columns);
    keyset_settle(&part->keys[DATABASE_VNEXT]);
    keyset_settle(&part->keys[DATABASE_LEGACY]);
}

/* Without a map the target key is made of source columns; where each is a plain copy it can be read from either side. */
static bool
is_plain(const struct mapping_entity *e)
{
    for (size_t i = 0; i < e->target_key.count; i++)
        if (cleanup_plain(e, e->target_key.items[i]) == NULL)
            return false;
    return true;
}

static bool
follow_columns(struct cleanup_run *run, struct cleanup_part *part, bool lock)
{
    const struct mapping_entity *e = part->entity;

    return ask_rows(run, part,
                    &(struct question){.place = CLEANUP_SOURCE,
                                       .key = &e->identity,
                                       .by = &e->source_key,
                                       .keys = &part->keys[DATABASE_VNEXT],
                                       .lock = lock},
                    &part->keys[DATABASE_LEGACY], NULL) &&
           ask_rows(run, part,
                    &(struct question){.place = CLEANUP_SOURCE,
                                       .key = &e->source_key,
                                       .by = &e->identity,
                                       .keys = &part->keys[DATABASE_LEGACY],
                                       .lock = lock},
                    &part->keys[DATABASE_VNEXT], NULL);
}

static bool
follow(struct cleanup_run *run, struct cleanup_part *part, bool lock)
{
    for (int round = 0; round < ROUNDS; round++) {
        const size_t before = part->keys[DATABASE_VNEXT].count + part->keys[DATABASE_LEGACY].count;

        if (part->entity->map != NULL) {
            if (!ask_map(run, part, lock))
                return false;
            follow_map(part);
        } else if (is_plain(part->entity) && !follow_columns(run, part, lock)) {
            return false;
        }
        if (part->keys[DATABASE_VNEXT].count + part->keys[DATABASE_LEGACY].count == before)
            break;
    }
    return true;
}

/* ---- the rows ---- */

static bool
ask_found(struct cleanup_run *run, struct cleanup_part *part, enum cleanup_place place, const char *shown, bool lock)
{
    const enum database side = side_of(place);

    return ask_rows(run, part,
                    &(struct question){.place = place,
                                       .key = key_of(part, place),
                                       .shown = shown,
                                       .by = key_of(part, place),
                                       .keys = &part->keys[side],
                                       .lock = lock},
                    &part->rows[place], shown == NULL ? NULL : &part->names[side]);
}

static bool
ask_matching(struct cleanup_run *run, struct cleanup_part *part, enum cleanup_place place, const char *shown)
{
    return ask_rows(run, part, &(struct question){.place = place, .key = key_of(part, place), .shown = shown},
                    &part->keys[side_of(place)], NULL);
}

static bool
collect_root(struct cleanup_run *run, struct cleanup_part *part, const struct keyset *roots, bool lock)
{
    if (roots != NULL) {
        for (int side = 0; side < 2; side++) {
            keyset_add_part(&part->keys[side], &roots[side], 0);
            keyset_settle(&part->keys[side]);
        }
    } else if (!ask_matching(run, part, CLEANUP_SOURCE, run->column.source) ||
               !ask_matching(run, part, CLEANUP_TARGET, run->column.target)) {
        return false;
    }
    return follow(run, part, lock) && ask_found(run, part, CLEANUP_SOURCE, run->column.source, lock) &&
           ask_found(run, part, CLEANUP_TARGET, run->column.target, lock);
}

/* The rows of a side whose column names one of the parent's. */
static bool
ask_children(struct cleanup_run *run, struct cleanup_part *part, const struct cleanup_part *parent,
             enum cleanup_place place, bool lock)
{
    const struct mapping_parent *p = part->entity->parent;
    const struct mapping_names by = {place == CLEANUP_SOURCE ? (char **) &p->column : (char **) &p->target_column, 1};

    return ask_rows(
        run, part,
        &(struct question){
            .place = place, .key = key_of(part, place), .by = &by, .keys = &parent->keys[side_of(place)], .lock = lock},
        &part->rows[place], NULL);
}

/*
 * A legacy row that the map gives to one of these vNext rows goes with it, whatever parent it has. Not the other way round: what
 * a legacy row of these is the shadow of may have moved to another parent, and stays.
 */
static void
follow_child_map(struct cleanup_part *part)
{
    const size_t columns = part->rows[CLEANUP_SOURCE].columns;

    for (size_t i = 0; i < part->rows[CLEANUP_MAP].count; i++) {
        const char *const *row = keyset_at(&part->rows[CLEANUP_MAP], i);

        if (keyset_find(&part->rows[CLEANUP_SOURCE], row, columns) < part->rows[CLEANUP_SOURCE].count)
            keyset_add(&part->keys[DATABASE_LEGACY], row + columns);
    }
    keyset_settle(&part->keys[DATABASE_LEGACY]);
}

static bool
collect_children(struct cleanup_run *run, struct cleanup_part *part, const struct cleanup_part *parent, bool lock)
{
    if (!ask_children(run, part, parent, CLEANUP_SOURCE, lock) ||
        !ask_children(run, part, parent, CLEANUP_TARGET, lock))
        return false;
    for (int side = 0; side < 2; side++) {
        keyset_add_part(&part->keys[side], &part->rows[side == DATABASE_VNEXT ? CLEANUP_SOURCE : CLEANUP_TARGET], 0);
        keyset_settle(&part->keys[side]);
    }
    if (part->entity->map == NULL)
        return true;
    if (!ask_map(run, part, lock))
        return false;
    follow_child_map(part);
    return ask_found(run, part, CLEANUP_TARGET, NULL, lock);
}

static void
begin_part(struct cleanup_part *part, const struct mapping_entity *e, bool root)
{
    const size_t source = e->source_key.count;
    const size_t target = e->target_key.count;

    *part = (struct cleanup_part){.entity = e};
    if (e->map != NULL) {
        part->map_key.items = xcalloc(source + 1, sizeof *part->map_key.items);
        part->map_key.count = source + 1;
        memcpy((void *) part->map_key.items, (void *) e->map->source_key.items, source * sizeof *part->map_key.items);
        part->map_key.items[source] = e->map->target_key;
    }
    part->rows[CLEANUP_SOURCE].columns = part->keys[DATABASE_VNEXT].columns = source;
    part->rows[CLEANUP_TARGET].columns = part->keys[DATABASE_LEGACY].columns = target;
    part->rows[CLEANUP_MAP].columns = source + 1;
    part->names[DATABASE_VNEXT].columns = root ? source + 1 : 0;
    part->names[DATABASE_LEGACY].columns = root ? target + 1 : 0;
}

static const struct cleanup_part *
part_of(const struct cleanup_plan *plan, const struct mapping_entity *e)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->parts[i].entity == e)
            return &plan->parts[i];
    return NULL;
}

bool
cleanup_collect(struct cleanup_run *run, const struct keyset *roots, bool lock, struct cleanup_plan *plan)
{
    const struct mapping *m = run->mapping;
    bool good = true;

    *plan = (struct cleanup_plan){.parts = xcalloc(m->count, sizeof *plan->parts)};
    for (size_t i = 0; i < m->count && good; i++) {
        const struct mapping_entity *e = &m->entities[i];
        const bool root = e == run->column.entity;
        struct cleanup_part *part = &plan->parts[plan->count];

        if (!cleanup_belongs(m, e, run->column.entity))
            continue;
        begin_part(part, e, root);
        plan->count++;
        good = root ? collect_root(run, part, roots, lock)
                    : collect_children(run, part, part_of(plan, &m->entities[e->parent->index]), lock);
    }
    return good && cleanup_events(run, plan, false, &plan->waiting, &plan->failed);
}

/* ---- the plan ---- */

bool
cleanup_events(struct cleanup_run *run, const struct cleanup_plan *plan, bool delete, double *waiting, double *failed)
{
    char *sql = cleanup_events_sql(delete);
    bool good = true;

    *waiting = *failed = 0;
    for (size_t i = 0; i < plan->count && good; i++) {
        const struct cleanup_part *part = &plan->parts[i];
        const struct mapping_entity *e = part->entity;
        const struct cleanup_part *parent =
            e->parent == NULL || i == 0 ? NULL : part_of(plan, &run->mapping->entities[e->parent->index]);
        cJSON *json = keyset_json(&part->keys[DATABASE_VNEXT]);
        char *keys = cJSON_PrintUnformatted(json);
        char *parents = parent == NULL ? NULL : keyset_array(&parent->keys[DATABASE_VNEXT], 0);
        char columns[24];
        char at[24];
        const char *params[] = {e->name, keys, columns, parent == NULL ? NULL : at, parents};
        PGresult *r;

        snprintf(columns, sizeof columns, "%zu", e->source_key.count);
        if (parent != NULL)
            snprintf(at, sizeof at, "%zu", ref_position(e, e->parent->column) + 1);
        r = desk_ask(run->desk, DATABASE_VNEXT, sql, 5, params);
        good = r != NULL;
        if (good) {
            *waiting += strtod(PQgetvalue(r, 0, 0), NULL);
            *failed += strtod(PQgetvalue(r, 0, 1), NULL);
        }
        PQclear(r);
        free(parents);
        cJSON_free(keys);
        cJSON_Delete(json);
    }
    free(sql);
    return good;
}

void
cleanup_plan_free(struct cleanup_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct cleanup_part *part = &plan->parts[i];

        for (int place = 0; place < CLEANUP_PLACES; place++)
            keyset_free(&part->rows[place]);
        for (int side = 0; side < 2; side++) {
            keyset_free(&part->keys[side]);
            keyset_free(&part->names[side]);
        }
        free((void *) part->map_key.items);
    }
    free(plan->parts);
    *plan = (struct cleanup_plan){0};
}

double
cleanup_plan_rows(const struct cleanup_plan *plan)
{
    double rows = 0;

    for (size_t i = 0; i < plan->count; i++)
        for (int place = 0; place < CLEANUP_PLACES; place++)
            rows += (double) plan->parts[i].rows[place].count;
    return rows;
}

/* The root's legacy rows that were not shown are shadows of vNext rows that were. */
static bool
came_by_sync(const struct cleanup_part *shown, const struct cleanup_part *now)
{
    const size_t columns = shown->keys[DATABASE_VNEXT].columns;
    struct keyset expected = {.columns = now->rows[CLEANUP_TARGET].columns};
    bool good;

    if (shown->entity->map == NULL) /* found by their own columns */
        return true;
    keyset_add_part(&expected, &shown->rows[CLEANUP_TARGET], 0);
    for (size_t i = 0; i < now->rows[CLEANUP_MAP].count; i++) {
        const char *const *row = keyset_at(&now->rows[CLEANUP_MAP], i);

        if (keyset_find(&shown->keys[DATABASE_VNEXT], row, columns) < shown->keys[DATABASE_VNEXT].count)
            keyset_add(&expected, row + columns);
    }
    keyset_settle(&expected);
    good = keyset_missing(&now->rows[CLEANUP_TARGET], &expected) == 0;
    keyset_free(&expected);
    return good;
}

bool
cleanup_plan_stands(const struct cleanup_plan *shown, const struct cleanup_plan *now)
{
    bool stands = shown->count == now->count && shown->count > 0 &&
                  keyset_same(&shown->parts[0].names[DATABASE_VNEXT], &now->parts[0].names[DATABASE_VNEXT]) &&
                  came_by_sync(&shown->parts[0], &now->parts[0]);

    for (size_t i = 0; stands && i < shown->count; i++)
        stands = keyset_same(&shown->parts[i].rows[CLEANUP_SOURCE], &now->parts[i].rows[CLEANUP_SOURCE]) &&
                 keyset_missing(&shown->parts[i].rows[CLEANUP_TARGET], &now->parts[i].rows[CLEANUP_TARGET]) == 0 &&
                 keyset_missing(&shown->parts[i].rows[CLEANUP_MAP], &now->parts[i].rows[CLEANUP_MAP]) == 0;
    return stands;
}

static void
add_step(struct cleanup_steps *steps, const struct cleanup_run *run, const struct cleanup_part *part,
         enum cleanup_place place)
{
    const struct catalog_table *table = catalog_of(run, part->entity, place);
    const struct mapping_names *key = key_of(part, place);
    size_t i = 0;

    while (i < steps->count && !(steps->items[i].side == side_of(place) && steps->items[i].table == table &&
                                 steps->items[i].rows.columns == key->count))
        i++;
    if (i == steps->count)
        steps->items[steps->count++] = (struct cleanup_step){side_of(place), table, key, {.columns = key->count}, 0};
    keyset_add_part(&steps->items[i].rows, &part->rows[place], 0);
    keyset_settle(&steps->items[i].rows);
}

struct cleanup_steps
cleanup_steps(const struct cleanup_run *run, const struct cleanup_plan *plan)
{
    struct cleanup_steps steps = {.items = xcalloc(CLEANUP_PLACES * plan->count + 1, sizeof *steps.items)};

    for (size_t i = plan->count; i-- > 0;) {
        const struct cleanup_part *part = &plan->parts[i];

        if (i > 0)
            add_step(&steps, run, part, CLEANUP_SOURCE);
        if (i > 0)
            add_step(&steps, run, part, CLEANUP_TARGET);
        if (part->entity->map != NULL)
            add_step(&steps, run, part, CLEANUP_MAP);
        if (i == 0)
            add_step(&steps, run, part, CLEANUP_TARGET);
        if (i == 0)
            add_step(&steps, run, part, CLEANUP_SOURCE);
    }
    return steps;
}

void
cleanup_steps_free(struct cleanup_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++)
        keyset_free(&steps->items[i].rows);
    free(steps->items);
    *steps = (struct cleanup_steps){0};
}
