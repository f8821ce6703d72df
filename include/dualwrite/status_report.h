/*
 * status_report.h - what `dualwrited status` says: one document from what the databases answered, judged, as JSON and text.
 *
 * Pure. The answers are JSON documents made by lib/sql/status; what is asked, and what is done without an answer, is
 * daemon/cmd_status.c.
 */
#ifndef DUALWRITE_STATUS_REPORT_H
#define DUALWRITE_STATUS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"

/* While dual write is on, an event that waits longer is worth a look. */
#define STATUS_LAG_S 60

enum status_level { STATUS_OK, STATUS_WARNING, STATUS_CRITICAL };

/* What was answered; owned by the caller. */
struct status_parts {
    const char *version;      /* of this program */
    const char *vnext;        /* host, database and user of each database */
    const char *legacy;       /* NULL: one database */
    const char *legacy_why;   /* the legacy side did not answer: why */
    const cJSON *overview;    /* status/overview.sql */
    const cJSON *backlog;     /* status/backlog.sql; NULL: it took too long */
    double oldest;            /* then: age of the oldest event in seconds; negative: not known */
    const cJSON *failed;      /* status/failed.sql or failed_estimate.sql */
    const cJSON *legacy_side; /* status/legacy.sql; NULL: no answer */
};

/* The document, judged; cJSON_Delete() it. */
cJSON *status_report(const struct status_parts *parts);

enum status_level status_level(const cJSON *report);

/* One screen of text, lines cut at `width` columns (0: any). */
void status_text(struct buf *out, const cJSON *report, size_t width, bool color);

#endif
