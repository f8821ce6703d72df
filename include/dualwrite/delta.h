/*
 * delta.h - two validation reports compared: counts and shares before, after and between, what was expected of a staging test
 * and whether it held, what to do next. As JSON, as Markdown, as the summary for a tracker, and for a terminal.
 *
 * Pure. A single report, and what is odd in it, is delta_read.h; files and options are daemon/cmd_delta.c.
 */
#ifndef DUALWRITE_DELTA_H
#define DUALWRITE_DELTA_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/delta_read.h"
#include "dualwrite/faults.h"

struct delta_parts {
    const char *version; /* of this program */
    const char *at;      /* now, RFC 3339 */
    const struct delta_report *before, *after;
    bool same_file;
    const struct faults *oddities; /* of both reports */
};

/* The document of delta.json; cJSON_Delete() it. */
cJSON *delta_document(const struct delta_parts *parts);

enum delta_verdict {
    DELTA_HELD,    /* everything that was expected and can be seen */
    DELTA_MISSED,  /* something did not */
    DELTA_CRITICAL /* something did not that must */
};
enum delta_verdict delta_verdict(const cJSON *delta);

/* What must hold cannot be seen in the reports: not critical, and not fine either. */
bool delta_is_blind(const cJSON *delta);

void delta_markdown(struct buf *out, const cJSON *delta); /* delta.md */
void delta_summary(struct buf *out, const cJSON *delta);  /* SUMMARY.md */
void delta_text(struct buf *out, const cJSON *delta);     /* for a terminal */

#endif
