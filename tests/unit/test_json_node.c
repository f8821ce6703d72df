/* test_json_node.c - a tree read with paths: what is taken, and where each fault is said to be. */
/* links: lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/json_node.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct sample {
    cJSON *tree;
    struct faults faults;
    struct json_reader r;
    struct json_node top;
};

static void
open_sample(struct sample *s, const char *json)
{
    *s = (struct sample){.tree = cJSON_Parse(json)};
    assert_non_null(s->tree);
    s->r = (struct json_reader){.file = "f.json", .faults = &s->faults};
    s->top = (struct json_node){.json = s->tree};
}

static void
close_sample(struct sample *s)
{
    cJSON_Delete(s->tree);
    faults_free(&s->faults);
}

/* The one fault, as "WHERE: TEXT". */
static void
check_fault(const struct sample *s, const char *said)
{
    struct buf text = {0};

    assert_int_equal(s->faults.count, 1);
    buf_printf(&text, "%s: %s", s->faults.items[0].where, s->faults.items[0].text);
    assert_string_equal(buf_text(&text), said);
    buf_free(&text);
}

static void
test_paths(void **state)
{
    struct sample s;
    struct json_node list, first, column, odd, missing;

    (void) state;
    open_sample(&s, "{\"entities\": [{\"a b\": 1}]}");
    list = json_child(&s.top, "entities");
    first = json_element(&list, 0, list.json->child);
    odd = json_child(&first, "a b");
    missing = json_child(&odd, "x"); /* below a number there is nothing, but it has a place */
    column = json_child(&missing, "quo\"te\n");
    assert_non_null(odd.json);
    assert_null(missing.json);
    json_fault(&s.r, FAULT_WARNING, &column, "is %d", 7);
    check_fault(&s, "f.json: $.entities[0][\"a b\"].x[\"quo\\\"te\\u000a\"]: is 7");
    assert_int_equal(s.faults.errors, 0);
    json_fault(&s.r, FAULT_ERROR, &s.top, "is all wrong");
    assert_string_equal(s.faults.items[1].where, "f.json: $");
    assert_int_equal(s.faults.errors, 1);
    close_sample(&s);
}

static void
test_path_keys(void **state)
{
    static const char *const rows[][2] = {
        {"name", ".name"},
        {"_9Z", "._9Z"},
        {"", "[\"\"]"},
        {"a.b", "[\"a.b\"]"},
        {"a-b", "[\"a-b\"]"},
        {"\\", "[\"\\\\\"]"},
        {"\x7F", "[\"\\u007f\"]"},
        {"\xC3\xA9", "[\"\xC3\xA9\"]"},
    };
    struct buf out = {0};
    char longest[83];

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_clear(&out);
        json_path_key(&out, rows[i][0]);
        assert_string_equal(buf_text(&out), rows[i][1]);
    }
    /* a long key is cut, never within a character */
    memset(longest, 'a', sizeof longest);
    longest[80] = '\0';
    buf_clear(&out);
    json_path_key(&out, longest);
    assert_int_equal(out.len, 81);
    strcpy(longest + 79, "\xC3\xA9x");
    buf_clear(&out);
    json_path_key(&out, longest);
    assert_int_equal(out.len, strlen("[\"") + 79 + strlen("...\"]"));
    assert_string_equal(buf_text(&out) + out.len - 6, "a...\"]");
    buf_clear(&out);
    json_quote(&out, "say \"\\\x01\xC3\xA9\"");
    assert_string_equal(buf_text(&out), "\"say \\\"\\\\\\u0001\xC3\xA9\\\"\"");
    buf_free(&out);
}

static void
test_kinds(void **state)
{
    static const char *const rows[][2] = {
        {"{}", "an object"},   {"[]", "an empty array"}, {"[1]", "an array"}, {"\"\"", "an empty string"},
        {"\"a\"", "a string"}, {"1", "a number"},        {"true", "true"},    {"false", "false"},
        {"null", "null"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        cJSON *json = cJSON_Parse(rows[i][0]);

        assert_string_equal(json_kind(json), rows[i][1]);
        cJSON_Delete(json);
    }
}

static void
test_objects(void **state)
{
    static const char *const known[] = {"table", "schema", "key"};
    static const struct {
        const char *json;
        bool object;
        const char *said; /* NULL: nothing */
    } rows[] = {
        {"{}", true, NULL},
        {"{\"key\": 1, \"table\": null}", true, NULL},
        {"[]", false, "f.json: $: is an empty array; write an x"},
        {"null", false, "f.json: $: is null; write an x"},
        {"{\"tabel\": 1}", true,
         "f.json: $.tabel: is not a known key; did you mean \"table\"? Known here: table, schema, key"},
        {"{\"zzzzzzzzz\": 1}", true, "f.json: $.zzzzzzzzz: is not a known key; known here: table, schema, key"},
        {"{\"Key\": 1}", true,
         "f.json: $.Key: is not a known key; did you mean \"key\"? Known here: table, schema, key"},
        /* three times is said once */
        {"{\"key\": 1, \"table\": 2, \"key\": 3, \"key\": 4}", true, "f.json: $.key: is there twice; keep one"},
    };
    struct sample s;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_sample(&s, rows[i].json);
        assert_int_equal(json_object_of(&s.r, &s.top, "an x", known, COUNT(known)), rows[i].object);
        if (rows[i].said == NULL)
            assert_int_equal(s.faults.count, 0);
        else
            check_fault(&s, rows[i].said);
        close_sample(&s);
    }
    open_sample(&s, "{\"anything\": 1}");
    assert_true(json_object(&s.r, &s.top, "an x"));
    assert_int_equal(s.faults.count, 0);
    close_sample(&s);
}

