/*
 * mapping.c - the mapping file, read into the structs of dualwrite/mapping.h. The form of each part is checked here,
 * columns in mapping_values.c; what must hold between the parts of an entity in mapping_rules.c, between entities in
 * mapping_entities.c. The database is mapping_check.c.
 */
#include "dualwrite/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_file.h"
#include "dualwrite/json_node.h"
#include "dualwrite/mapping_entities.h"
#include "dualwrite/mapping_rules.h"
#include "dualwrite/mapping_values.h"
#include "dualwrite/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define ENTITIES_MAX 500
#define ENTITY_NAME_MAX 40
#define CHANNEL_MAX 41
#define WORD_MAX 63
#define KEY_MAX 32 /* columns of an index in PostgreSQL (INDEX_MAX_KEYS) */

/* A word of [a-z0-9_], at most `max` long, as a copy; NULL with a fault. */
static char *
read_word(struct json_reader *r, const struct json_node *n, const char *accepted, size_t max)
{
    const char *word = json_string(r, n, accepted);

    if (word == NULL)
        return NULL;
    if (strlen(word) <= max && word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0')
        return xstrdup(word);
    json_fault(r, FAULT_ERROR, n, "must be 1 to %zu characters of a-z, 0-9 and _; write %s", max, accepted);
    return NULL;
}

static void
read_key(struct json_reader *r, const struct json_node *n, const char *accepted, struct mapping_names *out)
{
    size_t i = 0;

    if (!json_list(r, n, accepted))
        return;
    if (cJSON_GetArraySize(n->json) > KEY_MAX) {
        json_fault(r, FAULT_ERROR, n, "has %d columns; an index has at most %d", cJSON_GetArraySize(n->json), KEY_MAX);
        return;
    }
    out->items = xcalloc((size_t) cJSON_GetArraySize(n->json), sizeof *out->items);
    for (const cJSON *item = n->json->child; item != NULL; item = item->next, i++) {
        struct json_node at = json_element(n, i, item);
        char *name = json_identifier(r, &at, "the name of a column");

        for (size_t j = 0; j < i; j++)
            if (name != NULL && out->items[j] != NULL && strcmp(name, out->items[j]) == 0)
                json_fault(r, FAULT_ERROR, &at, "is there twice; keep one");
        out->items[out->count++] = name;
    }
}

static void
read_side(struct json_reader *r, const struct json_node *n, struct mapping_table *table, struct mapping_names *key)
{
    static const char *const keys[] = {"table", "schema", "key"};
    struct json_node names = json_child(n, "key");

    if (!json_object_of(r, n, "an object like {\"table\": \"team\", \"key\": [\"id\"]}", keys, COUNT(keys)))
        return;
    mapping_table_read(r, n, table);
    read_key(r, &names, "an array of column names, like [\"id\"]", key);
}

static struct mapping_map *
read_map(struct json_reader *r, const struct json_node *n)
{
    static const char *const keys[] = {"table", "schema", "source_key", "target_key", "verified", "columns"};
    struct json_node source_key = json_child(n, "source_key");
    struct json_node target_key = json_child(n, "target_key");
    struct json_node verified = json_child(n, "verified");
    struct json_node columns = json_child(n, "columns");
    struct mapping_map *map;

    if (n->json == NULL ||
        !json_object_of(r, n, "an object with table, source_key and target_key, or leave it out", keys, COUNT(keys)))
        return NULL;
    map = xcalloc(1, sizeof *map);
    mapping_table_read(r, n, &map->table);
    if (cJSON_IsArray(source_key.json)) {
        read_key(r, &source_key, "the map's columns that hold the source key", &map->source_key);
    } else {
        map->source_key.items = xcalloc(1, sizeof *map->source_key.items);
        map->source_key.items[0] = json_identifier(
            r, &source_key,
            "the map's column that holds the source key (an array for a source key of several columns)");
        map->source_key.count = 1;
    }
    map->target_key = json_identifier(r, &target_key, "the map's column that holds the target key");
    if (verified.json != NULL)
        map->verified = json_identifier(r, &verified, "the name of a boolean column, or leave it out");
    if (columns.json != NULL)
        mapping_values_read(r, &columns, PLACE_MAP, &map->columns);
    return map;
}

static struct mapping_parent *
read_parent(struct json_reader *r, const struct json_node *n)
{
    static const char *const keys[] = {"entity", "column", "target_column"};
    struct json_node entity = json_child(n, "entity");
    struct json_node column = json_child(n, "column");
    struct json_node target_column = json_child(n, "target_column");
    struct mapping_parent *parent;

    if (n->json == NULL ||
        !json_object_of(r, n, "an object with entity, column and target_column, or leave it out", keys, COUNT(keys)))
        return NULL;
    parent = xcalloc(1, sizeof *parent);
    parent->entity = read_word(r, &entity, "the name of another entity", ENTITY_NAME_MAX);
    parent->column = json_identifier(r, &column, "the source column that names the parent's row");
    parent->target_column = json_identifier(r, &target_column, "the target column that gets the parent's target key");
    return parent;
}

static void
read_present_values(struct json_reader *r, const struct json_node *n, struct mapping_names *out)
{
    size_t i = 0;

    if (!json_list(r, n, "an array of the values that count as present, like [\"ACTIVE\"]"))
        return;
    out->items = xcalloc((size_t) cJSON_GetArraySize(n->json), sizeof *out->items);
    for (const cJSON *item = n->json->child; item != NULL; item = item->next, i++) {
        struct json_node at = json_element(n, i, item);
        char *text = NULL;

        if (cJSON_IsNull(item) || (cJSON_IsString(item) && item->valuestring[0] == '\0'))
            json_fault(r, FAULT_ERROR, &at, "is %s; write a value that the column has, as a string or whole number",
                       json_kind(item));
        else
            json_scalar(r, &at, &text);
        out->items[out->count++] = text;
    }
}

static void
read_present(struct json_reader *r, const struct json_node *n, struct mapping_present *out)
{
    static const char accepted[] =
        "an object like {\"column\": \"status\", \"in\": [\"ACTIVE\"]} or {\"column\": \"deleted_at\", \"null\": true}";
    static const char *const keys[] = {"column", "in", "null"};
    struct json_node column = json_child(n, "column");
    struct json_node in = json_child(n, "in");
    struct json_node null = json_child(n, "null");

    if (n->json == NULL || !json_object_of(r, n, accepted, keys, COUNT(keys)))
        return;
    out->column = json_identifier(r, &column, "the name of a source column");
    if (in.json != NULL && null.json != NULL) {
        json_fault(r, FAULT_ERROR, n, "has both \"in\" and \"null\"; keep one of them");
    } else if (in.json != NULL) {
        out->kind = PRESENT_IN;
        read_present_values(r, &in, &out->values);
    } else if (cJSON_IsBool(null.json)) {
        out->kind = cJSON_IsTrue(null.json) ? PRESENT_NULL : PRESENT_NOT_NULL;
    } else if (null.json != NULL) {
        json_fault(r, FAULT_ERROR, &null, "is %s; write true (a row is present while the column is NULL) or false",
                   json_kind(null.json));
    } else {
        json_fault(r, FAULT_ERROR, n, "does not say when a row is present; write %s", accepted);
    }
}

/* Required, and without a default: nobody deletes by leaving something out. */
static void
read_removal(struct json_reader *r, const struct json_node *n, struct mapping_removal *out)
{
    static const char accepted[] = "\"delete\", \"keep\" or {\"set\": {\"column\": {\"constant\": ...}}}";
    static const char *const keys[] = {"set"};
    struct json_node set = json_child(n, "set");

    if (cJSON_IsString(n->json) && strcmp(n->json->valuestring, "delete") == 0) {
        out->kind = REMOVAL_DELETE;
    } else if (cJSON_IsString(n->json) && strcmp(n->json->valuestring, "keep") == 0) {
        out->kind = REMOVAL_KEEP;
    } else if (cJSON_IsString(n->json)) {
        json_fault(r, FAULT_ERROR, n, "is not a kind of removal; write %s", accepted);
    } else if (json_object_of(r, n, accepted, keys, COUNT(keys))) {
        out->kind = REMOVAL_SET;
        mapping_values_read(r, &set, PLACE_REMOVAL, &out->set);
    }
}

static void
read_log(struct json_reader *r, const struct json_node *n, struct mapping_entity *e)
{
    static const char *const keys[] = {"id", "target_id"};
    struct json_node id = json_child(n, "id");
    struct json_node target_id = json_child(n, "target_id");

    if (!json_object_of(r, n, "an object like {\"id\": \"customer_id\"}", keys, COUNT(keys)))
        return;
    e->log_id = read_word(r, &id, "the log key of the source key, like \"customer_id\"", WORD_MAX);
    if (target_id.json != NULL)
        e->log_target_id = read_word(r, &target_id, "the log key of the target key, or leave it out", WORD_MAX);
}

static void
read_operations(struct json_reader *r, const struct json_node *n, struct mapping_entity *e)
{
    static const char *const keys[] = {"insert", "update", "remove"};
    char **const names[] = {&e->operation_insert, &e->operation_update, &e->operation_remove};

    if (!json_object_of(r, n, "an object with the names of insert, update and remove", keys, COUNT(keys)))
        return;
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct json_node at = json_child(n, keys[i]);

        *names[i] = read_word(r, &at, "the name of the operation, like \"sync_customer_created\"", WORD_MAX);
    }
}

