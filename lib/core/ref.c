/* ref.c - the layout of an outbox row's ref; see dualwrite/ref.h. Not the SQL that fills it (capture.c). */
#include "dualwrite/ref.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

#include "dualwrite/xalloc.h"

static bool
among(const struct mapping_names *names, const char *column)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], column) == 0)
            return true;
    return false;
}

const char *
ref_column(const struct mapping_entity *e, size_t i)
{
    size_t at = e->source_key.count;

    if (i < at)
        return e->source_key.items[i];
    for (size_t j = 0; j < e->identity.count; j++) {
        const struct mapping_names before = {e->identity.items, j}; /* two target columns may have one source */

        if (!among(&e->source_key, e->identity.items[j]) && !among(&before, e->identity.items[j]) && at++ == i)
            return e->identity.items[j];
    }
    if (e->parent != NULL && !among(&e->source_key, e->parent->column) && !among(&e->identity, e->parent->column) &&
        at == i)
        return e->parent->column;
    return NULL;
}

size_t
ref_count(const struct mapping_entity *e)
{
    size_t n = 0;

    while (ref_column(e, n) != NULL)
        n++;
    return n;
}

/* Asked for each event again and again, so it goes over the names once. */
size_t
ref_position(const struct mapping_entity *e, const char *column)
{
    size_t at = e->source_key.count;

    for (size_t i = 0; i < at; i++)
        if (strcmp(e->source_key.items[i], column) == 0)
            return i;
    for (size_t j = 0; j < e->identity.count; j++) {
        const struct mapping_names before = {e->identity.items, j};

        if (strcmp(e->identity.items[j], column) == 0)
            return at;
        at += !among(&e->source_key, e->identity.items[j]) && !among(&before, e->identity.items[j]);
    }
    if (e->parent == NULL || among(&e->source_key, e->parent->column) || among(&e->identity, e->parent->column))
        return at;
    return strcmp(e->parent->column, column) == 0 ? at : at + 1;
}

const char *
ref_root(const struct mapping_entity *e)
{
    if (e->map == NULL && e->parent != NULL && among(&e->identity, e->parent->column))
        return e->parent->column;
    return e->identity.items[0];
}

char *
ref_identities(const struct mapping *m)
{
    cJSON *all = cJSON_CreateObject();
    char *printed;
    char *text;

    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];
        cJSON *positions = cJSON_AddArrayToObject(all, e->name);

        for (size_t k = 0; k < e->identity.count; k++)
            cJSON_AddItemToArray(positions, cJSON_CreateNumber((double) ref_position(e, e->identity.items[k]) + 1));
    }
    printed = cJSON_PrintUnformatted(all);
    text = xstrdup(printed);
    cJSON_free(printed);
    cJSON_Delete(all);
    return text;
}
