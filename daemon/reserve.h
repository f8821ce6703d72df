/*
 * reserve.h - stage three: a legacy key, and a map row that says so, for each row that is to be created and has none.
 *
 * The key comes before the row: then the write of the legacy row can be repeated without ever making a second one.
 */
#ifndef RESERVE_H
#define RESERVE_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct reserve_request {
    struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    bool blame_rows;
    int64_t statement_timeout_ms;
};

struct reserve_answer {
    const char *error; /* NULL: each row has its key or its subject has failed; else the whole batch is off */
    const char *sqlstate;
    bool reserved; /* at least one map row was made */
};

typedef void (*reserve_done)(void *arg, const struct reserve_answer *answer);

struct reserve;

/* The connections are the same when there is one database. */
struct reserve *reserve_new(struct pgconn *vnext, struct pgconn *legacy, reserve_done done, void *arg);
void reserve_start(struct reserve *r, const struct reserve_request *request);
void reserve_free(struct reserve *r);

#endif
