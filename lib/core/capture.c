/*
 * capture.c - the SQL that `install` executes; see dualwrite/capture.h. How rows are synced is sqlgen.c.
 */
#include "dualwrite/capture.h"

#include <string.h>

#include "dualwrite/expression.h"
#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlgen.h"
#include "dualwrite/template.h"
#include "embedded.h"

const char *
guard_word(enum guard_mode g)
{
    static const char *const words[] = {"on", "record", "off"};

    return words[g];
}

static void
literal(struct fragments *f, const char *name, const char *text)
{
    struct buf out = {0};

    quote_literal(&out, text);
    fragments_take(f, name, buf_steal(&out));
}

static void
ident(struct fragments *f, const char *name, const char *text)
{
    struct buf out = {0};

    quote_ident(&out, text);
    fragments_take(f, name, buf_steal(&out));
}

/* alias."column"::text for each column that an event carries. */
static void
ref_list(struct fragments *f, const char *name, const struct mapping_entity *e, const char *alias)
{
    struct buf out = {0};

    for (size_t i = 0; i < ref_count(e); i++) {
        buf_printf(&out, "%s%s.", i == 0 ? "" : ", ", alias);
        quote_ident(&out, ref_column(e, i));
        buf_puts(&out, "::text");
    }
    fragments_take(f, name, buf_steal(&out));
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
    if (e->present.column != NULL && strcmp(e->present.column, column) == 0)
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

static void
mapped_list(struct fragments *f, const char *name, const struct mapping_entity *e, const struct catalog_table *source,
            const char *alias)
{
    struct buf out = {0};

    for (size_t i = 0; i < source->ncolumns; i++) {
        if (!is_mapped(e, source->columns[i].name, source))
            continue;
        buf_printf(&out, "%s%s.", out.len == 0 ? "" : ", ", alias);
        quote_ident(&out, source->columns[i].name);
    }
    fragments_take(f, name, buf_steal(&out));
}

/* o and n are the same row with the same identity; only a key is never NULL. */
static void
same_row(struct fragments *f, const struct mapping_entity *e)
{
    struct buf out = {0};

    for (size_t i = 0; i < ref_count(e); i++) {
        buf_puts(&out, i == 0 ? "n." : " AND n.");
        quote_ident(&out, ref_column(e, i));
        buf_puts(&out, i < e->source_key.count ? " = o." : " IS NOT DISTINCT FROM o.");
        quote_ident(&out, ref_column(e, i));
    }
    fragments_take(f, "same_row", buf_steal(&out));
}

static void
present(struct fragments *f, const char *name, const struct mapping_entity *e, const char *alias)
{
    struct buf out = {0};

    sql_present(&out, e, alias);
    fragments_take(f, name, buf_steal(&out));
}

static void
function_name(struct fragments *f, const char *fragment, const struct mapping_entity *e, const char *what)
{
    struct buf out = {0};

    buf_printf(&out, "capture_%s_%s", e->name, what);
    fragments_take(f, fragment, buf_steal(&out));
}

/* A delimiter for the functions' bodies that nothing in them contains. */
static void
body_quote(struct fragments *f)
{
    struct buf quote = {0};
    bool taken = true;

    for (int n = 0; taken; n++) {
        buf_clear(&quote);
        buf_printf(&quote, n == 0 ? "$capture$" : "$capture%d$", n);
        taken = false;
        for (size_t i = 0; i < f->count; i++)
            taken = taken || strstr(f->items[i].text, buf_text(&quote)) != NULL;
    }
    fragments_take(f, "quote", buf_steal(&quote));
}

static void
add_function(struct buf *out, struct fragments *f, const struct mapping_entity *e, const char *what,
             const char *changed, const char *events_template)
{
    struct buf events = {0};

    function_name(f, "function", e, what);
    fragments_set(f, "changed", changed);
    template_fill(&events, events_template, f);
    fragments_take(f, "events", buf_steal(&events));
    template_fill(out, sql_capture_function, f);
}

static void
hang_entity(struct buf *out, const struct mapping *m, const struct mapping_entity *e,
            const struct catalog_table *source, const struct install_options *o)
{
    struct fragments f = {0};
    struct buf b = {0};

    buf_printf(&b, "%d", o->partitions);
    fragments_take(&f, "partitions", buf_steal(&b));
    buf_printf(&b, "dualwrite.resync_%s", e->name);
    fragments_take(&f, "resync_mark", buf_steal(&b));
    sql_table(&b, &e->source);
    fragments_take(&f, "source", buf_steal(&b));
    literal(&f, "entity", e->name);
    literal(&f, "channel", m->channel);
    literal(&f, "operation_insert", e->operation_insert);
    literal(&f, "operation_update", e->operation_update);
    literal(&f, "operation_remove", e->operation_remove);
    ident(&f, "key", e->source_key.items[0]);
    ident(&f, "root", ref_root(e));
    ref_list(&f, "new_ref", e, "n");
    ref_list(&f, "old_ref", e, "o");
    mapped_list(&f, "old_mapped", e, source, "o");
    mapped_list(&f, "new_mapped", e, source, "n");
    present(&f, "old_present", e, "o");
    present(&f, "new_present", e, "n");
    same_row(&f, e);
    body_quote(&f);

    add_function(out, &f, e, "insert", "new_rows", sql_capture_inserted);
    add_function(out, &f, e, "update", "new_rows", sql_capture_updated);
    add_function(out, &f, e, "delete", "old_rows", sql_capture_deleted);
    function_name(&f, "function", e, "truncate");
    template_fill(out, sql_capture_truncated, &f);
    function_name(&f, "on_insert", e, "insert");
    function_name(&f, "on_update", e, "update");
    function_name(&f, "on_delete", e, "delete");
    function_name(&f, "on_truncate", e, "truncate");
    template_fill(out, sql_capture_triggers, &f);
    fragments_free(&f);
}

static void
hang_guard(struct buf *out, const struct mapping_entity *e, enum guard_mode guard)
{
    struct fragments f = {0};
    struct buf b = {0};

    sql_table(&b, &e->target);
    fragments_take(&f, "target", buf_steal(&b));
    if (guard == GUARD_ON)
        template_fill(out, sql_capture_guard_refuse, &f);
    if (guard != GUARD_OFF)
        template_fill(out, sql_capture_guard_record, &f);
    fragments_free(&f);
}

void
capture_hang_sql(struct buf *out, const struct mapping *m, const struct catalog *c, const struct install_options *o)
{
    for (int p = 0; p < o->partitions; p++)
        buf_printf(out, "CREATE SEQUENCE IF NOT EXISTS dualwrite.doorbell_%d MINVALUE 0 START 0;\n", p);
    for (size_t i = 0; i < m->count; i++)
        buf_printf(out, "CREATE SEQUENCE IF NOT EXISTS dualwrite.resync_%s MINVALUE 0 START 1;\n", m->entities[i].name);
    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];

        hang_entity(out, m, e, catalog_table(c, e->source.schema, e->source.name), o);
        hang_guard(out, e, o->guard);
    }
    buf_puts(out, "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;\n");
}

