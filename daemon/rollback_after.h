/*
 * rollback_after.h - the end of every rollback: the checklist, ticked by evidence, and the notification. For all words of
 * `dualwrited rollback`; the texts are lib/core/rollback_report.h.
 */
#ifndef ROLLBACK_AFTER_H
#define ROLLBACK_AFTER_H

#include <cjson/cJSON.h>

#include "desk.h"

struct rollback_done {
    const char *command; /* "rollback disable" */
    const char *action;  /* "Disabled dual write" */
    const char *reason;  /* NULL: none was given */
    const char *who;
    const char *environment; /* NULL: host and database */
    const char *ticket;      /* NULL: none */
    const char *notice_file; /* NULL: none */
    double seconds;
    bool stopped;           /* dual write must be off now */
    const char *since;      /* the server's time before which failures do not count; NULL: now */
    const cJSON *judgement; /* rollback_judge(); NULL: no flag was to be confirmed */
};

/*
 * Looks at the databases, and adds "checklist" and "notice" to `document`. Unless `json`, both are appended to `out`. The
 * notification is written to the file too; where that fails it is said on stderr. False where a point of the list failed.
 */
bool rollback_after(struct desk *d, const struct rollback_done *done, cJSON *document, bool json, struct buf *out);

#endif
