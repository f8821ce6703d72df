/* test_envedit.c - one key of an env file is set and taken back; every other byte stays. */
/* links: lib/core/envedit.c lib/core/flags.c lib/base/envfile.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dualwrite/envedit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEY "TEAM_VNEXT_DUAL_WRITE_ENABLED"

static enum envedit
set(const char *before, const char *after)
{
    struct buf out = {0};
    enum envedit done = envedit_set(&out, before, strlen(before), KEY, "false", true);

    if (after != NULL)
        assert_string_equal(buf_text(&out), after);
    buf_free(&out);
    return done;
}

/* Sets, compares, takes back, and compares with what was there. */
static void
there_and_back(const char *before, const char *after)
{
    struct buf changed = {0};
    struct buf back = {0};

    assert_int_equal(envedit_set(&changed, before, strlen(before), KEY, "false", true), ENVEDIT_CHANGED);
    assert_string_equal(buf_text(&changed), after);
    assert_int_equal(envedit_set(&back, buf_text(&changed), changed.len, KEY, "false", true), ENVEDIT_SAME);
    assert_int_equal(back.len, 0);
    assert_int_equal(envedit_put_back(&back, buf_text(&changed), changed.len, KEY), ENVEDIT_CHANGED);
    assert_string_equal(buf_text(&back), before);
    buf_free(&changed);
    buf_free(&back);
}

#define HEAD "# rollback: " KEY "=false, and it was\n# rollback| "

static void
test_the_line_is_changed_and_nothing_else(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {KEY "=true\n", HEAD KEY "=true\n" KEY "=false\n"},
        {"# above\nA=1\n" KEY "=true\nB=2\n# below\n",
         "# above\nA=1\n" HEAD KEY "=true\n" KEY "=false\nB=2\n# below\n"},
        {KEY "=true", HEAD KEY "=true\n" KEY "=false"},
        {KEY "=\"true\"\n", HEAD KEY "=\"true\"\n" KEY "=\"false\"\n"},
        {KEY "='ON'\n", HEAD KEY "='ON'\n" KEY "='false'\n"},
        {"  export  " KEY " = yes\n", HEAD "  export  " KEY " = yes\n  export  " KEY " = false\n"},
        {"\xEF\xBB\xBF" KEY "=1\n", "\xEF\xBB\xBF" HEAD KEY "=1\n" KEY "=false\n"},
        {KEY "=tr\\\nue\nB=2\n", HEAD KEY "=tr\\\n# rollback| ue\n" KEY "=false\nB=2\n"},
        {"C='a\n" KEY "=true\nb'\n" KEY "=true\n", "C='a\n" KEY "=true\nb'\n" HEAD KEY "=true\n" KEY "=false\n"},
        {"what is this\n" KEY "=true\n", "what is this\n" HEAD KEY "=true\n" KEY "=false\n"},
        {"; x \\\n" KEY "=true\n", "; x \\\n" HEAD KEY "=true\n" KEY "=false\n"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++)
        there_and_back(cases[i].before, cases[i].after);
}

static void
test_line_ends_stay_what_they_are(void **state)
{
    (void) state;
    there_and_back("A=1\r\n" KEY "=true\r\nB=2\r\n", "A=1\r\n# rollback: " KEY "=false, and it was\r\n# rollback| " KEY
                                                     "=true\r\n" KEY "=false\r\nB=2\r\n");
}

static void
test_the_last_of_several_lines_holds(void **state)
{
    (void) state;
    there_and_back(KEY "=true\n" KEY "=yes\n", KEY "=true\n" HEAD KEY "=yes\n" KEY "=false\n");
    assert_int_equal(set(KEY "=true\n" KEY "=no\n", ""), ENVEDIT_SAME);
}

static void
test_what_says_so_already_stays(void **state)
{
    static const char *const texts[] = {KEY "=false\n", KEY "=0", KEY "='Off'\r\n", "export " KEY "=NO\n"};

    (void) state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(set(texts[i], ""), ENVEDIT_SAME);
}

static void
test_a_key_that_is_not_set_is_added_at_the_end(void **state)
{
    struct buf out = {0};

    (void) state;
    there_and_back("A=1\n", "A=1\n# rollback: " KEY "=false, and it was not set\n" KEY "=false\n");
    there_and_back("", "# rollback: " KEY "=false, and it was not set\n" KEY "=false\n");
    there_and_back("# " KEY "=true\r\n",
                   "# " KEY "=true\r\n# rollback: " KEY "=false, and it was not set\r\n" KEY "=false\r\n");
    assert_int_equal(set("A=1", "A=1\n# rollback: " KEY "=false, and it was not set\n" KEY "=false\n"),
                     ENVEDIT_CHANGED);
    assert_int_equal(envedit_set(&out, "A=1\n", 4, KEY, "false", false), ENVEDIT_SAME);
    assert_int_equal(out.len, 0);
}

static void
test_a_text_that_an_edit_would_change_elsewhere_is_left_alone(void **state)
{
    static const char *const texts[] = {
        "A=b\\\n",         /* the line behind it would be its continuation */
        "A=b\\",           /* the same */
        "A='never closed", /* nobody knows where it ends */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(set(texts[i], ""), ENVEDIT_BROKEN);
}

static void
test_what_somebody_changed_since_stays(void **state)
{
    static const char text[] = HEAD KEY "=yes\n" KEY "=true\n";
    struct buf out = {0};

    (void) state;
    assert_int_equal(envedit_put_back(&out, text, strlen(text), KEY), ENVEDIT_OTHERS);
    assert_int_equal(out.len, 0);
    /* and a second rollback remembers what it found, not what the first one did */
    there_and_back(KEY "=true\n", HEAD KEY "=true\n" KEY "=false\n");
    assert_int_equal(set(text, HEAD KEY "=true\n" KEY "=false\n"), ENVEDIT_CHANGED);
}

static void
test_only_what_rollback_changed_is_taken_back(void **state)
{
    static const char *const texts[] = {
        "",
        "A=1\n",
        KEY "=false\n",
        "# rollback: OTHER=false, and it was\n# rollback| OTHER=true\n" KEY "=false\n",
        "# rollback: " KEY "=false, and it was\n# rollback| " KEY "=true\n\n" KEY "=false\n", /* no more right above */
        "# rollback: " KEY "\n" KEY "=false\n",
        "# rollback: " KEY "=false, and it was",
    };
    struct buf out = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(envedit_put_back(&out, texts[i], strlen(texts[i]), KEY), ENVEDIT_SAME);
    assert_int_equal(
        envedit_put_back(&out, HEAD "rubbish\n" KEY "=false\n", strlen(HEAD "rubbish\n" KEY "=false\n"), KEY),
        ENVEDIT_BROKEN);
    assert_int_equal(out.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_line_is_changed_and_nothing_else),
        cmocka_unit_test(test_line_ends_stay_what_they_are),
        cmocka_unit_test(test_the_last_of_several_lines_holds),
        cmocka_unit_test(test_what_says_so_already_stays),
        cmocka_unit_test(test_a_key_that_is_not_set_is_added_at_the_end),
        cmocka_unit_test(test_a_text_that_an_edit_would_change_elsewhere_is_left_alone),
        cmocka_unit_test(test_what_somebody_changed_since_stays),
        cmocka_unit_test(test_only_what_rollback_changed_is_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
