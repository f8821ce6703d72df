/*
 * sqlglance.c - the statements with which the servers compare a chunk of `reconcile` by themselves: one side gives its rows as
 * arrays, which the other takes as parameters, as they are; see dualwrite/sqlparts.h and dualwrite/sqlcompare.h. What they do
 * not call equal is looked at row by row, by the statements of sqlcompare.c, so these may doubt too much, and never too little.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"

/* ---- which columns ---- */

static bool
is_one_of(const struct catalog_column *column, const char *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(column->base, types[i]) == 0)
            return true;
    return false;
}

/* The same values in every database: neither labels nor an encoding, in which the two may differ, decide what it holds. */
static bool
same_type(const struct catalog_column *a, const struct catalog_column *b)
{
    static const char *const types[] = {"int2", "int4", "int8", "float4",    "float8",      "numeric",
                                        "bool", "date", "time", "timestamp", "timestamptz", "uuid"};

    return a->exact_type != NULL && b->exact_type != NULL && strcmp(a->exact_type, b->exact_type) == 0 &&
           strcmp(b->shown_type, b->exact_type) == 0 && is_one_of(b, types, sizeof types / sizeof types[0]);
}

/* A column that is not compared is read all the same, in case its value is one that legacy does not take. */
static bool
is_always_taken(const struct gen *g, const struct mapping_column *c)
{
    return c->value.insert_only && c->value.kind == VALUE_COLUMN && c->value.nvalues == 0 && c->value.lookup == NULL &&
           c->value.unique != UNIQUE_SUFFIX &&
           same_type(catalog_column(g->source, c->value.text), catalog_column(g->target, c->name));
}

static bool
is_sent(const struct gen *g, const struct mapping_column *c)
{
    return !gen_is_key(g->e, c->name) && c->value.kind != VALUE_NOW && !is_always_taken(g, c);
}

/* ---- where the second lane begins ---- */

char *
gen_middle(const struct mapping_table *table, const struct mapping_names *key, const struct catalog_table *t)
{
    struct fragments f = {0};
    struct buf text = {0};

    for (size_t i = 0; i < key->count; i++) {
        gen_comma(&text);
        buf_puts(&text, "n.");
        quote_ident(&text, key->items[i]);
        buf_puts(&text, "::pg_catalog.text");
    }
    fragments_take(&f, "key_text", buf_steal(&text));
    gen_order(&f, key, t, "n");
    gen_set_table(&f, "table", table);
    return gen_fill(sql_reconcile_middle, &f);
}

/* ---- vNext ---- */

static void
array_of(struct buf *out, const char *value, const char *name)
{
    gen_comma(out);
    buf_printf(out, "pg_catalog.array_agg(%s) AS %s", value, name);
}

static void
numbered(struct buf *out, const char *prefix, const char *letter, size_t i)
{
    char name[24], value[48];

    snprintf(name, sizeof name, "%s%zu", letter, i);
    snprintf(value, sizeof value, "%s.%s", prefix, name);
    array_of(out, value, name);
}

/* In the order of the parameters: keys, the parent's key, values. */
static void
arrays(struct fragments *f, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf out = {0};

    for (size_t i = 0; i < e->target_key.count; i++)
        numbered(&out, "x", "k", i);
    if (gen_writes_parent(e))
        array_of(&out, "x.p", "p");
    for (size_t i = 0; i < e->columns.count; i++) {
        if (!is_sent(g, &e->columns.items[i]))
            continue;
        numbered(&out, "s", "c", i);
        if (e->columns.items[i].value.unique == UNIQUE_SUFFIX) {
            numbered(&out, "s", "y", i);
            numbered(&out, "s", "o", i);
        }
    }
    fragments_take(f, "arrays", buf_steal(&out));
}

/* What the map's columns would get is not sent, and may fail. */
static void
also_read(struct fragments *f, const struct mapping_entity *e)
{
    struct buf out = {0};

    for (size_t i = 0; e->map != NULL && i < e->map->columns.count; i++) {
        const struct mapping_value *v = &e->map->columns.items[i].value;

        if (v->kind == VALUE_EXPRESSION || v->nvalues > 0 || v->lookup != NULL)
            buf_printf(&out, "pg_catalog.count(s.x%zu), ", i);
    }
    fragments_take(f, "also_read", buf_steal(&out));
}

/* The columns of a ref are r0.., those of the key first; of the identity i0.. */
static void
wanted(struct fragments *f, const struct mapping_entity *e)
{
    struct buf columns = {0}, refs = {0};

    for (size_t i = 0; i < ref_count(e); i++) {
        gen_comma(&columns);
        buf_puts(&columns, "n.");
        quote_ident(&columns, ref_column(e, i));
        buf_printf(&columns, " AS r%zu", i);
        gen_comma(&refs);
        buf_printf(&refs, "pg_catalog.json_agg(w.r%zu::pg_catalog.text) AS ref%zu", i, i);
    }
    for (size_t i = 0; i < e->identity.count; i++) {
        buf_puts(&columns, ", n.");
        quote_ident(&columns, e->identity.items[i]);
        buf_printf(&columns, " AS i%zu", i);
    }
    fragments_take(f, "wanted", buf_steal(&columns));
    fragments_take(f, "refs", buf_steal(&refs));
}

