/* smoke_fill.c - what the columns of a test row get; see dualwrite/smoke_fill.h. */
#include "dualwrite/smoke_fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "embedded.h"

#define SLUG_SHORTEST 8 /* the part of a name that makes it unique */

/* ---- what a column is ---- */

static bool
is_one_of(const struct catalog_column *c, const char *const *bases)
{
    for (; *bases != NULL; bases++)
        if (strcmp(c->base, *bases) == 0)
            return true;
    return false;
}

static bool
is_integer(const struct catalog_column *c)
{
    static const char *const bases[] = {"int2", "int4", "int8", NULL};

    return is_one_of(c, bases);
}

static bool
is_time(const struct catalog_column *c)
{
    static const char *const bases[] = {"timestamptz", "timestamp", "date", NULL};

    return is_one_of(c, bases);
}

bool
fill_is_text(const struct catalog_column *c)
{
    static const char *const bases[] = {"text", "varchar", "bpchar", "citext", NULL};

    return is_one_of(c, bases);
}

static bool
among(const struct mapping_names *names, const char *column)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], column) == 0)
            return true;
    return false;
}

/* Whether an index keeps rows apart by the column; with `alone` by it alone. */
static bool
is_unique(const struct catalog_table *t, const char *column, bool alone)
{
    for (size_t i = 0; i < t->nuniques; i++)
        for (size_t k = 0; k < t->uniques[i].count; k++)
            if (strcmp(t->uniques[i].columns[k], column) == 0 && (!alone || t->uniques[i].nkeys == 1))
                return true;
    return false;
}

bool
fill_is_free(const struct gen *g, const char *column)
{
    const struct mapping_entity *e = g->e;

    return !among(&e->source_key, column) && !among(&e->identity, column) &&
           (e->parent == NULL || strcmp(e->parent->column, column) != 0) &&
           (e->present.column == NULL || strcmp(e->present.column, column) != 0) &&
           !is_unique(g->source, column, false);
}

/* The mapped column that is a copy of source column `name`; with `updated` one that an update writes too. */
static const struct mapping_column *
copied(const struct gen *g, const char *name, bool updated)
{
    for (size_t i = 0; i < g->e->columns.count; i++) {
        const struct mapping_value *v = &g->e->columns.items[i].value;

        if (v->kind == VALUE_COLUMN && strcmp(v->text, name) == 0 && !(updated && v->insert_only))
            return &g->e->columns.items[i];
    }
    return NULL;
}

bool
fill_is_touched(const struct gen *g, const struct catalog_column *c)
{
    const bool speaks = g->e->latest_by != NULL && strcmp(g->e->latest_by, c->name) == 0;

    return is_time(c) && !c->generated && (speaks || (c->not_null && copied(g, c->name, true) != NULL)) &&
           (g->e->present.column == NULL || strcmp(g->e->present.column, c->name) != 0);
}

/* ---- a new row ---- */

static const char *
given(const struct gen *g, const struct catalog_column *c, const struct smoke_fill *fill)
{
    struct buf name = {0};
    const char *value = NULL;

    buf_printf(&name, "%s.%s", g->e->name, c->name);
    for (size_t i = 0; i < fill->nsets; i++)
        if (strcmp(fill->sets[i].name, buf_text(&name)) == 0)
            value = fill->sets[i].value;
    buf_free(&name);
    return value;
}

static bool
no_value(const struct gen *g, const struct catalog_column *c, const char *reason, char **why)
{
    struct buf out = {0};

    buf_printf(&out, "%s.%s (%s) %s: give it one with --set=%s.%s=VALUE", g->e->source.name, c->name, c->shown_type,
               reason, g->e->name, c->name);
    *why = buf_steal(&out);
    return false;
}

/* The name in lower case, with hyphens; of one that is too long the end, which makes it unique. */
static bool
put_slug(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *name, char **why)
{
    struct buf slug = {0};
    size_t from = 0;

    for (const char *s = name; *s != '\0'; s++)
        buf_putc(&slug, *s == ' ' || *s == '_' ? '-' : *s >= 'A' && *s <= 'Z' ? (char) (*s + 32) : *s);
    if (c->length > 0 && (size_t) c->length < slug.len) {
        from = slug.len - (size_t) c->length;
        if (c->length < SLUG_SHORTEST) {
            buf_free(&slug);
            return no_value(g, c, "is too short for a value of which there is no other", why);
        }
    }
    quote_literal(out, buf_text(&slug) + from);
    buf_free(&slug);
    return true;
}

/* Without the line's end of the file. */
static void
put_trimmed(struct buf *out, struct buf *sql)
{
    size_t len = sql->len;

    while (len > 0 && sql->data[len - 1] == '\n')
        len--;
    buf_add(out, buf_text(sql), len);
    buf_free(sql);
}

