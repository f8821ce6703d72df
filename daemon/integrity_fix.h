/*
 * integrity_fix.h - `validate --fix` and `--undo`: what checks found is mended in one transaction, and can be put back.
 *
 * Rows that a pack's SQL changes are kept before, whole, in dualwrite.mended_row. What the sync should have written is never
 * written here: it is queued for the daemons.
 */
#ifndef INTEGRITY_FIX_H
#define INTEGRITY_FIX_H

#include "integrity.h"

/* Says on stderr what a fix of what was found would do. */
void integrity_plan(const struct integrity *i, const struct integrity_report *report);

/*
 * Mends, and notes in the report what it did; *id gets the number to undo it by, empty where nothing needs that. EXIT_GOOD, or
 * the status to exit with after saying why: nothing was changed then.
 */
int integrity_fix(struct integrity *i, struct integrity_report *report, char id[24]);

/* Puts back what mend `id` changed, and says so on stdout; each statement may take `timeout_ms`. */
int integrity_undo(struct desk *d, const char *id, int64_t timeout_ms, bool json);

#endif
