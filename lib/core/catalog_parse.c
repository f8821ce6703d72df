/* catalog_parse.c - the answer of catalog.sql as structs; see dualwrite/catalog_parse.h. No judgement, no I/O. */
#include "dualwrite/catalog_parse.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"

struct asked {
    struct buf schemas, names;
    const struct mapping_table **seen;
    size_t count;
};

static void
ask(struct asked *a, const struct mapping_table *t)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->seen[i]->schema, t->schema) == 0 && strcmp(a->seen[i]->name, t->name) == 0)
            return;
    a->seen = xreallocarray(a->seen, a->count + 1, sizeof *a->seen);
    a->seen[a->count++] = t;
    pgarray_add(&a->schemas, t->schema);
    pgarray_add(&a->names, t->name);
}

static void
ask_lookups(struct asked *a, const struct mapping_columns *columns, bool vnext, bool legacy)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct mapping_lookup *l = columns->items[i].value.lookup;

        if (l != NULL && (l->legacy ? legacy : vnext))
            ask(a, &l->table);
    }
}

void
catalog_parameters(const struct mapping *m, bool vnext, bool legacy, char *parameters[2])
{
    struct asked a = {0};

    pgarray_open(&a.schemas);
    pgarray_open(&a.names);
    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];

        if (legacy)
            ask(&a, &e->target);
        if (vnext) {
            ask(&a, &e->source);
            if (e->map != NULL)
                ask(&a, &e->map->table);
        }
        ask_lookups(&a, &e->columns, vnext, legacy);
        if (e->map != NULL)
            ask_lookups(&a, &e->map->columns, vnext, legacy);
    }
    pgarray_close(&a.schemas);
    pgarray_close(&a.names);
    parameters[0] = buf_steal(&a.schemas);
    parameters[1] = buf_steal(&a.names);
    free(a.seen);
}

static char *
text(const cJSON *object, const char *key)
{
    return xstrdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key)));
}

static bool
truth(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* 0 where there is no number. */
static int
whole(const cJSON *object, const char *key)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, key);

    return cJSON_IsNumber(number) ? number->valueint : 0;
}

static size_t
length(const cJSON *array)
{
    return (size_t) cJSON_GetArraySize(array);
}

/* An array of strings, each as a copy. */
static char **
texts(const cJSON *array, size_t *count)
{
    char **out = xcalloc(length(array), sizeof *out);
    const cJSON *item;

    *count = 0;
    cJSON_ArrayForEach(item, array) out[(*count)++] = xstrdup(cJSON_GetStringValue(item));
    return out;
}

static void
read_columns(struct catalog_table *t, const cJSON *array)
{
    const cJSON *c;

    t->columns = xcalloc(length(array), sizeof *t->columns);
    cJSON_ArrayForEach(c, array)
    {
        const cJSON *labels = cJSON_GetObjectItemCaseSensitive(c, "labels");
        struct catalog_column *out = &t->columns[t->ncolumns++];

        *out = (struct catalog_column){
            .name = text(c, "name"),
            .type = text(c, "type"),
            .base = text(c, "base"),
            .shown_type = text(c, "shown_type"),
            .exact_type = text(c, "exact_type"),
            .default_expr = text(c, "default"),
            .not_null = truth(c, "not_null"),
            .generated = truth(c, "generated"),
            .has_equality = truth(c, "equality"),
            .loose = truth(c, "loose"),
            .unlisted = truth(c, "unlisted"),
            .length = whole(c, "length"),
        };
        if (cJSON_IsArray(labels))
            out->labels = texts(labels, &out->nlabels);
    }
}

static void
read_uniques(struct catalog_table *t, const cJSON *array)
{
    const cJSON *u;

    t->uniques = xcalloc(length(array), sizeof *t->uniques);
    cJSON_ArrayForEach(u, array)
    {
        struct catalog_unique *out = &t->uniques[t->nuniques++];

        out->name = text(u, "name");
        out->usable = truth(u, "usable");
        out->whole = truth(u, "whole");
        out->predicate = text(u, "predicate");
        out->expressions = text(u, "expressions");
        out->columns = texts(cJSON_GetObjectItemCaseSensitive(u, "columns"), &out->count);
        out->keys = texts(cJSON_GetObjectItemCaseSensitive(u, "keys"), &out->nkeys);
        out->equals = texts(cJSON_GetObjectItemCaseSensitive(u, "equals"), &out->nequals);
    }
}

static void
read_foreigns(struct catalog_table *t, const cJSON *array)
{
    const cJSON *f;

    t->foreigns = xcalloc(length(array), sizeof *t->foreigns);
    cJSON_ArrayForEach(f, array)
    {
        struct catalog_foreign *out = &t->foreigns[t->nforeigns++];
        size_t referenced;

        out->name = text(f, "name");
        out->schema = text(f, "schema");
        out->table = text(f, "table");
        out->columns = texts(cJSON_GetObjectItemCaseSensitive(f, "columns"), &out->count);
        out->referenced = texts(cJSON_GetObjectItemCaseSensitive(f, "referenced"), &referenced);
    }
}

struct catalog *
catalog_parse(const char *json)
{
    cJSON *root = cJSON_Parse(json);
    const cJSON *tables = cJSON_GetObjectItemCaseSensitive(root, "tables");
    const cJSON *t;
    struct catalog *c;

    if (!cJSON_IsArray(tables)) {
        cJSON_Delete(root);
        return NULL;
    }
    c = xcalloc(1, sizeof *c);
    c->role = text(root, "role");
    c->tables = xcalloc(length(tables), sizeof *c->tables);
    cJSON_ArrayForEach(t, tables)
    {
        struct catalog_table *out = &c->tables[c->count++];

        *out = (struct catalog_table){
            .schema = text(t, "schema"),
            .name = text(t, "name"),
            .exists = truth(t, "exists"),
            .plain = truth(t, "plain"),
            .has_children = truth(t, "children"),
            .owner = text(t, "owner"),
            .owned = truth(t, "owned"),
            .can_select = truth(t, "select"),
            .can_insert = truth(t, "insert"),
            .can_update = truth(t, "update"),
            .can_delete = truth(t, "delete"),
            .can_trigger = truth(t, "trigger"),
            .sequence = text(t, "sequence"),
            .can_use_sequence = truth(t, "sequence_usable"),
            .row_security = truth(t, "row_security"),
        };
        read_columns(out, cJSON_GetObjectItemCaseSensitive(t, "columns"));
        read_uniques(out, cJSON_GetObjectItemCaseSensitive(t, "uniques"));
        read_foreigns(out, cJSON_GetObjectItemCaseSensitive(t, "foreigns"));
    }
    cJSON_Delete(root);
    return c;
}