static void
last_of(struct fragments *f, size_t count)
{
    struct buf text = {0}, descending = {0};

    for (size_t i = 0; i < count; i++) {
        gen_comma(&text);
        buf_printf(&text, "w.r%zu::pg_catalog.text", i);
        gen_comma(&descending);
        buf_printf(&descending, "w.r%zu DESC", i);
    }
    fragments_take(f, "key_text", buf_steal(&text));
    fragments_take(f, "key_descending", buf_steal(&descending));
}

char *
gen_glance_vnext(const struct gen *g)
{
    static const char *const absent[] = {[REMOVAL_SET] = "2", [REMOVAL_DELETE] = "8", [REMOVAL_KEEP] = "0"};
    struct fragments f = gen_seen(g);
    struct buf keys = {0};

    buf_puts(&keys, fragments_get(&f, "keys"));
    if (gen_writes_parent(g->e))
        buf_printf(&keys, ", %s AS p", fragments_get(&f, "parent_key"));
    fragments_take(&f, "keys", buf_steal(&keys));
    arrays(&f, g);
    also_read(&f, g->e);
    wanted(&f, g->e);
    last_of(&f, g->e->source_key.count);
    fragments_set(&f, "absent", absent[g->e->removal.kind]);
    gen_order(&f, &g->e->source_key, g->source, "n");
    gen_set_table(&f, "source", &g->e->source);
    return gen_fill(sql_reconcile_glance_vnext, &f);
}

/* ---- legacy ---- */

struct taken {
    const struct gen *g;
    size_t count; /* of parameters so far */
    struct buf parameters, declared, names, also_read, doubts;
};

/* Read in an array they are what they are alone, but for what a cast to the declared type makes of them without cutting. */
static bool
is_plain(const struct catalog_column *column)
{
    static const char *const types[] = {"int2",    "int4",      "int8",        "float4",  "float8",
                                        "numeric", "bool",      "text",        "varchar", "date",
                                        "time",    "timestamp", "timestamptz", "uuid",    "enum"};

    if (column->exact_type != NULL && strcmp(column->shown_type, column->exact_type) != 0)
        return false; /* a domain may refuse */
    return is_one_of(column, types, sizeof types / sizeof types[0]);
}

static void
parameter(struct taken *t, const char *name, const char *type)
{
    t->count++;
    buf_printf(&t->parameters, ", $%zu::%s[]", t->count, type);
    buf_printf(&t->declared, ", %s", name);
}

/* w.NAME as `column` holds it. One that varchar(n) does not take differs from all that it holds. */
static void
take_alone(struct taken *t, const struct catalog_column *column, const char *name)
{
    char value[32];

    parameter(t, name, is_plain(column) ? column->type : "pg_catalog.text");
    snprintf(value, sizeof value, "w.%s", name);
    buf_puts(&t->names, ", ");
    if (gen_is_json(column) || (is_plain(column) && strcmp(column->base, "varchar") != 0))
        buf_printf(&t->names, "(%s)::%s", value, column->shown_type);
    else if (is_plain(column))
        buf_puts(&t->names, value);
    else
        gen_read_alone(&t->names, t->g, column, value);
    buf_printf(&t->names, " AS %s", name);
}

/*
 * What is not compared, of any row or of one that is not present, is read all the same: legacy may not take it. Most types have
 * refused it by now.
 */
static void
try_value(struct taken *t, const struct catalog_column *column, bool insert_only, bool plain, const char *name)
{
    const char *rows = insert_only ? "true" : "r.\"do\" & 1 = 0";

    if (!insert_only && t->g->e->present.kind == PRESENT_ALWAYS)
        return;
    if (!plain || strcmp(column->base, "numeric") == 0)
        buf_printf(&t->also_read, ", pg_catalog.count(r.%s) FILTER (WHERE %s)", name, rows);
    else if (strcmp(column->base, "varchar") == 0 && column->length > 0)
        buf_printf(&t->doubts, " OR (%s AND pg_catalog.length(r.%s) > %d)", rows, name, column->length);
}

static void
take(struct taken *t, const char *target, const char *name)
{
    const struct mapping_column *c = gen_mapped(t->g->e, target);
    const struct catalog_column *column = catalog_column(t->g->target, target);
    const struct mapping_lookup *l = gen_legacy_lookup(c);
    struct buf key = {0};

    try_value(t, column, c != NULL && c->value.insert_only, l == NULL && is_plain(column), name);
    if (l == NULL) {
        take_alone(t, column, name);
        return;
    }
    parameter(t, name, "pg_catalog.text");
    buf_printf(&key, "(w.%s)::%s", name,
               catalog_column(catalog_table(t->g->catalogs->legacy, l->table.schema, l->table.name), l->key)->type);
    buf_puts(&t->names, gen_is_json(column) ? ", (" : ", ");
    gen_looked_up(&t->names, t->g, c, buf_text(&key));
    if (gen_is_json(column))
        buf_printf(&t->names, ")::%s", column->shown_type);
    buf_printf(&t->names, " AS %s", name);
    buf_free(&key);
}

