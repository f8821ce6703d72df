/*
 * round.h - one round over the queue: claim, apply, ack, and the log lines of what came of it.
 *
 * Hands the batch from stage to stage. A batch that fails as a whole stays in the queue and is remembered (memory.h); a
 * COMMIT whose answer got lost is looked into on the next connection before anything else. When rounds are run is the
 * worker's business.
 */
#ifndef ROUND_H
#define ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"
#include "dualwrite/tally.h"
#include "dualwrite/wake.h"
#include "settings.h"

struct round_request {
    const struct settings *settings; /* these four live until done */
    const struct plan *plan;
    const char *instance;
    const char *barrier; /* NULL: none was taken */
    bool take_down_doorbell;
    int64_t retrying; /* events in dualwrite.failed that are not parked: the more, the rarer each is tried */
};

struct round;

/* `done` says how it ended, in the words of the wake machine: WAKE_WORKED, WAKE_EMPTY, WAKE_CONFIRMED, WAKE_CONTENDED,
 * WAKE_NOTHING_OURS or WAKE_LOST. `retry_ms` is when the first of its failed events is due again, < 0 for none. */
typedef void (*round_done)(void *arg, enum wake_event how, int64_t retry_ms);

/* The connections are the same when there is one database. What is done is counted in `tally`, the caller's. */
struct round *round_new(struct pgconn *pg, struct pgconn *legacy, struct tally *tally, round_done done, void *arg);
void round_start(struct round *r, const struct round_request *request);

/* Writes the log lines of the batch that the last round committed. Due before anything of its settings changes, and best when the
 * next round has been started: the server works meanwhile. */
void round_tell(struct round *r);

/* How severe failures are from now on, those of the batch under way too. */
void round_strict(struct round *r, bool strict);

/* A batch whose fate is not known: round_verdict() must come before the next round_start(), and ends in `done` too. */
bool round_undecided(const struct round *r);
void round_verdict(struct round *r);

/* Milliseconds until the next attempt after a failed batch; <= 0: at once. */
int64_t round_hold_ms(const struct round *r);

/* Behind which nothing that is claimed waits: for claim.sql and beat.sql; NULL: not known. Lives until the next round. */
const char *round_cursor(const struct round *r);

/* The last claim brought fewer events than it might have: nothing waited behind them. */
bool round_caught_up(const struct round *r);

/* How long to rest after such a batch: wake_rest_ms(). */
int64_t round_rest_ms(const struct round *r);

void round_free(struct round *r);

#endif
