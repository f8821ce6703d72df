/*
 * sqlgen.h - turns a mapping and the catalogs into the SQL text that syncs, as a plan per entity.
 *
 * Pure: text in, text out; the shape of each statement is a template in lib/sql/apply. Capture triggers and the
 * installation are capture.h. Every identifier and literal is quoted (quote.h); expressions of the mapping are the
 * only text taken as it stands, inside parentheses of their own.
 *
 * No statement touches both databases: the vNext rows come out as text, and go into the legacy statements as one JSON
 * parameter. So one database and two are the same road.
 */
#ifndef DUALWRITE_SQLGEN_H
#define DUALWRITE_SQLGEN_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/* What syncs one entity, in the order of execution. */
enum plan_step {
    PLAN_READ,     /* vNext: $1.. a text[] per identity column; a plan_row per wanted identity and map row */
    PLAN_REMOVALS, /* vNext: $1 the share in percent; how many removals wait, how many source rows are left */
    PLAN_HOLDERS, /* legacy: $1 JSON rows, see sqlrow.h; n, index, holder, key: which legacy rows hold what they want */
    PLAN_OWNER,   /* vNext: $1.. a text[] per target key column; n, identity: the vNext rows that these stand for */
    PLAN_DRAW,    /* legacy: $1 how many, $2 how many before them to pass over; so many new target keys, as text */
    PLAN_RESERVE, /* vNext: $1 JSON [{"s0": source key.., "key": target key, "x0": map column..}]; map rows for them */
    PLAN_MISSING, /* legacy: $1 text[] target keys; those without a legacy row */
    PLAN_YIELD, /* legacy, this and the next five: $1 JSON rows; placeholders for what keeps rows from each other's values */
    PLAN_UPDATE,
    PLAN_INSERT,
    PLAN_REMOVE,
    PLAN_YIELDED, /* fails where a placeholder was left */
    PLAN_VERIFY,  /* n, shadow, equal of each row */
    PLAN_MARK,    /* vNext: $1 JSON [{"s0": source key.., "equal": true}]; the map's note of it */
    PLAN_RESYNC,  /* vNext: $1 text[] the last key or NULL, $2 how many rows: queued, position */
    PLAN_STEPS
};

/* "read", "draw", ... for messages; static. */
const char *plan_step_name(enum plan_step step);
enum database plan_step_database(enum plan_step step);

struct plan_entity {
    char *sql[PLAN_STEPS]; /* NULL: this entity has no such step */
    int *length;           /* of each mapped column: the characters of its value that legacy takes; 0: no limit known */
};

struct plan {
    struct plan_entity *entities; /* as mapping.entities */
    size_t count;
};

/* How many parameters a step takes. */
int plan_step_parameters(const struct mapping_entity *e, enum plan_step step);

/* The catalogs must have passed mapping_check(). Free with plan_free(). */
struct plan *plan_make(const struct mapping *m, const struct catalogs *c);
void plan_free(struct plan *p);

/*
 * The database refuses `step`. False: nothing is synced without it. True: it is taken out, and what needs it; rows that want
 * each other's unique values are then tried one after the other and parked like any other.
 */
bool plan_do_without(struct plan_entity *e, enum plan_step step);

/* Shared with capture.c: appends `schema`.`name`, quoted. */
void sql_table(struct buf *out, const struct mapping_table *t);

/*
 * Shared with capture.c: whether the row aliased `alias` ("" for none) is present; "true" when the mapping has no rule.
 */
void sql_present(struct buf *out, const struct mapping_entity *e, const char *alias);

#endif
