/* sqlmap.c - the statements that write the map, which is in the vNext database; see dualwrite/sqlparts.h. */
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"

/* "s0 TYPE, s1 TYPE" as the map declares its source key. */
static void
declare_source_key(struct buf *out, const struct gen *g)
{
    const struct mapping_map *map = g->e->map;

    for (size_t i = 0; i < map->source_key.count; i++)
        buf_printf(out, "%ss%zu %s", i == 0 ? "" : ", ", i,
                   catalog_column(g->map, map->source_key.items[i])->shown_type);
}

static bool
is_source_key(const struct catalog_unique *u, const struct mapping_names *key)
{
    size_t held = 0;

    for (size_t i = 0; i < u->count; i++)
        for (size_t j = 0; j < key->count; j++)
            held += strcmp(u->columns[i], key->items[j]) == 0;
    return u->usable && u->count == key->count && held == key->count;
}

static void
map_row(struct fragments *f, const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct buf columns = {0};
    struct buf values = {0};
    struct buf declared = {0};

    for (size_t i = 0; i < map->columns.count; i++) {
        const struct mapping_column *c = &map->columns.items[i];
        const struct catalog_column *column = catalog_column(g->map, c->name);
        bool json = strcmp(column->base, "json") == 0 || strcmp(column->base, "jsonb") == 0;

        buf_puts(&columns, ", ");
        quote_ident(&columns, c->name);
        if (c->value.kind == VALUE_NOW) {
            buf_printf(&values, ", pg_catalog.now()::%s", column->type);
            continue;
        }
        gen_comma(&declared);
        buf_printf(&declared, "x%zu %s", i, json ? "pg_catalog.text" : column->shown_type);
        buf_printf(&values, ", x.x%zu%s%s", i, json ? "::" : "", json ? column->shown_type : "");
    }
    if (map->verified != NULL) {
        buf_puts(&columns, ", ");
        quote_ident(&columns, map->verified);
        buf_puts(&values, ", false");
    }
    if (declared.len == 0)
        buf_puts(&declared, "nothing pg_catalog.text");
    fragments_take(f, "map_columns", buf_steal(&columns));
    fragments_take(f, "map_values", buf_steal(&values));
    fragments_take(f, "extra_declarations", buf_steal(&declared));
}

char *
gen_reserve(const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct fragments f = {0};
    struct buf declarations = {0};
    struct buf keys = {0};
    struct buf names = {0};
    struct buf unless = {0};
    struct buf key = {0};

    if (map == NULL)
        return NULL;
    declare_source_key(&declarations, g);
    buf_printf(&declarations, ", key %s", catalog_column(g->map, map->target_key)->shown_type);
    for (size_t i = 0; i < map->source_key.count; i++) {
        gen_comma(&keys);
        buf_printf(&keys, "r.s%zu", i);
        gen_comma(&names);
        quote_ident(&names, map->source_key.items[i]);
    }
    for (size_t i = 0; i < g->map->nuniques && unless.len == 0; i++)
        if (is_source_key(&g->map->uniques[i], &map->source_key))
            buf_printf(&unless, "ON CONFLICT (%s) DO NOTHING", buf_text(&names));
    quote_ident(&key, map->target_key);
    gen_set_table(&f, "map", &map->table);
    gen_set_ident(&f, "map_target_key", map->target_key);
    fragments_take(&f, "map_source_key", buf_steal(&names));
    fragments_take(&f, "source_keys", buf_steal(&keys));
    fragments_take(&f, "declarations", buf_steal(&declarations));
    fragments_take(&f, "unless_mapped", buf_steal(&unless));
    fragments_take(&f, "returned_key", buf_steal(&key));
    map_row(&f, g);
    return gen_fill(sql_apply_reserve, &f);
}

char *
gen_mark(const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct fragments f = {0};
    struct buf declarations = {0};
    struct buf match = {0};

    if (map == NULL || map->verified == NULL)
        return NULL;
    declare_source_key(&declarations, g);
    buf_printf(&declarations, ", key %s", catalog_column(g->map, map->target_key)->shown_type);
    for (size_t i = 0; i < map->source_key.count; i++) {
        buf_puts(&match, "m.");
        quote_ident(&match, map->source_key.items[i]);
        buf_printf(&match, " = r.s%zu AND ", i);
    }
    buf_puts(&match, "m.");
    quote_ident(&match, map->target_key);
    buf_puts(&match, " = r.key");
    gen_set_table(&f, "map", &map->table);
    gen_set_ident(&f, "verified", map->verified);
    fragments_take(&f, "declarations", buf_steal(&declarations));
    fragments_take(&f, "map_match", buf_steal(&match));
    return gen_fill(sql_apply_mark, &f);
}
