/*
 * test_capture.c - the SQL that install executes: golden files, what an update's trigger looks at, and that no name or
 * text of a mapping becomes SQL.
 */
/* links: embedded.c lib/core/capture.c lib/core/capture_read.c lib/core/grants.c lib/core/expression.c lib/core/flags.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_sample.h"

static void
test_golden(void **state)
{
    struct install_options o = options();
    struct mapping *m = mapping_file("config/mapping.json");
    struct catalog *c = catalog_of(default_catalog);
    char *text = hang_text(m, c, &o);

    (void) state;
    golden("tests/unit/golden/capture_hang.sql", text);
    free(text);
    text = publish_text(m, c, &o);
    golden("tests/unit/golden/capture_publish.sql", text);
    free(text);
    /* the same mapping in two databases */
    on_side(&o, SIDE_VNEXT);
    text = publish_text(m, c, &o);
    golden("tests/unit/golden/capture_vnext.sql", text);
    free(text);
    on_side(&o, SIDE_LEGACY);
    text = whole_text(m, c, &o);
    golden("tests/unit/golden/capture_legacy.sql", text);
    free(text);
    mapping_free(m);
    catalog_free(c);
}

static void
test_hostile(void **state)
{
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *plain[] = {hang_text(m, c, &o), publish_text(m, c, &o)};

    (void) state;
    mapping_free(m);
    catalog_free(c);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char *text;

        m = mapping_of(family_json);
        c = catalog_of(family_catalog);
        hang_mapping(m, hostile[i]);
        hang_catalog(c, hostile[i]);
        /* An expression must still be seen to read its column, or it counts as reading all. */
        for (size_t j = 0; j < c->count; j++)
            for (size_t k = 0; k < c->tables[j].ncolumns; k++)
                if (strncmp(c->tables[j].columns[k].name, "Sort", 4) == 0) {
                    free(c->tables[j].columns[k].name);
                    c->tables[j].columns[k].name = xstrdup("Sort");
                }
        text = hang_text(m, c, &o);
        only_grown(plain[0], text, hostile[i]);
        free(text);
        text = publish_text(m, c, &o);
        only_grown(plain[1], text, hostile[i]);
        free(text);
        mapping_free(m);
        catalog_free(c);
    }
    free(plain[0]);
    free(plain[1]);
}

/* The texts of the installation itself: digests and layouts. */
static void
test_hostile_options(void **state)
{
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);

    (void) state;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct buf plain = {0}, grown = {0}, digest = {0}, hang_digest = {0}, layout = {0};

        buf_printf(&digest, "d1%s", hostile[i]);
        buf_printf(&hang_digest, "d2%s", hostile[i]);
        buf_printf(&layout, "team:id%s", hostile[i]);
        o.mapping_digest = "d1";
        capture_publish_sql(&plain, m, c, &o, "d2", "team:id");
        o.mapping_digest = buf_text(&digest);
        capture_publish_sql(&grown, m, c, &o, buf_text(&hang_digest), buf_text(&layout));
        only_grown(buf_text(&plain), buf_text(&grown), hostile[i]);
        buf_free(&plain);
        buf_free(&grown);
        buf_free(&digest);
        buf_free(&hang_digest);
        buf_free(&layout);
    }
    mapping_free(m);
    catalog_free(c);
}

/* A function's body stands between two words that nothing in it may hold: the next free one is taken. */
static void
test_hostile_body(void **state)
{
    struct install_options o = options();
    struct mapping *m;
    struct catalog *c;
    char *plain, *text;

    (void) state;
    m = mapping_of(family_json);
    c = catalog_of(family_catalog);
    plain = hang_text(m, c, &o);
    hang(&m->entities[1].present.values.items[0], "$capture$");
    text = hang_text(m, c, &o);
    must_have(text, "$capture1$");
    only_grown(plain, text, "$capture$");
    free(plain);
    free(text);
    mapping_free(m);
    catalog_free(c);
}

