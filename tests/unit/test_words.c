/* test_words.c - argv arrays, and how they are shown. */
/* links: lib/core/words.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/words.h"

static void
test_words(void **state)
{
    struct words w = {0}, more = {0};

    (void) state;
    words_add(&w, "docker");
    words_addf(&w, "--since=%d", 5);
    words_add(&more, "it's 'so'");
    words_add(&more, "");
    words_append(&w, &more);
    assert_int_equal(w.count, 4);
    assert_string_equal(w.items[1], "--since=5");
    assert_null(w.items[4]);
    words_free(&w);
    words_free(&more);
    assert_null(w.items);
}

static void
test_shown_as_a_shell_takes_them(void **state)
{
    struct words w = {0};
    struct buf out = {0};

    (void) state;
    words_add(&w, "rollback");
    words_add(&w, "--match=Staging Test%");
    words_add(&w, "it's; $HOME");
    words_add(&w, "");
    words_shown(&out, &w);
    assert_string_equal(buf_text(&out), "rollback '--match=Staging Test%' 'it'\\''s; $HOME' ''");
    buf_free(&out);
    words_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_shown_as_a_shell_takes_them)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
