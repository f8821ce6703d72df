/*
 * report.h - the validation report: what was counted, as the document of SPEC section 10, what is recommended, and the text.
 *
 * Pure. What is asked is sqlreport.h and daemon/report_*.c; other programs read the document, so its keys are exact.
 */
#ifndef DUALWRITE_REPORT_H
#define DUALWRITE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"

/* Keys of the document, whatever the mapping calls its entities. */
#define REPORT_VNEXT_ID "vnext_team_id"
#define REPORT_LEGACY_ID "legacy_team_id"
#define REPORT_GAME "game_id"

#define REPORT_IDS_MAX 1000     /* duplicates that are listed; the counts are whole */
#define REPORT_ORPHANS_MAX 1000 /* orphans that are listed */
#define REPORT_SAMPLES_MAX 5
#define REPORT_MISSING_MAX 10

enum report_part { REPORT_NAMES, REPORT_SLUGS, REPORT_MEMBERS, REPORT_RANKINGS_PART, REPORT_PARTS };

/* Lists are cJSON arrays that report_begin() makes. */
struct report {
    const char *generated_at;
    int64_t sample_size;
    const char *game, *region; /* the filters; NULL: none */
    bool enabled, strict, blocked;
    double seconds;
    bool installed;  /* else there is no sync yet */
    const char *map; /* the map table, for the text; NULL: keys are the same on both sides, or made of each other */

    int64_t legacy_active, vnext_active; /* active */
    int64_t mapped;                      /* map rows */
    int64_t legacy_mapped;               /* active legacy teams that have one */

    cJSON *legacy_twice, *vnext_twice; /* ids */
    int64_t legacy_twice_count, vnext_twice_count;
    cJSON *orphans; /* the listed ones */
    int64_t orphan_count, missing_legacy_orphans, retired;

    int64_t sampled;
    int64_t refused; /* drawn, but the mapping cannot read the row, or legacy does not take its values */
    char *refusal;   /* ... why, of the first; NULL: none was */
    int64_t mismatches[REPORT_PARTS];
    cJSON *samples[REPORT_PARTS];
    const char *skipped[REPORT_PARTS]; /* why it was not compared, for the text; NULL: it was */

    const char *created; /* the column that says what is recent; NULL: none */
    int64_t recent, missing;
    cJSON *missing_list;
    int64_t backlog;
    bool backlog_exact;
    double oldest_seconds;
    int64_t failed, processed, inline_writes;
    bool recorded; /* the guard stands and records */
};

void report_begin(struct report *r);
void report_end(struct report *r);

/* One team of the sample cannot be compared. */
void report_refused(struct report *r, const char *why);

/* An id as the document has it: a number where keys are integers (of any size), else a string. NULL is null. */
cJSON *report_id(const char *text, bool integer);

/* Adds to a list with room for `max`; else frees the item. */
void report_add(cJSON *list, cJSON *item, int max);

/* The document; cJSON_Delete() it. */
cJSON *report_document(const struct report *r);

/* Share of active legacy teams that are mapped, in percent with two decimals; 100 only when all are. */
double report_percentage(const struct report *r);

/* Whether a recommendation of the document is CRITICAL. */
bool report_is_critical(const cJSON *document);

/* The same for people, in 80 columns; `r` says what the document does not: what was skipped, and why. */
void report_text(struct buf *out, const struct report *r, const cJSON *document);

#endif
