/* check_sql.c - statements that look at the data of one entity; see dualwrite/check_sql.h. */
#include "dualwrite/check_sql.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_node.h"
#include "dualwrite/quote.h"
#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

static char *
fill(const char *template, struct fragments *f)
{
    struct buf out = {0};

    template_fill(&out, template, f);
    fragments_free(f);
    return buf_steal(&out);
}

static void
take_table(struct fragments *f, const char *name, const struct catalog_table *t)
{
    struct buf out = {0};

    quote_qualified(&out, t->schema, t->name);
    fragments_take(f, name, buf_steal(&out));
}

static void
take_ident(struct fragments *f, const char *name, const char *ident)
{
    struct buf out = {0};

    quote_ident(&out, ident);
    fragments_take(f, name, buf_steal(&out));
}

static void
take_limit(struct fragments *f, const struct check_subject *s)
{
    struct buf out = {0};

    if (s->limit > 0)
        buf_printf(&out, "LIMIT %lld", (long long) s->limit);
    fragments_take(f, "limit", buf_steal(&out));
}

/* PREFIX."a"::text, or several of them with commas between, as one text. */
static void
take_key(struct fragments *f, const char *name, const struct mapping_names *key, const char *prefix)
{
    struct buf out = {0};

    buf_puts(&out, key->count == 1 ? "" : "pg_catalog.concat_ws(','");
    for (size_t i = 0; i < key->count; i++) {
        buf_printf(&out, "%s%s", key->count == 1 ? "" : ", ", prefix);
        quote_ident(&out, key->items[i]);
        buf_puts(&out, "::pg_catalog.text");
    }
    buf_puts(&out, key->count == 1 ? "" : ")");
    fragments_take(f, name, buf_steal(&out));
}

char *
check_sql_begin(int64_t statement_timeout_ms)
{
    struct fragments f = {0};
    struct buf ms = {0};

    buf_printf(&ms, "%lld", (long long) statement_timeout_ms);
    fragments_take(&f, "timeout", buf_steal(&ms));
    return fill(sql_check_begin, &f);
}

/* ---- expressions ---- */

static struct fragments
expression(const struct check_subject *s, size_t i)
{
    struct fragments f = {0};

    fragments_set(&f, "expression", s->columns[i].value->text);
    take_table(&f, "source", s->source);
    take_limit(&f, s);
    return f;
}

char *
check_sql_explain(const struct check_subject *s, size_t i)
{
    struct fragments f = expression(s, i);

    return fill(sql_check_explain, &f);
}

char *
check_sql_expression(const struct check_subject *s, size_t i)
{
    struct fragments f = expression(s, i);

    return fill(sql_check_expression, &f);
}

/* A delimiter that nothing in the body contains. */
static void
take_quote(struct fragments *f)
{
    struct buf quote = {0};
    bool taken = true;

    for (int n = 0; taken; n++) {
        buf_clear(&quote);
        buf_printf(&quote, "$check%d$", n);
        taken = false;
        for (size_t i = 0; i < f->count; i++)
            taken = taken || strstr(f->items[i].text, buf_text(&quote)) != NULL;
    }
    fragments_take(f, "quote", buf_steal(&quote));
}

char *
check_sql_failing(const struct check_subject *s, size_t i)
{
    struct fragments f = expression(s, i);

    take_key(&f, "key", &s->e->source_key, "");
    take_quote(&f);
    return fill(sql_check_failing, &f);
}

/* ---- values ---- */

char *
check_sql_scan(const struct check_subject *s, const struct check_condition *items, size_t count)
{
    struct fragments f = {0};
    struct buf counts = {0};
    struct buf rows = {0};

    for (size_t i = 0; i < count; i++) {
        buf_printf(&counts,
                   ",\n    pg_catalog.count(*) FILTER (WHERE x.p AND (%s)) AS c%zu,"
                   " pg_catalog.min(x.k) FILTER (WHERE x.p AND (%s)) AS k%zu,"
                   " pg_catalog.min(pg_catalog.\"left\"(x.r%zu, 40)) FILTER (WHERE x.p AND (%s)) AS v%zu",
                   items[i].sql, i, items[i].sql, i, items[i].column, items[i].sql, i);
    }
    check_rows(&rows, s);
    fragments_take(&f, "counts", buf_steal(&counts));
    fragments_take(&f, "rows", buf_steal(&rows));
    return fill(sql_check_scan, &f);
}

