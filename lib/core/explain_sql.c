/* explain_sql.c - the statements of `explain`; see dualwrite/explain_sql.h. */
#include "dualwrite/explain_sql.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"

/* ALIAS."a"::text, ALIAS."b"::text */
static char *
texts(const struct mapping_names *names, const char *alias)
{
    struct buf out = {0};

    for (size_t i = 0; i < names->count; i++) {
        gen_comma(&out);
        buf_printf(&out, "%s.", alias);
        quote_ident(&out, names->items[i]);
        buf_puts(&out, "::pg_catalog.text");
    }
    return buf_steal(&out);
}

/* ALIAS."a" = $1::type AND ..., the types being those of `table`. */
static char *
matches(const struct mapping_names *names, const char *alias, const struct catalog_table *table)
{
    struct buf out = {0};

    for (size_t i = 0; i < names->count; i++) {
        buf_printf(&out, "%s%s.", i == 0 ? "" : " AND ", alias);
        quote_ident(&out, names->items[i]);
        buf_printf(&out, " = $%zu::%s", i + 1, catalog_column(table, names->items[i])->type);
    }
    return buf_steal(&out);
}

char *
explain_key_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = {0};
    struct buf keys = {0}, wanted = {0}, match = {0};

    for (size_t i = 0; i < e->source_key.count; i++) {
        gen_comma(&keys);
        buf_printf(&keys, "w.k%zu::pg_catalog.text", i);
        gen_comma(&wanted);
        buf_printf(&wanted, "$%zu::%s AS k%zu", i + 1, catalog_column(g.source, e->source_key.items[i])->type, i);
        buf_puts(&match, i == 0 ? "source." : " AND source.");
        quote_ident(&match, e->source_key.items[i]);
        buf_printf(&match, " = w.k%zu", i);
    }
    fragments_take(&f, "keys", buf_steal(&keys));
    fragments_take(&f, "wanted", buf_steal(&wanted));
    fragments_take(&f, "match", buf_steal(&match));
    fragments_take(&f, "identity", texts(&e->identity, "source"));
    gen_set_ident(&f, "first_key", e->source_key.items[0]);
    gen_set_table(&f, "source", &e->source);
    return gen_fill(sql_explain_key, &f);
}

char *
explain_rows_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = {0};
    struct buf order = {0};

    for (size_t i = 0; i < e->source_key.count; i++) {
        buf_puts(&order, i == 0 ? "source." : ", source.");
        quote_ident(&order, e->source_key.items[i]);
    }
    fragments_take(&f, "keys", texts(&e->source_key, "source"));
    fragments_take(&f, "match", matches(&e->identity, "source", g.source));
    fragments_take(&f, "order", buf_steal(&order));
    gen_set_table(&f, "source", &e->source);
    return gen_fill(sql_explain_rows, &f);
}

/* The column of the source that target column `name` is a plain copy of; NULL when it is more than that. */
static const char *
plain_source(const struct mapping_entity *e, const char *name)
{
    const struct mapping_value *v = mapping_column(&e->columns, name);

    return v != NULL && v->kind == VALUE_COLUMN && v->nvalues == 0 && v->lookup == NULL && v->truncate == 0 ? v->text
                                                                                                            : NULL;
}

char *
explain_owner_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e, const char **why)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = {0};
    struct buf identity = {0}, from = {0};

    if (e->map != NULL) {
        const struct mapping_names key = {&e->map->target_key, 1};
        char *is = matches(&key, "m", g.map);

        fragments_take(&f, "identity", texts(&e->map->source_key, "m"));
        buf_puts(&from, "\nFROM ");
        sql_table(&from, &e->map->table);
        buf_printf(&from, " m WHERE %s", is);
        fragments_take(&f, "from", buf_steal(&from));
        free(is);
        return gen_fill(sql_explain_owner, &f);
    }
    for (size_t i = 0; i < e->target_key.count; i++) {
        const char *name = e->target_key.items[i];
        const bool parents = e->parent != NULL && strcmp(name, e->parent->target_column) == 0;
        const char *column = parents ? e->parent->column : plain_source(e, name);

        if (column == NULL) {
            *why = name;
            buf_free(&identity);
            buf_free(&from);
            return NULL;
        }
        gen_comma(&identity);
        if (parents && g.parent->map != NULL) {
            const struct mapping_map *map = g.parent->map;
            const struct catalog_table *table = catalog_table(c->vnext, map->table.schema, map->table.name);

            buf_puts(&from, "\nFROM ");
            sql_table(&from, &map->table);
            buf_puts(&from, " p WHERE p.");
            quote_ident(&from, map->target_key);
            buf_printf(&from, " = $%zu::%s", i + 1, catalog_column(table, map->target_key)->type);
            buf_puts(&identity, "p.");
            quote_ident(&identity, map->source_key.items[0]);
            buf_puts(&identity, "::pg_catalog.text");
        } else {
            buf_printf(&identity, "$%zu::%s::pg_catalog.text", i + 1, catalog_column(g.source, column)->type);
        }
    }
    fragments_take(&f, "identity", buf_steal(&identity));
    fragments_take(&f, "from", buf_steal(&from));
    return gen_fill(sql_explain_owner, &f);
}

