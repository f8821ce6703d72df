/*
 * mapping_check.c - the mapping against the database's catalog: tables, columns, keys; see dualwrite/mapping_check.h.
 * Rights and row-level security are mapping_rights.c.
 */
#include "dualwrite/mapping_check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/json_node.h"
#include "dualwrite/lossless.h"
#include "dualwrite/mapping_rights.h"
#include "dualwrite/quote.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

/* The entity under inspection and its tables; a table that is missing or not usable is NULL, its fault said. */
struct check {
    const char *file;
    const struct mapping *m;
    const struct mapping_entity *e;
    const struct catalog *c;
    struct faults *faults;
    const struct catalog_table *source;
    const struct catalog_table *target;
    const struct catalog_table *map;
};

static void say(const struct check *k, enum fault_severity severity, const char *place, const char *key,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A fault at $.entities[..] and `place` (like ".map.columns"), and at `key` in it when that is not NULL. */
static void
say(const struct check *k, enum fault_severity severity, const char *place, const char *key, const char *fmt, ...)
{
    struct buf where = {0};
    struct buf text = {0};
    va_list ap;

    buf_printf(&where, "%s: $.entities[%zu]%s", k->file, k->e->position, place);
    if (key != NULL)
        json_path_key(&where, key);
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    faults_add(k->faults, severity, buf_text(&where), "%s", buf_text(&text));
    buf_free(&where);
    buf_free(&text);
}

static char *
shown_table(const char *schema, const char *name)
{
    struct buf out = {0};

    quote_qualified(&out, schema, name);
    return buf_steal(&out);
}

/* ---- tables ---- */

static void
list_table(const struct check *k, const struct mapping_table *t, struct buf *found, struct buf *missing)
{
    const struct catalog_table *ct = catalog_table(k->c, t->schema, t->name);
    struct buf *list = ct != NULL && ct->exists ? found : missing;
    char *shown = shown_table(t->schema, t->name);

    if (strstr(buf_text(list), shown) == NULL) /* a table may have several parts in the mapping */
        buf_printf(list, "%s%s", list->len == 0 ? "" : ", ", shown);
    free(shown);
}

/* The table when it can be used. */
static const struct catalog_table *
find_table(const struct check *k, const char *place, const struct mapping_table *t)
{
    const struct catalog_table *ct = catalog_table(k->c, t->schema, t->name);
    char *shown = shown_table(t->schema, t->name);
    struct buf found = {0};
    struct buf missing = {0};

    if (ct == NULL || !ct->exists) {
        for (size_t i = 0; i < k->m->count; i++) {
            const struct mapping_entity *e = &k->m->entities[i];

            list_table(k, &e->source, &found, &missing);
            list_table(k, &e->target, &found, &missing);
            if (e->map != NULL)
                list_table(k, &e->map->table, &found, &missing);
        }
        say(k, FAULT_ERROR, place, "table",
            "names table %s, which does not exist in this database; correct \"table\" or \"schema\", or connect to the "
            "right database (of the tables looked for, found: %s; not found: %s)",
            shown, found.len == 0 ? "none" : buf_text(&found), buf_text(&missing));
        ct = NULL;
    } else if (!ct->plain) {
        say(k, FAULT_ERROR, place, "table", "names %s, which is a view or foreign table; name the table behind it",
            shown);
        ct = NULL;
    }
    buf_free(&found);
    buf_free(&missing);
    free(shown);
    return ct;
}

/* A trigger of ours hangs on the table that the mapping names, and fires for statements that name it. */
static void
check_children(const struct check *k, const char *place, const struct catalog_table *t)
{
    char *shown;

    if (t == NULL || !t->has_children)
        return;
    shown = shown_table(t->schema, t->name);
    say(k, FAULT_WARNING, place, "table",
        "names %s, which has partitions or inheriting tables: writes aimed at one of those are neither captured nor "
        "guarded; write to %s itself",
        shown, shown);
    free(shown);
}

/* ---- columns ---- */

/* The column; NULL with a fault when the table has none of that name, or without when there is no table. */
static const struct catalog_column *
find_column(const struct check *k, const struct catalog_table *t, const char *name, const char *place, const char *key)
{
    const struct catalog_column *column = t == NULL || name == NULL ? NULL : catalog_column(t, name);
    const char **names;
    const char *nearest;
    struct buf list = {0};
    char *shown;

    if (t == NULL || name == NULL || column != NULL)
        return column;
    names = xcalloc(t->ncolumns, sizeof *names);
    for (size_t i = 0; i < t->ncolumns; i++) {
        names[i] = t->columns[i].name;
        buf_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    nearest = suggest_nearest(name, names, t->ncolumns);
    shown = shown_table(t->schema, t->name);
    say(k, FAULT_ERROR, place, key, "names column \"%s\", which table %s does not have%s%s%s; its columns are: %s",
        name, shown, nearest == NULL ? "" : " (did you mean \"", nearest == NULL ? "" : nearest,
        nearest == NULL ? "" : "\"?)", buf_text(&list));
    free(shown);
    free(names);
    buf_free(&list);
    return NULL;
}

/* find_column(), for one that is going to be written. */
static const struct catalog_column *
find_writable(const struct check *k, const struct catalog_table *t, const char *name, const char *place,
              const char *key)
{
    const struct catalog_column *column = find_column(k, t, name, place, key);

    if (column != NULL && column->generated)
        say(k, FAULT_ERROR, place, key,
            "names column \"%s\", which the database generates and nobody can write; leave it out", name);
    return column;
}

/* What a value gives where the column does not take NULL. */
static void
check_null(const struct check *k, const struct catalog_column *column, const struct mapping_column *mc,
           const char *place)
{
    const struct mapping_value *v = &mc->value;
    bool null = (v->kind == VALUE_CONSTANT && v->text == NULL) || (v->has_otherwise && v->otherwise == NULL);

    for (size_t i = 0; i < v->nvalues; i++)
        null = null || v->values[i].to == NULL;
    if (null && column->not_null)
        say(k, FAULT_ERROR, place, mc->name, "gives null to column \"%s\", which is NOT NULL; give it another value",
            mc->name);
}

/* What events name rows by goes through text and back, in any session's settings. */
static void
check_key_type(const struct check *k, const struct catalog_column *column, const char *place, const char *key)
{
    static const char *const types[] = {"int2", "int4", "int8", "uuid", "text", "varchar", "bpchar"};

    for (size_t i = 0; column != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(column->base, types[i]) == 0)
            return;
    if (column != NULL)
        say(k, FAULT_ERROR, place, key,
            "names column \"%s\" of type %s; rows are told apart by an integer, uuid or text", column->name,
            column->shown_type);
}

static void
check_value_type(const struct check *k, const struct mapping_column *mc, const struct catalog_column *from,
                 const struct catalog_column *to, const char *place)
{
    const struct mapping_value *v = &mc->value;

    if (from == NULL || to == NULL || v->nvalues > 0 || v->has_otherwise || v->truncate > 0 || lossless(from, to))
        return;
    say(k, FAULT_ERROR, place, mc->name,
        "puts column \"%s\" of type %s into one of type %s, which may cut or change the value; write an expression if "
        "you mean it",
        from->name, from->shown_type, to->shown_type);
}

static void
check_columns(const struct check *k, const struct catalog_table *t, const struct mapping_columns *columns,
              const char *place)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct mapping_column *mc = &columns->items[i];
        const struct catalog_column *column = find_writable(k, t, mc->name, place, mc->name);

        if (column != NULL)
            check_null(k, column, mc, place);
        if (mc->value.kind == VALUE_COLUMN)
            check_value_type(k, mc, find_column(k, k->source, mc->value.text, place, mc->name), column, place);
    }
}

