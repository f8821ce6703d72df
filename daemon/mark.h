/*
 * mark.h - stage five: the map's own note of whether the legacy row was read back equal, where that changed.
 */
#ifndef MARK_H
#define MARK_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct mark_request {
    struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    bool blame_rows;
    int64_t statement_timeout_ms;
};

/* `error`: NULL, or the whole batch is off; sqlstate NULL for a lost connection. */
typedef void (*mark_done)(void *arg, const char *error, const char *sqlstate);

struct mark;

struct mark *mark_new(struct pgconn *vnext, mark_done done, void *arg);
void mark_start(struct mark *m, const struct mark_request *request);
void mark_free(struct mark *m);

#endif
