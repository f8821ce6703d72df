/* test_json_file.c - JSON text as a tree, or its fault with the line; what cJSON alone would let through. */
/* links: lib/core/json_file.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/buf.h"
#include "dualwrite/json_file.h"
#include "dualwrite/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* From memory that ends where the text ends, so that ASan sees a step too far. */
static cJSON *
parse(const char *text, size_t len, struct faults *faults)
{
    char *copy = xcalloc(len, 1);
    cJSON *tree;

    memcpy(copy, text, len);
    tree = json_file_parse("f.json", copy, len, faults);
    free(copy);
    return tree;
}

static void
test_good(void **state)
{
    static const char *const texts[] = {
        "{}",
        " [1, -0, 9007199254740993] \n\t",
        "\"\\u00e9 \\ud83d\\ude00 \\\\u0000 \\\"\"",
        "\xEF\xBB\xBF{\"a\": null}",
        "0",
        "true",
        "{\"a\": 1, \"a\": 2}",
        "[\"/ # no comment\"]",
        "\"\xC2\x80\xEF\xBF\xBF\xF4\x8F\xBF\xBF\"",
    };

    (void) state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct faults faults = {0};
        cJSON *tree = parse(texts[i], strlen(texts[i]), &faults);

        if (tree == NULL || faults.count > 0)
            fail_msg("%s: %s", texts[i], faults.count > 0 ? faults.items[0].text : "no tree");
        cJSON_Delete(tree);
    }
}

static const struct {
    const char *text;
    const char *where;
    const char *said; /* the beginning */
} bad[] = {
    {"", "f.json:1", "is empty"},
    {" \n\n ", "f.json:1", "is empty"},
    {"{\n\"a\": 1,\n, \"b\": 1}", "f.json:3", "is not JSON here"},
    {"{\n\"a\" 1\n}", "f.json:2", "is not JSON here"},
    {"{\n\"a\": 1", "f.json:2", "ends before"},
    {"[\n\"a", "f.json:2", "is not JSON here"},
    {"{}\n\n{}", "f.json:3", "goes on after the end"},
    {"{}x", "f.json:1", "goes on after the end"},
    {"{\n// no\n}", "f.json:2", "begins a comment"},
    {"{\n\n# no\n}", "f.json:3", "begins a comment"},
    {"[\"a\n\"]", "f.json:1", "has the control character 0x0A"},
    {"\n[\"a\tb\"]", "f.json:2", "has the control character 0x09"},
    {"[\"\x7F\"]", "f.json:1", "has the control character 0x7F"},
    {"[\x01]", "f.json:1", "has the control character 0x01"},
    {"[\n\"\\u0000\"]", "f.json:2", "has \\u0000"},
    {"[\"\xC0\xAF\"]", "f.json:1", "has the byte 0xC0"},
    {"[\"\xED\xA0\x80\"]", "f.json:1", "has the byte 0xED"},
    {"[\"\xF4\x90\x80\x80\"]", "f.json:1", "has the byte 0xF4"},
    {"[\"\xC3", "f.json:1", "has the byte 0xC3"},
    {"[\"\xE2\x82", "f.json:1", "has the byte 0xE2"},
    {"[\"\xF0\x9F\x98", "f.json:1", "has the byte 0xF0"},
    {"\xFF\xFE{", "f.json:1", "has the byte 0xFF"},
    {"['a']", "f.json:1", "is not JSON here"},
    {"{a: 1}", "f.json:1", "is not JSON here"},
    {"nul", "f.json:1", "is not JSON here"},
};

static void
test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct faults faults = {0};
        cJSON *tree = parse(bad[i].text, strlen(bad[i].text), &faults);

        if (tree != NULL || faults.count != 1)
            fail_msg("%s: %zu faults", bad[i].text, faults.count);
        assert_int_equal(faults.errors, 1);
        assert_string_equal(faults.items[0].where, bad[i].where);
        if (strncmp(faults.items[0].text, bad[i].said, strlen(bad[i].said)) != 0)
            fail_msg("%s: %s", bad[i].text, faults.items[0].text);
        faults_free(&faults);
    }
}

/* A comma before the last bracket: nothing is missing, one thing is too many. */
static void
test_last_comma(void **state)
{
    struct faults faults = {0};

    (void) state;
    assert_null(parse("{\n\"a\": 1,\n}", 11, &faults));
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].where, "f.json:3");
    assert_non_null(strstr(faults.items[0].text, "is not JSON here"));
    assert_non_null(strstr(faults.items[0].text, "at: }"));
    faults_free(&faults);
}

