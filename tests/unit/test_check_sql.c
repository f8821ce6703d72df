/* test_check_sql.c - the statements of `check`, as golden files, and that nothing gets into them unquoted. */
/* links: lib/core/check_sql.c embedded.c lib/core/check_value.c lib/core/check_keys.c lib/core/expression.c lib/core/template.c lib/core/sqlvalue.c lib/core/slots.c lib/core/catalog.c lib/core/quote.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/check_sql.h"

/* Takes `sql`. */
static void
put(struct buf *out, const char *name, char *sql)
{
    buf_printf(out, "-- %s\n%s\n\n", name, sql);
    free(sql);
}

static void
put_entity(struct buf *out, const struct check_subject *s)
{
    size_t count;
    struct check_condition *conditions = check_conditions(s, &count);
    struct check_constant *constants;

    buf_printf(out, "-- ======== %s\n\n", s->e->name);
    put(out, "scan", check_sql_scan(s, conditions, count));
    check_conditions_free(conditions, count);
    for (size_t i = 0; i < s->count; i++) {
        if (s->columns[i].value->kind != VALUE_EXPRESSION)
            continue;
        put(out, "explain", check_sql_explain(s, i));
        put(out, "expression", check_sql_expression(s, i));
        put(out, "failing", check_sql_failing(s, i));
    }
    if (s->map != NULL) {
        put(out, "map facts", check_sql_map_facts(s, true));
        put(out, "map stream", check_sql_map_stream(s));
        put(out, "map orphans", check_sql_map_orphans(s));
    }
    constants = check_constants(s, &count);
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "-- constant %s: %s\n", constants[i].path, constants[i].text);
    check_constants_free(constants, count);
}

static char *
all_of(const struct mapping *m, struct catalog *c)
{
    const struct catalogs both = {c, c};
    struct buf out = {0};

    for (size_t i = 0; i < m->count; i++) {
        struct check_subject s;

        assert_true(check_subject_make(&s, m, &both, &m->entities[i], 1000));
        put_entity(&out, &s);
        check_subject_free(&s);
    }
    return buf_steal(&out);
}

static void
test_golden(void **state)
{
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *text;

    (void) state;
    text = all_of(m, c);
    golden("tests/unit/golden/check_family.sql", text);
    free(text);
    mapping_free(m);
    catalog_free(c);
}

/* A name or a text with quotes, comments and template places in it changes no word but itself. */
static void
test_hostile(void **state)
{
    static const char *const what[] = {"\"; DROP TABLE x; --", "'", "\\", " :{rows} ", "/*", "$check0$"};

    (void) state;
    for (size_t i = 0; i < COUNT(what); i++) {
        struct mapping *m = mapping_of(family_json);
        struct catalog *c = catalog_of(family_catalog);
        char *plain = all_of(m, c);
        char *grown;

        hang_mapping(m, what[i]);
        hang_catalog(c, what[i]);
        grown = all_of(m, c);
        only_grown(plain, grown, what[i]);
        free(plain);
        free(grown);
        mapping_free(m);
        catalog_free(c);
    }
}

/* The facts of the first entity's map; free() it. */
static char *
map_facts(const struct mapping *m, const struct catalog *c, bool gone)
{
    const struct catalogs both = {c, c};
    struct check_subject s;
    char *sql;

    assert_true(check_subject_make(&s, m, &both, &m->entities[0], 0));
    sql = check_sql_map_facts(&s, gone);
    check_subject_free(&s);
    return sql;
}

