/* sqlcompare.c - walking and comparing the rows of an entity; see dualwrite/sqlcompare.h and dualwrite/sqlparts.h. */
#include "dualwrite/sqlcompare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* Any integer that the other side can hold: one that is too large for the column is simply not there. */
static const char *
wide_type(const struct catalog_column *column)
{
    bool integer = strcmp(column->base, "int2") == 0 || strcmp(column->base, "int4") == 0;

    return integer ? "pg_catalog.int8" : column->type;
}

static void
take(struct fragments *f, const char *name, struct buf *text)
{
    fragments_take(f, name, buf_steal(text));
}

/* ---- walking ---- */

static char *
count_rows(const struct mapping_table *t)
{
    struct fragments f = {0};

    gen_set_table(&f, "table", t);
    return gen_fill(sql_reconcile_count, &f);
}

/* "n.a, n.b"; "($1::text[])[1]::type, ..." and the same of $3 */
void
gen_order(struct fragments *f, const struct mapping_names *key, const struct catalog_table *t, const char *alias)
{
    struct buf columns = {0}, position = {0}, last = {0};

    for (size_t i = 0; i < key->count; i++) {
        const char *type = catalog_column(t, key->items[i])->type;
        const char *comma = i == 0 ? "" : ", ";

        buf_printf(&columns, "%s%s.", comma, alias);
        quote_ident(&columns, key->items[i]);
        buf_printf(&position, "%s($1::pg_catalog.text[])[%zu]::%s", comma, i + 1, type);
        buf_printf(&last, "%s($3::pg_catalog.text[])[%zu]::%s", comma, i + 1, type);
    }
    take(f, "key_columns", &columns);
    take(f, "position", &position);
    take(f, "last", &last);
}

static char *
last_key(const struct mapping_table *t, const struct mapping_names *key)
{
    struct fragments f = {0};
    struct buf text = {0}, descending = {0};

    for (size_t i = 0; i < key->count; i++) {
        gen_comma(&text);
        buf_puts(&text, "n.");
        quote_ident(&text, key->items[i]);
        buf_puts(&text, "::pg_catalog.text");
        gen_comma(&descending);
        buf_puts(&descending, "n.");
        quote_ident(&descending, key->items[i]);
        buf_puts(&descending, " DESC");
    }
    take(&f, "key_text", &text);
    take(&f, "key_descending", &descending);
    gen_set_table(&f, "table", t);
    return gen_fill(sql_reconcile_last, &f);
}

static char *
vnext_list(const struct gen *g)
{
    struct fragments f = {0};
    struct buf ref = {0};

    for (size_t i = 0; i < ref_count(g->e); i++) {
        buf_puts(&ref, i == 0 ? "n." : ", n.");
        quote_ident(&ref, ref_column(g->e, i));
        buf_puts(&ref, "::pg_catalog.text");
    }
    take(&f, "ref", &ref);
    gen_order(&f, &g->e->source_key, g->source, "n");
    gen_set_table(&f, "source", &g->e->source);
    return gen_fill(sql_reconcile_list, &f);
}

/* ---- doubt ---- */

/* The identity columns of an event: ALIAS.ref[1], ... with a name for each, or without. */
static void
take_event_identity(struct fragments *f, const char *name, const struct mapping_entity *e, const char *alias,
                    bool named)
{
    struct buf out = {0};

    for (size_t i = 0; i < e->identity.count; i++) {
        buf_printf(&out, "%s%s.ref[%zu]", i == 0 ? "" : ", ", alias, ref_position(e, e->identity.items[i]) + 1);
        if (named)
            buf_printf(&out, " AS i%zu", i);
    }
    take(f, name, &out);
}

static void
take_same_identity(struct fragments *f, const char *name, const struct mapping_entity *e, const char *alias)
{
    struct buf out = {0};

    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "%s%s.i%zu = w.i%zu::pg_catalog.text", i == 0 ? "" : " AND ", alias, i, i);
    take(f, name, &out);
}

static char *
doubt(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf same = {0}, root = {0};

    for (size_t i = 0; i < e->identity.count; i++) {
        buf_puts(&same, i == 0 ? "source." : " AND source.");
        quote_ident(&same, e->identity.items[i]);
        buf_printf(&same, " = w.i%zu", i);
        if (root.len == 0 && strcmp(e->identity.items[i], ref_root(e)) == 0)
            buf_printf(&root, "i%zu", i);
    }
    take(&f, "identity", &same);
    take(&f, "root", &root);
    fragments_take(&f, "wanted", gen_wanted(g));
    take_event_identity(&f, "outbox_identity", e, "o", true);
    take_event_identity(&f, "failed_identity", e, "f", true);
    take_event_identity(&f, "failed_groups", e, "f", false);
    take_same_identity(&f, "waiting_same", e, "e");
    take_same_identity(&f, "failed_same", e, "f");
    gen_set_literal(&f, "entity", e->name);
    gen_set_table(&f, "source", &e->source);
    return gen_fill(sql_reconcile_doubt, &f);
}

