/*
 * rates.h - events per second over the last minute, for people who look at a daemon now; in words.
 *
 * Pure: handed the time and the counts. A history for machines is another matter.
 */
#ifndef DUALWRITE_RATES_H
#define DUALWRITE_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/monotime.h"

#define RATES_WINDOW_MS 60000
#define RATES_SAMPLES 13 /* one every five seconds, and the one before the window */

/* Zero is a valid beginning. */
struct rates {
    struct rates_sample {
        monotime at;
        int64_t completed, failures;
    } samples[RATES_SAMPLES], last;
    size_t count; /* ever; the sample number i stands at i % RATES_SAMPLES */
};

/* What has been counted by now; never less than before. May be called as often as one likes. */
void rates_note(struct rates *r, monotime now, int64_t completed, int64_t failures);

/* "12.5 events/s completed, 0 failing, lag 0.04 s"; `lag_ms` < 0: none is known, and none is said. */
void rates_text(const struct rates *r, int64_t lag_ms, struct buf *text);

#endif
