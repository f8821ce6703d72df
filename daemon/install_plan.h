/*
 * install_plan.h - what `install` finds in each database, and the SQL that it will execute there.
 *
 * Reads and decides, and says on stderr what stands in the way; executes nothing that changes anything.
 */
#ifndef INSTALL_PLAN_H
#define INSTALL_PLAN_H

#include "dualwrite/capture.h"
#include "installed.h"
#include "pair.h"
#include "settings.h"

/* What is done in one database. */
struct install_part {
    struct installed now;
    struct catalog *catalog; /* of this side's tables */
    struct install_options options;
    char *mapping_digest;
    char *hang_digest;
    struct buf sql;
    bool hang;    /* the triggers are made anew */
    bool *missed; /* by entity: it was captured before, and not all of its triggers were there and on */
};

struct install_plan {
    const struct settings *settings; /* these six are given */
    const struct pair *pair;
    const enum guard_mode *guard; /* NULL: as installed */
    int partitions;               /* 0: as installed */
    bool rehearsed;               /* it will be rolled back */
    const char *new_installation; /* the name of a pair that has none yet */

    struct install_part parts[2]; /* by enum database */
    char *layout;
};

/* Within the transactions that the SQL is for. Anew at each call. EXIT_GOOD, or the status to exit with. */
int install_plan_make(struct install_plan *p);
void install_plan_clear(struct install_plan *p);

#endif
