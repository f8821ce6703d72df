/*
 * schema_facts.h - what is in a schema, beyond catalog.h: which tables, their primary keys, and the values that columns
 * are known to take. For proposing a mapping.
 *
 * Pure: the answer of lib/sql/schema_tables.sql goes in as text. Who asks is lib/pg/schema_read.c.
 */
#ifndef DUALWRITE_SCHEMA_FACTS_H
#define DUALWRITE_SCHEMA_FACTS_H

#include <stdbool.h>
#include <stddef.h>

struct schema_table {
    char *name;
    char **primary; /* columns of the primary key, in its order */
    size_t nprimary;
};

/* An enum's labels, or the list of a CHECK (column IN (...)). */
struct schema_labels {
    char *table;
    char *column;
    char **items;
    size_t count;
};

struct schema_facts {
    char *schema;
    bool exists;
    struct schema_table *tables; /* by name */
    size_t ntables;
    struct schema_labels *labels;
    size_t nlabels;
};

/* NULL when `json` is not what the query returns. Free with schema_facts_free(). */
struct schema_facts *schema_facts_parse(const char *schema, const char *json);
void schema_facts_free(struct schema_facts *f);

/* NULL when there is no such table. */
const struct schema_table *schema_facts_table(const struct schema_facts *f, const char *table);

/* NULL when nothing is known of the column's values. */
const struct schema_labels *schema_facts_labels(const struct schema_facts *f, const char *table, const char *column);

/* The two array parameters of catalog.sql for every table here; free() each. */
void schema_facts_parameters(const struct schema_facts *f, char *parameters[2]);

#endif