/* Nothing is counted that cannot be, or that nobody wants to know; keys are compared as they are where an index serves. */
static void
test_map_facts(void **state)
{
    static const char counted[] = "(SELECT pg_catalog.count(*) FROM (SELECT FROM \"Map\".\"Org Map\" m GROUP BY ";
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    struct catalog_table *map = (struct catalog_table *) catalog_table(c, "Map", "Org Map");
    struct catalog_column *key = (struct catalog_column *) catalog_column(map, "New Id");
    size_t uniques = map->nuniques;
    char *sql = map_facts(m, c, false);

    (void) state;
    must_have(sql, "SELECT 0 AS source_twice, 0 AS target_twice, 0 AS source_gone,");
    free(sql);
    sql = map_facts(m, c, true);
    must_have(sql, "WHERE s.\"Id\" = m.\"New Id\"");
    free(sql);

    map->has_children = true; /* of which its unique index knows nothing */
    sql = map_facts(m, c, false);
    must_have(sql, counted);
    free(sql);
    map->has_children = false;

    key->not_null = false; /* then a unique index lets several rows have none */
    sql = map_facts(m, c, true);
    must_have(sql, counted);
    must_have(sql, "0 AS target_twice");
    free(sql);
    map->nuniques = 0;
    sql = map_facts(m, c, true);
    must_have(sql, "GROUP BY m.\"New Id\" HAVING pg_catalog.count(*) > 1) d)\n AS source_twice");
    must_have(sql, "GROUP BY m.\"Old Id\" HAVING pg_catalog.count(*) > 1) d)\n AS target_twice");
    free(sql);
    map->nuniques = uniques;

    free(key->type);
    key->type = xstrdup("pg_catalog.text");
    sql = map_facts(m, c, true);
    must_have(sql, "WHERE s.\"Id\"::pg_catalog.text = m.\"New Id\"::pg_catalog.text");
    free(sql);
    mapping_free(m);
    catalog_free(c);
}

/* What "suffix" needs: an index on the column, or cut where it may be longer. */
static void
test_suffix(void **state)
{
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    const struct catalogs both = {c, c};
    struct check_subject s;
    char *sql;

    (void) state;
    assert_true(check_subject_make(&s, m, &both, &m->entities[0], 0));
    ((struct mapping_value *) s.columns[0].value)->unique = UNIQUE_SUFFIX;
    sql = check_sql_suffix_index(&s, 0);
    assert_string_equal(
        sql, "CREATE INDEX CONCURRENTLY ON \"New\".\"Org\" (pg_catalog.\"left\"(\"Name\"::pg_catalog.text, 20));");
    free(sql);
    c->tables[0].columns[1].length = 20; /* never longer */
    sql = check_sql_suffix_index(&s, 0);
    assert_string_equal(sql, "CREATE INDEX CONCURRENTLY ON \"New\".\"Org\" (\"Name\");");
    free(sql);
    sql = check_sql_same_value(&s, 0);
    must_have(sql, "WHERE \"Name\" = (SELECT \"Name\" FROM \"New\".\"Org\" LIMIT 1)");
    free(sql);
    check_subject_free(&s);
    mapping_free(m);
    catalog_free(c);
}

/* Cut as the daemon cuts, by characters and not by bytes. */
static void
test_constants_are_cut(void **state)
{
    char *json = with(family_json, "\"values\": {\"a\": \"A\"}, \"otherwise\": null, \"truncate\": 3",
                      "\"values\": {\"a\": \"\u00e4\u00f6\u00fc\u00df\"}, \"otherwise\": \"xy\", \"truncate\": 3");
    struct mapping *m = mapping_of(json);
    struct catalog *c = catalog_of(family_catalog);
    const struct catalogs both = {c, c};
    struct check_subject s;
    size_t count;
    struct check_constant *items;
    size_t found = 0;

    (void) state;
    assert_true(check_subject_make(&s, m, &both, &m->entities[1], 0));
    items = check_constants(&s, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].path, "$.entities[1].columns.Sort.values.a") == 0) {
            found++;
            assert_string_equal(items[i].text, "\u00e4\u00f6\u00fc");
        }
        if (strcmp(items[i].path, "$.entities[1].columns.Sort.otherwise") == 0) {
            found++;
            assert_string_equal(items[i].text, "xy");
        }
    }
    assert_int_equal(found, 2);
    check_constants_free(items, count);
    check_subject_free(&s);
    mapping_free(m);
    catalog_free(c);
    free(json);
}

static void
test_begin(void **state)
{
    char *sql = check_sql_begin(30000);

    (void) state;
    must_begin(sql, "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY;\n");
    must_have(sql, "'statement_timeout', '30000', true");
    free(sql);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_hostile),           cmocka_unit_test(test_map_facts),
        cmocka_unit_test(test_suffix), cmocka_unit_test(test_constants_are_cut), cmocka_unit_test(test_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
