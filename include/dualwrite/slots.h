/*
 * slots.h - which texts a row of an entity carries from PLAN_READ to the legacy statements, and in which order.
 *
 * A slot is named by a letter and the number of the column that it is for, as in the SQL: c0 is the value of mapped column 0;
 * y0 and o0, where a unique value gets a suffix, are the value with it, and whether the row keeps the plain one; x0 is what
 * column 0 of the map gets. Pure.
 */
#ifndef DUALWRITE_SLOTS_H
#define DUALWRITE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/mapping.h"

struct slot {
    char letter;
    size_t column;
};

/* The column is part of the target key, which a row carries by itself. */
bool slots_is_key(const struct mapping_entity *e, const char *column);

/* How many slots mapped column `i` has: 0 as a part of the key and where its value is not read, 1, or 3 with a suffix. */
size_t slots_width(const struct mapping_entity *e, size_t i);

/* Of the mapped columns, without those of the target key; `out` (NULL: only counted) takes three per column. */
size_t slots_values(const struct mapping_entity *e, struct slot *out);

/* Of the map's columns; none without a map. */
size_t slots_map(const struct mapping_entity *e, struct slot *out);

#endif