static void
put_template(struct buf *out, const char *template, const struct gen *g, const char *column)
{
    struct fragments f = {0};
    struct buf order = {0}, sql = {0};

    for (size_t i = 0; i < g->e->source_key.count; i++) {
        buf_puts(&order, i == 0 ? "x." : ", x.");
        quote_ident(&order, g->e->source_key.items[i]);
        buf_puts(&order, " DESC");
    }
    fragments_take(&f, "order", buf_steal(&order));
    gen_set_ident(&f, "column", column);
    gen_set_table(&f, "source", &g->e->source);
    template_fill(&sql, template, &f);
    put_trimmed(out, &sql);
    fragments_free(&f);
}

/* A value of `table` that, where the column is unique, no other row has. */
static void
put_referenced(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *referenced,
               const struct mapping_table *table)
{
    const bool unique = is_unique(g->source, c->name, true);
    struct fragments f = {0};
    struct buf sql = {0};

    gen_set_ident(&f, "column", c->name);
    gen_set_ident(&f, "referenced", referenced);
    gen_set_table(&f, "table", table);
    gen_set_table(&f, "source", &g->e->source);
    template_fill(&sql, unique ? sql_smoke_unused : sql_smoke_existing, &f);
    put_trimmed(out, &sql);
    fragments_free(&f);
}

/* The legacy table that a lookup needs the value in, and that cannot be read from here; NULL: there is none. */
static const struct mapping_table *
out_of_reach(const struct gen *g, const struct mapping_column *copy)
{
    return copy != NULL && copy->value.lookup != NULL && copy->value.lookup->legacy &&
                   g->catalogs->vnext != g->catalogs->legacy
               ? &copy->value.lookup->table
               : NULL;
}

/* A value that is there where the column refers to: through its foreign key, or through the mapping's lookup. */
static bool
put_existing(struct buf *out, const struct gen *g, const struct catalog_column *c)
{
    const struct mapping_column *copy = copied(g, c->name, false);

    for (size_t i = 0; i < g->source->nforeigns; i++) {
        const struct catalog_foreign *f = &g->source->foreigns[i];

        if (f->count == 1 && strcmp(f->columns[0], c->name) == 0) {
            const struct mapping_table table = {f->schema, f->table};

            put_referenced(out, g, c, f->referenced[0], &table);
            return true;
        }
    }
    if (copy == NULL || copy->value.lookup == NULL)
        return false;
    put_referenced(out, g, c, copy->value.lookup->key, &copy->value.lookup->table);
    return true;
}

/* Of a value map: the one that "otherwise" stands for, which is the usual one, else the first. */
static const char *
usual(const struct mapping_value *v)
{
    for (size_t i = 0; v->has_otherwise && v->otherwise != NULL && i < v->nvalues; i++)
        if (v->values[i].to != NULL && strcmp(v->values[i].to, v->otherwise) == 0)
            return v->values[i].from;
    return v->values[0].from;
}

/* Something of the column's type; false: none is known. */
static bool
put_of_type(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *name)
{
    static const char *const numbers[] = {"numeric", "float4", "float8", "money", NULL};
    static const char *const documents[] = {"json", "jsonb", NULL};
    char *why = NULL;

    if (is_integer(c) || is_one_of(c, numbers))
        buf_puts(out, "1");
    else if (strcmp(c->base, "bool") == 0)
        buf_puts(out, "false");
    else if (is_time(c))
        buf_puts(out, "pg_catalog.now()");
    else if (strcmp(c->base, "uuid") == 0)
        buf_puts(out, "pg_catalog.gen_random_uuid()");
    else if (is_one_of(c, documents) || strstr(c->base, "[]") != NULL)
        buf_puts(out, "'{}'");
    else if (c->nlabels > 0)
        quote_literal(out, c->labels[0]);
    else if (fill_is_text(c) && put_slug(out, g, c, name, &why))
        return true;
    else if (fill_is_text(c))
        buf_puts(out, "''");
    else
        return false;
    free(why);
    return true;
}

/* A value that no other row has. */
static bool
put_unique(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *name, char **why)
{
    if (strcmp(c->base, "uuid") == 0)
        buf_puts(out, "pg_catalog.gen_random_uuid()");
    else if (is_integer(c))
        put_template(out, sql_smoke_next, g, c->name);
    else if (fill_is_text(c))
        return put_slug(out, g, c, name, why);
    else
        return no_value(g, c, "is unique and NOT NULL, has no default, and no value is known", why);
    return true;
}

/* What the mapping's rule of presence asks for. */
static bool
put_present(struct buf *out, const struct gen *g, const struct catalog_column *c)
{
    const struct mapping_present *p = &g->e->present;

    if (p->column == NULL || strcmp(p->column, c->name) != 0)
        return false;
    if (p->kind == PRESENT_IN && p->values.count > 0)
        quote_literal(out, p->values.items[0]);
    else if (p->kind == PRESENT_NULL)
        buf_puts(out, "NULL");
    return out->len > 0;
}

