/* test_memory.c - what is remembered of a batch that comes again: who was announced, and how often it was tried. */
/* links: lib/core/memory.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dualwrite/memory.h"

#define MANY 10000

static struct batch
batch_of(struct event *events, size_t count)
{
    return (struct batch){.events = events, .count = count};
}

static void
test_everything_is_new_at_first(void **state)
{
    struct memory m = {0};
    struct event e = {.id = 7, .attempt = 1};

    (void) state;
    assert_true(memory_is_new(&m, &e));
    assert_int_equal(e.attempt, 1);
    memory_forget(&m);
}

static void
test_counts_on(void **state)
{
    struct memory m = {0};
    struct event events[] = {{.id = 3}, {.id = 5}, {.id = 9}};
    struct batch b = batch_of(events, 3);

    (void) state;
    for (int failures = 1; failures <= 4; failures++) {
        assert_int_equal(memory_failed(&m, &b), failures);
        for (size_t i = 0; i < 3; i++) {
            struct event again = {.id = events[i].id, .attempt = 1};

            assert_false(memory_is_new(&m, &again));
            assert_int_equal(again.attempt, 1 + failures);
        }
    }
    /* An attempt that the database counted already is counted on, not begun anew. */
    events[1].attempt = 6;
    assert_false(memory_is_new(&m, &events[1]));
    assert_int_equal(events[1].attempt, 10);
    memory_forget(&m);
}

static void
test_neighbours_are_new(void **state)
{
    struct memory m = {0};
    struct event events[] = {{.id = INT64_MIN}, {.id = -1}, {.id = 0}, {.id = 1}, {.id = 4}, {.id = INT64_MAX}};
    const int64_t others[] = {INT64_MIN + 1, -2, 2, 3, 5, INT64_MAX - 1};
    struct batch b = batch_of(events, 6);

    (void) state;
    memory_failed(&m, &b);
    for (size_t i = 0; i < 6; i++) {
        struct event e = {.id = others[i], .attempt = 1};

        assert_false(memory_is_new(&m, &events[i]));
        assert_true(memory_is_new(&m, &e));
        assert_int_equal(e.attempt, 1);
    }
    memory_forget(&m);
}

/* What failed in one batch and not in the next was announced all the same. */
static void
test_half_of_it(void **state)
{
    struct memory m = {0};
    struct event events[] = {{.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}, {.id = 5}};
    struct batch all = batch_of(events, 4);
    struct batch half = batch_of(events, 2);
    struct batch middle = batch_of(events + 1, 2);
    struct batch none = batch_of(events, 0);
    const int attempts[] = {3, 4, 3, 2, 1};

    (void) state;
    assert_int_equal(memory_limit(&m, 1000), 1000);
    assert_int_equal(memory_failed(&m, &all), 1);
    assert_int_equal(memory_limit(&m, 1000), 2);
    assert_int_equal(memory_limit(&m, 1), 1); /* a reload has changed it */
    assert_int_equal(memory_failed(&m, &half), 2);
    assert_int_equal(memory_limit(&m, 1000), 1);
    assert_int_equal(memory_failed(&m, &middle), 3);
    assert_int_equal(memory_failed(&m, &none), 4);
    assert_int_equal(memory_limit(&m, 1000), 1);
    for (size_t i = 0; i < 5; i++) {
        struct event again = {.id = events[i].id, .attempt = 1};

        assert_int_equal(memory_is_new(&m, &again), i == 4);
        assert_int_equal(again.attempt, attempts[i]);
    }
    memory_forget(&m);
}

/* Twice as many each time, and only what has succeeded is forgotten, until all that may be in a batch was in one. */
static void
test_grows_again(void **state)
{
    struct memory m = {0};
    struct event events[8];
    struct batch all = batch_of(events, 8);
    size_t at = 0;

    (void) state;
    for (size_t i = 0; i < 8; i++)
        events[i] = (struct event){.id = (int64_t) i, .attempt = 1};
    memory_failed(&m, &all);
    for (size_t n = 4; n > 1; n /= 2) {
        struct batch b = batch_of(events, n);

        memory_failed(&m, &b);
    }
    for (size_t limit = 1; limit < 5; limit *= 2) {
        struct batch b = batch_of(events + at, limit);

        assert_int_equal(memory_limit(&m, 8), limit);
        for (size_t i = 0; i < limit; i++, at++)
            assert_false(memory_is_new(&m, &events[at]));
        memory_done(&m, &b, 8);
        assert_int_equal(m.failures, 0);
        assert_true(memory_is_new(&m, &events[at - 1]));
        assert_false(memory_is_new(&m, &events[7]));
    }
    assert_int_equal(memory_limit(&m, 8), 8);
    assert_int_equal(m.count, 1);
    all = batch_of(events + 7, 1);
    memory_done(&m, &all, 8);
    assert_int_equal(m.count, 0);
    assert_true(memory_is_new(&m, &events[7]));
    memory_forget(&m);
}

