/*
 * check_keys.h - which unique indexes and foreign keys of the legacy table rows of vNext may violate, as far as the
 * mapping and the catalogs tell; counting those of today is check_stream.h.
 *
 * Pure. Used by `dualwrited check`.
 */
#ifndef DUALWRITE_CHECK_KEYS_H
#define DUALWRITE_CHECK_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/check_value.h"

/* Where what a column of the target would hold comes from. */
enum check_origin {
    ORIGIN_ROW,     /* vNext can compute it */
    ORIGIN_DEFAULT, /* a default that is always the same, or NULL */
    ORIGIN_NEW,     /* a default that gives another value each time, a key that the map hands out */
    ORIGIN_UNKNOWN
};

enum check_origin check_origin_of(const struct check_subject *s, size_t n);

/* What is known of a constraint without looking at rows. */
enum check_hold {
    HOLD_ALWAYS,  /* no row can violate it, or the mapping deals with those that do */
    HOLD_PERHAPS, /* rows may: count them */
    HOLD_UNKNOWN  /* rows may, and what they would give cannot be computed here */
};

/* For values that other legacy rows have, which are no shadows of the same row. */
enum check_hold check_taken_hold(const struct check_subject *s, const struct catalog_unique *u);

/* For values that several rows of vNext give: also HOLD_ALWAYS where vNext has such an index itself. */
enum check_hold check_twice_hold(const struct check_subject *s, const struct catalog_unique *u);

enum check_hold check_foreign_hold(const struct check_subject *s, const struct catalog_foreign *f);

/* Whether column `n` of the target must be tried by its own type; texts and labels are counted (check_conditions()). */
bool check_tries(const struct check_subject *s, size_t n);

/* The columns of the target that must be tried on the legacy server, a flag each, to free; NULL: none. */
bool *check_needed(const struct check_subject *s);

/* ---- for check_stream.c ---- */

bool check_is_key(const struct mapping_entity *e, const char *name);
bool check_is_parent(const struct mapping_entity *e, const char *name);

/* The mapped column of the target of that name, or s->count. */
size_t check_column_named(const struct check_subject *s, const char *name);

/* Whether the index has to do with the column: as a key, in an expression or in its predicate. */
bool check_reads(const struct catalog_unique *u, const char *name);

#endif
