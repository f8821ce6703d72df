/*
 * sqlread.c - the statements that ask the vNext database: rows through the mapping, and a table's resync; see
 * dualwrite/sqlparts.h. The map's own are sqlmap.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/change.h"
#include "dualwrite/outcome.h"
#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

static const char *
source_type(const struct gen *g, const char *column)
{
    return catalog_column(g->source, column)->type;
}

/* In a subquery, because a plan that counts what is wanted looks better than one that can be kept, and never is. */
char *
gen_wanted(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf out = {0};

    buf_puts(&out, "SELECT ");
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "u.i%zu::%s AS i%zu, ", i, source_type(g, e->identity.items[i]), i);
    buf_puts(&out, "u.n FROM unnest(");
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "%s(SELECT $%zu::pg_catalog.text[])", i == 0 ? "" : ", ", i + 1);
    buf_puts(&out, ") WITH ORDINALITY AS u(");
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "i%zu, ", i);
    buf_puts(&out, "n)");
    return buf_steal(&out);
}

/* ---- the row ---- */

static void
identity(struct fragments *f, const struct mapping_entity *e)
{
    struct buf out = {0};

    for (size_t i = 0; i < e->identity.count; i++) {
        buf_puts(&out, i == 0 ? "source." : " AND source.");
        quote_ident(&out, e->identity.items[i]);
        buf_printf(&out, " = w.i%zu", i);
    }
    fragments_take(f, "identity", buf_steal(&out));
}

/* Present before absent, then the latest, then the highest key. */
static void
speaking(struct fragments *f, const struct mapping_entity *e)
{
    struct buf out = {0};

    if (e->present.kind != PRESENT_ALWAYS) {
        sql_present(&out, e, "source");
        buf_puts(&out, " DESC, ");
    }
    if (e->map == NULL && e->latest_by != NULL) {
        buf_puts(&out, "source.");
        quote_ident(&out, e->latest_by);
        buf_puts(&out, " DESC NULLS LAST, ");
    }
    for (size_t i = 0; i < e->source_key.count; i++) {
        buf_puts(&out, i == 0 ? "source." : ", source.");
        quote_ident(&out, e->source_key.items[i]);
        buf_puts(&out, " DESC");
    }
    fragments_take(f, "speaking", buf_steal(&out));
}

/*
 * True when no source row with a lower key gives the same value: that one keeps it plain. The other rows are read in a
 * FROM of their own, whatever the source is called; the server sees through it to an index.
 */
static void
first_of_its_kind(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *value)
{
    bool rivals = g->e->map == NULL; /* several rows may stand for one legacy row: they do not compete for its value */

    buf_puts(out, "NOT EXISTS (SELECT FROM (SELECT ");
    gen_input(out, &c->value);
    buf_puts(out, " AS q, ");
    quote_ident(out, g->e->source_key.items[0]);
    buf_puts(out, " AS k");
    for (size_t i = 0; rivals && i < g->e->identity.count; i++) {
        buf_puts(out, ", ");
        quote_ident(out, g->e->identity.items[i]);
        buf_printf(out, " AS i%zu", i);
    }
    buf_puts(out, " FROM ");
    sql_table(out, &g->e->source);
    buf_puts(out, ") a WHERE ");
    gen_text(out, g, c, "a.q", gen_length(g, c));
    buf_printf(out, " = %s AND a.k < b.k", value);
    for (size_t i = 0; rivals && i < g->e->identity.count; i++)
        buf_printf(out, "%sa.i%zu = w.i%zu", i == 0 ? " AND NOT coalesce(" : " AND ", i, i);
    buf_puts(out, rivals ? ", false))" : ")");
}

/*
 * Appends the raw input of `v` under `name`, and puts into `input` how to name it; nothing where the mapping reads
 * nothing. coalesce() of one value is that value: it refuses functions that return sets, which would make rows appear
 * or vanish. An absent row that is to be deleted needs no values, so none can stand in the way of that.
 */
