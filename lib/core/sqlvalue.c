/*
 * sqlvalue.c - what one mapped column becomes, as SQL; see dualwrite/sqlparts.h. No joins, no statements.
 */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"

struct gen
gen_for(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e)
{
    return (struct gen){
        .mapping = m,
        .catalogs = c,
        .e = e,
        .parent = e->parent == NULL ? NULL : &m->entities[e->parent->index],
        .source = catalog_table(c->vnext, e->source.schema, e->source.name),
        .target = catalog_table(c->legacy, e->target.schema, e->target.name),
        .map = e->map == NULL ? NULL : catalog_table(c->vnext, e->map->table.schema, e->map->table.name),
    };
}

void
gen_comma(struct buf *out)
{
    buf_puts(out, out->len == 0 ? "" : ", ");
}

void
gen_set_ident(struct fragments *f, const char *name, const char *ident)
{
    struct buf out = {0};

    quote_ident(&out, ident);
    fragments_take(f, name, buf_steal(&out));
}

void
gen_set_literal(struct fragments *f, const char *name, const char *text)
{
    struct buf out = {0};

    quote_literal(&out, text);
    fragments_take(f, name, buf_steal(&out));
}

void
gen_set_table(struct fragments *f, const char *name, const struct mapping_table *t)
{
    struct buf out = {0};

    sql_table(&out, t);
    fragments_take(f, name, buf_steal(&out));
}

char *
gen_fill(const char *template, struct fragments *f)
{
    struct buf out = {0};

    template_fill(&out, template, f);
    fragments_free(f);
    return buf_steal(&out);
}

void
sql_table(struct buf *out, const struct mapping_table *t)
{
    quote_qualified(out, t->schema, t->name);
}

static void
qualified(struct buf *out, const char *alias, const char *column)
{
    if (*alias != '\0')
        buf_printf(out, "%s.", alias);
    quote_ident(out, column);
}

void
sql_present(struct buf *out, const struct mapping_entity *e, const char *alias)
{
    switch (e->present.kind) {
    case PRESENT_ALWAYS:
        buf_puts(out, "true");
        break;
    case PRESENT_NULL:
    case PRESENT_NOT_NULL:
        buf_putc(out, '(');
        qualified(out, alias, e->present.column);
        buf_puts(out, e->present.kind == PRESENT_NULL ? " IS NULL)" : " IS NOT NULL)");
        break;
    case PRESENT_IN:
        buf_puts(out, "coalesce(");
        qualified(out, alias, e->present.column);
        buf_puts(out, "::pg_catalog.text IN (");
        for (size_t i = 0; i < e->present.values.count; i++) {
            buf_puts(out, i == 0 ? "" : ", ");
            quote_literal(out, e->present.values.items[i]);
        }
        buf_puts(out, "), false)");
        break;
    }
}

bool
gen_writes_parent(const struct mapping_entity *e)
{
    return e->parent != NULL && !gen_is_key(e, e->parent->target_column);
}

bool
gen_input(struct buf *out, const struct mapping_value *v)
{
    if (v->kind == VALUE_COLUMN)
        quote_ident(out, v->text);
    else if (v->kind == VALUE_EXPRESSION)
        buf_printf(out, "(%s\n)", v->text);
    else
        return false;
    return true;
}

/* 'entity.column', as messages of the server name a place of the mapping. */
static void
place(struct buf *out, const struct gen *g, const struct mapping_column *c)
{
    struct buf text = {0};

    buf_printf(&text, "%s.%s", g->e->name, c->name);
    quote_literal(out, buf_text(&text));
    buf_free(&text);
}

/* A value map, by the text form of `input`; a SQL NULL stays NULL, a value nobody planned for fails by name. */
static void
value_map(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *input)
{
    buf_printf(out, "CASE WHEN %s IS NULL THEN NULL", input);
    for (size_t i = 0; i < c->value.nvalues; i++) {
        buf_printf(out, " WHEN %s::pg_catalog.text = ", input);
        quote_literal(out, c->value.values[i].from);
        buf_puts(out, " THEN ");
        quote_literal(out, c->value.values[i].to);
    }
    buf_puts(out, " ELSE ");
    if (c->value.has_otherwise) {
        quote_literal(out, c->value.otherwise);
    } else if (g->catalogs->vnext->uninstalled) {
        buf_puts(out, "NULL");
    } else {
        buf_puts(out, "dualwrite.unmapped(");
        place(out, g, c);
        buf_printf(out, ", %s::pg_catalog.text)", input);
    }
    buf_puts(out, " END");
}

void
gen_lookup(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *key, const char *present)
{
    const struct mapping_lookup *l = c->value.lookup;

    buf_printf(out, "CASE WHEN %s IS NULL THEN NULL WHEN EXISTS (SELECT FROM ", key);
    sql_table(out, &l->table);
    buf_puts(out, " l WHERE l.");
    quote_ident(out, l->key);
    buf_printf(out, " = %s) THEN (SELECT l.", key);
    quote_ident(out, l->value);
    buf_puts(out, "::pg_catalog.text FROM ");
    sql_table(out, &l->table);
    buf_puts(out, " l WHERE l.");
    quote_ident(out, l->key);
    buf_printf(out, " = %s) ELSE ", key);
    if (c->value.has_otherwise) {
        quote_literal(out, c->value.otherwise);
        buf_puts(out, "::pg_catalog.text");
    } else if (g->catalogs->vnext->uninstalled) {
        buf_puts(out, "NULL::pg_catalog.text");
    } else {
        if (present != NULL)
            buf_printf(out, "CASE WHEN NOT %s THEN %s::pg_catalog.text ELSE ", present, key);
        buf_puts(out, "dualwrite.lookup_missing(");
        place(out, g, c);
        buf_puts(out, ", ");
        quote_literal(out, l->table.schema);
        buf_puts(out, ", ");
        quote_literal(out, l->table.name);
        buf_puts(out, ", ");
        quote_literal(out, l->key);
        buf_printf(out, ", %s::pg_catalog.text, NULL::pg_catalog.text)", key);
        if (present != NULL)
            buf_puts(out, " END");
    }
    buf_puts(out, " END");
}

int
gen_length(const struct gen *g, const struct mapping_column *c)
{
    const struct catalog_column *target = catalog_column(g->target, c->name);

    if (c->value.truncate > 0)
        return c->value.truncate;
    return c->value.unique == UNIQUE_FAIL || target == NULL ? 0 : target->length;
}

void
gen_text(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *input, int length)
{
    const struct mapping_value *v = &c->value;

    if (v->lookup != NULL && v->lookup->legacy)
        length = 0; /* what is cut is what the key leads to */
    if (length > 0)
        buf_puts(out, "pg_catalog.left(");
    if (v->kind == VALUE_CONSTANT) {
        quote_literal(out, v->text);
        buf_puts(out, "::pg_catalog.text");
    } else if (v->nvalues > 0) {
        buf_putc(out, '(');
        value_map(out, g, c, input);
        buf_puts(out, ")::pg_catalog.text");
    } else if (v->lookup != NULL && !v->lookup->legacy) {
        gen_lookup(out, g, c, input, NULL);
    } else {
        buf_printf(out, "(%s)::pg_catalog.text", input);
    }
    if (length > 0)
        buf_printf(out, ", %d)", length);
}
