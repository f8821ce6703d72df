/* check_stream.c - what rows would become, as statements for both servers; see dualwrite/check_stream.h. */
#include "dualwrite/check_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/template.h"
#include "embedded.h"

static char *
fill(const char *template, struct fragments *f)
{
    struct buf out = {0};

    template_fill(&out, template, f);
    fragments_free(f);
    return buf_steal(&out);
}

static void
take(struct fragments *f, const char *name, struct buf *text)
{
    fragments_take(f, name, buf_steal(text));
}

/* ---- on the vNext server ---- */

/* What column `n` would hold, over `x` and the maps joined to it; of ORIGIN_ROW. */
static void
expected(struct buf *out, const struct check_subject *s, size_t n, bool parent_as_it_is)
{
    const char *name = s->target->columns[n].name;
    size_t i = check_column_named(s, name);

    if (check_is_parent(s->e, name)) {
        if (s->parent->map == NULL || parent_as_it_is) {
            buf_puts(out, "x.pc");
        } else {
            buf_puts(out, "pm.");
            quote_ident(out, s->parent->map->target_key);
            buf_puts(out, "::pg_catalog.text");
        }
    } else if (check_from_row(s->columns[i].value)) {
        check_mapped(out, s, i);
    } else if (s->columns[i].value->kind == VALUE_NOW) {
        buf_puts(out, "pg_catalog.now()::pg_catalog.text");
    } else {
        quote_literal(out, s->columns[i].value->text);
        buf_puts(out, "::pg_catalog.text");
    }
}

/* "column" = TEXT of the source's; by text where a map holds a key in a column of another type. */
static void
equal_key(struct buf *out, const struct catalog_table *map, const char *column, const struct check_subject *s,
          const char *source, const char *text)
{
    const char *type = check_same_type(map, column, s->source, source);

    quote_ident(out, column);
    if (type != NULL)
        buf_printf(out, " = %s::%s", text, type);
    else
        buf_printf(out, "::pg_catalog.text = %s", text);
}

/* The maps: om the entity's own, pm its parent's. */
static void
join_maps(struct buf *out, const struct check_subject *s)
{
    if (s->map != NULL) {
        buf_puts(out, " LEFT JOIN ");
        quote_qualified(out, s->map->schema, s->map->name);
        for (size_t i = 0; i < s->e->source_key.count; i++) {
            char text[32];

            snprintf(text, sizeof text, "x.s%zu", i);
            buf_puts(out, i == 0 ? " om ON om." : " AND om.");
            equal_key(out, s->map, s->e->map->source_key.items[i], s, s->e->source_key.items[i], text);
        }
    }
    if (s->parent_map != NULL) {
        buf_puts(out, " LEFT JOIN ");
        quote_qualified(out, s->parent_map->schema, s->parent_map->name);
        buf_puts(out, " pm ON pm.");
        equal_key(out, s->parent_map, s->parent->map->source_key.items[0], s, s->e->parent->column, "x.pc");
    }
}

static void
take_rows(struct fragments *f, const struct check_subject *s)
{
    struct buf out = {0};

    check_rows(&out, s);
    take(f, "rows", &out);
    join_maps(&out, s);
    take(f, "joins", &out);
}

char *
check_stream_sql(const struct check_subject *s, const bool *needed)
{
    struct fragments f = {0};
    struct buf fields = {0};

    if (s->map != NULL) {
        buf_puts(&fields, ", om.");
        quote_ident(&fields, s->e->map->target_key);
        buf_puts(&fields, "::pg_catalog.text AS t0");
    }
    for (size_t n = 0; n < s->target->ncolumns; n++) {
        if (!needed[n] || check_origin_of(s, n) != ORIGIN_ROW)
            continue;
        buf_puts(&fields, ", ");
        expected(&fields, s, n, false);
        buf_printf(&fields, " AS f%zu", n);
    }
    take(&f, "fields", &fields);
    take_rows(&f, s);
    return fill(sql_check_stream, &f);
}

static void
put_keys(struct buf *out, const struct catalog_unique *u)
{
    for (size_t i = 0; i < u->nkeys; i++)
        buf_printf(out, ", %s AS dualwrite_e%zu", u->keys[i], i);
}

static void
put_list(struct buf *out, const struct catalog_unique *u, const char *form, const char *between)
{
    for (size_t i = 0; i < u->nkeys; i++) {
        buf_puts(out, i == 0 ? "" : between);
        for (const char *p = form; *p != '\0'; p++) {
            if (*p == '#')
                buf_printf(out, "dualwrite_e%zu", i);
            else
                buf_putc(out, *p);
        }
    }
}