/* An update is an event when a column that the mapping reads changed, and only then. */
static void
test_mapped_columns(void **state)
{
    static const struct {
        const char *from, *to; /* a change of the family */
        const char *mapped;    /* of "New"."Group" */
    } rows[] = {
        /* not Made, which is only read when the row is created, nor Other, which nothing reads */
        {"{", "{", "o.\"Org Id\", o.\"Kind\", o.\"Sort\", o.\"Extra\", o.\"State\""},
        {", \"insert_only\": true},\n  \"Stamp\"", "},\n  \"Stamp\"",
         "o.\"Org Id\", o.\"Kind\", o.\"Sort\", o.\"Made\", o.\"Extra\", o.\"State\""},
        /* an expression in which no column is recognised counts as reading all */
        {"lower(\\\"Sort\\\") -- of the row", "random()",
         "o.\"Id\", o.\"Org Id\", o.\"Kind\", o.\"Sort\", o.\"Made\", o.\"Extra\", o.\"State\", o.\"Other\""},
        {"lower(\\\"Sort\\\") -- of the row", "to_jsonb(\\\"Group\\\")",
         "o.\"Id\", o.\"Org Id\", o.\"Kind\", o.\"Sort\", o.\"Made\", o.\"Extra\", o.\"State\", o.\"Other\""},
        {"lower(\\\"Sort\\\") -- of the row", "\\\"Other\\\" || \\\"Sort\\\"",
         "o.\"Org Id\", o.\"Kind\", o.\"Sort\", o.\"Extra\", o.\"State\", o.\"Other\""},
        /* but not one that is only written once */
        {"{\"now\": true, \"insert_only\": true}", "{\"expression\": \"random()\", \"insert_only\": true}",
         "o.\"Org Id\", o.\"Kind\", o.\"Sort\", o.\"Extra\", o.\"State\""},
        {"{\"column\": \"State\", \"in\": [\"up\", 1]}", "{\"column\": \"Other\", \"in\": [\"up\", 1]}",
         "o.\"Org Id\", o.\"Kind\", o.\"Sort\", o.\"Extra\", o.\"Other\""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *json = with(family_json, rows[i].from, rows[i].to);
        char *text = hang_of(json, family_catalog);
        char *update = function_text(text, "capture_group_update");
        struct buf compared = {0};

        buf_printf(&compared, "OR ROW(%s)::pg_catalog.record *<> ROW(", rows[i].mapped);
        must_have(update, buf_text(&compared));
        buf_clear(&compared);
        buf_puts(&compared, " *<> ROW(");
        for (const char *p = rows[i].mapped; *p != '\0'; p++)
            buf_putc(&compared, *p == 'o' && p[1] == '.' ? 'n' : *p);
        buf_puts(&compared, ")::pg_catalog.record");
        must_have(update, buf_text(&compared));
        buf_free(&compared);
        free(update);
        free(text);
        free(json);
    }
}

/* latest_by decides which of several source rows speaks: its change may change the legacy row. */
static void
test_latest_by_is_mapped(void **state)
{
    char *text, *update;

    (void) state;
    text = hang_of(family_json, family_catalog);
    update = function_text(text, "capture_seat_update");
    must_have(update, "ROW(o.\"Group\", o.\"Account\", o.\"State\", o.\"Changed\")");
    free(update);
    free(text);
}

/* Old and new rows are joined on all that an event carries: another key or identity is a removal and an insertion. */
static void
test_update(void **state)
{
    char *text = hang_of(family_json, family_catalog);
    char *update = function_text(text, "capture_seat_update");

    (void) state;
    must_have(update,
              "FROM old_rows o FULL JOIN new_rows n ON n.\"A\" = o.\"A\" AND n.\"B\" = o.\"B\" AND n.\"Account\" IS "
              "NOT DISTINCT FROM o.\"Account\" AND n.\"Group\" IS NOT DISTINCT FROM o.\"Group\"\n");
    must_have(update, "CASE WHEN n.\"A\" IS NULL THEN 'seat_r'\n            WHEN o.\"A\" IS NULL THEN 'seat_i'\n");
    must_have(update, "WHEN (o.\"State\" IS NOT NULL AND format('%s', o.\"State\") IN ('it''s')) AND NOT "
                      "(n.\"State\" IS NOT NULL AND format('%s', n.\"State\") IN ('it''s')) THEN 'seat_r'\n");
    must_have(update, "ELSE 'seat_u' END AS operation");
    must_have(update, "CASE WHEN n.\"A\" IS NULL THEN o.\"Group\"::text ELSE n.\"Group\"::text END AS root");
    must_have(update, "WHERE o.\"A\" IS NULL OR n.\"A\" IS NULL OR ROW(");
    free(update);
    /* without a rule of presence a row that exists is present */
    update = function_text(text, "capture_tag_update");
    must_have(update, "WHEN true AND NOT true THEN 'tag_r'");
    must_have(update, "ROW(o.\"Code\", o.\"Label\")");
    free(update);
    free(text);
}

/* Every function: the pinned search_path, no ON CONFLICT, one NOTIFY a partition and only to who sleeps. */
static void
test_functions(void **state)
{
    static const char *const names[] = {"capture_org_insert", "capture_group_update", "capture_seat_delete",
                                        "capture_tag_truncate"};
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *text;

    (void) state;
    o.partitions = 64;
    text = hang_text(m, c, &o);
    must_not_have(text, ":{");
    must_not_have(text, "ON CONFLICT");
    assert_int_equal(times(text, "CREATE OR REPLACE FUNCTION"), 4 * m->count);
    assert_int_equal(times(text, "SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$"), 4 * m->count);
    assert_int_equal(times(text, "CREATE SEQUENCE IF NOT EXISTS dualwrite.doorbell_"), 64);
    assert_int_equal(times(text, "CREATE SEQUENCE IF NOT EXISTS dualwrite.resync_"), m->count);
    must_have(text, "dualwrite.doorbell_63 ");
    must_have(text, "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;\n");
    for (size_t i = 0; i < COUNT(names); i++) {
        char *function = function_text(text, names[i]);

        if (strstr(names[i], "truncate") != NULL) {
            must_have(function, "PERFORM nextval('dualwrite.resync_tag');");
        } else {
            must_have(function, "SELECT DISTINCT bucket * 64 / 1024 AS partition");
            must_have(function, "pg_notify('bell', ");
            must_have(function, "WHERE pg_sequence_last_value(('dualwrite.doorbell_' || q.partition)::regclass) > ");
            must_have(function,
                      "IF pg_sequence_last_value(('dualwrite.doorbell_' || (one_bucket * 64 / 1024))::regclass) > ");
            must_have(function, "PERFORM pg_notify('bell', (one_bucket * 64 / 1024)::text);");
        }
        free(function);
    }
    free(text);
    /* a delete's event carries what leads to the legacy row when the source row is gone */
    text = hang_text(m, c, &o);
    must_have(
        text,
        "SELECT true AS changed, 'seat_r'::text AS operation, ARRAY[o.\"A\"::text, o.\"B\"::text, o.\"Account\"::text, "
        "o.\"Group\"::text] AS ref, o.\"Group\"::text AS root FROM old_rows o");
    must_have(text,
              "SELECT true AS changed, 'group_i'::text AS operation, ARRAY[n.\"Id\"::text, n.\"Org Id\"::text] AS ref, "
              "n.\"Id\"::text AS root FROM new_rows n");
    free(text);
    mapping_free(m);
    catalog_free(c);
}

static void
test_guard(void **state)
{
    static const struct {
        enum guard_mode mode;
        const char *word;
        size_t refuse, record;
    } rows[] = {{GUARD_ON, "on", 1, 4}, {GUARD_RECORD, "record", 0, 4}, {GUARD_OFF, "off", 0, 0}};
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf said = {0};
        char *text;

        o.guard = rows[i].mode;
        assert_string_equal(guard_word(rows[i].mode), rows[i].word);
        text = hang_text(m, c, &o);
        assert_int_equal(times(text, "EXECUTE FUNCTION dualwrite.guard_refuse()"), rows[i].refuse * m->count);
        assert_int_equal(times(text, "EXECUTE FUNCTION dualwrite.guard_record()"), rows[i].record * m->count);
        assert_int_equal(times(text, "CREATE TRIGGER"), capture_hang_count(m, &o));
        /* on the legacy tables, never on the source or the map */
        assert_int_equal(times(text, "ON \"Old\".\"O\"\"rg\""), rows[i].refuse + rows[i].record);
        assert_int_equal(times(text, "ON \"New\".\"Org\""), 4);
        assert_int_equal(times(text, "ON \"Map\""), 0);
        free(text);
        text = publish_text(m, c, &o);
        buf_printf(&said, "VALUES ('guard', '%s')", rows[i].word);
        must_have(text, buf_text(&said));
        buf_free(&said);
        free(text);
    }
    mapping_free(m);
    catalog_free(c);
}

