/*
 * restored.h - one of two databases came back from an older copy.
 *
 * The vNext database draws the epochs and remembers the newest one that legacy has committed for each partition (its lease);
 * the legacy database remembers the newest one that it has seen (its fence). Legacy commits first, so
 *
 *     lease <= fence <= last drawn
 *
 * holds at any time, read in this order. A fence below its lease: legacy is an older copy. A fence above what was drawn: vNext
 * is; and it may be when its server, timeline or identity is another one (lineage.sql), because a sequence can be a few numbers
 * ahead of what it has given out. Either way the epochs go on above both, leases are dropped, and every mapped table is synced
 * anew. With one database both came back together, and there is nothing to find.
 */
#ifndef RESTORED_H
#define RESTORED_H

#include "dualwrite/mapping.h"
#include "dualwrite/pgconn.h"
#include "fence.h"

/* `error` is NULL when all was asked and done. */
typedef void (*restored_done)(void *arg, const char *error);

struct restored;

struct restored *restored_new(struct pgconn *vnext, struct pgconn *legacy, restored_done done, void *arg);

/* Before any work on fresh connections. The mapping must be the installed one, and live until done. */
void restored_compare(struct restored *r, const struct mapping *mapping);

/* A batch did not pass the fence: what that means is dealt with, and the claim's transaction, which has written nothing yet
 * and whose locks make this sure, is ended. `leases` are those that the fence was compared with. */
void restored_fenced(struct restored *r, const struct mapping *mapping, const struct fence_answer *fence,
                     const char *leases);
void restored_free(struct restored *r);

#endif
