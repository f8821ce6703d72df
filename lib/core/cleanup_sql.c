/* cleanup_sql.c - the statements of `rollback cleanup`; see dualwrite/cleanup_sql.h. */
#include "dualwrite/cleanup_sql.h"

#include <stdlib.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"

static void
set_catalog_table(struct fragments *f, const char *name, const struct catalog_table *t)
{
    struct buf out = {0};

    quote_qualified(&out, t->schema, t->name);
    fragments_take(f, name, buf_steal(&out));
}

/* ALIAS."a", ALIAS."b" */
static void
list(struct buf *out, const struct mapping_names *names, const char *alias, const char *cast)
{
    for (size_t i = 0; i < names->count; i++) {
        buf_printf(out, "%s%s.", i == 0 ? "" : ", ", alias);
        quote_ident(out, names->items[i]);
        buf_puts(out, cast);
    }
}

/* (ALIAS."a", ALIAS."b") IN (the keys from parameter `first` on), read as the columns of `table` are declared. */
static void
among(struct buf *out, const char *alias, const struct catalog_table *table, const struct mapping_names *names,
      size_t first, const char *in)
{
    buf_putc(out, '(');
    list(out, names, alias, "");
    buf_printf(out, ") %s (SELECT ", in);
    for (size_t i = 0; i < names->count; i++)
        buf_printf(out, "%sw.k%zu::%s", i == 0 ? "" : ", ", i, catalog_column(table, names->items[i])->type);
    buf_puts(out, " FROM unnest(");
    for (size_t i = 0; i < names->count; i++)
        buf_printf(out, "%s$%zu::pg_catalog.text[]", i == 0 ? "" : ", ", first + i);
    buf_puts(out, ") w(");
    for (size_t i = 0; i < names->count; i++)
        buf_printf(out, "%sk%zu", i == 0 ? "" : ", ", i);
    buf_puts(out, "))");
}

static char *
rows(const struct cleanup_asked *asked, struct buf *where)
{
    struct fragments f = {0};
    struct buf keys = {0}, order = {0}, shown = {0};

    list(&keys, asked->key, "t", "::pg_catalog.text");
    list(&order, asked->key, "t", "");
    if (asked->shown == NULL) {
        buf_puts(&shown, "NULL::pg_catalog.text");
    } else {
        buf_puts(&shown, "t.");
        quote_ident(&shown, asked->shown);
        buf_puts(&shown, "::pg_catalog.text");
    }
    fragments_take(&f, "keys", buf_steal(&keys));
    fragments_take(&f, "order", buf_steal(&order));
    fragments_take(&f, "shown", buf_steal(&shown));
    fragments_take(&f, "where", buf_steal(where));
    fragments_set(&f, "lock", asked->lock ? " FOR UPDATE OF t" : "");
    set_catalog_table(&f, "table", asked->table);
    return gen_fill(sql_cleanup_rows, &f);
}

char *
cleanup_like_sql(const struct cleanup_asked *asked, const char *column)
{
    struct buf where = {0};

    buf_puts(&where, "t.");
    quote_ident(&where, column);
    buf_puts(&where, "::pg_catalog.text LIKE $1::pg_catalog.text");
    return rows(asked, &where);
}

char *
cleanup_rows_sql(const struct cleanup_asked *asked, const struct mapping_names *by, const struct mapping_names *or_by)
{
    struct buf where = {0};

    among(&where, "t", asked->table, by, 1, "IN");
    if (or_by != NULL) {
        buf_puts(&where, " OR ");
        among(&where, "t", asked->table, or_by, by->count + 1, "IN");
    }
    return rows(asked, &where);
}

char *
cleanup_total_sql(const struct catalog_table *table)
{
    struct fragments f = {0};

    set_catalog_table(&f, "table", table);
    return gen_fill(sql_cleanup_total, &f);
}

char *
cleanup_delete_sql(const struct catalog_table *table, const struct mapping_names *key)
{
    struct fragments f = {0};
    struct buf where = {0};

    among(&where, "t", table, key, 1, "IN");
    fragments_take(&f, "where", buf_steal(&where));
    set_catalog_table(&f, "table", table);
    return gen_fill(sql_cleanup_delete, &f);
}

char *
cleanup_referring_sql(const struct cleanup_foreign *foreign, const struct catalog_table *table,
                      const struct mapping_names *key, const struct catalog_table *also,
                      const struct mapping_names *also_key)
{
    struct fragments f = {0};
    struct buf columns = {0}, referenced = {0}, where = {0}, others = {0};

    list(&columns, &foreign->columns, "r", "");
    list(&referenced, &foreign->referenced, "t", "");
    among(&where, "t", table, key, 1, "IN");
    if (also != NULL) {
        buf_puts(&others, " AND ");
        among(&others, "r", also, also_key, key->count + 1, "NOT IN");
    }
    fragments_take(&f, "columns", buf_steal(&columns));
    fragments_take(&f, "referenced", buf_steal(&referenced));
    fragments_take(&f, "where", buf_steal(&where));
    fragments_take(&f, "others", buf_steal(&others));
    set_catalog_table(&f, "table", table);
    gen_set_table(&f, "referring", &foreign->referring);
    return gen_fill(sql_cleanup_referring, &f);
}

char *
cleanup_events_sql(bool delete)
{
    struct fragments f = {0};

    fragments_set(&f, "verb", delete ? "DELETE FROM" : "SELECT FROM");
    fragments_set(&f, "returning", delete ? " RETURNING 1" : "");
    return gen_fill(sql_cleanup_events, &f);
}
