/* test_health_score.c - the score, its words, and how long it has been well. */
/* links: lib/core/health_score.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/health_score.h"

static const struct pack_scoring usual = {5, 50};

static void
score_loses_points(void **state)
{
    static const struct {
        int64_t issues, weights, skipped;
        int score;
    } cases[] = {
        {0, 0, 0, 100},  {1, 0, 0, 95},  {2, 0, 0, 90},         {3, 0, 0, 85},
        {10, 0, 0, 50},  {11, 0, 0, 50}, {INT64_MAX, 0, 0, 50}, {1, 10, 0, 85},
        {10, 50, 0, 0},  {10, 60, 0, 0}, {0, INT64_MAX, 0, 0},  {0, 0, 1, 89},
        {0, 0, 100, 89}, {2, 0, 1, 89},  {3, 0, 1, 85},         {INT64_MAX, INT64_MAX, 1, 0},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(health_score(&usual, cases[i].issues, cases[i].weights, cases[i].skipped), cases[i].score);
}

static void
score_follows_the_pack(void **state)
{
    const struct pack_scoring free = {0, 50}, hard = {100, 100}, odd = {7, 50};

    (void) state;
    assert_int_equal(health_score(&free, 1000, 0, 0), 100);
    assert_int_equal(health_score(&hard, 1, 0, 0), 0);
    assert_int_equal(health_score(&odd, 7, 0, 0), 51);
    assert_int_equal(health_score(&odd, 8, 0, 0), 50);
}

static void
words(void **state)
{
    (void) state;
    assert_string_equal(health_status_word(health_status(100)), "healthy");
    assert_string_equal(health_status_word(health_status(90)), "healthy");
    assert_string_equal(health_status_word(health_status(89)), "degraded");
    assert_string_equal(health_status_word(health_status(50)), "degraded");
    assert_string_equal(health_status_word(health_status(49)), "critical");
    assert_string_equal(health_status_word(health_status(0)), "critical");
}

#define DAY 86400.0

static void
soak_holds(void **state)
{
    struct soak s = {.wanted_s = 7 * DAY, .longest_s = 2 * DAY, .lowest = 100};

    (void) state;
    for (int day = 0; day < 7; day++) {
        assert_true(soak_add(&s, day * DAY + 60, day == 3 ? 90 : 100));
        assert_false(soak_held(&s));
    }
    assert_true(soak_add(&s, 7 * DAY + 60, 100));
    assert_true(soak_held(&s));
    assert_int_equal(s.runs, 8);
    assert_int_equal(s.lowest, 90);
}

static void
soak_ends_with_a_low_score(void **state)
{
    struct soak s = {.wanted_s = 3 * DAY, .longest_s = 2 * DAY, .lowest = 100};

    (void) state;
    assert_true(soak_add(&s, 60, 100));
    assert_false(soak_add(&s, DAY, 89));
    assert_false(soak_add(&s, 2 * DAY, 100));
    assert_false(soak_add(&s, 4 * DAY, 100));
    assert_true(s.low);
    assert_false(soak_held(&s));
    assert_int_equal(s.runs, 1);
}

/* A run of a time to come, by a clock that was set back since: it counts as of now, and hides nothing of what is older. */
static void
soak_and_a_clock_that_was_wrong(void **state)
{
    struct soak s = {.wanted_s = 3 * DAY, .longest_s = 2 * DAY, .lowest = 100};
    struct soak low = s;

    (void) state;
    assert_true(soak_add(&s, -10 * DAY, 100));
    assert_true(s.held_s == 0);
    assert_true(soak_add(&s, DAY, 100));
    assert_true(soak_add(&s, 3 * DAY, 100));
    assert_true(soak_held(&s));
    assert_false(soak_add(&low, -10 * DAY, 89));
    assert_true(low.low);
}

/* Nobody looked: also when it is the newest run that is old. */
static void
soak_ends_with_a_gap(void **state)
{
    struct soak s = {.wanted_s = 3 * DAY, .longest_s = 2 * DAY, .lowest = 100};
    struct soak old = s, none = s;

    (void) state;
    assert_true(soak_add(&s, 60, 100));
    assert_false(soak_add(&s, 60 + 2 * DAY + 1, 100));
    assert_true(s.gap);
    assert_false(soak_add(&s, 3 * DAY, 100));
    assert_false(soak_held(&s));
    assert_false(soak_add(&old, 2 * DAY + 1, 100));
    assert_false(soak_held(&old));
    assert_false(soak_held(&none));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_loses_points),
        cmocka_unit_test(score_follows_the_pack),
        cmocka_unit_test(words),
        cmocka_unit_test(soak_holds),
        cmocka_unit_test(soak_ends_with_a_low_score),
        cmocka_unit_test(soak_and_a_clock_that_was_wrong),
        cmocka_unit_test(soak_ends_with_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
