/* test_sqlvalue.c - what a column should hold, as SQL over the source row: each form of a value, and its cast. */
/* links: lib/core/sqlvalue.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/sqlgen.h"
#include "dualwrite/sqlparts.h"

/* Entity `name` of the family, or of a change of it. */
struct sample {
    struct mapping *mapping;
    struct catalog *catalog;
    struct gen gen;
};

static struct sample
sample_of(const char *json, const char *name)
{
    struct sample s = {.mapping = mapping_of(json), .catalog = catalog_of(family_catalog)};

    s.gen = gen_for(s.mapping, s.catalog, &s.mapping->entities[mapping_entity_index(s.mapping, name)]);
    return s;
}

static void
sample_free(struct sample *s)
{
    mapping_free(s->mapping);
    catalog_free(s->catalog);
}

static void
test_for(void **state)
{
    struct sample s = sample_of(family_json, "seat");

    (void) state;
    assert_string_equal(s.gen.parent->name, "group");
    assert_string_equal(s.gen.source->schema, "New");
    assert_string_equal(s.gen.target->schema, "Old");
    assert_string_equal(s.gen.target->name, "Seat");
    assert_string_equal(gen_type(s.gen.target, "User"), "pg_catalog.int4");
    sample_free(&s);
    s = sample_of(family_json, "org");
    assert_null(s.gen.parent);
    sample_free(&s);
}

static const struct {
    const char *json; /* of "Kind" in the family's group */
    const char *sql;  /* cast to pg_catalog.text */
} values[] = {
    {"\"Kind\"", "(\"Kind\")::pg_catalog.text"},
    {"\"K\\\"ind\"", "(\"K\"\"ind\")::pg_catalog.text"},
    {"{\"column\": \"Kind\", \"insert_only\": true}", "(\"Kind\")::pg_catalog.text"},
    {"{\"constant\": \"it's\"}", "('it''s')::pg_catalog.text"},
    {"{\"constant\": \"a\\\\'b\"}", "( E'a\\\\''b')::pg_catalog.text"},
    {"{\"constant\": \"\"}", "('')::pg_catalog.text"},
    {"{\"constant\": null}", "(NULL)::pg_catalog.text"},
    {"{\"constant\": 42}", "('42')::pg_catalog.text"},
    {"{\"now\": true}", "(pg_catalog.now())::pg_catalog.text"},
    /* an expression stands in parentheses of its own, and a comment at its end cannot swallow them */
    {"{\"expression\": \"a + b\"}", "((a + b\n))::pg_catalog.text"},
    {"{\"expression\": \"a -- b\"}", "((a -- b\n))::pg_catalog.text"},
    /* a cut is asked for by name: it comes before the cast, which never cuts */
    {"{\"column\": \"Kind\", \"truncate\": 5}", "pg_catalog.left((\"Kind\")::pg_catalog.text, 5)::pg_catalog.text"},
    {"{\"expression\": \"a || b\", \"truncate\": 1}",
     "pg_catalog.left(((a || b\n))::pg_catalog.text, 1)::pg_catalog.text"},
    /* value maps: NULL stays NULL, an unknown value fails by name or becomes "otherwise" */
    {"{\"column\": \"Kind\", \"values\": {\"1\": \"one\", \"it's\": null}}",
     "(CASE WHEN \"Kind\" IS NULL THEN NULL WHEN \"Kind\"::pg_catalog.text = '1' THEN 'one' WHEN "
     "\"Kind\"::pg_catalog.text = 'it''s' THEN NULL ELSE dualwrite.unmapped('group.Kind', \"Kind\"::pg_catalog.text) "
     "END)::pg_catalog.text"},
    {"{\"column\": \"Kind\", \"values\": {\"1\": \"one\"}, \"otherwise\": \"o'\"}",
     "(CASE WHEN \"Kind\" IS NULL THEN NULL WHEN \"Kind\"::pg_catalog.text = '1' THEN 'one' ELSE 'o''' "
     "END)::pg_catalog.text"},
    {"{\"column\": \"Kind\", \"values\": {\"1\": \"one\"}, \"otherwise\": null}",
     "(CASE WHEN \"Kind\" IS NULL THEN NULL WHEN \"Kind\"::pg_catalog.text = '1' THEN 'one' ELSE NULL "
     "END)::pg_catalog.text"},
    {"{\"expression\": \"a --\", \"values\": {\"1\": \"one\"}, \"otherwise\": \"2\", \"truncate\": 2}",
     "pg_catalog.left((CASE WHEN (a --\n) IS NULL THEN NULL WHEN (a --\n)::pg_catalog.text = '1' THEN 'one' ELSE '2' "
     "END)::pg_catalog.text, 2)::pg_catalog.text"},
};

static void
test_values(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(values); i++) {
        char *json =
            with(family_json, "{\"column\": \"Kind\", \"values\": {\"1\": \"one\", \"2\": null}}", values[i].json);
        char *allowed = with(json, ", \"Kind\": {\"constant\": null}", ""); /* a removal sets no insert_only column */
        struct sample s = sample_of(allowed, "group");
        struct buf out = {0};

        gen_value(&out, &s.gen, &s.gen.e->columns.items[0], "pg_catalog.text");
        assert_string_equal(buf_text(&out), values[i].sql);
        buf_free(&out);
        sample_free(&s);
        free(allowed);
        free(json);
    }
}

/* A map column that repeats what the target gets is read from the source row's reading, by its place. */
static void
test_target_column(void **state)
{
    struct sample s = sample_of(family_json, "org");
    struct buf out = {0};

    (void) state;
    gen_value(&out, &s.gen, &s.gen.e->map->columns.items[0], "pg_catalog.text");
    assert_string_equal(buf_text(&out), "(s.c0)::pg_catalog.text");
    buf_clear(&out);
    gen_value(&out, &s.gen, &s.gen.e->map->columns.items[1], "pg_catalog.text");
    assert_string_equal(buf_text(&out), "('it''s')::pg_catalog.text");
    buf_free(&out);
    sample_free(&s);
}

