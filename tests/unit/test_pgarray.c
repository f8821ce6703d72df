/* test_pgarray.c - text arrays in PostgreSQL's input syntax. */
/* links: lib/core/pgarray.c lib/base/buf.c lib/base/xalloc.c */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/pgarray.h"

static void
test_elements(void **state)
{
    static const char *const rows[][2] = {
        {"a", "{a}"},
        {"Az09_.:+-", "{Az09_.:+-}"},
        {"2026-11-22 02:11:28.09128+00", "{2026-11-22 02:11:28.09128+00}"},
        {"nullx", "{nullx}"},
        {" a", "{\" a\"}"},
        {"a ", "{\"a \"}"},
        {" ", "{\" \"}"},
        {"", "{\"\"}"},
        {NULL, "{NULL}"},
        {"NULL", "{\"NULL\"}"},
        {"null", "{\"null\"}"},
        {"a\"b", "{\"a\\\"b\"}"},
        {"\\", "{\"\\\\\"}"},
        {"\\\"", "{\"\\\\\\\"\"}"},
        {"a,b", "{\"a,b\"}"},
        {"{", "{\"{\"}"},
        {"{}", "{\"{}\"}"},
        {" a ", "{\" a \"}"},
        {"a\nb\tc", "{\"a\nb\tc\"}"},
        {"it's", "{\"it's\"}"},
        {"\xC3\xA9\xF0\x9F\x98\x80", "{\"\xC3\xA9\xF0\x9F\x98\x80\"}"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};

        pgarray_open(&out);
        pgarray_add(&out, rows[i][0]);
        pgarray_close(&out);
        assert_string_equal(buf_text(&out), rows[i][1]);
        buf_free(&out);
    }
}

static void
test_separators(void **state)
{
    static const char *const odd[] = {"{", "a{", "", NULL, ",", "}", "\"{"};
    struct buf out = {0};

    (void) state;
    pgarray_open(&out);
    pgarray_close(&out);
    assert_string_equal(buf_text(&out), "{}");
    buf_clear(&out);

    pgarray_open(&out);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        pgarray_add(&out, odd[i]);
    pgarray_close(&out);
    assert_string_equal(buf_text(&out), "{\"{\",\"a{\",\"\",NULL,\",\",\"}\",\"\\\"{\"}");
    buf_free(&out);
}

static void
test_numbers(void **state)
{
    struct buf out = {0};

    (void) state;
    pgarray_open(&out);
    pgarray_add_int(&out, 0);
    pgarray_add_int(&out, -1);
    pgarray_add(&out, "1");
    pgarray_add_int(&out, LLONG_MAX);
    pgarray_add_int(&out, LLONG_MIN);
    pgarray_close(&out);
    assert_string_equal(buf_text(&out), "{0,-1,1,9223372036854775807,-9223372036854775808}");
    buf_free(&out);
}

/* Arrays stand one behind the other in one buffer, as in a longer text. */
static void
test_appends(void **state)
{
    struct buf out = {0};

    (void) state;
    buf_puts(&out, "x = ");
    pgarray_open(&out);
    pgarray_add(&out, "a");
    pgarray_close(&out);
    pgarray_open(&out);
    pgarray_add_int(&out, 1);
    pgarray_add_int(&out, 2);
    pgarray_close(&out);
    assert_string_equal(buf_text(&out), "x = {a}{1,2}");
    buf_free(&out);
}

/* What the server would read back: any text, any length, comes out as it went in. */
static void
test_round_trip(void **state)
{
    uint32_t random = 7;

    (void) state;
    for (int round = 0; round < 500; round++) {
        static const char letters[] = "\"\\{},ab N\n'";
        struct buf in = {0}, out = {0}, back = {0};
        const char *p;

        for (uint32_t n = (random = random * 1664525 + 1013904223) >> 25; n > 0; n--)
            buf_putc(&in, letters[((random = random * 1664525 + 1013904223) >> 20) % (sizeof letters - 1)]);
        pgarray_open(&out);
        pgarray_add(&out, buf_text(&in));
        pgarray_close(&out);
        p = buf_text(&out) + 1;
        if (*p != '"') { /* without quotes the server takes no blanks at an end, nothing of its own, and no NULL */
            buf_add(&back, p, strlen(p) - 1);
            assert_int_equal(strcspn(p, "\"\\{},\n'"), back.len);
            assert_true(back.len > 0 && *p != ' ' && p[back.len - 1] != ' ');
        } else {
            for (p++; *p != '"'; p++) {
                if (*p == '\\')
                    p++;
                assert_true(*p != '\0');
                buf_putc(&back, *p);
            }
            assert_string_equal(p, "\"}");
        }
        assert_string_equal(buf_text(&back), buf_text(&in));
        buf_free(&in);
        buf_free(&out);
        buf_free(&back);
    }
}

/* As array_out() prints it. */
static void
test_read(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *elements[4];
    } rows[] = {
        {"{}", 0, {NULL}},
        {"{1}", 1, {"1"}},
        {"{1,NULL,\"NULL\",null}", 4, {"1", NULL, "NULL", "null"}},
        {"{\"\",a}", 2, {"", "a"}},
        {"{\"a,b\",\"{}\",\"a\\\"b\\\\\"}", 3, {"a,b", "{}", "a\"b\\"}},
        {"{\" \",a b,\xC3\xA9}", 3, {" ", "a b", "\xC3\xA9"}},
        {"{\"a", 1, {"a"}}, /* nobody prints that; nothing breaks */
        {"{a\\", 1, {"a\\"}},
        {"", 0, {NULL}},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char **elements;
        size_t n = pgarray_read(rows[i].text, &elements);

        assert_int_equal(n, rows[i].n);
        for (size_t k = 0; k < n; k++) {
            if (rows[i].elements[k] == NULL)
                assert_null(elements[k]);
            else
                assert_string_equal(elements[k], rows[i].elements[k]);
            free(elements[k]);
        }
        free(elements);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_separators), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_appends),  cmocka_unit_test(test_round_trip), cmocka_unit_test(test_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
