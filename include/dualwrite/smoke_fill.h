/*
 * smoke_fill.h - what the columns of a test row get: from the mapping where it says something, else from the catalog.
 *
 * Pure, and internal to smoke_sql.c. Values are SQL, quoted; a value that has to come from the database is a subselect.
 */
#ifndef DUALWRITE_SMOKE_FILL_H
#define DUALWRITE_SMOKE_FILL_H

#include <stdbool.h>

#include "dualwrite/smoke_sql.h"
#include "dualwrite/sqlparts.h"

#define FILL_MOST_LIKELY 5

bool fill_is_text(const struct catalog_column *c);

/* Not part of a key, the identity, the parent, the rule of presence or a unique index: a test may put anything there. */
bool fill_is_free(const struct gen *g, const char *column);

/* A time that the mapping copies on every change. */
bool fill_is_touched(const struct gen *g, const struct catalog_column *c);

/* Appends the value of a new row's column, or nothing: its default will do. False: nothing is known, see *why (free it). */
bool fill_value(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *name_column,
                const struct smoke_fill *fill, char **why);

/* Appends another value than the column has; returns how likely the table takes it, FILL_MOST_LIKELY to 1, 0: none. */
int fill_change(struct buf *out, const struct gen *g, const struct catalog_column *c, const char *name);

/* Appends what makes the row absent in the column of the rule of presence; false: only a DELETE does. */
bool fill_absent(struct buf *out, const struct gen *g);

#endif
