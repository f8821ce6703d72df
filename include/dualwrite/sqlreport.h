/*
 * sqlreport.h - the statements of `report`, made from the mapping: what is counted on each side, the two streams that are
 * merged, and the sample.
 *
 * Pure, like sqlgen.h; the templates are in lib/sql/report. Sampled rows are compared by sqlcompare.h. "The team" is the
 * mapping's first entity; rows of it are
 *
 * - active, unless they look as its removal leaves them: in legacy by the columns that the removal sets, in vNext by what
 *   the mapping makes of these columns; and in vNext only while they are present
 * - recent, when the column that gives their time of creation says so
 *
 * Which entities, columns and filters are meant is report_rules.h.
 */
#ifndef DUALWRITE_SQLREPORT_H
#define DUALWRITE_SQLREPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"
#include "dualwrite/report_rules.h"

enum report_step {
    REPORT_VNEXT, /* vNext: active, recent: how many */
    REPORT_MAP, /* vNext: cursor dualwrite_map: legacy, id, vnext, found, present, recent of each map row in legacy's order */
    REPORT_LEGACY,         /* legacy: cursor dualwrite_legacy: legacy, active, wanted of each row in the same order */
    REPORT_TWICE,          /* vNext: vnext, total: keys that stand in the map more than once */
    REPORT_UNMAPPED,       /* vNext: vnext, created, total: recent rows without a map row */
    REPORT_SAMPLE,         /* vNext: $1 seed, $2 how many: ref, legacy, vnext */
    REPORT_MEMBERS_VNEXT,  /* vNext: $1 text[] of vNext keys: root, members */
    REPORT_MEMBERS_LEGACY, /* legacy: $1 text[] of legacy keys: root, members */
    REPORT_RANKED_VNEXT,   /* the same of the rankings */
    REPORT_RANKED_LEGACY,
    REPORT_RANKINGS, /* vNext: $1 text[] of vNext keys: ref, root */
    REPORT_STEPS
};

struct report_plan {
    char *sql[REPORT_STEPS]; /* NULL: the mapping has no such thing */
    bool integer;            /* both streams are in the order of integers, else of the keys' bytes */
    bool vnext_integer, legacy_integer, map_integer; /* the keys of each are integers */
    size_t members, rankings;                        /* entities; mapping.count: none */
    const char *created;                             /* the column that says when a vNext row was made; NULL: none */
};

/* The catalogs must have passed mapping_check(). Free with report_plan_free(). */
struct report_plan *report_plan_make(const struct mapping *m, const struct catalogs *c,
                                     const struct report_filter *filters, size_t nfilters);
void report_plan_free(struct report_plan *p);

#endif
