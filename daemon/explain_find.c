/* explain_find.c - which row `explain` is asked for: by vNext key, legacy key or failed event; see explain_parts.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/explain_sql.h"
#include "dualwrite/ref.h"
#include "dualwrite/shown.h"
#include "embedded.h"
#include "explain_parts.h"

/* From an event's ref: key and identity. False where its layout is not the mapping's. */
static bool
take_ref(struct story *s, const cJSON *ref)
{
    if ((size_t) cJSON_GetArraySize(ref) != ref_count(s->e))
        return false;
    cJSON_Delete(s->key);
    cJSON_Delete(s->identity);
    s->key = cJSON_CreateArray();
    s->identity = cJSON_CreateArray();
    for (size_t i = 0; i < s->e->source_key.count; i++)
        cJSON_AddItemToArray(s->key, cJSON_Duplicate(cJSON_GetArrayItem(ref, (int) i), true));
    for (size_t i = 0; i < s->e->identity.count; i++) {
        int at = (int) ref_position(s->e, s->e->identity.items[i]);

        cJSON_AddItemToArray(s->identity, cJSON_Duplicate(cJSON_GetArrayItem(ref, at), true));
    }
    return true;
}

static bool
no_such_value(struct story *s, const struct explain_wanted *w)
{
    struct buf shown = {0};

    if (!story_about_data(s->d))
        return story_refused(s, "looking for the row");
    desk_quiet(s->d);
    for (size_t i = 0; i < w->nkeys; i++) {
        buf_puts(&shown, i == 0 ? "" : ", ");
        shown_text(&shown, w->keys[i], 60);
    }
    buf_puts(&shown, "): ");
    shown_text(&shown, s->d->error, 0);
    fprintf(stderr, "dualwrited explain: the %s table of %s has no such key (%s\n", w->legacy ? "legacy" : "vNext",
            s->e->name, buf_text(&shown));
    buf_free(&shown);
    s->status = EXIT_USAGE;
    return false;
}

/* The row is gone: what its events say about it. */
static bool
find_named(struct story *s)
{
    char *key = story_array(s->key);
    const char *params[] = {s->e->name, key};
    PGresult *r = story_look(s, DATABASE_VNEXT, sql_explain_named, 2, params);
    bool found = false;

    free(key);
    if (r == NULL)
        return story_refused(s, "looking for the events of the row");
    if (PQntuples(r) > 0) {
        cJSON *ref = story_json(r, 0, "ref");

        found = take_ref(s, ref);
        cJSON_Delete(ref);
    }
    PQclear(r);
    if (!found) {
        desk_quiet(s->d);
        fprintf(
            stderr,
            "dualwrited explain: there is no such row in the vNext table of %s, and no event names it, so nothing says "
            "which legacy row it had; ask from the other side: dualwrited explain --entity=%s --legacy=KEY\n",
            s->e->name, s->e->name);
        s->status = EXIT_FOUND;
    }
    return found;
}

static bool
find_by_key(struct story *s, const struct explain_wanted *w)
{
    char *sql = explain_key_sql(s->mapping, &s->catalogs, s->e);
    PGresult *r = story_look(s, DATABASE_VNEXT, sql, (int) w->nkeys, w->keys);
    bool found;

    free(sql);
    if (r == NULL)
        return no_such_value(s, w);
    found = story_truth(r, 0, "found");
    s->key = story_json(r, 0, "key");
    s->identity = found ? story_json(r, 0, "identity") : s->e->map != NULL ? cJSON_Duplicate(s->key, true) : NULL;
    PQclear(r);
    return s->identity != NULL || find_named(s);
}

static bool
find_by_legacy(struct story *s, const struct explain_wanted *w)
{
    const char *why = NULL;
    char *sql = explain_owner_sql(s->mapping, &s->catalogs, s->e, &why);
    PGresult *r;

    if (sql == NULL) {
        desk_quiet(s->d);
        fprintf(stderr,
                "dualwrited explain: the mapping of %s cannot be turned round: its legacy key %s is more than a copy; "
                "give the "
                "vNext key\n",
                s->e->name, why);
        s->status = EXIT_USAGE;
        return false;
    }
    r = story_look(s, DATABASE_VNEXT, sql, (int) w->nkeys, w->keys);
    free(sql);
    if (r == NULL)
        return no_such_value(s, w);
    if (PQntuples(r) == 0) {
        desk_quiet(s->d);
        fprintf(stderr, "dualwrited explain: no map row leads from that legacy row to vNext, so no event will ever "
                        "change it; it came "
                        "from elsewhere, or its map row was deleted\n");
        s->status = EXIT_FOUND;
    } else {
        s->identity = story_json(r, 0, "identity");
    }
    PQclear(r);
    return s->identity != NULL;
}

static bool
find_by_event(struct story *s, const struct explain_wanted *w)
{
    char id[24];
    const char *params[] = {id};
    PGresult *r;
    bool found = false;

    snprintf(id, sizeof id, "%" PRId64, w->event);
    r = story_look(s, DATABASE_VNEXT, sql_explain_event, 1, params);
    if (r == NULL)
        return story_refused(s, "looking for the event");
    desk_quiet(s->d);
    s->status = EXIT_FOUND;
    if (PQntuples(r) == 0) {
        fprintf(stderr,
                "dualwrited explain: there is no failed event %s: it was synced, or discarded, or never failed\n", id);
    } else if ((s->entity = mapping_entity_index(s->mapping, story_field(r, 0, "entity"))) == s->mapping->count) {
        fprintf(stderr,
                "dualwrited explain: event %s is of an entity that the mapping does not know; see `dualwrited failed "
                "show %s`\n",
                id, id);
    } else {
        cJSON *ref = story_json(r, 0, "ref");

        s->e = &s->mapping->entities[s->entity];
        found = take_ref(s, ref);
        cJSON_Delete(ref);
        if (!found)
            fprintf(stderr,
                    "dualwrited explain: event %s was captured with another mapping, so its row is not known; see "
                    "`dualwrited failed show %s`\n",
                    id, id);
    }
    PQclear(r);
    return found;
}

bool
explain_find(struct story *s, const struct explain_wanted *w)
{
    desk_doing(s->d, "looking for the row");
    if (w->event > 0)
        return find_by_event(s, w);
    return w->legacy ? find_by_legacy(s, w) : find_by_key(s, w);
}
