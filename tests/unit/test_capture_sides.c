/*
 * test_capture_sides.c - the SQL of install where there are two databases, and where entities share a table.
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

/* With two databases: what belongs to one is nowhere in the text of the other. */
static void
test_sides(void **state)
{
    static const char *const vnext[] = {"\"New\".",
                                        "\"Map\".",
                                        "FUNCTION dualwrite.capture_",
                                        "doorbell_",
                                        "resync_",
                                        "'partitions'",
                                        "'channel'",
                                        "'ref_layout'",
                                        "VALUES ('side', 'vnext')",
                                        "'legacy_database', 'host=old dbname=legacy'"};
    static const char *const legacy[] = {"\"Old\".", "dualwrite.guard_refuse()", "dualwrite.guard_record()",
                                         "VALUES ('side', 'legacy')"};
    static const char *const either[] = {"('schema_version', '6')",
                                         "('mapping_digest', 'd1')",
                                         "('hang_digest', 'd2')",
                                         "('guard', 'on')",
                                         "('installation', '0b9f8a8c')",
                                         "UPDATE dualwrite.flag SET published",
                                         "setval('dualwrite.outbox_ceiling', 5000000000)"};
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *text[3];

    (void) state;
    text[SIDE_BOTH] = whole_text(m, c, &o);
    for (int s = SIDE_VNEXT; s <= SIDE_LEGACY; s++) {
        on_side(&o, (enum install_side) s);
        text[s] = whole_text(m, c, &o);
        assert_int_equal(times(text[s], "CREATE TRIGGER"), capture_hang_count(m, &o));
        for (size_t i = 0; i < COUNT(either); i++)
            must_have(text[s], either[i]);
        must_not_have(text[s], "REVOKE ALL ON TABLE");
    }
    for (size_t i = 0; i < COUNT(vnext); i++) {
        must_have(text[SIDE_VNEXT], vnext[i]);
        if (strcmp(vnext[i], "resync_") != 0) /* forget.sql names them to drop them */
            must_not_have(text[SIDE_LEGACY], vnext[i]);
    }
    for (size_t i = 0; i < COUNT(legacy); i++) {
        must_have(text[SIDE_LEGACY], legacy[i]);
        must_not_have(text[SIDE_VNEXT], legacy[i]);
    }
    must_not_have(text[SIDE_LEGACY], "SEQUENCE dualwrite.resync_");
    must_have(text[SIDE_LEGACY], "ARRAY[]::pg_catalog.text[]");
    for (int s = SIDE_BOTH; s <= SIDE_LEGACY; s++) {
        assert_string_equal(side_word((enum install_side) s), s == SIDE_BOTH    ? "both"
                                                              : s == SIDE_VNEXT ? "vnext"
                                                                                : "legacy");
        free(text[s]);
    }
    mapping_free(m);
    catalog_free(c);
}

/* Another side than before: the rights for the tables that are elsewhere now go, before those that are needed come. */
static void
test_change_of_side(void **state)
{
    static const char remembered[] = "DELETE FROM dualwrite.setting WHERE key = 'legacy_database';";
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);

    (void) state;
    for (int before = SIDE_BOTH; before <= SIDE_LEGACY; before++)
        for (int after = SIDE_BOTH; after <= SIDE_LEGACY; after++) {
            char *text;
            const char *revoked;

            o = options();
            if (after != SIDE_BOTH)
                on_side(&o, (enum install_side) after);
            o.installed_side = (enum install_side) before;
            o.installed_version = 1;
            text = publish_text(m, c, &o);
            revoked = strstr(text, "REVOKE ALL ON %s %I.%I FROM dualwrite_daemon");
            if (before == after)
                assert_null(revoked);
            else
                assert_true(revoked != NULL && revoked < strstr(text, "GRANT "));
            assert_int_equal(times(text, remembered), before == SIDE_VNEXT && after != SIDE_VNEXT);
            free(text);
        }
    /* partitions of other buckets: old batches are kept out, and what that could cover up is synced anew */
    for (int side = SIDE_VNEXT; side <= SIDE_LEGACY; side++) {
        char *text;

        o = options();
        on_side(&o, (enum install_side) side);
        o.repartitioned = true;
        o.epoch_above = 77;
        text = publish_text(m, c, &o);
        assert_int_equal(
            times(text, "SELECT pg_catalog.setval('dualwrite.epoch', 77) FROM dualwrite.epoch WHERE last_value < "
                        "77;\nSELECT pg_catalog.nextval('dualwrite.resync_"),
            side == SIDE_VNEXT);
        assert_int_equal(times(text, "UPDATE dualwrite.fence SET epoch = 77 WHERE epoch < 77;\n"), side == SIDE_LEGACY);
        free(text);
    }
    mapping_free(m);
    catalog_free(c);
}