static void
check_key(const struct check *k, const struct catalog_table *t, const struct mapping_names *key, const char *place)
{
    for (size_t i = 0; i < key->count; i++) {
        struct buf at = {0};

        buf_printf(&at, "%s.key[%zu]", place, i);
        check_key_type(k, find_column(k, t, key->items[i], buf_text(&at), NULL), buf_text(&at), NULL);
        buf_free(&at);
    }
}

/* A form to fill in that the column's type takes. */
static const char *
sample_value(const struct catalog_column *column)
{
    const char *type = column->shown_type == NULL ? "" : column->shown_type;

    if (strncmp(type, "timestamp", strlen("timestamp")) == 0 || strcmp(type, "date") == 0)
        return "{\"now\": true}";
    if (strcmp(type, "boolean") == 0)
        return "{\"constant\": false}";
    return "{\"constant\": \"...\"}";
}

/* Columns that no new row can do without and that nothing writes: all in one fault, with what to paste. */
static void
check_unmapped(const struct check *k, const struct catalog_table *t, const struct mapping_columns *columns,
               const char *const *also, size_t nalso, const char *place)
{
    struct buf names = {0};
    struct buf paste = {0};
    char *shown;

    if (t == NULL)
        return;
    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct catalog_column *column = &t->columns[i];
        bool written = mapping_column(columns, column->name) != NULL;

        for (size_t j = 0; j < nalso; j++)
            written = written || (also[j] != NULL && strcmp(also[j], column->name) == 0);
        if (written || !column->not_null || column->generated || column->default_expr != NULL)
            continue;
        buf_printf(&names, "%s%s", names.len == 0 ? "" : ", ", column->name);
        buf_puts(&paste, paste.len == 0 ? "" : ", ");
        json_quote(&paste, column->name);
        buf_printf(&paste, ": %s", sample_value(column));
    }
    if (names.len > 0) {
        shown = shown_table(t->schema, t->name);
        say(k, FAULT_ERROR, place, NULL,
            "leaves out what table %s cannot do without (NOT NULL, no default): %s; add to columns: %s", shown,
            buf_text(&names), buf_text(&paste));
        free(shown);
    }
    buf_free(&names);
    buf_free(&paste);
}

