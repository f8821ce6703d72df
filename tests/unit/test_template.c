/* test_template.c - templates filled with fragments: every place once, nothing else touched, nothing filled twice. */
/* links: lib/core/template.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"

static struct fragments
sample(void)
{
    struct fragments f = {0};

    fragments_set(&f, "a", "A");
    fragments_set(&f, "ab", "AB");
    fragments_set(&f, "empty", "");
    fragments_set(&f, "nested", ":{a} :{missing} %s\n-- kept");
    fragments_set(&f, "type", "pg_catalog.\"text\"");
    return f;
}

static void
test_fill(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"no place", "no place"},
        {":{a}", "A"},
        {":{a}:{ab}:{a}", "AABA"},
        {"x:{empty}y", "xy"},
        {"SELECT :{a},\n       :{ab}\n", "SELECT A,\n       AB\n"},
        /* what goes in is not looked at again: a name or literal cannot bring a place or a comment with it */
        {":{nested}", ":{a} :{missing} %s\n-- kept"},
        /* a cast before a place, and colons that are no place */
        {"x:::{type}", "x::pg_catalog.\"text\""},
        {"a::text := 1 :a :[1:2]", "a::text := 1 :a :[1:2]"},
        {"$1::text {a} : {a}", "$1::text {a} : {a}"},
        {":{a", ":{a"},
        {"x :{", "x :{"},
        {":", ":"},
        {":{a\n}", ":{a\n}"}, /* a place stands on one line */
        /* comment lines are for readers of the file */
        {"-- a comment", ""},
        {"-- a comment :{missing}\nSELECT 1", "SELECT 1"},
        {"--\n--x\nSELECT 1\n-- end\n", "SELECT 1\n"},
        {"SELECT 1\n\n-- x\n\nFROM y", "SELECT 1\n\n\nFROM y"},
        {"- - no comment\n-", "- - no comment\n-"},
        {"  -- kept :{a}\nx -- kept too", "  -- kept A\nx -- kept too"},
        {":{empty}-- kept", "-- kept"},
    };
    struct fragments f = sample();

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};

        buf_puts(&out, "before ");
        template_fill(&out, rows[i][0], &f);
        assert_string_equal(buf_text(&out) + strlen("before "), rows[i][1]);
        buf_free(&out);
    }
    fragments_free(&f);
}

static void
test_set(void **state)
{
    struct fragments f = sample();

    (void) state;
    assert_int_equal(f.count, 5);
    assert_string_equal(fragments_get(&f, "a"), "A");
    assert_string_equal(fragments_get(&f, "ab"), "AB");
    fragments_set(&f, "a", "other");
    fragments_take(&f, "ab", xstrdup("taken"));
    assert_int_equal(f.count, 5);
    assert_string_equal(fragments_get(&f, "a"), "other");
    assert_string_equal(fragments_get(&f, "ab"), "taken");
    fragments_free(&f);
    assert_int_equal(f.count, 0);
    fragments_free(&f);
}

/* A name that was never set aborts: a statement with a hole must not reach a server. */
static void
dies(const char *template, const char *name)
{
    struct fragments f = sample();
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct buf out = {0};

        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(3);
        if (template != NULL)
            template_fill(&out, template, &f);
        else
            fragments_get(&f, name);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    fragments_free(&f);
}

static void
test_missing_aborts(void **state)
{
    (void) state;
    dies(NULL, "missing");
    dies(NULL, "");
    dies(NULL, "A");
    dies("SELECT :{missing}", NULL);
    dies(":{}", NULL);
    dies(":{ a }", NULL);
    dies(":{abc}", NULL);
    dies(":{ab :{a}", NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_missing_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
