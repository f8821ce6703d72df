/*
 * init_columns.h - what each column of a legacy table gets, as the "columns" of a proposed mapping.
 *
 * Pure; a part of proposing a mapping (mapping_init.h). One value is init_value.h.
 */
#ifndef DUALWRITE_INIT_COLUMNS_H
#define DUALWRITE_INIT_COLUMNS_H

#include <cjson/cJSON.h>

#include "dualwrite/faults.h"
#include "dualwrite/init_keys.h"

/* The "columns" of an entity; `notes` say which columns nothing writes. */
cJSON *init_columns(const struct init_input *in, const struct init_drafts *drafts, size_t index, struct faults *notes);

/* The "columns" of a map table that was found: what it needs beside its keys and `verified` (may be NULL). */
cJSON *init_map_columns(const struct init_draft *d, const char *verified, const cJSON *target_columns);

/* The new table's own mark of a row that is gone, which no legacy column takes over: deleted_at. NULL: none. */
const struct catalog_column *init_soft_delete(const struct init_draft *d);

#endif
