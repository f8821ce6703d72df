/*
 * mapping_values.c - "columns" of the mapping file: name of a column to the value it gets; see mapping_values.h. What
 * must hold between this and other parts of the file is mapping_rules.c.
 */
#include "dualwrite/mapping_values.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/expression.h"
#include "dualwrite/xalloc.h"

static const char *const value_keys[] = {"column", "expression", "constant",    "now",      "target_column", "values",
                                         "lookup", "otherwise",  "insert_only", "truncate", "unique"};
#define VALUE_KEYS (sizeof value_keys / sizeof value_keys[0])
#define KINDS 5 /* the first keys, in the order of enum value_kind: exactly one of them says where the value is from */

static const enum value_kind kind_of_key[KINDS] = {VALUE_COLUMN, VALUE_EXPRESSION, VALUE_CONSTANT, VALUE_NOW,
                                                   VALUE_TARGET_COLUMN};

void
mapping_table_read(struct json_reader *r, const struct json_node *n, struct mapping_table *out)
{
    struct json_node table = json_child(n, "table");
    struct json_node schema = json_child(n, "schema");

    out->name = json_identifier(r, &table, "the name of a table (its schema goes into \"schema\")");
    if (schema.json == NULL)
        out->schema = xstrdup("public");
    else
        out->schema = json_identifier(r, &schema, "the name of a schema, or leave it out for \"public\"");
}

void
mapping_table_free(struct mapping_table *table)
{
    free(table->schema);
    free(table->name);
}

static const char *
accepted_at(enum mapping_place place)
{
    if (place == PLACE_REMOVAL)
        return "{\"constant\": ...} or {\"now\": true}";
    if (place == PLACE_MAP)
        return "the name of a source column, or an object with one of column, expression, constant, now, target_column";
    return "the name of a source column, or an object with one of column, expression, constant, now";
}

static bool
allowed(enum mapping_place place, enum value_kind kind)
{
    if (place == PLACE_REMOVAL)
        return kind == VALUE_CONSTANT || kind == VALUE_NOW;
    return kind != VALUE_TARGET_COLUMN || place == PLACE_MAP;
}

/* Which one of the first keys is there; KINDS with a fault when it is not exactly one that may be here. */
static size_t
read_kind(struct json_reader *r, const struct json_node *n, enum mapping_place place)
{
    size_t found = KINDS;

    for (size_t i = 0; i < KINDS; i++) {
        if (json_child(n, value_keys[i]).json == NULL)
            continue;
        if (found < KINDS) {
            json_fault(r, FAULT_ERROR, n, "has both \"%s\" and \"%s\"; keep one of them", value_keys[found],
                       value_keys[i]);
            return KINDS;
        }
        found = i;
    }
    if (found == KINDS || !allowed(place, kind_of_key[found])) {
        if (found == KINDS)
            json_fault(r, FAULT_ERROR, n, "does not say where the value is from; write %s", accepted_at(place));
        else
            json_fault(r, FAULT_ERROR, n, "cannot be from \"%s\" here; write %s", value_keys[found],
                       accepted_at(place));
        return KINDS;
    }
    return found;
}

static void
read_source(struct json_reader *r, const struct json_node *n, struct mapping_value *v)
{
    const char *text;
    const char *fault;

    switch (v->kind) {
    case VALUE_COLUMN:
        v->text = json_identifier(r, n, "the name of a source column");
        break;
    case VALUE_TARGET_COLUMN:
        v->text = json_identifier(r, n, "the name of a column that \"columns\" of this entity writes");
        break;
    case VALUE_EXPRESSION:
        text = json_string(r, n, "an SQL expression over the source row, as a string");
        fault = text == NULL ? NULL : expression_fault(text);
        if (fault != NULL)
            json_fault(r, FAULT_ERROR, n, "%s", fault);
        v->text = xstrdup(text);
        break;
    case VALUE_CONSTANT:
        json_scalar(r, n, &v->text);
        break;
    case VALUE_NOW:
        if (!cJSON_IsTrue(n->json))
            json_fault(r, FAULT_ERROR, n, "is %s; write true, or leave the column out", json_kind(n->json));
        break;
    }
}

static void
read_value_map(struct json_reader *r, const struct json_node *n, struct mapping_value *v)
{
    static const char accepted[] = "an object of source value to target value, like {\"1\": \"gold\"}";
    size_t count = 0;

    if (!json_object(r, n, accepted))
        return;
    if (n->json->child == NULL)
        json_fault(r, FAULT_ERROR, n, "is empty; write %s, or leave it out", accepted);
    for (const cJSON *item = n->json->child; item != NULL; item = item->next)
        count++;
    v->values = xcalloc(count, sizeof *v->values);
    for (const cJSON *item = n->json->child; item != NULL; item = item->next) {
        struct json_node at = {n, item->string, 0, item};
        struct value_pair *pair = &v->values[v->nvalues++];

        pair->from = xstrdup(item->string);
        json_scalar(r, &at, &pair->to);
    }
}