char *
explain_map_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = {0};

    if (e->map == NULL)
        return NULL;
    gen_set_table(&f, "map", &e->map->table);
    fragments_take(&f, "match", matches(&e->map->source_key, "m", g.map));
    return gen_fill(sql_explain_map, &f);
}

/* ---- column by column ---- */

/* What the removal sets a column to, and how to compare; NULL value: it leaves the column alone, or sets the time. */
static const char *
removal_value(struct buf *out, const struct gen *g, const char *column)
{
    for (size_t i = 0; i < g->e->removal.set.count; i++) {
        const struct mapping_column *set = &g->e->removal.set.items[i];

        if (strcmp(set->name, column) == 0 && set->value.kind != VALUE_NOW) {
            const struct catalog_column *c = catalog_column(g->target, column);

            /* a document's text is to be read as the document that it is */
            if (strcmp(c->base, "json") == 0 || strcmp(c->base, "jsonb") == 0)
                buf_printf(out, "(d.c%zu)::%s", i, c->shown_type);
            else
                buf_printf(out, "d.c%zu", i);
            return buf_text(out);
        }
    }
    return NULL;
}

/* One row of VALUES: column, rule, vnext, legacy, same. `value` NULL: nothing is asked for while the row is there. */
static void
add_column(struct buf *out, const struct gen *g, const char *column, const char *rule, const char *value)
{
    const char *cast = catalog_column(g->target, column)->has_equality ? "" : "::pg_catalog.text";
    struct buf gone = {0};
    struct buf name = {0};
    const char *removed = strcmp(rule, "key") == 0 ? value : removal_value(&gone, g, column);

    buf_puts(&name, "t.");
    quote_ident(&name, column);
    buf_puts(out, out->len == 0 ? "(" : ",\n    (");
    quote_literal(out, column);
    buf_printf(out,
               "::pg_catalog.text, '%s'::pg_catalog.text, CASE WHEN r.remove THEN (%s)::pg_catalog.text ELSE "
               "(%s)::pg_catalog.text END, %s::pg_catalog.text, ",
               rule, removed == NULL ? "NULL" : removed, value == NULL ? "NULL" : value, buf_text(&name));
    buf_puts(out, "CASE WHEN r.remove THEN ");
    if (removed == NULL)
        buf_puts(out, "NULL::pg_catalog.bool");
    else if (*cast == '\0')
        buf_printf(out, "%s IS NOT DISTINCT FROM (%s)", buf_text(&name), removed);
    else
        buf_printf(out, "%s::pg_catalog.text IS NOT DISTINCT FROM (%s)::pg_catalog.text", buf_text(&name), removed);
    buf_puts(out, " ELSE ");
    if (value == NULL)
        buf_puts(out, "NULL::pg_catalog.bool");
    else
        buf_printf(out, "%s%s IS NOT DISTINCT FROM (%s)%s", buf_text(&name), cast, value, cast);
    buf_puts(out, " END)");
    buf_free(&gone);
    buf_free(&name);
}

static void
add_columns(struct buf *out, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf value = {0};

    for (size_t i = 0; i < e->target_key.count; i++) {
        buf_clear(&value);
        buf_printf(&value, "r.k%zu", i);
        add_column(out, g, e->target_key.items[i], "key", buf_text(&value));
    }
    if (gen_writes_parent(e)) {
        buf_clear(&value);
        gen_parent_key(&value, e, e->parent->target_column);
        add_column(out, g, e->parent->target_column, "parent", buf_text(&value));
    }
    for (size_t i = 0; i < e->columns.count; i++) {
        const struct mapping_column *column = &e->columns.items[i];
        const bool now = column->value.kind == VALUE_NOW;

        if (gen_is_key(e, column->name))
            continue;
        buf_clear(&value);
        gen_expected(&value, g, i);
        add_column(out, g, column->name,
                   now                         ? "now"
                   : column->value.insert_only ? "insert_only"
                                               : "compared",
                   now ? NULL : buf_text(&value));
    }
    for (size_t i = 0; i < e->removal.set.count; i++)
        if (mapping_column(&e->columns, e->removal.set.items[i].name) == NULL)
            add_column(out, g, e->removal.set.items[i].name, "removal", NULL);
    buf_free(&value);
}

char *
explain_compare_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = {0};
    struct buf columns = {0};
    struct buf match = {0};

    add_columns(&columns, &g);
    gen_match(&match, &g, "t");
    gen_set_table(&f, "target", &e->target);
    gen_set_ident(&f, "first_key", e->target_key.items[0]);
    fragments_take(&f, "columns", buf_steal(&columns));
    fragments_take(&f, "match", buf_steal(&match));
    fragments_take(&f, "rows", gen_rows(&g));
    fragments_take(&f, "removed", gen_removed(&g));
    return gen_fill(sql_explain_compare, &f);
}
