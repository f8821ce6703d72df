/*
 * cleanup_sql.h - the statements with which `rollback cleanup` finds and deletes rows of any table by their keys.
 *
 * Pure: text out, to be freed with free(). The templates are in lib/sql/cleanup. Keys travel as one text[] for each column.
 */
#ifndef DUALWRITE_CLEANUP_SQL_H
#define DUALWRITE_CLEANUP_SQL_H

#include <stdbool.h>

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/* What a table's rows are asked for: their key columns, and the column by which people know them (NULL: none). */
struct cleanup_asked {
    const struct catalog_table *table;
    const struct mapping_names *key;
    const char *shown;
    bool lock; /* the rows stay as they are until the transaction ends */
};

/* key (JSON array), shown: the rows whose `column` is LIKE $1. */
char *cleanup_like_sql(const struct cleanup_asked *asked, const char *column);

/*
 * The same of the rows that have the keys $1.. in the columns `by`, or those behind them in the columns `or_by` (NULL: none).
 */
char *cleanup_rows_sql(const struct cleanup_asked *asked, const struct mapping_names *by,
                       const struct mapping_names *or_by);

/* $1 a limit. */
char *cleanup_total_sql(const struct catalog_table *table);

/* $1.. the keys. */
char *cleanup_delete_sql(const struct catalog_table *table, const struct mapping_names *key);

/* A foreign key that refers to a table from which rows are to be deleted. */
struct cleanup_foreign {
    struct mapping_table referring;
    struct mapping_names columns;
    struct mapping_names referenced;
};

/*
 * How many rows refer to those with the keys $1.. of `table` without being deleted too: `also` NULL, or the referring table, of
 * which the rows with the keys behind those are deleted.
 */
char *cleanup_referring_sql(const struct cleanup_foreign *f, const struct catalog_table *table,
                            const struct mapping_names *key, const struct catalog_table *also,
                            const struct mapping_names *also_key);

/* $1 entity, $2 JSON keys, $3 their columns, $4 where in ref the parent stands or NULL, $5 parents: waiting, failed. */
char *cleanup_events_sql(bool delete);

#endif
