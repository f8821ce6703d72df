/*
 * integrity_report.h - what the checks of rule packs found, as text and JSON: the answers of `validate` and `monitor`.
 *
 * Pure. Who looks is daemon/integrity.c.
 */
#ifndef DUALWRITE_INTEGRITY_REPORT_H
#define DUALWRITE_INTEGRITY_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/health_score.h"
#include "dualwrite/pack.h"

enum integrity_state {
    INTEGRITY_CLEAN,
    INTEGRITY_FOUND,
    INTEGRITY_SKIPPED,  /* it could not look: nothing is known */
    INTEGRITY_LEFT_OUT, /* it is not about this database, mapping or choice of rows */
};

/* What one look (pack_sql.h) came to. */
struct integrity_result {
    const struct pack_check *check;
    char *about; /* "team"; NULL: not about the mapping */
    enum integrity_state state;
    int64_t rows;
    cJSON *samples;  /* an array of keys; NULL: none */
    char *why;       /* skipped, or left out */
    bool mended;     /* --fix: it was mended ... */
    int64_t changed; /* ... so many rows, and ... */
    int64_t left;    /* ... so many are still found; -1: not known before the daemons have worked */
};

struct integrity_pack {
    const struct pack *pack;
    struct integrity_result *items;
    size_t count;
};

struct integrity_report {
    const char *at; /* RFC 3339 */
    int period_hours;
    const char *mend; /* the number to undo --fix by; NULL: it changed no row by SQL */
    struct integrity_pack *packs;
    size_t count;
    cJSON *metrics;  /* monitor_metrics.h; NULL: not asked for */
    cJSON *counters; /* kept for the next run's; NULL: none */
};

/* Adds a result; `about` is copied. */
struct integrity_result *integrity_add(struct integrity_pack *p, const struct pack_check *check, const char *about);
void integrity_report_free(struct integrity_report *r);

int64_t integrity_issues(const struct integrity_pack *p);
int64_t integrity_skipped(const struct integrity_pack *p);
int integrity_score(const struct integrity_pack *p);

enum integrity_verdict { INTEGRITY_GOOD, INTEGRITY_ISSUES, INTEGRITY_CRITICAL, INTEGRITY_UNKNOWN };

/* Critical before issues before unknown: what was found is known. */
enum integrity_verdict integrity_verdict(const struct integrity_report *r);

/* Whether the run of `reconcile` that `runs` (integrity/compared.sql) tells of says how `entity` is now; else why not, to free. */
char *integrity_not_compared(const cJSON *runs, const char *entity, double max_age_s);

/* `validate`: a line for each look; with `verbose` also what was left out, and keys. */
void integrity_text(struct buf *out, const struct integrity_report *r, bool verbose);
void integrity_json(struct buf *out, const struct integrity_report *r);

/* `monitor`: the same with the score. The document of one pack is what is kept of it, without the keys. */
void monitor_text(struct buf *out, const struct integrity_report *r);
cJSON *monitor_document(const struct integrity_report *r, const struct integrity_pack *only);

/* The lowest of the packs' scores. */
int monitor_score(const struct integrity_report *r);

/* A chart of scores, oldest first, one line for each run, in at most `width` columns (from 40 on; 0: any); `runs` is an array of
 * integrity/history.sql. */
void monitor_chart(struct buf *out, const cJSON *runs, size_t width);

#endif