/* The daemon's role gets what grants.h says, and our sequences; nobody else gets anything. */
static void
test_grants(void **state)
{
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *text = publish_text(m, c, &o);

    (void) state;
    must_have(text, "GRANT SELECT ON \"New\".\"Org\" TO dualwrite_daemon;\n");
    assert_int_equal(times(text, "GRANT SELECT, UPDATE ON SEQUENCE dualwrite.doorbell_"), 2);
    assert_int_equal(times(text, "GRANT SELECT, UPDATE ON SEQUENCE dualwrite.resync_"), m->count);
    must_not_have(text, "\" TO PUBLIC"); /* what everybody may do is inside our own schema */
    must_not_have(text, "GRANT ALL");
    free(text);
    mapping_free(m);
    catalog_free(c);
}

static void
test_settings(void **state)
{
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *text;

    (void) state;
    o.flags.value[FLAG_ROUTING_MODE] = "vnext_only";
    text = publish_text(m, c, &o);
    must_have(text, "VALUES ('schema_version', '6')");
    must_have(text, "VALUES ('side', 'both')");
    must_not_have(text, "'installation'");
    must_not_have(text, "legacy_database");
    must_not_have(text, "dualwrite.epoch");
    must_not_have(text, "FROM dualwrite_daemon");
    must_have(text, "VALUES ('partitions', '2')");
    must_have(text, "VALUES ('channel', 'bell')");
    must_have(text, "VALUES ('mapping_digest', 'd1')");
    must_have(text, "VALUES ('hang_digest', 'd2')");
    must_have(text, "VALUES ('ref_layout', 'team:id')");
    must_have(text, "SELECT pg_catalog.setval('dualwrite.outbox_ceiling', 5000000000);\n");
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        struct buf said = {0};

        buf_printf(&said,
                   "UPDATE dualwrite.flag SET published = '%s', published_at = pg_catalog.now(), published_by = "
                   "session_user WHERE flag = '%s' AND published <> '%s';\n",
                   o.flags.value[f], flag_name(f), o.flags.value[f]);
        must_have(text, buf_text(&said));
        buf_free(&said);
    }
    must_have(text, "published = 'vnext_only'");
    free(text);
    /* the ceiling moves with the daemons once it is there */
    o.installed_version = 1;
    text = publish_text(m, c, &o);
    must_not_have(text, "outbox_ceiling");
    free(text);
    mapping_free(m);
    catalog_free(c);
}

