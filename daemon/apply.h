/*
 * apply.h - stage two: makes the legacy rows of a batch's subjects equal to vNext, inside the claim's transaction.
 *
 * Groups of subjects go out set-based under a savepoint, all groups in one round trip. A group that fails is split until
 * the guilty subject stands alone; the others go on. Which rows were written is not remembered: the plan's verify step
 * reads them back and that is the outcome.
 */
#ifndef APPLY_H
#define APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

struct apply_answer {
    const char *error;    /* NULL: every subject is DONE or FAILED; else the whole batch is off */
    const char *sqlstate; /* of the error; NULL for a lost connection */
    const char *xid;      /* of the transaction, for ack's verdict; NULL when it was not reached */
};

typedef void (*apply_done)(void *arg, const struct apply_answer *answer);

struct apply;

struct apply *apply_new(struct pgconn *pg, apply_done done, void *arg);
/*
 * `batch`, `mapping` and `plan` stay the caller's and must live until done. `blame_rows`: an OUTCOME_SCHEMA error is the
 * row's own (a trigger's, say), because preflight found nothing since the last one; otherwise it is the batch's.
 */
void apply_start(struct apply *a, struct batch *batch, const struct mapping *mapping, const struct plan *plan,
                 bool blame_rows, int64_t statement_timeout_ms);
void apply_free(struct apply *a);

#endif