void
capture_schema_sql(struct buf *out, const struct install_options *o)
{
    const struct fragments none = {0};

    template_fill(out, sql_install_roles, &none);
    if (o->installed_version < 1)
        template_fill(out, sql_install_001_base, &none);
}

void
capture_release_sql(struct buf *out)
{
    const struct fragments none = {0};

    template_fill(out, sql_capture_release, &none);
}

static void
setting(struct buf *out, const char *key, const char *value)
{
    buf_puts(out, "INSERT INTO dualwrite.setting AS s (key, value) VALUES (");
    quote_literal(out, key);
    buf_puts(out, ", ");
    quote_literal(out, value);
    buf_puts(out, ") ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, "
                  "changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;\n");
}

static void
setting_int(struct buf *out, const char *key, int value)
{
    struct buf text = {0};

    buf_printf(&text, "%d", value);
    setting(out, key, buf_text(&text));
    buf_free(&text);
}

static void
grant(struct buf *out, const char *rights, const struct mapping_table *t)
{
    buf_printf(out, "GRANT %s ON ", rights);
    sql_table(out, t);
    buf_puts(out, " TO dualwrite_daemon;\n");
}

static void
grant_schema(struct buf *out, const struct mapping_table *t)
{
    buf_puts(out, "GRANT USAGE ON SCHEMA ");
    quote_ident(out, t->schema);
    buf_puts(out, " TO dualwrite_daemon;\n");
}

