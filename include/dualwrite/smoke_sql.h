/*
 * smoke_sql.h - the statements of `dualwrited smoke`: test rows for any mapping's tables, made, changed and removed, and their
 * legacy rows taken away again.
 *
 * Pure: text out, to be freed with free(); the templates are in lib/sql/smoke. The catalogs must have passed mapping_check().
 * What a column gets that the mapping says nothing of follows from the catalog; where nothing says what would do, the
 * statement is NULL and *why says which column, and how to give its value.
 */
#ifndef DUALWRITE_SMOKE_SQL_H
#define DUALWRITE_SMOKE_SQL_H

#include <stdbool.h>

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/* What test data is called: `rollback cleanup --match 'Staging Test%'` finds it. */
#define SMOKE_NAME "Staging Test"

/* A value that an operator gives: --set=ENTITY.COLUMN=VALUE. */
struct smoke_set {
    const char *name; /* "ENTITY.COLUMN" */
    const char *value;
};

struct smoke_fill {
    const char *name;       /* "Staging Test Team 3f9a2c1d"; unique */
    const char *parent_key; /* of a child */
    const struct smoke_set *sets;
    size_t nsets;
};

/*
 * The entity that the flows are about, and a child of it: the first that has one, else the first root; m->count: there is
 * none.
 */
size_t smoke_root(const struct mapping *m);
size_t smoke_child(const struct mapping *m, size_t root);

/*
 * Whether the legacy row of a new row can only be the new row's own: a map gives it a key, or a new parent does. Else legacy
 * may have had such a row before.
 */
bool smoke_is_own(const struct mapping_entity *e);

/* The source column that carries a test row's name; NULL: the mapping copies no text that is no key. */
const char *smoke_name_column(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/* Each answers key and identity of the row, as JSON arrays of texts. */
char *smoke_insert_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                       const struct smoke_fill *fill, char **why);

/* Changes one column that the mapping copies, the n-th most likely to take it; NULL: there is none. */
char *smoke_change_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                       const char *const *key, const char *name, size_t n);

/* Makes the row absent: by its column where the mapping has one, else by a DELETE. */
char *smoke_remove_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                       const char *const *key);

/* vNext, $1 what `column` holds: key, identity of each such row. */
char *smoke_find_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e,
                     const char *column);

/* vNext, $1.. a text[] per key column of the parent entity: key, identity of each row of child `e`. */
char *smoke_children_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/* vNext, $1 a LIKE pattern: count, names. NULL: nothing is named. */
char *smoke_leftovers_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/* $1.. a text[] per key column: takes those rows out of the vNext table, the legacy table, the map (NULL: it has none). */
char *smoke_delete_source_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);
char *smoke_delete_target_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);
char *smoke_delete_map_sql(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/* dualwrite.override.why while the cost of dual write is measured: one that a killed measurement left is known by it, and
 * rollback/override.sql knows by it that it goes by itself. */
#define SMOKE_MEASURES "dualwrited smoke --perf measures with dual write on and off"

#endif
