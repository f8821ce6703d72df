/*
 * mapping_columns.h - the columns of an entity against the catalog: are they there, may they be NULL, does the value
 * fit, can a lookup be made; and the tools that mapping_check.c shares: finding tables and columns, saying faults.
 *
 * Used by lib/core/mapping_check.c alone. Pure.
 */
#ifndef DUALWRITE_MAPPING_COLUMNS_H
#define DUALWRITE_MAPPING_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/catalog.h"
#include "dualwrite/faults.h"
#include "dualwrite/mapping.h"

/* The entity under inspection and its tables; a table that is missing or not usable is NULL, its fault said. */
struct mapping_view {
    const char *file;
    const struct mapping *m;
    const struct mapping_entity *e;
    const struct catalogs *c;
    struct faults *faults;
    const struct catalog_table *source;
    const struct catalog_table *target;
    const struct catalog_table *map;
};

/* A fault at $.entities[..] and `place` (like ".map.columns"), and at `key` in it when that is not NULL. */
void mapping_say(const struct mapping_view *k, enum fault_severity severity, const char *kind, const char *place,
                 const char *key, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* "schema"."name"; free() it. */
char *mapping_shown_table(const struct catalog_table *t);

/* The table in that database when it can be used, else NULL with a fault at PLACE.table. */
const struct catalog_table *mapping_find_table(const struct mapping_view *k, enum database side, const char *place,
                                               const struct mapping_table *t);

/* The column; NULL with a fault when the table has none of that name, or without when there is no table or no name. */
const struct catalog_column *mapping_find_column(const struct mapping_view *k, const struct catalog_table *t,
                                                 const char *name, const char *place, const char *key);

/* The same for one that is going to be written. */
const struct catalog_column *mapping_find_writable(const struct mapping_view *k, const struct catalog_table *t,
                                                   const char *name, const char *place, const char *key);

/* A fault when a value of `from` may be changed on its way into `to`; nothing when one of them is NULL. */
void mapping_check_type(const struct mapping_view *k, const struct catalog_column *from,
                        const struct catalog_column *to, const char *place, const char *key);

/* Fault where `column` does not take NULL and `mc` gives it. */
void mapping_check_null(const struct mapping_view *k, const struct catalog_column *column,
                        const struct mapping_column *mc, const char *place);

/* Everything about the columns of the target or (`t` is k->map) of the map. */
void mapping_check_columns(const struct mapping_view *k, const struct catalog_table *t,
                           const struct mapping_columns *columns, const char *place);

/*
 * Columns of `t` that no new row can do without and that neither `columns` nor `also` write: all in one fault, with the
 * JSON to paste. Names in `also` may be NULL.
 */
void mapping_check_unmapped(const struct mapping_view *k, const struct catalog_table *t,
                            const struct mapping_columns *columns, const char *const *also, size_t nalso,
                            const char *place);

#endif
