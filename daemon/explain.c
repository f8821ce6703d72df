/*
 * explain.c - gathers one row's story; see explain.h. Which row is explain_find.c, how it asks explain_ask.c.
 */
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/change.h"
#include "dualwrite/explain_sql.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlgen.h"
#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "explain_parts.h"
#include "read.h"

/* ---- the plan ---- */

static bool
make_plan(struct story *s)
{
    struct desk *d = s->d;
    struct faults faults = {0};

    desk_doing(d, "reading the catalogs");
    s->read[DATABASE_VNEXT] = catalog_read(d->pq[DATABASE_VNEXT], s->mapping, true, !d->two);
    if (d->two && s->read[DATABASE_VNEXT] != NULL)
        s->read[DATABASE_LEGACY] = catalog_read(d->pq[DATABASE_LEGACY], s->mapping, false, true);
    if (s->read[DATABASE_VNEXT] == NULL || (d->two && s->read[DATABASE_LEGACY] == NULL)) {
        s->status = EXIT_UNFINISHED;
        return false;
    }
    s->catalogs = (struct catalogs){s->read[DATABASE_VNEXT], s->read[d->two ? DATABASE_LEGACY : DATABASE_VNEXT]};
    mapping_check(d->settings->mapping_name, s->mapping, &s->catalogs, false, &faults);
    if (faults.errors > 0) {
        desk_quiet(d);
        command_print_faults(&faults);
        fputs("dualwrited: the mapping does not fit the databases, so no row can be explained; `dualwrited check` says "
              "more\n",
              stderr);
        s->status = EXIT_CONFIGURATION;
    } else {
        s->plan = plan_make(s->mapping, &s->catalogs);
    }
    faults_free(&faults);
    return s->plan != NULL;
}

/* ---- the two sides ---- */

/* Adds an object of the legacy rows' state; with the row as it was read. */
static bool
add_legacy(struct story *s, const struct row *row)
{
    cJSON *legacy = cJSON_CreateObject();
    cJSON *key = cJSON_CreateArray();
    char *sql = explain_compare_sql(s->mapping, &s->catalogs, s->e);
    char *rows = sqlrow_alone(s->e, row);
    const char *const params[] = {rows};
    PGresult *r;
    PGresult *verified = NULL;

    for (size_t i = 0; i < row->nkey; i++)
        cJSON_AddItemToArray(key, story_text(row->key[i]));
    cJSON_AddItemToObject(legacy, "key", story_named(&s->e->target_key, key));
    r = story_look(s, DATABASE_LEGACY, sql, 1, params);
    if (r != NULL)
        verified = story_look(s, DATABASE_LEGACY, s->plan->entities[s->entity].sql[PLAN_VERIFY], 1, params);
    free(sql);
    free(rows);
    if (verified != NULL) {
        const bool found = story_truth(r, 0, "found");

        cJSON_AddBoolToObject(legacy, "found", found);
        cJSON_AddBoolToObject(legacy, "equal", row_is_settled(row, found, story_truth(verified, 0, "equal")));
        cJSON_AddItemToObject(legacy, "written_at", story_text(story_field(r, 0, "written_at")));
        cJSON_AddNullToObject(legacy, "error");
        cJSON_AddItemToObject(legacy, "columns", story_json(r, 0, "columns"));
    } else if (story_about_data(s->d) || strcmp(s->d->sqlstate, LOOKUP_MISSING) == 0) {
        cJSON *columns = cJSON_CreateArray();

        cJSON_AddFalseToObject(legacy, "found");
        cJSON_AddFalseToObject(legacy, "equal");
        cJSON_AddNullToObject(legacy, "written_at");
        cJSON_AddStringToObject(legacy, "error", s->d->error);
        for (size_t i = 0, at = 0; row->values != NULL && i < s->e->columns.count; at += slots_width(s->e, i), i++) {
            cJSON *column;

            if (slots_width(s->e, i) == 0)
                continue;
            column = cJSON_CreateObject();
            cJSON_AddStringToObject(column, "column", s->e->columns.items[i].name);
            cJSON_AddStringToObject(column, "rule", "compared");
            cJSON_AddItemToObject(column, "vnext", story_text(row->values[at]));
            cJSON_AddNullToObject(column, "legacy");
            cJSON_AddNullToObject(column, "same");
            cJSON_AddItemToArray(columns, column);
        }
        cJSON_AddItemToObject(legacy, "columns", columns);
    } else {
        s->status = EXIT_UNFINISHED;
    }
    cJSON_AddItemToArray(cJSON_GetObjectItem(s->doc, "legacy"), legacy);
    PQclear(r);
    PQclear(verified);
    cJSON_Delete(key);
    return s->status == EXIT_GOOD || story_refused(s, "comparing with the legacy row");
}

