/*
 * init_match.h - which column of a new table feeds a column of a legacy table, guessed from names and types.
 *
 * Pure; a part of proposing a mapping (mapping_init.h).
 */
#ifndef DUALWRITE_INIT_MATCH_H
#define DUALWRITE_INIT_MATCH_H

#include <stdbool.h>

#include "dualwrite/catalog.h"

/* How sure it is, the surest first. */
enum match {
    MATCH_EXACT,   /* the same name */
    MATCH_SAME,    /* the same words: createdAt, created_at */
    MATCH_CORE,    /* the same but for id, at, is and the like: plan_id, plan */
    MATCH_MEANING, /* both times, and both of a creation, say: created_at, joined_at */
    MATCH_PART,    /* half of the words or more: full_name, name */
    MATCH_NONE,
};

/* How alike the two are; MATCH_NONE also where the types are too far apart for a guess. */
enum match init_match(const struct catalog_column *from, const struct catalog_column *to);

/* The best column of `source` for `to`, at least as sure as `worst`, of equals the first; NULL: none. */
const struct catalog_column *init_match_best(const struct catalog_table *source, const struct catalog_column *to,
                                             enum match worst, enum match *found);

/* What a column is, by its type. */
bool init_is_time(const struct catalog_column *c);
bool init_is_text(const struct catalog_column *c);
bool init_is_integer(const struct catalog_column *c);

/* Its values are numbers that a sequence gives. */
bool init_has_sequence(const struct catalog_column *c);

/* Written once, at the creation: created_at, joined_on. */
bool init_is_creation(const struct catalog_column *c);

/* The time of an end: deleted_at, left_at. */
bool init_is_end(const struct catalog_column *c);

#endif
