/* test_sqlvalue.c - what one mapped column becomes, as SQL text: each form of a value, lookups, lengths, presence. */
/* links: lib/core/sqlvalue.c lib/core/slots.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/sqlgen.h"
#include "plan_sample.h"

static void
test_for(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "seat");

    (void) state;
    assert_string_equal(g.parent->name, "group");
    assert_string_equal(g.source->schema, "New");
    assert_string_equal(g.target->schema, "Old");
    assert_string_equal(g.target->name, "Seat");
    assert_null(g.map);
    g = gen_of(&s, "org");
    assert_null(g.parent);
    assert_string_equal(g.map->name, "Org Map");
    sample_free(&s);
}

/* Each side is looked up in its own catalog. */
static void
test_for_two_databases(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct catalog *legacy = catalog_of("T|Old|Tag|\nC|Code|pg_catalog.text\n");
    struct gen g;

    (void) state;
    s.catalogs.legacy = legacy;
    g = gen_of(&s, "tag");
    assert_ptr_equal(g.target, &legacy->tables[0]);
    assert_string_equal(g.source->schema, "New");
    g = gen_of(&s, "org");
    assert_null(g.target);
    assert_non_null(g.map);
    catalog_free(legacy);
    sample_free(&s);
}

static const struct {
    const char *json; /* of "Kind" in the family's group */
    int length;
    const char *sql; /* of the input "in" */
} values[] = {
    {"\"Kind\"", 0, "(in)::pg_catalog.text"},
    {"\"Kind\"", 7, "pg_catalog.left((in)::pg_catalog.text, 7)"},
    {"{\"column\": \"Kind\", \"insert_only\": true}", 0, "(in)::pg_catalog.text"},
    {"{\"expression\": \"a -- b\"}", 0, "(in)::pg_catalog.text"},
    {"{\"constant\": \"it's\"}", 0, "'it''s'::pg_catalog.text"},
    {"{\"constant\": \"a\\\\'b\"}", 0, " E'a\\\\''b'::pg_catalog.text"},
    {"{\"constant\": \"\"}", 0, "''::pg_catalog.text"},
    {"{\"constant\": null}", 0, "NULL::pg_catalog.text"},
    {"{\"constant\": 42}", 0, "'42'::pg_catalog.text"},
    /* value maps: NULL stays NULL, an unknown value fails by name or becomes "otherwise" */
    {"{\"column\": \"Kind\", \"values\": {\"1\": \"one\", \"it's\": null}}", 0,
     "(CASE WHEN in IS NULL THEN NULL WHEN in::pg_catalog.text = '1' THEN 'one' WHEN in::pg_catalog.text = 'it''s' "
     "THEN "
     "NULL ELSE dualwrite.unmapped('group.Kind', in::pg_catalog.text) END)::pg_catalog.text"},
    {"{\"column\": \"Kind\", \"values\": {\"1\": \"one\"}, \"otherwise\": \"o'\"}", 0,
     "(CASE WHEN in IS NULL THEN NULL WHEN in::pg_catalog.text = '1' THEN 'one' ELSE 'o''' END)::pg_catalog.text"},
    {"{\"column\": \"Kind\", \"values\": {\"1\": \"one\"}, \"otherwise\": null}", 0,
     "(CASE WHEN in IS NULL THEN NULL WHEN in::pg_catalog.text = '1' THEN 'one' ELSE NULL END)::pg_catalog.text"},
    /* a cut comes last */
    {"{\"column\": \"Kind\", \"values\": {\"1\": \"one\"}, \"otherwise\": \"2\"}", 2,
     "pg_catalog.left((CASE WHEN in IS NULL THEN NULL WHEN in::pg_catalog.text = '1' THEN 'one' ELSE '2' "
     "END)::pg_catalog.text, 2)"},
};

