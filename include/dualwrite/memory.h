/*
 * memory.h - what is remembered of a batch that failed as a whole, or is claimed again, until it succeeds.
 *
 * Such a batch stays in the queue as it was, so its next claim brings the same events: they must not be announced as
 * scheduled again, and their attempts count on. The next one has half as many, in case there was too much in it: rows that
 * are too long together, or more work than a time limit allows. Kept in memory only: after a crash "scheduled" may repeat. Pure.
 */
#ifndef DUALWRITE_MEMORY_H
#define DUALWRITE_MEMORY_H

#include "dualwrite/change.h"
#include "dualwrite/monotime.h"

struct memory_event {
    int64_t id;
    int attempts; /* that failed with the batch it was in */
};

struct memory {
    struct memory_event *events; /* by id; owned */
    size_t count;
    size_t limit;      /* events that the next batch may have; 0: as many as are configured */
    unsigned failures; /* batches that failed in a row */
    monotime until;    /* no new attempt before then */
};

/* How many events the next batch may have, of `most` that are configured. */
size_t memory_limit(const struct memory *m, size_t most);

/* Remembers the events of a failed batch, and what is known of others; returns how many batches failed in a row now. */
unsigned memory_failed(struct memory *m, const struct batch *b);

/* Remembers the events of a batch that is claimed once more, although nothing failed: they have been announced. */
void memory_seen(struct memory *m, const struct batch *b);

/* True when the event was not announced before. Otherwise its attempt is counted on. */
bool memory_is_new(const struct memory *m, struct event *e);

/* A batch succeeded: its events need not be remembered, and the next may have twice as many. When one of `most` has succeeded
 * nothing is remembered: what was not in it is not in this daemon's queue any more. */
void memory_done(struct memory *m, const struct batch *b, size_t most);

/* Frees. */
void memory_forget(struct memory *m);

#endif