bool
fill_value(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *name_column,
           const struct smoke_fill *fill, char **why)
{
    const struct mapping_entity *e = g->e;
    const struct mapping_column *copy = copied(g, c->name, false);
    const char *set = given(g, c, fill);
    const bool named = e->parent == NULL && name_column != NULL && strcmp(name_column, c->name) == 0;

    if (c->generated)
        return true;
    if (set != NULL) {
        quote_literal(out, set);
        return true;
    }
    if (e->parent != NULL && strcmp(e->parent->column, c->name) == 0) {
        quote_literal(out, fill->parent_key);
        return true;
    }
    if (named && c->length > 0 && (size_t) c->length < strlen(fill->name))
        return no_value(g, c, "is too short for the name of a test row", why);
    if (named) {
        quote_literal(out, fill->name);
        return true;
    }
    if (put_present(out, g, c))
        return true;
    if (c->default_expr != NULL || (!c->not_null && !among(&e->identity, c->name)))
        return true;
    if (copy != NULL && copy->value.nvalues > 0) {
        quote_literal(out, usual(&copy->value));
        return true;
    }
    if (out_of_reach(g, copy) != NULL)
        return no_value(g, c, "must be a key that the mapping's lookup finds in the legacy database", why);
    if (put_existing(out, g, c))
        return true;
    if (is_unique(g->source, c->name, true) || among(&e->source_key, c->name))
        return put_unique(out, g, c, fill->name, why);
    if (is_time(c) ||
        (fill_is_text(c) && (is_unique(g->source, c->name, false) || (e->map == NULL && among(&e->identity, c->name)))))
        return put_of_type(out, g, c, fill->name);
    buf_puts(out, "coalesce(");
    put_template(out, sql_smoke_newest, g, c->name);
    buf_puts(out, ", ");
    if (!put_of_type(out, g, c, fill->name))
        return no_value(g, c, "is NOT NULL, has no default, and no value is known", why);
    buf_putc(out, ')');
    return true;
}

/* ---- a change ---- */

/* The last value of a value map, or the first where the row has that. */
static void
put_other(struct buf *out, const struct mapping_value *v, const char *column)
{
    buf_puts(out, "CASE ");
    quote_ident(out, column);
    buf_puts(out, "::pg_catalog.text WHEN ");
    quote_literal(out, v->values[v->nvalues - 1].from);
    buf_puts(out, " THEN ");
    quote_literal(out, v->values[0].from);
    buf_puts(out, " ELSE ");
    quote_literal(out, v->values[v->nvalues - 1].from);
    buf_puts(out, " END");
}

int
fill_change(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *name)
{
    const struct mapping_column *copy = copied(g, c->name, true);

    if (copy == NULL || c->generated || !fill_is_free(g, c->name) || copy->value.lookup != NULL)
        return 0;
    if (copy->value.nvalues > 1 && fill_is_text(c)) {
        put_other(out, &copy->value, c->name);
        return 5;
    }
    if (copy->value.nvalues > 0)
        return 0;
    if (fill_is_text(c)) {
        struct buf text = {0};

        buf_printf(&text, "Updated by %s", name);
        if (c->length > 0 && (size_t) c->length < text.len) {
            buf_free(&text);
            return 0;
        }
        quote_literal(out, buf_text(&text));
        buf_free(&text);
        return c->length == 0 ? 4 : 3;
    }
    if (strcmp(c->base, "bool") == 0) {
        buf_puts(out, "NOT coalesce(");
        quote_ident(out, c->name);
        buf_puts(out, ", false)");
        return 2;
    }
    if (is_time(c)) {
        buf_puts(out, "pg_catalog.now()");
        return 1;
    }
    return 0;
}

bool
fill_absent(struct buf *out, const struct gen *g)
{
    const struct mapping_present *p = &g->e->present;
    const struct catalog_column *c = p->column == NULL ? NULL : catalog_column(g->source, p->column);
    const struct mapping_column *copy = p->column == NULL ? NULL : copied(g, p->column, false);

    if (c == NULL || c->generated)
        return false;
    if (p->kind == PRESENT_NULL && is_time(c)) {
        buf_puts(out, "pg_catalog.now()");
        return true;
    }
    if (p->kind == PRESENT_NOT_NULL && !c->not_null) {
        buf_puts(out, "NULL");
        return true;
    }
    /* the word that the removal puts into legacy is most likely vNext's own */
    for (size_t i = 0; p->kind == PRESENT_IN && copy != NULL && i < g->e->removal.set.count; i++) {
        const struct mapping_column *set = &g->e->removal.set.items[i];

        if (strcmp(set->name, copy->name) != 0 || set->value.kind != VALUE_CONSTANT || set->value.text == NULL ||
            among(&p->values, set->value.text) || copy->value.nvalues > 0)
            continue;
        quote_literal(out, set->value.text);
        return true;
    }
    return false;
}
