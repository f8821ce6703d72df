/* sqlwrite.c - the statements of the legacy database; see dualwrite/sqlparts.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"

static const struct catalog_column *
target_column(const struct gen *g, const char *name)
{
    return catalog_column(g->target, name);
}

/* ---- what a column should hold ---- */

/* What the removal puts into `column`, NULL when it leaves that column alone. A time already there stays. */
bool
gen_removed_value(struct buf *out, const struct gen *g, const char *column)
{
    for (size_t i = 0; i < g->e->removal.set.count; i++) {
        const struct mapping_column *set = &g->e->removal.set.items[i];
        struct buf value = {0};

        if (strcmp(set->name, column) != 0)
            continue;
        if (set->value.kind == VALUE_NOW) {
            buf_puts(out, "coalesce(t.");
            quote_ident(out, column);
            buf_printf(out, ", pg_catalog.now()::%s)", target_column(g, column)->type);
        } else {
            buf_printf(&value, "d.c%zu", i);
            gen_finished(out, buf_text(&value), target_column(g, column));
            buf_free(&value);
        }
        return true;
    }
    return false;
}

char *
gen_removed(const struct gen *g)
{
    struct buf values = {0};
    struct buf types = {0};
    struct buf out = {0};

    for (size_t i = 0; i < g->e->removal.set.count; i++) {
        const struct mapping_column *set = &g->e->removal.set.items[i];

        if (set->value.kind == VALUE_NOW)
            continue;
        gen_comma(&values);
        buf_printf(&values, "'c%zu', ", i);
        quote_literal(&values, set->value.text);
        buf_puts(&values, "::pg_catalog.text");
        gen_comma(&types);
        buf_printf(&types, "c%zu %s", i, gen_declared(target_column(g, set->name)));
    }
    if (values.len > 0)
        buf_printf(&out, "\nCROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object(%s)) AS d(%s)",
                   buf_text(&values), buf_text(&types));
    buf_free(&values);
    buf_free(&types);
    return buf_steal(&out);
}

void
gen_match(struct buf *out, const struct gen *g, const char *alias)
{
    for (size_t i = 0; i < g->e->target_key.count; i++) {
        buf_printf(out, "%s%s.", i == 0 ? "" : " AND ", alias);
        quote_ident(out, g->e->target_key.items[i]);
        buf_printf(out, " = r.k%zu", i);
    }
}

/*
 * The plain value for the row that has it already or comes first, unless another legacy row holds it; else the
 * suffixed.
 */
static void
settled(struct buf *out, const struct gen *g, size_t i)
{
    struct buf name = {0};

    quote_ident(&name, g->e->columns.items[i].name);
    buf_printf(out, "CASE WHEN t.%s IN (r.c%zu, r.y%zu) THEN t.%s WHEN r.o%zu AND NOT EXISTS (SELECT FROM ",
               buf_text(&name), i, i, buf_text(&name), i);
    sql_table(out, &g->e->target);
    buf_printf(out, " h WHERE h.%s = r.c%zu AND NOT (", buf_text(&name), i);
    gen_match(out, g, "h");
    buf_printf(out, ")) THEN r.c%zu ELSE r.y%zu END", i, i);
    buf_free(&name);
}

void
gen_expected(struct buf *out, const struct gen *g, size_t i)
{
    const struct mapping_column *c = &g->e->columns.items[i];
    struct buf value = {0};
    struct buf gone = {0};

    if (c->value.kind == VALUE_NOW)
        buf_printf(&value, "pg_catalog.now()::%s", target_column(g, c->name)->type);
    else if (c->value.unique == UNIQUE_SUFFIX)
        settled(&value, g, i);
    else
        buf_printf(&value, "r.c%zu", i);
    if (g->e->present.kind != PRESENT_ALWAYS && gen_removed_value(&gone, g, c->name))
        buf_printf(out, "CASE WHEN r.present THEN %s ELSE %s END", buf_text(&value), buf_text(&gone));
    else
        buf_puts(out, buf_text(&value));
    buf_free(&value);
    buf_free(&gone);
}

/* ---- statements ---- */

