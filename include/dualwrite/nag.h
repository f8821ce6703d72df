/*
 * nag.h - how often something that cannot be helped is said: each reason once a minute, a new one at once.
 *
 * Pure: the clock is the caller's. The last few reasons are remembered, not the last one only: a connection string with two
 * hosts gives two in turn.
 */
#ifndef DUALWRITE_NAG_H
#define DUALWRITE_NAG_H

#include <stdbool.h>
#include <stdint.h>

#define NAG_MS 60000
#define NAG_REASONS 4

/* All zero: nothing was said. That is also how a success is noted. */
struct nag {
    struct {
        uint64_t hash; /* of the reason */
        uint64_t at;
        bool said;
    } reasons[NAG_REASONS];
};

/* Whether `reason` may be said at `now_ms`; true counts as said. */
bool nag_may(struct nag *n, uint64_t now_ms, const char *reason);

/* Something was said since it was all zero. */
bool nag_said(const struct nag *n);

#endif
