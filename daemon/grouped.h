/*
 * grouped.h - runs work on many items set-based, each group of items under a savepoint, all groups in one round trip.
 *
 * A group that fails is taken back and split until the guilty item stands alone; the others go on. What an item is, which
 * statements a group takes and what their results mean is the stage's business.
 */
#ifndef GROUPED_H
#define GROUPED_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/pgconn.h"

struct grouped;

struct grouped_stage {
    /* Adds the group's statements with grouped_push(); false (and none added) when it has nothing to do any more. */
    bool (*push)(void *arg, struct grouped *g, size_t first, size_t count);
    /* The `n` results of what push() added, in that order. */
    void (*done)(void *arg, size_t first, size_t count, PGresult *const *results, size_t n);
    /* Item `item` failed by itself. The stage may put items off with grouped_defer(). */
    void (*failed)(void *arg, struct grouped *g, size_t item, const PGresult *error, const char *text);
    /* What the opening statements returned; may be NULL. */
    void (*opened)(void *arg, PGresult *const *results);
    /* All groups are dealt with, or (error != NULL, sqlstate NULL for a lost connection) the whole batch is off. */
    void (*end)(void *arg, const char *error, const char *sqlstate);
};

struct grouped_options {
    const struct pg_statement *opening; /* before the first group; copied when run */
    size_t nopening;
    bool read_only;   /* the groups may not write: SQLSTATE 25006 is then an item's own fault */
    bool constraints; /* deferred constraints are to fail within the group */
    bool blame_items; /* a missing column or right, say, is an item's own (a trigger's): preflight found nothing */
    int64_t statement_timeout_ms;
};

struct grouped *grouped_new(struct pgconn *pg, const struct grouped_stage *stage, void *arg);
void grouped_free(struct grouped *g);

/* Adds the items first..first+count-1 as one more group. */
void grouped_add(struct grouped *g, size_t first, size_t count);

/* From failed(): tries that item after the others, the last that was put off first. */
void grouped_defer(struct grouped *g, size_t item);

/* Adds a statement to the group that is being pushed; takes the parameters over (free()). `sql` must live until end. */
void grouped_push(struct grouped *g, const char *sql, int nparams, char *const *params);

/* Runs what was added; the connection must be ready, within a transaction. */
void grouped_run(struct grouped *g, const struct grouped_options *options);

#endif