char *
check_sql_fits(const struct catalog_column *column)
{
    struct fragments f = {0};
    struct buf declared = {0};
    bool json = strcmp(column->base, "json") == 0 || strcmp(column->base, "jsonb") == 0;

    /* a JSON string would go into a JSON column as it is, whatever it holds */
    buf_printf(&declared, "f %s", json ? "pg_catalog.text" : column->shown_type);
    fragments_take(&f, "declared", buf_steal(&declared));
    buf_printf(&declared, ", pg_catalog.count(r.f::%s)", column->type);
    fragments_set(&f, "read", json ? buf_text(&declared) : "");
    buf_free(&declared);
    return fill(sql_check_fits, &f);
}

/* What of column `i` an index must be on: the source column, or the expression, cut where it may be longer. */
static void
indexed(struct buf *out, const struct check_subject *s, size_t i)
{
    const struct check_column *column = &s->columns[i];
    int cut = column->value->truncate > 0 ? column->value->truncate : column->to->length;
    struct check_subject uncut = *s;
    struct mapping_value value = *column->value;
    struct check_column plain = *column;

    value.truncate = 0;
    value.unique = UNIQUE_FAIL;
    plain.value = &value;
    uncut.columns = &plain;
    if (cut > 0 && check_longest(&uncut, 0) > cut)
        buf_puts(out, "pg_catalog.\"left\"(");
    else
        cut = 0;
    if (column->value->kind == VALUE_COLUMN)
        quote_ident(out, column->value->text);
    else
        buf_printf(out, "(%s\n)", column->value->text);
    if (cut > 0)
        buf_printf(out, "::pg_catalog.text, %d)", cut);
}

char *
check_sql_same_value(const struct check_subject *s, size_t i)
{
    struct fragments f = {0};
    struct buf out = {0};

    take_table(&f, "source", s->source);
    indexed(&out, s, i);
    fragments_take(&f, "indexed", buf_steal(&out));
    return fill(sql_check_same_value, &f);
}

char *
check_sql_suffix_index(const struct check_subject *s, size_t i)
{
    struct buf out = {0};

    buf_puts(&out, "CREATE INDEX CONCURRENTLY ON ");
    quote_qualified(&out, s->source->schema, s->source->name);
    buf_puts(&out, " (");
    indexed(&out, s, i);
    buf_puts(&out, ");");
    return buf_steal(&out);
}

/* ---- the map ---- */

/* m is the map row of s. Else texts, because a map may hold a key in a column of another type. */
static void
same_source(struct buf *out, const struct check_subject *s)
{
    for (size_t i = 0; i < s->e->source_key.count; i++) {
        const char *source = s->e->source_key.items[i], *map = s->e->map->source_key.items[i];
        const char *as = check_same_type(s->source, source, s->map, map) != NULL ? "" : "::pg_catalog.text";

        buf_puts(out, i == 0 ? "s." : " AND s.");
        quote_ident(out, source);
        buf_printf(out, "%s = m.", as);
        quote_ident(out, map);
        buf_puts(out, as);
    }
}

static char *
map_gone(const struct check_subject *s)
{
    struct fragments f = {0};
    struct buf same = {0};

    take_table(&f, "map", s->map);
    take_table(&f, "source", s->source);
    same_source(&same, s);
    fragments_take(&f, "same", buf_steal(&same));
    return fill(sql_check_map_gone, &f);
}

/* Nothing is counted that a unique index rules out; that of a table says nothing of those that inherit from it. */
static char *
map_twice(const struct check_subject *s, char *const *key, size_t count)
{
    struct fragments f = {0};
    struct buf columns = {0};
    bool filled = !s->map->has_children;

    for (size_t i = 0; i < count; i++) {
        const struct catalog_column *column = catalog_column(s->map, key[i]);

        filled = filled && column != NULL && column->not_null;
        buf_puts(&columns, i == 0 ? "m." : ", m.");
        quote_ident(&columns, key[i]);
    }
    if (filled && catalog_is_unique(s->map, key, count, true)) {
        buf_free(&columns);
        return xstrdup("0");
    }
    take_table(&f, "map", s->map);
    fragments_take(&f, "key", buf_steal(&columns));
    return fill(sql_check_map_twice, &f);
}

