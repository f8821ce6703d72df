/*
 * sqlrow.h - the JSON that the statements of a plan take: rows read from vNext on their way to legacy.
 *
 * Pure. A row of the legacy statements is {"n": its number, "do": the sum of 1 present, 2 write, 4 create, 8 remove, "k0"..:
 * the target key, "p": the parent's target key, and the mapped values as PLAN_READ gave them}; these are text. A row that is
 * only removed has neither "p" nor values.
 */
#ifndef DUALWRITE_SQLROW_H
#define DUALWRITE_SQLROW_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/change.h"
#include "dualwrite/mapping.h"

/* Appends one object for row `n` of the batch; the caller writes the [ , ] around. */
void sqlrow_write(struct buf *out, const struct mapping_entity *e, const struct row *r, size_t n);

/* The object of PLAN_RESERVE: source key, target key, whether a legacy row has that already, what the map's columns get. */
void sqlrow_reserve(struct buf *out, const struct batch *b, const struct mapping *m, size_t n, bool refused);

/* The object of PLAN_MARK. */
void sqlrow_mark(struct buf *out, const struct batch *b, const struct mapping *m, size_t n);

/*
 * Says which value of `r` is longer than its legacy column takes, and by how much: an error "value too long" does not
 * name its column. `length[i]` is what column i of the entity takes, 0: no limit. NULL when none is; free() it.
 */
char *sqlrow_too_long(const struct mapping_entity *e, const struct row *r, const int *length);

#endif