/* One row of PLAN_READ. */
static bool
take_read(struct story *s, const PGresult *r, int i)
{
    struct row row = {0};
    bool good;

    read_row(&row, s->e, r, i);
    row_decide_looked(&row, s->e->removal.kind);
    good = add_legacy(s, &row);
    row_free(&row);
    return good;
}

/* The parent and whether its shadow is there. */
static bool
add_parent(struct story *s, const PGresult *r)
{
    const struct mapping_parent *p = s->e->parent;
    const char *key = story_field(r, 0, "parent");
    const char *legacy = story_field(r, 0, "parent_key");
    const char *missing = p == NULL ? NULL : s->plan->entities[p->index].sql[PLAN_MISSING];
    cJSON *parent;

    if (p == NULL || key == NULL) {
        cJSON_AddNullToObject(s->doc, "parent");
        return true;
    }
    parent = cJSON_AddObjectToObject(s->doc, "parent");
    cJSON_AddStringToObject(parent, "entity", p->entity);
    cJSON_AddStringToObject(parent, "key", key);
    cJSON_AddItemToObject(parent, "legacy_key", story_text(legacy));
    if (legacy == NULL) {
        cJSON_AddFalseToObject(parent, "has_legacy_row");
    } else if (missing == NULL) {
        cJSON_AddNullToObject(parent, "has_legacy_row");
    } else {
        cJSON *one = cJSON_CreateArray();
        char *array;
        const char *params[1];
        PGresult *gone;

        cJSON_AddItemToArray(one, cJSON_CreateString(legacy));
        array = story_array(one);
        params[0] = array;
        gone = story_look(s, DATABASE_LEGACY, missing, 1, params);
        cJSON_Delete(one);
        free(array);
        if (gone == NULL)
            return story_refused(s, "looking for the parent's legacy row");
        cJSON_AddBoolToObject(parent, "has_legacy_row", PQntuples(gone) == 0);
        PQclear(gone);
    }
    return true;
}

/* The keys of the vNext rows that stand for the same legacy row. */
static bool
add_keys(struct story *s, cJSON *vnext)
{
    char *sql = explain_rows_sql(s->mapping, &s->catalogs, s->e);
    const char **params = story_texts(s->identity);
    PGresult *r = story_look(s, DATABASE_VNEXT, sql, (int) s->e->identity.count, params);
    cJSON *keys = cJSON_AddArrayToObject(vnext, "keys");

    free(sql);
    free(params);
    if (r == NULL)
        return story_refused(s, "looking for the vNext rows");
    for (int i = 0; i < PQntuples(r); i++)
        cJSON_AddItemToArray(keys, story_json(r, i, "key"));
    PQclear(r);
    return true;
}

