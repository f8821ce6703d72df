/*
 * sqlgen.h - turns a mapping and a catalog into the SQL text that syncs, as a plan per entity.
 *
 * Pure: text in, text out; the shape of each statement is a template in lib/sql/apply. Capture triggers and the
 * installation are capture.h. Every identifier and literal is quoted (quote.h); expressions of the mapping are the
 * only text taken as it stands, inside parentheses of their own.
 */
#ifndef DUALWRITE_SQLGEN_H
#define DUALWRITE_SQLGEN_H

#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

enum step_kind {
    STEP_WRITE,  /* no rows of interest come back */
    STEP_REMOVE, /* only needed when the batch holds a removal, or when the mapping deletes */
    STEP_VERIFY, /* n, found, wanted_row, shadow, equal, target_key per identity */
};

struct plan_step {
    enum step_kind kind;
    const char *name; /* of its template, for messages; static */
    char *sql;
};

/*
 * What syncs one entity. Every step takes the same parameters: one text[] per identity column, then a bool[] that says
 * for which identities a removal was asked; all of one length. A STEP_VERIFY's n counts from 1 into them.
 */
struct plan_entity {
    struct plan_step *steps; /* in the order of execution; the parents' shadows first */
    size_t count;
    char *resync; /* $1 text[] the last key or NULL, $2 how many rows: queued, position */
};

struct plan {
    struct plan_entity *entities; /* as mapping.entities */
    size_t count;
};

/* The catalog must have passed mapping_check(). Free with plan_free(). */
struct plan *plan_make(const struct mapping *m, const struct catalog *c);
void plan_free(struct plan *p);

/* Shared with capture.c: appends `schema`.`name`, quoted. */
void sql_table(struct buf *out, const struct mapping_table *t);

/* Shared with capture.c: whether the row aliased `alias` ("" for none) is present; "true" when the mapping has no rule. */
void sql_present(struct buf *out, const struct mapping_entity *e, const char *alias);

#endif
