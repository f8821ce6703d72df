/* test_xalloc.c - allocation that cannot fail quietly: what it gives, and that it dies rather than give nothing. */
/* links: lib/base/xalloc.c */
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

#include "dualwrite/xalloc.h"

static void
test_zeroed(void **state)
{
    static const size_t rows[][2] = {{0, 0}, {0, 8}, {8, 0}, {1, 1}, {1000, 7}};

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char *p = xcalloc(rows[i][0], rows[i][1]);

        assert_non_null(p);
        for (size_t j = 0; j < rows[i][0] * rows[i][1]; j++)
            assert_int_equal(p[j], 0);
        free(p);
    }
}

static void
test_resized(void **state)
{
    int *p = xreallocarray(NULL, 2, sizeof *p);

    (void) state;
    p[0] = 1;
    p[1] = 2;
    p = xreallocarray(p, 10000, sizeof *p);
    assert_int_equal(p[0], 1);
    assert_int_equal(p[1], 2);
    p[9999] = 3;
    p = xreallocarray(p, 1, sizeof *p);
    assert_int_equal(p[0], 1);
    p = xreallocarray(p, 0, sizeof *p); /* no realloc(p, 0), which may free and give NULL */
    assert_non_null(p);
    free(p);
    p = xreallocarray(NULL, 0, 0);
    assert_non_null(p);
    free(p);
}

static void
test_strings(void **state)
{
    char *copy = xstrdup("text");
    char bytes[] = {'a', 'b', 'c'}; /* not terminated: no more than asked for is read */

    (void) state;
    assert_string_equal(copy, "text");
    free(copy);
    assert_null(xstrdup(NULL));
    copy = xstrdup("");
    assert_string_equal(copy, "");
    free(copy);
    copy = xstrndup(bytes, 3);
    assert_string_equal(copy, "abc");
    free(copy);
    copy = xstrndup("abc", 2);
    assert_string_equal(copy, "ab");
    free(copy);
    copy = xstrndup("abc", 0);
    assert_string_equal(copy, "");
    free(copy);
    copy = xstrndup("a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
}

/* Runs one of the functions in a child; it must abort with one line on stderr. The hint for ASan lets the allocator
 * return NULL, as malloc does, instead of stopping the process itself (see __asan_default_options below). */
static void
dies(int what)
{
    int ends[2];
    int status = 0;
    char line[8192] = ""; /* with what ASan has to say */
    size_t len = 0;
    ssize_t n;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        volatile size_t huge = SIZE_MAX / 2;

        signal(SIGABRT, SIG_DFL);
        close(ends[0]);
        dup2(ends[1], STDERR_FILENO);
        if (what == 0)
            xcalloc(huge, 1);
        else if (what == 1)
            xcalloc(huge, 4); /* the product wraps */
        else if (what == 2)
            xreallocarray(NULL, huge, 1);
        else
            xreallocarray(NULL, huge + 2, 2); /* wraps to 2 */
        _exit(0);
    }
    close(ends[1]);
    while (len < sizeof line - 1 && (n = read(ends[0], line + len, sizeof line - 1 - len)) > 0)
        len += (size_t) n;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(line, "dualwrited: out of memory asking for "));
}

static void
test_dies(void **state)
{
    (void) state;
    for (int what = 0; what < 4; what++)
        dies(what);
}

const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_resized),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
