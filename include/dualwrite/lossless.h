/*
 * lossless.h - may a column's values be put into another column without being cut or rounded in silence?
 *
 * Pure, by the names of the types alone. PostgreSQL's assignment casts round (numeric to integer, timestamps to dates)
 * and say nothing; a value that is refused instead, because it is too long or out of range, is not silent.
 */
#ifndef DUALWRITE_LOSSLESS_H
#define DUALWRITE_LOSSLESS_H

#include <stdbool.h>

#include "dualwrite/catalog.h"

/* Whether every value of `from` fits `to` as it is, or is refused. */
bool lossless(const struct catalog_column *from, const struct catalog_column *to);

#endif
