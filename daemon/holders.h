/*
 * holders.h - asks the legacy database which legacy rows hold the values that rows of the batch want in a unique index.
 *
 * Within the legacy transaction that is under way, or in one of its own where there is none. What cannot be told of a row
 * (a value that its column does not take, say) is left out: that is not this question's business.
 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "dualwrite/conflict.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct holders_request {
    const struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    const size_t *rows; /* by entity; copied */
    size_t count;
    struct conflicts *found; /* the answer is added here */
    bool own_transaction;
    bool blame_rows;
    int64_t statement_timeout_ms;
};

/* error != NULL: the whole batch is off. */
typedef void (*holders_done)(void *arg, const char *error, const char *sqlstate);

struct holders;

struct holders *holders_new(struct pgconn *legacy, holders_done done, void *arg);
void holders_start(struct holders *h, const struct holders_request *request);
void holders_free(struct holders *h);

#endif
