/*
 * ack.h - stage three: takes done events off the queue, files failed ones, and commits it all with the legacy rows.
 */
#ifndef ACK_H
#define ACK_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/change.h"
#include "dualwrite/config.h"
#include "dualwrite/pgconn.h"

struct ack_request {
    const struct batch *batch; /* these live until done */
    const struct mapping *mapping;
    const int64_t *retry_in_ms; /* per event, of those whose subject FAILED: when it is tried again, < 0 for parked */
    const struct config *config;
    const char *epoch;      /* that the legacy database has committed; NULL: nothing, or there is one database */
    const char *partitions; /* ... for these, an array literal */
};

struct ack_answer {
    const char *error;    /* NULL: committed */
    const char *sqlstate; /* NULL for a lost connection */
    bool woken;           /* parked events are due because their parent has been done */
    bool unknown;         /* the connection went after COMMIT was sent: ask for the verdict */
};

typedef void (*ack_done)(void *arg, const struct ack_answer *answer);

struct ack;

struct ack *ack_new(struct pgconn *pg, ack_done done, void *arg);

void ack_start(struct ack *a, const struct ack_request *request);
void ack_free(struct ack *a);

#endif
