/* smoke_sql.c - the statements that write test rows and take them away; see dualwrite/smoke_sql.h and dualwrite/sqlparts.h. */
#include "dualwrite/smoke_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/smoke_fill.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"

/* ---- which entities, which names ---- */

size_t
smoke_child(const struct mapping *m, size_t root)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->entities[i].parent != NULL && m->entities[i].parent->index == root)
            return i;
    return m->count;
}

size_t
smoke_root(const struct mapping *m)
{
    size_t first = m->count;

    for (size_t i = 0; i < m->count; i++) {
        if (m->entities[i].parent != NULL)
            continue;
        if (smoke_child(m, i) < m->count)
            return i;
        if (first == m->count)
            first = i;
    }
    return first;
}

bool
smoke_is_own(const struct mapping_entity *e)
{
    if (e->map != NULL)
        return true;
    for (size_t i = 0; e->parent != NULL && i < e->identity.count; i++)
        if (strcmp(e->identity.items[i], e->parent->column) == 0)
            return true;
    return false;
}

const char *
smoke_name_column(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    const struct gen g = gen_for(m, c, e);
    const char *found = NULL;

    for (size_t i = 0; i < e->columns.count; i++) {
        const struct mapping_value *v = &e->columns.items[i].value;

        if (v->kind != VALUE_COLUMN || !fill_is_free(&g, v->text) || v->nvalues > 0 || v->lookup != NULL ||
            !fill_is_text(catalog_column(g.source, v->text)))
            continue;
        if (strcmp(e->columns.items[i].name, "name") == 0 || strcmp(v->text, "name") == 0)
            return v->text;
        if (found == NULL)
            found = v->text;
    }
    return found;
}

/* ---- parts ---- */

static void
texts(struct buf *out, const struct mapping_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        buf_puts(out, i == 0 ? "source." : ", source.");
        quote_ident(out, names->items[i]);
        buf_puts(out, "::pg_catalog.text");
    }
}

/* The places that every template over the source has. */
static struct fragments
over_source(const struct mapping_entity *e)
{
    struct fragments f = {0};
    struct buf keys = {0}, identity = {0};

    texts(&keys, &e->source_key);
    texts(&identity, &e->identity);
    fragments_take(&f, "keys", buf_steal(&keys));
    fragments_take(&f, "identity", buf_steal(&identity));
    gen_set_table(&f, "source", &e->source);
    {
        struct buf answer = {0};

        template_fill(&answer, sql_smoke_answer, &f);
        fragments_take(&f, "answer", buf_steal(&answer));
    }
    return f;
}

static void
take_match(struct fragments *f, const struct mapping_entity *e, const char *const *key)
{
    struct buf out = {0};

    for (size_t i = 0; i < e->source_key.count; i++) {
        buf_puts(&out, i == 0 ? "source." : " AND source.");
        quote_ident(&out, e->source_key.items[i]);
        buf_puts(&out, " = ");
        quote_literal(&out, key[i]);
    }
    fragments_take(f, "match", buf_steal(&out));
}

static void
assign(struct buf *out, const char *column, const char *value)
{
    gen_comma(out);
    quote_ident(out, column);
    buf_printf(out, " = %s", value);
}

/* What an application keeps up to date with each change: the times that the mapping copies, except those of the creation. */
static void
touch(struct buf *out, const struct gen *g, const char *except)
{
    for (size_t i = 0; i < g->source->ncolumns; i++) {
        const struct catalog_column *c = &g->source->columns[i];

        if (strcmp(c->name, except) != 0 && fill_is_touched(g, c))
            assign(out, c->name, "pg_catalog.now()");
    }
}

/* ---- insert ---- */

char *
smoke_insert_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                 const struct smoke_fill *fill, char **why)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = over_source(e);
    struct buf columns = {0}, values = {0};
    bool good = true;

    *why = NULL;
    for (size_t i = 0; good && i < g.source->ncolumns; i++) {
        struct buf value = {0};

        good = fill_value(&value, &g, &g.source->columns[i], smoke_name_column(m, c, e), fill, why);
        if (good && value.len > 0) {
            gen_comma(&columns);
            quote_ident(&columns, g.source->columns[i].name);
            gen_comma(&values);
            buf_puts(&values, buf_text(&value));
        }
        buf_free(&value);
    }
    fragments_take(&f, "columns", buf_steal(&columns));
    fragments_take(&f, "values", buf_steal(&values));
    if (good)
        return gen_fill(sql_smoke_insert, &f);
    fragments_free(&f);
    return NULL;
}