/* ---- keys ---- */

static bool
holds(const struct mapping_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

/* A unique index on exactly these columns that ON CONFLICT can use; `any`: one that makes them unique in any way. */
static bool
is_unique(const struct catalog_table *t, const struct mapping_names *key, bool any)
{
    for (size_t i = 0; i < t->nuniques; i++) {
        const struct catalog_unique *u = &t->uniques[i];
        size_t held = 0;

        for (size_t j = 0; j < u->count; j++)
            held += holds(key, u->columns[j]);
        if (held == u->count && (any || (u->usable && u->count == key->count)))
            return true;
    }
    return false;
}

static bool
has_columns(const struct catalog_table *t, const struct mapping_names *key)
{
    for (size_t i = 0; i < key->count; i++)
        if (catalog_column(t, key->items[i]) == NULL)
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

static void
check_unique(const struct check *k, const struct catalog_table *t, const struct mapping_names *key, const char *place,
             enum fault_severity severity, const char *why)
{
    char *table;
    char *columns;

    if (t == NULL || !has_columns(t, key) || is_unique(t, key, severity == FAULT_WARNING))
        return;
    table = shown_table(t->schema, t->name);
    columns = shown_key(key);
    say(k, severity, place, NULL,
        "has no unique index that is neither partial nor deferrable: %s; "
        "CREATE UNIQUE INDEX CONCURRENTLY ON %s (%s);",
        why, table, columns);
    free(table);
    free(columns);
}

/* The new row's key is taken before the row is written, so that the map can be written first. */
static void
check_reservable(const struct check *k)
{
    const struct catalog_column *column =
        k->target == NULL ? NULL : catalog_column(k->target, k->e->target_key.items[0]);
    const char *type;
    const char *mend = "SET DEFAULT ...";
    struct buf name = {0};
    char *table;

    if (column == NULL || column->default_expr != NULL)
        return;
    type = column->shown_type == NULL ? "" : column->shown_type;
    if (strcmp(type, "uuid") == 0)
        mend = "SET DEFAULT gen_random_uuid()";
    else if (strcmp(type, "integer") == 0 || strcmp(type, "bigint") == 0 || strcmp(type, "smallint") == 0)
        mend = "ADD GENERATED BY DEFAULT AS IDENTITY";
    quote_ident(&name, column->name);
    table = shown_table(k->target->schema, k->target->name);
    say(k, FAULT_ERROR, ".target.key[0]", NULL,
        "has no default, so no id can be reserved for a new row; ALTER TABLE %s ALTER COLUMN %s %s; and, where rows "
        "exist, set its sequence above them",
        table, buf_text(&name), mend);
    free(table);
    buf_free(&name);
}

/* ---- all of an entity ---- */

static void
check_map(const struct check *k)
{
    const struct mapping_map *map = k->e->map;
    const char *const also[] = {map->source_key.items[0], map->target_key, map->verified};
    const struct catalog_column *verified;

    find_writable(k, k->map, map->source_key.items[0], ".map", "source_key");
    find_writable(k, k->map, map->target_key, ".map", "target_key");
    verified = find_writable(k, k->map, map->verified, ".map", "verified");
    if (verified != NULL && verified->shown_type != NULL && strcmp(verified->shown_type, "boolean") != 0)
        say(k, FAULT_ERROR, ".map", "verified", "names column \"%s\" of type %s; name a boolean one, or leave it out",
            verified->name, verified->shown_type);
    check_columns(k, k->map, &map->columns, ".map.columns");
    check_unmapped(k, k->map, &map->columns, also, sizeof also / sizeof also[0], ".map.columns");
    check_unique(k, k->map, &map->source_key, ".map.source_key", FAULT_WARNING,
                 "two rows for one source row would go unnoticed");
    check_reservable(k);
}

static void
check_target(const struct check *k)
{
    const struct mapping_entity *e = k->e;
    const char *const also[] = {e->map != NULL ? e->target_key.items[0] : NULL,
                                e->parent != NULL ? e->parent->target_column : NULL};

    check_key(k, k->target, &e->target_key, ".target");
    if (e->parent != NULL) {
        check_key_type(k, find_column(k, k->source, e->parent->column, ".parent", "column"), ".parent", "column");
        find_writable(k, k->target, e->parent->target_column, ".parent", "target_column");
    }
    check_columns(k, k->target, &e->columns, ".columns");
    for (size_t i = 0; i < e->removal.set.count; i++) {
        const struct mapping_column *mc = &e->removal.set.items[i];
        const struct catalog_column *column = k->target == NULL ? NULL : catalog_column(k->target, mc->name);

        if (column != NULL) /* said at "columns" otherwise */
            check_null(k, column, mc, ".removal.set");
    }
    check_unmapped(k, k->target, &e->columns, also, 2, ".columns");
    check_unique(k, k->target, &e->target_key, ".target.key", FAULT_ERROR,
                 "ON CONFLICT needs one on exactly these columns");
}

static void
check_source(const struct check *k)
{
    const struct mapping_entity *e = k->e;

    check_key(k, k->source, &e->source_key, ".source");
    check_unique(k, k->source, &e->source_key, ".source.key", FAULT_WARNING,
                 "rows with the same key would be taken "
                 "for one");
    find_column(k, k->source, e->present.column, ".present", "column");
    find_column(k, k->source, e->latest_by, "", "latest_by");
    if (k->source != NULL && k->source == k->target)
        say(k, FAULT_ERROR, ".target", "table", "names the source table; a table cannot be kept in step with itself");
}

void
mapping_check(const char *file, const struct mapping *m, const struct catalogs *both, bool for_install,
              struct faults *faults)
{
    struct catalog merged = {.role = both->vnext->role};
    const struct catalog *c = both->vnext;

    if (both->legacy != both->vnext) {
        merged.tables = xcalloc(both->vnext->count + both->legacy->count, sizeof *merged.tables);
        memcpy(merged.tables, both->legacy->tables, both->legacy->count * sizeof *merged.tables);
        memcpy(merged.tables + both->legacy->count, both->vnext->tables, both->vnext->count * sizeof *merged.tables);
        merged.count = both->vnext->count + both->legacy->count;
        c = &merged;
    }

    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];
        struct check k = {.file = file, .m = m, .e = e, .c = c, .faults = faults};

        k.source = find_table(&k, ".source", &e->source);
        k.target = find_table(&k, ".target", &e->target);
        check_children(&k, ".source", k.source);
        check_children(&k, ".target", k.target);
        if (e->map != NULL)
            k.map = find_table(&k, ".map", &e->map->table);
        check_source(&k);
        check_target(&k);
        if (e->map != NULL)
            check_map(&k);
        mapping_rights(file, e, c, for_install, faults);
    }
}
