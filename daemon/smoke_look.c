/* smoke_look.c - a test row on both sides, read through the mapping as a daemon reads it; see smoke_run.h. */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/change.h"
#include "dualwrite/explain_sql.h"
#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "explain_parts.h"
#include "read.h"
#include "smoke_run.h"

static PGresult *
ask(struct smoke *s, enum database side, bool within, const char *sql, int nparams, const char *const *params)
{
    if (within && s->d->pq[side] == s->d->pq[DATABASE_VNEXT])
        return desk_ask(s->d, side, sql, nparams, params);
    return desk_look(s->d, side, s->d->settings->config->statement_timeout_ms, sql, nparams, params);
}

static PGresult *
read_rows(struct smoke *s, size_t entity, bool within, const cJSON *identities)
{
    const size_t width = s->mapping->entities[entity].identity.count;
    char **arrays = smoke_arrays(identities, width);
    PGresult *r = ask(s, DATABASE_VNEXT, within, s->plan->entities[entity].sql[PLAN_READ], (int) width,
                      (const char *const *) arrays);

    smoke_arrays_free(arrays, width);
    return r;
}

static void
add_table(cJSON *doc, const char *name, const struct mapping_table *t)
{
    char *text = smoke_text_of("%s.%s", t->schema, t->name);

    cJSON_AddStringToObject(doc, name, text);
    free(text);
}

static cJSON *
key_of(const struct row *row)
{
    cJSON *key = cJSON_CreateArray();

    for (size_t i = 0; i < row->nkey; i++)
        cJSON_AddItemToArray(key, story_text(row->key[i]));
    return key;
}

/* The legacy row of the first row of PLAN_READ. */
static cJSON *
look_legacy(struct smoke *s, size_t entity, bool within, const PGresult *r)
{
    const struct mapping_entity *e = &s->mapping->entities[entity];
    cJSON *key;
    cJSON *legacy = NULL;
    struct row row = {0};
    char *sql = explain_compare_sql(s->mapping, &s->catalogs, e);
    char *rows;
    const char *params[1];
    PGresult *compared;
    PGresult *verified = NULL;

    read_row(&row, e, r, 0);
    key = key_of(&row);
    row_decide_looked(&row, e->removal.kind);
    params[0] = rows = sqlrow_alone(e, &row);
    compared = ask(s, DATABASE_LEGACY, within, sql, 1, params);
    if (compared != NULL)
        verified = ask(s, DATABASE_LEGACY, within, s->plan->entities[entity].sql[PLAN_VERIFY], 1, params);
    if (verified != NULL) {
        const bool found = story_truth(compared, 0, "found");

        legacy = cJSON_CreateObject();
        cJSON_AddItemToObject(legacy, "key", story_named(&e->target_key, key));
        cJSON_AddBoolToObject(legacy, "found", found);
        cJSON_AddBoolToObject(legacy, "equal", row_is_settled(&row, found, story_truth(verified, 0, "equal")));
        cJSON_AddItemToObject(legacy, "columns", story_json(compared, 0, "columns"));
    }
    PQclear(compared);
    PQclear(verified);
    free(rows);
    free(sql);
    row_free(&row);
    cJSON_Delete(key);
    return legacy;
}

cJSON *
smoke_look(struct smoke *s, const struct smoke_row *row, bool within)
{
    const struct mapping_entity *e = &s->mapping->entities[row->entity];
    cJSON *one = cJSON_CreateArray();
    cJSON *legacy = NULL;
    cJSON *doc = NULL;
    PGresult *r;

    cJSON_AddItemToArray(one, cJSON_Duplicate(row->identity, true));
    r = read_rows(s, row->entity, within, one);
    cJSON_Delete(one);
    if (r != NULL && PQntuples(r) > 0)
        legacy = look_legacy(s, row->entity, within, r);
    if (legacy != NULL) {
        doc = cJSON_CreateObject();
        cJSON_AddStringToObject(doc, "entity", e->name);
        add_table(doc, "vnext_table", &e->source);
        cJSON_AddItemToObject(doc, "vnext_key", story_named(&e->source_key, row->key));
        add_table(doc, "legacy_table", &e->target);
        cJSON_AddBoolToObject(doc, "found", story_truth(r, 0, "found"));
        cJSON_AddBoolToObject(doc, "present", story_truth(r, 0, "present"));
        if (e->map == NULL || e->map->verified == NULL || story_field(r, 0, "verified") == NULL)
            cJSON_AddNullToObject(doc, "map_verified");
        else
            cJSON_AddBoolToObject(doc, "map_verified", story_truth(r, 0, "verified"));
        cJSON_AddItemToObject(doc, "legacy", legacy);
    }
    PQclear(r);
    return doc;
}

bool
smoke_legacy_keys(struct smoke *s, size_t entity, const cJSON *identities, cJSON *keys)
{
    PGresult *r;

    if (cJSON_GetArraySize(identities) == 0)
        return true;
    r = read_rows(s, entity, false, identities);
    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        struct row row = {0};
        cJSON *key;
        bool whole = true;

        read_row(&row, &s->mapping->entities[entity], r, i);
        key = key_of(&row);
        for (size_t k = 0; k < row.nkey; k++)
            whole = whole && row.key[k] != NULL;
        if (whole)
            cJSON_AddItemToArray(keys, key);
        else /* it has no legacy row */
            cJSON_Delete(key);
        row_free(&row);
    }
    PQclear(r);
    return r != NULL;
}
