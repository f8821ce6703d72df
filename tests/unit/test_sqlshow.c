/* test_sqlshow.c - SQL with its long lines broken: where, and that it stays the same SQL. */
/* links: lib/core/sqlshow.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/sqlshow.h"

static void
shows(const char *sql, size_t width, const char *expected)
{
    struct buf out = {0};

    sqlshow(&out, sql, width);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void
test_short_lines_stay(void **state)
{
    (void) state;
    shows("", 10, "");
    shows("a, b", 10, "a, b");
    shows("a\n\n  b\n", 10, "a\n\n  b\n");
    shows("nothing_to_break_here_at_all", 10, "nothing_to_break_here_at_all");
}

static void
test_breaks(void **state)
{
    (void) state;
    shows("SELECT aaaa, bbbb, cccc, dddd", 20, "SELECT aaaa, bbbb,\n    cccc, dddd");
    /* the indentation of the line stays, brackets add to it */
    shows("  SELECT aaaa, bbbb, cccc", 20, "  SELECT aaaa, bbbb,\n      cccc");
    /* the outermost comma that keeps the width */
    shows("SELECT a, f(b, c, d), e", 20, "SELECT a,\n    f(b, c, d), e");
    shows("SELECT ffffffff(b, c, d)", 20, "SELECT ffffffff(b,\n        c, d)");
    /* without one that keeps it, the next there is */
    shows("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, b", 20, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n    b");
    shows("WHERE a = b AND c = d OR e = f", 20, "WHERE a = b\n    AND c = d\n    OR e = f");
    shows("WHERE border = a ORDERLY BY b", 20, "WHERE border = a ORDERLY BY b");
    shows("SELECT a FROM bbbb WHERE c = d", 20, "SELECT a FROM bbbb\n    WHERE c = d");
    shows("SELECT aa IS DISTINCT FROM b FROM cccc", 20, "SELECT aa IS DISTINCT FROM b\n    FROM cccc");
    /* never a line of nothing but white space */
    shows("    AND aaaa = bbbb AND c = d", 20, "    AND aaaa = bbbb\n        AND c = d");
    shows("a,b,c,d,e,f,g,h,i,j", 8, "a,b,c,d,\n    e,f,\n    g,h,\n    i,j");
}

/* What is within quotes and comments is not SQL. */
static void
test_quotes(void **state)
{
    static const char *const whole[] = {
        "SELECT 'a, b, c, d, e, f, g, h'",      "SELECT 'it''s, a, b, c, d, e, f'",
        "SELECT E'it\\'s, a, b, c, d, e, f'",   "SELECT \"a, \"\"b, c, d, e, f, g\"",
        "SELECT $$a, b, c, d, e, f, g, h$$",    "SELECT $x$a, $$ b, c, d, e, f$x$",
        "SELECT 1 -- a, b, c, d, e, f, g",      "SELECT /* a, /* b, */ c, d, e */ 1",
        "SELECT 'a, b, c, d, e, f, not closed", "SELECT $x$a, b, c, d, e, not closed$y$",
        "SELECT /* a, b, c, d, not closed",
    };

    (void) state;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        shows(whole[i], 15, whole[i]);
    /* a backslash is nothing special without an E */
    shows("SELECT 'x\\', aaaa, bbbb, cccc", 18, "SELECT 'x\\', aaaa,\n    bbbb, cccc");
    /* a parameter is no quote */
    shows("SELECT $1, $2, $3, $4, $5", 15, "SELECT $1, $2,\n    $3, $4, $5");
    /* nor is a dollar in a name */
    shows("SELECT a$b$, a, b$b$, cccc", 20, "SELECT a$b$, a,\n    b$b$, cccc");
}

/* A line break within quotes is not ours, and lines around it are left alone. */
static void
test_line_breaks_in_quotes(void **state)
{
    static const char sql[] = "SELECT 'a,\n      b', ccccccccccc, dddddddddddddddddd";

    (void) state;
    shows(sql, 15, sql);
}

/* The same text once all white space is taken away, in every width. */
static void
test_nothing_but_white_space(void **state)
{
    static const char sql[] =
        "WITH x AS (SELECT a, b, coalesce(c, '', \"d, e\") FROM t WHERE a = ANY ($1::text[]) AND b IN (1, 2,3))\n"
        "INSERT INTO y (a, b, \"c, d\") SELECT x.a, E'\\', ', $q$ a, b $q$ /* c, d */ FROM x; -- done, and over\n";
    char plain[sizeof sql];
    size_t n = 0;

    (void) state;
    for (const char *s = sql; *s != '\0'; s++)
        if (*s != ' ' && *s != '\n')
            plain[n++] = *s;
    plain[n] = '\0';
    for (size_t width = 0; width < 130; width++) {
        struct buf out = {0};
        char got[sizeof sql];
        size_t m = 0;

        sqlshow(&out, sql, width);
        for (const char *s = buf_text(&out); *s != '\0' && m < sizeof got - 1; s++)
            if (*s != ' ' && *s != '\n')
                got[m++] = *s;
        got[m] = '\0';
        assert_string_equal(got, plain);
        assert_non_null(strstr(buf_text(&out), "E'\\', '"));
        assert_non_null(strstr(buf_text(&out), "$q$ a, b $q$ "));
        assert_non_null(strstr(buf_text(&out), "-- done, and over\n"));
        buf_free(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_lines_stay),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_line_breaks_in_quotes),
        cmocka_unit_test(test_nothing_but_white_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
