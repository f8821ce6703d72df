/* schema_facts.c - the answer of schema_tables.sql as structs; see dualwrite/schema_facts.h. No judgement, no I/O. */
#include "dualwrite/schema_facts.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"

static char *
text(const cJSON *object, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return xstrdup(s == NULL ? "" : s);
}

static size_t
length(const cJSON *array)
{
    return (size_t) cJSON_GetArraySize(array);
}

static char **
strings(const cJSON *array, size_t *count)
{
    char **out = xcalloc(length(array), sizeof *out);
    const cJSON *s;

    cJSON_ArrayForEach(s, array)
    {
        if (cJSON_IsString(s))
            out[(*count)++] = xstrdup(s->valuestring);
    }
    return out;
}

struct schema_facts *
schema_facts_parse(const char *schema, const char *json)
{
    cJSON *root = cJSON_Parse(json);
    const cJSON *tables = cJSON_GetObjectItemCaseSensitive(root, "tables");
    const cJSON *labels = cJSON_GetObjectItemCaseSensitive(root, "labels");
    const cJSON *item;
    struct schema_facts *f;

    if (!cJSON_IsArray(tables) || !cJSON_IsArray(labels)) {
        cJSON_Delete(root);
        return NULL;
    }
    f = xcalloc(1, sizeof *f);
    f->schema = xstrdup(schema);
    f->exists = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "exists"));
    f->tables = xcalloc(length(tables), sizeof *f->tables);
    f->labels = xcalloc(length(labels), sizeof *f->labels);
    cJSON_ArrayForEach(item, tables)
    {
        struct schema_table *t = &f->tables[f->ntables++];

        t->name = text(item, "name");
        t->primary = strings(cJSON_GetObjectItemCaseSensitive(item, "primary"), &t->nprimary);
    }
    cJSON_ArrayForEach(item, labels)
    {
        struct schema_labels *l = &f->labels[f->nlabels++];

        l->table = text(item, "table");
        l->column = text(item, "column");
        l->items = strings(cJSON_GetObjectItemCaseSensitive(item, "values"), &l->count);
    }
    cJSON_Delete(root);
    return f;
}

static void
free_strings(char **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i]);
    free(items);
}

void
schema_facts_free(struct schema_facts *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->ntables; i++) {
        free(f->tables[i].name);
        free_strings(f->tables[i].primary, f->tables[i].nprimary);
    }
    for (size_t i = 0; i < f->nlabels; i++) {
        free(f->labels[i].table);
        free(f->labels[i].column);
        free_strings(f->labels[i].items, f->labels[i].count);
    }
    free(f->tables);
    free(f->labels);
    free(f->schema);
    free(f);
}

const struct schema_table *
schema_facts_table(const struct schema_facts *f, const char *table)
{
    for (size_t i = 0; i < f->ntables; i++)
        if (strcmp(f->tables[i].name, table) == 0)
            return &f->tables[i];
    return NULL;
}

const struct schema_labels *
schema_facts_labels(const struct schema_facts *f, const char *table, const char *column)
{
    for (size_t i = 0; i < f->nlabels; i++)
        if (strcmp(f->labels[i].table, table) == 0 && strcmp(f->labels[i].column, column) == 0)
            return &f->labels[i];
    return NULL;
}

void
schema_facts_parameters(const struct schema_facts *f, char *parameters[2])
{
    struct buf schemas = {0};
    struct buf names = {0};

    pgarray_open(&schemas);
    pgarray_open(&names);
    for (size_t i = 0; i < f->ntables; i++) {
        pgarray_add(&schemas, f->schema);
        pgarray_add(&names, f->tables[i].name);
    }
    pgarray_close(&schemas);
    pgarray_close(&names);
    parameters[0] = buf_steal(&schemas);
    parameters[1] = buf_steal(&names);
}