/* Reads the row through the mapping, as a daemon does, and the legacy rows with it. */
static bool
add_sides(struct story *s)
{
    const struct mapping_names *identity = &s->e->identity;
    cJSON *vnext = cJSON_AddObjectToObject(s->doc, "vnext");
    cJSON *last;
    struct buf table = {0};
    char **arrays = xcalloc(identity->count, sizeof *arrays);
    PGresult *r;
    bool good;

    for (size_t i = 0; i < identity->count; i++) {
        cJSON *one = cJSON_CreateArray();

        cJSON_AddItemToArray(one, cJSON_Duplicate(cJSON_GetArrayItem(s->identity, (int) i), true));
        arrays[i] = story_array(one);
        cJSON_Delete(one);
    }
    sql_table(&table, &s->e->source);
    cJSON_AddStringToObject(vnext, "table", buf_text(&table));
    buf_free(&table);
    desk_doing(s->d, "reading the row through the mapping");
    r = story_look(s, DATABASE_VNEXT, s->plan->entities[s->entity].sql[PLAN_READ], (int) identity->count,
                   (const char *const *) arrays);
    for (size_t i = 0; i < identity->count; i++)
        free(arrays[i]);
    free(arrays);
    if (r == NULL && !story_about_data(s->d) && strcmp(s->d->sqlstate, LOOKUP_MISSING) != 0 &&
        strncmp(s->d->sqlstate, "P0", 2) != 0 && strcmp(s->d->sqlstate, "25006") != 0)
        return story_refused(s, "reading the row through the mapping");
    cJSON_AddBoolToObject(vnext, "found", r == NULL || story_truth(r, 0, "found"));
    cJSON_AddBoolToObject(vnext, "present", r != NULL && story_truth(r, 0, "present"));
    cJSON_AddItemToObject(vnext, "error", r == NULL ? cJSON_CreateString(s->d->error) : cJSON_CreateNull());
    good = add_keys(s, vnext);
    if (good && r != NULL) {
        good = add_parent(s, r);
    } else {
        cJSON_AddNullToObject(s->doc, "parent");
    }
    cJSON_AddArrayToObject(s->doc, "legacy");
    desk_doing(s->d, "comparing with the legacy row");
    for (int i = 0; good && r != NULL && i < PQntuples(r); i++)
        good = take_read(s, r, i);
    last = cJSON_AddObjectToObject(s->doc, "last_sync");
    cJSON_AddItemToObject(last, "verified",
                          r == NULL || story_field(r, 0, "verified") == NULL
                              ? cJSON_CreateNull()
                              : cJSON_CreateBool(story_truth(r, 0, "verified")));
    cJSON_AddItemToObject(
        last, "legacy_written_at",
        cJSON_Duplicate(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(s->doc, "legacy"), 0), "written_at"),
                        true));
    if (cJSON_GetObjectItem(last, "legacy_written_at") == NULL)
        cJSON_AddNullToObject(last, "legacy_written_at");
    PQclear(r);
    return good;
}

static bool
add_map(struct story *s)
{
    char *sql = explain_map_sql(s->mapping, &s->catalogs, s->e);
    const char **params = story_texts(s->identity); /* with a map it is the source key */
    cJSON *map;
    PGresult *r;

    if (sql == NULL) {
        cJSON_AddNullToObject(s->doc, "map");
        free(params);
        return true;
    }
    r = story_look(s, DATABASE_VNEXT, sql, (int) s->e->identity.count, params);
    free(sql);
    free(params);
    if (r == NULL)
        return story_refused(s, "reading the map");
    map = cJSON_AddArrayToObject(s->doc, "map");
    for (int i = 0; i < PQntuples(r); i++)
        cJSON_AddItemToArray(map, story_json(r, i, "row"));
    PQclear(r);
    return true;
}

/* ---- events, and who would do them ---- */

static const char *
root_of(const struct story *s)
{
    const char *root = ref_root(s->e);

    for (size_t i = 0; i < s->e->identity.count; i++)
        if (strcmp(s->e->identity.items[i], root) == 0)
            return cJSON_GetStringValue(cJSON_GetArrayItem(s->identity, (int) i));
    return NULL;
}

static cJSON *
events_of(const PGresult *r)
{
    cJSON *events = cJSON_CreateArray();

    for (int i = 0; i < PQntuples(r); i++)
        cJSON_AddItemToArray(events, story_json(r, i, "event"));
    return events;
}

