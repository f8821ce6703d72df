/*
 * test_sqlwrite.c - what is done in the legacy database with the rows that were read. The whole statements are golden
 * files.
 */
/* links: embedded.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_sample.h"

typedef char *make(const struct gen *g);

struct part {
    int sample; /* family, more */
    const char *entity;
    make *make;
    const char *part;
};

static void
check(const struct part *rows, size_t count, bool there)
{
    struct sample samples[] = {sample_of(family_json, family_catalog), more_sample()};

    for (size_t i = 0; i < count; i++) {
        struct gen g = gen_of(&samples[rows[i].sample], rows[i].entity);

        if (there)
            has(rows[i].make(&g), rows[i].part);
        else
            has_not(rows[i].make(&g), rows[i].part);
    }
    sample_free(&samples[0]);
    sample_free(&samples[1]);
}

/* What an INSERT writes, in one order: the target key, the parent's key, the columns. Only rows that are not there. */
static void
test_insert(void **state)
{
    static const struct part rows[] = {
        {0, "org", gen_insert,
         "INSERT INTO \"Old\".\"O\"\"rg\" (\"Id\", \"Title\", \"At\") OVERRIDING SYSTEM VALUE\n"
         "SELECT r.k0, r.c0, pg_catalog.now()::pg_catalog.timestamptz\n"},
        {0, "group", gen_insert, "(\"Id\", \"O\", \"Kind\", \"Sort\", \"Made\", \"Stamp\", \"Extra\", \"Alive\")"},
        {0, "group", gen_insert,
         "SELECT r.k0, r.p, CASE WHEN r.present THEN r.c0 ELSE d.c1 END, r.c1, r.c2, "
         "pg_catalog.now()::pg_catalog.timestamptz, r.c4, CASE"},
        {0, "seat", gen_insert, "(\"User\", \"G\") OVERRIDING SYSTEM VALUE\nSELECT r.k0, r.k1\n"},
        {0, "seat", gen_insert,
         "LEFT JOIN \"Old\".\"Seat\" t ON t.\"User\" = r.k0 AND t.\"G\" = r.k1\n"
         "WHERE r.\"create\" AND t.\"User\" IS NULL AND r.k0 IS NOT NULL AND r.k1 IS NOT NULL\nORDER BY r.n\n"},
        {1, "line", gen_insert,
         "(\"Who\", \"Word\", \"Nr\", \"Text\", \"Mood\") OVERRIDING SYSTEM VALUE\nSELECT r.k0, r.k1, r.k2, "
         "r.c2, r.c3\n"},
    };

    (void) state;
    check(rows, COUNT(rows), true);
}

/* An update: never the key, never insert_only; a time moves with a change but is none; the parent's key is a column. */
static void
test_update(void **state)
{
    static const struct part rows[] = {
        {0, "org", gen_update, "AS t SET \"Title\" = r.c0, \"At\" = pg_catalog.now()::pg_catalog.timestamptz\n"},
        {0, "org", gen_update,
         "WHERE t.\"Id\" = r.k0 AND r.\"write\"\n  AND ROW(t.\"Title\")::pg_catalog.record "
         "OPERATOR(pg_catalog.*<>) ROW(r.c0)::pg_catalog.record\n"},
        {0, "group", gen_update,
         "SET \"Kind\" = CASE WHEN r.present THEN r.c0 ELSE d.c1 END, \"Sort\" = r.c1, \"Extra\" = r.c4, "
         "\"Alive\" = CASE WHEN r.present THEN r.c5 ELSE d.c0 END, \"O\" = CASE WHEN r.present THEN r.p ELSE "
         "coalesce(r.p, t.\"O\") END\n"},
        {0, "group", gen_update, "ROW(t.\"Kind\", t.\"Sort\", t.\"Extra\", t.\"Alive\", t.\"O\")::"},
        {0, "group", gen_update,
         "ROW(CASE WHEN r.present THEN r.c0 ELSE d.c1 END, r.c1, r.c4, CASE WHEN r.present THEN r.c5 ELSE "
         "d.c0 END, CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t.\"O\") END)::"},
        {0, "tag", gen_update, "AS t SET \"Note\" = r.c1, \"Label\" = r.c2\nFROM"},
        {1, "line", gen_update, "WHERE t.\"Who\" = r.k0 AND t.\"Word\" = r.k1 AND t.\"Nr\" = r.k2 AND r.\"write\"\n"},
    };
    static const struct part nowhere[] = {
        {0, "group", gen_update, "\"Made\" ="},
        {0, "group", gen_update, "\"Stamp\" ="},
    };
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "seat");

    (void) state;
    check(rows, COUNT(rows), true);
    check(nowhere, COUNT(nowhere), false);
    /* all there is is the key; or nothing but times: no update ever, or every event would write */
    assert_null(gen_update(&g));
    value_of(s.mapping, "org", "Title")->kind = VALUE_NOW;
    g = gen_of(&s, "org");
    assert_null(gen_update(&g));
    has(gen_verify(&g), "coalesce(true, false) AS equal");
    sample_free(&s);
}

