/*
 * mapping_entities.c - what must hold between the entities of a mapping; see dualwrite/mapping_entities.h. Within one it
 * is mapping_rules.c; whether they fit a database is mapping_check.c.
 */
#include "dualwrite/mapping_entities.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

static bool
same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static struct json_node
entity_node(const struct json_node *n, size_t index)
{
    return json_element(n, index, cJSON_GetArrayItem(n->json, (int) index));
}

static void
rule_name(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    const struct mapping_entity *e = &m->entities[i];
    struct json_node entity = entity_node(n, i);
    struct json_node name = json_child(&entity, "name");

    for (size_t j = 0; j < i; j++) {
        if (!same(e->name, m->entities[j].name))
            continue;
        json_fault(r, FAULT_ERROR, &name, "is \"%s\", which entities[%zu] has already; choose another", e->name, j);
        return;
    }
}

/* Entities may share a source or a target, but two that share both would write the same rows in turn. */
static void
rule_tables(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    const struct mapping_entity *e = &m->entities[i];
    struct json_node entity = entity_node(n, i);
    struct json_node target = json_child(&entity, "target");
    struct json_node table = json_child(&target, "table");

    for (size_t j = 0; j < i; j++) {
        const struct mapping_entity *other = &m->entities[j];

        if (!mapping_same_table(&e->source, &other->source) || !mapping_same_table(&e->target, &other->target))
            continue;
        json_fault(r, FAULT_ERROR, &table,
                   "is fed from the same source table by entities[%zu] already; merge the two entities into one", j);
        return;
    }
}

/* The first of the entities up to `i` and of its operations before `k` that has the name of operation `k` of `i`. */
static bool
operation_taken(const struct mapping *m, size_t i, size_t k, size_t *entity, size_t *operation)
{
    const struct mapping_entity *e = &m->entities[i];
    const char *const mine[] = {e->operation_insert, e->operation_update, e->operation_remove};

    for (size_t j = 0; j <= i; j++) {
        const struct mapping_entity *o = &m->entities[j];
        const char *const theirs[] = {o->operation_insert, o->operation_update, o->operation_remove};

        for (size_t l = 0; l < (j == i ? k : 3); l++) {
            if (!same(mine[k], theirs[l]))
                continue;
            *entity = j;
            *operation = l;
            return true;
        }
    }
    return false;
}

/* An operation names one change of one entity, in log lines and in the queue; insert and update may be one to both. */
static void
rule_operations(struct json_reader *r, const struct json_node *n, const struct mapping *m, size_t i)
{
    static const char *const keys[] = {"insert", "update", "remove"};
    const struct mapping_entity *e = &m->entities[i];
    const char *const names[] = {e->operation_insert, e->operation_update, e->operation_remove};
    struct json_node entity = entity_node(n, i);
    struct json_node operations = json_child(&entity, "operations");

    for (size_t k = 0; k < 3; k++) {
        struct json_node at = json_child(&operations, keys[k]);
        size_t other;
        size_t operation;

        /* an update named like the insert has had the insert's fault, if any */
        if ((k == 1 && same(names[0], names[1])) || !operation_taken(m, i, k, &other, &operation))
            continue;
        json_fault(r, FAULT_ERROR, &at, "is \"%s\", which is \"%s\" of entities[%zu] already; choose another", names[k],
                   keys[operation], other);
    }
}

/* A child knows its parent's row by one column, and puts one column of the parent's into its own row. */
static void
rule_parent_key(struct json_reader *r, const struct json_node *at, const struct mapping_entity *parent,
                const struct json_node *parent_node)
{
    const struct mapping_value *v;
    size_t source = parent->source_key.count;
    size_t target = parent->map == NULL ? parent->target_key.count : 1; /* more than one has had the map's fault */

    if (source > 1 || target > 1) {
        json_fault(
            r, FAULT_ERROR, at,
            "is \"%s\", whose %s key has %zu columns; a parent's source key and target key have one each, so name "
            "another entity, or leave \"parent\" out",
            parent->name, source > 1 ? "source" : "target", source > 1 ? source : target);
        return;
    }
    /* what had a fault of its own is not said again */
    if (json_child(parent_node, "map").json != NULL || parent->source_key.count == 0 ||
        parent->source_key.items[0] == NULL || parent->identity.count == 0 || parent->identity.items[0] == NULL)
        return;
    v = mapping_column(&parent->columns, parent->target_key.items[0]);
    if (v != NULL && v->lookup == NULL && same(parent->identity.items[0], parent->source_key.items[0]))
        return;
    json_fault(r, FAULT_ERROR, at,
               "is \"%s\", whose target key cannot be told from its source key; give it a \"map\", or the same key: "
               "\"%s\" from \"%s\" in its \"columns\"",
               parent->name, parent->target_key.items[0], parent->source_key.items[0]);
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
        json_fault(r, FAULT_ERROR, &at, "is \"%s\", and no entity has that name%s%s%s; name one that is in this file",
                   parent->entity, nearest == NULL ? "" : " (did you mean \"", nearest == NULL ? "" : nearest,
                   nearest == NULL ? "" : "\"?)");
        free(names);
        return;
    }
    named = entity_node(n, parent->index);
    rule_parent_key(r, &at, &m->entities[parent->index], &named);
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
mapping_entities_check(struct json_reader *r, const struct json_node *n, struct mapping *m)
{
    for (size_t i = 0; i < m->count; i++) {
        rule_name(r, n, m, i);
        rule_tables(r, n, m, i);
        rule_operations(r, n, m, i);
        if (m->entities[i].parent != NULL)
            rule_parent(r, n, m, i);
    }
    for (size_t i = 0; i < m->count; i++) {
        rule_cycle(r, n, m, i);
        rule_log_keys(r, n, m, i);
    }
}