static void
read_truncate(struct json_reader *r, const struct json_node *n, struct mapping_value *v)
{
    double length = cJSON_IsNumber(n->json) ? n->json->valuedouble : 0;

    if (length >= 1 && length <= MAPPING_TRUNCATE_MAX)
        v->truncate = (int) length;
    else
        json_fault(r, FAULT_ERROR, n, "is not a length; write a whole number of characters, 1 to %d",
                   MAPPING_TRUNCATE_MAX);
}

/* Which one of `words` stands at n; `count` with a fault when it is none of them. */
static size_t
read_choice(struct json_reader *r, const struct json_node *n, const char *const *words, size_t count)
{
    struct buf accepted = {0};
    const char *word;
    size_t found = count;

    for (size_t i = 0; i < count; i++)
        buf_printf(&accepted, "%s\"%s\"", i == 0 ? "" : i + 1 < count ? ", " : " or ", words[i]);
    word = json_string(r, n, buf_text(&accepted));
    for (size_t i = 0; word != NULL && i < count; i++)
        if (strcmp(word, words[i]) == 0)
            found = i;
    if (word != NULL && found == count)
        json_fault(r, FAULT_ERROR, n, "is not known here; write %s", buf_text(&accepted));
    buf_free(&accepted);
    return found;
}

static struct mapping_lookup *
read_lookup(struct json_reader *r, const struct json_node *n, enum mapping_place place)
{
    static const char accepted[] = "an object like {\"table\": \"profile\", \"key\": \"user_id\", \"value\": \"id\"}";
    static const char *const keys[] = {"table", "schema", "key", "value", "database"};
    static const char *const databases[] = {"vnext", "legacy"};
    struct json_node key = json_child(n, "key");
    struct json_node value = json_child(n, "value");
    struct json_node database = json_child(n, "database");
    struct mapping_lookup *lookup;

    if (!json_object_of(r, n, accepted, keys, sizeof keys / sizeof keys[0]))
        return NULL;
    lookup = xcalloc(1, sizeof *lookup);
    mapping_table_read(r, n, &lookup->table);
    lookup->key = json_identifier(r, &key, "the column of that table that is compared with the value");
    lookup->value = json_identifier(r, &value, "the column of that table that is the result");
    if (database.json != NULL)
        lookup->legacy = read_choice(r, &database, databases, 2) == 1;
    if (lookup->legacy && place == PLACE_MAP)
        json_fault(r, FAULT_ERROR, &database,
                   "is \"legacy\", where a map's columns are not looked up; look it up in the vNext database, or leave "
                   "\"lookup\" out");
    return lookup;
}

/* A looked-up value is taken as it is. */
static void
forbid_with_lookup(struct json_reader *r, const struct json_node *n)
{
    if (n->json != NULL)
        json_fault(r, FAULT_ERROR, n, "does not go with \"lookup\", whose result is taken as it is; leave it out");
}

/* What becomes of a value of the row on its way. */
static void
read_conversion(struct json_reader *r, const struct json_node *n, enum mapping_place place, struct mapping_value *v)
{
    static const char *const rules[] = {"fail", "truncate", "suffix"}; /* in the order of enum unique_rule */
    struct json_node values = json_child(n, "values");
    struct json_node lookup = json_child(n, "lookup");
    struct json_node otherwise = json_child(n, "otherwise");
    struct json_node truncate = json_child(n, "truncate");
    struct json_node unique = json_child(n, "unique");

    if (values.json != NULL)
        read_value_map(r, &values, v);
    if (lookup.json != NULL && values.json != NULL)
        json_fault(r, FAULT_ERROR, &lookup, "does not go with \"values\"; keep one of them");
    else if (lookup.json != NULL)
        v->lookup = read_lookup(r, &lookup, place);
    if (otherwise.json != NULL && values.json == NULL && lookup.json == NULL)
        json_fault(r, FAULT_ERROR, &otherwise,
                   "goes with \"values\" or \"lookup\" only; add one of them or leave it out");
    else if (otherwise.json != NULL)
        v->has_otherwise = json_scalar(r, &otherwise, &v->otherwise);
    if (lookup.json != NULL) {
        forbid_with_lookup(r, &truncate);
        forbid_with_lookup(r, &unique);
        return;
    }
    if (truncate.json != NULL)
        read_truncate(r, &truncate, v);
    if (unique.json == NULL)
        return;
    if (place == PLACE_TARGET) {
        size_t rule = read_choice(r, &unique, rules, 3);

        v->unique = rule < 3 ? (enum unique_rule) rule : UNIQUE_FAIL;
    } else {
        json_fault(r, FAULT_ERROR, &unique, "says nothing here: it is for the columns of legacy rows; leave it out");
    }
}