static void
take_column(struct taken *t, size_t i)
{
    const struct mapping_column *c = &t->g->e->columns.items[i];
    const struct catalog_column *column = catalog_column(t->g->target, c->name);
    char name[24];

    snprintf(name, sizeof name, "c%zu", i);
    take(t, c->name, name);
    if (c->value.unique != UNIQUE_SUFFIX)
        return;
    snprintf(name, sizeof name, "y%zu", i);
    try_value(t, column, c->value.insert_only, is_plain(column), name);
    take_alone(t, column, name);
    snprintf(name, sizeof name, "o%zu", i);
    parameter(t, name, "pg_catalog.bool");
    buf_printf(&t->names, ", w.%s", name);
}

static void
rows(struct fragments *f, const struct gen *g)
{
    struct taken t = {.g = g, .count = 1};
    char name[24];

    for (size_t i = 0; i < g->e->target_key.count; i++) {
        snprintf(name, sizeof name, "k%zu", i);
        take(&t, g->e->target_key.items[i], name);
    }
    if (gen_writes_parent(g->e))
        take(&t, g->e->parent->target_column, "p");
    for (size_t i = 0; i < g->e->columns.count; i++)
        if (is_sent(g, &g->e->columns.items[i]))
            take_column(&t, i);
    fragments_take(f, "parameters", buf_steal(&t.parameters));
    fragments_take(f, "declared", buf_steal(&t.declared));
    fragments_take(f, "names", buf_steal(&t.names));
    fragments_take(f, "also_read", buf_steal(&t.also_read));
    fragments_take(f, "doubts", buf_steal(&t.doubts));
}

static void
compared(struct buf *is, struct buf *should_be, const char *column, struct buf *value)
{
    buf_puts(is, is->len == 0 ? "t." : ", t.");
    quote_ident(is, column);
    gen_comma(should_be);
    buf_puts(should_be, buf_text(value));
    buf_clear(value);
}

/* As the rows are compared one by one (sqlcompare.c). */
static char *
differs(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf is = {0}, should_be = {0}, value = {0}, out = {0};

    for (size_t i = 0; i < e->columns.count; i++) {
        const struct mapping_column *c = &e->columns.items[i];

        if (c->value.insert_only || c->value.kind == VALUE_NOW || gen_is_key(e, c->name))
            continue;
        gen_expected(&value, g, i);
        compared(&is, &should_be, c->name, &value);
    }
    if (gen_writes_parent(e)) {
        gen_parent_key(&value, e, e->parent->target_column);
        compared(&is, &should_be, e->parent->target_column, &value);
    }
    if (is.len == 0)
        buf_puts(&out, "false");
    else
        buf_printf(&out, "ROW(%s)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(%s)::pg_catalog.record",
                   buf_text(&is), buf_text(&should_be));
    buf_free(&is);
    buf_free(&should_be);
    buf_free(&value);
    return buf_steal(&out);
}

char *
gen_glance_legacy(const struct gen *g)
{
    struct fragments f = {0};
    struct buf match = {0};

    rows(&f, g);
    gen_match(&match, g, "t");
    fragments_take(&f, "match", buf_steal(&match));
    fragments_take(&f, "differs", differs(g));
    fragments_take(&f, "removed", gen_removed(g));
    gen_set_ident(&f, "first_key", g->e->target_key.items[0]);
    gen_set_table(&f, "target", &g->e->target);
    return gen_fill(sql_reconcile_glance_legacy, &f);
}

/* ---- from the legacy side ---- */

char *
gen_glance_keys(const struct gen *g)
{
    const struct mapping_names *key = &g->e->target_key;
    struct fragments f = {0};
    struct buf columns = {0}, out = {0};

    for (size_t i = 0; i < key->count; i++) {
        gen_comma(&columns);
        buf_puts(&columns, "t.");
        quote_ident(&columns, key->items[i]);
        buf_printf(&columns, " AS r%zu, ", i);
        gen_key_asked(&columns, g, i);
        buf_printf(&columns, " AS k%zu", i);
        numbered(&out, "w", "k", i);
    }
    fragments_take(&f, "wanted", buf_steal(&columns));
    fragments_take(&f, "arrays", buf_steal(&out));
    last_of(&f, key->count);
    gen_order(&f, key, g->target, "t");
    gen_set_table(&f, "target", &g->e->target);
    return gen_fill(sql_reconcile_glance_keys, &f);
}
