/* grants.c - the rights of the role dualwrite_daemon outside our schema; see dualwrite/grants.h. */
#include "dualwrite/grants.h"

#include "dualwrite/quote.h"
#include "dualwrite/sqlgen.h"

static void
grant(struct buf *out, const char *rights, const struct mapping_table *t)
{
    buf_printf(out, "GRANT %s ON ", rights);
    sql_table(out, t);
    buf_puts(out, " TO dualwrite_daemon;\n");
}

static void
grant_schema(struct buf *out, const struct mapping_table *t)
{
    buf_puts(out, "GRANT USAGE ON SCHEMA ");
    quote_ident(out, t->schema);
    buf_puts(out, " TO dualwrite_daemon;\n");
}

static void
grant_sequence(struct buf *out, const struct catalog_table *t)
{
    if (t->sequence != NULL)
        buf_printf(out, "GRANT USAGE ON SEQUENCE %s TO dualwrite_daemon;\n", t->sequence);
}

static void
grant_lookups(struct buf *out, const struct mapping_columns *columns, enum install_side side)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct mapping_lookup *l = columns->items[i].value.lookup;

        if (l == NULL || (side != SIDE_BOTH && l->legacy != (side == SIDE_LEGACY)))
            continue;
        grant_schema(out, &l->table);
        grant(out, "SELECT", &l->table);
    }
}

static void
grant_entity(struct buf *out, const struct mapping_entity *e, const struct catalog *c, enum install_side side)
{
    if (side != SIDE_LEGACY) {
        grant_schema(out, &e->source);
        grant(out, "SELECT", &e->source);
    }
    if (side != SIDE_VNEXT) {
        grant_schema(out, &e->target);
        grant(out, e->removal.kind == REMOVAL_DELETE ? "SELECT, INSERT, UPDATE, DELETE" : "SELECT, INSERT, UPDATE",
              &e->target);
        grant_sequence(out, catalog_table(c, e->target.schema, e->target.name));
    }
    if (side != SIDE_LEGACY && e->map != NULL) {
        grant_schema(out, &e->map->table);
        grant(out, "SELECT, INSERT, UPDATE", &e->map->table);
        grant_sequence(out, catalog_table(c, e->map->table.schema, e->map->table.name));
        grant_lookups(out, &e->map->columns, side);
    }
    grant_lookups(out, &e->columns, side);
}

void
grants_sql(struct buf *out, const struct mapping *m, const struct catalog *c, enum install_side side)
{
    for (size_t i = 0; i < m->count; i++)
        grant_entity(out, &m->entities[i], c, side);
}