/* ---- change ---- */

char *
smoke_change_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                 const char *const *key, const char *name, size_t n)
{
    const struct gen g = gen_for(m, c, e);
    const char *named = e->parent == NULL ? smoke_name_column(m, c, e) : NULL;

    /* from the most likely on */
    for (int likely = FILL_MOST_LIKELY; likely > 0; likely--)
        for (size_t i = 0; i < g.source->ncolumns; i++) {
            const struct catalog_column *column = &g.source->columns[i];
            struct buf value = {0}, out = {0};
            struct fragments f;

            if ((named != NULL && strcmp(named, column->name) == 0) ||
                fill_change(&value, &g, column, name) != likely || n-- > 0) {
                buf_free(&value);
                continue;
            }
            f = over_source(e);
            assign(&out, column->name, buf_text(&value));
            touch(&out, &g, column->name);
            fragments_take(&f, "assignments", buf_steal(&out));
            take_match(&f, e, key);
            buf_free(&value);
            return gen_fill(sql_smoke_update, &f);
        }
    return NULL;
}

/* ---- remove ---- */

char *
smoke_remove_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                 const char *const *key)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = over_source(e);
    struct buf value = {0};

    take_match(&f, e, key);
    if (fill_absent(&value, &g)) {
        struct buf out = {0};

        assign(&out, e->present.column, buf_text(&value));
        touch(&out, &g, e->present.column);
        fragments_take(&f, "assignments", buf_steal(&out));
        buf_free(&value);
        return gen_fill(sql_smoke_update, &f);
    }
    return gen_fill(sql_smoke_delete, &f);
}

/* ---- finding and taking away ---- */

char *
smoke_find_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e, const char *column)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = over_source(e);

    gen_set_ident(&f, "column", column);
    fragments_set(&f, "type", catalog_column(g.source, column)->type);
    return gen_fill(sql_smoke_find, &f);
}

char *
smoke_children_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    const struct gen g = gen_for(m, c, e);
    struct fragments f = over_source(e);

    gen_set_ident(&f, "parent", e->parent->column);
    fragments_set(&f, "type", catalog_column(g.source, e->parent->column)->type);
    return gen_fill(sql_smoke_children, &f);
}

char *
smoke_leftovers_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    const char *name = smoke_name_column(m, c, e);
    struct fragments f = {0};

    if (name == NULL)
        return NULL;
    gen_set_ident(&f, "name", name);
    gen_set_table(&f, "source", &e->source);
    return gen_fill(sql_smoke_leftovers, &f);
}

static char *
delete_keys(const struct mapping_table *table, const struct mapping_names *key, const struct catalog_table *t)
{
    struct fragments f = {0};
    struct buf columns = {0}, typed = {0}, arrays = {0}, names = {0};

    for (size_t i = 0; i < key->count; i++) {
        gen_comma(&columns);
        buf_puts(&columns, "t.");
        quote_ident(&columns, key->items[i]);
        gen_comma(&typed);
        buf_printf(&typed, "u.k%zu::%s", i, catalog_column(t, key->items[i])->type);
        gen_comma(&arrays);
        buf_printf(&arrays, "pg_catalog.unnest($%zu::pg_catalog.text[])", i + 1);
        gen_comma(&names);
        buf_printf(&names, "k%zu", i);
    }
    gen_set_table(&f, "table", table);
    fragments_take(&f, "columns", buf_steal(&columns));
    fragments_take(&f, "typed", buf_steal(&typed));
    fragments_take(&f, "arrays", buf_steal(&arrays));
    fragments_take(&f, "names", buf_steal(&names));
    return gen_fill(sql_smoke_delete_keys, &f);
}

char *
smoke_delete_source_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    return delete_keys(&e->source, &e->source_key, gen_for(m, c, e).source);
}

char *
smoke_delete_target_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    return delete_keys(&e->target, &e->target_key, gen_for(m, c, e).target);
}

char *
smoke_delete_map_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    return e->map == NULL ? NULL : delete_keys(&e->map->table, &e->map->source_key, gen_for(m, c, e).map);
}