/* A NUL in the middle does not end the file in silence. */
static void
test_nul(void **state)
{
    static const char text[] = "{\"a\": 1}\0{\"b\": 2}";
    struct faults faults = {0};

    (void) state;
    assert_null(parse(text, sizeof text - 1, &faults));
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.items[0].text, "control character 0x00"));
    faults_free(&faults);
    assert_null(json_file_parse("f.json", NULL, 0, &faults));
    assert_int_equal(faults.count, 1);
    faults_free(&faults);
}

/* Numbers that a double would bend are all said, with their lines, and the reading goes on. */
static void
test_numbers(void **state)
{
    static const char text[] = "[\n1.5,\n1e3,\n2E-1,\n007,\n-01,\n0,\n-7]";
    struct faults faults = {0};
    cJSON *tree = parse(text, strlen(text), &faults);

    (void) state;
    assert_non_null(tree);
    assert_int_equal(faults.count, 5);
    for (size_t i = 0; i < 5; i++) {
        const char where[] = {'f', '.', 'j', 's', 'o', 'n', ':', (char) ('2' + (int) i), '\0'};

        assert_string_equal(faults.items[i].where, where);
        assert_non_null(strstr(faults.items[i].text, "has the number"));
    }
    assert_non_null(strstr(faults.items[0].text, "1.5"));
    assert_non_null(strstr(faults.items[3].text, "leading zeros"));
    cJSON_Delete(tree);
    faults_free(&faults);
}

static void
test_depth(void **state)
{
    (void) state;
    for (int deep = JSON_FILE_DEPTH - 1; deep <= JSON_FILE_DEPTH + 1; deep++) {
        struct buf text = {0};
        struct faults faults = {0};
        cJSON *tree;

        for (int i = 0; i < deep; i++)
            buf_puts(&text, i % 2 == 0 ? "[" : "{\"a\":");
        buf_puts(&text, "1");
        for (int i = deep - 1; i >= 0; i--)
            buf_puts(&text, i % 2 == 0 ? "]" : "}");
        tree = parse(buf_text(&text), text.len, &faults);
        assert_int_equal(tree != NULL, deep <= JSON_FILE_DEPTH);
        assert_int_equal(faults.count, deep <= JSON_FILE_DEPTH ? 0 : 1);
        cJSON_Delete(tree);
        faults_free(&faults);
        buf_free(&text);
    }
}

static void
test_size(void **state)
{
    char *text = xcalloc(JSON_FILE_MAX + 1, 1);
    struct faults faults = {0};
    cJSON *tree;

    (void) state;
    memset(text, ' ', JSON_FILE_MAX + 1);
    text[0] = '1';
    tree = json_file_parse("f.json", text, JSON_FILE_MAX, &faults);
    assert_non_null(tree);
    cJSON_Delete(tree);
    assert_null(json_file_parse("f.json", text, JSON_FILE_MAX + 1, &faults));
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].where, "f.json");
    assert_non_null(strstr(faults.items[0].text, "is 4194305 bytes long"));
    faults_free(&faults);
    free(text);
}

/* Cut at any byte, a file is refused with one fault and read no further. */
static void
test_cut(void **state)
{
    static const char text[] = "{\"a\": [1, \"\xC3\xA9\\n\\u00e9\"],\n \"b\": {\"c\": null, \"d\": true}}";

    (void) state;
    for (size_t len = 0; len < strlen(text); len++) {
        struct faults faults = {0};

        assert_null(parse(text, len, &faults));
        assert_int_equal(faults.count, 1);
        faults_free(&faults);
    }
}

/* What a program wrote: numbers of any form; one that was cut off is called so, wherever that was. */
static void
test_document(void **state)
{
    static const char text[] = "{\"a\": 1.5, \"b\": [-2e3], \"c\": \"long\"}";
    struct faults faults = {0};
    cJSON *tree = json_file_parse_document("f.json", text, sizeof text - 1, &faults);

    (void) state;
    assert_non_null(tree);
    assert_int_equal(faults.count, 0);
    assert_true(cJSON_GetObjectItem(tree, "a")->valuedouble > 1.4);
    cJSON_Delete(tree);
    for (size_t len = 1; len < sizeof text - 1; len++) {
        if (text[len - 1] == '-' || text[len - 1] == 'e') /* a number that was cut: any fault will do */
            continue;
        assert_null(json_file_parse_document("f.json", text, len, &faults));
        assert_non_null(strstr(faults.items[faults.count - 1].text, "ends before the JSON is complete"));
    }
    faults_free(&faults);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_bad),        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_depth),      cmocka_unit_test(test_size),
        cmocka_unit_test(test_cut),     cmocka_unit_test(test_last_comma), cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
