/* sqlreport.c - the statements of `report`; see dualwrite/sqlreport.h and dualwrite/sqlparts.h. */
#include "dualwrite/sqlreport.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

struct making {
    struct gen g;
    const struct report_filter *filters;
    size_t nfilters;
    struct report_plan *plan;
};

static void
take(struct fragments *f, const char *name, struct buf *text)
{
    fragments_take(f, name, buf_steal(text));
}

static bool
is_integer(const struct catalog_table *t, const char *name)
{
    const struct catalog_column *c = t == NULL ? NULL : catalog_column(t, name);

    return c != NULL && (strcmp(c->base, "int2") == 0 || strcmp(c->base, "int4") == 0 || strcmp(c->base, "int8") == 0);
}

static bool
are_integer(const struct catalog_table *t, const struct mapping_names *names)
{
    return names->count == 1 && is_integer(t, names->items[0]);
}

/* "a.x::text", of several columns "x,y" */
static void
put_key(struct buf *out, const char *alias, const char *const *names, size_t count)
{
    if (count > 1)
        buf_puts(out, "pg_catalog.concat_ws(','");
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s.", count > 1 ? ", " : "", alias);
        quote_ident(out, names[i]);
        buf_puts(out, "::pg_catalog.text");
    }
    if (count > 1)
        buf_putc(out, ')');
}

static void
put_names(struct buf *out, const char *alias, const struct mapping_names *names)
{
    put_key(out, alias, (const char *const *) names->items, names->count);
}

/* "s.s0, .." of the team's own columns, which root.sql calls so */
static void
put_numbered(struct buf *out, char letter, size_t count)
{
    if (count > 1)
        buf_puts(out, "pg_catalog.concat_ws(','");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%ss.%c%zu::pg_catalog.text", count > 1 ? ", " : "", letter, i);
    if (count > 1)
        buf_putc(out, ')');
}

/* ---- filters ---- */

static void
put_wanted(struct buf *out, const struct making *k, bool legacy)
{
    for (size_t i = 0; i < k->nfilters; i++) {
        const struct report_filter *f = &k->filters[i];
        const struct mapping_column *c = &k->g.e->columns.items[f->index];

        buf_puts(out, i == 0 ? "" : " AND ");
        if (legacy) {
            int length = gen_length(&k->g, c);

            buf_puts(out, "coalesce(t.");
            quote_ident(out, c->name);
            buf_puts(out, "::pg_catalog.text = ");
            if (length > 0) {
                buf_puts(out, "pg_catalog.left(");
                quote_literal(out, f->legacy);
                buf_printf(out, ", %d)", length);
            } else {
                quote_literal(out, f->legacy);
            }
        } else {
            buf_puts(out, "coalesce(");
            gen_input(out, &c->value);
            buf_puts(out, "::pg_catalog.text = ");
            quote_literal(out, f->value);
        }
        buf_puts(out, ", false)");
    }
    if (k->nfilters == 0)
        buf_puts(out, "true");
}

/* ---- the team's rows ---- */

static bool
is_time(const struct catalog_column *c)
{
    return c != NULL && (strcmp(c->base, "timestamptz") == 0 || strcmp(c->base, "timestamp") == 0);
}

/* A column of time that legacy gets only when its row is made, else one that is called so. */
static const char *
created_column(const struct gen *g)
{
    static const char *const names[] = {"created_at",   "created_on",    "created",
                                        "date_created", "creation_date", "inserted_at"};

    for (size_t i = 0; i < g->e->columns.count; i++) {
        const struct mapping_value *v = &g->e->columns.items[i].value;

        if (v->insert_only && v->kind == VALUE_COLUMN && is_time(catalog_column(g->source, v->text)))
            return v->text;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_time(catalog_column(g->source, names[i])))
            return catalog_column(g->source, names[i])->name;
    return NULL;
}

/* The legacy key that a row without a map has, column by column. */
static void
put_target_keys(struct buf *out, const struct gen *g)
{
    for (size_t i = 0; g->e->map == NULL && i < g->e->target_key.count; i++)
        for (size_t j = 0; j < g->e->columns.count; j++) {
            struct buf input = {0};

            if (strcmp(g->e->columns.items[j].name, g->e->target_key.items[i]) != 0)
                continue;
            quote_ident(&input, g->e->identity.items[i]);
            buf_puts(out, ", ");
            gen_text(out, g, &g->e->columns.items[j], buf_text(&input), 0);
            buf_printf(out, " AS t%zu", i);
            buf_free(&input);
        }
}

