/*
 * stage_sql.h - the statements of the staged test's failure simulation, for whatever the mapping maps.
 *
 * Pure. The row that is made to fail is one of the test data: of a root entity, found by a column that is copied as it is.
 */
#ifndef DUALWRITE_STAGE_SQL_H
#define DUALWRITE_STAGE_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/mapping.h"

/* The next column of `e` from *at on whose value is copied and leads to no row; NULL: there is none. *at is moved along. */
const struct mapping_column *stage_column(const struct mapping_entity *e, size_t *at);

/* Each: free it. They have the parameters that lib/sql/stage/ says; keys come as so many parameters as they have columns. */
char *stage_find_sql(const struct mapping_entity *e, const struct mapping_column *c);
char *stage_lock_sql(const struct mapping_entity *e, const struct mapping_column *c);
char *stage_look_sql(const struct mapping_entity *e, const struct mapping_column *c);
char *stage_touch_sql(const struct mapping_entity *e, const struct mapping_column *c);

/* `value` with a mark at its end, or without it where it bears one already; free it. */
char *stage_marked(const char *value);

#endif
