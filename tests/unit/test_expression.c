/*
 * test_expression.c - which columns an expression may read: one too many is harmless, one too few loses a change. And
 * whether it stays in its place: one that reaches out of it could write other SQL than the mapping's.
 */
/* links: lib/core/expression.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/buf.h"
#include "dualwrite/expression.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define A60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

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
        {"$name", "name", true}, /* no word of SQL, so it does not matter */
        {"n\xC3\xA4me", "n", false},
        {"n\xC3\xA4me", "n\xC3\xA4me", true},
        {"n\xC3\xA4me", "me", false},
        {"1name", "name", true}, /* two words in PostgreSQL 14 */
        {"0xname", "name", false},
        {"name\vfirst", "first", true},
        /* the server cuts a name at 63 bytes, or before the character that would cross them */
        {A60 "abcd", A60 "abc", true},
        {A60 "ab\xC3\xA4", A60 "ab", true},
        {A60 "abcd", A60 "abd", false},
        {A60 "abc", A60 "ab", false},
        {A60 "abcd", "a", false},
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
        {"\"name", "name", true},          /* unclosed: no more than a column too many */
        {"U&\"n\\0061me\"", "name", true}, /* not decoded: taken to match */
        {"u&\"anything\"", "name", true},
        {"flags &\"name\"", "slug", false}, /* an operator, and then a name */
        {"menu&\"name\"", "slug", false},
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
        {"date'a\\' || name", "name", true}, /* the word before it is no E */
        {"date'a\\' || name || 'b'", "name", true},
        {"B'1\\' || name", "name", true},
        {"U&'\\0061' || name", "name", true},
        /* a string goes on after a line break, an E string as such */
        {"E'a'\n'b\\' name'", "name", false},
        {"E'a' -- it's\n'b\\' name'", "name", false},
        {"E'a'\r\f'b\\' name'", "name", false},
        {"'a'\n'b\\' || name", "name", true},
        {"E'a' 'b\\' || name", "name", true}, /* without one it does not */
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
        {"slug /* don't */ || name", "name", true},
        {"slug -- Django's\n || name", "name", true},
        {"slug /* \"odd */ || name", "name", true},
        {"$$it's$$ || name", "name", true},
        {"$x$it's$x$ || name", "name", true},
        {"now() -- not name", "name", false},
        {"now() /* not name */", "name", false},
        {"1 -- a comment ends at either line break\r || name", "name", true},
        {"1 +-- not name", "name", false},
        {"1 /*/ not */ || name", "name", true},
        {"1 /* a /* b */ not name */", "name", false},
        {"$x$ $y$ not name $x$", "name", false},
        {"$x$ $y$x$ || name", "name", true},
        {"a$x$ || name || $x$", "name", true}, /* a word: no dollar quote begins within it */
        {"1$x$ not name $x$", "name", false},
        {"1e$x$ || name || $x$", "name", true},
    };

    (void) state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* The fault of each, by its beginning; NULL where there is none. */
