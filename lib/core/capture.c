/*
 * capture.c - the SQL that `install` executes; see dualwrite/capture.h. How rows are synced is sqlgen.c.
 */
#include "dualwrite/capture.h"

#include <string.h>

#include "dualwrite/capture_read.h"
#include "dualwrite/grants.h"
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

const char *
side_word(enum install_side s)
{
    static const char *const words[] = {"both", "vnext", "legacy"};

    return words[s];
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

static bool
is_identity(const struct mapping_entity *e, const char *column)
{
    for (size_t i = 0; i < e->identity.count; i++)
        if (strcmp(e->identity.items[i], column) == 0)
            return true;
    return false;
}

/*
 * o and n are the same row with the same identity; only a key is never NULL. Another parent makes no other legacy row of one
 * that has a map of its own.
 */
static void
same_row(struct fragments *f, const struct mapping_entity *e)
{
    struct buf out = {0};

    for (size_t i = 0; i < ref_count(e); i++) {
        if (i >= e->source_key.count && !is_identity(e, ref_column(e, i)))
            continue;
        buf_puts(&out, i == 0 ? "n." : " AND n.");
        quote_ident(&out, ref_column(e, i));
        buf_puts(&out, i < e->source_key.count ? " = o." : " IS NOT DISTINCT FROM o.");
        quote_ident(&out, ref_column(e, i));
    }
    fragments_take(f, "same_row", buf_steal(&out));
}

/* What the functions read of a row before and after the statement. */
static void
row_parts(struct fragments *f, const struct mapping_entity *e, const struct catalog_table *source)
{
    static const struct {
        const char *alias, *ref, *present, *mapped, *known;
    } rows[] = {{"o", "old_ref", "old_present", "old_mapped", "old_known"},
                {"n", "new_ref", "new_present", "new_mapped", "new_known"},
                {"c", NULL, NULL, NULL, "changed_known"}};
    struct buf out = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        capture_read_known(&out, e, source, rows[i].alias);
        fragments_take(f, rows[i].known, buf_steal(&out));
        if (rows[i].ref == NULL)
            continue;
        capture_read_ref(&out, e, rows[i].alias);
        fragments_take(f, rows[i].ref, buf_steal(&out));
        capture_read_present(&out, e, source, rows[i].alias);
        fragments_take(f, rows[i].present, buf_steal(&out));
        capture_read_mapped(&out, e, source, rows[i].alias);
        fragments_take(f, rows[i].mapped, buf_steal(&out));
    }
}

static void
function_name(struct fragments *f, const char *fragment, const struct mapping_entity *e, const char *what)
{
    struct buf out = {0};

    buf_printf(&out, "capture_%s_%s", e->name, what);
    fragments_take(f, fragment, buf_steal(&out));
}

