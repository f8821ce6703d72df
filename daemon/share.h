/*
 * share.h - asks, before a batch removes many rows, how many removals wait in all, and stops them where that is too large a
 * share of the table. The decision is dualwrite/share.h.
 */
#ifndef SHARE_H
#define SHARE_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct share_request {
    struct batch *batch; /* read */
    const struct mapping *mapping;
    const struct plan *plan;
    int percent;
    int batch_size;
    int64_t statement_timeout_ms;
};

/* error != NULL: the whole batch is off. Else the subjects that may not be removed have failed. */
typedef void (*share_done)(void *arg, const char *error, const char *sqlstate);

struct share;

struct share *share_new(struct pgconn *vnext, share_done done, void *arg);
void share_start(struct share *s, const struct share_request *request);
void share_free(struct share *s);

#endif