/* ---- comparing ---- */

struct columns {
    struct buf is, should_be, list;
};

/* Adds that `column` of t should hold `value`. */
static void
add_column(struct columns *c, const char *column, const char *value)
{
    struct buf is = {0};

    buf_puts(&is, "t.");
    quote_ident(&is, column);
    gen_comma(&c->is);
    buf_puts(&c->is, buf_text(&is));
    gen_comma(&c->should_be);
    buf_puts(&c->should_be, value);
    gen_comma(&c->list);
    buf_putc(&c->list, '(');
    quote_literal(&c->list, column);
    buf_printf(&c->list,
               ", (%s)::pg_catalog.text, %s::pg_catalog.text, ROW(%s)::pg_catalog.record OPERATOR(pg_catalog.*<>) "
               "ROW(%s)::pg_catalog.record)",
               value, buf_text(&is), buf_text(&is), value);
    buf_free(&is);
}

/* NULL where no column is compared. */
static char *
differences(struct columns *c)
{
    struct fragments f = {0};

    if (c->is.len == 0)
        return xstrdup("NULL::pg_catalog.text");
    take(&f, "present_columns", &c->is);
    take(&f, "compared_values", &c->should_be);
    take(&f, "columns", &c->list);
    return gen_fill(sql_reconcile_differences, &f);
}

static char *
compare_rows(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = gen_written(g);
    struct columns written = {{0}, {0}, {0}}, removed = {{0}, {0}, {0}};
    struct buf value = {0};

    for (size_t i = 0; i < e->columns.count; i++) {
        const struct mapping_column *c = &e->columns.items[i];

        if (c->value.insert_only || c->value.kind == VALUE_NOW || gen_is_key(e, c->name))
            continue;
        buf_clear(&value);
        gen_expected(&value, g, i);
        add_column(&written, c->name, buf_text(&value));
    }
    if (gen_writes_parent(e)) {
        buf_clear(&value);
        gen_parent_key(&value, e, e->parent->target_column);
        add_column(&written, e->parent->target_column, buf_text(&value));
    }
    for (size_t i = 0; i < e->removal.set.count; i++) {
        buf_clear(&value);
        gen_removed_value(&value, g, e->removal.set.items[i].name);
        add_column(&removed, e->removal.set.items[i].name, buf_text(&value));
    }
    buf_free(&value);
    fragments_take(&f, "differences", differences(&written));
    fragments_take(&f, "removed_differences", differences(&removed));
    return gen_fill(sql_reconcile_compare, &f);
}

/* ---- from legacy rows to source rows ---- */

/* The mapped column that gives target key column `i`; NULL: the parent does. */
static const struct mapping_column *
key_column(const struct mapping_entity *e, size_t i)
{
    for (size_t j = 0; j < e->columns.count; j++)
        if (strcmp(e->columns.items[j].name, e->target_key.items[i]) == 0)
            return &e->columns.items[j];
    return NULL;
}

static bool
is_parents(const struct mapping_entity *e, size_t i)
{
    return e->map == NULL && e->parent != NULL && strcmp(e->target_key.items[i], e->parent->target_column) == 0;
}

/* Whether a legacy row says whose it is. Without a map, two entities that share a legacy table cannot be told apart. */
static bool
says_whose(const struct gen *g)
{
    for (size_t i = 0; i < g->mapping->count && g->e->map == NULL; i++) {
        const struct mapping_entity *other = &g->mapping->entities[i];

        if (other != g->e && strcmp(other->target.schema, g->e->target.schema) == 0 &&
            strcmp(other->target.name, g->e->target.name) == 0)
            return false;
    }
    return true;
}

/* The key that a lookup would give `value` for, as text; the first of several. */
static void
look_back(struct buf *out, const struct mapping_lookup *l, const char *value)
{
    buf_puts(out, "(SELECT pg_catalog.min(l.");
    quote_ident(out, l->key);
    buf_puts(out, "::pg_catalog.text) FROM ");
    sql_table(out, &l->table);
    buf_puts(out, " l WHERE l.");
    quote_ident(out, l->value);
    buf_printf(out, "::pg_catalog.text = %s)", value);
}

