/*
 * pgarray.h - text arrays as PostgreSQL spells them (manual, section 8.15.2).
 *
 *     struct buf b = {0};
 *     pgarray_open(&b); pgarray_add(&b, "a\"b"); pgarray_add(&b, NULL); pgarray_close(&b);     {"a\"b",NULL}
 */
#ifndef DUALWRITE_PGARRAY_H
#define DUALWRITE_PGARRAY_H

#include <stddef.h>

#include "dualwrite/buf.h"

void pgarray_open(struct buf *out);
void pgarray_add(struct buf *out, const char *element);
void pgarray_add_int(struct buf *out, long long element);
void pgarray_close(struct buf *out);

/* The elements of an array of one dimension, as the server prints it; NULL for NULL. free() each, and `*out`. */
size_t pgarray_read(const char *text, char ***out);

#endif
