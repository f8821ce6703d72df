/* test_moment.c - times as text, and back. */
/* links: lib/core/moment.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dualwrite/moment.h"

#define WALL INT64_C(1769364000000)

static void
test_times_as_text(void **state)
{
    char text[MOMENT_TEXT];
    int64_t ms;

    (void) state;
    moment_text(WALL + 7, text);
    assert_string_equal(text, "2026-01-25T18:00:00.007Z");
    assert_true(moment_parse(text, &ms));
    assert_int_equal(ms, WALL + 7);
    assert_true(moment_parse("2026-01-25T18:00:00Z", &ms));
    assert_int_equal(ms, WALL);
    moment_text(INT64_MAX, text); /* no year of this world, and no overflow */
    assert_false(moment_parse("2026-01-25 18:00:00", &ms));
    assert_false(moment_parse("2026-01-25T18:00:00.1Z", &ms));
    assert_false(moment_parse("2026-01-25T18:00:00+01", &ms));
    assert_false(moment_parse("", &ms));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_as_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