static void
take_predicate(struct fragments *f, const struct catalog_unique *u)
{
    struct buf out = {0};

    if (u->predicate != NULL)
        buf_printf(&out, "WHERE (%s)", u->predicate);
    take(f, "predicate", &out);
}

static void
take_name(struct fragments *f, const struct catalog_table *t)
{
    struct buf out = {0};

    quote_ident(&out, t->name);
    take(f, "name", &out);
}

/* The default of a column, by its type: what a row gets in a column that the mapping does not write. */
static void
put_default(struct buf *out, const struct catalog_column *column)
{
    buf_printf(out, "(%s)::%s", column->default_expr == NULL ? "NULL" : column->default_expr, column->type);
}

/* The columns that the index reads, by their names. An index on plain columns alone compares texts: no type is needed. */
static void
take_twice_fields(struct fragments *f, const struct check_subject *s, const struct catalog_unique *u)
{
    bool typed = u->predicate != NULL || u->expressions != NULL;
    struct buf out = {0};

    for (size_t n = 0; n < s->target->ncolumns; n++) {
        const struct catalog_column *column = &s->target->columns[n];

        if (!check_reads(u, column->name))
            continue;
        buf_puts(&out, ", ");
        if (check_origin_of(s, n) == ORIGIN_ROW) {
            buf_puts(&out, typed ? "(" : "");
            expected(&out, s, n, !typed);
            if (typed)
                buf_printf(&out, ")::%s", column->type);
        } else {
            put_default(&out, column);
        }
        buf_puts(&out, " AS ");
        quote_ident(&out, column->name);
    }
    take(f, "fields", &out);
}

/* Which legacy row is meant: with a map each source row has its own, else the target key says. */
static void
take_identity(struct fragments *f, const struct check_subject *s)
{
    struct buf out = {0};

    if (s->e->map != NULL) {
        buf_puts(&out, "x.k");
    } else {
        buf_puts(&out, "ROW(");
        for (size_t i = 0; i < s->e->target_key.count; i++) {
            size_t n = 0;

            while (strcmp(s->target->columns[n].name, s->e->target_key.items[i]) != 0)
                n++;
            buf_puts(&out, i == 0 ? "" : ", ");
            if (check_origin_of(s, n) == ORIGIN_ROW)
                expected(&out, s, n, true);
            else
                buf_puts(&out, "NULL");
        }
        buf_puts(&out, ")::pg_catalog.text");
    }
    take(f, "identity", &out);
}

char *
check_twice_sql(const struct check_subject *s, const struct catalog_unique *u)
{
    struct check_subject all = *s;
    struct fragments f = {0};
    struct buf out = {0};

    all.limit = 0; /* two rows of the same value may be far apart */
    put_keys(&out, u);
    take(&f, "keys", &out);
    put_list(&out, u, "n.# IS NOT NULL", " AND ");
    take(&f, "filled", &out);
    put_list(&out, u, "n.#", ", ");
    take(&f, "groups", &out);
    take_identity(&f, s);
    take_twice_fields(&f, s, u);
    take_rows(&f, &all);
    take_name(&f, s->target);
    take_predicate(&f, u);
    return fill(sql_check_twice, &f);
}

/* ---- on the legacy server ---- */

static bool
is_json(const struct catalog_column *column)
{
    return strcmp(column->base, "json") == 0 || strcmp(column->base, "jsonb") == 0;
}

/* "fN TYPE": its own type, which may refuse, where it is tried; else without a length, which has been counted. */
static void
declare(struct buf *out, const struct check_subject *s, size_t n, bool tried)
{
    const struct catalog_column *column = &s->target->columns[n];

    /* a JSON string would go into a JSON column as it is, whatever it holds */
    buf_printf(out, "f%zu %s", n,
               is_json(column)              ? "pg_catalog.text"
               : tried && check_tries(s, n) ? column->shown_type
                                            : column->type);
}

char *
check_try_sql(const struct check_subject *s, const bool *needed, size_t only)
{
    struct fragments f = {0};
    struct buf declared = {0};
    struct buf read = {0};

    for (size_t n = 0; n < s->target->ncolumns; n++) {
        if (!needed[n] || (only < s->target->ncolumns && n != only))
            continue;
        buf_puts(&declared, declared.len == 0 ? "" : ", ");
        declare(&declared, s, n, true);
        if (is_json(&s->target->columns[n]))
            buf_printf(&read, ", pg_catalog.count(r.f%zu::%s)", n, s->target->columns[n].type);
    }
    take(&f, "declared", &declared);
    take(&f, "read", &read);
    return fill(sql_check_fits, &f);
}