static void
raw_input(struct buf *inputs, struct buf *input, const struct gen *g, const struct mapping_value *v, const char *name)
{
    const struct mapping_entity *e = g->e;
    bool guarded = e->present.kind != PRESENT_ALWAYS && e->removal.kind == REMOVAL_DELETE &&
                   (v->kind == VALUE_EXPRESSION || v->nvalues > 0 || v->lookup != NULL);
    struct buf raw = {0};

    if (gen_input(&raw, v)) {
        buf_puts(inputs, ", ");
        if (guarded) {
            buf_puts(inputs, "CASE WHEN ");
            sql_present(inputs, e, "");
            buf_puts(inputs, " THEN ");
        }
        buf_printf(inputs, v->kind == VALUE_EXPRESSION && !guarded ? "coalesce(%s)" : "%s", buf_text(&raw));
        buf_printf(inputs, "%s AS %s", guarded ? " END" : "", name);
        buf_printf(input, "b.%s", name);
    }
    buf_free(&raw);
}

/* Raw inputs q0.. and the columns c0.. (y: with its suffix, o: keeps it plain) made of them. */
static void
mapped(struct buf *inputs, struct buf *values, const struct gen *g)
{
    for (size_t i = 0; i < g->e->columns.count; i++) {
        const struct mapping_column *c = &g->e->columns.items[i];
        int length = gen_length(g, c);
        struct buf input = {0};
        struct buf text = {0};
        char name[24];

        if (slots_width(g->e, i) == 0)
            continue;
        snprintf(name, sizeof name, "q%zu", i);
        raw_input(inputs, &input, g, &c->value, name);
        gen_text(&text, g, c, buf_text(&input), length);
        buf_printf(values, ", %s AS c%zu", buf_text(&text), i);
        if (c->value.unique == UNIQUE_SUFFIX) {
            buf_clear(&text);
            gen_text(&text, g, c, buf_text(&input), 0);
            if (g->catalogs->vnext->uninstalled)
                buf_printf(values, ", NULL::pg_catalog.text AS y%zu", i);
            else
                buf_printf(values, ", dualwrite.suffixed(%s, b.k::pg_catalog.text, %d) AS y%zu", buf_text(&text),
                           length, i);
            buf_clear(&text);
            gen_text(&text, g, c, buf_text(&input), length);
            buf_printf(values, ", ");
            first_of_its_kind(values, g, c, buf_text(&text));
            buf_printf(values, " AS o%zu", i);
        }
        buf_free(&input);
        buf_free(&text);
    }
}

/* What the map's columns get when its row is made: x0.. */
static void
map_columns(struct buf *inputs, struct buf *values, const struct gen *g)
{
    for (size_t i = 0; g->e->map != NULL && i < g->e->map->columns.count; i++) {
        const struct mapping_column *c = &g->e->map->columns.items[i];
        struct buf input = {0};
        char name[24];

        if (c->value.kind == VALUE_NOW || c->value.kind == VALUE_TARGET_COLUMN)
            continue;
        snprintf(name, sizeof name, "z%zu", i);
        raw_input(inputs, &input, g, &c->value, name);
        buf_puts(values, ", ");
        gen_text(values, g, c, buf_text(&input), c->value.truncate);
        buf_printf(values, " AS x%zu", i);
        buf_free(&input);
    }
}

static char *
reading(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf inputs = {0};
    struct buf values = {0};
    struct buf text = {0};

    mapped(&inputs, &values, g);
    map_columns(&inputs, &values, g);
    fragments_take(&f, "inputs", buf_steal(&inputs));
    fragments_take(&f, "values", buf_steal(&values));
    sql_present(&text, e, "");
    fragments_take(&f, "present", buf_steal(&text));
    if (e->parent != NULL)
        gen_set_ident(&f, "parent", e->parent->column);
    else
        fragments_set(&f, "parent", "NULL");
    gen_set_ident(&f, "key_text", e->source_key.items[0]);
    gen_set_table(&f, "source", &e->source);
    gen_set_ident(&f, "source_name", e->source.name);
    identity(&f, e);
    speaking(&f, e);
    return gen_fill(sql_apply_reading, &f);
}

/* ---- what is told of it ---- */

/* Where among the identity columns the parent's column stands; identity.count when it does not. */
static size_t
parent_identity(const struct mapping_entity *e)
{
    size_t i = 0;

    while (e->parent != NULL && i < e->identity.count && strcmp(e->identity.items[i], e->parent->column) != 0)
        i++;
    return i;
}

