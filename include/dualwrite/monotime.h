/*
 * monotime.h - monotonic time as a type of its own, so that it cannot be mixed up with wall-clock time or a duration.
 *
 * The value is nanoseconds of an arbitrary origin (CLOCK_MONOTONIC, the clock of uv_hrtime()). Durations are int64_t
 * milliseconds and say so in their names (..._ms). lib/core never reads a clock: it is handed a monotime.
 */
#ifndef DUALWRITE_MONOTIME_H
#define DUALWRITE_MONOTIME_H

#include <stdint.h>

typedef struct {
    int64_t ns;
} monotime;

static inline monotime
monotime_add_ms(monotime t, int64_t ms)
{
    return (monotime){t.ns + ms * 1000000};
}

/* later - earlier, in milliseconds, rounded down. */
static inline int64_t
monotime_diff_ms(monotime later, monotime earlier)
{
    return (later.ns - earlier.ns) / 1000000;
}

#endif
