/* sqlrows.c - the rows that legacy's statements take, as SQL; see dualwrite/sqlparts.h. The document itself is sqlrow.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

static const struct catalog_column *
target_column(const struct gen *g, const char *name)
{
    return catalog_column(g->target, name);
}

bool
gen_is_json(const struct catalog_column *column)
{
    return strcmp(column->base, "json") == 0 || strcmp(column->base, "jsonb") == 0;
}

const char *
gen_declared(const struct catalog_column *column)
{
    return gen_is_json(column) ? "pg_catalog.text" : column->shown_type;
}

void
gen_finished(struct buf *out, const char *value, const struct catalog_column *column)
{
    if (gen_is_json(column))
        buf_printf(out, "(%s)::%s", value, column->shown_type);
    else
        buf_puts(out, value);
}

const struct mapping_column *
gen_mapped(const struct mapping_entity *e, const char *target)
{
    for (size_t i = 0; i < e->columns.count; i++)
        if (strcmp(e->columns.items[i].name, target) == 0)
            return &e->columns.items[i];
    return NULL;
}

const struct mapping_lookup *
gen_legacy_lookup(const struct mapping_column *c)
{
    return c == NULL || c->value.lookup == NULL || !c->value.lookup->legacy ? NULL : c->value.lookup;
}

void
gen_read_alone(struct buf *out, const struct gen *g, const struct catalog_column *column, const char *value)
{
    buf_printf(out, "(SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', %s)) AS l(v %s)%s)",
               value, gen_declared(column), gen_is_key(g->e, column->name) ? "" : " WHERE w.\"do\" & 6 <> 0");
}

/* Cut where that is asked for. */
void
gen_looked_up(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *key)
{
    const struct mapping_lookup *l = c->value.lookup;
    int length = gen_length(g, c);
    bool itself = gen_is_key(g->e, c->name) && strcmp(l->key, l->value) == 0;
    struct buf value = {0};

    if (length > 0)
        buf_puts(&value, "pg_catalog.left(");
    gen_lookup(&value, g, c, key, itself ? "(w.\"do\" & 1 <> 0)" : NULL);
    if (length > 0)
        buf_printf(&value, ", %d)", length);
    gen_read_alone(out, g, target_column(g, c->name), buf_text(&value));
    buf_free(&value);
}

/* What gen_rows() puts together. */
struct rows {
    struct buf declarations; /* the arrays of the document */
    struct buf elements;     /* what they are taken apart to */
    struct buf names;        /* what that means */
};

static void
declare(struct rows *r, const char *name, const char *type)
{
    buf_printf(&r->declarations, ", %s %s[]", name, type);
    buf_printf(&r->elements, ", pg_catalog.unnest(p.%s) AS %s", name, name);
}

/* Declares `name` as the lookup's key or as the target column, and says what it means. */
static void
take(struct rows *r, const struct gen *g, const char *target, const char *name)
{
    const struct mapping_column *c = gen_mapped(g->e, target);
    const struct mapping_lookup *l = gen_legacy_lookup(c);
    const struct catalog_column *column = target_column(g, target);
    struct buf value = {0};
    struct buf found = {0};

    buf_puts(&r->names, ", ");
    buf_printf(&value, "w.%s", name);
    if (l != NULL) {
        const struct catalog_table *table = catalog_table(g->catalogs->legacy, l->table.schema, l->table.name);
        const struct catalog_column *key = catalog_column(table, l->key);

        /* without its length: a key that is too long for the table is one that it does not have */
        declare(r, name, key->unlisted ? "pg_catalog.text" : key->type);
        if (key->unlisted)
            buf_printf(&value, "::%s", key->type);
        gen_looked_up(&found, g, c, buf_text(&value));
    } else if (gen_is_read_alone(column)) {
        declare(r, name, "pg_catalog.text");
        gen_read_alone(&found, g, column, buf_text(&value));
    } else {
        declare(r, name, gen_declared(column));
        buf_puts(&found, buf_text(&value));
    }
    gen_finished(&r->names, buf_text(&found), column);
    buf_printf(&r->names, " AS %s", name);
    buf_free(&value);
    buf_free(&found);
}

/* A value with a suffix, and whether the plain one is kept: of a text. */
static void
take_suffix(struct rows *r, const struct gen *g, size_t i)
{
    const struct catalog_column *column = target_column(g, g->e->columns.items[i].name);
    bool alone = gen_is_read_alone(column);
    char name[24];
    char value[28];

    snprintf(name, sizeof name, "y%zu", i);
    snprintf(value, sizeof value, "w.%s", name);
    declare(r, name, alone ? "pg_catalog.text" : gen_declared(column));
    buf_puts(&r->names, ", ");
    if (alone) {
        gen_read_alone(&r->names, g, column, value);
        buf_printf(&r->names, " AS %s", name);
    } else {
        buf_puts(&r->names, value);
    }
    buf_printf(&r->names, ", w.o%zu", i);
    snprintf(name, sizeof name, "o%zu", i);
    declare(r, name, "pg_catalog.bool");
}

char *
gen_rows(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct slot *slots = xcalloc(slots_values(e, NULL) + 1, sizeof *slots);
    size_t n = slots_values(e, slots);
    struct fragments f = {0};
    struct rows r = {{0}, {0}, {0}};
    char name[24];

    for (size_t i = 0; i < e->target_key.count; i++) {
        snprintf(name, sizeof name, "k%zu", i);
        take(&r, g, e->target_key.items[i], name);
    }
    if (gen_writes_parent(e))
        take(&r, g, e->parent->target_column, "p");
    for (size_t i = 0; i < n; i++) {
        if (slots[i].letter != 'c')
            continue;
        snprintf(name, sizeof name, "c%zu", slots[i].column);
        take(&r, g, e->columns.items[slots[i].column].name, name);
        if (e->columns.items[slots[i].column].value.unique == UNIQUE_SUFFIX)
            take_suffix(&r, g, slots[i].column);
    }
    free(slots);
    fragments_take(&f, "declarations", buf_steal(&r.declarations));
    fragments_take(&f, "elements", buf_steal(&r.elements));
    fragments_take(&f, "names", buf_steal(&r.names));
    return gen_fill(sql_apply_rows, &f);
}
