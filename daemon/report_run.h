/*
 * report_run.h - one run of `dualwrited report`: what was asked for, and its parts, which fill in a struct report.
 *
 * Nothing is joined between the two sides: both are streamed in key order and merged, whether they are one database or two,
 * so memory does not grow with them. It asks as reconcile does (reconcile_run.h), and writes nothing.
 */
#ifndef REPORT_RUN_H
#define REPORT_RUN_H

#include "dualwrite/report.h"
#include "dualwrite/sqlreport.h"
#include "reconcile_run.h"

#define REPORT_SAMPLE_MAX 100000 /* their keys are held in memory */

struct report_options {
    const char *config, *game, *region, *output;
    int64_t sample_size, seed;
    bool json, fail_on_errors;
};

struct report_run {
    const struct report_options *options;
    struct reconcile_run ask;
    struct report_plan *plan;
    struct report report;
    char *generated_at;
};

/* Each false after a refusal, which ends the run: ask.why says why. */

/* Coverage, the map's health, and which recent teams have no legacy row. */
bool report_coverage(struct report_run *run);

/* The sample, compared. */
bool report_sample(struct report_run *run);

/* Time and flags; what waits and what has failed; direct legacy writes. */
bool report_health(struct report_run *run);

#endif
