/*
 * cleanup.h - what `rollback cleanup` decides before it asks a database: is the pattern one, is it too much, which columns
 * are meant.
 *
 * Pure. The statements are cleanup_sql.h; which rows belong together is found in daemon/cleanup_collect.c.
 */
#ifndef DUALWRITE_CLEANUP_H
#define DUALWRITE_CLEANUP_H

#include <stdbool.h>

#include "dualwrite/mapping.h"

enum cleanup_pattern {
    CLEANUP_PATTERN_GOOD,
    CLEANUP_PATTERN_EMPTY,
    CLEANUP_PATTERN_UNFINISHED, /* ends with an escape character that escapes nothing, which LIKE refuses */
    CLEANUP_PATTERN_ANYTHING,   /* nothing in it but % and _ */
};

enum cleanup_pattern cleanup_pattern(const char *pattern);

#define CLEANUP_SHARE 50 /* percent of a root table from which on it is too much ... */
#define CLEANUP_FEW 20   /* ... unless it is no more rows than this */

/* `matched` of `total` rows are too much to be deleted without --yes-all: all that there are, or more than a share. */
bool cleanup_too_much(double matched, double total);

/* The column that has a row's name, on both sides. */
struct cleanup_column {
    const struct mapping_entity *entity; /* a root */
    const char *source;
    const char *target;
};

/*
 * Which root and column are meant: `entity` NULL is the first root that has the column, `column` NULL is "name"; it may be
 * called as either side calls it. NULL: *found is filled in. Else why not, one line to free().
 */
char *cleanup_column(const struct mapping *m, const char *entity, const char *column, struct cleanup_column *found);

/* Whether entity `e` is `root`, or one of those whose ancestor it is. */
bool cleanup_belongs(const struct mapping *m, const struct mapping_entity *e, const struct mapping_entity *root);

/* The source column that target column `name` is a plain copy of; NULL when it is more than that. */
const char *cleanup_plain(const struct mapping_entity *e, const char *name);

#endif
