/*
 * sqlcompare.h - the statements with which `reconcile` walks an entity's rows and compares them, made from the mapping.
 *
 * Pure, like sqlgen.h, whose PLAN_READ reads the vNext rows; the templates are in lib/sql/reconcile.
 */
#ifndef DUALWRITE_SQLCOMPARE_H
#define DUALWRITE_SQLCOMPARE_H

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

enum compare_step {
    COMPARE_VNEXT_COUNT, /* vNext: rows */
    COMPARE_VNEXT_LAST,  /* vNext: the last key, text[]; no row: the table is empty */
    COMPARE_VNEXT_LIST, /* vNext: $1 text[] the key before or NULL, $2 how many, $3 text[] the last key; ref of each source
                             row, in key order */
    COMPARE_DOUBT,      /* vNext: $1.. a text[] per identity column; n, version, waits, message, parked of each */
    COMPARE_ROWS,       /* legacy: $1 JSON rows (sqlrow.h); n, shadow, version, differences of each */
    COMPARE_VNEXT_MIDDLE, /* vNext: the same; middle, text[]: the key of row number $2; no row: there are not so many */
    COMPARE_GLANCE_VNEXT, /* vNext: $1, $2, $3 as for COMPARE_VNEXT_LIST; one row: rows, position (the last key), the texts
                             of its refs as JSON arrays ref0.., and from "do" on the parameters of COMPARE_GLANCE_LEGACY */
    COMPARE_GLANCE_LEGACY, /* legacy: suspects, a JSON array: which of the rows of the parameters need a look, from 1; NULL:
                             none */
    COMPARE_LEGACY_COUNT,  /* legacy: rows */
    COMPARE_LEGACY_LAST,   /* legacy: the last key, text[]; no row: the table is empty */
    COMPARE_LEGACY_LIST,   /* legacy: $1, $2, $3 as for COMPARE_VNEXT_LIST; position, key of each legacy row */
    COMPARE_LEGACY_MIDDLE, /* legacy: $1, $2, $3 as for COMPARE_VNEXT_MIDDLE */
    COMPARE_GLANCE_KEYS,   /* legacy: the same $1, $2, $3; one row: rows, position, and from "k0" on the parameters of
                             COMPARE_STANDS_FOR */
    COMPARE_STANDS_FOR, /* vNext: $1.. a text[] per target key column; n, known, identity, gone of those that are not known
                             or gone */
    COMPARE_STEPS
};

struct compare_plan {
    char *sql[COMPARE_STEPS]; /* the last six are NULL where legacy rows do not say whose they are */
};

/* One for each of mapping.entities; the catalogs must have passed mapping_check(). Free with compare_free(). */
struct compare_plan *compare_make(const struct mapping *m, const struct catalogs *c);
void compare_free(struct compare_plan *plans, size_t count);

#endif
