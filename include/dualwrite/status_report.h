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

/* A daemon beats every five seconds: one that is quiet for longer has missed one. */
#define STATUS_BEAT_S 6

enum status_level { STATUS_OK, STATUS_WARNING, STATUS_CRITICAL };

/* What was answered; owned by the caller. */
struct status_parts {
    const char *version;      /* of this program */
    const char *vnext;        /* host, database and user of each database */
    const char *legacy;       /* NULL: one database */
    const char *legacy_why;   /* the legacy side did not answer: why */
    const cJSON *overview;    /* status/overview.sql */
    const cJSON *capture;     /* status/capture_missing.sql */
    const cJSON *backlog;     /* status/backlog.sql; NULL: it took too long */
    double oldest;            /* then: age of the oldest event in seconds; negative: not known */
    const cJSON *failed;      /* status/failed.sql or failed_estimate.sql */
    const cJSON *legacy_side; /* status/legacy.sql; NULL: no answer */
};

/* The document, judged; cJSON_Delete() it. */
cJSON *status_report(const struct status_parts *parts);

enum status_level status_level(const cJSON *report);

/* One screen of text, lines cut at `width` columns (0: any); what was found is wrapped instead. */
void status_text(struct buf *out, const cJSON *report, size_t width, bool color);

/* One line for a log that is looked at later: time and key=value; `again`: what to say of the time before, or NULL. */
void status_line(struct buf *out, const cJSON *report, const char *again);

/* The same while nobody answers, since `seconds`; as JSON object in one line with `json`. */
void status_line_away(struct buf *out, const char *at, double seconds, const char *why, bool json);

#endif
