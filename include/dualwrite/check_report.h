/*
 * check_report.h - what `dualwrited check` found: a list of findings, the verdict over them, and both ways to show it.
 *
 * Pure. Who looks is daemon/check_*.c; what an exit status is called is daemon/command.h.
 */
#ifndef DUALWRITE_CHECK_REPORT_H
#define DUALWRITE_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/faults.h"

enum check_level { CHECK_PASS, CHECK_WARN, CHECK_FAIL };

/* In the order of the report. */
enum check_area { AREA_CONFIG, AREA_VNEXT, AREA_LEGACY, AREA_MAPPING, AREA_DATA, AREA_INSTALLATION, AREA_COUNT };

struct check_finding {
    enum check_level level;
    enum check_area area;
    const char *check; /* a word for programs, like "length": static */
    char *where;       /* a setting, a table, a JSON path; NULL: the area itself */
    char *message;
    char *mend; /* NULL: nothing to do */
};

struct check_report {
    struct check_finding *items;
    size_t count;
    size_t counts[CHECK_FAIL + 1]; /* by level */
    size_t unfinished;             /* how many of them could not be looked at to their end */
};

/* Adds a finding; `where` is copied and may be NULL. */
void check_add(struct check_report *r, enum check_level level, enum check_area area, const char *check,
               const char *where, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* What to do about the finding that was added last. */
void check_mend(struct check_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The finding that was added last says that something could not be looked at: the report is not complete. */
void check_unfinished(struct check_report *r);

/*
 * Each fault as a finding: an error fails, a warning warns. Its text is divided at the first "; " into what is wrong and
 * what to do; the name of a file in front of a JSON path is left out. `check` where a fault has no kind of its own.
 */
void check_add_faults(struct check_report *r, enum check_area area, const char *check, const struct faults *faults);

enum check_verdict { VERDICT_CLEAN, VERDICT_WARNED, VERDICT_FAILED, VERDICT_UNFINISHED };

/* A failure is more than not knowing, and not knowing is more than a warning. */
enum check_verdict check_verdict(const struct check_report *r);

/* For people: by area, the worst first, with a summary as the last line. `color`: the levels in colour. */
void check_text(struct buf *out, const struct check_report *r, bool color);

/* For programs: {"checks": [...], "summary": {...}}, and a line break. */
void check_json(struct buf *out, const struct check_report *r);

void check_report_free(struct check_report *r);

#endif
