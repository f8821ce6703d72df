/*
 * init_tables.h - which new table belongs to which legacy table: by hand, or guessed from the names.
 *
 * Pure; a part of proposing a mapping (mapping_init.h).
 */
#ifndef DUALWRITE_INIT_TABLES_H
#define DUALWRITE_INIT_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/catalog.h"
#include "dualwrite/faults.h"
#include "dualwrite/schema_facts.h"

/* One schema: its tables are all in the catalog. */
struct init_side {
    const struct schema_facts *facts;
    const struct catalog *catalog;
};

struct init_input {
    struct init_side vnext, legacy;
    bool one_schema; /* both are the same schema of the same database */
};

struct init_pair {
    const struct catalog_table *vnext, *legacy;
    bool guessed;     /* only a part of the names is the same */
    size_t name_skip; /* words of the vNext name that are the application's and not the table's */
};

struct init_pairs {
    struct init_pair *items; /* in the order of the vNext tables' names, or of `by_hand` */
    size_t count;
};

/*
 * Pairs each table with at most one other. `by_hand` is "new_table=legacy_table,..." and then these pairs are all there
 * are, or NULL. An error in `faults` (where: "--tables") says what is wrong with `by_hand`, or that one schema holds
 * both sides and nothing tells them apart. Free with init_pairs_free().
 */
struct init_pairs init_pairs(const struct init_input *in, const char *by_hand, struct faults *faults);
void init_pairs_free(struct init_pairs *pairs);

/* The words that mark the legacy side of such a table. */
extern const char *const init_legacy_words[];

#endif
