/* test_mapping_hostile.c - the mapping file cut, bent and blown up: nothing crashes, leaks or takes long. */
/* links: lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/json_file.h"
#include "mapping_sample.h"

/* Parses a copy of exactly that size, and frees all; the sanitizers watch. */
static void
survive(const char *text, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    struct faults faults = {0};
    struct mapping *m;

    memcpy(copy, text, len);
    m = mapping_parse("m.json", copy, len, &faults);
    assert_true((m == NULL) == (faults.errors > 0));
    mapping_free(m);
    faults_free(&faults);
    free(copy);
}

static void
test_mutilated(void **state)
{
    static const char pool[] = "{}[]\",:\\0un1e- \n\xC3\xFF";
    uint32_t random = 1;
    char *text = read_text("tests/unit/golden/mapping_whole.json");
    const size_t len = strlen(text);

    (void) state;
    for (size_t i = 0; i < len; i += 3)
        survive(text, i);
    for (size_t i = 0; i < 3 * len; i += 4) {
        char old = text[i % len];

        random = random * 1664525 + 1013904223;
        if (i < len)
            text[i % len] = (char) ((unsigned char) old ^ (1U << (random >> 29)));
        else
            text[i % len] = pool[(random >> 16) % (sizeof pool - 1)];
        survive(text, len);
        text[i % len] = old;
    }
    free(text);
}

/* Four megabytes of one thing: in time, and with a list of faults that somebody can read. */
static void
test_big(void **state)
{
    static const char *const rows[][3] = {
        {"{\"entities\":[", "{\"target\":{\"key\":[\"a\",\"b\",\"c\",\"a\"]}},", "{}]}"},
        {"{", "\"a\":0,", "\"b\":0}"},
        {"{\"entities\":[", "{},", "{}]}"},
        {"{\"entities\":[{\"columns\":{", "\"a\":0,", "\"b\":0}}]}"},
        {"{\"entities\":[{\"columns\":{\"x\":{\"column\":\"x\",\"values\":{", "\"a\":0,", "\"b\":0}}}}]}"},
        {"{\"entities\":[{\"columns\":{\"x\":{\"column\":\"x\",\"unique\":\"", "aaaaaaaa", "\"}}}]}"},
        {"{\"entities\":[{\"columns\":{\"x\":{\"expression\":\"", "(", "\"}}}]}"},
        {"{\"entities\":[{\"columns\":{\"x\":{\"expression\":\"", "$$", "\"}}}]}"},
        {"{\"entities\":[{\"columns\":{\"x\":{\"expression\":\"", "E''\\n", "\"}}}]}"},
        {"{\"entities\":[{\"map\":{\"source_key\":[", "\"a\",", "\"b\"]}}]}"},
        {"{\"entities\":[{\"source\":{\"key\":[", "\"a\",", "\"b\"]}}]}"},
        {"{\"entities\":[{\"present\":{\"in\":[", "{},", "1]}}]}"},
        {"{\"entities\":[{\"name\":\"", "aaaaaaaa", "\"}]}"},
        {"{\"", "aaaaaaaa", "\":1}"},
        {"", "[", ""},
        {"", "        ", ""},
        {"", "1", ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = {0};
        struct faults faults = {0};

        buf_puts(&text, rows[i][0]);
        while (text.len + strlen(rows[i][1]) + strlen(rows[i][2]) <= JSON_FILE_MAX)
            buf_puts(&text, rows[i][1]);
        buf_puts(&text, rows[i][2]);
        assert_null(mapping_parse("m.json", buf_text(&text), text.len, &faults));
        assert_in_range(faults.count, 1, 600);
        for (size_t j = 0; j < faults.count; j++)
            assert_true(strlen(faults.items[j].where) + strlen(faults.items[j].text) < 1000);
        faults_free(&faults);
        buf_free(&text);
    }
}

static void
test_too_big(void **state)
{
    size_t len = 10 * 1024 * 1024;
    char *text = malloc(len);
    struct faults faults = {0};

    (void) state;
    memset(text, ' ', len);
    memcpy(text, mapping_sample, strlen(mapping_sample));
    assert_null(mapping_parse("m.json", text, len, &faults));
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].where, "m.json");
    assert_string_equal(faults.items[0].text, "is 10485760 bytes long; more than 4194304 are not read");
    faults_free(&faults);
    mapping_free(mapping_parse("m.json", text, JSON_FILE_MAX, &faults));
    assert_int_equal(faults.count, 0);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutilated),
        cmocka_unit_test(test_big),
        cmocka_unit_test(test_too_big),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