/* What column `n` would hold, of its type, from r or its default. */
static void
put_value(struct buf *out, const struct check_subject *s, size_t n)
{
    const struct catalog_column *column = &s->target->columns[n];

    if (check_origin_of(s, n) == ORIGIN_ROW)
        buf_printf(out, "r.f%zu%s%s", n, is_json(column) ? "::" : "", is_json(column) ? column->type : "");
    else
        put_default(out, column);
}

static size_t
position(const struct catalog_table *t, const char *name)
{
    size_t n = 0;

    while (strcmp(t->columns[n].name, name) != 0)
        n++;
    return n;
}

/* The legacy row that is the row's own, on both sides: dualwrite_t0 and so on. */
static void
take_own(struct fragments *f, const struct check_subject *s, struct buf *declared)
{
    struct buf names = {0}, fields = {0}, target = {0}, same = {0};

    for (size_t i = 0; i < s->e->target_key.count; i++) {
        size_t n = position(s->target, s->e->target_key.items[i]);

        buf_printf(&names, ", dualwrite_t%zu", i);
        buf_puts(&fields, ", ");
        if (s->e->map == NULL) {
            put_value(&fields, s, n);
        } else {
            buf_printf(declared, ", t0 %s", s->target->columns[n].type);
            buf_puts(&fields, s->map == NULL ? "NULL" : "r.t0");
        }
        buf_printf(&fields, " AS dualwrite_t%zu", i);
        buf_puts(&target, i == 0 ? "" : ", ");
        quote_ident(&target, s->e->target_key.items[i]);
        buf_printf(&target, " AS dualwrite_t%zu", i);
        buf_printf(&same, "%st.dualwrite_t%zu = n.dualwrite_t%zu", i == 0 ? "" : " AND ", i, i);
    }
    take(f, "own", &names);
    take(f, "own_fields", &fields);
    take(f, "target_own", &target);
    take(f, "same_row", &same);
}

char *
check_taken_sql(const struct check_subject *s, const struct catalog_unique *u)
{
    struct fragments f = {0};
    struct buf declared = {0}, fields = {0}, out = {0};

    for (size_t n = 0; n < s->target->ncolumns; n++) {
        const struct catalog_column *column = &s->target->columns[n];
        bool own = s->e->map == NULL && check_is_key(s->e, column->name);

        if ((own || check_reads(u, column->name)) && check_origin_of(s, n) == ORIGIN_ROW) {
            buf_puts(&declared, ", ");
            declare(&declared, s, n, false);
        }
        if (check_reads(u, column->name)) {
            buf_puts(&fields, ", ");
            put_value(&fields, s, n);
            buf_puts(&fields, " AS ");
            quote_ident(&fields, column->name);
        }
    }
    take_own(&f, s, &declared);
    take(&f, "declared", &declared);
    take(&f, "fields", &fields);
    put_keys(&out, u);
    take(&f, "keys", &out);
    put_list(&out, u, "t.# = n.#", " AND ");
    take(&f, "same", &out);
    quote_qualified(&out, s->target->schema, s->target->name);
    take(&f, "target", &out);
    take_name(&f, s->target);
    take_predicate(&f, u);
    return fill(sql_check_taken, &f);
}

char *
check_orphans_sql(const struct check_subject *s, const struct catalog_foreign *foreign)
{
    struct fragments f = {0};
    struct buf declared = {0}, filled = {0}, same = {0}, out = {0};

    for (size_t i = 0; i < foreign->count; i++) {
        size_t n = position(s->target, foreign->columns[i]);

        if (check_origin_of(s, n) == ORIGIN_ROW) {
            buf_puts(&declared, ", ");
            declare(&declared, s, n, false);
        }
        buf_puts(&filled, i == 0 ? "" : " AND ");
        put_value(&filled, s, n);
        buf_puts(&filled, " IS NOT NULL");
        buf_puts(&same, i == 0 ? "p." : " AND p.");
        quote_ident(&same, foreign->referenced[i]);
        buf_puts(&same, " = ");
        put_value(&same, s, n);
    }
    take(&f, "declared", &declared);
    take(&f, "filled", &filled);
    take(&f, "same", &same);
    quote_qualified(&out, foreign->schema, foreign->table);
    take(&f, "referenced", &out);
    return fill(sql_check_orphans, &f);
}
