/* test_rates.c - the rates of the last minute, and their words. */
/* links: lib/core/rates.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dualwrite/rates.h"

static void
note(struct rates *r, int64_t ms, int64_t completed, int64_t failures)
{
    rates_note(r, (monotime){ms * 1000000}, completed, failures);
}

static void
expect(const struct rates *r, int64_t lag_ms, const char *wanted)
{
    struct buf text = {0};

    rates_text(r, lag_ms, &text);
    assert_string_equal(buf_text(&text), wanted);
    buf_free(&text);
}

static void
test_words(void **state)
{
    struct rates r = {0};

    (void) state;
    expect(&r, -1, "0 events/s completed, 0 failing");
    note(&r, 1000000, 0, 0);
    expect(&r, -1, "0 events/s completed, 0 failing");
    note(&r, 1010000, 25, 1);
    expect(&r, 40, "2.5 events/s completed, 0.1 failing, lag 0.04 s");
    note(&r, 1020000, 25000, 1);
    expect(&r, 0, "1250 events/s completed, <0.1 failing, lag 0.00 s");
}

/* What was before the last minute does not count, whether it was asked every second or hardly ever. */
static void
test_the_window(void **state)
{
    struct rates often = {0}, rarely = {0};

    (void) state;
    for (int64_t s = 0; s <= 600; s++)
        note(&often, s * 1000, s <= 300 ? s * 1000 : 300000 + (s - 300) * 2, 0);
    expect(&often, -1, "2.0 events/s completed, 0 failing");
    note(&rarely, 0, 0, 0);
    note(&rarely, 500000, 1000000, 7);
    note(&rarely, 510000, 1000100, 7);
    expect(&rarely, -1, "10 events/s completed, 0 failing");
    note(&rarely, 1000000, 2000000, 7); /* nothing is known of the minute before */
    expect(&rarely, -1, "0 events/s completed, 0 failing");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_the_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
