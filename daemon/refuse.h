/*
 * refuse.h - rows of a batch that cannot be written, as can be told without the server: each fails its subject, and the
 * children of that.
 */
#ifndef REFUSE_H
#define REFUSE_H

#include "dualwrite/change.h"
#include "dualwrite/sqlgen.h"

/* Before the rows are read: identities with a NULL in them. */
void refuse_nulls(struct batch *b, const struct mapping *m);

/* Before the rows are written: keys with a NULL in them, and values that are too long for their columns. */
void refuse_null_keys(struct batch *b, const struct mapping *m);
void refuse_too_long(struct batch *b, const struct mapping *m, const struct plan *p);

#endif