static void
read_insert_only(struct json_reader *r, const struct json_node *n, enum mapping_place place, struct mapping_value *v)
{
    if (place != PLACE_TARGET)
        json_fault(r, FAULT_ERROR, n, "says nothing here: %s; leave it out",
                   place == PLACE_MAP ? "these columns are written once, with the map row"
                                      : "a removal writes a row that exists");
    else if (cJSON_IsBool(n->json))
        v->insert_only = cJSON_IsTrue(n->json);
    else
        json_fault(r, FAULT_ERROR, n, "is %s; write true or false", json_kind(n->json));
}

/* What may stand beside the source of a value, each only where it means something. */
static void
read_options(struct json_reader *r, const struct json_node *n, enum mapping_place place, struct mapping_value *v)
{
    static const char *const row_only[] = {"values", "lookup", "otherwise", "truncate", "unique"};
    struct json_node insert_only = json_child(n, "insert_only");

    if (v->kind == VALUE_COLUMN || v->kind == VALUE_EXPRESSION)
        read_conversion(r, n, place, v);
    else
        for (size_t i = 0; i < sizeof row_only / sizeof row_only[0]; i++) {
            struct json_node at = json_child(n, row_only[i]);

            if (at.json != NULL)
                json_fault(r, FAULT_ERROR, &at, "goes with \"column\" or \"expression\" only; leave it out");
        }
    if (insert_only.json != NULL)
        read_insert_only(r, &insert_only, place, v);
}

static void
read_value(struct json_reader *r, const struct json_node *n, enum mapping_place place, struct mapping_value *v)
{
    size_t i;
    struct json_node source;

    if (cJSON_IsString(n->json) && place != PLACE_REMOVAL) {
        v->kind = VALUE_COLUMN;
        v->text = json_identifier(r, n, accepted_at(place));
        return;
    }
    if (!cJSON_IsObject(n->json) && !cJSON_IsArray(n->json)) {
        json_fault(r, FAULT_ERROR, n, "is %s; write %s%s", json_kind(n->json), accepted_at(place),
                   place == PLACE_REMOVAL ? "" : " (a fixed value is {\"constant\": ...})");
        return;
    }
    if (!json_object_of(r, n, accepted_at(place), value_keys, VALUE_KEYS))
        return;
    i = read_kind(r, n, place);
    if (i == KINDS)
        return;
    v->kind = kind_of_key[i];
    source = json_child(n, value_keys[i]);
    read_source(r, &source, v);
    read_options(r, n, place, v);
}

void
mapping_values_read(struct json_reader *r, const struct json_node *n, enum mapping_place place,
                    struct mapping_columns *out)
{
    size_t count = 0;

    if (!json_object(r, n, "an object of column name to value, like {\"name\": \"name\"}"))
        return;
    for (const cJSON *item = n->json->child; item != NULL; item = item->next)
        count++;
    if (count > MAPPING_COLUMNS_MAX) {
        json_fault(r, FAULT_ERROR, n, "has %zu columns; a table has at most %d", count, MAPPING_COLUMNS_MAX);
        return;
    }
    if (count == 0 && place != PLACE_MAP)
        json_fault(r, FAULT_ERROR, n, "is empty; name at least one column");
    out->items = xcalloc(count, sizeof *out->items);
    for (const cJSON *item = n->json->child; item != NULL; item = item->next) {
        struct json_node at = {n, item->string, 0, item};
        struct mapping_column *column = &out->items[out->count++];

        json_key_is_identifier(r, &at);
        column->name = xstrdup(item->string);
        read_value(r, &at, place, &column->value);
    }
}

void
mapping_values_free(struct mapping_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct mapping_value *v = &columns->items[i].value;

        for (size_t j = 0; j < v->nvalues; j++) {
            free(v->values[j].from);
            free(v->values[j].to);
        }
        free(v->values);
        if (v->lookup != NULL) {
            mapping_table_free(&v->lookup->table);
            free(v->lookup->key);
            free(v->lookup->value);
            free(v->lookup);
        }
        free(v->otherwise);
        free(v->text);
        free(columns->items[i].name);
    }
    free(columns->items);
    *columns = (struct mapping_columns){0};
}
