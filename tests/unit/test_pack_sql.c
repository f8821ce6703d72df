/* test_pack_sql.c - a pack's statements: every place of every kind of check in a golden file, what fits what, unknown places. */
/* links: embedded.c lib/core/pack_sql.c lib/core/pack.c lib/core/sqlactive.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c lib/core/pack_parts.c lib/core/pgarray.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/pack_sql.h"
#include "dualwrite/xalloc.h"
#include "plan_sample.h"

/* What runs on vNext, and what runs on legacy. */
static const struct {
    enum pack_each each;
    const char *find, *legacy;
} kinds[] = {
    {PACK_ENTITY,
     "SELECT :{source_key} AS key, :{entity} FROM :{source} s JOIN :{legacy} WHERE :{present} AND :{deletes};\n",
     "SELECT :{target_key} AS key, :{active} AS value FROM :{target} t WHERE now() - :{period} IS NULL\n"},
    {PACK_MAP, "SELECT :{map_source_key}, :{map_target_key} FROM :{map} m, s\nWHERE :{map_is_source} AND :{map_waits}",
     "SELECT :{target_key} AS key, :{entity} AS value"},
    {PACK_CHILD, "SELECT :{source_parent} FROM :{parent_source} p WHERE :{source_is_of_parent}",
     "SELECT :{target_parent} FROM :{parent_target} p WHERE :{target_is_of_parent}"},
    {PACK_SET, "SELECT :{column}", "SELECT t.:{column} NOT IN (:{set})"},
    {PACK_VALUES, "SELECT :{value} NOT IN (:{known})", "SELECT :{known}"},
};

static struct pack_check
check_of(enum pack_each each, const char *text)
{
    return (struct pack_check){.name = (char *) "c", .each = each, .find = {(char *) "c.sql", (char *) text}};
}

static void
every_place(void **state)
{
    struct sample s = more_sample();
    struct buf out = {0};

    (void) state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct pack_check check = check_of(kinds[i].each, kinds[i].find);
        const struct pack p = {.checks = &check, .count = 1};
        struct faults faults = {0};
        struct pack_looks looks;

        check.legacy = (struct pack_file){(char *) "l.sql", (char *) kinds[i].legacy};
        looks = pack_looks_make(&p, s.mapping, &s.catalogs, true, 24, &faults);
        assert_int_equal(faults.count, 0);
        for (size_t n = 0; n < looks.count; n++)
            buf_printf(&out, "-- %zu %s\n%s\n%s\n\n", i, looks.items[n].about, looks.items[n].find,
                       looks.items[n].legacy);
        pack_looks_free(&looks);
        faults_free(&faults);
    }
    golden("tests/unit/golden/pack_more.sql", buf_text(&out));
    buf_free(&out);
    sample_free(&s);
}

static void
only_entities_with_that_column(void **state)
{
    struct sample s = more_sample();
    struct pack_check check = check_of(PACK_ENTITY, "SELECT :{column} AS key");
    const struct pack p = {.checks = &check, .count = 1};
    struct faults faults = {0};
    struct pack_looks looks;

    (void) state;
    check.column = (char *) "Body";
    looks = pack_looks_make(&p, s.mapping, &s.catalogs, false, 24, &faults);
    assert_int_equal(looks.count, 1);
    assert_string_equal(looks.items[0].about, "note.Body");
    assert_string_equal(looks.items[0].find, "SELECT \"Body\" AS key");
    pack_looks_free(&looks);
    check.column = (char *) "nowhere";
    looks = pack_looks_make(&p, s.mapping, &s.catalogs, false, 24, &faults);
    assert_int_equal(looks.count, 0);
    pack_looks_free(&looks);
    faults_free(&faults);
    sample_free(&s);
}

static void
unknown_places(void **state)
{
    struct pack_check check = check_of(PACK_ONCE, "SELECT :{perod} AS key, :{source}, :{");
    const struct pack p = {.checks = &check, .count = 1};
    struct faults faults = {0};
    struct pack_looks looks = pack_looks_make(&p, NULL, NULL, false, 24, &faults);

    (void) state;
    assert_int_equal(faults.errors, 3);
    assert_string_equal(faults.items[0].where, "c.sql");
    assert_non_null(strstr(faults.items[0].text, "did you mean :{period}"));
    assert_non_null(strstr(faults.items[1].text, "docs/packs.md"));
    pack_looks_free(&looks);
    faults_free(&faults);
}

/* With one database legacy's rows are a part of the statement; with two they are brought. Either way their columns are text. */
static void
rows_of_legacy(void **state)
{
    struct pack_check check = check_of(PACK_ONCE, "SELECT 1 AS key FROM :{legacy} x");
    const struct pack p = {.checks = &check, .count = 1};

    (void) state;
    check.legacy = (struct pack_file){(char *) "l.sql", (char *) "-- heading\nSELECT id AS key, n AS value FROM o;\n"};
    for (int two = 0; two < 2; two++) {
        struct faults faults = {0};
        struct pack_looks looks = pack_looks_make(&p, NULL, NULL, two, 1, &faults);
        char *copy = two ? pack_legacy_sql(&looks.items[0]) : NULL;

        assert_int_equal(faults.count, 0);
        assert_string_equal(
            looks.items[0].find,
            two ? "SELECT 1 AS key FROM pg_temp.dualwrite_legacy x"
                : "SELECT 1 AS key FROM (SELECT l.key::pg_catalog.text AS key, l.value::pg_catalog.text AS value FROM "
                  "(\nSELECT id AS key, n AS value FROM o\n) l) x");
        if (two)
            assert_string_equal(
                copy, "COPY (\n    SELECT l.key::pg_catalog.text, l.value::pg_catalog.text FROM (\nSELECT id AS "
                      "key, n AS value FROM o\n    ) l\n) TO STDOUT\n");
        else
            assert_null(looks.items[0].legacy);
        free(copy);
        pack_looks_free(&looks);
        faults_free(&faults);
    }
}