static void
read_entity(struct json_reader *r, const struct json_node *n, struct mapping_entity *e)
{
    static const char *const keys[] = {"name",    "parent",    "source",  "target", "map",       "columns",
                                       "present", "latest_by", "removal", "log",    "operations"};
    struct json_node name = json_child(n, "name");
    struct json_node parent = json_child(n, "parent");
    struct json_node source = json_child(n, "source");
    struct json_node target = json_child(n, "target");
    struct json_node map = json_child(n, "map");
    struct json_node columns = json_child(n, "columns");
    struct json_node present = json_child(n, "present");
    struct json_node latest_by = json_child(n, "latest_by");
    struct json_node removal = json_child(n, "removal");
    struct json_node log = json_child(n, "log");
    struct json_node operations = json_child(n, "operations");

    if (!json_object_of(r, n, "an object that describes one entity", keys, COUNT(keys)))
        return;
    e->name = read_word(r, &name, "a name like \"team\"", ENTITY_NAME_MAX);
    e->parent = read_parent(r, &parent);
    read_side(r, &source, &e->source, &e->source_key);
    read_side(r, &target, &e->target, &e->target_key);
    e->map = read_map(r, &map);
    mapping_values_read(r, &columns, PLACE_TARGET, &e->columns);
    read_present(r, &present, &e->present);
    if (latest_by.json != NULL)
        e->latest_by = json_identifier(r, &latest_by, "the name of a source column, or leave it out");
    read_removal(r, &removal, &e->removal);
    read_log(r, &log, e);
    read_operations(r, &operations, e);
    mapping_rules_check(r, n, e);
}

