/*
 * mapping_check.c - the mapping against the catalogs of its databases: tables, keys, map, parent; see
 * dualwrite/mapping_check.h. Columns are mapping_columns.c, rights and row-level security mapping_rights.c.
 */
#include "dualwrite/mapping_check.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/mapping_columns.h"
#include "dualwrite/mapping_rights.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"

/* A trigger of ours hangs on the table that the mapping names, and fires for statements that name it. */
static void
check_children(const struct mapping_view *k, const char *place, const struct catalog_table *t)
{
    char *table;

    if (t == NULL || !t->has_children)
        return;
    table = mapping_shown_table(t);
    mapping_say(k, FAULT_WARNING, "children", place, "table",
                "names %s, which has partitions or inheriting tables: writes aimed at one of those are neither "
                "captured nor guarded; write to %s itself",
                table, table);
    free(table);
}

/* ---- keys ---- */

enum family { FAMILY_NONE, FAMILY_INTEGER, FAMILY_UUID, FAMILY_TEXT };

/* What events name rows by goes through text and back, in any session's settings. */
static enum family
family_of(const struct catalog_column *column)
{
    static const struct {
        const char *base;
        enum family family;
    } types[] = {{"int2", FAMILY_INTEGER}, {"int4", FAMILY_INTEGER}, {"int8", FAMILY_INTEGER}, {"uuid", FAMILY_UUID},
                 {"text", FAMILY_TEXT},    {"varchar", FAMILY_TEXT}, {"bpchar", FAMILY_TEXT}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(column->base, types[i].base) == 0)
            return types[i].family;
    return FAMILY_NONE;
}

static void
check_key_type(const struct mapping_view *k, const struct catalog_column *column, const char *place, const char *key)
{
    if (column == NULL)
        return;
    if (family_of(column) == FAMILY_NONE)
        mapping_say(k, FAULT_ERROR, "key", place, key,
                    "names column \"%s\" of type %s; rows are told apart by an integer, uuid or text", column->name,
                    column->shown_type);
    if (column->loose) /* events name rows as they are spelt: one that is spelt anew would become two */
        mapping_say(k, FAULT_ERROR, "key", place, key,
                    "names column \"%s\", whose collation calls different texts equal; rows are told apart by each "
                    "character",
                    column->name);
}

/* `column` holds or is compared with values of `other`; `also_text`: a text column can hold any of them. */
static void
check_comparable(const struct mapping_view *k, const struct catalog_column *column, const struct catalog_column *other,
                 bool also_text, const char *place, const char *key)
{
    enum family a = column == NULL ? FAMILY_NONE : family_of(column);
    enum family b = other == NULL ? FAMILY_NONE : family_of(other);

    if (a == FAMILY_NONE || b == FAMILY_NONE || a == b || (also_text && a == FAMILY_TEXT))
        return;
    mapping_say(k, FAULT_ERROR, "key", place, key,
                "names column \"%s\" of type %s, which is to match column \"%s\" of type %s; both must be integers, "
                "both uuids or both texts",
                column->name, column->shown_type, other->name, other->shown_type);
}

static void
check_key(const struct mapping_view *k, const struct catalog_table *t, const struct mapping_names *key,
          const char *place)
{
    for (size_t i = 0; i < key->count; i++) {
        struct buf at = {0};

        buf_printf(&at, "%s.key[%zu]", place, i);
        check_key_type(k, mapping_find_column(k, t, key->items[i], buf_text(&at), NULL), buf_text(&at), NULL);
        buf_free(&at);
    }
}

static bool
has_columns(const struct catalog_table *t, const struct mapping_names *key)
{
    for (size_t i = 0; i < key->count; i++)
        if (key->items[i] == NULL || catalog_column(t, key->items[i]) == NULL)
            return false;
    return true;
}

/* The columns as SQL names them: "a", "b". */
static char *
shown_key(const struct mapping_names *key)
{
    struct buf out = {0};

    for (size_t i = 0; i < key->count; i++) {
        buf_puts(&out, i == 0 ? "" : ", ");
        quote_ident(&out, key->items[i]);
    }
    return buf_steal(&out);
}

/* The index may be deferrable: rows are updated, and what is missing is inserted, without ON CONFLICT. */
static void
check_unique(const struct mapping_view *k, const struct catalog_table *t, const struct mapping_names *key,
             const char *place, enum fault_severity severity, const char *why)
{
    char *table;
    char *columns;

    if (t == NULL || !has_columns(t, key) || catalog_is_unique(t, key->items, key->count, severity == FAULT_WARNING))
        return;
    table = mapping_shown_table(t);
    columns = shown_key(key);
    mapping_say(k, severity, "key", place, NULL,
                "has no unique index that is not partial: %s; CREATE UNIQUE INDEX CONCURRENTLY ON %s (%s);", why, table,
                columns);
    free(table);
    free(columns);
}

