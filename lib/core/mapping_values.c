/*
 * mapping_values.c - "columns" of the mapping file: name of a column to the value it gets; see mapping_values.h. Rules
 * between this and other parts of the file are mapping_rules.c.
 */
#include "dualwrite/mapping_values.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

static const char *const value_keys[] = {"column", "expression", "constant",    "now",     "target_column",
                                         "values", "otherwise",  "insert_only", "truncate"};
#define VALUE_KEYS (sizeof value_keys / sizeof value_keys[0])
#define KINDS 5 /* the first keys, in the order of enum value_kind: exactly one of them says where the value is from */

static const enum value_kind kind_of_key[KINDS] = {VALUE_COLUMN, VALUE_EXPRESSION, VALUE_CONSTANT, VALUE_NOW,
                                                   VALUE_TARGET_COLUMN};

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

    switch (v->kind) {
    case VALUE_COLUMN:
        v->text = json_identifier(r, n, "the name of a source column");
        break;
    case VALUE_TARGET_COLUMN:
        v->text = json_identifier(r, n, "the name of a column that \"columns\" of this entity writes");
        break;
    case VALUE_EXPRESSION:
        text = json_string(r, n, "an SQL expression over the source row, as a string");
        if (text != NULL && text[strspn(text, " \t\r\n")] == '\0')
            json_fault(r, FAULT_ERROR, n, "is blank; write an SQL expression over the source row");
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

/* "values", "otherwise", "insert_only" and "truncate", each only where it means something. */
static void
read_options(struct json_reader *r, const struct json_node *n, enum mapping_place place, struct mapping_value *v)
{
    struct json_node values = json_child(n, "values");
    struct json_node otherwise = json_child(n, "otherwise");
    struct json_node insert_only = json_child(n, "insert_only");
    struct json_node truncate = json_child(n, "truncate");
    bool from_row = v->kind == VALUE_COLUMN || v->kind == VALUE_EXPRESSION;

    if (!from_row) {
        const struct json_node *row_only[] = {&values, &otherwise, &truncate};

        for (size_t i = 0; i < 3; i++)
            if (row_only[i]->json != NULL)
                json_fault(r, FAULT_ERROR, row_only[i], "goes with \"column\" or \"expression\" only; leave it out");
    } else {
        if (values.json != NULL)
            read_value_map(r, &values, v);
        if (otherwise.json != NULL && values.json == NULL)
            json_fault(r, FAULT_ERROR, &otherwise, "goes with \"values\" only; add them or leave it out");
        else if (otherwise.json != NULL)
            v->has_otherwise = json_scalar(r, &otherwise, &v->otherwise);
        if (truncate.json != NULL)
            read_truncate(r, &truncate, v);
    }
    if (insert_only.json == NULL)
        return;
    if (place != PLACE_TARGET)
        json_fault(r, FAULT_ERROR, &insert_only, "says nothing here: %s; leave it out",
                   place == PLACE_MAP ? "these columns are written once, with the map row"
                                      : "a removal writes a row that exists");
    else if (cJSON_IsBool(insert_only.json))
        v->insert_only = cJSON_IsTrue(insert_only.json);
    else
        json_fault(r, FAULT_ERROR, &insert_only, "is %s; write true or false", json_kind(insert_only.json));
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
        free(v->otherwise);
        free(v->text);
        free(columns->items[i].name);
    }
    free(columns->items);
    *columns = (struct mapping_columns){0};
}
