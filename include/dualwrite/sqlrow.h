/*
 * sqlrow.h - the JSON that the statements of a plan take: rows read from vNext on their way to legacy.
 *
 * Pure. The rows of the legacy statements are {"n": their numbers, "do": of each the sum of 1 present, 2 write, 4 create,
 * 8 remove, "k0"..: the target keys, "p": the parents' target keys, "c0"..: the mapped values (slots.h)}, each an array literal
 * with as many elements as there are rows. A row that is only removed has neither "p" nor values.
 */
#ifndef DUALWRITE_SQLROW_H
#define DUALWRITE_SQLROW_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/change.h"
#include "dualwrite/mapping.h"
#include "dualwrite/slots.h"

/* The document of rows of one entity. sqlrows_end() frees what it holds, and gives NULL when no row was added. */
struct sqlrows {
    const struct mapping_entity *e;
    struct sqlrows_column {
        char name[24];
        struct buf array;
    } * columns;
    size_t ncolumns;
    size_t at;     /* of the row that is being added: the next column */
    size_t nslots; /* the last so many columns */
    bool parent;   /* there is a p */
    size_t count;
};

void sqlrows_begin(struct sqlrows *s, const struct mapping_entity *e);
void sqlrows_add(struct sqlrows *s, const struct row *r, size_t n);
char *sqlrows_end(struct sqlrows *s);

/* The document of one row, number 1. */
char *sqlrow_alone(const struct mapping_entity *e, const struct row *r);

/*
 * The document of PLAN_RESERVE: "s0".. source keys, "key" target keys, "refused": a legacy row has that already, "noted": the
 * legacy row counts as equal, "x0".. what the map's columns get.
 */
void sqlrows_begin_reserve(struct sqlrows *s, const struct mapping_entity *e);
void sqlrows_add_reserve(struct sqlrows *s, const struct batch *b, const struct mapping *m, size_t n, bool refused);

/* The document of PLAN_MARK: "s0".., "key", "equal". */
void sqlrows_begin_mark(struct sqlrows *s, const struct mapping_entity *e);
void sqlrows_add_mark(struct sqlrows *s, const struct batch *b, const struct mapping *m, size_t n);

/*
 * Says which value of `r` is longer than its legacy column takes, and by how much: an error "value too long" does not
 * name its column. `length[i]` is what column i of the entity takes, 0: no limit. NULL when none is; free() it.
 */
char *sqlrow_too_long(const struct mapping_entity *e, const struct row *r, const int *length);

#endif
