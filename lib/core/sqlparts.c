/*
 * sqlparts.c - the fragments that fill the templates of lib/sql/apply for one entity; see dualwrite/sqlparts.h.
 */
#include "dualwrite/sqlparts.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlgen.h"

/* Where among the identity columns the parent's column stands; mapping_parse() made sure that it does without a map. */
static size_t
parent_identity(const struct mapping_entity *e)
{
    for (size_t i = 0; i < e->identity.count; i++)
        if (strcmp(e->identity.items[i], e->parent->column) == 0)
            return i;
    return 0;
}

static void
join_map(struct buf *out, const char *join, const struct mapping_map *map, const char *alias, const char *key)
{
    buf_printf(out, "%s ", join);
    sql_table(out, &map->table);
    buf_printf(out, " %s ON %s.", alias, alias);
    quote_ident(out, map->source_key.items[0]);
    buf_printf(out, " = %s ", key);
}

/* `alias`.`target key of map`: the legacy key that a map row gives. */
void
gen_map_target(struct buf *out, const char *alias, const struct mapping_map *map)
{
    buf_printf(out, "%s.", alias);
    quote_ident(out, map->target_key);
}

/* t is the legacy row of `from` ("s" or "w"): by the map where there is one, else by the target key's own columns. */
static void
target_match(struct buf *out, const struct gen *g, const char *from)
{
    const struct mapping_entity *e = g->e;

    for (size_t i = 0; i < e->target_key.count; i++) {
        const char *column = e->target_key.items[i];

        buf_puts(out, i == 0 ? "t." : " AND t.");
        quote_ident(out, column);
        buf_puts(out, " = ");
        if (e->map != NULL)
            gen_map_target(out, "m", e->map);
        else if (e->parent != NULL && strcmp(column, e->parent->target_column) == 0)
            gen_map_target(out, "p", g->parent->map);
        else
            buf_printf(out, "%s.i%zu::%s", from, i, gen_type(g->target, column));
    }
}

static bool
is_key(const struct mapping_entity *e, const char *column)
{
    for (size_t i = 0; i < e->target_key.count; i++)
        if (strcmp(e->target_key.items[i], column) == 0)
            return true;
    return false;
}

/* The parent's key is a column like the mapped ones, unless it is part of the target key. */
static bool
writes_parent(const struct mapping_entity *e)
{
    return e->parent != NULL && !is_key(e, e->parent->target_column);
}

/* A column that an update compares and, when it differs, writes. */
static bool
compared(const struct mapping_entity *e, const struct mapping_column *c)
{
    return !c->value.insert_only && c->value.kind != VALUE_NOW && !is_key(e, c->name);
}

static void
upsert_columns(struct fragments *f, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf names = {0};
    struct buf expected = {0};
    struct buf outer = {0};

    if (e->map != NULL) {
        quote_ident(&names, e->target_key.items[0]);
        gen_map_target(&expected, "m", e->map);
        buf_puts(&expected, " AS mk");
        buf_puts(&outer, "e.mk");
    }
    if (e->parent != NULL) {
        buf_puts(&names, e->map == NULL ? "" : ", ");
        quote_ident(&names, e->parent->target_column);
        buf_puts(&expected, e->map == NULL ? "" : ", ");
        gen_map_target(&expected, "p", g->parent->map);
        buf_puts(&expected, " AS pk");
        buf_puts(&outer, e->map == NULL ? "e.pk" : ", e.pk");
    }
    for (size_t i = 0; i < e->columns.count; i++) {
        const char *comma = names.len == 0 ? "" : ", ";

        buf_puts(&names, comma);
        quote_ident(&names, e->columns.items[i].name);
        buf_puts(&expected, comma);
        gen_expected(&expected, g, i);
        buf_printf(&expected, " AS c%zu", i);
        buf_printf(&outer, "%se.c%zu", comma, i);
    }
    fragments_take(f, "columns", buf_steal(&names));
    fragments_take(f, "expected", buf_steal(&expected));
    fragments_take(f, "expected_names", buf_steal(&outer));
}

