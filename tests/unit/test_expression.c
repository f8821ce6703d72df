/* test_expression.c - which columns an expression may read: one too many is harmless, one too few loses a change. */
/* links: lib/core/expression.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dualwrite/expression.h"

struct row {
    const char *expression;
    const char *column;
    bool reads;
};

static void
check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (expression_reads(rows[i].expression, rows[i].column) != rows[i].reads)
            fail_msg("%s %s %s", rows[i].expression, rows[i].reads ? "reads" : "does not read", rows[i].column);
}

static void
test_words(void **state)
{
    static const struct row rows[] = {
        {"name", "name", true},
        {"", "name", false},
        {"branding ->> 'logo_url'", "branding", true},
        {"branding ->> 'logo_url'", "logo_url", false},
        {"status = 'ACTIVE'", "status", true},
        {"status = 'ACTIVE'", "ACTIVE", false},
        {"first || ' ' || last", "first", true},
        {"first || ' ' || last", "last", true},
        {"coalesce(nick,name)", "name", true},
        {"(t).name", "name", true},
        {"name::text", "name", true},
        {"a+b", "b", true},
        {"a-b", "b", true},
        {"a/b*c", "c", true},
        /* whole words */
        {"names", "name", false},
        {"surname", "name", false},
        {"name_of", "name", false},
        {"name2", "name", false},
        {"$name", "name", false},
        {"n\xC3\xA4me", "n", false},
        {"n\xC3\xA4me", "n\xC3\xA4me", true},
        {"n\xC3\xA4me", "me", false},
    };

    (void) state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* As the server reads names: without quotes folded to lower case, with quotes as they are (manual, 4.1.1). */
static void
test_case_and_quotes(void **state)
{
    static const struct row rows[] = {
        {"NAME", "name", true},
        {"Name", "Name", false},
        {"\"Name\"", "Name", true},
        {"\"Name\"", "name", false},
        {"\"name\"", "name", true},
        {"\"two words\"", "two words", true},
        {"\"two words\"", "two", false},
        {"\"od\"\"d\"", "od\"d", true},
        {"\"od\"\"d\"", "od", false},
        {"\"it's\" || name", "name", true},
        {"\"a\\\" || name", "a\\", true}, /* no backslash escapes between double quotes */
        {"\"a\\\" || name", "name", true},
        {"\"name", "name", true}, /* unclosed: no more than a column too many */
    };

    (void) state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* String constants end where the server says, so that what follows is seen. */
static void
test_strings(void **state)
{
    static const struct row rows[] = {
        {"'name'", "name", false},
        {"'x' || name", "name", true},
        {"'it''s' || name", "name", true},
        {"'it''s name'", "name", false},
        {"'' || name || ''", "name", true},
        {"'a\\' || name || 'b'", "name", true}, /* plain: the backslash is a character */
        {"E'a\\' || name || ''", "name", false},
        {"E'a\\'' || name", "name", true},
        {"e'a\\'' || name", "name", true},
        {"E'a\\\\' || name", "name", true},
        {"E'a\\\\' || name || 'b'", "name", true},
        {"'\"' || name || '\"'", "name", true},
        {"'unclosed name", "name", false},
        {"E'\\", "name", false},
        {"'", "name", false},
    };

    (void) state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* The header's promise about comments, and what else holds a quote. */
static void
test_comments(void **state)
{
    static const struct row rows[] = {
        {"slug /* don't */ || name", "name", true}, {"slug -- Django's\n || name", "name", true},
        {"slug /* \"odd */ || name", "name", true}, {"$$it's$$ || name", "name", true},
        {"$x$it's$x$ || name", "name", true},       {"now() -- not name", "name", false},
        {"now() /* not name */", "name", false},
    };

    (void) state;
    check(rows, sizeof rows / sizeof rows[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_case_and_quotes),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_comments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