/* The new row's key is taken before the row is written, so that the map can be written first. */
static void
check_reservable(const struct mapping_view *k)
{
    const struct catalog_column *column =
        k->target == NULL ? NULL : catalog_column(k->target, k->e->target_key.items[0]);
    const char *mend = "SET DEFAULT ...";
    struct buf name = {0};
    char *table;

    if (column == NULL || column->default_expr != NULL)
        return;
    if (family_of(column) == FAMILY_UUID)
        mend = "SET DEFAULT gen_random_uuid()";
    else if (family_of(column) == FAMILY_INTEGER)
        mend = "ADD GENERATED BY DEFAULT AS IDENTITY";
    quote_ident(&name, column->name);
    table = mapping_shown_table(k->target);
    mapping_say(k, FAULT_ERROR, "key", ".target.key[0]", NULL,
                "has no default, so no id can be reserved for a new row; ALTER TABLE %s ALTER COLUMN %s %s; and, where "
                "rows exist, set its sequence above them",
                table, buf_text(&name), mend);
    free(table);
    buf_free(&name);
}

/* ---- all of an entity ---- */

/* The map's columns that hold the source key: one name, or an array in the key's order. */
static void
check_map_keys(const struct mapping_view *k)
{
    const struct mapping_map *map = k->e->map;
    const struct catalog_column *target_key = mapping_find_writable(k, k->map, map->target_key, ".map", "target_key");

    for (size_t i = 0; i < map->source_key.count; i++) {
        struct buf at = {0};
        const char *key = map->source_key.count == 1 ? "source_key" : NULL;
        const struct catalog_column *column;

        buf_puts(&at, ".map");
        if (key == NULL)
            buf_printf(&at, ".source_key[%zu]", i);
        column = mapping_find_writable(k, k->map, map->source_key.items[i], buf_text(&at), key);
        if (k->source != NULL && i < k->e->source_key.count)
            check_comparable(k, column, catalog_column(k->source, k->e->source_key.items[i]), true, buf_text(&at), key);
        buf_free(&at);
    }
    if (k->target != NULL)
        check_comparable(k, target_key, catalog_column(k->target, k->e->target_key.items[0]), true, ".map",
                         "target_key");
}

static void
check_map(const struct mapping_view *k)
{
    const struct mapping_map *map = k->e->map;
    size_t nalso = map->source_key.count + 2;
    const char **also = xcalloc(nalso, sizeof *also);
    const struct catalog_column *verified;

    for (size_t i = 0; i < map->source_key.count; i++)
        also[i] = map->source_key.items[i];
    also[nalso - 2] = map->target_key;
    also[nalso - 1] = map->verified;
    check_map_keys(k);
    verified = mapping_find_writable(k, k->map, map->verified, ".map", "verified");
    if (verified != NULL && strcmp(verified->base, "bool") != 0)
        mapping_say(k, FAULT_ERROR, "type", ".map", "verified",
                    "names column \"%s\" of type %s; name a boolean one, or leave it out", verified->name,
                    verified->shown_type);
    mapping_check_columns(k, k->map, &map->columns, ".map.columns");
    mapping_check_unmapped(k, k->map, &map->columns, also, nalso, ".map.columns");
    check_unique(k, k->map, &map->source_key, ".map.source_key", FAULT_WARNING,
                 "two rows for one source row would go unnoticed");
    check_reservable(k);
    free(also);
}

/* The parent's target key goes into target_column: from its map, else it is the child's own column. */
static void
check_parent(const struct mapping_view *k)
{
    const struct mapping_parent *parent = k->e->parent;
    const struct mapping_entity *up = &k->m->entities[parent->index];
    const struct catalog_table *source = catalog_table(k->c->vnext, up->source.schema, up->source.name);
    const struct catalog_table *target = catalog_table(k->c->legacy, up->target.schema, up->target.name);
    const struct catalog_column *from = mapping_find_column(k, k->source, parent->column, ".parent", "column");
    const struct catalog_column *to =
        mapping_find_writable(k, k->target, parent->target_column, ".parent", "target_column");

    check_key_type(k, from, ".parent", "column");
    if (source != NULL && up->source_key.count == 1)
        check_comparable(k, from, catalog_column(source, up->source_key.items[0]), false, ".parent", "column");
    if (target != NULL)
        check_comparable(k, to, catalog_column(target, up->target_key.items[0]), false, ".parent", "target_column");
    if (up->map == NULL)
        mapping_check_type(k, from, to, ".parent", "target_column");
}

