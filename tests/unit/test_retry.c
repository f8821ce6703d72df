/* test_retry.c - the wait before another attempt: doubling, capped, half of it random, never out of bounds. */
/* links: lib/core/retry.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/retry.h"

/* The whole of the wait: the random half is added to the fixed one. */
static const int64_t wholes[] = {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000};

static void
test_doubles_up_to_the_cap(void **state)
{
    (void) state;
    assert_int_equal(RETRY_FIRST_MS, 100);
    assert_int_equal(RETRY_CAP_MS, 10000);
    for (unsigned i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        assert_int_equal(retry_delay_ms(i + 1, 0), wholes[i] / 2);
        assert_int_equal(retry_delay_ms(i + 1, UINT32_C(1) << 31), wholes[i] / 2 + wholes[i] / 4);
        assert_int_equal(retry_delay_ms(i + 1, UINT32_MAX), wholes[i] - 1);
    }
}

/* Shifts and products at the ends of their types: UBSan looks on. */
static void
test_extremes(void **state)
{
    static const unsigned failures[] = {8, 9, 31, 32, 33, 62, 63, 64, 65, 127, 1u << 16, UINT32_MAX / 2, UINT32_MAX};

    (void) state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        assert_int_equal(retry_delay_ms(failures[i], 0), RETRY_CAP_MS / 2);
        assert_int_equal(retry_delay_ms(failures[i], UINT32_MAX), RETRY_CAP_MS - 1);
    }
    assert_int_equal(retry_delay_ms(0, 0), RETRY_FIRST_MS / 2);
    assert_int_equal(retry_delay_ms(0, UINT32_MAX), RETRY_FIRST_MS - 1);
}

/* Whatever the random bits: within [whole/2, whole), and more bits never wait less. */
static void
test_bounds(void **state)
{
    (void) state;
    for (unsigned failures = 1; failures <= 12; failures++) {
        int64_t whole = wholes[failures <= 10 ? failures - 1 : 9];
        int64_t before = 0;

        for (uint64_t random = 0; random <= UINT32_MAX; random += 65521) {
            int64_t delay = retry_delay_ms(failures, (uint32_t) random);

            assert_true(delay >= whole / 2 && delay < whole && delay <= RETRY_CAP_MS);
            assert_true(delay >= before);
            before = delay;
        }
    }
}

/* A hundred daemons that fail together do not come back together. */
static void
test_spread(void **state)
{
    unsigned char seen[RETRY_CAP_MS / 2] = {0};
    unsigned different = 0;

    (void) state;
    for (uint64_t i = 0; i < 100; i++) {
        int64_t at = retry_delay_ms(20, (uint32_t) (i * (UINT32_MAX / 100))) - RETRY_CAP_MS / 2;

        assert_in_range(at, 0, RETRY_CAP_MS / 2 - 1);
        different += seen[at] == 0;
        seen[at] = 1;
    }
    assert_int_equal(different, 100);
}

/* One event waits like any other; many wait for each other: all of them together stay below ten attempts a second. */
static void
test_waiting(void **state)
{
    static const struct {
        unsigned failures;
        int64_t waiting;
        uint32_t random;
        int64_t delay;
    } rows[] = {
        {1, 0, 0, 50},
        {1, 0, UINT32_MAX, 99},
        {1, 1, 0, 100}, /* a hundred is more than its own fifty */
        {1, 1, UINT32_MAX, 149},
        {8, 1, 0, RETRY_CAP_MS / 2},
        {8, 1, UINT32_MAX, RETRY_CAP_MS - 1},
        {8, 50, 0, RETRY_CAP_MS / 2},
        {8, 51, 0, 5100},
        {8, 51, UINT32_MAX, RETRY_CAP_MS - 1}, /* its own wait is more */
        {8, 100, 0, RETRY_CAP_MS},             /* the cap is for one */
        {8, 100, UINT32_C(1) << 31, 12500},
        {8, 100, UINT32_MAX, 14999},
        {1, 36000, 0, 3600000},
        {UINT32_MAX, 1000000, UINT32_MAX, 149999999},
        {1, 80000000, UINT32_MAX, 11999999999},
    };

    (void) state;
    assert_int_equal(RETRY_WAITING_MS, 100);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(retry_waiting_ms(rows[i].failures, rows[i].waiting, rows[i].random), rows[i].delay);
}

/* Never sooner for more waiting events, for a later attempt, or than ten attempts a second of all of them. */
static void
test_waiting_bounds(void **state)
{
    (void) state;
    for (unsigned failures = 1; failures <= 12; failures++) {
        int64_t before = 0;

        for (int64_t waiting = 0; waiting <= 10000; waiting += 37) {
            int64_t delay = retry_waiting_ms(failures, waiting, 12345);

            assert_true(delay >= retry_delay_ms(failures, 12345));
            assert_true(delay >= before);
            assert_true(delay >= waiting * RETRY_WAITING_MS);
            assert_true(delay < waiting * RETRY_WAITING_MS * 3 / 2 + RETRY_CAP_MS);
            before = delay;
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_up_to_the_cap),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_waiting_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
