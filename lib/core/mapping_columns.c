/*
 * mapping_columns.c - an entity's columns against the catalog; see dualwrite/mapping_columns.h. Tables, keys and parents
 * are mapping_check.c, rights mapping_rights.c.
 */
#include "dualwrite/mapping_columns.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/expression.h"
#include "dualwrite/json_node.h"
#include "dualwrite/lossless.h"
#include "dualwrite/quote.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

void
mapping_say(const struct mapping_view *k, enum fault_severity severity, const char *kind, const char *place,
            const char *key, const char *fmt, ...)
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
    faults_kind(k->faults, kind);
    buf_free(&where);
    buf_free(&text);
}

static char *
shown(const char *schema, const char *name)
{
    struct buf out = {0};

    quote_qualified(&out, schema, name);
    return buf_steal(&out);
}

char *
mapping_shown_table(const struct catalog_table *t)
{
    return shown(t->schema, t->name);
}

/* ---- tables ---- */

/* The tables that were looked for in one database, each once. */
struct looked_for {
    const struct catalog *c;
    struct buf found, missing;
};

static void
list_table(struct looked_for *l, const struct mapping_table *t)
{
    const struct catalog_table *ct = catalog_table(l->c, t->schema, t->name);
    struct buf *list = ct != NULL && ct->exists ? &l->found : &l->missing;
    char *name = shown(t->schema, t->name);

    if (strstr(buf_text(list), name) == NULL) /* a table may have several parts in the mapping */
        buf_printf(list, "%s%s", list->len == 0 ? "" : ", ", name);
    free(name);
}

static void
list_lookups(struct looked_for *l, const struct mapping_columns *columns, bool vnext, bool legacy)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct mapping_lookup *lookup = columns->items[i].value.lookup;

        if (lookup != NULL && (lookup->legacy ? legacy : vnext))
            list_table(l, &lookup->table);
    }
}

static struct looked_for
looked_for(const struct mapping_view *k, enum database side)
{
    struct looked_for l = {.c = catalog_of_side(k->c, side)};
    bool one = k->c->vnext == k->c->legacy;
    bool vnext = one || side == DATABASE_VNEXT;
    bool legacy = one || side == DATABASE_LEGACY;

    for (size_t i = 0; i < k->m->count; i++) {
        const struct mapping_entity *e = &k->m->entities[i];

        if (vnext)
            list_table(&l, &e->source);
        if (legacy)
            list_table(&l, &e->target);
        if (vnext && e->map != NULL)
            list_table(&l, &e->map->table);
        list_lookups(&l, &e->columns, vnext, legacy);
        if (e->map != NULL)
            list_lookups(&l, &e->map->columns, vnext, legacy);
    }
    return l;
}

const struct catalog_table *
mapping_find_table(const struct mapping_view *k, enum database side, const char *place, const struct mapping_table *t)
{
    const struct catalog_table *ct = catalog_table(catalog_of_side(k->c, side), t->schema, t->name);
    char *name = shown(t->schema, t->name);

    if (ct == NULL || !ct->exists) {
        struct looked_for l = looked_for(k, side);

        mapping_say(k, FAULT_ERROR, "table", place, "table",
                    "names table %s, which does not exist in %s; correct \"table\" or \"schema\", or connect to the "
                    "right database (of the tables looked for there, found: %s; not found: %s)",
                    name,
                    k->c->vnext == k->c->legacy ? "this database"
                    : side == DATABASE_VNEXT    ? "the vNext database (DUALWRITE_DATABASE_URL)"
                                                : "the legacy database (DUALWRITE_LEGACY_DATABASE_URL)",
                    l.found.len == 0 ? "none" : buf_text(&l.found), buf_text(&l.missing));
        buf_free(&l.found);
        buf_free(&l.missing);
        ct = NULL;
    } else if (!ct->plain) {
        mapping_say(k, FAULT_ERROR, "table", place, "table",
                    "names %s, which is a view or foreign table; name the table behind it", name);
        ct = NULL;
    }
    free(name);
    return ct;
}

