/* test_quote.c - names and texts as SQL spells them. */
/* links: lib/core/quote.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/quote.h"

struct row {
    const char *in;
    const char *out;
};

static void
test_ident(void **state)
{
    static const struct row rows[] = {
        {"teams_team", "\"teams_team\""},
        {"Order", "\"Order\""},
        {"", "\"\""},
        {"a\"b", "\"a\"\"b\""},
        {"\"", "\"\"\"\""},
        {"\"; DROP TABLE x; --", "\"\"\"; DROP TABLE x; --\""},
        {"it's \\ a name", "\"it's \\ a name\""},
        {"größe", "\"größe\""},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};

        quote_ident(&out, rows[i].in);
        assert_string_equal(buf_text(&out), rows[i].out);
        buf_free(&out);
    }
}

static void
test_literal(void **state)
{
    static const struct row rows[] = {
        {"PLAYER", "'PLAYER'"},
        {"", "''"},
        {NULL, "NULL"},
        {"NULL", "'NULL'"},
        {"it's", "'it''s'"},
        {"''", "''''''"},
        {"\\", " E'\\\\'"},
        {"a\\'; DROP TABLE x; --", " E'a\\\\''; DROP TABLE x; --'"},
        {"tab\tline\n", "'tab\tline\n'"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};

        quote_literal(&out, rows[i].in);
        assert_string_equal(buf_text(&out), rows[i].out);
        buf_free(&out);
    }
}

static void
test_appends(void **state)
{
    struct buf out = {0};

    (void) state;
    buf_puts(&out, "SELECT 1 AS");
    quote_literal(&out, "a\\b");
    buf_puts(&out, " FROM ");
    quote_qualified(&out, "pub.lic", "te\"am");
    assert_string_equal(buf_text(&out), "SELECT 1 AS E'a\\\\b' FROM \"pub.lic\".\"te\"\"am\"");
    buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ident),
        cmocka_unit_test(test_literal),
        cmocka_unit_test(test_appends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
