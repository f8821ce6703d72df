/*
 * companions.h - finds the rows that hold values which rows of the batch want, and are in another partition or batch: they
 * join the batch, because only the two together can be written.
 *
 * Asked for events that have failed on such a value before, and for the companions themselves: a cycle may be long. A
 * companion is then read like any other row, in its own partition, which has to be taken first (hold_parents.h).
 */
#ifndef COMPANIONS_H
#define COMPANIONS_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct companions_request {
    struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    size_t first;    /* of the rows that are asked about */
    bool first_time; /* of this batch */
    bool two;        /* databases */
    bool blame_rows;
    int64_t statement_timeout_ms;
};

/* error != NULL: the whole batch is off. Else companions that were not in the batch are its last subjects. */
typedef void (*companions_done)(void *arg, const char *error, const char *sqlstate);

struct companions;

/* The connections are the same when there is one database. */
struct companions *companions_new(struct pgconn *vnext, struct pgconn *legacy, companions_done done, void *arg);
void companions_start(struct companions *c, const struct companions_request *request);

/* Companion `subject` cannot be had at this moment: who wants what it holds waits. */
void companions_wait(struct companions *c, size_t subject);
void companions_free(struct companions *c);

#endif
