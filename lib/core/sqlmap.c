/* sqlmap.c - the statements that write the map, which is in the vNext database; see dualwrite/sqlparts.h. */
#include <stdio.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"

/* What the document's arrays are, and what they are taken apart to. */
struct document {
    struct buf declarations;
    struct buf elements;
};

static void
declare(struct document *d, const char *name, const char *type)
{
    gen_comma(&d->declarations);
    gen_comma(&d->elements);
    buf_printf(&d->declarations, "%s %s[]", name, type);
    buf_printf(&d->elements, "pg_catalog.unnest(p.%s) AS %s", name, name);
}

/* The keys as the map declares them, and a truth. */
static void
declare_keys(struct document *d, const struct gen *g, const char *truth)
{
    const struct mapping_map *map = g->e->map;
    char name[24];

    for (size_t i = 0; i < map->source_key.count; i++) {
        snprintf(name, sizeof name, "s%zu", i);
        declare(d, name, catalog_column(g->map, map->source_key.items[i])->shown_type);
    }
    declare(d, "key", catalog_column(g->map, map->target_key)->shown_type);
    declare(d, truth, "pg_catalog.bool");
}

static void
take_document(struct fragments *f, struct document *d)
{
    fragments_take(f, "declarations", buf_steal(&d->declarations));
    fragments_take(f, "elements", buf_steal(&d->elements));
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
map_row(struct fragments *f, struct document *d, const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct buf columns = {0};
    struct buf values = {0};
    char name[24];

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
        snprintf(name, sizeof name, "x%zu", i);
        declare(d, name, json || gen_is_read_alone(column) ? "pg_catalog.text" : column->shown_type);
        if (!json && gen_is_read_alone(column))
            buf_printf(
                &values,
                ", (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', r.%s)) AS l(v %s))",
                name, column->shown_type);
        else
            buf_printf(&values, ", r.%s%s%s", name, json ? "::" : "", json ? column->shown_type : "");
    }
    if (map->verified != NULL) {
        buf_puts(&columns, ", ");
        quote_ident(&columns, map->verified);
        buf_puts(&values, ", r.noted");
    }
    fragments_take(f, "map_columns", buf_steal(&columns));
    fragments_take(f, "map_values", buf_steal(&values));
}

char *
gen_reserve(const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct fragments f = {0};
    struct document d = {{0}, {0}};
    struct buf keys = {0};
    struct buf names = {0};
    struct buf unless = {0};
    struct buf key = {0};

    if (map == NULL)
        return NULL;
    declare_keys(&d, g, "refused");
    declare(&d, "noted", "pg_catalog.bool");
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
    fragments_take(&f, "unless_mapped", buf_steal(&unless));
    fragments_take(&f, "returned_key", buf_steal(&key));
    map_row(&f, &d, g);
    take_document(&f, &d);
    return gen_fill(sql_apply_reserve, &f);
}

char *
gen_mark(const struct gen *g)
{
    const struct mapping_map *map = g->e->map;
    struct fragments f = {0};
    struct document d = {{0}, {0}};
    struct buf match = {0};

    if (map == NULL || map->verified == NULL)
        return NULL;
    declare_keys(&d, g, "equal");
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
    take_document(&f, &d);
    fragments_take(&f, "map_match", buf_steal(&match));
    return gen_fill(sql_apply_mark, &f);
}

/* ---- from a legacy key back to the vNext row ---- */

/* The type in which key `w.k` is compared with a map's column: any integer, so that one too large is just not there. */
static const char *
key_type(const struct catalog_column *c)
{
    bool integer = strcmp(c->base, "int2") == 0 || strcmp(c->base, "int4") == 0;

    return integer ? "pg_catalog.int8" : c->type;
}

static void
join_by_target(struct buf *out, const struct gen *g, const struct mapping_map *map, const char *alias, size_t k)
{
    const struct catalog_table *t = catalog_table(g->catalogs->vnext, map->table.schema, map->table.name);

    buf_puts(out, "\nJOIN ");
    sql_table(out, &map->table);
    buf_printf(out, " %s ON %s.", alias, alias);
    quote_ident(out, map->target_key);
    buf_printf(out, " = w.k%zu::%s", k, key_type(catalog_column(t, map->target_key)));
}

static void
source_key(struct buf *out, const char *alias, const struct mapping_map *map, size_t i)
{
    buf_printf(out, "%s.", alias);
    quote_ident(out, map->source_key.items[i]);
    buf_puts(out, "::pg_catalog.text");
}

/* What key column `k` says of the identity; false when it cannot be told from the key alone. */
static bool
identity_of_key(struct buf *out, struct buf *joins, const struct gen *g, size_t k)
{
    const struct mapping_entity *e = g->e;
    const char *name = e->target_key.items[k];
    const struct mapping_value *v = mapping_column(&e->columns, name);

    if (e->parent != NULL && strcmp(name, e->parent->target_column) == 0) {
        if (g->parent->map != NULL) {
            join_by_target(joins, g, g->parent->map, "p", k);
            source_key(out, "p", g->parent->map, 0);
        } else {
            buf_printf(out, "w.k%zu", k);
        }
        return true;
    }
    if (v == NULL || v->kind != VALUE_COLUMN || v->nvalues > 0 || v->lookup != NULL || v->truncate > 0)
        return false;
    buf_printf(out, "w.k%zu::%s::pg_catalog.text", k, catalog_column(g->source, v->text)->type);
    return true;
}

char *
gen_owner(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf identity = {0}, joins = {0}, parameters = {0}, names = {0};
    bool told = true;

    for (size_t k = 0; k < e->target_key.count; k++) {
        buf_printf(&parameters, "%s$%zu::pg_catalog.text[]", k == 0 ? "" : ", ", k + 1);
        buf_printf(&names, "%sk%zu", k == 0 ? "" : ", ", k);
        if (e->map != NULL)
            continue;
        gen_comma(&identity);
        told = told && identity_of_key(&identity, &joins, g, k);
    }
    if (e->map != NULL)
        join_by_target(&joins, g, e->map, "m", 0);
    for (size_t i = 0; e->map != NULL && i < e->map->source_key.count; i++) {
        gen_comma(&identity);
        source_key(&identity, "m", e->map, i);
    }
    fragments_take(&f, "identity", buf_steal(&identity));
    fragments_take(&f, "joins", buf_steal(&joins));
    fragments_take(&f, "parameters", buf_steal(&parameters));
    fragments_take(&f, "names", buf_steal(&names));
    if (told)
        return gen_fill(sql_apply_owner, &f);
    fragments_free(&f);
    return NULL;
}
