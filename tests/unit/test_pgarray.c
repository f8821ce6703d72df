/* test_pgarray.c - text arrays in PostgreSQL's input syntax. */
/* links: lib/core/pgarray.c lib/base/buf.c lib/base/xalloc.c */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/pgarray.h"

static void
test_elements(void **state)
{
    static const char *const rows[][2] = {
        {"a", "{\"a\"}"},
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
    assert_string_equal(buf_text(&out), "{0,-1,\"1\",9223372036854775807,-9223372036854775808}");
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
    assert_string_equal(buf_text(&out), "x = {\"a\"}{1,2}");
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
        p = buf_text(&out);
        assert_memory_equal(p, "{\"", 2);
        for (p += 2; *p != '"'; p++) {
            if (*p == '\\')
                p++;
            assert_true(*p != '\0');
            buf_putc(&back, *p);
        }
        assert_string_equal(p, "\"}");
        assert_string_equal(buf_text(&back), buf_text(&in));
        buf_free(&in);
        buf_free(&out);
        buf_free(&back);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_separators), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_appends),  cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
