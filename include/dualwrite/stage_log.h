/*
 * stage_log.h - what the daemons' log lines of a staged test say: which operations were scheduled, completed, failed.
 *
 * Pure: lines in, counts out. Both forms of a line are known (docs/log.md); other lines are somebody else's and pass.
 */
#ifndef DUALWRITE_STAGE_LOG_H
#define DUALWRITE_STAGE_LOG_H

#include <stdbool.h>

#include <cjson/cJSON.h>

/* {"lines": 0, "scheduled": {}, "completed": {}, "failed_warning": {}, "failed_error": {}}: lines by operation. */
cJSON *stage_log_new(void);
void stage_log_take(cJSON *counts, const char *line);

/*
 * The line was written at `since` (2026-01-25T18:00:00.000Z) or later. *last is what was said of the line before, for one that
 * bears no time.
 */
bool stage_log_since(const char *line, const char *since, bool *last);

/* The value of a key in a line, into `value` (cut to `size`). */
bool stage_log_value(const char *line, const char *key, char *value, size_t size);

#endif