static void
test_values(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(values); i++) {
        char *json =
            with(family_json, "{\"column\": \"Kind\", \"values\": {\"1\": \"one\", \"2\": null}}", values[i].json);
        char *allowed = with(json, ", \"Kind\": {\"constant\": null}", ""); /* a removal sets no insert_only column */
        struct sample s = sample_of(allowed, family_catalog);
        struct gen g = gen_of(&s, "group");
        struct buf out = {0};

        gen_text(&out, &g, &g.e->columns.items[0], "in", values[i].length);
        assert_string_equal(buf_text(&out), values[i].sql);
        buf_free(&out);
        sample_free(&s);
        free(allowed);
        free(json);
    }
}

/*
 * What is read of the source row: a column, or an expression in parentheses that a comment at its end cannot swallow.
 */
static void
test_input(void **state)
{
    const struct {
        struct mapping_value value;
        const char *sql;
    } rows[] = {
        {{.kind = VALUE_COLUMN, .text = (char[]){"K\"ind"}}, "\"K\"\"ind\""},
        {{.kind = VALUE_EXPRESSION, .text = (char[]){"a + b"}}, "(a + b\n)"},
        {{.kind = VALUE_EXPRESSION, .text = (char[]){"a -- b"}}, "(a -- b\n)"},
        {{.kind = VALUE_CONSTANT, .text = (char[]){"a"}}, NULL},
        {{.kind = VALUE_NOW}, NULL},
        {{.kind = VALUE_TARGET_COLUMN, .text = (char[]){"a"}}, NULL},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = {0};

        assert_int_equal(gen_input(&out, &rows[i].value), rows[i].sql != NULL);
        assert_string_equal(buf_text(&out), rows[i].sql == NULL ? "" : rows[i].sql);
        buf_free(&out);
    }
}

static char *
text_of(const struct sample *s, const char *column, int length)
{
    struct gen g = gen_of(s, "page");
    struct buf out = {0};

    for (size_t i = 0; i < g.e->columns.count; i++)
        if (strcmp(g.e->columns.items[i].name, column) == 0)
            gen_text(&out, &g, &g.e->columns.items[i], "b.q", length);
    return buf_steal(&out);
}

/* NULL stays NULL; a row whose value is NULL is a row; without one the value fails by name, or is "otherwise". */
static void
test_lookup(void **state)
{
    struct sample s = more_sample();
    struct mapping_value *author = value_of(s.mapping, "page", "Author");
    char *sql = text_of(&s, "Author", 0);

    (void) state;
    assert_string_equal(
        sql, "CASE WHEN b.q IS NULL THEN NULL WHEN EXISTS (SELECT FROM \"Look\".\"Person\" l WHERE l.\"User\" "
             "= b.q) THEN (SELECT l.\"Id\"::pg_catalog.text FROM \"Look\".\"Person\" l WHERE l.\"User\" = b.q) "
             "ELSE dualwrite.lookup_missing('page.Author', 'Look', 'Person', 'User', "
             "b.q::pg_catalog.text, NULL::pg_catalog.text) END");
    free(sql);
    author->has_otherwise = true;
    has(text_of(&s, "Author", 0), " = b.q) ELSE NULL::pg_catalog.text END");
    author->otherwise = xstrdup("it's");
    has(text_of(&s, "Author", 0), " = b.q) ELSE 'it''s'::pg_catalog.text END");
    sql = text_of(&s, "Author", 3);
    must_begin(sql, "pg_catalog.left(CASE WHEN b.q IS NULL");
    must_have(sql, "END, 3)");
    free(sql);
    sample_free(&s);
}

/* A key on its way to the legacy database is neither looked up nor cut: what is cut is what it leads to. */
static void
test_lookup_legacy(void **state)
{
    struct sample s = more_sample();
    char *sql = text_of(&s, "Tags", 5);

    (void) state;
    assert_string_equal(sql, "(b.q)::pg_catalog.text");
    free(sql);
    sample_free(&s);
}

