/* test_sqlrows.c - the rows of the JSON parameter as SQL: how each value is declared, read and called. */
/* links: embedded.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_sample.h"

/* Every value is read as its legacy column is declared, so what does not fit is refused; a document is read as one. */
static void
test_rows(void **state)
{
    static const struct plan_part rows[] = {
        {0, "org", "\"do\" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog.\"varchar\"(30)[])) w\n"},
        {0, "group",
         "k0 pg_catalog.int8[], p pg_catalog.int8[], c0 pg_catalog.text[], c1 pg_catalog.bpchar(3)[], c2 "
         "pg_catalog.date[], c4 pg_catalog.text[], c5 pg_catalog.bool[])) w\n"},
        {0, "group",
         "w.k0 AS k0, w.p AS p, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, (w.c4)::pg_catalog.json AS c4, "
         "w.c5 AS c5\n"},
        {0, "seat", "k0 pg_catalog.int4[], k1 pg_catalog.int8[])) w\n"},
        {1, "page", "c0 pg_catalog.\"varchar\"(20)[], y0 pg_catalog.\"varchar\"(20)[], o0 pg_catalog.bool[], c1"},
        {1, "page", "w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2"},
    };

    (void) state;
    check_parts(gen_rows, rows, COUNT(rows), true);
}

/* The key is read as the looked-up table has it, without its length; the result is cut, and read as any value is. */
static void
test_lookup(void **state)
{
    static const struct plan_part rows[] = {
        {1, "page", "c4 pg_catalog.\"varchar\"[], c5 pg_catalog.\"varchar\"[], c6 pg_catalog.text[])) w\n"},
        {1, "page",
         "(SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS "
         "NULL THEN NULL WHEN EXISTS (SELECT FROM \"Old\".\"l\" l WHERE l.\"Code\" = w.c4) THEN (SELECT "
         "l.\"Place\"::pg_catalog.text FROM \"Old\".\"l\" l WHERE l.\"Code\" = w.c4) ELSE "
         "'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w.\"do\" & 6 <> 0) AS c4, "},
        {1, "page",
         "((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', "
         "pg_catalog.left(CASE WHEN w.c5 IS NULL"},
        {1, "page",
         "NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w.\"do\" & 6 <> 0))::pg_catalog.jsonb AS "
         "c5, "},
        /* in the key, too */
        {1, "line", "k0 pg_catalog.int4[], k1 pg_catalog.\"varchar\"(10)[], k2 pg_catalog.int2[]"},
        {1, "line",
         "ELSE dualwrite.lookup_missing('line.Who', 'Old', 'Person', 'Nr', w.k0::pg_catalog.text, "
         "NULL::pg_catalog.text) END)) AS l(v pg_catalog.bpchar(4))) AS k0, w.k1 AS k1"},
        /* vNext has looked it up already */
        {1, "page", "c3 pg_catalog.uuid[], "},
    };
    static const struct plan_part nowhere[] = {{1, "page", "\"Person\""}};

    (void) state;
    check_parts(gen_rows, rows, COUNT(rows), true);
    check_parts(gen_rows, nowhere, COUNT(nowhere), false);
}

/* Nothing but a key, of a row that is only inserted and deleted. */
static void
test_key_alone(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "word");
    char *sql = gen_rows(&g);

    (void) state;
    must_have(sql, "AS remove, w.k0 AS k0\nFROM (");
    must_have(sql, "AS \"do\", pg_catalog.unnest(p.k0) AS k0\n");
    must_have(sql, "\"do\" pg_catalog.int4[], k0 pg_catalog.\"varchar\"(10)[])) w");
    free(sql);
    sample_free(&s);
}

/* What no array of ours can hold comes as text, and is read by its type's reader alone: where it is to be written, or a key. */
static void
test_read_alone(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g;
    char *sql;

    (void) state;
    column_of(&s, "Old", "O\"rg", "Title")->unlisted = true;
    g = gen_of(&s, "org");
    sql = gen_rows(&g);
    must_have(sql, ", c0 pg_catalog.text[])) w");
    must_have(sql, "(SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', w.c0)) AS l(v "
                   "pg_catalog.\"varchar\"(30)) WHERE w.\"do\" & 6 <> 0) AS c0");
    free(sql);
    column_of(&s, "Old", "Seat", "User")->unlisted = true;
    g = gen_of(&s, "seat");
    has(gen_rows(&g), "json_build_object('v', w.k0)) AS l(v pg_catalog.int4)) AS k0");
    sample_free(&s);
}

/* A domain may refuse the NULL of a row without values; one that is none goes into an array. */
static void
test_domains(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct catalog_column *title = column_of(&s, "Old", "O\"rg", "Title");
    struct gen g = gen_of(&s, "org");

    (void) state;
    no_domain(title);
    has(gen_rows(&g), "c0 pg_catalog.\"varchar\"(30)[])) w");
    free(title->shown_type);
    title->shown_type = xstrdup("\"Odd \"\"d\".title");
    has(gen_rows(&g), "c0 pg_catalog.text[])) w");
    has(gen_rows(&g), "AS l(v \"Odd \"\"d\".title) WHERE w.\"do\" & 6 <> 0) AS c0");
    sample_free(&s);
}

/* Of a value with a suffix the plain one, the one with it, and which of both; all of them read in one way. */
static void
test_suffix_read_alone(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "page");
    char *sql;

    (void) state;
    column_of(&s, "Old", "Page", "Slug")->unlisted = true;
    sql = gen_rows(&g);
    must_have(sql, "c0 pg_catalog.text[], y0 pg_catalog.text[], o0 pg_catalog.bool[]");
    must_have(sql, "'v', w.y0)) AS l(v pg_catalog.\"varchar\"(20)) WHERE w.\"do\" & 6 <> 0) AS y0, w.o0, ");
    free(sql);
    sample_free(&s);
}

/* The key of a lookup may be of a type that no array of ours holds; then it is cast on its way into the look. */
static void
test_lookup_by_what_is_unlisted(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "line");

    (void) state;
    column_of(&s, "Old", "Person", "Nr")->unlisted = true;
    has(gen_rows(&g), "k0 pg_catalog.text[], k1 ");
    has(gen_rows(&g), "WHERE l.\"Nr\" = w.k0::pg_catalog.int4)");
    sample_free(&s);
}

static void
test_documents(void **state)
{
    struct catalog_column json = {.base = (char *) "json", .shown_type = (char *) "pg_catalog.json"};
    struct catalog_column jsonb = {.base = (char *) "jsonb", .shown_type = (char *) "\"My\".doc"};
    struct catalog_column jsons = {.base = (char *) "json[]", .shown_type = (char *) "pg_catalog.json[]"};
    struct buf out = {0};

    (void) state;
    assert_true(gen_is_json(&json));
    assert_true(gen_is_json(&jsonb));
    assert_false(gen_is_json(&jsons));
    assert_string_equal(gen_declared(&jsonb), "pg_catalog.text");
    assert_string_equal(gen_declared(&jsons), "pg_catalog.json[]");
    gen_finished(&out, "a || b", &jsonb);
    assert_string_equal(buf_text(&out), "(a || b)::\"My\".doc");
    buf_clear(&out);
    gen_finished(&out, "a || b", &jsons);
    assert_string_equal(buf_text(&out), "a || b");
    buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_key_alone),
        cmocka_unit_test(test_read_alone),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_suffix_read_alone),
        cmocka_unit_test(test_lookup_by_what_is_unlisted),
        cmocka_unit_test(test_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
