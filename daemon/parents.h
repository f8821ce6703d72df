/*
 * parents.h - finds the parents that have no legacy row and are needed by rows that were read: they join the batch.
 *
 * They are then read like the others, in partitions that have to be taken first (hold_parents.h), and may need parents in
 * turn.
 */
#ifndef PARENTS_H
#define PARENTS_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct parents_request {
    struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    size_t first; /* of the rows that are asked about */
    int64_t statement_timeout_ms;
};

/* error != NULL: the whole batch is off. Else parents that were not in the batch are its last subjects. */
typedef void (*parents_done)(void *arg, const char *error, const char *sqlstate);

struct parents;

struct parents *parents_new(struct pgconn *legacy, parents_done done, void *arg);
void parents_start(struct parents *p, const struct parents_request *request);
void parents_free(struct parents *p);

#endif