static void
read_channel(struct json_reader *r, const struct json_node *n, struct mapping *m)
{
    static const char accepted[] = "a name like \"dualwrite\"";

    if (n->json == NULL) {
        m->channel = xstrdup("dualwrite");
        return;
    }
    m->channel = read_word(r, n, accepted, CHANNEL_MAX);
    if (m->channel != NULL && m->channel[0] >= '0' && m->channel[0] <= '9')
        json_fault(r, FAULT_ERROR, n, "must not begin with a digit; write %s", accepted);
}

static void
read_mapping(struct json_reader *r, const struct json_node *n, struct mapping *m)
{
    static const char *const keys[] = {"channel", "entities"};
    struct json_node channel = json_child(n, "channel");
    struct json_node entities = json_child(n, "entities");
    size_t count;

    if (!json_object_of(r, n, "an object {\"entities\": [...]}", keys, COUNT(keys)))
        return;
    read_channel(r, &channel, m);
    if (!json_list(r, &entities, "an array with at least one entity"))
        return;
    count = (size_t) cJSON_GetArraySize(entities.json);
    if (count > ENTITIES_MAX) {
        json_fault(r, FAULT_ERROR, &entities, "has %zu entities; at most %d are supported", count, ENTITIES_MAX);
        return;
    }
    m->entities = xcalloc(count, sizeof *m->entities);
    for (const cJSON *item = entities.json->child; item != NULL; item = item->next) {
        struct json_node at = json_element(&entities, m->count, item);
        struct mapping_entity *e = &m->entities[m->count];

        e->position = m->count++;
        read_entity(r, &at, e);
    }
    mapping_entities_check(r, &entities, m);
}

