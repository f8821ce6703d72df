/*
 * test_sqlmap.c - what is written into the map: the rows that reserve a legacy key, and the note of what was read back.
 */
/* links: embedded.c lib/core/sqlmap.c lib/core/sqlvalue.c lib/core/slots.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_sample.h"

static void
test_reserve(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "org");
    char *sql = gen_reserve(&g);

    (void) state;
    must_have(sql, "    INSERT INTO \"Map\".\"Org Map\" (\"New Id\", \"Old Id\", \"Title\", \"By\", \"Seen\")\n"
                   "    SELECT r.s0, r.key, r.x0, r.x1, r.noted\n");
    must_have(sql, "EXISTS (SELECT FROM \"Map\".\"Org Map\" m WHERE m.\"Old Id\" = r.key) AS taken");
    must_have(
        sql, "AS p(s0 pg_catalog.uuid[], key pg_catalog.int8[], refused pg_catalog.bool[], noted pg_catalog.bool[], x0 "
             "pg_catalog.text[], x1 pg_catalog.text[])) r\n");
    must_have(sql, "RETURNING \"Old Id\" AS key\n");
    free(sql);
    g = gen_of(&s, "group"); /* nothing but the keys */
    sql = gen_reserve(&g);
    must_have(sql, "    INSERT INTO \"Map\".\"Group Map\" (\"N\", \"O\")\n    SELECT r.s0, r.key\n");
    free(sql);
    g = gen_of(&s, "seat");
    assert_null(gen_reserve(&g));
    sample_free(&s);
}

/* Values are read as the map's columns are declared; a document stays one; times are the database's own. */
static void
test_columns(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "page");
    char *sql = gen_reserve(&g);

    (void) state;
    must_have(sql, "(\"N\", \"O\", \"Slug\", \"Seen\", \"Data\", \"Made\", \"Author\", \"Kind\")");
    must_have(sql,
              "SELECT r.s0, r.key, r.x0, r.x1, r.x2::pg_catalog.jsonb, pg_catalog.now()::pg_catalog.timestamptz, r.x4, "
              "r.x5\n");
    must_have(sql,
              "x0 pg_catalog.\"varchar\"(20)[], x1 pg_catalog.date[], x2 pg_catalog.text[], x4 pg_catalog.uuid[], x5 "
              "pg_catalog.bpchar(2)[])) r\n");
    free(sql);
    sample_free(&s);
}

static void
test_composite(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "note");
    char *sql = gen_reserve(&g);

    (void) state;
    must_have(sql, "    INSERT INTO \"Map\".\"Note Map\" (\"X\", \"Y\", \"O\", \"Ok\")\n"
                   "    SELECT r.s0, r.s1, r.key, r.noted\n");
    must_have(sql, "s0 pg_catalog.int4[], s1 pg_catalog.\"varchar\"(9)[], key pg_catalog.uuid[], refused "
                   "pg_catalog.bool[], noted");
    must_have(sql, "ON CONFLICT (\"X\", \"Y\") DO NOTHING"); /* the index has them in another order */
    free(sql);
    sql = gen_mark(&g);
    must_have(sql, "AS p(s0 pg_catalog.int4[], s1 pg_catalog.\"varchar\"(9)[], key pg_catalog.uuid[], equal "
                   "pg_catalog.bool[])) r\n"
                   "WHERE m.\"X\" = r.s0 AND m.\"Y\" = r.s1 AND m.\"O\" = r.key AND m.\"Ok\" IS DISTINCT FROM r.equal");
    free(sql);
    sample_free(&s);
}

/* ON CONFLICT only where an index can be its arbiter: whole, immediate, and on the source key alone. */
static void
test_unless_mapped(void **state)
{
    static const struct {
        const char *from, *to;
        bool unless;
    } rows[] = {
        {"U|New Id\n", "U|New Id\n", true},
        {"U|New Id\n", "u|New Id\n", false},
        {"U|New Id\n", "d|New Id\n", false},
        {"U|New Id\n", "", false},
        {"U|New Id\n", "U|New Id|Old Id\n", false},
        {"U|New Id\n", "u|New Id\nU|New Id\nU|New Id\n", true},
        {"U|Old Id\nU|New Id\n", "U|Old Id\n", false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *catalog = with(family_catalog, rows[i].from, rows[i].to);
        struct sample s = sample_of(family_json, catalog);
        struct gen g = gen_of(&s, "org");
        char *sql = gen_reserve(&g);

        assert_int_equal(times(sql, "ON CONFLICT (\"New Id\") DO NOTHING\n"), rows[i].unless);
        assert_int_equal(times(sql, "ON CONFLICT"), rows[i].unless);
        free(sql);
        sample_free(&s);
        free(catalog);
    }
}

/* Only where it changes, and only for the legacy row that was read back. */
static void
test_mark(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "org");
    char *sql = gen_mark(&g);

    (void) state;
    must_begin(sql, "UPDATE \"Map\".\"Org Map\" AS m SET \"Seen\" = r.equal\n");
    must_have(
        sql,
        "AS p(s0 pg_catalog.uuid[], key pg_catalog.int8[], equal pg_catalog.bool[])) r\nWHERE m.\"New Id\" = r.s0 AND "
        "m.\"Old Id\" = r.key AND m.\"Seen\" IS DISTINCT FROM r.equal");
    free(sql);
    g = gen_of(&s, "group"); /* its map has no such column */
    assert_null(gen_mark(&g));
    g = gen_of(&s, "seat");
    assert_null(gen_mark(&g));
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reserve),       cmocka_unit_test(test_columns), cmocka_unit_test(test_composite),
        cmocka_unit_test(test_unless_mapped), cmocka_unit_test(test_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