/* The source alone in its FROM, every key, identity, parent and column under a name of ours, in the target's type. */
static void
test_reading(void **state)
{
    static const struct {
        const char *entity;
        const char *sql;
    } rows[] = {
        {"org", "SELECT \"Id\" AS k0, \"Id\" AS i0, true AS present, \"Id\" AS latest, "
                "pg_catalog.left((\"Name\")::pg_catalog.text, 20)::pg_catalog.\"varchar\" AS c0, "
                "(pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM \"New\".\"Org\" WHERE \"Id\" = w.i0"},
        {"seat",
         "SELECT \"A\" AS k0, \"B\" AS k1, \"Account\" AS i0, \"Group\" AS i1, \"Group\" AS p0, "
         "coalesce(\"State\"::pg_catalog.text IN ('it''s'), false) AS present, \"Changed\" AS latest, "
         "(\"Account\")::pg_catalog.int4 AS c0 FROM \"New\".\"Seat\" WHERE \"Account\" = w.i0 AND \"Group\" = w.i1"},
        {"tag", "SELECT \"Id\" AS k0, \"Code\" AS i0, true AS present, \"Id\" AS latest, "
                "(\"Code\")::pg_catalog.\"varchar\" AS c0, ( E'a\\\\b')::pg_catalog.text AS c1, "
                "(\"Label\")::pg_catalog.text AS c2 FROM \"New\".\"Tag\" WHERE \"Code\" = w.i0"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample s = sample_of(family_json, rows[i].entity);
        char *sql = gen_reading(&s.gen);

        assert_string_equal(sql, rows[i].sql);
        free(sql);
        sample_free(&s);
    }
}

static void
test_present(void **state)
{
    struct sample s = sample_of(family_json, "group");
    struct buf out = {0};

    (void) state;
    sql_present(&out, s.gen.e, "");
    assert_string_equal(buf_text(&out), "coalesce(\"State\"::pg_catalog.text IN ('up', '1'), false)");
    buf_clear(&out);
    sql_present(&out, s.gen.e, "n");
    assert_string_equal(buf_text(&out), "coalesce(n.\"State\"::pg_catalog.text IN ('up', '1'), false)");
    buf_clear(&out);
    sql_present(&out, &s.mapping->entities[0], "n");
    assert_string_equal(buf_text(&out), "true");
    buf_clear(&out);
    sql_table(&out, &s.mapping->entities[0].target);
    assert_string_equal(buf_text(&out), "\"Old\".\"O\"\"rg\"");
    buf_free(&out);
    sample_free(&s);
}

static void
test_removal_value(void **state)
{
    char *json = with(family_json, "\"Kind\": {\"constant\": null}",
                      "\"Extra\": {\"now\": true}, \"Kind\": "
                      "{\"constant\": \"it's\"}");
    struct sample s = sample_of(json, "group");
    char *value;

    (void) state;
    value = gen_removal_value(&s.gen, "Alive");
    assert_string_equal(value, "'false'::pg_catalog.bool");
    free(value);
    value = gen_removal_value(&s.gen, "Kind");
    assert_string_equal(value, "'it''s'::pg_catalog.text");
    free(value);
    /* a time that is there already stays */
    value = gen_removal_value(&s.gen, "Extra");
    assert_string_equal(value, "coalesce(t.\"Extra\", pg_catalog.now()::pg_catalog.json)");
    free(value);
    assert_null(gen_removal_value(&s.gen, "Made"));
    assert_null(gen_removal_value(&s.gen, "Nothing"));
    sample_free(&s);
    s = sample_of(family_json, "group");
    value = gen_removal_value(&s.gen, "Kind");
    assert_string_equal(value, "NULL::pg_catalog.text");
    free(value);
    sample_free(&s);
    s = sample_of(family_json, "seat"); /* deletes */
    assert_null(gen_removal_value(&s.gen, "User"));
    sample_free(&s);
    s = sample_of(family_json, "tag"); /* keeps */
    assert_null(gen_removal_value(&s.gen, "Label"));
    sample_free(&s);
    free(json);
}

static void
test_expected(void **state)
{
    struct sample s = sample_of(family_json, "group");
    char *json;
    struct buf out = {0};

    (void) state;
    gen_expected(&out, &s.gen, 0);
    assert_string_equal(buf_text(&out), "CASE WHEN s.present THEN s.c0 ELSE NULL::pg_catalog.text END");
    buf_clear(&out);
    gen_expected(&out, &s.gen, 1); /* the removal leaves it alone */
    assert_string_equal(buf_text(&out), "s.c1");
    buf_clear(&out);
    gen_expected(&out, &s.gen, 5);
    assert_string_equal(buf_text(&out), "CASE WHEN s.present THEN s.c5 ELSE 'false'::pg_catalog.bool END");
    buf_clear(&out);
    sample_free(&s);
    /* without a rule of presence a row that is there is never absent */
    json = with(family_json, " \"present\": {\"column\": \"State\", \"in\": [\"up\", 1]},\n", "");
    s = sample_of(json, "group");
    gen_expected(&out, &s.gen, 0);
    assert_string_equal(buf_text(&out), "s.c0");
    buf_free(&out);
    sample_free(&s);
    free(json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for),      cmocka_unit_test(test_values),  cmocka_unit_test(test_target_column),
        cmocka_unit_test(test_reading),  cmocka_unit_test(test_present), cmocka_unit_test(test_removal_value),
        cmocka_unit_test(test_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