static void
test_lists_and_strings(void **state)
{
    struct sample s;
    struct json_node at;

    (void) state;
    open_sample(&s, "{\"list\": [1], \"none\": [], \"text\": \"a\", \"blank\": \"\", \"number\": 1}");
    at = json_child(&s.top, "list");
    assert_true(json_list(&s.r, &at, "a list"));
    at = json_child(&s.top, "text");
    assert_string_equal(json_string(&s.r, &at, "a text"), "a");
    assert_int_equal(s.faults.count, 0);
    at = json_child(&s.top, "none");
    assert_false(json_list(&s.r, &at, "a list"));
    at = json_child(&s.top, "text");
    assert_false(json_list(&s.r, &at, "a list"));
    at = json_child(&s.top, "blank");
    assert_null(json_string(&s.r, &at, "a text"));
    at = json_child(&s.top, "number");
    assert_null(json_string(&s.r, &at, "a text"));
    at = json_child(&s.top, "nowhere");
    assert_null(json_string(&s.r, &at, "a text"));
    assert_false(json_list(&s.r, &at, "a list"));
    assert_int_equal(s.faults.errors, 6);
    assert_string_equal(s.faults.items[0].text, "is an empty array; write a list");
    assert_string_equal(s.faults.items[2].text, "is an empty string; write a text");
    assert_string_equal(s.faults.items[3].text, "is a number; write a text");
    assert_string_equal(s.faults.items[4].text, "is missing; write a text");
    assert_string_equal(s.faults.items[4].where, "f.json: $.nowhere");
    close_sample(&s);
}

/* 63 bytes: what PostgreSQL would cut in silence is refused. */
static void
test_identifiers(void **state)
{
    struct sample s;
    char key[66];

    (void) state;
    for (size_t len = 1; len <= 65; len += 31) { /* 1, 32, 63 */
        struct buf json = {0};
        char *name;

        memset(key, 'n', len);
        key[len] = '\0';
        buf_printf(&json, "\"%s\"", key);
        open_sample(&s, buf_text(&json));
        name = json_identifier(&s.r, &s.top, "a name");
        assert_non_null(name);
        assert_string_equal(name, key);
        assert_int_equal(s.faults.count, 0);
        free(name);
        close_sample(&s);
        buf_free(&json);
    }
    memset(key, 'n', 62);
    strcpy(key + 62, "\xC3\xA9"); /* 63 characters, 64 bytes */
    {
        struct json_node at;
        struct buf json = {0};

        buf_printf(&json, "\"%s\"", key);
        open_sample(&s, buf_text(&json));
        assert_null(json_identifier(&s.r, &s.top, "a name"));
        check_fault(&s, "f.json: $: is a name of 64 bytes; PostgreSQL's have 1 to 63");
        at = json_child(&s.top, key);
        assert_false(json_key_is_identifier(&s.r, &at));
        at = json_child(&s.top, "");
        assert_false(json_key_is_identifier(&s.r, &at));
        at = json_child(&s.top, "x");
        assert_true(json_key_is_identifier(&s.r, &at));
        assert_int_equal(s.faults.count, 3);
        close_sample(&s);
        buf_free(&json);
    }
}

static void
test_scalars(void **state)
{
    static const struct {
        const char *json;
        const char *text;
        bool taken;
    } rows[] = {
        {"null", NULL, true},
        {"\"\"", "", true},
        {"\"a\"", "a", true},
        {"true", "true", true},
        {"false", "false", true},
        {"0", "0", true},
        {"-0", "0", true},
        {"-42", "-42", true},
        {"9007199254740991", "9007199254740991", true},
        {"-9007199254740991", "-9007199254740991", true},
        {"9007199254740992", NULL, false},
        {"-9007199254740992", NULL, false},
        {"1e400", NULL, false},
        {"[]", NULL, false},
        {"{}", NULL, false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample s;
        char *text = (char[]){"not set"};

        open_sample(&s, rows[i].json);
        assert_int_equal(json_scalar(&s.r, &s.top, &text), rows[i].taken);
        assert_int_equal(s.faults.count, rows[i].taken ? 0 : 1);
        if (rows[i].text == NULL)
            assert_null(text);
        else
            assert_string_equal(text, rows[i].text);
        free(text);
        close_sample(&s);
    }
}

/* After so many faults it says that there are more, once. */
static void
test_enough(void **state)
{
    struct sample s;

    (void) state;
    open_sample(&s, "{}");
    for (int i = 0; i < JSON_FAULTS_MAX + 20; i++)
        json_fault(&s.r, FAULT_ERROR, &s.top, "is fault %d", i);
    assert_int_equal(s.faults.count, JSON_FAULTS_MAX + 1);
    assert_string_equal(s.faults.items[JSON_FAULTS_MAX - 1].text, "is fault 499");
    assert_non_null(strstr(s.faults.items[JSON_FAULTS_MAX].text, "more faults than these 500"));
    assert_string_equal(s.faults.items[JSON_FAULTS_MAX].where, "f.json");
    close_sample(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_path_keys),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_lists_and_strings),
        cmocka_unit_test(test_identifiers),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
