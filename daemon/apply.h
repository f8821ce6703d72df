/*
 * apply.h - conducts the stages between claim and ack: read, removal share, companions, missing
 * parents, reserve, write, mark.
 *
 * With one database all of it happens in the claim's transaction. With two, legacy keys are reserved and committed before
 * anything is written with them, and the legacy rows are committed before the events are acknowledged: whatever dies in
 * between, the events are still there, and doing them again changes nothing.
 */
#ifndef APPLY_H
#define APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"
#include "fence.h"

struct apply_request {
    struct batch *batch; /* these four stay the caller's and must live until done */
    const struct mapping *mapping;
    const struct plan *plan;
    const char *partitions; /* that the claim holds, as an array literal */
    bool reserved;          /* this batch's keys were reserved in a transaction before this one */
    /* An OUTCOME_SCHEMA error is the row's own (a trigger's, say), because preflight found nothing since the last one. */
    bool blame_rows;
    int removal_share; /* percent of an entity's rows that may be removed at once */
    int batch_size;
    int64_t statement_timeout_ms;
};

struct apply_answer {
    const char *error;                 /* NULL: every subject is DONE or FAILED; else the whole batch is off */
    const char *sqlstate;              /* of the error; NULL for a lost connection */
    const char *xid;                   /* of the claim's transaction, for ack's verdict; NULL when it was not reached */
    const struct fence_answer *fenced; /* the batch is off because it did not pass; else NULL */
    const char *leases;                /* ... that it was compared with */
    const char *epoch;                 /* two databases: that legacy has committed; NULL: it has not */
    const char *partitions;            /* ... for these */
    bool again;                        /* keys were reserved: commit, and claim the same batch again */
};

typedef void (*apply_done)(void *arg, const struct apply_answer *answer);

struct apply;

/* The connections are the same when there is one database. */
struct apply *apply_new(struct pgconn *vnext, struct pgconn *legacy, apply_done done, void *arg);
void apply_start(struct apply *a, const struct apply_request *request);
void apply_free(struct apply *a);

#endif
