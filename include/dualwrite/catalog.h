/*
 * catalog.h - what the database says about the mapped tables, as plain structs.
 *
 * Filled at the edge (lib/pg/catalog_read.c, from lib/sql/catalog.sql), read by the pure code: mapping_check says
 * what does not fit, sqlgen needs the types.
 */
#ifndef DUALWRITE_CATALOG_H
#define DUALWRITE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

struct catalog_column {
    char *name;
    char *type;       /* schema-qualified, quoted, without modifier, of a domain what it stands for:
                           pg_catalog."varchar"; safe in a cast because it cannot cut a value (an explicit cast to
                           varchar(n) cuts in silence) */
    char *base;       /* its name alone: int4, varchar, "enum"; qualified where it is not PostgreSQL's own; of an array
                           that of its elements with [] */
    char *shown_type; /* as format_type() prints it, with modifier, qualified: for messages and declarations */
    char *exact_type; /* the same of what a domain stands for: numeric(10,2) */
    char **labels;    /* of an enum, or of an array of one, in their order; NULL: it is none */
    size_t nlabels;
    char *default_expr; /* SQL that gives the next value: the default, or nextval() of an identity; NULL: none */
    bool not_null;
    bool generated;    /* GENERATED ALWAYS AS (...) STORED: cannot be written */
    bool has_equality; /* false for json, xml, point, and types of extensions: compare the text form */
    bool loose;        /* its collation calls different texts equal */
    bool unlisted; /* an array, or its arrays have a delimiter that is no comma: no array literal of ours holds it */
    int length;    /* characters that varchar(n) and char(n) take; 0: no limit */
};

struct catalog_unique {
    char *name;
    char **columns; /* without those that are expressions */
    size_t count;
    bool usable;       /* may be an ON CONFLICT arbiter: not partial, not deferrable, no expressions */
    bool whole;        /* valid, not partial, no expressions; it may be deferrable */
    char *predicate;   /* SQL over the table's columns; NULL: not partial */
    char *expressions; /* what it indexes that is no column, as SQL; NULL: nothing */
    char **keys;       /* each thing that it indexes as SQL, columns and expressions in their order */
    size_t nkeys;
    char **equals; /* of each key the operator that the index holds its values apart by: OPERATOR(pg_catalog.=) */
    size_t nequals;
};

struct catalog_foreign {
    char *name;
    char **columns;
    size_t count;
    char *schema, *table; /* the referenced one */
    char **referenced;    /* its columns, one for each of `columns` */
};

struct catalog_table {
    char *schema;
    char *name;
    bool exists;
    bool has_children; /* partitions, or tables that inherit from it */
    bool plain;        /* an ordinary or partitioned table, not a view */
    char *owner;
    bool owned; /* the role that asked is the owner or a member of it */
    bool can_select, can_insert, can_update, can_delete, can_trigger; /* for the role that asked */
    bool can_use_sequence; /* USAGE on all of them; true when there is none */
    char *sequence;        /* the sequences behind its columns, "s"."a", "s"."b" as GRANT takes them; NULL: none */
    bool row_security;     /* row-level security applies to the role that asked */
    struct catalog_column *columns;
    size_t ncolumns;
    struct catalog_unique *uniques;
    size_t nuniques;
    struct catalog_foreign *foreigns;
    size_t nforeigns;
};

struct catalog {
    char *role; /* who asked, for messages */
    struct catalog_table *tables;
    size_t count;
    bool
        uninstalled; /* our functions are not there: statements that only look give NULL where they would fail by name */
};

/* Which database a table or statement is for. With one database both are the same. */
enum database { DATABASE_VNEXT, DATABASE_LEGACY };

/* Both sides; one catalog twice when there is one database. */
struct catalogs {
    const struct catalog *vnext;
    const struct catalog *legacy;
};

/* NULL when not in the catalog. A table that was asked for and is not there has exists == false. */
const struct catalog_table *catalog_table(const struct catalog *c, const char *schema, const char *name);
const struct catalog_column *catalog_column(const struct catalog_table *t, const char *name);

/* The catalog of one of the databases. */
static inline const struct catalog *
catalog_of_side(const struct catalogs *c, enum database side)
{
    return side == DATABASE_VNEXT ? c->vnext : c->legacy;
}

/*
 * Whether a whole unique index (no predicate, no expressions) keeps rows apart by these columns: one on exactly them, in
 * any order, or with `any` also one on some of them.
 */
bool catalog_is_unique(const struct catalog_table *t, char *const *columns, size_t count, bool any);

/* Frees the catalog, which came from catalog_parse(); NULL is nothing to free. */
void catalog_free(struct catalog *c);

#endif
