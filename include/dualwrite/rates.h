/*
 * rates.h - events per second over the last minute, for people who look at a daemon now; in words.
 *
 * Pure: what it says is in the tally.
 */
#ifndef DUALWRITE_RATES_H
#define DUALWRITE_RATES_H

#include "dualwrite/buf.h"
#include "dualwrite/tally.h"

/* "12.5 events/s completed, 0 failing, lag 0.04 s"; the lag is that of the last event, where one was completed. */
void rates_text(const struct tally *t, struct moment now, struct buf *text);

#endif
