/*
 * retry.h - how long to wait before trying again: exponential, capped, with jitter, reset by success.
 *
 * Pure: the random bits come from the caller. "Full jitter" would let a hundred sidecars hit a server that has just
 * come back; "equal jitter" (half fixed, half random) keeps a floor under the wait.
 */
#ifndef DUALWRITE_RETRY_H
#define DUALWRITE_RETRY_H

#include <stdint.h>

#define RETRY_FIRST_MS 100
#define RETRY_CAP_MS 10000

/* Milliseconds before attempt number `failures` + 1, for failures >= 1; never above RETRY_CAP_MS. */
int64_t retry_delay_ms(unsigned failures, uint32_t random);

/*
 * The same for an event that waits until another row is there: never given up, so the more of them wait, the rarer each is
 * tried: RETRY_WAITING_MS times `waiting` where that is more, so all of them together stay below ten attempts a second.
 */
#define RETRY_WAITING_MS 100
int64_t retry_waiting_ms(unsigned failures, int64_t waiting, uint32_t random);

#endif
