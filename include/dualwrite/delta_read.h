/*
 * delta_read.h - a validation report (the document of `dualwrited report`, also where another program wrote it) as numbers
 * that can be compared, with what is odd about it.
 *
 * Pure. Text and syntax are json_file.h; what two reports say together is delta.h.
 */
#ifndef DUALWRITE_DELTA_READ_H
#define DUALWRITE_DELTA_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "dualwrite/faults.h"

/* Bytes; a report beyond it is refused. With a million orphans listed it would be larger, and nothing for this command. */
#define DELTA_FILE_MAX ((size_t) 16 * 1024 * 1024)

/* In the order of the document. */
enum delta_metric {
    DELTA_LEGACY_TEAMS,
    DELTA_VNEXT_TEAMS,
    DELTA_MAPPED,
    DELTA_WITH_MAPPING,
    DELTA_UNMAPPED,
    DELTA_PERCENTAGE,
    DELTA_TOTAL_MAPPINGS,
    DELTA_DUPLICATE_LEGACY,
    DELTA_DUPLICATE_VNEXT,
    DELTA_ORPHANS,
    DELTA_RETIRED,
    DELTA_SAMPLED,
    DELTA_NAMES,
    DELTA_SLUGS,
    DELTA_MEMBERSHIPS,
    DELTA_RANKINGS,
    DELTA_RECENT,
    DELTA_MISSING,
    DELTA_BACKLOG,
    DELTA_OLDEST,
    DELTA_FAILED,
    DELTA_PROCESSED,
    DELTA_INLINE,
    DELTA_METRICS
};

enum delta_kind { DELTA_COUNT, DELTA_PERCENT, DELTA_SECONDS };

struct delta_metric_info {
    const char *section, *key;
    const char *label; /* for people */
    enum delta_kind kind;
    int of; /* the metric that it is a part of; -1: of none */
};

const struct delta_metric_info *delta_metric(enum delta_metric m);

enum delta_truth { DELTA_FALSE, DELTA_TRUE, DELTA_UNKNOWN };

/* What is in the report; texts and lists are the tree's, which must outlive it. */
struct delta_report {
    const char *file;
    double value[DELTA_METRICS];
    bool known[DELTA_METRICS];
    enum delta_truth enabled, strict, blocked;
    enum delta_truth health;  /* dual_write_health is there; false: it is null */
    const char *severity;     /* NULL: not known */
    const char *generated_at; /* NULL: not known */
    int64_t at_ms;            /* the same since 1970; INT64_MIN: it is no time */
    double sample_size;       /* negative: not known */
    const cJSON *filters;     /* NULL: not known */
    const cJSON *recommendations;
};

/*
 * Reads `json`. Warnings name each key that is missing, of a wrong type, null, twice there or not known. False with an error
 * when it is no report at all. `file` is how the faults call it.
 */
bool delta_read(struct delta_report *r, const char *file, const cJSON *json, struct faults *faults);

/* An RFC 3339 time, also with a blank for the T and without a zone (then UTC), in ms since 1970; INT64_MIN: it is none. */
int64_t delta_time_ms(const char *text);

#endif