static void
on_conflict(struct fragments *f, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf set = {0};
    struct buf is = {0};
    struct buf should_be = {0};
    struct buf out = {0};

    for (size_t i = 0; i <= e->columns.count; i++) {
        const struct mapping_column *c = i < e->columns.count ? &e->columns.items[i] : NULL;
        const char *name = c != NULL ? c->name : e->parent != NULL ? e->parent->target_column : NULL;

        if (c == NULL ? !writes_parent(e) : (c->value.insert_only || is_key(e, name)))
            continue;
        buf_puts(&set, set.len == 0 ? "" : ", ");
        quote_ident(&set, name);
        buf_puts(&set, " = excluded.");
        quote_ident(&set, name);
        if (c != NULL && !compared(e, c))
            continue;
        buf_puts(&is, is.len == 0 ? "t." : ", t.");
        quote_ident(&is, name);
        buf_puts(&should_be, should_be.len == 0 ? "excluded." : ", excluded.");
        quote_ident(&should_be, name);
    }
    if (is.len == 0)
        buf_puts(&out, "DO NOTHING");
    else
        buf_printf(&out,
                   "DO UPDATE SET %s WHERE ROW(%s)::pg_catalog.record OPERATOR(pg_catalog.*<>) "
                   "ROW(%s)::pg_catalog.record",
                   buf_text(&set), buf_text(&is), buf_text(&should_be));
    fragments_take(f, "on_conflict", buf_steal(&out));
    buf_free(&set);
    buf_free(&is);
    buf_free(&should_be);
}

/* t holds what the mapping asks for, column by column, by the type's own equality where it has one. */
static void
equality(struct fragments *f, const struct gen *g)
{
    struct buf out = {0};

    for (size_t i = 0; i < g->e->columns.count; i++) {
        const struct mapping_column *c = &g->e->columns.items[i];
        const char *cast = catalog_column(g->target, c->name)->has_equality ? "" : "::pg_catalog.text";

        if (!compared(g->e, c))
            continue;
        buf_puts(&out, out.len == 0 ? "t." : " AND t.");
        quote_ident(&out, c->name);
        buf_printf(&out, "%s IS NOT DISTINCT FROM (", cast);
        gen_expected(&out, g, i);
        buf_printf(&out, ")%s", cast);
    }
    if (writes_parent(g->e)) {
        buf_puts(&out, out.len == 0 ? "t." : " AND t.");
        quote_ident(&out, g->e->parent->target_column);
        buf_puts(&out, " IS NOT DISTINCT FROM ");
        gen_map_target(&out, "p", g->parent->map);
    }
    if (out.len == 0)
        buf_puts(&out, "true");
    fragments_take(f, "equal", buf_steal(&out));
}

static void
removal(struct fragments *f, const struct gen *g)
{
    struct buf set = {0};
    struct buf is = {0};
    struct buf should_be = {0};

    for (size_t i = 0; i < g->e->removal.set.count; i++) {
        const char *name = g->e->removal.set.items[i].name;
        char *value = gen_removal_value(g, name);

        buf_puts(&set, i == 0 ? "" : ", ");
        quote_ident(&set, name);
        buf_printf(&set, " = %s", value);
        buf_puts(&is, i == 0 ? "t." : ", t.");
        quote_ident(&is, name);
        buf_printf(&should_be, "%s%s", i == 0 ? "" : ", ", value);
        free(value);
    }
    fragments_take(f, "removal_assignments", buf_steal(&set));
    fragments_take(f, "removal_columns", buf_steal(&is));
    fragments_take(f, "removal_values", buf_steal(&should_be));
}

/* How the map rows are joined: from a source row, from a wanted identity, and the latter without losing any. */
static void
map_joins(struct fragments *f, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf from_source = {0};
    struct buf from_wanted = {0};
    struct buf left = {0};
    struct buf parent_key = {0};
    struct buf shown = {0};

    if (e->map != NULL) {
        join_map(&from_source, "JOIN", e->map, "m", "s.i0");
        join_map(&from_wanted, "JOIN", e->map, "m", "w.i0");
        join_map(&left, "LEFT JOIN", e->map, "m", "w.i0");
        gen_map_target(&shown, "m", e->map);
    }
    if (e->parent != NULL) {
        join_map(&from_source, "JOIN", g->parent->map, "p", "s.p0");
        if (e->map != NULL) {
            join_map(&left, "LEFT JOIN", g->parent->map, "p", "s.p0");
        } else {
            buf_printf(&parent_key, "w.i%zu", parent_identity(e));
            join_map(&from_wanted, "JOIN", g->parent->map, "p", buf_text(&parent_key));
            join_map(&left, "LEFT JOIN", g->parent->map, "p", buf_text(&parent_key));
            gen_map_target(&shown, "p", g->parent->map);
        }
    }
    buf_puts(&shown, shown.len == 0 ? "NULL::pg_catalog.text" : "::pg_catalog.text");
    fragments_take(f, "join_maps", buf_steal(&from_source));
    fragments_take(f, "join_wanted_maps", buf_steal(&from_wanted));
    fragments_take(f, "left_join_maps", buf_steal(&left));
    fragments_take(f, "shown_target_key", buf_steal(&shown));
    buf_free(&parent_key);
}

