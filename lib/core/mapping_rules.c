/*
 * mapping_rules.c - what must hold between the parts of an entity; see dualwrite/mapping_rules.h. What must hold between
 * entities is mapping_entities.c.
 */
#include "dualwrite/mapping_rules.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

static bool
same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
is_key(const struct mapping_entity *e, const char *column)
{
    for (size_t i = 0; i < e->target_key.count; i++)
        if (same(e->target_key.items[i], column))
            return true;
    return false;
}

/* All names of the key are there, none had a fault. */
static bool
is_whole(const struct mapping_names *key)
{
    for (size_t i = 0; i < key->count; i++)
        if (key->items[i] == NULL)
            return false;
    return key->count > 0;
}

/* With a map: it holds the source key column by column, and the target key, which is one column, is the map's to give. */
static void
rule_map(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    struct json_node target = json_child(n, "target");
    struct json_node columns = json_child(n, "columns");
    struct json_node parent = json_child(n, "parent");
    struct json_node map = json_child(n, "map");
    struct json_node map_key = json_child(&map, "source_key");
    struct json_node target_key = json_child(&target, "key");
    struct json_node latest_by = json_child(n, "latest_by");

    if (is_whole(&e->source_key) && is_whole(&e->map->source_key) && e->map->source_key.count != e->source_key.count)
        json_fault(r, FAULT_ERROR, &map_key,
                   "names %zu column%s, and the source key has %zu; name a column of the map for each, in their order",
                   e->map->source_key.count, e->map->source_key.count == 1 ? "" : "s", e->source_key.count);
    if (e->target_key.count > 1)
        json_fault(r, FAULT_ERROR, &target_key, "has %zu columns; with a \"map\" it must be one", e->target_key.count);
    if (e->target_key.count == 1 && mapping_column(&e->columns, e->target_key.items[0]) != NULL) {
        struct json_node at = json_child(&columns, e->target_key.items[0]);

        json_fault(r, FAULT_ERROR, &at, "is the target key, which the map gives; take it out of \"columns\"");
    }
    if (e->parent != NULL && e->target_key.count == 1 && same(e->parent->target_column, e->target_key.items[0])) {
        struct json_node at = json_child(&parent, "target_column");

        json_fault(r, FAULT_ERROR, &at, "is the target key, which the map gives; name the foreign key to the parent");
    }
    if (e->latest_by != NULL)
        json_fault(r, FAULT_WARNING, &latest_by,
                   "has no effect with a \"map\": each source row has a target row of its own");
}

/* Column `name`, which the map has as its `key`, has no other part in it. */
static void
rule_map_column(struct json_reader *r, const struct json_node *map, const struct mapping_map *m, const char *key,
                const char *name)
{
    struct json_node at = json_child(map, key);
    struct json_node columns = json_child(map, "columns");
    struct json_node twin = json_child(&columns, name == NULL ? "" : name);

    if (name == NULL)
        return;
    for (size_t i = 0; i < m->source_key.count && strcmp(key, "source_key") != 0; i++)
        if (same(m->source_key.items[i], name))
            json_fault(r, FAULT_ERROR, &at, "is the same column as \"source_key\"; name another");
    if (strcmp(key, "verified") == 0 && same(m->target_key, name))
        json_fault(r, FAULT_ERROR, &at, "is the same column as \"target_key\"; name another");
    if (mapping_column(&m->columns, name) != NULL)
        json_fault(r, FAULT_ERROR, &twin, "is written as \"%s\" of the map; take it out of \"columns\"", key);
}

static void
rule_map_columns(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    struct json_node map = json_child(n, "map");
    struct json_node columns = json_child(&map, "columns");

    for (size_t i = 0; i < e->map->source_key.count; i++)
        rule_map_column(r, &map, e->map, "source_key", e->map->source_key.items[i]);
    rule_map_column(r, &map, e->map, "target_key", e->map->target_key);
    rule_map_column(r, &map, e->map, "verified", e->map->verified);
    for (size_t i = 0; i < e->map->columns.count; i++) {
        const struct mapping_column *c = &e->map->columns.items[i];
        struct json_node at = json_child(&columns, c->name);
        const struct mapping_value *taken = c->value.kind == VALUE_TARGET_COLUMN && c->value.text != NULL
                                                ? mapping_column(&e->columns, c->value.text)
                                                : NULL;

        if (taken != NULL && taken->lookup != NULL && taken->lookup->legacy)
            json_fault(r, FAULT_ERROR, &at,
                       "takes target_column \"%s\", which is looked up in the legacy database, after the map row is "
                       "made; name another",
                       c->value.text);
        if (c->value.kind == VALUE_TARGET_COLUMN && c->value.text != NULL && taken == NULL)
            json_fault(r, FAULT_ERROR, &at,
                       "takes target_column \"%s\", which \"columns\" of this entity does not write; name one it does",
                       c->value.text);
    }
}

/* False when the parts that decide have had faults of their own, or are not there. */
static bool
can_tell_identity(const struct json_node *n, const struct mapping_entity *e, const char *name)
{
    const struct mapping_value *v = mapping_column(&e->columns, name);

    if (json_child(n, "parent").json != NULL && (e->parent == NULL || e->parent->target_column == NULL))
        return false;
    if (json_child(n, "map").json != NULL && e->map == NULL)
        return false;
    return e->columns.count > 0 && (v == NULL || v->kind != VALUE_COLUMN || v->text != NULL);
}

/*
 * The source column that decides target key column `name`; NULL when none does. Values that become others, or that make
 * way for others, decide nothing: two rows could become one.
 */
