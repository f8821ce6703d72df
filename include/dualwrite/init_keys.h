/*
 * init_keys.h - for each pair of tables: the keys, the parent, and whether a map table is needed.
 *
 * Pure; a part of proposing a mapping (mapping_init.h). Texts in these structs that are not freed by
 * init_drafts_free() belong to the catalogs.
 */
#ifndef DUALWRITE_INIT_KEYS_H
#define DUALWRITE_INIT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/catalog.h"
#include "dualwrite/init_tables.h"

#define INIT_KEY_MAX 32 /* columns of an index in PostgreSQL (INDEX_MAX_KEYS) */

/* A foreign key on each side, to the two tables of another draft. */
struct init_reference {
    size_t draft;
    const char *column, *target_column;
};

struct init_key {
    const char *items[INIT_KEY_MAX];
    size_t count; /* 0: none was found */
};

enum init_way {
    INIT_NATURAL,   /* the target key follows from the source row */
    INIT_FOUND_MAP, /* a table that looks like its map is there */
    INIT_NEW_MAP,   /* a map table has to be made */
};

/* One entity in the making. */
struct init_draft {
    char *name; /* owned */
    struct init_pair pair;
    struct init_key source_key, target_key;
    struct init_reference *references; /* owned; without the parent */
    size_t nreferences;
    bool has_parent;
    struct init_reference parent;
    enum init_way way;
    const struct catalog_table *map; /* INIT_FOUND_MAP */
    char *map_name;                  /* owned; of the map table, NULL for INIT_NATURAL */
    char *map_target;                /* owned; its column for the target key */
    struct init_key map_source;      /* its columns for the source key; for INIT_NEW_MAP see init_map_source() */
    bool several;                    /* several source rows may stand for one target row */
};

struct init_drafts {
    struct init_draft *items; /* parents before children */
    size_t count;
};

struct init_drafts init_drafts(const struct init_input *in, const struct init_pairs *pairs);
void init_drafts_free(struct init_drafts *drafts);

/* The source column that gives target key column `name` without a map; NULL: none does. */
const char *init_key_source(const struct init_draft *d, const char *name);

#endif
