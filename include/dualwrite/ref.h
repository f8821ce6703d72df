/*
 * ref.h - which source columns an event carries, and where each stands in it.
 *
 * An outbox row names a source row by its `ref`: the key columns, then the identity columns that are not among them,
 * then the parent's column if it is not there yet. Capture writes it, claim reads it; both ask here.
 */
#ifndef DUALWRITE_REF_H
#define DUALWRITE_REF_H

#include <stddef.h>

#include "dualwrite/mapping.h"

/* How many columns entity `e` carries; ref_column(e, 0 .. count-1) names them. */
size_t ref_count(const struct mapping_entity *e);
const char *ref_column(const struct mapping_entity *e, size_t i);

/* Where `column` stands, ref_count() when it is not carried. */
size_t ref_position(const struct mapping_entity *e, const char *column);

/* The source column whose value is hashed into the bucket: the root's key, so a family shares a partition. */
const char *ref_root(const struct mapping_entity *e);

#endif