static void
grant_entity(struct buf *out, const struct mapping_entity *e, const struct catalog *c)
{
    const struct catalog_table *target = catalog_table(c, e->target.schema, e->target.name);

    grant_schema(out, &e->source);
    grant(out, "SELECT", &e->source);
    grant_schema(out, &e->target);
    grant(out, e->removal.kind == REMOVAL_DELETE ? "SELECT, INSERT, UPDATE, DELETE" : "SELECT, INSERT, UPDATE",
          &e->target);
    if (target->sequence != NULL)
        buf_printf(out, "GRANT USAGE ON SEQUENCE %s TO dualwrite_daemon;\n", target->sequence);
    if (e->map != NULL) {
        const struct catalog_table *map = catalog_table(c, e->map->table.schema, e->map->table.name);

        grant_schema(out, &e->map->table);
        grant(out, "SELECT, INSERT, UPDATE", &e->map->table);
        if (map->sequence != NULL)
            buf_printf(out, "GRANT USAGE ON SEQUENCE %s TO dualwrite_daemon;\n", map->sequence);
    }
}

static void
forget(struct buf *out, const struct mapping *m)
{
    struct fragments f = {0};
    struct buf names = {0};

    for (size_t i = 0; i < m->count; i++) {
        buf_puts(&names, i == 0 ? "" : ", ");
        quote_literal(&names, m->entities[i].name);
    }
    fragments_take(&f, "entities", buf_steal(&names));
    body_quote(&f);
    template_fill(out, sql_install_forget, &f);
    fragments_free(&f);
}

void
capture_publish_sql(struct buf *out, const struct mapping *m, const struct catalog *c, const struct install_options *o,
                    const char *hang_digest, const char *ref_layout)
{
    for (size_t i = 0; i < m->count; i++)
        grant_entity(out, &m->entities[i], c);
    for (int p = 0; p < o->partitions; p++)
        buf_printf(out, "GRANT SELECT, UPDATE ON SEQUENCE dualwrite.doorbell_%d TO dualwrite_daemon;\n", p);
    for (size_t i = 0; i < m->count; i++) {
        buf_printf(out, "GRANT SELECT ON SEQUENCE dualwrite.resync_%s TO dualwrite_daemon;\n", m->entities[i].name);
        buf_puts(out, "INSERT INTO dualwrite.resync (entity) VALUES (");
        quote_literal(out, m->entities[i].name);
        buf_puts(out, ") ON CONFLICT DO NOTHING;\n");
    }
    forget(out, m);
    if (o->installed_version == 0)
        buf_printf(out, "SELECT pg_catalog.setval('dualwrite.outbox_ceiling', %lld);\n", (long long) o->outbox_max);
    setting_int(out, "schema_version", CAPTURE_SCHEMA_VERSION);
    setting_int(out, "partitions", o->partitions);
    setting(out, "guard", guard_word(o->guard));
    setting(out, "channel", m->channel);
    setting(out, "mapping_digest", o->mapping_digest);
    setting(out, "hang_digest", hang_digest);
    setting(out, "ref_layout", ref_layout);
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        buf_puts(out, "UPDATE dualwrite.flag SET published = ");
        quote_literal(out, o->flags.value[f]);
        buf_puts(out, ", published_at = pg_catalog.now(), published_by = session_user WHERE flag = ");
        quote_literal(out, flag_name(f));
        buf_puts(out, " AND published <> ");
        quote_literal(out, o->flags.value[f]);
        buf_puts(out, ";\n");
    }
}

void
capture_uninstall_sql(struct buf *out)
{
    const struct fragments none = {0};

    template_fill(out, sql_install_revoke, &none);
    template_fill(out, sql_capture_release, &none);
    template_fill(out, sql_install_001_base_undo, &none);
    template_fill(out, sql_install_roles_undo, &none);
}
