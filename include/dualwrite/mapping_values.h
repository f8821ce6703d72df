/*
 * mapping_values.h - the part of the mapping file that says where a column gets its value.
 *
 * Used by mapping.c alone. The forms are documented in docs/mapping.md.
 */
#ifndef DUALWRITE_MAPPING_VALUES_H
#define DUALWRITE_MAPPING_VALUES_H

#include "dualwrite/json_node.h"
#include "dualwrite/mapping.h"

#define MAPPING_COLUMNS_MAX 1600      /* of a table in PostgreSQL (MaxHeapAttributeNumber) */
#define MAPPING_TRUNCATE_MAX 10485760 /* the longest varchar(n) */

enum mapping_place { PLACE_TARGET, PLACE_MAP, PLACE_REMOVAL };

/* Reads the object at `n`, {"column name": VALUE, ...}, with what is allowed at that place. */
void mapping_values_read(struct json_reader *r, const struct json_node *n, enum mapping_place place,
                         struct mapping_columns *out);

/* Reads "table" and "schema" of the object at `n`; frees what they became. */
void mapping_table_read(struct json_reader *r, const struct json_node *n, struct mapping_table *out);
void mapping_table_free(struct mapping_table *table);

void mapping_values_free(struct mapping_columns *columns);

#endif
