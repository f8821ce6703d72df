/* test_catalog_parse.c - what is asked of the database's catalog, and its answer as structs. */
/* links: lib/core/catalog_parse.c lib/core/catalog.c lib/core/pgarray.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/catalog_parse.h"

/* Each table once. */
static void
test_parameters(void **state)
{
    struct mapping *m = mapping_of(family_json);
    char *p[2];

    (void) state;
    catalog_parameters(m, true, true, p);
    assert_string_equal(p[0], "{Old,New,Map,Old,New,Map,Old,New,Old,New}");
    assert_string_equal(p[1], "{\"O\\\"rg\",Org,Org Map,Group,Group,Group Map,Seat,Seat,Tag,Tag}");
    for (size_t i = 0; i < 2; i++)
        free(p[i]);
    mapping_free(m);
}

/* A table that several entities share is asked for once; the same name in another schema is another table. */
static void
test_shared(void **state)
{
    char *json = with(family_json, "\"table\": \"Group Map\"", "\"table\": \"Org Map\"");
    char *shared = with(json, "\"schema\": \"New\", \"table\": \"Tag\"", "\"schema\": \"Old\", \"table\": \"O\\\"rg\"");
    struct mapping *m = mapping_of(shared);
    char *p[2];

    (void) state;
    catalog_parameters(m, true, true, p);
    assert_int_equal(times(p[1], ",Org Map,"), 1);
    assert_int_equal(times(p[1], "\"O\\\"rg\""), 1);
    assert_int_equal(times(p[1], ",Group"), 2);
    for (size_t i = 0; i < 2; i++)
        free(p[i]);
    mapping_free(m);
    free(shared);
    free(json);
}

static const char answer[] =
    "{\"role\": \"sync\", \"tables\": [\n"
    "{\"schema\": \"public\", \"name\": \"Te\\\"am\", \"exists\": true, \"plain\": true, \"children\": true, "
    "\"owner\": \"app\",\n"
    " \"owned\": false, \"select\": true, \"insert\": false, \"update\": true, \"delete\": false, \"trigger\": true,\n"
    " \"sequence\": \"public.s\", \"sequence_usable\": true, \"row_security\": false,\n"
    " \"columns\": [\n"
    "  {\"name\": \"id\", \"type\": \"pg_catalog.int8\", \"base\": \"int8\", \"shown_type\": \"bigint\", \"default\": "
    "\"nextval('s')\",\n"
    "   \"not_null\": true, \"generated\": false, \"equality\": true, \"exact_type\": \"bigint\", \"labels\": null},\n"
    "  {\"name\": \"doc\", \"type\": \"pg_catalog.json\", \"base\": \"json\", \"shown_type\": \"json\", \"default\": "
    "null,\n"
    "   \"not_null\": false, \"generated\": true, \"equality\": false, \"length\": 12, \"labels\": [\"up\", "
    "\"do\\\"wn\"]}],\n"
    " \"uniques\": [{\"name\": \"pk\", \"columns\": [\"id\"], \"usable\": true, \"whole\": true},\n"
    "  {\"columns\": [\"a\", \"b\"], \"usable\": false, \"whole\": false, \"predicate\": \"a > 0\"},\n"
    "  {\"columns\": null, \"usable\": false, \"expressions\": \"lower(a)\", \"keys\": [\"b\", \"lower(a)\"]}],\n"
    " \"foreigns\": [{\"name\": \"fk\", \"schema\": \"old\", \"table\": \"t\", \"columns\": [\"a\", \"b\"],\n"
    "  \"referenced\": [\"x\", \"y\"]}]},\n"
    "{\"schema\": \"public\", \"name\": \"gone\", \"exists\": false, \"plain\": false, \"owner\": null,\n"
    " \"owned\": true, \"select\": false, \"insert\": true, \"update\": false, \"delete\": true, \"trigger\": false,\n"
    " \"sequence\": null, \"sequence_usable\": false, \"row_security\": true, \"columns\": [], \"uniques\": []}]}";

