/* test_alert.c - whether a target is told: once, on worsening, again after a period, and when it is over. */
/* links: lib/core/alert.c lib/core/health_score.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/alert.h"

#define DAY 86400.0

static void
nothing_was_told(void **state)
{
    (void) state;
    for (int score = 0; score <= 100; score++)
        assert_int_equal(alert_decide(NULL, &(struct alert_now){score, DAY}), score >= 90 ? ALERT_NONE : ALERT_FIRST);
}

static void
something_was_told(void **state)
{
    static const struct {
        struct alert_last last;
        int score;
        enum alert_kind kind;
    } cases[] = {
        {{HEALTH_IS_DEGRADED, 80, 0}, 80, ALERT_NONE},
        {{HEALTH_IS_DEGRADED, 80, DAY * 0.95}, 80, ALERT_NONE},
        {{HEALTH_IS_DEGRADED, 80, DAY * 0.96}, 80, ALERT_AGAIN},
        {{HEALTH_IS_DEGRADED, 80, 30 * DAY}, 89, ALERT_AGAIN},
        {{HEALTH_IS_DEGRADED, 80, -5}, 80, ALERT_NONE},    /* a clock that was set back */
        {{HEALTH_IS_DEGRADED, 80, -DAY}, 80, ALERT_AGAIN}, /* by more: nobody waits for that day to come */
        {{HEALTH_IS_DEGRADED, 80, 0}, 71, ALERT_NONE},
        {{HEALTH_IS_DEGRADED, 80, 0}, 70, ALERT_WORSE},
        {{HEALTH_IS_DEGRADED, 50, 0}, 49, ALERT_WORSE}, /* the word, not the points */
        {{HEALTH_IS_CRITICAL, 49, 0}, 40, ALERT_NONE},
        {{HEALTH_IS_CRITICAL, 49, 0}, 39, ALERT_WORSE},
        {{HEALTH_IS_CRITICAL, 30, 0}, 80, ALERT_NONE}, /* better, but not well */
        {{HEALTH_IS_CRITICAL, 30, 30 * DAY}, 0, ALERT_WORSE},
        {{HEALTH_IS_CRITICAL, 30, 0}, 89, ALERT_NONE},
        {{HEALTH_IS_CRITICAL, 30, 0}, 90, ALERT_RESOLVED},
        {{HEALTH_IS_DEGRADED, 80, 30 * DAY}, 100, ALERT_RESOLVED},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(alert_decide(&cases[i].last, &(struct alert_now){cases[i].score, DAY}), cases[i].kind);
}

/* Each target hears of a slow decline at every step of it, and not in between. */
static void
slow_decline(void **state)
{
    struct alert_last last = {HEALTH_IS_DEGRADED, 89, 0};
    int told = 0;

    (void) state;
    for (int score = 89; score >= 50; score--)
        if (alert_decide(&last, &(struct alert_now){score, DAY}) != ALERT_NONE) {
            last.score = score;
            told++;
        }
    assert_int_equal(told, 3);
}

static void
words(void **state)
{
    (void) state;
    assert_string_equal(alert_kind_word(ALERT_FIRST), "first");
    assert_string_equal(alert_kind_word(ALERT_RESOLVED), "resolved");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_was_told),
        cmocka_unit_test(something_was_told),
        cmocka_unit_test(slow_decline),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