void
gen_key_asked(struct buf *out, const struct gen *g, size_t i)
{
    const struct mapping_entity *e = g->e;
    const struct mapping_column *c = e->map == NULL && !is_parents(e, i) ? key_column(e, i) : NULL;
    struct buf text = {0};

    buf_puts(&text, "t.");
    quote_ident(&text, e->target_key.items[i]);
    buf_puts(&text, "::pg_catalog.text");
    if (c != NULL && c->value.lookup != NULL && c->value.lookup->legacy)
        look_back(out, c->value.lookup, buf_text(&text));
    else
        buf_puts(out, buf_text(&text));
    buf_free(&text);
}

static char *
legacy_list(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf text = {0}, asked = {0};

    for (size_t i = 0; i < e->target_key.count; i++) {
        gen_comma(&text);
        buf_puts(&text, "t.");
        quote_ident(&text, e->target_key.items[i]);
        buf_puts(&text, "::pg_catalog.text");
        gen_comma(&asked);
        gen_key_asked(&asked, g, i);
    }
    take(&f, "key_text", &text);
    take(&f, "key_asked", &asked);
    gen_order(&f, &e->target_key, g->target, "t");
    gen_set_table(&f, "target", &e->target);
    return gen_fill(sql_reconcile_legacy, &f);
}

/* The text of identity column `i`, from that of the legacy key, u.k0..; the parent's map is p. */
static void
identity_text(struct buf *out, const struct gen *g, size_t i)
{
    const struct mapping_column *c = key_column(g->e, i);
    char name[24];

    snprintf(name, sizeof name, "u.k%zu", i);
    if (is_parents(g->e, i)) {
        if (g->parent->map == NULL) {
            buf_puts(out, name);
            return;
        }
        buf_puts(out, "p.");
        quote_ident(out, g->parent->map->source_key.items[0]);
        buf_puts(out, "::pg_catalog.text");
    } else if (c->value.nvalues > 0) {
        buf_printf(out, "CASE %s", name);
        for (size_t v = 0; v < c->value.nvalues; v++) {
            if (c->value.values[v].to == NULL)
                continue;
            buf_puts(out, " WHEN ");
            quote_literal(out, c->value.values[v].to);
            buf_puts(out, " THEN ");
            quote_literal(out, c->value.values[v].from);
        }
        buf_puts(out, " WHEN NULL THEN '' END");
    } else if (c->value.lookup != NULL && !c->value.lookup->legacy) {
        look_back(out, c->value.lookup, name);
    } else {
        buf_puts(out, name);
    }
}

static void
join_map(struct buf *out, const struct mapping_map *map, const struct catalog_table *t, const char *alias, size_t key)
{
    buf_puts(out, "\nLEFT JOIN ");
    sql_table(out, &map->table);
    buf_printf(out, " %s ON %s.", alias, alias);
    quote_ident(out, map->target_key);
    buf_printf(out, " = u.k%zu::%s", key, wide_type(catalog_column(t, map->target_key)));
}

/* With a map: its row says which source row. */
static void
stands_for_mapped(struct fragments *f, const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct buf joins = {0}, identity = {0}, same = {0}, known = {0};

    join_map(&joins, map, g->map, "m", 0);
    for (size_t i = 0; i < map->source_key.count; i++) {
        buf_puts(&identity, i == 0 ? "m." : ", m.");
        quote_ident(&identity, map->source_key.items[i]);
        buf_puts(&identity, "::pg_catalog.text");
        buf_puts(&same, i == 0 ? "m." : " AND m.");
        quote_ident(&same, map->source_key.items[i]);
        buf_puts(&same, " = source.");
        quote_ident(&same, g->e->source_key.items[i]);
    }
    buf_puts(&known, "m.");
    quote_ident(&known, map->target_key);
    buf_puts(&known, " IS NOT NULL");
    take(f, "joins", &joins);
    take(f, "identity_text", &identity);
    take(f, "same", &same);
    fragments_set(f, "known", buf_text(&known));
    take(f, "traced", &known);
    fragments_set(f, "asked", "true");
}

/* The parent is a row that is there: without a map it has the same key on both sides. */
static void
parent_is_there(struct buf *joins, struct buf *known, const struct gen *g, size_t i)
{
    const char *key = g->parent->source_key.items[0];
    const struct catalog_table *t = catalog_table(g->catalogs->vnext, g->parent->source.schema, g->parent->source.name);

    buf_puts(joins, "\nLEFT JOIN LATERAL (SELECT true AS there FROM ");
    sql_table(joins, &g->parent->source);
    buf_puts(joins, " p WHERE p.");
    quote_ident(joins, key);
    buf_printf(joins, " = u.k%zu::%s LIMIT 1) g ON true", i, wide_type(catalog_column(t, key)));
    buf_puts(known, "g.there IS NOT NULL AND ");
}