static void
join_map(struct buf *out, const struct mapping_map *map, const char *alias, const char *key)
{
    buf_puts(out, "\nLEFT JOIN ");
    sql_table(out, &map->table);
    buf_printf(out, " %s ON ", alias);
    for (size_t i = 0; i < map->source_key.count; i++) {
        buf_printf(out, "%s%s.", i == 0 ? "" : " AND ", alias);
        quote_ident(out, map->source_key.items[i]);
        if (key != NULL)
            buf_printf(out, " = %s", key);
        else
            buf_printf(out, " = w.i%zu", i);
    }
}

static void
map_key(struct buf *out, const char *alias, const struct mapping_map *map)
{
    buf_printf(out, "%s.", alias);
    quote_ident(out, map->target_key);
    buf_puts(out, "::pg_catalog.text");
}

/* The target key, as text: from the map, or column by column from the parent and the identity. */
static void
target_key(struct fragments *f, const struct gen *g, const char *parent_key)
{
    const struct mapping_entity *e = g->e;
    struct buf out = {0};

    for (size_t i = 0; i < e->target_key.count; i++) {
        const char *name = e->target_key.items[i];

        buf_puts(&out, ", (");
        if (e->map != NULL) {
            map_key(&out, "m", e->map);
        } else if (e->parent != NULL && strcmp(name, e->parent->target_column) == 0) {
            buf_puts(&out, parent_key);
        } else {
            struct buf input = {0};

            buf_printf(&input, "w.i%zu", i);
            for (size_t j = 0; j < e->columns.count; j++)
                if (strcmp(e->columns.items[j].name, name) == 0)
                    gen_text(&out, g, &e->columns.items[j], buf_text(&input), 0);
            buf_free(&input);
        }
        buf_printf(&out, ") AS k%zu", i);
    }
    fragments_take(f, "keys", buf_steal(&out));
}

static void
parent(struct fragments *f, const struct gen *g, struct buf *joins)
{
    const struct mapping_entity *e = g->e;
    size_t at = parent_identity(e);
    struct buf source = {0};
    struct buf key = {0};

    if (e->parent == NULL)
        buf_puts(&source, "NULL");
    else if (e->map == NULL && at < e->identity.count)
        buf_printf(&source, "w.i%zu", at);
    else
        buf_puts(&source, "s.p0");
    if (e->parent != NULL && g->parent->map != NULL) {
        join_map(joins, g->parent->map, "p", buf_text(&source));
        map_key(&key, "p", g->parent->map);
    } else {
        buf_printf(&key, "%s::pg_catalog.text", buf_text(&source));
    }
    buf_puts(&source, "::pg_catalog.text");
    fragments_take(f, "parent", buf_steal(&source));
    fragments_set(f, "parent_key", buf_text(&key));
    target_key(f, g, buf_text(&key));
    buf_free(&key);
}

/* What a column of the map gets; a value of the row too may be one. */
static void
map_value(struct buf *out, const struct gen *g, size_t column)
{
    const struct mapping_value *v = &g->e->map->columns.items[column].value;

    if (v->kind != VALUE_TARGET_COLUMN) {
        buf_printf(out, "s.x%zu", column);
        return;
    }
    for (size_t i = 0; i < g->e->columns.count; i++)
        if (strcmp(g->e->columns.items[i].name, v->text) == 0 && slots_width(g->e, i) > 0)
            buf_printf(out, "s.c%zu AS x%zu", i, column);
        else if (strcmp(g->e->columns.items[i].name, v->text) == 0)
            buf_printf(out, "pg_catalog.now()::pg_catalog.text AS x%zu", column);
}

static void
told(struct fragments *f, const struct gen *g)
{
    struct slot *slots = xcalloc(slots_values(g->e, NULL) + slots_map(g->e, NULL) + 1, sizeof *slots);
    size_t n = slots_values(g->e, slots);
    struct buf out = {0};

    for (size_t i = 0; i < n; i++)
        buf_printf(&out, ", s.%c%zu", slots[i].letter, slots[i].column);
    n = slots_map(g->e, slots);
    for (size_t i = 0; i < n; i++) {
        buf_puts(&out, ", ");
        map_value(&out, g, slots[i].column);
    }
    fragments_take(f, "told", buf_steal(&out));
    free(slots);
}

