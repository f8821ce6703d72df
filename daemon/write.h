/*
 * write.h - stage four: makes the legacy rows equal to what was read.
 *
 * Within the claim's transaction when there is one database; else in a transaction of its own in the legacy database, which
 * begins with the fence and is committed here. Which rows were written is not remembered: the last statement of each group
 * reads them back, and that is the outcome.
 */
#ifndef WRITE_H
#define WRITE_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"
#include "fence.h"

struct write_request {
    struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    bool two;               /* databases: then these three count, see fence.h */
    const char *epoch;      /* of this batch */
    const char *leases;     /* what legacy is known to have */
    const char *partitions; /* that it holds, as an array literal */
    bool blame_rows;
    int64_t statement_timeout_ms;
};

struct write_answer {
    const char *error; /* NULL: every subject is DONE or FAILED; else the whole batch is off */
    const char *sqlstate;
    const struct fence_answer *fenced; /* the batch is off because it did not pass; else NULL */
    bool committed;                    /* two databases: the fence stands at this batch's epoch */
};

typedef void (*write_done)(void *arg, const struct write_answer *answer);

struct write;

struct write *write_new(struct pgconn *legacy, write_done done, void *arg);
void write_start(struct write *w, const struct write_request *request);
void write_free(struct write *w);

#endif
