/*
 * constraints.h - a rule pack's constraints, functions and triggers at the vNext database: looked at, put in, taken away.
 *
 * Every step that others could wait for is a short transaction of its own that gives up its lock early and tries again; what takes
 * long lets others write. So an interruption leaves a part wholly done, or at a step from which the next run goes on.
 */
#ifndef CONSTRAINTS_H
#define CONSTRAINTS_H

#include "desk.h"
#include "dualwrite/constraint_report.h"
#include "dualwrite/pack.h"

struct constraints {
    const struct pack *pack;
    const char *const *names; /* only these; none: all, but for `remove` only what is of constraints.sql */
    size_t nnames;
    bool functions; /* remove: also what is of functions.sql */
    bool dry_run;
    bool not_valid;     /* install: a CHECK also while rows are against it */
    int64_t timeout_ms; /* of one statement */
    int64_t lock_ms;    /* a table may stay locked for so long in all */

    struct desk *desk;
    char *key;                      /* SQL that names a row of the table that was looked at last */
    bool built;                     /* ... and whether its index is whole */
    const struct pack_part *locked; /* its table stayed locked: nobody waits for that a second time */
};

/*
 * EXIT_GOOD with what there is then, or the status to exit with after saying why. constraint_report_free() in any case. The report
 * points into the pack.
 */
int constraints_run(struct constraints *c, enum constraint_word word, struct constraint_report *report);

#endif
