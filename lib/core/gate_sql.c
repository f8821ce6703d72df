/* gate_sql.c - the statements that count coverage; see dualwrite/gate_sql.h and dualwrite/sqlparts.h. */
#include "dualwrite/gate_sql.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

static void
take(struct fragments *f, const char *name, struct buf *text)
{
    fragments_take(f, name, buf_steal(text));
}

/* Any integer that the other side can hold: one that is too large for the column is simply not there. */
static const char *
wide_type(const struct catalog_column *c)
{
    return strcmp(c->base, "int2") == 0 || strcmp(c->base, "int4") == 0 ? "pg_catalog.int8" : c->type;
}

static char *
fill_covered(const struct gen *g, const struct mapping_map *map, const char *key, const char *template)
{
    const struct catalog_table *t = catalog_table(g->catalogs->vnext, map->table.schema, map->table.name);
    struct fragments f = {0};
    struct buf active = {0};

    gen_active_there(&active, g);
    take(&f, "active", &active);
    gen_set_table(&f, "target", &g->e->target);
    gen_set_table(&f, "map", &map->table);
    gen_set_ident(&f, "map_key", map->target_key);
    gen_set_ident(&f, "key", key);
    fragments_set(&f, "type", wide_type(catalog_column(t, map->target_key)));
    return gen_fill(template, &f);
}

static char *
present(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf text = {0};
    struct buf event = {0};

    sql_present(&text, e, "s");
    take(&f, "present", &text);
    for (size_t i = 0; i < e->source_key.count; i++) {
        buf_puts(&text, i == 0 ? "m." : " AND m.");
        quote_ident(&text, e->map->source_key.items[i]);
        buf_puts(&text, " = s.");
        quote_ident(&text, e->source_key.items[i]);
        buf_printf(&event, "%se.ref[%zu] = s.", i == 0 ? "" : " AND ", ref_position(e, e->source_key.items[i]) + 1);
        quote_ident(&event, e->source_key.items[i]);
        buf_puts(&event, "::pg_catalog.text");
    }
    take(&f, "same", &text);
    take(&f, "event", &event);
    gen_set_table(&f, "source", &e->source);
    gen_set_table(&f, "map", &e->map->table);
    gen_set_literal(&f, "entity", e->name);
    return gen_fill(sql_gate_present, &f);
}

/* Another entity feeds the same legacy table: nothing says which rows there are this one's. */
static bool
shares_target(const struct mapping *m, const struct mapping_entity *e)
{
    for (size_t i = 0; i < m->count; i++)
        if (&m->entities[i] != e && mapping_same_table(&m->entities[i].target, &e->target))
            return true;
    return false;
}

struct gate_plan *
gate_plan_make(const struct mapping *m, const struct catalogs *c)
{
    struct gate_plan *plans = xcalloc(m->count, sizeof *plans);

    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];
        const struct gen g = gen_for(m, c, e);
        const struct mapping_map *map = e->map != NULL ? e->map : g.parent != NULL ? g.parent->map : NULL;

        if (e->map != NULL)
            plans[i].sql[GATE_PRESENT] = present(&g);
        if (map != NULL && !shares_target(m, e)) {
            const char *key = e->map != NULL ? e->target_key.items[0] : e->parent->target_column;

            plans[i].sql[GATE_COVERED] = fill_covered(&g, map, key, sql_gate_covered);
            plans[i].sql[GATE_KEYS] = fill_covered(&g, map, key, sql_gate_keys);
            plans[i].sql[GATE_COVERED_KEYS] = fill_covered(&g, map, key, sql_gate_covered_keys);
        }
    }
    return plans;
}

void
gate_plan_free(struct gate_plan *plans, size_t count)
{
    for (size_t i = 0; plans != NULL && i < count; i++)
        for (int step = 0; step < GATE_STEPS; step++)
            free(plans[i].sql[step]);
    free(plans);
}