static char *
root(const struct making *k)
{
    const struct mapping_entity *e = k->g.e;
    struct fragments f = {0};
    struct buf text = {0};

    for (size_t i = 0; i < e->source_key.count; i++) {
        gen_comma(&text);
        quote_ident(&text, e->source_key.items[i]);
        buf_printf(&text, " AS s%zu", i);
    }
    for (size_t i = 0; i < ref_count(e); i++) {
        buf_puts(&text, ", ");
        quote_ident(&text, ref_column(e, i));
        buf_printf(&text, "::pg_catalog.text AS r%zu", i);
    }
    put_target_keys(&text, &k->g);
    take(&f, "keys", &text);
    sql_present(&text, e, "");
    take(&f, "present", &text);
    gen_active(&text, &k->g);
    take(&f, "active", &text);
    put_wanted(&text, k, false);
    take(&f, "wanted", &text);
    if (k->plan->created != NULL) {
        buf_puts(&text, "coalesce(");
        quote_ident(&text, k->plan->created);
        buf_puts(&text, " > pg_catalog.now() - interval '24 hours', false)");
        take(&f, "recent", &text);
        quote_ident(&text, k->plan->created);
        buf_puts(&text, "::pg_catalog.text");
        take(&f, "created", &text);
    } else {
        fragments_set(&f, "recent", "false");
        fragments_set(&f, "created", "NULL::pg_catalog.text");
    }
    gen_set_table(&f, "source", &e->source);
    return gen_fill(sql_report_root, &f);
}

static char *
count_vnext(const struct making *k)
{
    struct fragments f = {0};

    fragments_take(&f, "root", root(k));
    return gen_fill(sql_report_vnext, &f);
}

/* ---- the streams ---- */

/* "m.of = s.s0" */
static void
put_same(struct buf *out, const struct mapping_map *map)
{
    for (size_t i = 0; i < map->source_key.count; i++) {
        buf_puts(out, i == 0 ? "m." : " AND m.");
        quote_ident(out, map->source_key.items[i]);
        buf_printf(out, " = s.s%zu", i);
    }
}

/* Places of map.sql and sample.sql: the map with its teams; without a map the teams, whose keys say it. */
static void
take_mapped(struct fragments *f, const struct making *k, const char *join)
{
    const struct mapping_map *map = k->g.e->map;
    char *rows = root(k);
    struct buf text = {0};

    if (map == NULL) {
        buf_printf(&text, "(%s) s", rows);
        take(f, "rows", &text);
        put_numbered(&text, 't', k->g.e->target_key.count);
        take(f, "legacy", &text);
        put_numbered(&text, 's', k->g.e->source_key.count);
        take(f, "vnext", &text);
    } else {
        sql_table(&text, &map->table);
        buf_printf(&text, " m %s (%s) s ON ", join, rows);
        put_same(&text, map);
        take(f, "rows", &text);
        put_key(&text, "m", (const char *const *) &map->target_key, 1);
        take(f, "legacy", &text);
        put_names(&text, "m", &map->source_key);
        take(f, "vnext", &text);
    }
    free(rows);
}

/* Integers by an index of theirs where there is one; everything else by its bytes, which both servers order alike. */
static void
take_order(struct fragments *f, const struct making *k, const char *alias, const char *column)
{
    struct buf text = {0};

    if (k->plan->integer && column != NULL) {
        buf_printf(&text, "%s.", alias);
        quote_ident(&text, column);
    } else if (k->plan->integer) {
        buf_puts(&text, "s.t0::pg_catalog.int8");
    } else {
        buf_printf(&text, "(%s) COLLATE pg_catalog.\"C\"", fragments_get(f, "legacy"));
    }
    take(f, "order", &text);
}

static char *
map_stream(const struct making *k)
{
    const struct mapping_map *map = k->g.e->map;
    struct fragments f = {0};
    struct buf id = {0};

    take_mapped(&f, k, "LEFT JOIN");
    take_order(&f, k, "m", map == NULL ? NULL : map->target_key);
    if (map != NULL && catalog_column(k->g.map, "id") != NULL)
        buf_puts(&id, "m.id::pg_catalog.text");
    else
        buf_puts(&id, "NULL::pg_catalog.text");
    take(&f, "id", &id);
    return gen_fill(sql_report_map, &f);
}

static char *
legacy_stream(const struct making *k)
{
    const struct mapping_entity *e = k->g.e;
    struct fragments f = {0};
    struct buf text = {0};

    put_names(&text, "t", &e->target_key);
    take(&f, "legacy", &text);
    take_order(&f, k, "t", e->target_key.items[0]);
    gen_active_there(&text, &k->g);
    take(&f, "active", &text);
    put_wanted(&text, k, true);
    take(&f, "wanted", &text);
    gen_set_table(&f, "target", &e->target);
    return gen_fill(sql_report_legacy, &f);
}

/* ---- the map ---- */

static char *
twice(const struct making *k)
{
    const struct mapping_map *map = k->g.e->map;
    struct fragments f = {0};
    struct buf text = {0};

    if (map == NULL)
        return NULL;
    put_names(&text, "m", &map->source_key);
    take(&f, "vnext", &text);
    for (size_t i = 0; i < map->source_key.count; i++) {
        buf_puts(&text, i == 0 ? "m." : ", m.");
        quote_ident(&text, map->source_key.items[i]);
    }
    take(&f, "keys", &text);
    gen_set_table(&f, "map", &map->table);
    return gen_fill(sql_report_twice, &f);
}