/* A cut that is asked for by name comes first; else the column's length, where the rule cuts. */
static void
test_length(void **state)
{
    static const struct {
        int truncate;
        enum unique_rule unique;
        const char *column; /* Slug takes 20, Link any length */
        int length;
    } rows[] = {
        {0, UNIQUE_FAIL, "Slug", 0},   {0, UNIQUE_TRUNCATE, "Slug", 20}, {0, UNIQUE_SUFFIX, "Slug", 20},
        {7, UNIQUE_FAIL, "Slug", 7},   {7, UNIQUE_TRUNCATE, "Slug", 7},  {7, UNIQUE_SUFFIX, "Slug", 7},
        {30, UNIQUE_FAIL, "Slug", 30}, {0, UNIQUE_TRUNCATE, "Link", 0},  {0, UNIQUE_SUFFIX, "Link", 0},
        {0, UNIQUE_SUFFIX, "None", 0},
    };
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "page");

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mapping_column c = {.name = xstrdup(rows[i].column)};

        c.value.truncate = rows[i].truncate;
        c.value.unique = rows[i].unique;
        assert_int_equal(gen_length(&g, &c), rows[i].length);
        free(c.name);
    }
    sample_free(&s);
}

static void
test_present(void **state)
{
    static const struct {
        int sample; /* family, more */
        const char *entity;
        const char *alias;
        const char *sql;
    } rows[] = {
        {0, "group", "", "coalesce(\"State\"::pg_catalog.text IN ('up', '1'), false)"},
        {0, "group", "n", "coalesce(n.\"State\"::pg_catalog.text IN ('up', '1'), false)"},
        {0, "seat", "", "coalesce(\"State\"::pg_catalog.text IN ('it''s'), false)"},
        {0, "org", "n", "true"},
        {1, "word", "", "(\"Gone\" IS NULL)"},
        {1, "word", "o", "(o.\"Gone\" IS NULL)"},
        {1, "line", "", "(\"Live\" IS NOT NULL)"},
        {1, "line", "n", "(n.\"Live\" IS NOT NULL)"},
    };
    struct sample samples[] = {sample_of(family_json, family_catalog), more_sample()};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = {0};

        sql_present(&out, entity_of(samples[rows[i].sample].mapping, rows[i].entity), rows[i].alias);
        assert_string_equal(buf_text(&out), rows[i].sql);
        buf_free(&out);
    }
    sample_free(&samples[0]);
    sample_free(&samples[1]);
}

/* The parent's key is written as a column of its own only where the target key does not hold it. */
static void
test_keys(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);

    (void) state;
    assert_true(gen_is_key(entity_of(s.mapping, "seat"), "User"));
    assert_true(gen_is_key(entity_of(s.mapping, "seat"), "G"));
    assert_false(gen_is_key(entity_of(s.mapping, "seat"), "user"));
    assert_false(gen_is_key(entity_of(s.mapping, "tag"), "Note"));
    assert_true(gen_writes_parent(entity_of(s.mapping, "group")));
    assert_false(gen_writes_parent(entity_of(s.mapping, "seat")));
    assert_false(gen_writes_parent(entity_of(s.mapping, "org")));
    sample_free(&s);
}

static void
test_pieces(void **state)
{
    const struct mapping_table table = {(char[]){"a\"b"}, (char[]){"T"}};
    struct fragments f = {0};
    struct buf out = {0};
    char *text;

    (void) state;
    gen_set_ident(&f, "x", "a\"b");
    gen_set_table(&f, "y", &table);
    gen_set_literal(&f, "z", "it's");
    text = gen_fill(":{x} :{y} :{z}", &f);
    assert_string_equal(text, "\"a\"\"b\" \"a\"\"b\".\"T\" 'it''s'");
    assert_int_equal(f.count, 0);
    free(text);
    sql_table(&out, &table);
    gen_comma(&out);
    assert_string_equal(buf_text(&out), "\"a\"\"b\".\"T\", ");
    buf_clear(&out);
    gen_comma(&out);
    assert_string_equal(buf_text(&out), "");
    buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for),    cmocka_unit_test(test_for_two_databases),
        cmocka_unit_test(test_values), cmocka_unit_test(test_input),
        cmocka_unit_test(test_lookup), cmocka_unit_test(test_lookup_legacy),
        cmocka_unit_test(test_length), cmocka_unit_test(test_present),
        cmocka_unit_test(test_keys),   cmocka_unit_test(test_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