/*
 * Without one: key column by key column. The parent says that the row belongs to the dual write; where none does, a legacy
 * row without a source row may as well be legacy's own, and is nobody's.
 */
static void
stands_for_keyed(struct fragments *f, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf joins = {0}, identity = {0}, same = {0}, known = {0};
    bool parents = false;

    for (size_t i = 0; i < e->identity.count; i++) {
        bool mapped = is_parents(e, i) && g->parent->map != NULL;
        const struct catalog_column *column = catalog_column(g->source, e->identity.items[i]);

        parents = parents || is_parents(e, i);
        if (mapped)
            join_map(&joins, g->parent->map,
                     catalog_table(g->catalogs->vnext, g->parent->map->table.schema, g->parent->map->table.name), "p",
                     i);
        else if (is_parents(e, i))
            parent_is_there(&joins, &known, g, i);
        buf_puts(&joins, "\nCROSS JOIN LATERAL (SELECT ");
        identity_text(&joins, g, i);
        buf_printf(&joins, " AS v) v%zu", i);
        gen_comma(&identity);
        buf_printf(&identity, "v%zu.v", i);
        buf_printf(&known, "%sv%zu.v IS NOT NULL", i == 0 || known.data[known.len - 1] == ' ' ? "" : " AND ", i);
        buf_puts(&same, i == 0 ? "source." : " AND source.");
        quote_ident(&same, e->identity.items[i]);
        buf_printf(&same, " = v%zu.v::%s", i, wide_type(column));
    }
    fragments_set(f, "traced", buf_text(&known));
    if (!parents)
        buf_puts(&known, " AND s.there IS NOT NULL");
    take(f, "joins", &joins);
    take(f, "identity_text", &identity);
    take(f, "same", &same);
    take(f, "known", &known);
    fragments_set(f, "asked", parents ? "true" : "false");
}

static char *
stands_for(const struct gen *g)
{
    struct fragments f = {0};
    struct buf parameters = {0}, names = {0};

    for (size_t i = 0; i < g->e->target_key.count; i++) {
        gen_comma(&parameters);
        buf_printf(&parameters, "$%zu::pg_catalog.text[]", i + 1);
        gen_comma(&names);
        buf_printf(&names, "k%zu", i);
    }
    take(&f, "parameters", &parameters);
    take(&f, "names", &names);
    gen_set_table(&f, "source", &g->e->source);
    if (g->e->map != NULL)
        stands_for_mapped(&f, g);
    else
        stands_for_keyed(&f, g);
    return gen_fill(sql_reconcile_stands_for, &f);
}

struct compare_plan *
compare_make(const struct mapping *m, const struct catalogs *c)
{
    struct compare_plan *plans = xcalloc(m->count, sizeof *plans);

    for (size_t i = 0; i < m->count; i++) {
        const struct gen g = gen_for(m, c, &m->entities[i]);
        char **sql = plans[i].sql;

        sql[COMPARE_VNEXT_COUNT] = count_rows(&g.e->source);
        sql[COMPARE_VNEXT_LAST] = last_key(&g.e->source, &g.e->source_key);
        sql[COMPARE_VNEXT_LIST] = vnext_list(&g);
        sql[COMPARE_DOUBT] = doubt(&g);
        sql[COMPARE_ROWS] = compare_rows(&g);
        sql[COMPARE_VNEXT_MIDDLE] = gen_middle(&g.e->source, &g.e->source_key, g.source);
        sql[COMPARE_GLANCE_VNEXT] = gen_glance_vnext(&g);
        sql[COMPARE_GLANCE_LEGACY] = gen_glance_legacy(&g);
        if (!says_whose(&g))
            continue;
        sql[COMPARE_LEGACY_COUNT] = count_rows(&g.e->target);
        sql[COMPARE_LEGACY_LAST] = last_key(&g.e->target, &g.e->target_key);
        sql[COMPARE_LEGACY_LIST] = legacy_list(&g);
        sql[COMPARE_LEGACY_MIDDLE] = gen_middle(&g.e->target, &g.e->target_key, g.target);
        sql[COMPARE_GLANCE_KEYS] = gen_glance_keys(&g);
        sql[COMPARE_STANDS_FOR] = stands_for(&g);
    }
    return plans;
}

void
compare_free(struct compare_plan *plans, size_t count)
{
    for (size_t i = 0; plans != NULL && i < count; i++)
        for (int step = 0; step < COMPARE_STEPS; step++)
            free(plans[i].sql[step]);
    free(plans);
}