/* Of the entity, because several may read one table. An entity's name has at most 40 characters, so that it fits. */
static void
trigger_name(struct fragments *f, const char *fragment, const struct mapping_entity *e, const char *what)
{
    struct buf out = {0};

    buf_printf(&out, "zz_dualwrite_%s_%s", what, e->name);
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
fill_fragment(struct fragments *f, const char *name, const char *template)
{
    struct buf out = {0};

    template_fill(&out, template, f);
    fragments_take(f, name, buf_steal(&out));
}

/* `changed` is the transition table that has a row for each that the statement touched. */
static void
add_function(struct buf *out, struct fragments *f, const struct mapping_entity *e, const char *what,
             const char *changed, const char *event_template, const char *events_template)
{
    function_name(f, "function", e, what);
    fragments_set(f, "changed", changed);
    fill_fragment(f, "event", event_template);
    fill_fragment(f, "events", events_template);
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
    row_parts(&f, e, source);
    same_row(&f, e);
    fragments_set(&f, "partition", "q.partition");
    fill_fragment(&f, "each_asleep", sql_capture_asleep);
    buf_printf(&b, "(one_bucket * %d / 1024)", o->partitions);
    fragments_take(&f, "partition", buf_steal(&b));
    fill_fragment(&f, "one_asleep", sql_capture_asleep);
    body_quote(&f);

    add_function(out, &f, e, "insert", "new_rows", sql_capture_inserted, sql_capture_inserted);
    /* old: a row that moves to another partition of the table may be kept from arriving there by a trigger */
    add_function(out, &f, e, "update", "old_rows", sql_capture_updated_one, sql_capture_updated);
    add_function(out, &f, e, "delete", "old_rows", sql_capture_deleted, sql_capture_deleted);
    function_name(&f, "function", e, "truncate");
    template_fill(out, sql_capture_truncated, &f);
    function_name(&f, "on_insert", e, "insert");
    function_name(&f, "on_update", e, "update");
    function_name(&f, "on_delete", e, "delete");
    function_name(&f, "on_truncate", e, "truncate");
    trigger_name(&f, "insert_trigger", e, "insert");
    trigger_name(&f, "update_trigger", e, "update");
    trigger_name(&f, "delete_trigger", e, "delete");
    trigger_name(&f, "truncate_trigger", e, "truncate");
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

/* Several entities may write one table, which is guarded once. */
static bool
guarded_before(const struct mapping *m, size_t entity)
{
    const struct mapping_table *t = &m->entities[entity].target;

    for (size_t i = 0; i < entity; i++)
        if (strcmp(m->entities[i].target.schema, t->schema) == 0 && strcmp(m->entities[i].target.name, t->name) == 0)
            return true;
    return false;
}

void
capture_hang_sql(struct buf *out, const struct mapping *m, const struct catalog *c, const struct install_options *o)
{
    bool captures = o->side != SIDE_LEGACY;

    for (int p = 0; captures && p < o->partitions; p++)
        buf_printf(out, "CREATE SEQUENCE IF NOT EXISTS dualwrite.doorbell_%d MINVALUE 0 START 0;\n", p);
    for (size_t i = 0; captures && i < m->count; i++)
        buf_printf(out, "CREATE SEQUENCE IF NOT EXISTS dualwrite.resync_%s MINVALUE 0 START 1;\n", m->entities[i].name);
    for (size_t i = 0; captures && i < m->count; i++) {
        const struct mapping_table *source = &m->entities[i].source;

        hang_entity(out, m, &m->entities[i], catalog_table(c, source->schema, source->name), o);
    }
    for (size_t i = 0; o->side != SIDE_VNEXT && i < m->count; i++)
        if (!guarded_before(m, i))
            hang_guard(out, &m->entities[i], o->guard);
    buf_puts(out, "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;\n");
}

long
capture_hang_count(const struct mapping *m, const struct install_options *o)
{
    const long guards[] = {[GUARD_ON] = 5, [GUARD_RECORD] = 4, [GUARD_OFF] = 0};
    long count = 0;

    for (size_t i = 0; i < m->count; i++) {
        if (o->side != SIDE_LEGACY)
            count += 4;
        if (o->side != SIDE_VNEXT && !guarded_before(m, i))
            count += guards[o->guard];
    }
    return count;
}

void
capture_schema_sql(struct buf *out, const struct install_options *o)
{
    const struct fragments none = {0};

    template_fill(out, sql_install_roles, &none);
    if (o->installed_version < 1)
        template_fill(out, sql_install_001_base, &none);
    if (o->installed_version < 2)
        template_fill(out, sql_install_002_two_databases, &none);
    if (o->installed_version < 3)
        template_fill(out, sql_install_003_many_daemons, &none);
    if (o->installed_version < 4)
        template_fill(out, sql_install_004_runbooks, &none);
    if (o->installed_version < 5)
        template_fill(out, sql_install_005_integrity, &none);
    if (o->installed_version < 6)
        template_fill(out, sql_install_006_quick, &none);
    /* before any lock on a table: no batch of the old partitions is under way, or two could work on one row */
    if (o->repartitioned && o->side != SIDE_LEGACY)
        buf_puts(out, "SELECT pg_catalog.count(pg_catalog.pg_advisory_xact_lock(1685414252, p)) FROM "
                      "pg_catalog.generate_series(0, 63) p;\n");
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

/* On the legacy side no entity is captured, so all are forgotten. */
static void
forget(struct buf *out, const struct mapping *m, enum install_side side)
{
    struct fragments f = {0};
    struct buf names = {0};

    for (size_t i = 0; side != SIDE_LEGACY && i < m->count; i++) {
        buf_puts(&names, i == 0 ? "" : ", ");
        quote_literal(&names, m->entities[i].name);
    }
    fragments_take(&f, "entities", buf_steal(&names));
    body_quote(&f);
    template_fill(out, sql_install_forget, &f);
    fragments_free(&f);
}

/* What only the side with sources and outbox has. */
static void
publish_capture(struct buf *out, const struct mapping *m, const struct install_options *o)
{
    for (int p = 0; p < o->partitions; p++)
        buf_printf(out, "GRANT SELECT, UPDATE ON SEQUENCE dualwrite.doorbell_%d TO dualwrite_daemon;\n", p);
    for (size_t i = 0; i < m->count; i++) {
        buf_printf(out, "GRANT SELECT, UPDATE ON SEQUENCE dualwrite.resync_%s TO dualwrite_daemon;\n",
                   m->entities[i].name);
        buf_puts(out, "INSERT INTO dualwrite.resync (entity) VALUES (");
        quote_literal(out, m->entities[i].name);
        buf_puts(out, ") ON CONFLICT DO NOTHING;\n");
        if (o->missed != NULL && o->missed[i]) /* no event speaks for what was written meanwhile */
            buf_printf(out, "SELECT pg_catalog.nextval('dualwrite.resync_%s');\n", m->entities[i].name);
    }
    setting_int(out, "partitions", o->partitions);
    setting(out, "channel", m->channel);
}

static void
publish_side(struct buf *out, const struct install_options *o)
{
    setting(out, "side", side_word(o->side));
    if (o->installation != NULL)
        setting(out, "installation", o->installation);
    if (o->legacy_database != NULL)
        setting(out, "legacy_database", o->legacy_database);
    else if (o->installed_side == SIDE_VNEXT)
        buf_puts(out, "DELETE FROM dualwrite.setting WHERE key = 'legacy_database';\n");
}

static void
publish_layout(struct buf *out, const char *ref_layout)
{
    struct fragments f = {0};

    literal(&f, "layout", ref_layout);
    template_fill(out, sql_install_layout, &f);
    fragments_free(&f);
    setting(out, "ref_layout", ref_layout);
}

/*
 * Partitions of other buckets: a batch that lost its locks on the old ones, and may still send its legacy transaction, must
 * meet a fence above it. That would cover up that one of the databases is an older copy (daemon/restored.h), so every table is
 * synced anew, as if it were.
 */
static void
publish_epochs(struct buf *out, const struct mapping *m, const struct install_options *o)
{
    if (!o->repartitioned || o->side == SIDE_BOTH || o->rehearsed)
        return;
    if (o->side == SIDE_LEGACY) {
        buf_printf(out, "UPDATE dualwrite.fence SET epoch = %lld WHERE epoch < %lld;\n", (long long) o->epoch_above,
                   (long long) o->epoch_above);
        return;
    }
    buf_printf(out, "SELECT pg_catalog.setval('dualwrite.epoch', %lld) FROM dualwrite.epoch WHERE last_value < %lld;\n",
               (long long) o->epoch_above, (long long) o->epoch_above);
    for (size_t i = 0; i < m->count; i++)
        buf_printf(out, "SELECT pg_catalog.nextval('dualwrite.resync_%s');\n", m->entities[i].name);
}

static void
publish_flags(struct buf *out, const struct flags *flags)
{
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        buf_puts(out, "UPDATE dualwrite.flag SET published = ");
        quote_literal(out, flags->value[f]);
        buf_puts(out, ", published_at = pg_catalog.now(), published_by = session_user WHERE flag = ");
        quote_literal(out, flag_name(f));
        buf_puts(out, " AND published <> ");
        quote_literal(out, flags->value[f]);
        buf_puts(out, ";\n");
    }
}

void
capture_publish_sql(struct buf *out, const struct mapping *m, const struct catalog *c, const struct install_options *o,
                    const char *hang_digest, const char *ref_layout)
{
    const struct fragments none = {0};

    if (o->installed_version > 0 && o->installed_side != o->side) /* some tables are another database's now */
        template_fill(out, sql_install_revoke, &none);
    grants_sql(out, m, c, o->side);
    template_fill(out, sql_install_public, &none);
    if (o->side != SIDE_LEGACY)
        publish_capture(out, m, o);
    forget(out, m, o->side);
    if (o->installed_version == 0)
        buf_printf(out, "SELECT pg_catalog.setval('dualwrite.outbox_ceiling', %lld);\n", (long long) o->outbox_max);
    setting_int(out, "schema_version", CAPTURE_SCHEMA_VERSION);
    setting_int(out, "works_with", CAPTURE_WORKS_WITH);
    publish_side(out, o);
    publish_epochs(out, m, o);
    setting(out, "guard", guard_word(o->guard));
    setting(out, "mapping_digest", o->mapping_digest);
    setting(out, "hang_digest", hang_digest);
    if (o->side != SIDE_LEGACY)
        publish_layout(out, ref_layout);
    publish_flags(out, &o->flags);
}

void
capture_uninstall_sql(struct buf *out, bool role)
{
    const struct fragments none = {0};

    template_fill(out, sql_install_revoke, &none);
    template_fill(out, sql_capture_release, &none);
    template_fill(out, sql_install_001_base_undo, &none);
    if (role)
        template_fill(out, sql_install_roles_undo, &none);
}