static void
reserve(struct fragments *f, const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    const char *key = g->e->target_key.items[0];
    const struct catalog_table *table = catalog_table(g->catalog, map->table.schema, map->table.name);
    struct buf columns = {0};
    struct buf values = {0};
    struct buf names = {0};
    struct buf unless = {0};
    struct buf text = {0};

    for (size_t i = 0; i < map->columns.count; i++) {
        buf_puts(&columns, ", ");
        quote_ident(&columns, map->columns.items[i].name);
        buf_printf(&names, ", r.v%zu", i);
        buf_puts(&values, ", ");
        if (gen_from_source(&map->columns.items[i].value))
            buf_printf(&values, "s.x%zu", i);
        else
            gen_value(&values, g, &map->columns.items[i], gen_type(table, map->columns.items[i].name));
        buf_printf(&values, " AS v%zu", i);
    }
    if (map->verified != NULL) {
        buf_puts(&columns, ", ");
        quote_ident(&columns, map->verified);
        buf_puts(&names, ", false");
    }
    for (size_t i = 0; i < table->nuniques; i++) {
        const struct catalog_unique *u = &table->uniques[i];

        if (u->usable && u->count == 1 && strcmp(u->columns[0], map->source_key.items[0]) == 0 && unless.len == 0) {
            buf_puts(&unless, "ON CONFLICT (");
            quote_ident(&unless, map->source_key.items[0]);
            buf_puts(&unless, ") DO NOTHING");
        }
    }
    fragments_take(f, "map_columns", buf_steal(&columns));
    fragments_take(f, "map_values", buf_steal(&values));
    fragments_take(f, "map_names", buf_steal(&names));
    fragments_take(f, "unless_mapped", buf_steal(&unless));
    fragments_set(f, "next_target_key", catalog_column(g->target, key)->default_expr);
    fragments_set(f, "target_key_type", gen_type(g->target, key));
    quote_literal(&text, key);
    fragments_take(f, "target_key_name", buf_steal(&text));
    quote_literal(&text, g->e->target.schema);
    buf_puts(&text, ", ");
    quote_literal(&text, g->e->target.name);
    fragments_take(f, "target_name", buf_steal(&text));
}

void
gen_set_ident(struct fragments *f, const char *name, const char *ident)
{
    struct buf out = {0};

    quote_ident(&out, ident);
    fragments_take(f, name, buf_steal(&out));
}

void
gen_set_table(struct fragments *f, const char *name, const struct mapping_table *t)
{
    struct buf out = {0};

    sql_table(&out, t);
    fragments_take(f, name, buf_steal(&out));
}

static void
set_map(struct fragments *f, const struct mapping_map *map)
{
    gen_set_table(f, "map", &map->table);
    gen_set_ident(f, "map_source_key", map->source_key.items[0]);
    gen_set_ident(f, "map_target_key", map->target_key);
    if (map->verified != NULL)
        gen_set_ident(f, "verified", map->verified);
}

/* Everything about an entity that does not depend on which identities are wanted. */
struct fragments
gen_fragments(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf key = {0};
    struct buf shown = {0};
    struct buf of_source = {0};
    struct buf of_wanted = {0};

    fragments_take(&f, "reading", gen_reading(g));
    gen_set_table(&f, "target", &e->target);
    for (size_t i = 0; i < e->target_key.count; i++) {
        buf_puts(&key, i == 0 ? "" : ", ");
        quote_ident(&key, e->target_key.items[i]);
    }
    target_match(&of_source, g, "s");
    target_match(&of_wanted, g, "w");
    fragments_take(&f, "target_key", buf_steal(&key));
    gen_set_ident(&f, "target_key_column", e->target_key.items[0]);
    fragments_take(&f, "target_match", buf_steal(&of_source));
    fragments_take(&f, "target_match_wanted", buf_steal(&of_wanted));
    /* an absent row makes no legacy row; where there is one, what the removal sets is written into it */
    fragments_set(&f, "reserved_when", "s.present");
    fragments_set(&f, "written_when", e->removal.kind == REMOVAL_SET ? "(e.present OR e.there)" : "e.present");
    buf_puts(&shown, "t.");
    quote_ident(&shown, e->target_key.items[0]);
    buf_puts(&shown, " IS NOT NULL");
    fragments_set(&f, "there", buf_text(&shown));
    buf_clear(&shown);
    if (e->removal.kind == REMOVAL_SET)
        buf_printf(&shown, "s.k0 IS NOT NULL AND (s.present OR %s)", fragments_get(&f, "there"));
    else
        buf_puts(&shown, "coalesce(s.present, false)");
    fragments_take(&f, "wanted_row", buf_steal(&shown));
    map_joins(&f, g);
    upsert_columns(&f, g);
    on_conflict(&f, g);
    equality(&f, g);
    removal(&f, g);
    if (e->map != NULL) {
        set_map(&f, e->map);
        reserve(&f, g);
    }
    return f;
}
