/*
 * mapping_rules.c - what must hold between the parts of a mapping; see dualwrite/mapping_rules.h. Whether it fits a
 * database is mapping_check.c.
 */
#include "dualwrite/mapping_rules.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/suggest.h"
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

/* With a map: one key on each side, and the target's is the map's to give. */
static void
rule_map(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    struct json_node source = json_child(n, "source");
    struct json_node target = json_child(n, "target");
    struct json_node columns = json_child(n, "columns");
    struct json_node parent = json_child(n, "parent");
    struct json_node source_key = json_child(&source, "key");
    struct json_node target_key = json_child(&target, "key");
    struct json_node latest_by = json_child(n, "latest_by");

    if (e->source_key.count > 1)
        json_fault(r, FAULT_ERROR, &source_key, "has %zu columns; with a \"map\" it must be one", e->source_key.count);
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

static void
rule_map_columns(struct json_reader *r, const struct json_node *n, const struct mapping_entity *e)
{
    struct json_node map = json_child(n, "map");
    struct json_node columns = json_child(&map, "columns");
    const char *const keys[] = {"source_key", "target_key", "verified"};
    const char *const names[] = {e->map->source_key.count == 0 ? NULL : e->map->source_key.items[0], e->map->target_key,
                                 e->map->verified};

    for (size_t i = 0; i < 3; i++) {
        struct json_node at = json_child(&map, keys[i]);
        struct json_node twin = json_child(&columns, names[i] == NULL ? "" : names[i]);

        for (size_t j = 0; j < i; j++)
            if (same(names[i], names[j]))
                json_fault(r, FAULT_ERROR, &at, "is the same column as \"%s\"; name another", keys[j]);
        if (names[i] != NULL && mapping_column(&e->map->columns, names[i]) != NULL)
            json_fault(r, FAULT_ERROR, &twin, "is written as \"%s\" of the map; take it out of \"columns\"", keys[i]);
    }
    for (size_t i = 0; i < e->map->columns.count; i++) {
        const struct mapping_column *c = &e->map->columns.items[i];
        struct json_node at = json_child(&columns, c->name);

        if (c->value.kind == VALUE_TARGET_COLUMN && c->value.text != NULL &&
            mapping_column(&e->columns, c->value.text) == NULL)
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
    return e->columns.count > 0 && (v == NULL || v->kind != VALUE_COLUMN || v->text != NULL);
}

/* The source column that decides target key column `name`; NULL when none does. */
static const char *
key_source(const struct mapping_entity *e, const char *name)
{
    const struct mapping_value *v = mapping_column(&e->columns, name);

    if (e->parent != NULL && same(e->parent->target_column, name))
        return e->parent->column;
    if (v == NULL || v->kind != VALUE_COLUMN || v->nvalues > 0 || v->truncate > 0)
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
        const char *column = e->map != NULL || name == NULL ? name : key_source(e, name);

        if (name != NULL && column == NULL && can_tell_identity(n, e, name)) {
            struct json_node at = json_element(&key, i, NULL);

            json_fault(r, FAULT_ERROR, &at,
                       "is target key column \"%s\", and nothing says which row is meant: without a \"map\" it must be "
                       "the parent's target_column, or in \"columns\" from a plain source column (no values, no "
                       "truncate)",
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
                   "is the parent's target_column, which the parent's map gives; take it out of "
                   "\"columns\"");
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
mapping_rules_entity(struct json_reader *r, const struct json_node *n, struct mapping_entity *e)
{
    if (e->map != NULL) {
        rule_map(r, n, e);
        rule_map_columns(r, n, e);
    }
    if (e->parent != NULL)
        rule_parent_column(r, n, e);
    if (json_child(n, "columns").json != NULL)
        rule_removal(r, n, e);
    rule_identity(r, n, e);
    rule_log(r, n, e);
}

/* ---- between entities ---- */

static struct json_node
entity_node(const struct json_node *n, size_t index)
{
    return json_element(n, index, cJSON_GetArrayItem(n->json, (int) index));
}

static void
rule_names(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    const struct mapping_entity *e = &m->entities[i];
    struct json_node entity = entity_node(n, i);
    struct json_node name = json_child(&entity, "name");
    struct json_node source = json_child(&entity, "source");
    struct json_node table = json_child(&source, "table");

    for (size_t j = 0; j < i; j++) {
        const struct mapping_entity *other = &m->entities[j];

        if (same(e->name, other->name)) {
            json_fault(r, FAULT_ERROR, &name, "is \"%s\", which entities[%zu] has already; choose another", e->name, j);
            break;
        }
    }
    for (size_t j = 0; j < i; j++) {
        const struct mapping_entity *other = &m->entities[j];

        if (same(e->source.schema, other->source.schema) && same(e->source.name, other->source.name)) {
            json_fault(r, FAULT_ERROR, &table,
                       "is the source table of entities[%zu] already; two entities from one table are not supported",
                       j);
            break;
        }
    }
}

/* An operation names one change of one entity, in log lines and in the queue. */
static void
rule_operations(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    static const char *const keys[] = {"insert", "update", "remove"};
    const struct mapping_entity *e = &m->entities[i];
    const char *const mine[] = {e->operation_insert, e->operation_update, e->operation_remove};
    struct json_node entity = entity_node(n, i);
    struct json_node operations = json_child(&entity, "operations");

    for (size_t k = 0; k < 3; k++) {
        struct json_node at = json_child(&operations, keys[k]);
        bool said = false;

        for (size_t j = 0; j <= i && !said; j++) {
            const struct mapping_entity *o = &m->entities[j];
            const char *const theirs[] = {o->operation_insert, o->operation_update, o->operation_remove};

            for (size_t l = 0; l < 3 && !said; l++) {
                if ((j == i && l >= k) || !same(mine[k], theirs[l]))
                    continue;
                said = true;
                json_fault(r, FAULT_ERROR, &at, "is \"%s\", which is \"%s\" of entities[%zu] already; choose another",
                           mine[k], keys[l], j);
            }
        }
    }
}

static void
rule_parent(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    struct mapping_parent *parent = m->entities[i].parent;
    struct json_node entity = entity_node(n, i);
    struct json_node node = json_child(&entity, "parent");
    struct json_node at = json_child(&node, "entity");
    struct json_node named;

    parent->index = m->count;
    if (parent->entity == NULL)
        return;
    parent->index = mapping_entity_index(m, parent->entity);
    if (parent->index == m->count) {
        const char **names = xcalloc(m->count, sizeof *names);
        size_t count = 0;
        const char *nearest;

        for (size_t j = 0; j < m->count; j++)
            if (j != i && m->entities[j].name != NULL)
                names[count++] = m->entities[j].name;
        nearest = suggest_nearest(parent->entity, names, count);
        json_fault(r, FAULT_ERROR, &at, "is \"%s\", and no entity has that name%s%s%s; name one that has a \"map\"",
                   parent->entity, nearest == NULL ? "" : " (did you mean \"", nearest == NULL ? "" : nearest,
                   nearest == NULL ? "" : "\"?)");
        free(names);
        return;
    }
    /* An entity whose "map" is there but faulty has had its fault already. */
    named = entity_node(n, parent->index);
    if (json_child(&named, "map").json == NULL)
        json_fault(r, FAULT_ERROR, &at, "is \"%s\", which has no \"map\" to look its legacy row up in; give it one",
                   parent->entity);
}

/* Says each cycle once, at its first entity. */
static void
rule_cycle(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    struct json_node entity = entity_node(n, i);
    struct json_node parent = json_child(&entity, "parent");
    struct json_node at = json_child(&parent, "entity");
    struct buf path = {0};
    size_t j = i;

    for (size_t steps = 0; steps <= m->count; steps++) {
        buf_printf(&path, "%s%s", steps == 0 ? "" : " -> ", m->entities[j].name == NULL ? "?" : m->entities[j].name);
        if (steps > 0 && j == i) {
            json_fault(r, FAULT_ERROR, &at, "makes a cycle of parents: %s; one of them must be without a parent",
                       buf_text(&path));
            break;
        }
        if (j < i || m->entities[j].parent == NULL || m->entities[j].parent->index == m->count)
            break;
        j = m->entities[j].parent->index;
    }
    buf_free(&path);
}

/* A line of a child carries the keys of its parents too. */
static void
rule_log_keys(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    const struct mapping_entity *e = &m->entities[i];
    const struct mapping_entity *up = e;
    struct json_node entity = entity_node(n, i);
    struct json_node log = json_child(&entity, "log");
    struct json_node id = json_child(&log, "id");
    struct json_node target_id = json_child(&log, "target_id");

    for (size_t steps = 0; steps < m->count; steps++) {
        if (up->parent == NULL || up->parent->index == m->count || up->parent->index == i)
            return;
        up = &m->entities[up->parent->index];
        if (same(e->log_id, up->log_id) || same(e->log_id, up->log_target_id))
            json_fault(r, FAULT_ERROR, &id,
                       "is \"%s\", a key of parent \"%s\", whose keys are on the same line; choose "
                       "another",
                       e->log_id, up->name);
        if (same(e->log_target_id, up->log_id) || same(e->log_target_id, up->log_target_id))
            json_fault(r, FAULT_ERROR, &target_id,
                       "is \"%s\", a key of parent \"%s\", whose keys are on the same line; "
                       "choose another",
                       e->log_target_id, up->name);
    }
}

void
mapping_rules_entities(struct json_reader *r, const struct json_node *n, struct mapping *m)
{
    for (size_t i = 0; i < m->count; i++) {
        rule_names(r, n, m, i);
        rule_operations(r, n, m, i);
        if (m->entities[i].parent != NULL)
            rule_parent(r, n, m, i);
    }
    for (size_t i = 0; i < m->count; i++) {
        rule_cycle(r, n, m, i);
        rule_log_keys(r, n, m, i);
    }
}
