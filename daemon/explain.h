/*
 * explain.h - gathers one row's story for `dualwrited explain`: from both databases, with the plan's own statements, in looks
 * that cannot write. Which row is cmd_explain.c's business, what it means lib/core/explain_report.c's.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "desk.h"

/* Which row: one of the three. */
struct explain_wanted {
    size_t entity;     /* index in the mapping */
    const char **keys; /* the vNext key, or with `legacy` the legacy one */
    size_t nkeys;
    bool legacy;
    int64_t event; /* the row of this failed event; 0: none, then the rest counts */
};

/*
 * The story as explain_report.h has it, not judged. NULL after saying on stderr why there is none; then *status is what to
 * exit with.
 */
cJSON *explain_story(struct desk *d, const struct explain_wanted *wanted, int *status);

#endif
