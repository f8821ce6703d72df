/*
 * read.h - stage two: what vNext says about the subjects of a batch, row by row, in the claim's transaction.
 *
 * Expressions run here, in read-only subtransactions. A subject whose row cannot be read fails; the others go on.
 */
#ifndef READ_H
#define READ_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct read_request {
    struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    size_t first;    /* subjects from here on */
    bool first_time; /* of this batch: become a sync session, and draw an epoch */
    bool two;        /* databases */
    bool blame_rows; /* see grouped.h's blame_items */
    int64_t statement_timeout_ms;
};

struct read_answer {
    const char *error;    /* NULL: each subject has been read or has failed; else the whole batch is off */
    const char *sqlstate; /* of the error; NULL for a lost connection */
    const char *xid;      /* first_time: of the transaction */
    const char *epoch;    /* first_time with two databases, like the next */
    const char *leases;   /* what legacy is known to have, by partition: an array literal */
};

typedef void (*read_done)(void *arg, const struct read_answer *answer);

struct read;

struct read *read_new(struct pgconn *pg, read_done done, void *arg);
void read_start(struct read *r, const struct read_request *request);
void read_free(struct read *r);

/* A row of an answer to PLAN_READ, which then owns its texts; nothing is decided. */
void read_row(struct row *out, const struct mapping_entity *e, const PGresult *result, int row);

/* The rows of an answer to PLAN_READ, added to the batch and decided; asked[n - 1] is the subject that its n means. */
void read_take(struct batch *b, const struct mapping *m, const size_t *asked, const PGresult *result);

#endif
