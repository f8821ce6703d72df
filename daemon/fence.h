/*
 * fence.h - how the transaction of a batch begins in a legacy database of its own.
 *
 * The partitions' locks are in the vNext database and say nothing here. So the batch says its epoch, ends the sessions of
 * older batches that still work in its partitions, and raises the fence, which keeps older ones out from then on. What is
 * done where it does not pass is restored.c's.
 */
#ifndef FENCE_H
#define FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/pgconn.h"

struct fence_request {
    const char *epoch;      /* of this batch */
    const char *leases;     /* what legacy is known to have, by partition from 0 on: an array literal, like the next */
    const char *partitions; /* that it holds */
    int64_t statement_timeout_ms;
};

struct fence_answer {
    const char *error; /* NULL: the transaction is open */
    const char *sqlstate;
    bool passed;            /* the batch may write; else nothing of the rest is NULL */
    bool restored;          /* a fence is below its lease: the legacy database was restored from an older copy */
    const char *highest;    /* epoch that legacy knows in these partitions */
    const char *partitions; /* as array literals: these ... */
    const char *fences;     /* ... have seen these epochs */
};

typedef void (*fence_done)(void *arg, const struct fence_answer *answer);

struct fence;

struct fence *fence_new(struct pgconn *legacy, fence_done done, void *arg);
void fence_start(struct fence *f, const struct fence_request *request);
void fence_free(struct fence *f);

#endif
