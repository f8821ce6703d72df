/*
 * mapping.h - the mapping file as a model: which vNext table feeds which legacy table, column by column.
 *
 * Pure: parses JSON text (cJSON) into structs and says everything that is wrong with it. Whether tables and columns
 * exist is not its business (mapping_check.h), nor is SQL (sqlgen.h). The file format is documented in docs/mapping.md.
 */
#ifndef DUALWRITE_MAPPING_H
#define DUALWRITE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/faults.h"

/* One place of a table's name; the schema is "public" where the file leaves it out. */
struct mapping_table {
    char *schema;
    char *name;
};

/* Names of columns, in the file's order. */
struct mapping_names {
    char **items;
    size_t count;
};

enum value_kind {
    VALUE_COLUMN,        /* text: a column of the source row */
    VALUE_EXPRESSION,    /* text: an SQL expression over the source row */
    VALUE_CONSTANT,      /* text: a literal, NULL for SQL NULL; cast to the target column's type */
    VALUE_NOW,           /* the time of the sync transaction; in a removal it keeps a time already there */
    VALUE_TARGET_COLUMN, /* text: what the mapping gives that column of the target (map tables only) */
};

/* A table that turns a key into a value. */
struct mapping_lookup {
    struct mapping_table table;
    char *key;   /* compared with the value */
    char *value; /* the result */
    bool legacy; /* in the legacy database */
};

/* What becomes of a value that is too long, or that another legacy row has. */
enum unique_rule { UNIQUE_FAIL, UNIQUE_TRUNCATE, UNIQUE_SUFFIX };

struct value_pair {
    char *from;
    char *to; /* NULL for SQL NULL */
};

/* Where one column of the target or of the map table gets its value. */
struct mapping_value {
    enum value_kind kind;
    char *text;
    bool insert_only;          /* written when the row is created, never by an update */
    struct value_pair *values; /* a value map over the text form of the column; a SQL NULL stays NULL */
    size_t nvalues;
    struct mapping_lookup *lookup; /* NULL: none; not together with a value map */
    bool has_otherwise; /* what a value outside the map or lookup becomes; without it such a row fails by name */
    char *otherwise;    /* NULL for SQL NULL */
    int truncate;       /* cut to so many characters; 0: never */
    enum unique_rule unique;
};

struct mapping_column {
    char *name;
    struct mapping_value value;
};

struct mapping_columns {
    struct mapping_column *items;
    size_t count;
};

/* The migration map: which legacy row is the shadow of which vNext row. */
struct mapping_map {
    struct mapping_table table;
    struct mapping_names source_key; /* the map's columns that hold the source key, in its order */
    char *target_key;                /* the map's column that holds the target key */
    char *verified;                  /* boolean column: legacy was read back equal; NULL: none */
    struct mapping_columns columns;  /* extra columns, written when the map row is created */
};

struct mapping_parent {
    char *entity;
    size_t index;        /* of that entity in mapping.entities */
    char *column;        /* source column that names the parent's source row */
    char *target_column; /* target column that gets the parent's target key: from its map, else it is the source key */
};

enum present_kind { PRESENT_ALWAYS, PRESENT_IN, PRESENT_NULL, PRESENT_NOT_NULL };

/* When a source row counts as present. */
struct mapping_present {
    enum present_kind kind;
    char *column;                /* NULL for PRESENT_ALWAYS */
    struct mapping_names values; /* PRESENT_IN: the column's text form is one of them */
};

enum removal_kind { REMOVAL_SET, REMOVAL_DELETE, REMOVAL_KEEP };

struct mapping_removal {
    enum removal_kind kind;
    struct mapping_columns set; /* REMOVAL_SET: constants and now only */
};

struct mapping_entity {
    size_t position; /* in the file's "entities", for the path of a message */
    char *name;
    struct mapping_table source;
    struct mapping_names source_key;
    struct mapping_table target;
    struct mapping_names target_key; /* the conflict target; one column when there is a map */
    struct mapping_map *map;         /* NULL: the target key comes from the columns and the parent */
    struct mapping_parent *parent;   /* NULL: a root */
    struct mapping_columns columns;  /* of the target */
    struct mapping_present present;
    char *latest_by; /* source column that says which of several source rows speaks last; NULL: the key does */
    struct mapping_removal removal;
    char *log_id;           /* the log key of the source key, e.g. what a dashboard greps for */
    char *log_target_id;    /* the log key of the target key; NULL: not logged */
    char *operation_insert; /* the operation names of SPEC section 3 */
    char *operation_update;
    char *operation_remove;

    /* Derived at parsing: the source columns that say which target row is meant. With a map, the source key. Without,
     * one for each target key column, in its order: the parent's column or the column that is mapped to it. */
    struct mapping_names identity;
};

struct mapping {
    char *channel;                   /* NOTIFY channel of the doorbell */
    struct mapping_entity *entities; /* parents before children */
    size_t count;
};

/*
 * Reads `json` (`len` bytes, need not be NUL-terminated). `file` is the name that faults carry: syntax faults as
 * "FILE:LINE", others as "FILE: $.entities[0].columns.name". Returns a mapping to free with mapping_free(), or NULL
 * when an error was added to `faults`.
 */
struct mapping *mapping_parse(const char *file, const char *json, size_t len, struct faults *faults);

void mapping_free(struct mapping *m);

/* False too while the schema or the name of one is not known. */
bool mapping_same_table(const struct mapping_table *a, const struct mapping_table *b);

/* The value of the target column `name`, NULL when the mapping does not write it. */
const struct mapping_value *mapping_column(const struct mapping_columns *columns, const char *name);

/* The index of entity `name`, or m->count. */
size_t mapping_entity_index(const struct mapping *m, const char *name);

#endif
