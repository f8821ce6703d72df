/*
 * sqlgen.c - the statements that sync one entity, from a mapping and a catalog; see dualwrite/sqlgen.h.
 *
 * The shape of each statement is a file in lib/sql/apply; here are the fragments that fill it. Aliases are the same in
 * all of them: w the wanted identities, s the source row as the mapping reads it (k0.. key, i0.. identity, p0 the
 * parent's key, c0.. one per mapped column), m the entity's own map row, p its parent's, t the legacy row.
 */
#include "dualwrite/sqlgen.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

struct gen {
    const struct mapping *mapping;
    const struct catalog *catalog;
    const struct mapping_entity *e;
    const struct mapping_entity *parent; /* NULL for a root */
    const struct catalog_table *source;
    const struct catalog_table *target;
};

static struct gen
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

static const char *
type_of(const struct catalog_table *t, const char *column)
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
static void
value_sql(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *type)
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

/* The source table as the mapping reads it, alone in its FROM so that an expression's bare names can mean only it. */
static char *
reading(const struct gen *g)
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
        value_sql(&out, g, &e->columns.items[i], type_of(g->target, e->columns.items[i].name));
        buf_printf(&out, " AS c%zu", i);
    }
    buf_puts(&out, " FROM ");
    sql_table(&out, &e->source);
    return buf_steal(&out);
}

/* The identities of a batch, from the statement's parameters. */
static char *
wanted_from_parameters(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf out = {0};

    buf_puts(&out, "SELECT ");
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "u.i%zu::%s AS i%zu, ", i, type_of(g->source, e->identity.items[i]), i);
    buf_puts(&out, "u.removal, u.n FROM unnest(");
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "$%zu::pg_catalog.text[], ", i + 1);
    buf_printf(&out, "$%zu::pg_catalog.bool[]) WITH ORDINALITY AS u(", e->identity.count + 1);
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "i%zu, ", i);
    buf_puts(&out, "removal, n)");
    return buf_steal(&out);
}

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
    quote_ident(out, map->source_key);
    buf_printf(out, " = %s ", key);
}

/* `alias`.`target key of map`: the legacy key that a map row gives. */
static void
map_target(struct buf *out, const char *alias, const struct mapping_map *map)
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
            map_target(out, "m", e->map);
        else if (e->parent != NULL && strcmp(column, e->parent->target_column) == 0)
            map_target(out, "p", g->parent->map);
        else
            buf_printf(out, "%s.i%zu::%s", from, i, type_of(g->target, column));
    }
}

/* The value that a removal puts into `column`, or NULL when it leaves that column alone. A time already there stays. */
static char *
removal_value(const struct gen *g, const char *column)
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
        buf_printf(&out, ", pg_catalog.now()::%s)", type_of(g->target, column));
    } else {
        quote_literal(&out, v->text);
        buf_printf(&out, "::%s", type_of(g->target, column));
    }
    return buf_steal(&out);
}