/* Several entities may read one table, and several may write one: triggers of their own there, one guard here. */
static void
test_shared_tables(void **state)
{
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    struct mapping_entity *tag = &m->entities[m->count - 1];
    struct mapping_entity *seat = &m->entities[m->count - 2];
    char *text;

    (void) state;
    assert_string_equal(tag->name, "tag");
    free(tag->target.name);
    tag->target.name = xstrdup(seat->target.name);
    free(tag->target.schema);
    tag->target.schema = xstrdup(seat->target.schema);
    text = hang_text(m, c, &o);
    assert_int_equal(times(text, "CREATE TRIGGER"), 4 * m->count + 5 * (m->count - 1));
    assert_int_equal(times(text, "CREATE TRIGGER"), capture_hang_count(m, &o));
    assert_int_equal(times(text, "CREATE TRIGGER aa_dualwrite_guard BEFORE TRUNCATE ON \"Old\".\"Seat\""), 1);
    free(text);
    /* a schema tells tables apart too */
    hang(&tag->target.schema, "2");
    assert_int_equal(capture_hang_count(m, &o), 9 * m->count);
    free(tag->source.name);
    tag->source.name = xstrdup("Org");
    text = hang_text(m, c, &o);
    for (size_t i = 0; i < m->count; i++)
        for (size_t w = 0; w < 4; w++) {
            static const char *const words[] = {"insert", "update", "delete", "truncate"};
            struct buf name = {0};

            buf_printf(&name, "CREATE TRIGGER zz_dualwrite_%s_%s AFTER ", words[w], m->entities[i].name);
            assert_int_equal(times(text, buf_text(&name)), 1);
            buf_free(&name);
        }
    assert_int_equal(times(text, " ON \"New\".\"Org\"\n"), 8);
    free(text);
    mapping_free(m);
    catalog_free(c);
}

/* The longest name of an entity leaves every name within PostgreSQL's 63 bytes. */
static void
test_long_names(void **state)
{
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *text;

    (void) state;
    free(m->entities[0].name);
    m->entities[0].name = xstrdup("forty_characters_are_the_most_it_may_have");
    m->entities[0].name[40] = '\0';
    text = hang_text(m, c, &o);
    for (const char *p = text; (p = strstr(p, "forty_")) != NULL; p++) {
        const char *begin = p;

        while (bare_byte(begin[-1]))
            begin--;
        assert_true(strspn(begin, "abcdefghijklmnopqrstuvwxyz_") <= 63);
    }
    free(text);
    mapping_free(m);
    catalog_free(c);
}

/* A lookup reads its column, wherever its table is. */
static void
test_lookups(void **state)
{
    static char schema[] = "Dir", name[] = "Pro\"file", key[] = "user", value[] = "id";
    struct mapping_lookup lookup = {{schema, name}, key, value, false};
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    struct mapping_entity *tag = &m->entities[m->count - 1];
    struct mapping_value *v = NULL;

    (void) state;
    for (size_t i = 0; i < tag->columns.count; i++)
        if (strcmp(tag->columns.items[i].name, "Label") == 0)
            v = &tag->columns.items[i].value;
    assert_non_null(v);
    v->lookup = &lookup;
    for (int s = SIDE_BOTH; s <= SIDE_VNEXT; s++)
        for (int legacy = 0; legacy < 2; legacy++) {
            char *text, *update;

            o = options();
            if (s != SIDE_BOTH)
                on_side(&o, (enum install_side) s);
            lookup.legacy = legacy == 1;
            text = hang_text(m, c, &o);
            update = function_text(text, "capture_tag_update");
            must_have(update, "ROW(o.\"Code\", o.\"Label\")");
            free(update);
            free(text);
        }
    v->lookup = NULL;
    mapping_free(m);
    catalog_free(c);
}

/* A presence that is a matter of NULL looks at its column as any other does. */
static void
test_present_by_null(void **state)
{
    static const enum present_kind kinds[] = {PRESENT_NULL, PRESENT_NOT_NULL};
    struct install_options o = options();
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    struct mapping_entity *tag = &m->entities[m->count - 1];

    (void) state;
    tag->present.column = xstrdup("Id");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        char *text, *update;

        tag->present.kind = kinds[i];
        text = hang_text(m, c, &o);
        update = function_text(text, "capture_tag_update");
        must_have(update, "ROW(o.\"Id\", o.\"Code\", o.\"Label\")");
        free(update);
        free(text);
    }
    mapping_free(m);
    catalog_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sides),         cmocka_unit_test(test_change_of_side),
        cmocka_unit_test(test_shared_tables), cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_lookups),       cmocka_unit_test(test_present_by_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
