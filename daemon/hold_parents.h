/*
 * hold_parents.h - takes the partitions of parents that are about to be made for their children.
 *
 * They are in partitions of their own, maybe another daemon's. Taken before the parents are read, so that what is read
 * cannot be overtaken there: a removal that comes later waits until they are made.
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
/* The parents are the subjects from `first` on. */
void hold_parents_start(struct hold_parents *h, const struct batch *batch, size_t first, int64_t statement_timeout_ms);
void hold_parents_free(struct hold_parents *h);

#endif