/* Without a map the source columns that give the target key travel with an event, as text. */
static void
check_identity(const struct mapping_view *k)
{
    const struct mapping_names *identity = &k->e->identity;

    for (size_t i = 0; k->source != NULL && k->e->map == NULL && i < identity->count; i++) {
        const struct catalog_column *column =
            identity->items[i] == NULL ? NULL : catalog_column(k->source, identity->items[i]);
        struct buf at = {0};

        buf_printf(&at, ".target.key[%zu]", i);
        if (k->e->parent == NULL || identity->items[i] == NULL ||
            strcmp(identity->items[i], k->e->parent->column) != 0) /* that one is said at the parent */
            check_key_type(k, column, buf_text(&at), NULL);
        buf_free(&at);
    }
}

static void
check_target(const struct mapping_view *k)
{
    const struct mapping_entity *e = k->e;
    const char *const also[] = {e->map != NULL ? e->target_key.items[0] : NULL,
                                e->parent != NULL ? e->parent->target_column : NULL};

    check_key(k, k->target, &e->target_key, ".target");
    check_identity(k);
    if (e->parent != NULL)
        check_parent(k);
    mapping_check_columns(k, k->target, &e->columns, ".columns");
    for (size_t i = 0; i < e->removal.set.count; i++) {
        const struct mapping_column *mc = &e->removal.set.items[i];
        const struct catalog_column *column = k->target == NULL ? NULL : catalog_column(k->target, mc->name);

        if (column != NULL) /* said at "columns" otherwise */
            mapping_check_null(k, column, mc, ".removal.set");
    }
    mapping_check_unmapped(k, k->target, &e->columns, also, 2, ".columns");
    check_unique(k, k->target, &e->target_key, ".target.key", FAULT_ERROR,
                 "one on exactly these columns is needed, or a row could be taken for another");
}

/* A rule by NULL says nothing about a column that cannot be NULL, or that no row is there. */
static void
check_present(const struct mapping_view *k)
{
    const struct mapping_present *p = &k->e->present;
    const struct catalog_column *column = mapping_find_column(k, k->source, p->column, ".present", "column");

    if (column == NULL || !column->not_null)
        return;
    if (p->kind == PRESENT_NULL)
        mapping_say(k, FAULT_ERROR, "present", ".present", "null",
                    "is true, but column \"%s\" is NOT NULL: no row would ever be present, and every legacy row would "
                    "be removed; name another column, or leave \"present\" out",
                    column->name);
    else if (p->kind == PRESENT_NOT_NULL)
        mapping_say(k, FAULT_WARNING, "present", ".present", "null",
                    "is false, but column \"%s\" is NOT NULL: every row is present; leave \"present\" out",
                    column->name);
}

static void
check_source(const struct mapping_view *k)
{
    const struct mapping_entity *e = k->e;

    check_key(k, k->source, &e->source_key, ".source");
    check_unique(k, k->source, &e->source_key, ".source.key", FAULT_WARNING,
                 "rows with the same key would be taken for one");
    check_present(k);
    mapping_find_column(k, k->source, e->latest_by, "", "latest_by");
    if (k->source != NULL && k->source == k->target) /* with two databases they are of two catalogs */
        mapping_say(k, FAULT_ERROR, "table", ".target", "table",
                    "names the source table; a table cannot be kept in step with itself");
}

void
mapping_check(const char *file, const struct mapping *m, const struct catalogs *c, bool for_install,
              struct faults *faults)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];
        struct mapping_view k = {.file = file, .m = m, .e = e, .c = c, .faults = faults};

        k.source = mapping_find_table(&k, DATABASE_VNEXT, ".source", &e->source);
        k.target = mapping_find_table(&k, DATABASE_LEGACY, ".target", &e->target);
        check_children(&k, ".source", k.source);
        check_children(&k, ".target", k.target);
        if (e->map != NULL)
            k.map = mapping_find_table(&k, DATABASE_VNEXT, ".map", &e->map->table);
        check_source(&k);
        check_target(&k);
        if (e->map != NULL)
            check_map(&k);
        mapping_rights(file, e, c, for_install, faults);
    }
}