/* The removal's constants are read as their columns are declared; a time already there stays. */
static void
test_removal_values(void **state)
{
    static const struct part rows[] = {
        {0, "group", gen_remove, "UPDATE \"Old\".\"Group\" AS t SET \"Alive\" = d.c0, \"Kind\" = d.c1\n"},
        {0, "group", gen_remove,
         "\nCROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', "
         "'false'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.bool, c1 "
         "pg_catalog.text)\nWHERE t.\"Id\" = r.k0 AND r.remove\n"},
        {0, "group", gen_remove,
         "ROW(t.\"Alive\", t.\"Kind\")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(d.c0, d.c1)::"},
        {1, "page", gen_remove,
         "SET \"Data\" = (d.c0)::pg_catalog.json, \"Name\" = d.c1, \"Left\" = coalesce(t.\"Left\", "
         "pg_catalog.now()::pg_catalog.timestamptz)\n"},
        {1, "page", gen_remove,
         "'c0', '{\"gone\": \"it''s\"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 "
         "pg_catalog.text, c1 pg_catalog.\"varchar\"(8))"},
        {1, "page", gen_update,
         "\"Left\" = CASE WHEN r.present THEN pg_catalog.now()::pg_catalog.timestamptz ELSE "
         "coalesce(t.\"Left\", pg_catalog.now()::pg_catalog.timestamptz) END"},
        {0, "seat", gen_remove, "DELETE FROM \"Old\".\"Seat\" AS t\nUSING ("},
        {0, "seat", gen_remove, "\nWHERE t.\"User\" = r.k0 AND t.\"G\" = r.k1 AND r.remove\n"},
    };
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "tag");

    (void) state;
    check(rows, COUNT(rows), true);
    assert_null(gen_remove(&g)); /* it keeps */
    /* without a rule of presence a row that is there is never absent */
    entity_of(s.mapping, "group")->present.kind = PRESENT_ALWAYS;
    g = gen_of(&s, "group");
    has(gen_update(&g), "SET \"Kind\" = r.c0, \"Sort\" = r.c1, \"Extra\" = r.c4, \"Alive\" = r.c5, ");
    sample_free(&s);
}