struct fragments
gen_seen(const struct gen *g)
{
    struct fragments f = {0};
    struct buf joins = {0};

    fragments_take(&f, "reading", reading(g));
    if (g->e->map != NULL)
        join_map(&joins, g->e->map, "m", NULL);
    parent(&f, g, &joins);
    fragments_take(&f, "joins", buf_steal(&joins));
    return f;
}

char *
gen_read(const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct fragments f = gen_seen(g);
    struct buf verified = {0};

    fragments_take(&f, "wanted", gen_wanted(g));
    if (map != NULL && map->verified != NULL) {
        buf_puts(&verified, "m.");
        quote_ident(&verified, map->verified);
    } else {
        buf_puts(&verified, "NULL::pg_catalog.bool");
    }
    fragments_take(&f, "verified", buf_steal(&verified));
    told(&f, g);
    return gen_fill(sql_apply_read, &f);
}

/* ---- resync ---- */

char *
gen_resync(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf columns = {0}, names = {0}, position = {0}, text = {0}, descending = {0}, ref = {0};

    for (size_t i = 0; i < e->source_key.count; i++) {
        const char *comma = i == 0 ? "" : ", ";

        buf_printf(&columns, "%sn.", comma);
        quote_ident(&columns, e->source_key.items[i]);
        buf_printf(&names, "%sn.", comma);
        quote_ident(&names, e->source_key.items[i]);
        buf_printf(&names, " AS k%zu", i);
        buf_printf(&position, "%s($1::pg_catalog.text[])[%zu]::%s", comma, i + 1,
                   source_type(g, e->source_key.items[i]));
        buf_printf(&text, "%sc.k%zu::pg_catalog.text", comma, i);
        buf_printf(&descending, "%sc.k%zu DESC", comma, i);
    }
    for (size_t i = 0; i < ref_count(e); i++) {
        buf_puts(&ref, i == 0 ? "n." : ", n.");
        quote_ident(&ref, ref_column(e, i));
        buf_puts(&ref, "::pg_catalog.text");
    }
    gen_set_literal(&f, "entity", e->name);
    gen_set_literal(&f, "operation_update", e->operation_update);
    gen_set_table(&f, "source", &e->source);
    gen_set_ident(&f, "root", ref_root(e));
    fragments_take(&f, "key_columns", buf_steal(&columns));
    fragments_take(&f, "key_names", buf_steal(&names));
    fragments_take(&f, "position", buf_steal(&position));
    fragments_take(&f, "key_text", buf_steal(&text));
    fragments_take(&f, "key_descending", buf_steal(&descending));
    fragments_take(&f, "ref", buf_steal(&ref));
    return gen_fill(sql_apply_resync, &f);
}

/* ---- how many removals there are ---- */

char *
gen_removals(const struct gen *g)
{
    struct fragments f = {0};
    struct buf name = {0};
    struct buf identity = {0};

    if (g->e->removal.kind == REMOVAL_KEEP)
        return NULL;
    for (size_t i = 0; i < g->e->identity.count; i++)
        buf_printf(&identity, "%so.ref[%zu]", i == 0 ? "" : ", ", ref_position(g->e, g->e->identity.items[i]) + 1);
    fragments_take(&f, "identity", buf_steal(&identity));
    quote_literal(&name, g->e->source.schema);
    buf_puts(&name, ", ");
    quote_literal(&name, g->e->source.name);
    fragments_take(&f, "source_name", buf_steal(&name));
    gen_set_literal(&f, "entity", g->e->name);
    gen_set_literal(&f, "operation_insert", g->e->operation_insert);
    gen_set_literal(&f, "operation_remove", g->e->operation_remove);
    gen_set_literal(&f, "sqlstate", REMOVAL_SHARE_EXCEEDED);
    gen_set_literal(&f, "reconcile", ACTOR_RECONCILE);
    gen_set_table(&f, "source", &g->e->source);
    return gen_fill(sql_apply_removals, &f);
}
