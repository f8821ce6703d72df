/* test_watchdog.c - what counts as progress, and what does not. */
/* links: lib/core/watchdog.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dualwrite/watchdog.h"

static monotime
at(int64_t ms)
{
    return (monotime){ms * 1000000};
}

/* The daemon is looked at every 5 s for a minute, always in the same state. */
static bool
progresses(struct watch_facts f)
{
    struct watch w = {0};
    const char *why = NULL;

    for (int64_t ms = 100000; ms <= 160000; ms += 5000)
        why = watch_look(&w, at(ms), &f);
    return why == NULL;
}

static void
test_rest_and_work(void **state)
{
    (void) state;
    assert_true(progresses((struct watch_facts){0})); /* asleep, off, or resting for a reload */
    assert_true(progresses((struct watch_facts){.worker = {.busy = true, .under_way = true}}));
    assert_true(progresses((struct watch_facts){.worker = {.due = true, .waiting = true}}));
    assert_true(progresses((struct watch_facts){.overdue_ms = WATCH_GRACE_MS}));
}

/* However long it lasts: connecting, waiting for the next attempt, and a script that may take long are under way. */
static void
test_a_database_that_is_away_or_slow(void **state)
{
    (void) state;
    for (int bits = 0; bits < 8; bits++)
        assert_true(progresses((struct watch_facts){
            .worker = {.under_way = true, .busy = bits & 1, .due = bits & 2, .waiting = bits & 4}}));
}

static void
test_what_stands_still(void **state)
{
    (void) state;
    assert_false(progresses((struct watch_facts){.worker = {.busy = true}}));
    assert_false(progresses((struct watch_facts){.worker = {.busy = true, .due = true, .waiting = true}}));
    assert_false(progresses((struct watch_facts){.worker = {.due = true}}));
    assert_false(progresses((struct watch_facts){.overdue_ms = WATCH_GRACE_MS + 1}));
    /* a hung connection is one, whatever the worker does */
    assert_false(progresses((struct watch_facts){.overdue_ms = 60000, .worker = {.due = true, .under_way = true}}));
}

/* Between two callbacks a look may find it so; that is no hang. */
static void
test_a_moment_is_no_hang(void **state)
{
    const struct watch_facts still = {.worker = {.busy = true}}, moving = {.worker = {.busy = true, .under_way = true}};
    struct watch w = {0};

    (void) state;
    for (int64_t ms = 0; ms < 100000; ms += 10000) {
        assert_null(watch_look(&w, at(ms), &still));
        assert_null(watch_look(&w, at(ms + 5000), &moving));
    }
    assert_null(watch_look(&w, at(100000), &still));
    assert_null(watch_look(&w, at(100000 + WATCH_GRACE_MS), &still));
    assert_non_null(watch_look(&w, at(100001 + WATCH_GRACE_MS), &still));
    assert_null(watch_look(&w, at(120000), &moving)); /* and it is fed again */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest_and_work),
        cmocka_unit_test(test_a_database_that_is_away_or_slow),
        cmocka_unit_test(test_what_stands_still),
        cmocka_unit_test(test_a_moment_is_no_hang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
