/*
 * sqlparts.h - the pieces that sqlgen.c puts into its templates. Internal to lib/core/sqlgen.c, sqlvalue.c, sqlparts.c.
 *
 * Aliases are the same in every template: w the wanted identities, s the source row as the mapping reads it (k0.. key,
 * i0.. identity, p0 the parent's key, c0.. one per mapped column, x0.. the map's), m the entity's own map row, p its
 * parent's, t the legacy row.
 */
#ifndef DUALWRITE_SQLPARTS_H
#define DUALWRITE_SQLPARTS_H

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"
#include "dualwrite/template.h"

/* One entity with everything its SQL depends on. */
struct gen {
    const struct mapping *mapping;
    const struct catalog *catalog;
    const struct mapping_entity *e;
    const struct mapping_entity *parent; /* NULL for a root */
    const struct catalog_table *source;
    const struct catalog_table *target;
};

struct gen gen_for(const struct mapping *m, const struct catalog *c, const struct mapping_entity *e);

/* sqlvalue.c: what a column should hold. */

/* The type of a column, for a cast; the column exists. */
const char *gen_type(const struct catalog_table *t, const char *column);

/* The source rows of one wanted identity w as the mapping reads them; for a LATERAL subquery. */
char *gen_reading(const struct gen *g);

/* A value that reads the source row: the reading computes it, also for a column of the map (x0.. in map.columns). */
bool gen_from_source(const struct mapping_value *v);

/* What column `c` of the target or the map should hold, over a source row without alias, cast to `type`. */
void gen_value(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *type);

/* The value that a removal puts into `column`, or NULL when it leaves that column alone; free() it. */
char *gen_removal_value(const struct gen *g, const char *column);

/* What mapped column `i` should hold given s and t: the mapping's value, or the removal's while the row is absent. */
void gen_expected(struct buf *out, const struct gen *g, size_t i);

/* sqlparts.c: the fragments of an entity. */

/* Everything about an entity that does not depend on which identities are wanted. */
struct fragments gen_fragments(const struct gen *g);

/* alias."target key": the legacy key that a map row gives. */
void gen_map_target(struct buf *out, const char *alias, const struct mapping_map *map);

void gen_set_ident(struct fragments *f, const char *name, const char *ident);
void gen_set_table(struct fragments *f, const char *name, const struct mapping_table *t);

#endif
