/*
 * moment.h - now, on both clocks: the monotonic one to count with, the wall clock's to show.
 *
 * Pure code is handed one; it never subtracts wall-clock times, which jump.
 */
#ifndef DUALWRITE_MOMENT_H
#define DUALWRITE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/monotime.h"

struct moment {
    monotime mono;
    int64_t wall_ms; /* since 1970, UTC */
};

#define MOMENT_TEXT sizeof "2026-01-25T18:00:00.123Z"

/* RFC 3339 UTC with milliseconds, as a log line has it. */
void moment_text(int64_t wall_ms, char out[MOMENT_TEXT]);

/* The same back, without milliseconds too ("2026-01-25T18:00:00Z"); false: it is none. */
bool moment_parse(const char *text, int64_t *wall_ms);

#endif