/* Who joins a batch that has failed before was not there then. */
static void
test_latecomer(void **state)
{
    struct memory m = {0};
    struct event events[] = {{.id = 1, .attempt = 1}, {.id = 2, .attempt = 1}};
    struct batch first = batch_of(events, 1);
    struct batch second = batch_of(events, 2);

    (void) state;
    memory_failed(&m, &first);
    memory_failed(&m, &first);
    memory_failed(&m, &second);
    assert_false(memory_is_new(&m, &events[0]));
    assert_false(memory_is_new(&m, &events[1]));
    assert_int_equal(events[0].attempt, 4);
    assert_int_equal(events[1].attempt, 2);
    memory_forget(&m);
}

static void
test_success_forgets(void **state)
{
    struct memory m = {0};
    struct event event = {.id = 1, .attempt = 1};
    struct batch b = batch_of(&event, 1);

    (void) state;
    memory_failed(&m, &b);
    memory_failed(&m, &b);
    m.until = (monotime){5};
    m.limit = 0;
    memory_done(&m, &b, 1000);
    assert_int_equal(m.failures, 0);
    assert_int_equal(m.count, 0);
    assert_int_equal(m.until.ns, 0);
    assert_null(m.events);
    assert_true(memory_is_new(&m, &event));
    assert_int_equal(event.attempt, 1);
    assert_int_equal(memory_failed(&m, &b), 1);
    memory_forget(&m);
    memory_forget(&m);
}

static void
test_many(void **state)
{
    static struct event events[MANY];
    struct memory m = {0};
    struct batch b = batch_of(events, MANY);

    (void) state;
    for (size_t i = 0; i < MANY; i++)
        events[i].id = (int64_t) i * 2 + 1;
    memory_failed(&m, &b);
    for (size_t i = 0; i < MANY; i++) {
        struct event gap = {.id = (int64_t) i * 2};

        assert_false(memory_is_new(&m, &events[i]));
        assert_true(memory_is_new(&m, &gap));
    }
    memory_forget(&m);
}

/* A batch that is claimed once more has not failed: it is announced once, and its attempts stay what they were. */
static void
test_seen(void **state)
{
    struct memory m = {0};
    struct event events[] = {{.id = 1, .attempt = 1}, {.id = 2, .attempt = 1}, {.id = 3, .attempt = 1}};
    struct batch first = batch_of(events, 2);
    struct batch second = batch_of(events, 3);

    (void) state;
    memory_seen(&m, &first);
    assert_int_equal(m.failures, 0);
    assert_false(memory_is_new(&m, &events[0]));
    assert_false(memory_is_new(&m, &events[1]));
    assert_true(memory_is_new(&m, &events[2]));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(events[i].attempt, 1);
    memory_seen(&m, &second); /* who joined is announced by then */
    assert_false(memory_is_new(&m, &events[2]));
    assert_int_equal(events[2].attempt, 1);
    memory_seen(&m, &first); /* and stays so */
    assert_false(memory_is_new(&m, &events[2]));
    memory_forget(&m);
}

/* Failures count on over a batch that is claimed once more, and the other way round. */
static void
test_seen_and_failed(void **state)
{
    struct memory m = {0};
    struct event event = {.id = 1, .attempt = 1};
    struct batch b = batch_of(&event, 1);

    (void) state;
    assert_int_equal(memory_failed(&m, &b), 1);
    m.until = (monotime){5};
    memory_seen(&m, &b);
    assert_int_equal(m.failures, 1);
    assert_int_equal(m.until.ns, 5);
    assert_false(memory_is_new(&m, &event));
    assert_int_equal(event.attempt, 2);
    assert_int_equal(memory_failed(&m, &b), 2);
    event.attempt = 1;
    assert_false(memory_is_new(&m, &event));
    assert_int_equal(event.attempt, 3);
    memory_forget(&m);
    memory_seen(&m, &b);
    assert_int_equal(memory_failed(&m, &b), 1);
    event.attempt = 1;
    assert_false(memory_is_new(&m, &event));
    assert_int_equal(event.attempt, 2);
    memory_forget(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_is_new_at_first),
        cmocka_unit_test(test_counts_on),
        cmocka_unit_test(test_neighbours_are_new),
        cmocka_unit_test(test_half_of_it),
        cmocka_unit_test(test_grows_again),
        cmocka_unit_test(test_success_forgets),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_latecomer),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_seen_and_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
