/*
 * init_maps.h - the table that says which legacy row is the shadow of which new row: looked for, or proposed.
 *
 * Pure; a part of proposing a mapping (mapping_init.h).
 */
#ifndef DUALWRITE_INIT_MAPS_H
#define DUALWRITE_INIT_MAPS_H

#include <stdbool.h>

#include "dualwrite/buf.h"
#include "dualwrite/init_keys.h"

/* Looks for a table in the new schema with a column for each key; true: the draft's map is that. */
bool init_map_find(const struct init_input *in, const struct init_drafts *drafts, struct init_draft *d);

/* The draft's map is one that has to be made. */
void init_map_propose(const struct init_input *in, struct init_draft *d);

/* The map's column for source key column `i`, to be freed. */
char *init_map_source(const struct init_draft *d, size_t i);

/* Appends the statement that makes a proposed map. */
void init_map_create(struct buf *out, const struct init_input *in, const struct init_draft *d);

#endif
