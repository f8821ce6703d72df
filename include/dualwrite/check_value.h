/*
 * check_value.h - the values that an entity's columns would get from the rows of today, as SQL, and what may be wrong with
 * them. For `dualwrited check`; how rows are synced is sqlgen.h.
 *
 * Pure. Values are text, as they travel. The SQL is written over two levels: the source rows without an alias, where
 * expressions of the mapping are evaluated, and over these, as `x`, everything else:
 *     k the key as text, p whether the row is present, s0.. the source key, pc the parent's column, r0.. what is read
 */
#ifndef DUALWRITE_CHECK_VALUE_H
#define DUALWRITE_CHECK_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/* A column of the target or the map that the mapping writes and that is there. */
struct check_column {
    char *path;                             /* "$.entities[0].columns.slug" */
    const struct mapping_value *value;      /* of a map's target_column that of the target's column */
    const struct catalog_column *to;        /* what is written */
    const struct catalog_column *from;      /* a plain column of the source; NULL: no such */
    const struct catalog_column *looked_up; /* the value column of its lookup; NULL: none */
    bool of_map;                            /* of the map table */
    bool skip;                              /* what it reads cannot be evaluated: NULL instead */
};

/* An entity with what of it is in the catalogs. */
struct check_subject {
    const struct mapping *m;
    const struct catalogs *c;
    const struct mapping_entity *e;
    const struct mapping_entity *parent; /* NULL: a root */
    const struct catalog_table *source;
    const struct catalog_table *target;
    const struct catalog_table *map;        /* NULL: it has none, or that is not there */
    const struct catalog_table *parent_map; /* the same of its parent */
    struct check_column *columns;
    size_t count;
    int64_t limit; /* source rows to look at; 0: all */
};

/*
 * False, and nothing to free, when the source or target table or a key column is not there: mapping_check() says so.
 * Columns that are not there are left out.
 */
bool check_subject_make(struct check_subject *s, const struct mapping *m, const struct catalogs *c,
                        const struct mapping_entity *e, int64_t limit);
void check_subject_free(struct check_subject *s);

/* "$.entities[0].PLACE" and, when it is not NULL, `key` in it; free() it. */
char *check_path(const struct mapping_entity *e, const char *place, const char *key);

/*
 * The type of both columns where they have the same, and PostgreSQL's own: then they are compared as they are, and an index
 * serves. NULL: by text.
 */
const char *check_same_type(const struct catalog_table *a, const char *in_a, const struct catalog_table *b,
                            const char *in_b);

/* The value comes from the source row: a column or an expression. */
bool check_from_row(const struct mapping_value *v);

/* Whether column `i` can be evaluated in the vNext database alone. */
bool check_known(const struct check_subject *s, size_t i);

/* SELECT of the source rows as `x` has them, up to the limit. */
void check_rows(struct buf *out, const struct check_subject *s);

/* What column `i` gets, over `x`: after value map, lookup and cut. Of those that come from the row. */
void check_mapped(struct buf *out, const struct check_subject *s, size_t i);

/* What can be wrong with a value. */
enum check_kind {
    KIND_NULL,   /* NULL where the column does not take it */
    KIND_VALUES, /* not in the value map, and no "otherwise" */
    KIND_LOOKUP, /* the key is not in the vNext table that is asked, and no "otherwise" */
    KIND_LENGTH, /* too long for the column */
    KIND_LABEL   /* not a label of the column's enum */
};

struct check_condition {
    enum check_kind kind;
    size_t column;
    bool expected; /* it may come true tomorrow, by the types alone */
    char *sql;     /* over `x`: true for a row with that fault */
};

/* Everything that the types do not exclude; `*count` of them, to free with check_conditions_free(). */
struct check_condition *check_conditions(const struct check_subject *s, size_t *count);
void check_conditions_free(struct check_condition *items, size_t count);

/* The most characters that column `i` may get, by the types; INT_MAX: no telling. */
int check_longest(const struct check_subject *s, size_t i);

#endif