/* ---- columns ---- */

const struct catalog_column *
mapping_find_column(const struct mapping_view *k, const struct catalog_table *t, const char *name, const char *place,
                    const char *key)
{
    const struct catalog_column *column = t == NULL || name == NULL ? NULL : catalog_column(t, name);
    const char **names;
    const char *nearest;
    struct buf list = {0};
    char *table;

    if (t == NULL || name == NULL || column != NULL)
        return column;
    names = xcalloc(t->ncolumns, sizeof *names);
    for (size_t i = 0; i < t->ncolumns; i++) {
        names[i] = t->columns[i].name;
        buf_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    nearest = suggest_nearest(name, names, t->ncolumns);
    table = mapping_shown_table(t);
    mapping_say(k, FAULT_ERROR, "column", place, key,
                "names column \"%s\", which table %s does not have%s%s%s; its columns are: %s", name, table,
                nearest == NULL ? "" : " (did you mean \"", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "\"?)", buf_text(&list));
    free(table);
    free(names);
    buf_free(&list);
    return NULL;
}

const struct catalog_column *
mapping_find_writable(const struct mapping_view *k, const struct catalog_table *t, const char *name, const char *place,
                      const char *key)
{
    const struct catalog_column *column = mapping_find_column(k, t, name, place, key);

    if (column != NULL && column->generated)
        mapping_say(k, FAULT_ERROR, "column", place, key,
                    "names column \"%s\", which the database generates and nobody can write; leave it out", name);
    return column;
}

void
mapping_check_type(const struct mapping_view *k, const struct catalog_column *from, const struct catalog_column *to,
                   const char *place, const char *key)
{
    if (from == NULL || to == NULL || lossless(from, to))
        return;
    mapping_say(k, FAULT_ERROR, "type", place, key,
                "puts column \"%s\" of type %s into one of type %s, which may cut or change the value; write an "
                "expression if you mean it",
                from->name, from->shown_type, to->shown_type);
}

void
mapping_check_null(const struct mapping_view *k, const struct catalog_column *column, const struct mapping_column *mc,
                   const char *place)
{
    const struct mapping_value *v = &mc->value;
    bool null = (v->kind == VALUE_CONSTANT && v->text == NULL) || (v->has_otherwise && v->otherwise == NULL);

    for (size_t i = 0; i < v->nvalues; i++)
        null = null || v->values[i].to == NULL;
    if (null && column->not_null)
        mapping_say(k, FAULT_ERROR, "null", place, mc->name,
                    "gives null to column \"%s\", which is NOT NULL; give it another value", mc->name);
}

/* The column that the value comes from when it is a plain one; NULL when there is none, or with its fault said. */
static const struct catalog_column *
plain_column(const struct mapping_view *k, const struct mapping_column *mc, const char *place)
{
    if (mc->value.kind == VALUE_COLUMN)
        return mapping_find_column(k, k->source, mc->value.text, place, mc->name);
    if (mc->value.kind == VALUE_TARGET_COLUMN && k->target != NULL)
        return catalog_column(k->target, mc->value.text); /* not there: said at "columns" */
    return NULL;
}

/* ---- lookups ---- */

static void
check_lookup_key(const struct mapping_view *k, const struct catalog_table *t, const char *key, const char *place)
{
    struct buf column = {0};
    char *table;

    if (catalog_is_unique(t, (char *const[]){(char *) key}, 1, false))
        return;
    table = mapping_shown_table(t);
    quote_ident(&column, key);
    mapping_say(k, FAULT_ERROR, "lookup", place, "key",
                "names column \"%s\", which has no unique index that is not partial: which of several rows is meant "
                "would be left to chance; CREATE UNIQUE INDEX CONCURRENTLY ON %s (%s);",
                key, table, buf_text(&column));
    free(table);
    buf_free(&column);
}

static void
check_lookup(const struct mapping_view *k, const struct mapping_column *mc, const struct catalog_column *from,
             const struct catalog_column *to, const char *place)
{
    const struct mapping_lookup *l = mc->value.lookup;
    const struct catalog_table *t;
    const struct catalog_column *key;
    struct buf at = {0};

    buf_puts(&at, place);
    json_path_key(&at, mc->name);
    buf_puts(&at, ".lookup");
    t = mapping_find_table(k, l->legacy ? DATABASE_LEGACY : DATABASE_VNEXT, buf_text(&at), &l->table);
    key = mapping_find_column(k, t, l->key, buf_text(&at), "key");
    if (key != NULL)
        check_lookup_key(k, t, l->key, buf_text(&at));
    mapping_check_type(k, from, key, buf_text(&at), "key");
    mapping_check_type(k, mapping_find_column(k, t, l->value, buf_text(&at), "value"), to, buf_text(&at), "value");
    buf_free(&at);
}

/* ---- unique ---- */

/* Whether some unique index, also a partial one or one on an expression, has to do with the column. */
static bool
is_covered(const struct catalog_table *t, const char *name)
{
    for (size_t i = 0; i < t->nuniques; i++) {
        const struct catalog_unique *u = &t->uniques[i];

        for (size_t j = 0; j < u->count; j++)
            if (strcmp(u->columns[j], name) == 0)
                return true;
        if (u->expressions != NULL && expression_reads(u->expressions, name))
            return true;
    }
    return false;
}

static void
check_unique_rule(const struct mapping_view *k, const struct catalog_table *t, const struct catalog_column *column,
                  const struct mapping_column *mc, const char *place)
{
    const char *rule = mc->value.unique == UNIQUE_SUFFIX ? "suffix" : "truncate";
    struct buf at = {0};
    char *table;

    if (mc->value.unique == UNIQUE_FAIL)
        return;
    buf_puts(&at, place);
    json_path_key(&at, mc->name);
    if (mc->value.truncate == 0 && column->length == 0)
        mapping_say(k, FAULT_ERROR, "unique", buf_text(&at), "unique",
                    "is \"%s\", but nothing says how long a value may be, because type %s has no length; give "
                    "\"truncate\"",
                    rule, column->shown_type);
    if (!is_covered(t, column->name)) {
        table = mapping_shown_table(t);
        mapping_say(k, FAULT_WARNING, "unique", buf_text(&at), "unique",
                    "is \"%s\", but no unique index of table %s covers column \"%s\"; leave \"unique\" out, or write "
                    "it where the index is",
                    rule, table, column->name);
        free(table);
    }
    buf_free(&at);
}

/* ---- all of them ---- */

void
mapping_check_columns(const struct mapping_view *k, const struct catalog_table *t,
                      const struct mapping_columns *columns, const char *place)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct mapping_column *mc = &columns->items[i];
        const struct mapping_value *v = &mc->value;
        const struct catalog_column *to = mapping_find_writable(k, t, mc->name, place, mc->name);
        const struct catalog_column *from = plain_column(k, mc, place);

        if (to != NULL) {
            mapping_check_null(k, to, mc, place);
            check_unique_rule(k, t, to, mc, place);
        }
        if (v->lookup != NULL)
            check_lookup(k, mc, from, to, place);
        else if (v->nvalues == 0 && !v->has_otherwise && v->truncate == 0)
            mapping_check_type(k, from, to, place, mc->name);
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

void
mapping_check_unmapped(const struct mapping_view *k, const struct catalog_table *t,
                       const struct mapping_columns *columns, const char *const *also, size_t nalso, const char *place)
{
    struct buf names = {0};
    struct buf paste = {0};
    char *table;

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
        table = mapping_shown_table(t);
        mapping_say(k, FAULT_ERROR, "not-null", place, NULL,
                    "leaves out what table %s cannot do without (NOT NULL, no default): %s; add to columns: %s", table,
                    buf_text(&names), buf_text(&paste));
        free(table);
    }
    buf_free(&names);
    buf_free(&paste);
}