/* Read back by the type's equality, or as text where it has none; what an update would not write is not asked. */
static void
test_verify(void **state)
{
    static const struct part rows[] = {
        {0, "org", gen_verify,
         "t.\"Id\" IS NOT NULL AS shadow, coalesce(t.\"Title\" IS NOT DISTINCT FROM (r.c0), false) AS equal"},
        {0, "tag", gen_verify,
         "t.\"Note\" IS NOT DISTINCT FROM (r.c1) AND t.\"Label\" IS NOT DISTINCT FROM (r.c2), false)"},
        {0, "group", gen_verify,
         "t.\"Kind\" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c0 ELSE d.c1 END) AND t.\"Sort\" IS "
         "NOT DISTINCT FROM (r.c1) AND t.\"Extra\"::pg_catalog.text IS NOT DISTINCT FROM "
         "(r.c4)::pg_catalog.text AND t.\"Alive\" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c5 ELSE "
         "d.c0 END) AND t.\"O\" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t.\"O\") END) "
         "END, false)"},
        {1, "line", gen_verify,
         "ELSE t.\"Text\" IS NOT DISTINCT FROM (r.c2) AND t.\"Mood\" IS NOT DISTINCT FROM (r.c3) END"},
        {0, "seat", gen_verify, "\nLEFT JOIN \"Old\".\"Seat\" t ON t.\"User\" = r.k0 AND t.\"G\" = r.k1\n"},
        /* of a removal it says whether that was done */
        {0, "group", gen_verify,
         "CASE WHEN r.remove THEN t.\"Alive\" IS NOT DISTINCT FROM (d.c0) AND t.\"Kind\" IS NOT DISTINCT "
         "FROM (d.c1) ELSE"},
        {0, "seat", gen_verify, "CASE WHEN r.remove THEN t.\"User\" IS NULL ELSE true END"},
        {1, "page", gen_verify,
         "CASE WHEN r.remove THEN t.\"Data\"::pg_catalog.text IS NOT DISTINCT FROM "
         "((d.c0)::pg_catalog.json)::pg_catalog.text AND t.\"Name\" IS"},
    };
    static const struct part nowhere[] = {
        {0, "group", gen_verify, "t.\"Made\""},
        {0, "group", gen_verify, "t.\"Stamp\""},
        {0, "org", gen_verify, "t.\"At\""},
        {0, "tag", gen_verify, "r.remove THEN"},
    };

    (void) state;
    check(rows, COUNT(rows), true);
    check(nowhere, COUNT(nowhere), false);
}

/* A row that has either form keeps it; else the plain value for the first of its kind, unless another row holds it. */
static void
test_suffix(void **state)
{
    static const char settled[] =
        "CASE WHEN t.\"Slug\" IN (r.c0, r.y0) THEN t.\"Slug\" WHEN r.o0 AND NOT EXISTS (SELECT FROM "
        "\"Old\".\"Page\" h WHERE h.\"Slug\" = r.c0 AND NOT (h.\"Id\" = r.k0)) THEN r.c0 ELSE r.y0 END";
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "page");
    char *sql = gen_update(&g);

    (void) state;
    assert_int_equal(times(sql, settled), 2);
    free(sql);
    has(gen_insert(&g), settled);
    has(gen_verify(&g), settled);
    sample_free(&s);
}

static void
test_draw(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "org");
    char *sql = gen_draw(&g);

    (void) state;
    must_have(sql, "SELECT g.n, (nextval('\"Old\".\"Org Seq\"'::regclass))::pg_catalog.int8 AS key\n");
    must_have(sql, "FROM drawn d WHERE d.n > $2::pg_catalog.int4 ORDER BY d.n");
    must_have(sql, "WHEN EXISTS (SELECT FROM \"Old\".\"O\"\"rg\" t WHERE t.\"Id\" = d.key) THEN");
    must_have(sql, "'Old', 'O\"rg', 'Id', d.key, pg_catalog.format('%I.%I', 'Old', 'O\"rg'), 'Id',");
    free(sql);
    g = gen_of(&s, "seat");
    assert_null(gen_draw(&g));
    sample_free(&s);
}

static void
test_missing(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "tag");

    (void) state;
    has(gen_missing(&g),
        "FROM unnest($1::pg_catalog.text[]) k(key)\nWHERE NOT EXISTS (SELECT FROM \"Old\".\"Tag\" t WHERE "
        "t.\"Code\" = k.key::pg_catalog.\"varchar\")");
    g = gen_of(&s, "seat"); /* nobody's parent */
    assert_null(gen_missing(&g));
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insert),  cmocka_unit_test(test_update), cmocka_unit_test(test_removal_values),
        cmocka_unit_test(test_verify),  cmocka_unit_test(test_suffix), cmocka_unit_test(test_draw),
        cmocka_unit_test(test_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