static void
test_answer(void **state)
{
    struct catalog *c = catalog_parse(answer);
    const struct catalog_table *t;
    const struct catalog_column *column;

    (void) state;
    assert_non_null(c);
    assert_string_equal(c->role, "sync");
    assert_int_equal(c->count, 2);
    t = catalog_table(c, "public", "Te\"am");
    assert_non_null(t);
    assert_true(t->has_children);
    assert_string_equal(t->columns[0].base, "int8");
    assert_true(t->exists && t->plain && t->can_select && t->can_update && t->can_trigger && t->can_use_sequence);
    assert_false(t->owned || t->can_insert || t->can_delete || t->row_security);
    assert_string_equal(t->owner, "app");
    assert_string_equal(t->sequence, "public.s");
    assert_int_equal(t->ncolumns, 2);
    column = catalog_column(t, "id");
    assert_string_equal(column->type, "pg_catalog.int8");
    assert_string_equal(column->shown_type, "bigint");
    assert_string_equal(column->default_expr, "nextval('s')");
    assert_true(column->not_null && column->has_equality);
    assert_string_equal(column->exact_type, "bigint");
    assert_int_equal(column->length, 0);
    assert_null(column->labels);
    assert_false(column->generated);
    column = catalog_column(t, "doc");
    assert_null(column->default_expr);
    assert_true(column->generated);
    assert_int_equal(column->length, 12);
    assert_int_equal(column->nlabels, 2);
    assert_string_equal(column->labels[1], "do\"wn");
    assert_false(column->not_null || column->has_equality);
    assert_int_equal(t->nuniques, 3);
    assert_true(t->uniques[0].usable);
    assert_int_equal(t->uniques[1].count, 2);
    assert_string_equal(t->uniques[1].columns[1], "b");
    assert_false(t->uniques[1].usable);
    assert_string_equal(t->uniques[0].name, "pk");
    assert_true(t->uniques[0].whole);
    assert_null(t->uniques[0].predicate);
    assert_false(t->uniques[1].whole);
    assert_string_equal(t->uniques[1].predicate, "a > 0");
    assert_int_equal(t->uniques[2].count, 0); /* an index on expressions only */
    assert_string_equal(t->uniques[2].expressions, "lower(a)");
    assert_int_equal(t->uniques[2].nkeys, 2);
    assert_string_equal(t->uniques[2].keys[1], "lower(a)");
    assert_int_equal(t->nforeigns, 1);
    assert_string_equal(t->foreigns[0].name, "fk");
    assert_string_equal(t->foreigns[0].schema, "old");
    assert_string_equal(t->foreigns[0].table, "t");
    assert_int_equal(t->foreigns[0].count, 2);
    assert_string_equal(t->foreigns[0].columns[1], "b");
    assert_string_equal(t->foreigns[0].referenced[1], "y");
    t = catalog_table(c, "public", "gone");
    assert_false(t->exists || t->plain || t->can_select || t->can_update || t->can_trigger || t->can_use_sequence);
    assert_true(t->owned && t->can_insert && t->can_delete && t->row_security);
    assert_null(t->owner);
    assert_null(t->sequence);
    assert_int_equal(t->ncolumns, 0);
    assert_int_equal(t->nuniques, 0);
    catalog_free(c);
}

/* A right counts only when the database says true. */
static void
test_truth(void **state)
{
    static const char *const values[] = {"false", "null", "1", "\"true\"", "\"t\"", "[]"};

    (void) state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct buf json = {0};
        struct catalog *c;

        buf_printf(&json, "{\"role\": \"r\", \"tables\": [{\"schema\": \"s\", \"name\": \"n\", \"select\": %s}]}",
                   values[i]);
        c = catalog_parse(buf_text(&json));
        assert_non_null(c);
        assert_false(c->tables[0].can_select);
        assert_false(c->tables[0].can_insert);
        catalog_free(c);
        buf_free(&json);
    }
}

static void
test_not_an_answer(void **state)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"tables\": null}",
        "{\"tables\": {}}",
        "{\"tables\": [}",
        "{\"role\": \"r\"}",
        "{\"Tables\": []}",
        "x",
    };
    struct catalog *c = catalog_parse("{\"role\": \"r\", \"tables\": []}");

    (void) state;
    assert_non_null(c);
    assert_int_equal(c->count, 0);
    catalog_free(c);
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_null(catalog_parse(texts[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters), cmocka_unit_test(test_shared),        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_truth),      cmocka_unit_test(test_not_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