struct fragments
gen_written(const struct gen *g)
{
    struct fragments f = {0};
    struct buf text = {0};

    gen_set_table(&f, "target", &g->e->target);
    gen_set_ident(&f, "first_key", g->e->target_key.items[0]);
    fragments_take(&f, "rows", gen_rows(g));
    fragments_take(&f, "removed", gen_removed(g));
    gen_match(&text, g, "t");
    fragments_take(&f, "match", buf_steal(&text));
    return f;
}

void
gen_parent_key(struct buf *out, const struct mapping_entity *e, const char *column)
{
    if (e->present.kind == PRESENT_ALWAYS) {
        buf_puts(out, "r.p");
        return;
    }
    buf_puts(out, "CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t.");
    quote_ident(out, column);
    buf_puts(out, ") END");
}

char *
gen_update(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f;
    struct buf set = {0}, is = {0}, should_be = {0};

    for (size_t i = 0; i <= e->columns.count; i++) {
        const struct mapping_column *c = i < e->columns.count ? &e->columns.items[i] : NULL;
        const char *name = c != NULL ? c->name : e->parent != NULL ? e->parent->target_column : NULL;

        if (c == NULL ? !gen_writes_parent(e) : (c->value.insert_only || gen_is_key(e, name)))
            continue;
        gen_comma(&set);
        quote_ident(&set, name);
        buf_puts(&set, " = ");
        if (c != NULL)
            gen_expected(&set, g, i);
        else
            gen_parent_key(&set, e, name);
        if (c != NULL && c->value.kind == VALUE_NOW)
            continue; /* never by itself a reason to write */
        buf_puts(&is, is.len == 0 ? "t." : ", t.");
        quote_ident(&is, name);
        gen_comma(&should_be);
        if (c != NULL)
            gen_expected(&should_be, g, i);
        else
            gen_parent_key(&should_be, e, name);
    }
    if (is.len == 0) {
        buf_free(&set);
        return NULL;
    }
    f = gen_written(g);
    fragments_take(&f, "assignments", buf_steal(&set));
    fragments_take(&f, "present_columns", buf_steal(&is));
    fragments_take(&f, "compared_values", buf_steal(&should_be));
    return gen_fill(sql_apply_update, &f);
}

char *
gen_insert(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = gen_written(g);
    struct buf names = {0}, values = {0}, known = {0};

    for (size_t i = 0; i < e->target_key.count; i++) {
        gen_comma(&names);
        quote_ident(&names, e->target_key.items[i]);
        gen_comma(&values);
        buf_printf(&values, "r.k%zu", i);
    }
    if (gen_writes_parent(e)) {
        buf_puts(&names, ", ");
        quote_ident(&names, e->parent->target_column);
        buf_puts(&values, ", r.p");
    }
    for (size_t i = 0; i < e->columns.count; i++) {
        if (gen_is_key(e, e->columns.items[i].name))
            continue;
        buf_puts(&names, ", ");
        quote_ident(&names, e->columns.items[i].name);
        buf_puts(&values, ", ");
        gen_expected(&values, g, i);
    }
    for (size_t i = 0; i < e->target_key.count; i++)
        buf_printf(&known, "%sr.k%zu IS NOT NULL", i == 0 ? "" : " AND ", i);
    fragments_take(&f, "key_known", buf_steal(&known));
    fragments_take(&f, "columns", buf_steal(&names));
    fragments_take(&f, "expected", buf_steal(&values));
    return gen_fill(sql_apply_insert, &f);
}

char *
gen_remove(const struct gen *g)
{
    struct fragments f;
    struct buf set = {0}, is = {0}, should_be = {0};

    if (g->e->removal.kind == REMOVAL_KEEP)
        return NULL;
    f = gen_written(g);
    for (size_t i = 0; i < g->e->removal.set.count; i++) {
        const char *name = g->e->removal.set.items[i].name;

        gen_comma(&set);
        quote_ident(&set, name);
        buf_puts(&set, " = ");
        gen_removed_value(&set, g, name);
        buf_puts(&is, i == 0 ? "t." : ", t.");
        quote_ident(&is, name);
        gen_comma(&should_be);
        gen_removed_value(&should_be, g, name);
    }
    fragments_take(&f, "removal_assignments", buf_steal(&set));
    fragments_take(&f, "removal_columns", buf_steal(&is));
    fragments_take(&f, "removal_values", buf_steal(&should_be));
    return gen_fill(g->e->removal.kind == REMOVAL_SET ? sql_apply_remove_set : sql_apply_remove_delete, &f);
}