/* Parents before children, else the file's order; there are no cycles any more. */
static void
sort_entities(struct mapping *m)
{
    struct mapping_entity *sorted = xcalloc(m->count, sizeof *sorted);
    size_t *place = xcalloc(m->count, sizeof *place); /* new index + 1 of each entity, 0: not placed yet */
    size_t done = 0;

    while (done < m->count) {
        for (size_t i = 0; i < m->count; i++) {
            struct mapping_parent *parent = m->entities[i].parent;

            if (place[i] != 0 || (parent != NULL && place[parent->index] == 0))
                continue;
            sorted[done++] = m->entities[i];
            place[i] = done;
        }
    }
    for (size_t i = 0; i < m->count; i++)
        if (sorted[i].parent != NULL)
            sorted[i].parent->index = place[sorted[i].parent->index] - 1;
    free(place);
    free(m->entities);
    m->entities = sorted;
}

struct mapping *
mapping_parse(const char *file, const char *json, size_t len, struct faults *faults)
{
    size_t errors = faults->errors;
    cJSON *tree = json_file_parse(file, json, len, faults);
    struct json_reader r = {.file = file, .faults = faults};
    struct json_node top = {.json = tree};
    struct mapping *m;

    if (tree == NULL)
        return NULL;
    m = xcalloc(1, sizeof *m);
    read_mapping(&r, &top, m);
    cJSON_Delete(tree);
    if (faults->errors > errors) {
        mapping_free(m);
        return NULL;
    }
    sort_entities(m);
    return m;
}

static void
free_names(struct mapping_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

static void
free_entity(struct mapping_entity *e)
{
    char *const texts[] = {e->name,
                           e->latest_by,
                           e->log_id,
                           e->log_target_id,
                           e->operation_insert,
                           e->operation_update,
                           e->operation_remove,
                           e->present.column};

    for (size_t i = 0; i < COUNT(texts); i++)
        free(texts[i]);
    mapping_table_free(&e->source);
    mapping_table_free(&e->target);
    free_names(&e->source_key);
    free_names(&e->target_key);
    free_names(&e->identity);
    free_names(&e->present.values);
    mapping_values_free(&e->columns);
    mapping_values_free(&e->removal.set);
    if (e->map != NULL) {
        mapping_table_free(&e->map->table);
        free_names(&e->map->source_key);
        free(e->map->target_key);
        free(e->map->verified);
        mapping_values_free(&e->map->columns);
        free(e->map);
    }
    if (e->parent != NULL) {
        free(e->parent->entity);
        free(e->parent->column);
        free(e->parent->target_column);
        free(e->parent);
    }
}

void
mapping_free(struct mapping *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        free_entity(&m->entities[i]);
    free(m->entities);
    free(m->channel);
    free(m);
}

bool
mapping_same_table(const struct mapping_table *a, const struct mapping_table *b)
{
    return a->schema != NULL && b->schema != NULL && a->name != NULL && b->name != NULL &&
           strcmp(a->schema, b->schema) == 0 && strcmp(a->name, b->name) == 0;
}

const struct mapping_value *
mapping_column(const struct mapping_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->items[i].name, name) == 0)
            return &columns->items[i].value;
    return NULL;
}

size_t
mapping_entity_index(const struct mapping *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->entities[i].name != NULL && strcmp(m->entities[i].name, name) == 0)
            return i;
    return m->count;
}
