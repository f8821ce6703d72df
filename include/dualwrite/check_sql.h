/*
 * check_sql.h - the statements with which `dualwrited check` looks at the data of one entity: expressions, values, constants,
 * the map. Unique indexes and foreign keys are check_keys.h.
 *
 * Pure: text out, to be freed with free(). The templates are in lib/sql/check. None of them writes.
 */
#ifndef DUALWRITE_CHECK_SQL_H
#define DUALWRITE_CHECK_SQL_H

#include "dualwrite/check_value.h"

/* The transaction that every look is made in. */
char *check_sql_begin(int64_t statement_timeout_ms);

/* Plans the expression of column `i`. */
char *check_sql_explain(const struct check_subject *s, size_t i);

/* Evaluates it: rows, filled. */
char *check_sql_expression(const struct check_subject *s, size_t i);

/* Evaluates it row by row, for one that fails; sql_check_failed then gives failed, key, error. */
char *check_sql_failing(const struct check_subject *s, size_t i);

/* Counts conditions: rows, and for each its number cN, a key kN and a value vN, N from 0. */
char *check_sql_scan(const struct check_subject *s, const struct check_condition *items, size_t count);

/* Whether a value fits one column, given as {"f": value} in an array. */
char *check_sql_fits(const struct catalog_column *column);

/* Finds the rows that give the value of column `i`, which has the rule "suffix", to be planned: the index that is needed. */
char *check_sql_same_value(const struct check_subject *s, size_t i);

/* The index that check_sql_same_value() needs, as a statement. */
char *check_sql_suffix_index(const struct check_subject *s, size_t i);

/* source_twice, target_twice, source_gone, rows of the map; without `gone` that is not looked for, and 0. */
char *check_sql_map_facts(const struct check_subject *s, bool gone);

/* A cursor over the legacy keys of the map: k the source key, fields {"k": ..., "f": legacy key}. */
char *check_sql_map_stream(const struct check_subject *s);

/* For these: those that no row of the target has: rows, k. */
char *check_sql_map_orphans(const struct check_subject *s);

/* A value that the mapping itself gives, not the rows. */
struct check_constant {
    char *path;
    char *text;
    const struct catalog_column *column;
    enum database side; /* where that column is */
};

/* Every constant, value map's result, "otherwise" and removal's constant of the entity that is not NULL. */
struct check_constant *check_constants(const struct check_subject *s, size_t *count);
void check_constants_free(struct check_constant *items, size_t count);

#endif
