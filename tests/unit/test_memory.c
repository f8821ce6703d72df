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

/* The next batch that fails is the one remembered: grown, shrunk, or empty. */
static void
test_replaced(void **state)
{
    struct memory m = {0};
    struct event events[] = {{.id = 1}, {.id = 2}, {.id = 3}};
    struct batch two = batch_of(events, 2);
    struct batch three = batch_of(events, 3);
    struct batch last = batch_of(events + 2, 1);
    struct batch none = batch_of(events, 0);

    (void) state;
    memory_failed(&m, &two);
    assert_true(memory_is_new(&m, &events[2]));
    memory_failed(&m, &three);
    assert_false(memory_is_new(&m, &events[2]));
    memory_failed(&m, &last);
    assert_false(memory_is_new(&m, &events[2]));
    assert_true(memory_is_new(&m, &events[0]));
    assert_int_equal(memory_failed(&m, &none), 4);
    assert_true(memory_is_new(&m, &events[2]));
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
    memory_forget(&m);
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
    memory_seen(&m, &first);
    assert_true(memory_is_new(&m, &events[2]));
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
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_success_forgets),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_latecomer),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_seen_and_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
