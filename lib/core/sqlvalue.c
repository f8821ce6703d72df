/*
 * sqlvalue.c - what a column should hold, as SQL over the source row; see dualwrite/sqlparts.h. No joins, no statements.
 */
#include "dualwrite/sqlparts.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlgen.h"

struct gen
gen_for(const struct mapping *m, const struct catalog *c, const struct mapping_entity *e)
{
    return (struct gen){
        .mapping = m,
        .catalog = c,
        .e = e,
        .parent = e->parent == NULL ? NULL : &m->entities[e->parent->index],
        .source = catalog_table(c, e->source.schema, e->source.name),
        .target = catalog_table(c, e->target.schema, e->target.name),
    };
}

void
sql_table(struct buf *out, const struct mapping_table *t)
{
    quote_qualified(out, t->schema, t->name);
}

void
sql_present(struct buf *out, const struct mapping_entity *e, const char *alias)
{
    if (e->present.column == NULL) {
        buf_puts(out, "true");
        return;
    }
    buf_printf(out, "coalesce(%s%s", alias, *alias == '\0' ? "" : ".");
    quote_ident(out, e->present.column);
    buf_puts(out, "::pg_catalog.text IN (");
    for (size_t i = 0; i < e->present.values.count; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        quote_literal(out, e->present.values.items[i]);
    }
    buf_puts(out, "), false)");
}

const char *
gen_type(const struct catalog_table *t, const char *column)
{
    return catalog_column(t, column)->type;
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
    } else {
        struct buf place = {0};

        buf_printf(&place, "%s.%s", g->e->name, c->name);
        buf_puts(out, "dualwrite.unmapped(");
        quote_literal(out, buf_text(&place));
        buf_printf(out, ", %s::pg_catalog.text)", input);
        buf_free(&place);
    }
    buf_puts(out, " END");
}

/* What target column `c` should hold, over the unaliased source row, cast to `type` (which has no length to cut at). */
void
gen_value(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *type)
{
    const struct mapping_value *v = &c->value;
    struct buf input = {0};
    struct buf value = {0};

    switch (v->kind) {
    case VALUE_COLUMN:
        quote_ident(&input, v->text);
        break;
    case VALUE_EXPRESSION:
        buf_printf(&input, "(%s\n)", v->text);
        break;
    case VALUE_CONSTANT:
        quote_literal(&input, v->text);
        break;
    case VALUE_NOW:
        buf_puts(&input, "pg_catalog.now()");
        break;
    case VALUE_TARGET_COLUMN:
        for (size_t i = 0; i < g->e->columns.count; i++)
            if (strcmp(g->e->columns.items[i].name, v->text) == 0)
                buf_printf(&input, "s.c%zu", i);
        break;
    }
    if (v->nvalues > 0 || v->has_otherwise)
        value_map(&value, g, c, buf_text(&input));
    else
        buf_puts(&value, buf_text(&input));
    if (v->truncate > 0)
        buf_printf(out, "pg_catalog.left((%s)::pg_catalog.text, %d)::%s", buf_text(&value), v->truncate, type);
    else
        buf_printf(out, "(%s)::%s", buf_text(&value), type);
    buf_free(&input);
    buf_free(&value);
}

bool
gen_from_source(const struct mapping_value *v)
{
    return v->kind == VALUE_COLUMN || v->kind == VALUE_EXPRESSION;
}

/* The source rows of one wanted identity w as the mapping reads them. Alone in its FROM, so that an expression's bare
   names mean the source's columns; and by identity, so that no other row's expressions are evaluated, volatile or not. */
char *
gen_reading(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf out = {0};

    buf_puts(&out, "SELECT ");
    for (size_t i = 0; i < e->source_key.count; i++) {
        quote_ident(&out, e->source_key.items[i]);
        buf_printf(&out, " AS k%zu, ", i);
    }
    for (size_t i = 0; i < e->identity.count; i++) {
        quote_ident(&out, e->identity.items[i]);
        buf_printf(&out, " AS i%zu, ", i);
    }
    if (e->parent != NULL) {
        quote_ident(&out, e->parent->column);
        buf_puts(&out, " AS p0, ");
    }
    sql_present(&out, e, "");
    buf_puts(&out, " AS present, ");
    quote_ident(&out, e->latest_by != NULL ? e->latest_by : e->source_key.items[0]);
    buf_puts(&out, " AS latest");
    for (size_t i = 0; i < e->columns.count; i++) {
        buf_puts(&out, ", ");
        gen_value(&out, g, &e->columns.items[i], gen_type(g->target, e->columns.items[i].name));
        buf_printf(&out, " AS c%zu", i);
    }
    for (size_t i = 0; e->map != NULL && i < e->map->columns.count; i++) {
        const struct mapping_column *c = &e->map->columns.items[i];
        const struct catalog_table *map = catalog_table(g->catalog, e->map->table.schema, e->map->table.name);

        if (!gen_from_source(&c->value))
            continue;
        buf_puts(&out, ", ");
        gen_value(&out, g, c, gen_type(map, c->name));
        buf_printf(&out, " AS x%zu", i);
    }
    buf_puts(&out, " FROM ");
    sql_table(&out, &e->source);
    if (strcmp(e->source.name, "w") == 0)
        buf_puts(&out, " AS \"W\""); /* it would hide the wanted identities */
    for (size_t i = 0; i < e->identity.count; i++) {
        buf_puts(&out, i == 0 ? " WHERE " : " AND ");
        quote_ident(&out, e->identity.items[i]);
        buf_printf(&out, " = w.i%zu", i);
    }
    return buf_steal(&out);
}

/* The value that a removal puts into `column`, or NULL when it leaves that column alone. A time already there stays. */
char *
gen_removal_value(const struct gen *g, const char *column)
{
    const struct mapping_value *v = NULL;
    struct buf out = {0};

    if (g->e->removal.kind == REMOVAL_SET)
        v = mapping_column(&g->e->removal.set, column);
    if (v == NULL)
        return NULL;
    if (v->kind == VALUE_NOW) {
        buf_puts(&out, "coalesce(t.");
        quote_ident(&out, column);
        buf_printf(&out, ", pg_catalog.now()::%s)", gen_type(g->target, column));
    } else {
        quote_literal(&out, v->text);
        buf_printf(&out, "::%s", gen_type(g->target, column));
    }
    return buf_steal(&out);
}

/* What mapped column `i` should hold given s and t: the mapping's value, or the removal's while the row is absent. */
void
gen_expected(struct buf *out, const struct gen *g, size_t i)
{
    char *removed = g->e->present.column == NULL ? NULL : gen_removal_value(g, g->e->columns.items[i].name);

    if (removed != NULL)
        buf_printf(out, "CASE WHEN s.present THEN s.c%zu ELSE %s END", i, removed);
    else
        buf_printf(out, "s.c%zu", i);
    free(removed);
}
