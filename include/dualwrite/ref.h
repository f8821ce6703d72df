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

/*
 * The source column whose value is hashed into the bucket. It is part of the identity, so that all events of one legacy
 * row are in one partition, which one daemon at a time works on: a child with a map that moves to another parent keeps
 * its legacy row, and must keep its partition. A child without a map has its parent's column in its identity where that
 * is part of the target key, and then shares the parent's partition.
 */
const char *ref_root(const struct mapping_entity *e);

/*
 * Which items of a ref are the identity, for the SQL that has to compare rows: {"ENTITY": [1, 3], ...}, counted from 1 and in
 * the identity's order. Free it.
 */
char *ref_identities(const struct mapping *m);

#endif
