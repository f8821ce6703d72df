/*
 * sqlparts.h - what sqlgen.c puts together, by side. Internal to lib/core/sqlgen.c and the sql*.c it calls.
 *
 * Aliases are the same in every template. vNext: w the wanted identities, s the source row as the mapping reads it, b
 * the same with raw inputs (q0.. one per mapped column, k the key), a another source row, m the entity's own map row, p
 * its parent's. Legacy: r the rows of the JSON parameter (k0.. target key, p the parent's key, c0.. one per mapped
 * column), t the legacy row, h another one, d what a removal sets. Both: l a lookup. A name alone may be a column of
 * any table around, so a whole row is written v.*
 */
#ifndef DUALWRITE_SQLPARTS_H
#define DUALWRITE_SQLPARTS_H

#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"
#include "dualwrite/slots.h"
#include "dualwrite/sqlgen.h"
#include "dualwrite/template.h"

/* One entity with everything its SQL depends on. */
struct gen {
    const struct mapping *mapping;
    const struct catalogs *catalogs;
    const struct mapping_entity *e;
    const struct mapping_entity *parent; /* NULL for a root */
    const struct catalog_table *source;
    const struct catalog_table *target;
    const struct catalog_table *map; /* NULL when it has none */
};

struct gen gen_for(const struct mapping *m, const struct catalogs *c, const struct mapping_entity *e);

/* The statement of a step; NULL when the entity has none. */

/* sqlread.c */
char *gen_read(const struct gen *g);
char *gen_resync(const struct gen *g);
char *gen_removals(const struct gen *g);

/* The identities of a batch, from the statement's parameters: i0.., n. */
char *gen_wanted(const struct gen *g);

/* The places of a template that reads what vNext says of the identities w: reading, joins, parent, parent_key, keys. */
struct fragments gen_seen(const struct gen *g);

/* sqlmap.c */
char *gen_reserve(const struct gen *g);
char *gen_mark(const struct gen *g);
char *gen_owner(const struct gen *g);

/* sqlwrite.c */
char *gen_draw(const struct gen *g);
char *gen_missing(const struct gen *g);

/* sqlunique.c */
char *gen_holders(const struct gen *g);
char *gen_yield(const struct gen *g);
char *gen_yielded(const struct gen *g);

/* Parts of the legacy statements, for sqlwrite.c, sqlunique.c, explain_sql.c, sqlcompare.c and sqlglance.c. */

/* sqlrows.c: the rows of the JSON parameter: what r stands for. */
char *gen_rows(const struct gen *g);

/* What is mapped to a target column, and the lookup in legacy that its value goes through; NULL: nothing, none. */
const struct mapping_column *gen_mapped(const struct mapping_entity *e, const char *target);
const struct mapping_lookup *gen_legacy_lookup(const struct mapping_column *c);

/* A JSON string for a column of these types would become a JSON string; it is to be read as the document that it is. */
bool gen_is_json(const struct catalog_column *column);

/* Not as an element of an array of ours: that cannot hold it, or it is a domain, which may refuse the NULL of a row without values. */
static inline bool
gen_is_read_alone(const struct catalog_column *column)
{
    return column->unlisted || (column->exact_type != NULL && strcmp(column->shown_type, column->exact_type) != 0);
}

/* How a document is to be read for `column`, and what is still to be done with `value` then. */
const char *gen_declared(const struct catalog_column *column);
void gen_finished(struct buf *out, const char *value, const struct catalog_column *column);

/* The constants of the removal, typed as their columns are declared: joined as d where a statement may need them. */
char *gen_removed(const struct gen *g);

/* r.k0 is the key of `alias`, column by column. */
void gen_match(struct buf *out, const struct gen *g, const char *alias);

/* What mapped column `i` should hold given r and t: the mapping's value, or the removal's while the row is absent. */
void gen_expected(struct buf *out, const struct gen *g, size_t i);

/* The parent's key. A row that is not present keeps the one it has where its parent has no legacy row: it makes none. */
void gen_parent_key(struct buf *out, const struct mapping_entity *e, const char *column);
char *gen_update(const struct gen *g);
char *gen_insert(const struct gen *g);
char *gen_remove(const struct gen *g);
char *gen_verify(const struct gen *g);

/*
 * The text `value` as the reader of the column's type reads it; NULL for a column that is not of the key where nothing is to be
 * written. And what the lookup in legacy gives for `key`, so read.
 */
void gen_read_alone(struct buf *out, const struct gen *g, const struct catalog_column *column, const char *value);
void gen_looked_up(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *key);

/* The places of a template that joins the rows of $1 to legacy rows: rows, removed, target, first_key, match. */
struct fragments gen_written(const struct gen *g);

/* What the removal puts into `column`; false when it leaves that alone. */
bool gen_removed_value(struct buf *out, const struct gen *g, const char *column);

/* sqlcompare.c */

/*
 * For a walk over `key` of `t` in its order, as key_columns, position (of $1) and last (of $3): its columns, and the same from
 * a text[].
 */
void gen_order(struct fragments *f, const struct mapping_names *key, const struct catalog_table *t, const char *alias);

/* The key column, as text, as a source row would have it: a lookup of the legacy database is undone. */
void gen_key_asked(struct buf *out, const struct gen *g, size_t i);

/* sqlglance.c */
char *gen_middle(const struct mapping_table *table, const struct mapping_names *key, const struct catalog_table *t);
char *gen_glance_vnext(const struct gen *g);
char *gen_glance_legacy(const struct gen *g);
char *gen_glance_keys(const struct gen *g);

/* sqlactive.c */

/* Over the source's bare columns: the row is present, and not as its removal would leave its legacy row. */
void gen_active(struct buf *out, const struct gen *g);

/* Over t: not as a removal leaves it, by the constants that it sets; where it sets only times, by these. */
void gen_active_there(struct buf *out, const struct gen *g);

/* sqlvalue.c */

/* The column is part of the target key, which the statements carry by itself. */
static inline bool
gen_is_key(const struct mapping_entity *e, const char *column)
{
    return slots_is_key(e, column);
}

/* The parent's target key is a column like the mapped ones, not part of the target key. */
bool gen_writes_parent(const struct mapping_entity *e);

/* What the mapping reads from the source row for `v`, over its bare columns; false when it reads nothing. */
bool gen_input(struct buf *out, const struct mapping_value *v);

/*
 * The text of what `c` becomes, as vNext can tell, from `input`. A lookup in the legacy database leaves the key as it
 * is. `length` is where a cut applies (gen_length()); 0: nowhere.
 */
void gen_text(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *input, int length);

/* Where the value of `c` is cut: its truncate, or the declared length where its unique rule cuts; 0: nowhere. */
int gen_length(const struct gen *g, const struct mapping_column *c);

/*
 * The text of what a lookup gives for `key` (SQL, of the key's type); it fails by name when there is no row. `present`
 * (SQL, a boolean; NULL: always) is for a lookup that gives its key back: where it is false a missing row gives the key.
 */
void gen_lookup(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *key,
                const char *present);

/* ", " before each item but the first. */
void gen_comma(struct buf *out);

void gen_set_ident(struct fragments *f, const char *name, const char *ident);
void gen_set_literal(struct fragments *f, const char *name, const char *text);
void gen_set_table(struct fragments *f, const char *name, const struct mapping_table *t);

/* Fills `template` and frees the fragments. */
char *gen_fill(const char *template, struct fragments *f);

#endif
