/* test_rates.c - the rates of the last minute, and their words. */
/* links: lib/core/rates.c lib/core/tally.c lib/core/spread.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dualwrite/rates.h"

static struct moment
at(int64_t ms)
{
    return (struct moment){monotime_add_ms((monotime){INT64_C(5000000000)}, ms), ms};
}

static void
complete(struct tally *t, int64_t ms, int64_t lag_ms, int events)
{
    for (int i = 0; i < events; i++)
        tally_completed(t, at(ms), "made", 1, 1, 1, lag_ms);
}

static void
expect(const struct tally *t, int64_t ms, const char *wanted)
{
    struct buf text = {0};

    rates_text(t, at(ms), &text);
    assert_string_equal(buf_text(&text), wanted);
    buf_free(&text);
}

static void
test_words(void **state)
{
    struct tally t;

    (void) state;
    tally_init(&t, at(0));
    expect(&t, 0, "0 events/s completed, 0 failing");
    complete(&t, 5000, 40, 25);
    tally_failed(&t, at(6000), "made", 1, 1, NULL, false);
    expect(&t, 10000, "2.5 events/s completed, 0.1 failing, lag 0.04 s");
    complete(&t, 15000, 0, 24975);
    expect(&t, 20000, "1250 events/s completed, <0.1 failing, lag 0.00 s");
    tally_free(&t);
}

/* What was before the last minute does not count. */
static void
test_the_window(void **state)
{
    struct tally t;

    (void) state;
    tally_init(&t, at(0));
    complete(&t, 100000, 7, 9000);
    for (int64_t s = 200; s <= 300; s++)
        complete(&t, s * 1000, 1500, 2);
    expect(&t, 300000, "2.0 events/s completed, 0 failing, lag 1.50 s");
    expect(&t, 1000000, "0 events/s completed, 0 failing, lag 1.50 s");
    tally_free(&t);
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
