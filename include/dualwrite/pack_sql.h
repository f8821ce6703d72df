/*
 * pack_sql.h - the statements of a rule pack: its .sql files with the mapping's tables, columns and values filled in.
 *
 * Pure, like sqlgen.h. A check that is about the mapping becomes one look for each entity, or column, that it fits; so a pack
 * works with any mapping. Which places there are, :{source} and so on, is in docs/packs.md.
 */
#ifndef DUALWRITE_PACK_SQL_H
#define DUALWRITE_PACK_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/catalog.h"
#include "dualwrite/faults.h"
#include "dualwrite/mapping.h"
#include "dualwrite/pack.h"

/* One check of one thing. */
struct pack_look {
    const struct pack_check *check;
    const struct mapping_entity *e; /* NULL: it is not about the mapping */
    char *about;                    /* "team", "membership.role"; NULL like e */
    char *find;                     /* what gives the bad rows, with a column `key`; no semicolon at its end */
    char *legacy;                   /* with two databases: legacy's rows that it joins; NULL: none */
    char *mend;                     /* NULL: none by SQL */
};

struct pack_looks {
    struct pack_look *items; /* in the order of the checks; one that fits nothing has none */
    size_t count;
};

/*
 * `m` and `c` may be NULL where no check is about the mapping. `two` databases: legacy's rows that a check of vNext joins are
 * then in the table of integrity/legacy_make.sql. A place that nobody knows is an error in `faults`, which says the file. Free
 * with pack_looks_free(), which leaves the pack alone.
 */
struct pack_looks pack_looks_make(const struct pack *p, const struct mapping *m, const struct catalogs *c, bool two,
                                  int period_hours, struct faults *faults);
void pack_looks_free(struct pack_looks *looks);

/*
 * A statement that runs `find`: rows, samples (a JSON array of at most `samples` keys, in order). With `nwhere` > 0 only those
 * whose row in the check's table has $1 in the first of `where`'s columns, $2 in the second ...; the check has a table then.
 */
char *pack_count_sql(const struct pack_look *look, int samples, const char *const *where, size_t nwhere);

/* COPY ... TO STDOUT of the look's rows of legacy; what takes them on the other side is integrity/legacy_take.sql. */
char *pack_legacy_sql(const struct pack_look *look);

/* A table that was mended; the key's type as integrity/key_type.sql gives it. */
struct pack_table {
    const char *schema, *name, *key, *key_type;
};

/*
 * For a mend by SQL. The keys that are found (`where`'s values are $1 ..; with `key_type` only those of the array that is the
 * parameter behind them); the rows of them locked and kept ($1 mend, $2 pack, $3
 * check, $4 schema, $5 table, $6 key column, $7 keys); what became of those ($1 mend, $2 check, $3 pack): changed.
 */
char *pack_keys_sql(const struct pack_look *look, const char *const *where, size_t nwhere, const char *key_type);
char *pack_before_sql(const struct pack_table *t);
char *pack_after_sql(const struct pack_table *t);

/* Whether a mend writes one table, by UPDATE or DELETE; `plan` is what EXPLAIN (FORMAT JSON) says of it. What it is told if not. */
bool pack_plan_writes_once(const char *plan);
#define PACK_WRITES_ONCE "a mend is one UPDATE or DELETE, of the table that the check names"

enum pack_undo {
    PACK_UNDO_LOCK,
    PACK_UNDO_CHECK,  /* $1 mend, $2 pack, $3 check, as of the others: changed, the keys that somebody changed since */
    PACK_UNDO_UPDATE, /* takes quoted columns and their values */
    PACK_UNDO_INSERT, /* takes quoted columns and their values */
    PACK_UNDO_VERIFY, /* differ: the keys that are not what they were */
};
char *pack_undo_sql(enum pack_undo step, const struct pack_table *t, const char *columns, const char *values);

#endif