/* SQL of one side may not read the other's tables: with two databases it could not. */
static void
places_of_the_other_side(void **state)
{
    static const struct {
        enum pack_on on;
        const char *find, *legacy, *where, *says;
    } cases[] = {
        {PACK_VNEXT, "SELECT :{source_key} AS key FROM :{source} s, :{target} t", NULL, "c.sql", ":{target}"},
        {PACK_LEGACY, "SELECT :{target_key} AS key FROM :{target} t, :{source} s", NULL, "c.sql", ":{source}"},
        {PACK_VNEXT, "SELECT key FROM :{legacy}", "SELECT :{target_key} AS key FROM :{target} t WHERE :{present}",
         "l.sql", ":{present}"},
        {PACK_VNEXT, "SELECT key FROM :{legacy}", NULL, "c.sql", ":{legacy}"},
    };
    struct sample s = more_sample();

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pack_check check = check_of(PACK_ENTITY, cases[i].find);
        const struct pack p = {.checks = &check, .count = 1};
        struct faults faults = {0};
        struct pack_looks looks;

        check.on = cases[i].on;
        if (cases[i].legacy != NULL)
            check.legacy = (struct pack_file){(char *) "l.sql", (char *) cases[i].legacy};
        looks = pack_looks_make(&p, s.mapping, &s.catalogs, i % 2, 24, &faults);
        assert_int_equal(faults.errors, s.mapping->count);
        assert_string_equal(faults.items[0].where, cases[i].where);
        assert_non_null(strstr(faults.items[0].text, cases[i].says));
        pack_looks_free(&looks);
        faults_free(&faults);
    }
    sample_free(&s);
}

/* Names and values that an application, or whoever runs the command, chose: quoted, or parameters. */
static void
rows_of_a_table(void **state)
{
    const char *const where[] = {"a\"b", "c"};
    struct pack_check check = check_of(PACK_ONCE, "-- heading\nSELECT 1 AS key ; \n;");
    const struct pack p = {.checks = &check, .count = 1};
    const struct pack_table t = {"S x", "T'y", "k\"z", "pg_catalog.int8"};
    struct faults faults = {0};
    struct pack_looks looks;
    struct buf out = {0};
    char *texts[11];

    (void) state;
    check.table_schema = (char *) t.schema;
    check.table = (char *) t.name;
    check.key = (char *) t.key;
    looks = pack_looks_make(&p, NULL, NULL, false, 1, &faults);
    assert_int_equal(faults.count, 0);
    texts[0] = pack_count_sql(&looks.items[0], 3, where, 2);
    texts[1] = pack_before_sql(&t);
    texts[2] = pack_after_sql(&t);
    texts[3] = pack_undo_sql(PACK_UNDO_CHECK, &t, NULL, NULL);
    texts[4] = pack_undo_sql(PACK_UNDO_UPDATE, &t, "a, b", "(b.was).a, (b.was).b");
    texts[5] = pack_undo_sql(PACK_UNDO_INSERT, &t, "a, b", "(b.was).a, (b.was).b");
    texts[6] = pack_undo_sql(PACK_UNDO_VERIFY, &t, NULL, NULL);
    texts[7] = pack_undo_sql(PACK_UNDO_LOCK, &t, NULL, NULL);
    texts[8] = pack_keys_sql(&looks.items[0], where, 1, NULL);
    texts[9] = pack_keys_sql(&looks.items[0], where, 1, t.key_type);
    texts[10] = pack_keys_sql(&looks.items[0], NULL, 0, t.key_type);
    for (size_t i = 0; i < 11; i++) {
        buf_printf(&out, "%s\n\n", texts[i]);
        free(texts[i]);
    }
    golden("tests/unit/golden/pack_rows.sql", buf_text(&out));
    buf_free(&out);
    pack_looks_free(&looks);
    faults_free(&faults);
}

static void
what_a_mend_writes(void **state)
{
    static const struct {
        const char *plan;
        bool once;
    } plans[] = {
        {"[{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Update\", \"Relation Name\": \"t\"}}]", true},
        {"[{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Delete\"}}]", true},
        {"[{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Insert\"}}]", false},
        {"[{\"Plan\": {\"Node Type\": \"Result\"}}]", false},
        {"[{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Update\", \"Plans\": [{\"Node Type\": "
         "\"ModifyTable\", \"Operation\": \"Insert\"}]}}]",
         false},
        {"[{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Update\", \"Filter\": \"(a = '\\\"Node "
         "Type\\\": "
         "\\\"ModifyTable\\\"')\"}}]",
         true},
    };

    (void) state;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        assert_int_equal(pack_plan_writes_once(plans[i].plan), plans[i].once);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place),
        cmocka_unit_test(only_entities_with_that_column),
        cmocka_unit_test(unknown_places),
        cmocka_unit_test(rows_of_legacy),
        cmocka_unit_test(places_of_the_other_side),
        cmocka_unit_test(what_a_mend_writes),
        cmocka_unit_test(rows_of_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