static bool
add_events(struct story *s)
{
    const char *placing[] = {root_of(s), s->e->name};
    char *identity = story_array(s->identity);
    char bucket[16] = "0";
    struct buf at = {0};
    const char *waiting_params[] = {s->e->name, bucket, NULL, identity};
    const char *failed_params[] = {s->e->name, NULL, identity};
    PGresult *place;
    PGresult *waiting = NULL;
    PGresult *failed = NULL;

    pgarray_open(&at);
    for (size_t i = 0; i < s->e->identity.count; i++)
        pgarray_add_int(&at, (long long) ref_position(s->e, s->e->identity.items[i]) + 1);
    pgarray_close(&at);
    waiting_params[2] = buf_text(&at);
    failed_params[1] = buf_text(&at);
    desk_doing(s->d, "looking for its events");
    place = story_look(s, DATABASE_VNEXT, sql_explain_place, 2, placing);
    if (place != NULL) {
        snprintf(bucket, sizeof bucket, "%s", story_field(place, 0, "bucket"));
        waiting = story_look(s, DATABASE_VNEXT, sql_explain_waiting, 4, waiting_params);
    }
    if (waiting != NULL)
        failed = story_look(s, DATABASE_VNEXT, sql_explain_failed, 3, failed_params);
    if (failed != NULL) {
        cJSON *w = cJSON_AddObjectToObject(s->doc, "waiting");

        cJSON_AddNumberToObject(w, "total",
                                PQntuples(waiting) == 0 ? 0 : strtod(story_field(waiting, 0, "total"), NULL));
        cJSON_AddItemToObject(w, "events", events_of(waiting));
        cJSON_AddItemToObject(s->doc, "failed", events_of(failed));
        cJSON_AddItemToObject(s->doc, "place", story_json(place, 0, "place"));
        cJSON_AddBoolToObject(s->doc, "dual_write_enabled", story_truth(place, 0, "enabled"));
        cJSON_AddBoolToObject(s->doc, "resync", story_truth(place, 0, "resync"));
    }
    PQclear(place);
    PQclear(waiting);
    PQclear(failed);
    buf_free(&at);
    free(identity);
    return cJSON_HasObjectItem(s->doc, "failed") || story_refused(s, "looking for its events");
}

/* The key of a row with this identity, for the heading; the identity itself where there is none. */
static void
key_of_identity(struct story *s)
{
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetObjectItem(s->doc, "vnext"), "keys"), 0);

    if (s->key == NULL)
        s->key = cJSON_Duplicate(first != NULL ? first : s->identity, true);
}

cJSON *
explain_story(struct desk *d, const struct explain_wanted *w, int *status)
{
    const struct mapping *m = d->settings->mapping;
    struct story s = {.d = d, .mapping = m, .entity = w->entity, .e = &m->entities[w->entity], .status = EXIT_GOOD};
    bool good = make_plan(&s) && explain_find(&s, w);

    if (good) {
        s.status = EXIT_GOOD;
        s.doc = cJSON_CreateObject();
        cJSON_AddStringToObject(s.doc, "entity", s.e->name);
        cJSON_AddNullToObject(s.doc, "key");
        cJSON_AddItemToObject(s.doc, "identity", story_named(&s.e->identity, s.identity));
        good = add_sides(&s) && add_map(&s) && add_events(&s);
    }
    if (good) {
        key_of_identity(&s);
        cJSON_ReplaceItemInObjectCaseSensitive(s.doc, "key", cJSON_Duplicate(s.key, true));
    } else {
        cJSON_Delete(s.doc);
        s.doc = NULL;
    }
    desk_quiet(d);
    cJSON_Delete(s.key);
    cJSON_Delete(s.identity);
    catalog_free(s.read[0]);
    catalog_free(s.read[1]);
    plan_free(s.plan);
    *status = s.status;
    return s.doc;
}
