/*
 * cleanup.h - the parts of `rollback cleanup`: finding the rows that belong together on both sides, deleting them, finishing a
 * run that was cut off.
 *
 * cmd_rollback_cleanup.c has the order, the questions and the words.
 */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <cjson/cJSON.h>

#include "desk.h"
#include "dualwrite/cleanup.h"
#include "dualwrite/keyset.h"

/* Where rows of an entity are. */
enum cleanup_place { CLEANUP_SOURCE, CLEANUP_TARGET, CLEANUP_MAP, CLEANUP_PLACES };

struct cleanup_part {
    const struct mapping_entity *entity;
    struct mapping_names map_key;       /* source key and target key in the map; items are the mapping's */
    struct keyset rows[CLEANUP_PLACES]; /* that are there, by their keys */
    struct keyset keys[2];              /* by enum database: theirs, and those that the map names */
    struct keyset names[2];             /* of the root: key, and then the name */
};

/* What belongs together: the root first, each parent before its children. */
struct cleanup_plan {
    struct cleanup_part *parts;
    size_t count;
    double waiting; /* events of these rows in the queue, and failed ones */
    double failed;
};

struct cleanup_run {
    struct desk *desk;
    const struct mapping *mapping;
    struct catalog *read[2];
    struct catalogs catalogs;
    struct cleanup_column column;
    const char *pattern;
    bool yes_all;
    bool did; /* something was deleted */
};

/* Reads the catalogs, and says which right is missing. EXIT_GOOD or the status to exit with. */
int cleanup_prepare(struct cleanup_run *run);
void cleanup_end(struct cleanup_run *run);

/* Transactions that only look, in one or both databases, for cleanup_collect(). False after a refusal, which is in the desk. */
bool cleanup_open(struct cleanup_run *run);
void cleanup_close(struct cleanup_run *run);

/*
 * Within open transactions: the roots that match the pattern, or with `roots` (by enum database) those with these keys, and
 * whatever hangs on them. `lock`: nobody changes them until the transactions end.
 */
bool cleanup_collect(struct cleanup_run *run, const struct keyset *roots, bool lock, struct cleanup_plan *plan);
void cleanup_plan_free(struct cleanup_plan *plan);

double cleanup_plan_rows(const struct cleanup_plan *plan);

/*
 * Nothing that was shown has changed: the vNext rows are the same, and no other row is gone. Shadows of theirs may have come: a
 * daemon was about to make them.
 */
bool cleanup_plan_stands(const struct cleanup_plan *shown, const struct cleanup_plan *now);

/* One table's rows, in the order in which they are deleted; a table that several entities share comes once. */
struct cleanup_step {
    enum database side;
    const struct catalog_table *table;
    const struct mapping_names *key;
    struct keyset rows;
    double deleted;
};

struct cleanup_steps {
    struct cleanup_step *items;
    size_t count;
};

struct cleanup_steps cleanup_steps(const struct cleanup_run *run, const struct cleanup_plan *plan);
void cleanup_steps_free(struct cleanup_steps *steps);

/*
 * Deletes what was shown. `note` is the run that this one finishes, 0: none; then what is there is deleted, without comparing
 * it to `shown`. EXIT_GOOD with what went in `steps`; else the status to exit with, after saying why and how it stands.
 */
int cleanup_delete(struct cleanup_run *run, const struct cleanup_plan *shown, const struct keyset *roots,
                   long long note, struct cleanup_steps *steps);

/* Within open transactions: rows elsewhere that refer to those of the steps; *found says which, one line each. */
bool cleanup_referring(struct cleanup_run *run, const struct cleanup_steps *steps, char **found);

/* Counts the events of the plan's rows, or takes them off the queue. */
bool cleanup_events(struct cleanup_run *run, const struct cleanup_plan *plan, bool delete, double *waiting,
                    double *failed);

/* A statement in the vNext database, outside any transaction of ours. */
PGresult *cleanup_note(struct cleanup_run *run, const char *sql, int nparams, const char *const *params);

#endif
