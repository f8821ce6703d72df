/*
 * pack_parts.h - what a rule pack puts into a database: the constraints of its constraints.sql, the functions and triggers of its
 * functions.sql.
 *
 * Pure. Both files are plain SQL of a few forms (docs/packs.md), so that people can read them; they are never run as they are:
 * constraint_sql.h makes of each part the steps that do not block writers. Whether an expression means anything is the server's
 * business.
 */
#ifndef DUALWRITE_PACK_PARTS_H
#define DUALWRITE_PACK_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/faults.h"

#define PACK_CONSTRAINTS_FILE "constraints.sql"
#define PACK_FUNCTIONS_FILE "functions.sql"

enum pack_part_kind { PACK_PART_CHECK, PACK_PART_UNIQUE, PACK_PART_FUNCTION, PACK_PART_TRIGGER };

struct pack_part {
    enum pack_part_kind kind;
    char *schema, *table; /* a function has no table */
    char *name;
    char *text; /* CHECK: the expression; UNIQUE: the columns, quoted; of the others the statement, without semicolon */
    char *columns;  /* UNIQUE: their names, as an array of the server; NULL otherwise */
    char print[17]; /* of the text: two that differ are two constraints */
    int line;
};

struct pack_parts {
    struct pack_part *items; /* in the order of the files */
    size_t count;
};

/*
 * Adds the parts of one file. `schema` is where names without one are. What is wrong goes to `faults` as "FILE:LINE", all of it.
 * pack_parts_free() in any case.
 */
void pack_parts_constraints(struct pack_parts *into, const char *file, const char *sql, const char *schema,
                            struct faults *faults);
void pack_parts_functions(struct pack_parts *into, const char *file, const char *sql, const char *schema,
                          struct faults *faults);
void pack_parts_free(struct pack_parts *parts);

/* "check", "unique", "function", "trigger": static. */
const char *pack_part_word(enum pack_part_kind kind);

/* It is of constraints.sql. */
bool pack_part_is_constraint(const struct pack_part *p);

#endif
