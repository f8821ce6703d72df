/*
 * constraint_sql.h - the statements that put a part of a rule pack (pack_parts.h) into a database, look at it and take it away.
 *
 * Pure. Which of them, and in which transaction, is daemon/constraints.c's business.
 */
#ifndef DUALWRITE_CONSTRAINT_SQL_H
#define DUALWRITE_CONSTRAINT_SQL_H

#include "dualwrite/pack_parts.h"

enum constraint_step {
    CONSTRAINT_STATE,   /* takes constraint_parameters() */
    CONSTRAINT_FAILING, /* rows, samples; of a CHECK or UNIQUE */
    CONSTRAINT_ADD,     /* of a UNIQUE: from the index that was built */
    CONSTRAINT_REPLACE, /* a function, in its place: what was granted on it stays; CONSTRAINT_ADD of anything else */
    CONSTRAINT_COMMENT, /* refused where a function of this name has another shape */
    CONSTRAINT_DROP,
    CONSTRAINT_VALIDATE, /* CHECK */
    CONSTRAINT_BUILD,    /* UNIQUE; not in a transaction, like the next */
    CONSTRAINT_UNBUILD,
};

/* `key` is SQL that names a row, as CONSTRAINT_STATE says it; only CONSTRAINT_FAILING needs it. Free it. */
char *constraint_sql(enum constraint_step step, const struct pack_part *p, const char *pack, const char *key);

/* The parameters of CONSTRAINT_STATE; returns how many. They point into the part. */
int constraint_parameters(const struct pack_part *p, const char *parameters[4]);

/* The comment that says whose a part is, to free; the first: up to the fingerprint. */
char *constraint_owner(const char *pack);
char *constraint_comment(const struct pack_part *p, const char *pack);

#endif
