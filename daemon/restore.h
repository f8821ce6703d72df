/*
 * restore.h - the parts of `rollback restore` that change something: standing back, and the transactions of psql.
 *
 * A dump is given to psql within one transaction, which is committed only when all of it went in, with two databases when both
 * did. So whatever fails or dies before that has changed nothing.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include "dump.h"

/* ---- restore_check.c: is it a backup of these databases ---- */

struct restore_file {
    struct dump_scan scan;
    cJSON *manifest; /* NULL: there is none */
};

/* Looks through the file of a side and its manifest, against the live database. EXIT_GOOD, or the status after saying why not. */
int restore_check(struct dump_run *run, enum database side, struct restore_file *file);
void restore_file_free(struct restore_file *file);

/* ---- restore_run.c ---- */

enum restore_state { RESTORE_UNTOUCHED, RESTORE_DONE, RESTORE_UNKNOWN };

/* Both sides that are wanted. EXIT_GOOD, or EXIT_UNFINISHED after saying why; `states` says how each database stands. */
int restore_run(struct dump_run *run, enum restore_state states[2]);

/* ---- restore_stand.c ---- */

/* The override keeps what it was before (stand_back.sql). */
struct restore_stand {
    bool standing;   /* daemons have been told to stand back */
    bool held;       /* no batch can begin */
    bool overridden; /* afterwards, as somebody has said */
};

/* No batch is under way, and none begins. False after saying why. */
bool restore_stand_back(struct dump_run *run, struct restore_stand *stand);

/* `order`: every table is synced anew. *left: how many mapped tables have no triggers of ours any more. False after saying why. */
bool restore_go_on(struct dump_run *run, struct restore_stand *stand, bool order, long *unhung);

#endif
