/*
 * spread.h - how a time in milliseconds was spread: a count per range, from which percentiles follow.
 *
 * The ranges grow with the time, four to each doubling, so a percentile is right to about a tenth and costs the same memory
 * for ten events as for ten million. Pure. Not what /metrics serves: those have fixed, coarser ranges (tally.h).
 */
#ifndef DUALWRITE_SPREAD_H
#define DUALWRITE_SPREAD_H

#include <stdint.h>

#define SPREAD_RANGES 104 /* the last one begins after 37 hours */

struct spread {
    uint32_t range[SPREAD_RANGES];
    uint32_t count;
    int64_t max_ms;
};

/* Negative times (a clock that was set back) count as 0. */
void spread_add(struct spread *s, int64_t ms);
void spread_merge(struct spread *into, const struct spread *s);

/* The `percent`-th percentile, 1 to 100; -1 without any. Never above the largest. */
int64_t spread_percentile(const struct spread *s, unsigned percent);

#endif
