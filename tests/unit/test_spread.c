/* test_spread.c - percentiles of times. */
/* links: lib/core/spread.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dualwrite/spread.h"

/* Right to about a tenth, whatever the times are. */
static void
test_percentiles(void **state)
{
    struct spread s = {0};
    struct spread both = {0};

    (void) state;
    assert_int_equal(spread_percentile(&s, 50), -1);
    spread_add(&s, -5);
    assert_int_equal(spread_percentile(&s, 50), 0);
    for (int64_t scale = 1; scale <= 1000000; scale *= 10) {
        s = (struct spread){0};
        for (int64_t i = 1; i <= 100; i++)
            spread_add(&s, i * scale);
        assert_int_equal(s.max_ms, 100 * scale);
        assert_in_range(spread_percentile(&s, 50), 45 * scale, 56 * scale);
        assert_in_range(spread_percentile(&s, 95), 85 * scale, 100 * scale);
        assert_in_range(spread_percentile(&s, 100), 88 * scale, 100 * scale);
    }
    spread_merge(&both, &s);
    spread_merge(&both, &s);
    assert_int_equal(both.count, 200);
    assert_int_equal(spread_percentile(&both, 50), spread_percentile(&s, 50));
    s = (struct spread){0};
    spread_add(&s, INT64_MAX);
    spread_add(&s, 3);
    assert_int_equal(spread_percentile(&s, 50), 3);
    assert_true(spread_percentile(&s, 99) > INT64_C(100000000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
