/* test_shown.c - text, times and tables as a terminal gets them. */
/* links: lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"

static void
test_text(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *shown;
    } cases[] = {
        {"", 0, ""},
        {"plain", 0, "plain"},
        {"plain", 5, "plain"},
        {"plainer", 6, "pla..."},
        {"plainer", 3, "..."},
        {"a\nb\r\tc", 0, "a\\nb\\r\\tc"},
        {"\x1b[31mred\x1b[0m\x07", 0, "\\u{1b}[31mred\\u{1b}[0m\\u{7}"},
        {"\xc2\x9b"
         "2J",
         0, "\\u{9b}2J"},                             /* CSI in one character */
        {"\x9b\xff", 0, "\\x{9b}\\x{ff}"},            /* not UTF-8 */
        {"\xc0\x8a", 0, "\\x{c0}\\x{8a}"},            /* a line end spelt too long */
        {"\xed\xa0\x80", 0, "\\x{ed}\\x{a0}\\x{80}"}, /* half a surrogate pair */
        {"\xe2\x80\xaetxet", 0, "\\u{202e}txet"},
        {"\xe2\x80\xa8", 0, "\\u{2028}"},
        {"\xf3\xa0\x81\x81", 0, "\\u{e0041}"}, /* an invisible tag */
        {"\xe2\x82", 0, "\\x{e2}\\x{82}"},     /* ends in the middle of a character */
        {"na\xc3\xafve", 5, "na\xc3\xafve"},
        {"\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 5, "\xe6\xbc\xa2..."}, /* two columns each */
        {"ab\ncd", 6, "ab\\ncd"},
        {"ab\ncdef", 6, "ab..."}, /* an escape is not cut in half */
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = {0};

        buf_puts(&out, "<");
        shown_text(&out, cases[i].text, cases[i].columns);
        assert_int_equal(out.data[0], '<');
        assert_string_equal(out.data + 1, cases[i].shown);
        if (cases[i].columns > 0)
            assert_true(shown_width(out.data + 1) <= cases[i].columns);
        buf_free(&out);
    }
}

static void
test_span(void **state)
{
    static const struct {
        double seconds;
        const char *shown;
    } cases[] = {
        {-3, "0.0 s"},       {0.04, "0.0 s"},       {0.44, "0.4 s"},    {9.94, "9.9 s"},
        {9.96, "9 s"},       {59.9, "59 s"},        {60, "1 min 0 s"},  {200, "3 min 20 s"},
        {3600, "1 h 0 min"}, {15000, "4 h 10 min"}, {86400, "1 d 0 h"}, {183600, "2 d 3 h"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = {0};

        shown_span(&out, cases[i].seconds);
        assert_string_equal(buf_text(&out), cases[i].shown);
        buf_free(&out);
    }
}

static void
test_count(void **state)
{
    struct buf out = {0};

    (void) state;
    shown_count(&out, 0);
    buf_puts(&out, "/");
    shown_count(&out, 999);
    buf_puts(&out, "/");
    shown_count(&out, 1000);
    buf_puts(&out, "/");
    shown_count(&out, 5000000);
    buf_puts(&out, "/");
    shown_count(&out, -123456);
    assert_string_equal(buf_text(&out), "0/999/1 000/5 000 000/-123 456");
    buf_free(&out);
}

/* A megabyte in one row does not make a megabyte of spaces in each other one. */
static void
test_grid_with_a_long_cell(void **state)
{
    struct grid g = {.columns = 2};
    struct buf out = {0};
    char *text = xcalloc(1, 1001);

    (void) state;
    memset(text, 'x', 1000);
    grid_add(&g, text, 0);
    grid_add(&g, "a", 0);
    grid_add(&g, "name", 0);
    grid_add(&g, "b", 0);
    grid_put(&out, &g, 0, 0);
    assert_int_equal(out.len, 1000 + 2 + 2 + 4 + 2 + 2);
    assert_string_equal(buf_text(&out) + 1000, "  a\nname  b\n");
    buf_free(&out);
    grid_free(&g);
    free(text);
}

static void
test_grid(void **state)
{
    struct grid g = {.columns = 3};
    struct buf out = {0};

    (void) state;
    grid_add(&g, "event", 0);
    grid_add(&g, "key", 0);
    grid_add(&g, "message", 0);
    grid_addf(&g, "%d", 12345678);
    grid_add(&g, "\xe6\xbc\xa2", 0);
    grid_add(&g, "two\nlines", 0);
    grid_add(&g, "1", 0);
    grid_add(&g, NULL, 0);
    grid_add(&g, "a very long message", 10);
    grid_put(&out, &g, 2, 0);
    assert_string_equal(buf_text(&out), "  event     key  message\n"
                                        "  12345678  \xe6\xbc\xa2   two\\nlines\n"
                                        "  1         -    a very ...\n");
    buf_clear(&out);
    grid_put(&out, &g, 2, 20);
    assert_string_equal(buf_text(&out), "  event     key  ...\n"
                                        "  12345678  \xe6\xbc\xa2   ...\n"
                                        "  1         -    ...\n");
    grid_free(&g);
    buf_free(&out);
}

static void
test_wrapped(void **state)
{
    struct buf out = {0};

    (void) state;
    buf_puts(&out, "- ");
    shown_wrapped(&out, "one two \xe6\xbc\xa2\xe6\xbc\xa2 four\nfive averyverylongword  end", 2, 14);
    assert_string_equal(buf_text(&out), "- one two \xe6\xbc\xa2\xe6\xbc\xa2\n"
                                        "  four\\nfive\n"
                                        "  averyverylongword\n"
                                        "  end\n");
    buf_clear(&out);
    shown_wrapped(&out, "", 2, 14);
    assert_string_equal(buf_text(&out), "\n");
    buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),  cmocka_unit_test(test_span),
        cmocka_unit_test(test_count), cmocka_unit_test(test_grid_with_a_long_cell),
        cmocka_unit_test(test_grid),  cmocka_unit_test(test_wrapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
