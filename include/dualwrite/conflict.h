/*
 * conflict.h - rows that want a value which another legacy row holds: who waits for whom, in which order they can be
 * written, and what is said of one that never can be.
 *
 * Pure. Who holds what is asked with the plan's step "holders" (daemon/holders.c).
 */
#ifndef DUALWRITE_CONFLICT_H
#define DUALWRITE_CONFLICT_H

#include "dualwrite/buf.h"
#include "dualwrite/change.h"

/* Row `row` wants what a legacy row holds in the unique index `index`. */
struct conflict {
    size_t row;
    size_t holder; /* the row of the batch that is synced to that legacy row; NO_INDEX: none of those asked about */
    size_t owner;  /* the subject that it is of; NO_INDEX: not known */
    char *index;
    char **key; /* of the legacy row that holds it, as many texts as the target key has columns */
    size_t nkey;
};

struct conflicts {
    struct conflict *items;
    size_t count;
};

/* Adds one that owns nothing yet; it lives until the next one is added. */
struct conflict *conflicts_add(struct conflicts *c, size_t row);
void conflicts_free(struct conflicts *c);

/* Rows that have to be written at once, in one group, because they want each other's values; or one row by itself. */
struct conflict_group {
    size_t first; /* in conflict_order.rows */
    size_t count;
};

struct conflict_order {
    size_t *rows; /* those with a chance: in a cycle, or waiting for one that is */
    struct conflict_group
        *groups; /* in the order in which they can be written: who waits comes after whom it waits for */
    size_t ngroups;
};

/* The order of those of `rows` (of one entity) that have a chance. */
struct conflict_order conflict_order(const struct conflicts *c, const size_t *rows, size_t count);
void conflict_order_free(struct conflict_order *o);

/*
 * The key of the legacy row that has the value which `row` wants in `index` (NULL: any), as an array literal. Owned by the
 * caller; NULL where it is not known.
 */
char *conflict_holder(const struct conflicts *c, size_t row, const char *index);

/*
 * Appends to `out`, which ends with the server's error, which legacy row has the value that `row` wants in `index` (NULL:
 * any), whose it is, and why it does not give it up. Nothing where that is not known.
 */
void conflict_explain(struct buf *out, const struct batch *b, const struct mapping *m, const struct conflicts *c,
                      size_t row, const char *index);

/* Fails, as waiting, every subject that wants, maybe by way of others, what subject `s` holds. */
void conflict_wait(struct batch *b, const struct mapping *m, const struct conflicts *c, size_t s, const char *why);

#endif
