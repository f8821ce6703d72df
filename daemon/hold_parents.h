/*
 * hold_parents.h - takes the partitions of rows that a batch syncs along: parents that are about to be made for their
 * children, and companions, which hold values that the batch's own rows want.
 *
 * They are in partitions of their own, maybe another daemon's. Taken before they are read, so that what is read
 * cannot be overtaken there: a removal that comes later waits until they are written.
 */
#ifndef HOLD_PARENTS_H
#define HOLD_PARENTS_H

#include "dualwrite/change.h"
#include "dualwrite/pgconn.h"

struct hold_parents_answer {
    const char *error; /* NULL: see `held`; else the whole batch is off */
    const char *sqlstate;
    bool held;              /* false: another daemon works there at this moment */
    const char *partitions; /* "1,4": those that were taken */
    const char *epoch;      /* younger than that of any batch there */
    const char *leases;     /* as epoch.sql gives them now */
};

typedef void (*hold_parents_done)(void *arg, const struct hold_parents_answer *answer);

struct hold_parents;

struct hold_parents *hold_parents_new(struct pgconn *vnext, hold_parents_done done, void *arg);
/* The parents, or companions, are the subjects from `first` on. */
void hold_parents_start(struct hold_parents *h, const struct batch *batch, const struct mapping *mapping, size_t first,
                        int64_t statement_timeout_ms);
void hold_parents_free(struct hold_parents *h);

#endif