static const char *
key_source(const struct json_node *n, const struct mapping_entity *e, const char *name)
{
    const struct mapping_value *v = mapping_column(&e->columns, name);
    struct json_node columns = json_child(n, "columns");
    struct json_node column = json_child(&columns, name);

    if (e->parent != NULL && same(e->parent->target_column, name))
        return e->parent->column;
    if (v == NULL || v->kind != VALUE_COLUMN || v->nvalues > 0 || v->has_otherwise || v->truncate > 0 ||
        json_child(&column, "unique").json != NULL)
        return NULL;
    return v->text;
}

/* Which source columns say which target row is meant. */
static void
rule_identity(struct json_reader *r, const struct json_node *n, struct mapping_entity *e)
{
    struct json_node target = json_child(n, "target");
    struct json_node key = json_child(&target, "key");
    const struct mapping_names *from = e->map != NULL ? &e->source_key : &e->target_key;

    e->identity.items = xcalloc(from->count, sizeof *e->identity.items);
    for (size_t i = 0; i < from->count; i++) {
        const char *name = from->items[i];
        const char *column = e->map != NULL || name == NULL ? name : key_source(n, e, name);

        if (name != NULL && column == NULL && can_tell_identity(n, e, name)) {
            struct json_node at = json_element(&key, i, NULL);

            json_fault(r, FAULT_ERROR, &at,
                       "is target key column \"%s\", and nothing says which row is meant: without a \"map\" it must be "
                       "the parent's target_column, or in \"columns\" from a plain source column (a lookup is allowed; "
                       "values, otherwise, truncate and unique are not)",
                       name);
        }
        e->identity.items[e->identity.count++] = xstrdup(column);
    }
}

static void
rule_parent_column(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    struct json_node columns = json_child(n, "columns");

    if (e->parent->target_column != NULL && mapping_column(&e->columns, e->parent->target_column) != NULL) {
        struct json_node at = json_child(&columns, e->parent->target_column);

        json_fault(r, FAULT_ERROR, &at,
                   "is the parent's target_column, which gets the parent's target key; take it out of "
                   "\"columns\"");
    }
}

/* A suffix is made of the source key. */
static void
rule_suffix(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    struct json_node columns = json_child(n, "columns");

    for (size_t i = 0; i < e->columns.count && e->source_key.count > 1; i++) {
        struct json_node column = json_child(&columns, e->columns.items[i].name);
        struct json_node unique = json_child(&column, "unique");

        if (e->columns.items[i].value.unique == UNIQUE_SUFFIX)
            json_fault(r, FAULT_ERROR, &unique,
                       "is \"suffix\", which needs a source key of one column, this one has %zu; write \"fail\" or "
                       "\"truncate\"",
                       e->source_key.count);
    }
}

/* A row that comes back must undo its removal: an update has to write every column that the removal set. */
static void
rule_removal(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    struct json_node removal = json_child(n, "removal");
    struct json_node set = json_child(&removal, "set");

    for (size_t i = 0; i < e->removal.set.count; i++) {
        const char *name = e->removal.set.items[i].name;
        const struct mapping_value *v = mapping_column(&e->columns, name);
        struct json_node at = json_child(&set, name);

        if (is_key(e, name))
            json_fault(r, FAULT_ERROR, &at, "is part of the target key, which a removal must leave alone; take it out");
        else if (v == NULL)
            json_fault(r, FAULT_ERROR, &at,
                       "is not in \"columns\", so a row that returns would keep the removal's value; add it there");
        else if (v->insert_only)
            json_fault(r, FAULT_ERROR, &at,
                       "is insert_only in \"columns\", so a row that returns would keep the removal's value; take "
                       "insert_only away there");
    }
}

static void
rule_log(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    /* The keys of a log line that are not an entity's (SPEC section 5, log.h). */
    static const char *const taken[] = {"time",        "level",      "event_type",     "operation", "user_id",
                                        "event_id",    "attempt",    "duration_ms",    "lag_ms",    "lag_from",
                                        "sqlstate",    "constraint", "exception_type", "error",     "severity",
                                        "retry_in_ms", "msg"};
    struct json_node log = json_child(n, "log");
    struct json_node id = json_child(&log, "id");
    struct json_node target_id = json_child(&log, "target_id");

    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (same(e->log_id, taken[i]))
            json_fault(r, FAULT_ERROR, &id, "is \"%s\", a key that log lines have already; choose another", taken[i]);
        if (same(e->log_target_id, taken[i]))
            json_fault(r, FAULT_ERROR, &target_id, "is \"%s\", a key that log lines have already; choose another",
                       taken[i]);
    }
    if (same(e->log_id, e->log_target_id))
        json_fault(r, FAULT_ERROR, &target_id, "is the same as \"id\"; choose another");
    if (e->log_target_id != NULL && e->target_key.count > 1)
        json_fault(r, FAULT_ERROR, &target_id, "needs a target key of one column, this one has %zu; leave it out",
                   e->target_key.count);
}

void
mapping_rules_check(struct json_reader *r, const struct json_node *n, struct mapping_entity *e)
{
    if (e->map != NULL) {
        rule_map(r, n, e);
        rule_map_columns(r, n, e);
    }
    if (e->parent != NULL)
        rule_parent_column(r, n, e);
    if (json_child(n, "columns").json != NULL)
        rule_removal(r, n, e);
    rule_suffix(r, n, e);
    rule_identity(r, n, e);
    rule_log(r, n, e);
}
