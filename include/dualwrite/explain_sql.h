/*
 * explain_sql.h - the statements with which `dualwrited explain` finds one row on both sides. What reads and judges it are the
 * plan's own (sqlgen.h).
 *
 * Pure: text out, to be freed with free(). The templates are in lib/sql/explain. None of them writes. The catalogs must have
 * passed mapping_check().
 */
#ifndef DUALWRITE_EXPLAIN_SQL_H
#define DUALWRITE_EXPLAIN_SQL_H

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/* vNext, $1.. the source key: key, found, identity (JSON arrays of texts). */
char *explain_key_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/* vNext, $1.. the identity: key of each row that has it. */
char *explain_rows_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/*
 * vNext, $1.. the target key: identity of the vNext row that such a legacy row stands for, none or several. NULL when the
 * mapping cannot be turned round, and then *why names the column.
 */
char *explain_owner_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                        const char **why);

/* vNext, $1.. the source key: row, a JSON object of texts. NULL: the entity has no map. */
char *explain_map_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/* legacy, $1 rows: found, written_at, columns. */
char *explain_compare_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

#endif
