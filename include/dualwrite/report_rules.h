/*
 * report_rules.h - what of a mapping the report is about: which entities, which columns, which filters.
 *
 * Pure, and only by what the mapping says; the statements are sqlreport.h. "The team" is the mapping's first entity. Its
 * members are the rows of the first entity whose parent it is; of entities called ranking the first is its rankings.
 */
#ifndef DUALWRITE_REPORT_RULES_H
#define DUALWRITE_REPORT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/mapping.h"

/* A filter on a mapped column of the team, on both sides. */
struct report_filter {
    const char *column; /* source column, or target column where the mapping reads an expression */
    const char *value;
    const char *legacy; /* what the mapping makes of the value; not owned */
    size_t index;       /* in the entity's columns */
};

/*
 * Finds the column for `name` and what the mapping makes of `value`. False when the mapping has no such column, or cannot
 * say what becomes of the value; then `why` says so.
 */
bool report_filter_find(const struct mapping *m, const char *name, const char *value, struct report_filter *filter,
                        struct buf *why);

/* The entity of the team's members or rankings; m->count: there is none. */
size_t report_child(const struct mapping *m, bool ranking);

/* What a target column is about, by the words of its name. */
enum report_about { ABOUT_NAME, ABOUT_SLUG, ABOUT_RANKING, ABOUT_NOTHING };
enum report_about report_about(const char *column);

/* Whether the mapping writes a column of the team about it in such a way that it is compared. */
bool report_compares(const struct mapping *m, enum report_about about);

#endif
