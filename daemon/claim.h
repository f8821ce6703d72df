/*
 * claim.h - stage one: opens a transaction, takes this daemon's partitions and reads what waits in them.
 *
 * The transaction stays open for apply and ack; the claim is the transaction's advisory locks and nothing else.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"

struct claim_request {
    const struct mapping *mapping;
    const char *instance;
    const char *barrier; /* NULL: none was taken */
    bool take_down_doorbell;
    int batch_size;
    int64_t up_to;    /* no event with a higher id; < 0: any */
    const char *kept; /* partitions of keep.sql, an array literal: they are held by the claim from now on; NULL: none */
    const char *cursor; /* of an earlier answer whose batch is committed; NULL: look from the beginning */
    int64_t statement_timeout_ms;
};

struct claim_answer {
    struct batch batch; /* handed over; empty when nothing waits: then the transaction has been ended */
    int mine;           /* partitions that are ours */
    int held;           /* ... and that we could lock */
    char *partitions;   /* those, as an array literal; handed over */
    int ended;          /* sessions of daemons that live no more, which held some of ours */
    bool more;          /* nothing was found so far, but not everything was looked at */
    char
        *cursor; /* for the next claim, once this batch is committed; NULL: the one before is still good. Handed over */
    bool passed; /* every transaction older than the barrier had ended before the claim looked */
    const char *error; /* NULL, or why there is no answer; the connection has been reset */
};

typedef void (*claim_done)(void *arg, struct claim_answer *answer);

struct claim;

/* One claim at a time per struct; free it with claim_free() when none is under way. */
struct claim *claim_new(struct pgconn *pg, claim_done done, void *arg);
void claim_start(struct claim *c, const struct claim_request *request);
void claim_free(struct claim *c);

#endif
