/* stage_sql.c - the statements of the failure simulation; see dualwrite/stage_sql.h. */
#include "dualwrite/stage_sql.h"

#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/quote.h"
#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define MARK " (failure test)"

static bool
has(const struct mapping_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

static bool
is(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

/* Copied as it is, and nothing but the value hangs on it. */
static bool
is_plain(const struct mapping_entity *e, const struct mapping_column *c)
{
    const struct mapping_value *v = &c->value;

    return v->kind == VALUE_COLUMN && !v->insert_only && v->nvalues == 0 && v->lookup == NULL && v->truncate == 0 &&
           v->unique == UNIQUE_FAIL && !has(&e->source_key, v->text) && !has(&e->identity, v->text) &&
           !has(&e->target_key, c->name) && !is(e->present.column, v->text) && !is(e->latest_by, v->text);
}

const struct mapping_column *
stage_column(const struct mapping_entity *e, size_t *at)
{
    while (*at < e->columns.count) {
        const struct mapping_column *c = &e->columns.items[(*at)++];

        if (is_plain(e, c))
            return c;
    }
    return NULL;
}

static char *
texts(const struct mapping_names *names, const char *alias)
{
    struct buf out = {0};

    for (size_t i = 0; i < names->count; i++) {
        buf_printf(&out, "%s%s.", i == 0 ? "" : ", ", alias);
        quote_ident(&out, names->items[i]);
        buf_puts(&out, "::pg_catalog.text");
    }
    return buf_steal(&out);
}

/* ALIAS."a" = $first AND ... */
static char *
match(const struct mapping_names *names, const char *alias, size_t first)
{
    struct buf out = {0};

    for (size_t i = 0; i < names->count; i++) {
        buf_printf(&out, "%s%s.", i == 0 ? "" : " AND ", alias);
        quote_ident(&out, names->items[i]);
        buf_printf(&out, " = $%zu", first + i);
    }
    return buf_steal(&out);
}

static void
set_ident(struct fragments *f, const char *name, const char *ident)
{
    struct buf out = {0};

    quote_ident(&out, ident);
    fragments_take(f, name, buf_steal(&out));
}

static void
set_table(struct fragments *f, const char *name, const struct mapping_table *table)
{
    struct buf out = {0};

    quote_qualified(&out, table->schema, table->name);
    fragments_take(f, name, buf_steal(&out));
}

static char *
fill(const char *template, struct fragments *f)
{
    struct buf out = {0};

    template_fill(&out, template, f);
    fragments_free(f);
    return buf_steal(&out);
}

/* The map gives the legacy key; without one the source row's identity is it. */
static void
set_shadow(struct fragments *f, const struct mapping_entity *e)
{
    struct buf join = {0}, shadow = {0};

    if (e->map == NULL) {
        fragments_set(f, "join", "");
        fragments_take(f, "shadow", texts(&e->identity, "source"));
        return;
    }
    buf_puts(&join, "JOIN ");
    quote_qualified(&join, e->map->table.schema, e->map->table.name);
    buf_puts(&join, " AS map ON ");
    for (size_t i = 0; i < e->source_key.count; i++) {
        buf_puts(&join, i == 0 ? "map." : " AND map.");
        quote_ident(&join, e->map->source_key.items[i]);
        buf_puts(&join, " = source.");
        quote_ident(&join, e->source_key.items[i]);
    }
    buf_puts(&shadow, "map.");
    quote_ident(&shadow, e->map->target_key);
    buf_puts(&shadow, "::pg_catalog.text");
    fragments_take(f, "join", buf_steal(&join));
    fragments_take(f, "shadow", buf_steal(&shadow));
}

char *
stage_find_sql(const struct mapping_entity *e, const struct mapping_column *c)
{
    struct fragments f = {0};

    fragments_take(&f, "key", texts(&e->source_key, "source"));
    set_shadow(&f, e);
    set_ident(&f, "column", c->value.text);
    set_table(&f, "source", &e->source);
    return fill(sql_stage_find, &f);
}

static char *
target_sql(const char *template, const struct mapping_entity *e, const struct mapping_column *c)
{
    struct fragments f = {0};

    set_ident(&f, "target_column", c->name);
    set_table(&f, "target", &e->target);
    fragments_take(&f, "match", match(&e->target_key, "target", 1));
    return fill(template, &f);
}

char *
stage_lock_sql(const struct mapping_entity *e, const struct mapping_column *c)
{
    return target_sql(sql_stage_lock, e, c);
}

char *
stage_look_sql(const struct mapping_entity *e, const struct mapping_column *c)
{
    return target_sql(sql_stage_look, e, c);
}

char *
stage_touch_sql(const struct mapping_entity *e, const struct mapping_column *c)
{
    struct fragments f = {0};

    set_ident(&f, "column", c->value.text);
    set_table(&f, "source", &e->source);
    fragments_take(&f, "match", match(&e->source_key, "source", 2));
    return fill(sql_stage_touch, &f);
}

char *
stage_marked(const char *value)
{
    const size_t len = strlen(value);
    struct buf out = {0};

    if (len > strlen(MARK) && strcmp(value + len - strlen(MARK), MARK) == 0)
        return xstrndup(value, len - strlen(MARK));
    buf_printf(&out, "%s" MARK, value);
    return buf_steal(&out);
}
