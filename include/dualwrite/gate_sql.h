/*
 * gate_sql.h - the statements that count coverage, made from the mapping: what part of the legacy rows, and of the vNext rows,
 * the map knows.
 *
 * Pure, like sqlgen.h; the templates are in lib/sql/gate. Active legacy rows are counted, as the report's coverage does
 * (SPEC section 10). An entity without a map of its own is counted by its parent's. One whose parent has none either, or
 * that shares its legacy table with another entity, has no statements for its legacy rows: only comparing says what belongs
 * together.
 */
#ifndef DUALWRITE_GATE_SQL_H
#define DUALWRITE_GATE_SQL_H

#include <stdbool.h>

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

enum gate_step {
    GATE_COVERED,      /* one database: rows, mapped */
    GATE_KEYS,         /* two, legacy: opens the cursor that gate/fetch.sql reads; key, rows */
    GATE_COVERED_KEYS, /* two, vNext: $1 text[] keys, $2 int8[] rows of each; mapped */
    GATE_PRESENT,      /* vNext: rows, mapped, waiting; NULL: it has no map of its own */
    GATE_STEPS
};

struct gate_plan {
    char *sql[GATE_STEPS]; /* the first three NULL: nothing says which map its legacy rows belong to */
};

/* One for each of mapping.entities; the catalogs must have passed mapping_check(). Free with gate_plan_free(). */
struct gate_plan *gate_plan_make(const struct mapping *m, const struct catalogs *c);
void gate_plan_free(struct gate_plan *plans, size_t count);

#endif
