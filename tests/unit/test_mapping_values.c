/* test_mapping_values.c - "columns" of the mapping file: each form of a value, and where it is allowed. */
/* links: lib/core/mapping_values.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/mapping_values.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct mapping_columns
read_at(const char *json, enum mapping_place place, struct faults *faults)
{
    cJSON *tree = cJSON_Parse(json);
    struct json_reader r = {.file = "f.json", .faults = faults};
    struct json_node top = {.json = tree};
    struct mapping_columns out = {0};

    assert_non_null(tree);
    mapping_values_read(&r, &top, place, &out);
    cJSON_Delete(tree);
    return out;
}

/* One column "x" with the value `json`. */
static struct mapping_columns
read_value(const char *json, enum mapping_place place, struct faults *faults)
{
    struct buf text = {0};
    struct mapping_columns out;

    buf_printf(&text, "{\"x\": %s}", json);
    out = read_at(buf_text(&text), place, faults);
    buf_free(&text);
    return out;
}

static void
test_forms(void **state)
{
    static const struct {
        const char *json;
        enum mapping_place place;
        enum value_kind kind;
        const char *text;
        bool insert_only;
        size_t nvalues;
        int truncate;
    } rows[] = {
        {"\"name\"", PLACE_TARGET, VALUE_COLUMN, "name", false, 0, 0},
        {"\"name\"", PLACE_MAP, VALUE_COLUMN, "name", false, 0, 0},
        {"{\"column\": \"name\"}", PLACE_TARGET, VALUE_COLUMN, "name", false, 0, 0},
        {"{\"column\": \"name\", \"insert_only\": true}", PLACE_TARGET, VALUE_COLUMN, "name", true, 0, 0},
        {"{\"column\": \"name\", \"insert_only\": false}", PLACE_TARGET, VALUE_COLUMN, "name", false, 0, 0},
        {"{\"column\": \"n\", \"truncate\": 10485760}", PLACE_TARGET, VALUE_COLUMN, "n", false, 0, 10485760},
        {"{\"column\": \"n\", \"values\": {\"1\": 2, \"\": null}, \"truncate\": 1}", PLACE_TARGET, VALUE_COLUMN, "n",
         false, 2, 1},
        {"{\"expression\": \"a || b\"}", PLACE_TARGET, VALUE_EXPRESSION, "a || b", false, 0, 0},
        {"{\"constant\": \"\"}", PLACE_TARGET, VALUE_CONSTANT, "", false, 0, 0},
        {"{\"constant\": null}", PLACE_REMOVAL, VALUE_CONSTANT, NULL, false, 0, 0},
        {"{\"constant\": 7}", PLACE_MAP, VALUE_CONSTANT, "7", false, 0, 0},
        {"{\"now\": true}", PLACE_REMOVAL, VALUE_NOW, NULL, false, 0, 0},
        {"{\"now\": true, \"insert_only\": true}", PLACE_TARGET, VALUE_NOW, NULL, true, 0, 0},
        {"{\"target_column\": \"slug\"}", PLACE_MAP, VALUE_TARGET_COLUMN, "slug", false, 0, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct faults faults = {0};
        struct mapping_columns c = read_value(rows[i].json, rows[i].place, &faults);
        const struct mapping_value *v = &c.items[0].value;

        assert_int_equal(faults.count, 0);
        assert_int_equal(c.count, 1);
        assert_string_equal(c.items[0].name, "x");
        assert_int_equal(v->kind, rows[i].kind);
        if (rows[i].text == NULL)
            assert_null(v->text);
        else
            assert_string_equal(v->text, rows[i].text);
        assert_int_equal(v->insert_only, rows[i].insert_only);
        assert_int_equal(v->nvalues, rows[i].nvalues);
        assert_int_equal(v->truncate, rows[i].truncate);
        assert_false(v->has_otherwise);
        mapping_values_free(&c);
        assert_int_equal(c.count, 0);
    }
}

#define LOOKUP(value) "{\"column\": \"a\", \"lookup\": " value "}"
#define TKV "{\"table\": \"t\", \"key\": \"k\", \"value\": \"v\"}"

static void
test_lookup(void **state)
{
    static const struct {
        const char *json;
        enum mapping_place place;
        const char *schema;
        bool legacy;
        bool has_otherwise;
    } rows[] = {
        {LOOKUP(TKV), PLACE_TARGET, "public", false, false},
        {LOOKUP(TKV), PLACE_MAP, "public", false, false},
        {LOOKUP(TKV ", \"otherwise\": null"), PLACE_TARGET, "public", false, true},
        {LOOKUP(TKV ", \"insert_only\": true"), PLACE_TARGET, "public", false, false},
        {"{\"expression\": \"a\", \"lookup\": " TKV "}", PLACE_TARGET, "public", false, false},
        {LOOKUP("{\"table\": \"t\", \"schema\": \"s\", \"key\": \"k\", \"value\": \"v\", \"database\": \"legacy\"}"),
         PLACE_TARGET, "s", true, false},
        {LOOKUP("{\"table\": \"t\", \"key\": \"k\", \"value\": \"v\", \"database\": \"vnext\"}"), PLACE_TARGET,
         "public", false, false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct faults faults = {0};
        struct mapping_columns c = read_value(rows[i].json, rows[i].place, &faults);
        const struct mapping_value *v = &c.items[0].value;

        assert_int_equal(faults.count, 0);
        assert_non_null(v->lookup);
        assert_string_equal(v->lookup->table.name, "t");
        assert_string_equal(v->lookup->table.schema, rows[i].schema);
        assert_string_equal(v->lookup->key, "k");
        assert_string_equal(v->lookup->value, "v");
        assert_int_equal(v->lookup->legacy, rows[i].legacy);
        assert_int_equal(v->has_otherwise, rows[i].has_otherwise);
        mapping_values_free(&c);
    }
}

static void
test_unique(void **state)
{
    static const struct {
        const char *json;
        enum unique_rule unique;
        int truncate;
    } rows[] = {
        {"\"a\"", UNIQUE_FAIL, 0},
        {"{\"column\": \"a\", \"unique\": \"fail\"}", UNIQUE_FAIL, 0},
        {"{\"column\": \"a\", \"unique\": \"truncate\"}", UNIQUE_TRUNCATE, 0},
        {"{\"column\": \"a\", \"unique\": \"truncate\", \"truncate\": 7}", UNIQUE_TRUNCATE, 7},
        {"{\"expression\": \"a\", \"unique\": \"suffix\", \"insert_only\": true}", UNIQUE_SUFFIX, 0},
        {"{\"column\": \"a\", \"unique\": \"suffix\", \"values\": {\"a\": \"b\"}}", UNIQUE_SUFFIX, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct faults faults = {0};
        struct mapping_columns c = read_value(rows[i].json, PLACE_TARGET, &faults);

        assert_int_equal(faults.count, 0);
        assert_int_equal(c.items[0].value.unique, rows[i].unique);
        assert_int_equal(c.items[0].value.truncate, rows[i].truncate);
        mapping_values_free(&c);
    }
}

/* "otherwise": null is something else than no "otherwise". */
static void
test_otherwise(void **state)
{
    struct faults faults = {0};
    struct mapping_columns c =
        read_value("{\"column\": \"n\", \"values\": {\"a\": \"b\"}, \"otherwise\": null}", PLACE_TARGET, &faults);

    (void) state;
    assert_int_equal(faults.count, 0);
    assert_true(c.items[0].value.has_otherwise);
    assert_null(c.items[0].value.otherwise);
    assert_string_equal(c.items[0].value.values[0].from, "a");
    assert_string_equal(c.items[0].value.values[0].to, "b");
    mapping_values_free(&c);
}

static void
test_faults(void **state)
{
    static const struct {
        const char *json;
        enum mapping_place place;
        const char *where;
        const char *said; /* the beginning */
    } rows[] = {
        {"1", PLACE_TARGET, "$.x", "is a number; write the name of a source column"},
        {"null", PLACE_TARGET, "$.x", "is null; write"},
        {"\"\"", PLACE_TARGET, "$.x", "is an empty string; write"},
        {"[]", PLACE_TARGET, "$.x", "is an empty array; write"},
        {"{}", PLACE_TARGET, "$.x", "does not say where the value is from"},
        {"{\"insert_only\": true}", PLACE_TARGET, "$.x", "does not say where the value is from"},
        {"{\"colum\": \"a\", \"now\": true}", PLACE_TARGET, "$.x.colum",
         "is not a known key; did you mean \"column\"?"},
        {"{\"column\": \"a\", \"now\": true}", PLACE_TARGET, "$.x", "has both \"column\" and \"now\""},
        {"{\"constant\": null, \"expression\": \"a\"}", PLACE_TARGET, "$.x",
         "has both \"expression\" and \"constant\""},
        {"{\"constant\": [1]}", PLACE_TARGET, "$.x.constant", "is an array; write a string"},
        {"{\"constant\": 9007199254740993}", PLACE_TARGET, "$.x.constant", "is a number beyond 2^53"},
        {"{\"now\": false}", PLACE_TARGET, "$.x.now", "is false; write true"},
        {"{\"now\": 1}", PLACE_TARGET, "$.x.now", "is a number; write true"},
        {"{\"expression\": \" \\n\"}", PLACE_TARGET, "$.x.expression", "is blank"},
        {"{\"expression\": 1}", PLACE_TARGET, "$.x.expression", "is a number; write an SQL expression"},
        {"{\"target_column\": \"a\"}", PLACE_TARGET, "$.x", "cannot be from \"target_column\" here"},
        {"\"a\"", PLACE_REMOVAL, "$.x", "is a string; write {\"constant\": ...} or {\"now\": true}"},
        {"{\"column\": \"a\"}", PLACE_REMOVAL, "$.x", "cannot be from \"column\" here"},
        {"{\"expression\": \"a\"}", PLACE_REMOVAL, "$.x", "cannot be from \"expression\" here"},
        {"{\"constant\": 1, \"insert_only\": true}", PLACE_REMOVAL, "$.x.insert_only", "says nothing here"},
        {"{\"column\": \"a\", \"insert_only\": true}", PLACE_MAP, "$.x.insert_only", "says nothing here"},
        {"{\"column\": \"a\", \"insert_only\": 1}", PLACE_TARGET, "$.x.insert_only",
         "is a number; write true or false"},
        {"{\"column\": \"a\", \"values\": {}}", PLACE_TARGET, "$.x.values", "is empty"},
        {"{\"column\": \"a\", \"values\": [1]}", PLACE_TARGET, "$.x.values", "is an array; write an object"},
        {"{\"column\": \"a\", \"values\": {\"1\": 2, \"1\": 3}}", PLACE_TARGET, "$.x.values.1", "is there twice"},
        {"{\"column\": \"a\", \"values\": {\"b\": {}}}", PLACE_TARGET, "$.x.values.b", "is an object; write a string"},
        {"{\"column\": \"a\", \"otherwise\": 1}", PLACE_TARGET, "$.x.otherwise",
         "goes with \"values\" or \"lookup\" only"},
        {"{\"constant\": \"a\", \"values\": {\"1\": 2}}", PLACE_TARGET, "$.x.values", "goes with \"column\" or"},
        {"{\"now\": true, \"truncate\": 5}", PLACE_TARGET, "$.x.truncate", "goes with \"column\" or"},
        {"{\"expression\": \"a) b\"}", PLACE_TARGET, "$.x.expression", "closes a parenthesis that it did not open"},
        {"{\"expression\": \"a'\"}", PLACE_MAP, "$.x.expression", "leaves a quote open; close it"},
        {"{\"expression\": \"a; b\"}", PLACE_TARGET, "$.x.expression", "holds a semicolon"},
        {"{\"expression\": \"$1\"}", PLACE_TARGET, "$.x.expression", "holds a parameter like $1, which is no column"},
        {"{\"expression\": \"-- a\"}", PLACE_TARGET, "$.x.expression", "is blank"},
        {"{\"column\": \"a\", \"truncate\": 0}", PLACE_TARGET, "$.x.truncate", "is not a length"},
        {"{\"column\": \"a\", \"truncate\": -1}", PLACE_TARGET, "$.x.truncate", "is not a length"},
        {"{\"column\": \"a\", \"truncate\": 10485761}", PLACE_TARGET, "$.x.truncate", "is not a length"},
        {"{\"column\": \"a\", \"truncate\": 1e300}", PLACE_TARGET, "$.x.truncate", "is not a length"},
        {"{\"column\": \"a\", \"truncate\": \"5\"}", PLACE_TARGET, "$.x.truncate", "is not a length"},
        {LOOKUP("1"), PLACE_TARGET, "$.x.lookup", "is a number; write an object like {\"table\""},
        {LOOKUP("{\"key\": \"k\", \"value\": \"v\"}"), PLACE_TARGET, "$.x.lookup.table", "is missing; write the name"},
        {LOOKUP("{\"table\": \"t\", \"value\": \"v\"}"), PLACE_TARGET, "$.x.lookup.key",
         "is missing; write the column of that table that is compared with the value"},
        {LOOKUP("{\"table\": \"t\", \"key\": \"k\"}"), PLACE_TARGET, "$.x.lookup.value",
         "is missing; write the column of that table that is the result"},
        {LOOKUP("{\"table\": \"t\", \"key\": [\"k\"], \"value\": \"v\"}"), PLACE_TARGET, "$.x.lookup.key",
         "is an array"},
        {LOOKUP("{\"table\": \"t\", \"schema\": 1, \"key\": \"k\", \"value\": \"v\"}"), PLACE_TARGET,
         "$.x.lookup.schema", "is a number"},
        {LOOKUP("{\"table\": \"t\", \"key\": \"k\", \"vaule\": \"v\", \"value\": \"v\"}"), PLACE_TARGET,
         "$.x.lookup.vaule", "is not a known key; did you mean \"value\"? Known here: table, schema, key, value, data"},
        {LOOKUP("{\"table\": \"t\", \"key\": \"k\", \"value\": \"v\", \"database\": \"old\"}"), PLACE_TARGET,
         "$.x.lookup.database", "is not known here; write \"vnext\" or \"legacy\""},
        {LOOKUP("{\"table\": \"t\", \"key\": \"k\", \"value\": \"v\", \"database\": null}"), PLACE_TARGET,
         "$.x.lookup.database", "is null; write \"vnext\" or \"legacy\""},
        {LOOKUP("{\"table\": \"t\", \"key\": \"k\", \"value\": \"v\", \"database\": \"legacy\"}"), PLACE_MAP,
         "$.x.lookup.database", "is \"legacy\", where a map's columns are not looked"},
        {LOOKUP(TKV ", \"values\": {\"a\": \"b\"}"), PLACE_TARGET, "$.x.lookup", "does not go with \"values\"; keep"},
        {LOOKUP(TKV ", \"truncate\": 5"), PLACE_TARGET, "$.x.truncate", "does not go with \"lookup\", whose result"},
        {LOOKUP(TKV ", \"unique\": \"fail\""), PLACE_TARGET, "$.x.unique", "does not go with \"lookup\""},
        {LOOKUP(TKV ", \"unique\": \"fail\""), PLACE_MAP, "$.x.unique", "does not go with \"lookup\""},
        {"{\"now\": true, \"lookup\": " TKV "}", PLACE_TARGET, "$.x.lookup", "goes with \"column\" or"},
        {"{\"target_column\": \"a\", \"unique\": \"fail\"}", PLACE_MAP, "$.x.unique", "goes with \"column\" or"},
        {"{\"constant\": 1, \"unique\": \"fail\"}", PLACE_REMOVAL, "$.x.unique", "goes with \"column\" or"},
        {"{\"column\": \"a\", \"unique\": \"fail\"}", PLACE_MAP, "$.x.unique", "says nothing here: it is for the col"},
        {"{\"column\": \"a\", \"unique\": \"Suffix\"}", PLACE_TARGET, "$.x.unique",
         "is not known here; write \"fail\", \"truncate\" or \"suffix\""},
        {"{\"column\": \"a\", \"unique\": true}", PLACE_TARGET, "$.x.unique", "is true; write \"fail\", \"truncate\""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct faults faults = {0};
        struct mapping_columns c = read_value(rows[i].json, rows[i].place, &faults);

        if (faults.count < 1 || strcmp(faults.items[0].where + strlen("f.json: "), rows[i].where) != 0 ||
            strncmp(faults.items[0].text, rows[i].said, strlen(rows[i].said)) != 0)
            fail_msg("%s: %s: %s", rows[i].json, faults.count == 0 ? "" : faults.items[0].where,
                     faults.count == 0 ? "no fault" : faults.items[0].text);
        assert_int_equal(faults.errors, 1);
        mapping_values_free(&c);
        faults_free(&faults);
    }
}

static void
test_columns(void **state)
{
    struct faults faults = {0};
    struct buf many = {0};
    struct mapping_columns c;

    (void) state;
    c = read_at("{}", PLACE_MAP, &faults);
    mapping_values_free(&c);
    assert_int_equal(faults.count, 0);
    c = read_at("{}", PLACE_TARGET, &faults);
    mapping_values_free(&c);
    c = read_at("[]", PLACE_TARGET, &faults);
    mapping_values_free(&c);
    c = read_at("{\"a\": \"1\", \"a\": \"2\"}", PLACE_TARGET, &faults);
    mapping_values_free(&c);
    c = read_at("{\"\": \"1\"}", PLACE_TARGET, &faults);
    mapping_values_free(&c);
    assert_int_equal(faults.errors, 4);
    assert_non_null(strstr(faults.items[0].text, "is empty; name at least one column"));
    assert_non_null(strstr(faults.items[1].text, "is an empty array; write an object of column name to value"));
    assert_non_null(strstr(faults.items[2].text, "is there twice"));
    assert_non_null(strstr(faults.items[3].text, "is a name of 0 bytes"));
    faults_free(&faults);

    for (int i = 0; i <= MAPPING_COLUMNS_MAX; i++)
        buf_printf(&many, "%s\"c%d\": \"c\"", i == 0 ? "{" : ", ", i);
    buf_putc(&many, '}');
    c = read_at(buf_text(&many), PLACE_TARGET, &faults);
    assert_int_equal(c.count, 0);
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.items[0].text, "has 1601 columns; a table has at most 1600"));
    mapping_values_free(&c);
    faults_free(&faults);
    buf_free(&many);
}

/* The columns keep the file's order, and a faulty one does not hide the next. */
static void
test_order(void **state)
{
    struct faults faults = {0};
    struct mapping_columns c = read_at("{\"b\": \"1\", \"a\": 2, \"c\": \"3\", \"d\": {}}", PLACE_TARGET, &faults);

    (void) state;
    assert_int_equal(c.count, 4);
    assert_string_equal(c.items[0].name, "b");
    assert_string_equal(c.items[1].name, "a");
    assert_string_equal(c.items[2].value.text, "3");
    assert_int_equal(faults.errors, 2);
    assert_string_equal(faults.items[0].where, "f.json: $.a");
    assert_string_equal(faults.items[1].where, "f.json: $.d");
    mapping_values_free(&c);
    faults_free(&faults);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),   cmocka_unit_test(test_otherwise), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_order),     cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_unique),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