char *
check_sql_map_facts(const struct check_subject *s, bool gone)
{
    const struct mapping_map *map = s->e->map;
    struct fragments f = {0};

    take_table(&f, "map", s->map);
    fragments_take(&f, "source_twice", map_twice(s, map->source_key.items, map->source_key.count));
    fragments_take(&f, "target_twice", map_twice(s, &map->target_key, 1));
    fragments_take(&f, "source_gone", gone ? map_gone(s) : xstrdup("0"));
    return fill(sql_check_map_facts, &f);
}

char *
check_sql_map_stream(const struct check_subject *s)
{
    struct fragments f = {0};

    take_table(&f, "map", s->map);
    take_key(&f, "key", &s->e->map->source_key, "m.");
    take_ident(&f, "target_key", s->e->map->target_key);
    take_limit(&f, s);
    return fill(sql_check_map_stream, &f);
}

char *
check_sql_map_orphans(const struct check_subject *s)
{
    struct fragments f = {0};

    take_table(&f, "target", s->target);
    take_ident(&f, "target_key", s->e->target_key.items[0]);
    fragments_set(&f, "type", catalog_column(s->target, s->e->target_key.items[0])->type);
    return fill(sql_check_map_orphans, &f);
}

/* ---- constants ---- */

struct list {
    struct check_constant *items;
    size_t count;
};

/* How many bytes the first `characters` of UTF-8 text take; 0 characters: all. */
static size_t
first(const char *text, int characters)
{
    size_t len = 0;

    if (characters == 0)
        return strlen(text);
    for (; text[len] != '\0'; len++)
        if (((unsigned char) text[len] & 0xc0) != 0x80 && characters-- == 0)
            break;
    return len;
}

/* `key` is at its place in the JSON object at `path`; NULL text is SQL NULL, which mapping_check() judges. */
static void
add(struct list *list, const char *path, const char *key, const char *text, int truncate,
    const struct catalog_column *column, enum database side)
{
    struct buf at = {0};

    if (text == NULL || column == NULL)
        return;
    buf_puts(&at, path);
    json_path_key(&at, key);
    list->items = xreallocarray(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] =
        (struct check_constant){buf_steal(&at), xstrndup(text, first(text, truncate)), column, side};
}

static void
constants_of(struct list *list, const struct check_column *column)
{
    const struct mapping_value *v = column->value;
    enum database side = column->of_map ? DATABASE_VNEXT : DATABASE_LEGACY;
    struct buf values = {0};

    if (v->kind == VALUE_CONSTANT)
        add(list, column->path, "constant", v->text, 0, column->to, side);
    if (v->kind == VALUE_NOW)
        add(list, column->path, "now", "2026-01-31 12:34:56.789012+00", 0, column->to, side);
    buf_printf(&values, "%s.values", column->path);
    for (size_t i = 0; i < v->nvalues; i++)
        add(list, buf_text(&values), v->values[i].from, v->values[i].to, v->truncate, column->to, side);
    if (v->has_otherwise)
        add(list, column->path, "otherwise", v->otherwise, v->truncate, column->to, side);
    buf_free(&values);
}

struct check_constant *
check_constants(const struct check_subject *s, size_t *count)
{
    struct list list = {0};

    for (size_t i = 0; i < s->count; i++)
        constants_of(&list, &s->columns[i]);
    for (size_t i = 0; i < s->e->removal.set.count; i++) {
        const struct mapping_column *mc = &s->e->removal.set.items[i];
        char *path = check_path(s->e, "removal.set", mc->name);
        struct check_column column = {.path = path, .value = &mc->value, .to = catalog_column(s->target, mc->name)};

        constants_of(&list, &column);
        free(path);
    }
    *count = list.count;
    return list.items;
}

void
check_constants_free(struct check_constant *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].path);
        free(items[i].text);
    }
    free(items);
}
