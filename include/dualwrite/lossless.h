/*
 * lossless.h - may a column's values be put into another column without being cut or rounded in silence?
 *
 * Pure, by the names of the types alone. Values travel as text and are read by the target type's input function, which
 * may round (numeric(8,2), timestamp(0)) and says nothing; a value that is refused instead, because it is too long, out
 * of range, no uuid or no label of the enum, is not silent. Arrays are judged by their elements.
 */
#ifndef DUALWRITE_LOSSLESS_H
#define DUALWRITE_LOSSLESS_H

#include <stdbool.h>

#include "dualwrite/catalog.h"

/* Whether every value of `from` fits `to` as it is, or is refused. */
bool lossless(const struct catalog_column *from, const struct catalog_column *to);

#endif