/* What mapped column `i` should hold given s and t: the mapping's value, or the removal's while the row is absent. */
static void
expected_value(struct buf *out, const struct gen *g, size_t i)
{
    char *removed = g->e->present.column == NULL ? NULL : removal_value(g, g->e->columns.items[i].name);

    if (removed != NULL)
        buf_printf(out, "CASE WHEN s.present THEN s.c%zu ELSE %s END", i, removed);
    else
        buf_printf(out, "s.c%zu", i);
    free(removed);
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
        map_target(&expected, "m", e->map);
        buf_puts(&expected, " AS mk");
        buf_puts(&outer, "e.mk");
    }
    if (e->parent != NULL) {
        buf_puts(&names, e->map == NULL ? "" : ", ");
        quote_ident(&names, e->parent->target_column);
        buf_puts(&expected, e->map == NULL ? "" : ", ");
        map_target(&expected, "p", g->parent->map);
        buf_puts(&expected, " AS pk");
        buf_puts(&outer, e->map == NULL ? "e.pk" : ", e.pk");
    }
    for (size_t i = 0; i < e->columns.count; i++) {
        const char *comma = names.len == 0 ? "" : ", ";

        buf_puts(&names, comma);
        quote_ident(&names, e->columns.items[i].name);
        buf_puts(&expected, comma);
        expected_value(&expected, g, i);
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
        expected_value(&out, g, i);
        buf_printf(&out, ")%s", cast);
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
        char *value = removal_value(g, name);

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
        map_target(&shown, "m", e->map);
    }
    if (e->parent != NULL) {
        join_map(&from_source, "JOIN", g->parent->map, "p", "s.p0");
        if (e->map == NULL) {
            buf_printf(&parent_key, "w.i%zu", parent_identity(e));
            join_map(&from_wanted, "JOIN", g->parent->map, "p", buf_text(&parent_key));
            join_map(&left, "LEFT JOIN", g->parent->map, "p", buf_text(&parent_key));
            map_target(&shown, "p", g->parent->map);
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
    const struct catalog_table *table = catalog_table(g->catalog, map->table.schema, map->table.name);
    struct buf columns = {0};
    struct buf values = {0};
    struct buf unless = {0};

    for (size_t i = 0; i < map->columns.count; i++) {
        buf_puts(&columns, ", ");
        quote_ident(&columns, map->columns.items[i].name);
        buf_puts(&values, ", ");
        value_sql(&values, g, &map->columns.items[i], type_of(table, map->columns.items[i].name));
    }
    if (map->verified != NULL) {
        buf_puts(&columns, ", ");
        quote_ident(&columns, map->verified);
        buf_puts(&values, ", false");
    }
    for (size_t i = 0; i < table->nuniques; i++) {
        const struct catalog_unique *u = &table->uniques[i];

        if (u->usable && u->count == 1 && strcmp(u->columns[0], map->source_key) == 0 && unless.len == 0) {
            buf_puts(&unless, "ON CONFLICT (");
            quote_ident(&unless, map->source_key);
            buf_puts(&unless, ") DO NOTHING");
        }
    }
    fragments_take(f, "map_columns", buf_steal(&columns));
    fragments_take(f, "map_values", buf_steal(&values));
    fragments_take(f, "unless_mapped", buf_steal(&unless));
    fragments_set(f, "next_target_key", catalog_column(g->target, g->e->target_key.items[0])->default_expr);
}

static void
set_ident(struct fragments *f, const char *name, const char *ident)
{
    struct buf out = {0};

    quote_ident(&out, ident);
    fragments_take(f, name, buf_steal(&out));
}

static void
set_table(struct fragments *f, const char *name, const struct mapping_table *t)
{
    struct buf out = {0};

    sql_table(&out, t);
    fragments_take(f, name, buf_steal(&out));
}

static void
set_map(struct fragments *f, const struct mapping_map *map)
{
    set_table(f, "map", &map->table);
    set_ident(f, "map_source_key", map->source_key);
    set_ident(f, "map_target_key", map->target_key);
    if (map->verified != NULL)
        set_ident(f, "verified", map->verified);
}

/* Everything about an entity that does not depend on which identities are wanted. */
static struct fragments
entity_fragments(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf key = {0};
    struct buf match = {0};
    struct buf of_source = {0};
    struct buf of_wanted = {0};

    fragments_take(&f, "reading", reading(g));
    set_table(&f, "target", &e->target);
    for (size_t i = 0; i < e->target_key.count; i++) {
        buf_puts(&key, i == 0 ? "" : ", ");
        quote_ident(&key, e->target_key.items[i]);
    }
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&match, "%ss.i%zu = w.i%zu", i == 0 ? "" : " AND ", i, i);
    target_match(&of_source, g, "s");
    target_match(&of_wanted, g, "w");
    fragments_take(&f, "target_key", buf_steal(&key));
    set_ident(&f, "target_key_column", e->target_key.items[0]);
    fragments_take(&f, "source_is_wanted", buf_steal(&match));
    fragments_take(&f, "target_match", buf_steal(&of_source));
    fragments_take(&f, "target_match_wanted", buf_steal(&of_wanted));
    fragments_set(&f, "written_when", e->removal.kind == REMOVAL_DELETE ? "e.present" : "true");
    fragments_set(&f, "wanted_row",
                  e->removal.kind == REMOVAL_DELETE ? "coalesce(s.present, false)" : "s.k0 IS NOT NULL");
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

static void
add_step(struct plan_entity *out, enum step_kind kind, const char *name, const char *template, struct fragments *f)
{
    struct buf sql = {0};

    template_fill(&sql, template, f);
    out->steps = xreallocarray(out->steps, out->count + 1, sizeof *out->steps);
    out->steps[out->count++] = (struct plan_step){kind, name, buf_steal(&sql)};
}

/* The parents of the wanted children for whom `needed` holds, as the wanted relation of the parent. */
static char *
wanted_parents(const struct gen *g, const struct fragments *child, const char *needed)
{
    const struct gen up = gen_for(g->mapping, g->catalog, g->parent);
    struct fragments f = {0};
    struct buf out = {0};

    fragments_set(&f, "wanted", fragments_get(child, "wanted"));
    fragments_set(&f, "reading", fragments_get(child, "reading"));
    fragments_set(&f, "source_is_wanted", fragments_get(child, "source_is_wanted"));
    fragments_set(&f, "parent_key_type", type_of(up.source, g->parent->source_key.items[0]));
    fragments_set(&f, "needed", needed);
    template_fill(&out, sql_apply_parents, &f);
    fragments_free(&f);
    return buf_steal(&out);
}

static void
parent_without_shadow(struct buf *out, const struct mapping_entity *parent)
{
    buf_puts(out, "NOT EXISTS (SELECT FROM ");
    sql_table(out, &parent->map->table);
    buf_puts(out, " m JOIN ");
    sql_table(out, &parent->target);
    buf_puts(out, " t ON t.");
    quote_ident(out, parent->target_key.items[0]);
    buf_puts(out, " = ");
    map_target(out, "m", parent->map);
    buf_puts(out, " WHERE m.");
    quote_ident(out, parent->map->source_key);
    buf_puts(out, " = d.i0)");
}

static void
parent_unverified(struct buf *out, const struct mapping_entity *parent)
{
    buf_puts(out, "EXISTS (SELECT FROM ");
    sql_table(out, &parent->map->table);
    buf_puts(out, " m WHERE m.");
    quote_ident(out, parent->map->source_key);
    buf_puts(out, " = d.i0 AND m.");
    quote_ident(out, parent->map->verified);
    buf_puts(out, " IS DISTINCT FROM true)");
}

static void
verify_step(struct plan_entity *out, const struct gen *g, struct fragments *f, enum step_kind kind, const char *name)
{
    struct buf marking = {0};

    if (g->e->map != NULL && g->e->map->verified != NULL)
        template_fill(&marking, sql_apply_marking, f);
    fragments_take(f, "marking", buf_steal(&marking));
    add_step(out, kind, name, sql_apply_verify, f);
}

/* The shadows of parents that have none come first, and their parents' before them. */
static void
ensure_parents(struct plan_entity *out, const struct gen *g, const struct fragments *child)
{
    const struct gen up = gen_for(g->mapping, g->catalog, g->parent);
    struct fragments f = entity_fragments(&up);
    struct buf needed = {0};

    parent_without_shadow(&needed, g->parent);
    fragments_take(&f, "wanted", wanted_parents(g, child, buf_text(&needed)));
    if (up.parent != NULL)
        ensure_parents(out, &up, &f);
    add_step(out, STEP_WRITE, "parent reserve", sql_apply_reserve, &f);
    add_step(out, STEP_WRITE, "parent upsert", sql_apply_upsert, &f);
    if (g->parent->map->verified != NULL) {
        buf_clear(&needed);
        parent_unverified(&needed, g->parent);
        fragments_take(&f, "wanted", wanted_parents(g, child, buf_text(&needed)));
        verify_step(out, &up, &f, STEP_WRITE, "parent verify");
    }
    buf_free(&needed);
    fragments_free(&f);
}

static char *
resync(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf columns = {0}, position = {0}, text = {0}, descending = {0}, ref = {0}, entity = {0}, op = {0};
    struct buf out = {0};

    for (size_t i = 0; i < e->source_key.count; i++) {
        const char *comma = i == 0 ? "" : ", ";

        buf_printf(&columns, "%sn.", comma);
        quote_ident(&columns, e->source_key.items[i]);
        buf_printf(&position, "%s($1::pg_catalog.text[])[%zu]::%s", comma, i + 1,
                   type_of(g->source, e->source_key.items[i]));
        buf_printf(&text, "%sn.", comma);
        quote_ident(&text, e->source_key.items[i]);
        buf_puts(&text, "::pg_catalog.text");
        buf_printf(&descending, "%sn.", comma);
        quote_ident(&descending, e->source_key.items[i]);
        buf_puts(&descending, " DESC");
    }
    for (size_t i = 0; i < ref_count(e); i++) {
        buf_puts(&ref, i == 0 ? "n." : ", n.");
        quote_ident(&ref, ref_column(e, i));
        buf_puts(&ref, "::pg_catalog.text");
    }
    quote_literal(&entity, e->name);
    quote_literal(&op, e->operation_update);
    set_table(&f, "source", &e->source);
    set_ident(&f, "root", ref_root(e));
    fragments_take(&f, "key_columns", buf_steal(&columns));
    fragments_take(&f, "position", buf_steal(&position));
    fragments_take(&f, "key_text", buf_steal(&text));
    fragments_take(&f, "key_descending", buf_steal(&descending));
    fragments_take(&f, "ref", buf_steal(&ref));
    fragments_take(&f, "entity", buf_steal(&entity));
    fragments_take(&f, "operation_update", buf_steal(&op));
    template_fill(&out, sql_apply_resync, &f);
    fragments_free(&f);
    return buf_steal(&out);
}

static void
plan_one(struct plan_entity *out, const struct gen *g)
{
    struct fragments f = entity_fragments(g);

    fragments_take(&f, "wanted", wanted_from_parameters(g));
    if (g->e->parent != NULL)
        ensure_parents(out, g, &f);
    if (g->e->map != NULL)
        add_step(out, STEP_WRITE, "reserve", sql_apply_reserve, &f);
    add_step(out, STEP_WRITE, "upsert", sql_apply_upsert, &f);
    if (g->e->removal.kind == REMOVAL_SET)
        add_step(out, STEP_REMOVE, "remove", sql_apply_remove_set, &f);
    else if (g->e->removal.kind == REMOVAL_DELETE)
        add_step(out, STEP_WRITE, "remove", sql_apply_remove_delete, &f);
    verify_step(out, g, &f, STEP_VERIFY, "verify");
    out->resync = resync(g);
    fragments_free(&f);
}

struct plan *
plan_make(const struct mapping *m, const struct catalog *c)
{
    struct plan *p = xcalloc(1, sizeof *p);

    p->count = m->count;
    p->entities = xcalloc(m->count, sizeof *p->entities);
    for (size_t i = 0; i < m->count; i++) {
        struct gen g = gen_for(m, c, &m->entities[i]);

        plan_one(&p->entities[i], &g);
    }
    return p;
}

void
plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++) {
        for (size_t j = 0; j < p->entities[i].count; j++)
            free(p->entities[i].steps[j].sql);
        free(p->entities[i].steps);
        free(p->entities[i].resync);
    }
    free(p->entities);
    free(p);
}