static void
test_fault(void **state)
{
    static const char *const expressions[][2] = {
        {"name", NULL},
        {"(a + b) * c[1]", NULL},
        {"coalesce((a -> 'x') ->> 0, lower(b[(1)]))", NULL},
        {"(SELECT v FROM other.t WHERE t.id = $$it's ;$$)", NULL},
        {"SELECT 1", NULL},
        {"a -- ends with the line", NULL},
        {"a -- ) ; $1 '", NULL},
        {"a /* ) ; $1 ' */", NULL},
        {"a /* /* */ ) */", NULL},
        {"')' || ';' || '$1' || '('", NULL},
        {"E'\\')' || '\\'", NULL},
        {"\"a)\" || \"b;$1\"", NULL},
        {"U&\"d\\0061t(\" || U&'\\0027'", NULL},
        {"$$);$1$$ || $x$ $$ ) $x$", NULL},
        {"a$1", NULL}, /* a name */
        {"''", NULL},
        /* blank */
        {"", "is blank; write"},
        {" \t\r\n\v\f", "is blank; write"},
        {"-- nothing", "is blank; write"},
        {"/* nothing */ -- at all", "is blank; write"},
        /* out of its place */
        {")", "closes a parenthesis that it did not open"},
        {"a) OR (b", "closes a parenthesis that it did not open"},
        {"a]", "closes a bracket that it did not open"},
        {"(a", "leaves a parenthesis open"},
        {"((a)", "leaves a parenthesis open"},
        {"a[1", "leaves a bracket open"},
        {"([a)]", "closes parentheses and brackets in another order"},
        {"(a]", "closes parentheses and brackets in another order"},
        {"a; DROP TABLE t", "holds a semicolon"},
        {"(a;)", "holds a semicolon"},
        {"'a", "leaves a quote open"},
        {"'it's'", "leaves a quote open"},
        {"'", "leaves a quote open"},
        {"'a''", "leaves a quote open"},
        {"E'a\\'", "leaves a quote open"},
        {"E'\\", "leaves a quote open"},
        {"e'a'\n'b\\'", "leaves a quote open"},
        {"'a\\'') || '", NULL}, /* all of it one string */
        {"\"a", "leaves a double quote open"},
        {"\"a\"\"", "leaves a double quote open"},
        {"U&\"a", "leaves a double quote open"},
        {"a /*", "leaves a comment open"},
        {"a /*/", "leaves a comment open"},
        {"a /* /* */", "leaves a comment open"},
        {"$$a", "leaves a dollar-quoted string open"},
        {"$x$ $X$", "leaves a dollar-quoted string open"},
        {"$x$ $x", "leaves a dollar-quoted string open"},
        {"1$$ $ )", "leaves a dollar-quoted string open"},
        {"$1", "holds a parameter like $1"},
        {"a = ANY($23)", "holds a parameter like $1"},
        {"a+$1", "holds a parameter like $1"},
        {"1$1", "holds a parameter like $1"},
        /* what looks like it hides something, and does not */
        {"date'\\' )'", "closes a parenthesis"},
        {"fooE'\\' )'", "closes a parenthesis"},
        {"a -- \r )", "closes a parenthesis"},
        {"a$$ ) $$", "closes a parenthesis"},
        {"SELECT 1e$$) FROM t WHERE (a$$", "closes a parenthesis"},
        {"$e'\\' )'", NULL}, /* a dollar, and an E string */
        {"$ $ ) $ $", "closes a parenthesis"},
        {"$1a$ ) $1a$", "holds a parameter"},
        {"E'a' 'b\\' )'", "closes a parenthesis"},
        {"'a' -- \n'b\\' )'", "closes a parenthesis"},
        {"U&'\\' )'", "closes a parenthesis"},
        {"/* */ ) */", "closes a parenthesis"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(expressions); i++) {
        const char *said = expression_fault(expressions[i][0]);
        const char *expected = expressions[i][1];

        if ((said == NULL) != (expected == NULL) || (said != NULL && strncmp(said, expected, strlen(expected)) != 0))
            fail_msg("%s: %s", expressions[i][0], said == NULL ? "no fault" : said);
    }
}

/* What is taken stays in its place, whatever follows; and nothing is read past the end. */
static void
test_random(void **state)
{
    static const char *const pieces[] = {"'", "\"", "$",  "$$", "$x$", "(",  ")",  "[", "]",
                                         ";", "\\", "/*", "*/", "--",  "\n", "\r", " ", "a",
                                         "E", "e'", "U&", "1",  "x",   "*",  "/",  "-", "\xC3"};
    uint32_t random = 1;
    size_t taken = 0;

    (void) state;
    for (size_t round = 0; round < 200000; round++) {
        struct buf text = {0};
        char *exact;

        for (size_t n = 0; n < 1 + round % 9; n++) {
            random = random * 1664525 + 1013904223;
            buf_puts(&text, pieces[(random >> 16) % COUNT(pieces)]);
        }
        exact = strdup(buf_text(&text)); /* no byte more, so that the sanitizer sees a read past the end */
        expression_reads(exact, "b");
        if (expression_fault(exact) == NULL) {
            static const char *const after[][2] = {{"\n)", NULL},
                                                   {"\n))", "closes a parenthesis that"},
                                                   {"\n) || '", "leaves a quote open"},
                                                   {"\n) + $1", "holds a parameter"}};

            taken++;
            for (size_t i = 0; i < COUNT(after); i++) {
                struct buf whole = {0};
                const char *said;

                buf_printf(&whole, "(%s%s", exact, after[i][0]);
                said = expression_fault(buf_text(&whole));
                if ((said == NULL) != (after[i][1] == NULL) ||
                    (said != NULL && strncmp(said, after[i][1], strlen(after[i][1])) != 0))
                    fail_msg("%s: %s", buf_text(&whole), said == NULL ? "no fault" : said);
                buf_free(&whole);
            }
        }
        free(exact);
        buf_free(&text);
    }
    assert_in_range(taken, 20000, 180000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_case_and_quotes), cmocka_unit_test(test_strings),
        cmocka_unit_test(test_comments), cmocka_unit_test(test_fault),           cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
