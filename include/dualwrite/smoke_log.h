/*
 * smoke_log.h - the line of a daemon's log that says that a change is synced.
 *
 * Pure: it is handed what was added to the log. Both forms of line are known, with whatever a collector puts before them.
 */
#ifndef DUALWRITE_SMOKE_LOG_H
#define DUALWRITE_SMOKE_LOG_H

#include <stddef.h>

/*
 * The first whole line of `log` that completes `operation` for the row whose `id_key` is `id`; NULL when there is none. Free
 * it. What was handed over may end in the middle of a line.
 */
char *smoke_log_find(const char *log, size_t len, const char *operation, const char *id_key, const char *id);

#endif
