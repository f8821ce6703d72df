/* capture_read.c - how the capture functions read a row of the source; see dualwrite/capture_read.h. */
#include "dualwrite/capture_read.h"

#include <string.h>

#include "dualwrite/expression.h"
#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlgen.h"

static void
qualified(struct buf *out, const char *alias, const char *column)
{
    buf_printf(out, "%s.", alias);
    quote_ident(out, column);
}

void
capture_read_ref(struct buf *out, const struct mapping_entity *e, const char *alias)
{
    for (size_t i = 0; i < ref_count(e); i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        qualified(out, alias, ref_column(e, i));
        buf_puts(out, "::text");
    }
}

/*
 * 16384 is FirstNormalObjectId: below it are the server's own types. Of others, a superuser makes base types, and anybody
 * arrays, composite types, enums and ranges. A domain has the category of what it stands for, and no casts of its own. Looking
 * a type up costs more than all the rest, so that is only for a column that had another than the server's (with a schema in
 * its name) when this was made. A subquery for one value, because EXISTS could become a join that reads all rows.
 */
void
capture_read_known(struct buf *out, const struct mapping_entity *e, const struct catalog_table *source,
                   const char *alias)
{
    for (size_t i = 0; i < ref_count(e); i++) {
        const char *name = ref_column(e, i);
        const struct catalog_column *column = catalog_column(source, name);
        bool looked_up = column != NULL && strchr(column->shown_type, '.') != NULL &&
                         strncmp(column->shown_type, "pg_catalog.", 11) != 0;

        buf_puts(out, i == 0 ? "" : "\n    AND ");
        if (looked_up)
            buf_puts(out, "(SELECT t.typcategory NOT IN ('A', 'C', 'E', 'R') FROM pg_catalog.pg_type t WHERE t.oid = ");
        buf_puts(out, "pg_typeof(");
        qualified(out, alias, name);
        buf_puts(out, looked_up ? "))" : ")::oid < 16384");
    }
}

/* What the column's value is as text. Output functions and casts to text differ for two types that such columns have. */
static void
as_text(struct buf *out, const struct catalog_column *column, const char *alias)
{
    bool is_bool = strcmp(column->base, "bool") == 0;
    bool padded = strcmp(column->base, "bpchar") == 0;

    buf_puts(out, is_bool ? "CASE format('%s', " : padded ? "rtrim(format('%s', " : "format('%s', ");
    qualified(out, alias, column->name);
    buf_puts(out, is_bool ? ") WHEN 't' THEN 'true' ELSE 'false' END" : padded ? "), ' ')" : ")");
}

void
capture_read_present(struct buf *out, const struct mapping_entity *e, const struct catalog_table *source,
                     const char *alias)
{
    const struct catalog_column *column;

    if (e->present.kind != PRESENT_IN) {
        sql_present(out, e, alias);
        return;
    }
    column = catalog_column(source, e->present.column);
    buf_putc(out, '(');
    qualified(out, alias, e->present.column);
    buf_puts(out, " IS NOT NULL AND ");
    as_text(out, column, alias);
    buf_puts(out, " IN (");
    for (size_t i = 0; i < e->present.values.count; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        quote_literal(out, e->present.values.items[i]);
    }
    buf_puts(out, "))");
}

static bool
value_reads(const struct mapping_value *v, const char *column, const struct catalog_table *source)
{
    bool whole_row = v->kind == VALUE_EXPRESSION && expression_reads(v->text, source->name);

    if (v->insert_only)
        return false;
    if (v->kind == VALUE_COLUMN)
        return strcmp(v->text, column) == 0;
    if (v->kind != VALUE_EXPRESSION)
        return false;
    for (size_t i = 0; i < source->ncolumns && !whole_row; i++)
        if (expression_reads(v->text, source->columns[i].name))
            return expression_reads(v->text, column);
    return true;
}

/* A change of `column` may change the legacy row. Key and identity columns are compared by the join instead. */
static bool
is_mapped(const struct mapping_entity *e, const char *column, const struct catalog_table *source)
{
    if (e->present.kind != PRESENT_ALWAYS && strcmp(e->present.column, column) == 0)
        return true;
    if (e->parent != NULL && strcmp(e->parent->column, column) == 0)
        return true;
    if (e->map == NULL && e->latest_by != NULL && strcmp(e->latest_by, column) == 0)
        return true; /* it decides which of several rows speaks */
    for (size_t i = 0; i < e->columns.count; i++)
        if (value_reads(&e->columns.items[i].value, column, source))
            return true;
    return false;
}

void
capture_read_mapped(struct buf *out, const struct mapping_entity *e, const struct catalog_table *source,
                    const char *alias)
{
    bool first = true;

    for (size_t i = 0; i < source->ncolumns; i++) {
        if (!is_mapped(e, source->columns[i].name, source))
            continue;
        buf_puts(out, first ? "" : ", ");
        qualified(out, alias, source->columns[i].name);
        first = false;
    }
}