/* The schema comes once; releasing and uninstalling take nothing that is not ours. */
static void
test_schema(void **state)
{
    struct install_options o = options();
    struct buf fresh = {0}, upgrade = {0}, again = {0}, release = {0}, uninstall = {0}, keeping = {0};
    const char *released, *dropped;

    (void) state;
    capture_schema_sql(&fresh, &o);
    must_have(buf_text(&fresh), "CREATE ROLE dualwrite_daemon NOLOGIN");
    assert_int_equal(times(buf_text(&fresh), "CREATE SCHEMA dualwrite;"), 1);
    assert_int_equal(times(buf_text(&fresh), "CREATE TABLE dualwrite.fence "), 1);
    o.installed_version = 1;
    capture_schema_sql(&upgrade, &o);
    must_not_have(buf_text(&upgrade), "CREATE SCHEMA");
    must_not_have(buf_text(&upgrade), "CREATE TABLE dualwrite.outbox ");
    assert_int_equal(times(buf_text(&upgrade), "CREATE TABLE dualwrite.lease "), 1);
    assert_int_equal(times(buf_text(&upgrade), "CREATE TABLE dualwrite.fence "), 1);
    o.installed_version = CAPTURE_SCHEMA_VERSION;
    capture_schema_sql(&again, &o);
    must_have(buf_text(&again), "CREATE ROLE dualwrite_daemon NOLOGIN");
    must_not_have(buf_text(&again), "CREATE SCHEMA");
    must_not_have(buf_text(&again), "CREATE TABLE");

    capture_release_sql(&release);
    must_have(buf_text(&release), "DROP TRIGGER %I ON %I.%I");
    must_have(buf_text(&release), "p.pronamespace = 'dualwrite'::pg_catalog.regnamespace");
    must_not_have(buf_text(&release), "DROP SCHEMA");

    capture_uninstall_sql(&uninstall, true);
    released = strstr(buf_text(&uninstall), "DROP TRIGGER");
    dropped = strstr(buf_text(&uninstall), "DROP SCHEMA dualwrite CASCADE;");
    assert_non_null(released);
    assert_non_null(dropped);
    assert_true(released < dropped);
    assert_true(strstr(buf_text(&uninstall), "REVOKE ALL ON") < dropped);
    assert_non_null(strstr(dropped, "DROP ROLE IF EXISTS dualwrite_daemon"));
    assert_int_equal(times(buf_text(&uninstall), "DROP SCHEMA"), 1);
    must_not_have(buf_text(&uninstall), "DROP TABLE");
    capture_uninstall_sql(&keeping, false);
    must_begin(buf_text(&uninstall), buf_text(&keeping));
    must_not_have(buf_text(&keeping), "DROP ROLE");
    buf_free(&keeping);
    buf_free(&upgrade);
    buf_free(&fresh);
    buf_free(&again);
    buf_free(&release);
    buf_free(&uninstall);
}

/* An entity that only writes constants: nothing to compare, and that is valid SQL. */
static void
test_nothing_mapped(void **state)
{
    char *json = with(family_json, "\"Label\": \"Label\"", "\"Label\": {\"now\": true}");
    char *keyed = with(json, "\"key\": [\"Code\"]", "\"key\": [\"Id\"]");
    char *mapped = with(keyed, "\"columns\": {\"Code\": \"Code\",",
                        "\"map\": {\"table\": \"m\", \"source_key\": \"a\", \"target_key\": \"b\"}, \"columns\": {");
    char *text = hang_of(mapped, family_catalog);
    char *update = function_text(text, "capture_tag_update");

    (void) state;
    must_have(update, "ROW()::pg_catalog.record *<> ROW()::pg_catalog.record");
    free(update);
    free(text);
    free(mapped);
    free(keyed);
    free(json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_hostile_options), cmocka_unit_test(test_hostile_body),
        cmocka_unit_test(test_mapped_columns),  cmocka_unit_test(test_latest_by_is_mapped),
        cmocka_unit_test(test_update),          cmocka_unit_test(test_functions),
        cmocka_unit_test(test_guard),           cmocka_unit_test(test_grants),
        cmocka_unit_test(test_settings),        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_nothing_mapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