/* Adds that t's `column` is `value`: by the type's own equality where it has one. */
static void
add_equal(struct buf *out, const struct gen *g, const char *column, const char *value)
{
    const char *cast = target_column(g, column)->has_equality ? "" : "::pg_catalog.text";

    buf_puts(out, out->len == 0 ? "t." : " AND t.");
    quote_ident(out, column);
    buf_printf(out, "%s IS NOT DISTINCT FROM (%s)%s", cast, value, cast);
}

/* t holds what the mapping asks for, column by column. */
static void
equal_columns(struct buf *out, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf value = {0};

    for (size_t i = 0; i < e->columns.count; i++) {
        const struct mapping_column *c = &e->columns.items[i];

        if (c->value.insert_only || c->value.kind == VALUE_NOW || gen_is_key(e, c->name))
            continue;
        buf_clear(&value);
        gen_expected(&value, g, i);
        add_equal(out, g, c->name, buf_text(&value));
    }
    if (gen_writes_parent(e)) {
        buf_clear(&value);
        gen_parent_key(&value, e, e->parent->target_column);
        add_equal(out, g, e->parent->target_column, buf_text(&value));
    }
    if (out->len == 0)
        buf_puts(out, "true");
    buf_free(&value);
}

/* t is as the removal leaves it. */
static void
equal_removed(struct buf *out, const struct gen *g)
{
    struct buf value = {0};

    if (g->e->removal.kind == REMOVAL_DELETE) {
        buf_puts(out, "t.");
        quote_ident(out, g->e->target_key.items[0]);
        buf_puts(out, " IS NULL");
    }
    for (size_t i = 0; i < g->e->removal.set.count; i++) {
        const char *column = g->e->removal.set.items[i].name;

        buf_clear(&value);
        gen_removed_value(&value, g, column);
        add_equal(out, g, column, buf_text(&value));
    }
    buf_free(&value);
}

char *
gen_verify(const struct gen *g)
{
    struct fragments f = gen_written(g);
    struct buf equal = {0};
    struct buf gone = {0};
    struct buf either = {0};

    equal_columns(&equal, g);
    equal_removed(&gone, g);
    if (gone.len == 0)
        buf_puts(&either, buf_text(&equal));
    else
        buf_printf(&either, "CASE WHEN r.remove THEN %s ELSE %s END", buf_text(&gone), buf_text(&equal));
    fragments_take(&f, "equal", buf_steal(&either));
    buf_free(&equal);
    buf_free(&gone);
    return gen_fill(sql_apply_verify, &f);
}

char *
gen_draw(const struct gen *g)
{
    const char *key = g->e->target_key.items[0];
    struct fragments f = {0};
    struct buf name = {0};

    if (g->e->map == NULL)
        return NULL;
    quote_literal(&name, g->e->target.schema);
    buf_puts(&name, ", ");
    quote_literal(&name, g->e->target.name);
    gen_set_table(&f, "target", &g->e->target);
    gen_set_ident(&f, "target_key", key);
    gen_set_literal(&f, "target_key_name", key);
    fragments_take(&f, "target_name", buf_steal(&name));
    fragments_set(&f, "next_target_key", target_column(g, key)->default_expr);
    fragments_set(&f, "target_key_type", target_column(g, key)->type);
    return gen_fill(sql_apply_draw, &f);
}

char *
gen_missing(const struct gen *g)
{
    const char *key = g->e->target_key.items[0];
    const struct catalog_column *column = target_column(g, key);
    struct fragments f = {0};
    bool integer;

    if (g->e->target_key.count != 1)
        return NULL;
    integer = strcmp(column->base, "int2") == 0 || strcmp(column->base, "int4") == 0;
    gen_set_table(&f, "target", &g->e->target);
    gen_set_ident(&f, "target_key", key);
    /* any integer that vNext can hold: one that legacy cannot is missing, which is no error */
    fragments_set(&f, "target_key_type", integer ? "pg_catalog.int8" : column->type);
    return gen_fill(sql_apply_missing, &f);
}
