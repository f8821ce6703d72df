/*
 * share.h - whether a batch removes too much at once: a table emptied by mistake, a restored copy, a filter gone wrong.
 *
 * Pure. Removals that are seen for the first time are counted; those that failed before were let through by somebody, and
 * those of `dualwrited reconcile --fix` were judged by the same rule, or allowed, before they were queued.
 */
#ifndef DUALWRITE_SHARE_H
#define DUALWRITE_SHARE_H

#include "dualwrite/change.h"

#define SHARE_ASK 10    /* first-time removals in a batch from which on the database is asked how many wait */
#define SHARE_LEAST 100 /* fewer removals than that are never too many */
#define SHARE_OFF 100   /* percent */

/* Whether removing `removals` rows, where `left` others stay, is more than `percent` of what there was. */
bool share_exceeded(int64_t removals, int64_t left, int percent);

/*
 * How many removals of `entity` are seen for the first time and have a legacy row that they would change; `newest` gets the
 * highest id of their events.
 */
size_t share_fresh(const struct batch *b, size_t entity, int64_t *newest);

/* Stops those: they are parked, and their legacy rows stay. */
void share_stop(struct batch *b, const struct mapping *m, size_t entity, int64_t removals, int64_t left, int percent);

#endif