static char *
unmapped(const struct making *k)
{
    const struct mapping_map *map = k->g.e->map;
    struct fragments f = {0};
    struct buf text = {0};

    if (map == NULL || k->plan->created == NULL)
        return NULL;
    put_numbered(&text, 's', k->g.e->source_key.count);
    take(&f, "vnext", &text);
    put_same(&text, map);
    take(&f, "same", &text);
    fragments_take(&f, "root", root(k));
    gen_set_table(&f, "map", &map->table);
    return gen_fill(sql_report_unmapped, &f);
}

static char *
sample(const struct making *k)
{
    struct fragments f = {0};
    struct buf ref = {0};

    take_mapped(&f, k, "JOIN");
    for (size_t i = 0; i < ref_count(k->g.e); i++)
        buf_printf(&ref, "%ss.r%zu", i == 0 ? "" : ", ", i);
    take(&f, "ref", &ref);
    return gen_fill(sql_report_sample, &f);
}

/* ---- members ---- */

static char *
members_vnext(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf text = {0}, numbers = {0};

    for (size_t i = 0; i < e->identity.count; i++) {
        gen_comma(&text);
        quote_ident(&text, e->identity.items[i]);
        buf_printf(&text, " AS i%zu", i);
        buf_printf(&numbers, "%ss.i%zu", i == 0 ? "" : ", ", i);
    }
    take(&f, "identity", &text);
    take(&f, "numbers", &numbers);
    gen_active(&text, g);
    take(&f, "active", &text);
    gen_set_ident(&f, "parent", e->parent->column);
    fragments_set(&f, "type", catalog_column(g->source, e->parent->column)->type);
    gen_set_table(&f, "source", &e->source);
    return gen_fill(sql_report_members_vnext, &f);
}

static char *
members_legacy(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf text = {0};

    gen_active_there(&text, g);
    take(&f, "active", &text);
    gen_set_ident(&f, "parent", e->parent->target_column);
    fragments_set(&f, "type", catalog_column(g->target, e->parent->target_column)->type);
    gen_set_table(&f, "target", &e->target);
    return gen_fill(sql_report_members_legacy, &f);
}

static char *
rankings(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf text = {0};

    for (size_t i = 0; i < ref_count(e); i++) {
        buf_puts(&text, i == 0 ? "n." : ", n.");
        quote_ident(&text, ref_column(e, i));
        buf_puts(&text, "::pg_catalog.text");
    }
    take(&f, "ref", &text);
    gen_set_ident(&f, "parent", e->parent->column);
    fragments_set(&f, "type", catalog_column(g->source, e->parent->column)->type);
    gen_set_table(&f, "source", &e->source);
    return gen_fill(sql_report_rankings, &f);
}

/* ---- the plan ---- */

static void
make_children(struct making *k, const struct mapping *m, const struct catalogs *c)
{
    struct report_plan *p = k->plan;

    p->members = report_child(m, false);
    p->rankings = report_child(m, true);
    if (p->members < m->count) {
        const struct gen g = gen_for(m, c, &m->entities[p->members]);

        p->sql[REPORT_MEMBERS_VNEXT] = members_vnext(&g);
        p->sql[REPORT_MEMBERS_LEGACY] = members_legacy(&g);
    }
    if (p->rankings < m->count) {
        const struct gen g = gen_for(m, c, &m->entities[p->rankings]);

        p->sql[REPORT_RANKED_VNEXT] = members_vnext(&g);
        p->sql[REPORT_RANKED_LEGACY] = members_legacy(&g);
        p->sql[REPORT_RANKINGS] = rankings(&g);
    }
}

struct report_plan *
report_plan_make(const struct mapping *m, const struct catalogs *c, const struct report_filter *filters,
                 size_t nfilters)
{
    struct report_plan *p = xcalloc(1, sizeof *p);
    struct making k = {.g = gen_for(m, c, &m->entities[0]), .filters = filters, .nfilters = nfilters, .plan = p};
    const struct mapping_entity *e = k.g.e;

    p->created = created_column(&k.g);
    p->vnext_integer = are_integer(k.g.source, &e->source_key);
    p->legacy_integer = are_integer(k.g.target, &e->target_key);
    p->map_integer = is_integer(k.g.map, "id");
    p->integer = p->legacy_integer && (e->map == NULL ? p->vnext_integer : is_integer(k.g.map, e->map->target_key));
    p->sql[REPORT_VNEXT] = count_vnext(&k);
    p->sql[REPORT_MAP] = map_stream(&k);
    p->sql[REPORT_LEGACY] = legacy_stream(&k);
    p->sql[REPORT_TWICE] = twice(&k);
    p->sql[REPORT_UNMAPPED] = unmapped(&k);
    p->sql[REPORT_SAMPLE] = sample(&k);
    make_children(&k, m, c);
    return p;
}

void
report_plan_free(struct report_plan *p)
{
    if (p == NULL)
        return;
    for (int step = 0; step < REPORT_STEPS; step++)
        free(p->sql[step]);
    free(p);
}
