/*
 * reconcile_report.h - what `dualwrited reconcile` has to say: counts per entity, samples, what it queued, the verdict, and
 * both ways to show it.
 *
 * Pure. Who counts is daemon/reconcile_*.c; what an exit status is called is daemon/command.h.
 */
#ifndef DUALWRITE_RECONCILE_REPORT_H
#define DUALWRITE_RECONCILE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/reconcile.h"

/* One row, to be shown: the values of one column, or with a column of NULL only why. */
struct reconcile_sample {
    char *key;            /* of the vNext row, the identity's columns with commas */
    char *vnext, *legacy; /* NULL: SQL NULL */
    char *why;            /* parked and refused: the error; NULL */
};

/* A list of rows: a class, or a column of the drifted ones. */
struct reconcile_list {
    char *name; /* class, "parked", or column */
    int64_t rows;
    struct reconcile_sample *samples;
    size_t count;
};

struct reconcile_entity {
    const char *name;
    int64_t vnext_rows, vnext_seen;
    int64_t legacy_rows, legacy_seen; /* in the other direction */
    bool legacy_asked;                /* legacy rows say whose they are */
    bool complete;                    /* both directions came to their ends */
    int64_t unmapped;                 /* legacy rows that no vNext row stands behind, and that are not ours to judge */
    int64_t found[RECONCILE_CLASSES]; /* confirmed, whatever became of them */
    int64_t parked, in_flight;
    int64_t to_update, to_remove; /* the plan: confirmed and not queued yet */
    int64_t queued;               /* and not known to be applied */
    int64_t fixed, unfixed;
    bool asks; /* more removals than one run may do without being told */
    struct reconcile_list *lists;
    size_t nlists;
    struct reconcile_list *columns;
    size_t ncolumns;
};

struct reconcile_report {
    struct reconcile_entity *items;
    size_t count;
    bool fix, dry_run, waits; /* what was asked for; waits: until what was queued is applied */
    bool broken_off;          /* before it was through */
    char *why;                /* ... or why something is not done; NULL */
    int64_t daemons;          /* that work with this mapping */
    bool enabled;             /* dual write */
    double seconds;
};

enum reconcile_verdict {
    RECONCILE_CLEAN,
    RECONCILE_MENDED, /* everything that was found is fixed */
    RECONCILE_FOUND,
    RECONCILE_UNFINISHED,
};

/* Not knowing is more than a difference: an incomplete comparison is never called anything else. */
enum reconcile_verdict reconcile_verdict(const struct reconcile_report *r);

/* For people; the verdict with what to run next is the last line. */
void reconcile_text(struct buf *out, const struct reconcile_report *r);

/* For programs: {"entities": [...], "summary": {...}}, and a line break. */
void reconcile_json(struct buf *out, const struct reconcile_report *r);

/* A list of the entity, new where there is none of that name. */
struct reconcile_list *reconcile_list_add(struct reconcile_list **lists, size_t *count, const char *name, int64_t rows);

/* Adds a copy. */
void reconcile_sample_add(struct reconcile_list *l, const char *key, const char *vnext, const char *legacy,
                          const char *why);

void reconcile_report_free(struct reconcile_report *r);

#endif
