/* test_tally.c - counts, the ring of samples, the ring of events, requests. */
/* links: lib/core/tally.c lib/core/spread.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/tally.h"

#define WALL INT64_C(1769364000000)

static struct moment
at(int64_t ms)
{
    return (struct moment){monotime_add_ms((monotime){INT64_C(5000000000)}, ms), WALL + ms};
}

static void
begin(struct tally *t)
{
    struct mapping_entity entity = {.operation_insert = (char[]){"made"}, .operation_update = (char[]){"changed"}};
    const struct mapping m = {.entities = &entity, .count = 1};

    tally_init(t, at(0));
    tally_mapping(t, &m);
    tally_mapping(t, &m); /* known already */
}

static void
test_counts_by_operation(void **state)
{
    struct tally t;

    (void) state;
    begin(&t);
    assert_int_equal(t.noperations, 3);
    tally_scheduled(&t, "made");
    tally_completed(&t, at(100), "made", 7, 1, 12, 40);
    tally_failed(&t, at(200), "changed", 8, 2, "unique_violation", true);
    tally_failed(&t, at(300), "changed", 8, 1, NULL, false);
    tally_completed(&t, at(400), "of nobody", 9, 1, 5, -3); /* an old mapping's event; a clock that was set back */
    assert_int_equal(t.noperations, 3);
    assert_string_equal(t.operations[0].name, "other");
    assert_int_equal(t.operations[0].completed, 1);
    assert_int_equal(t.operations[1].scheduled, 1);
    assert_int_equal(t.operations[2].parked, 1);
    assert_int_equal(t.operations[2].retried, 1);
    assert_int_equal(t.completed, 2);
    assert_int_equal(t.failures, 2);
    assert_int_equal(t.parked, 1);
    assert_int_equal(t.last_success_ms, WALL + 400);
    assert_int_equal(t.lag.count, 2);
    assert_int_equal(t.lag.sum_ms, 40);
    assert_int_equal(t.lag.bucket[0], 1); /* the negative one */
    assert_int_equal(t.lag.bucket[5], 1); /* 25 < 40 <= 50 */
    assert_string_equal(tally_recent(&t, 0)->operation, "other");
    assert_int_equal(tally_recent(&t, 0)->lag_ms, 0);
    assert_int_equal(tally_recent(&t, 2)->outcome, TALLY_PARK);
    assert_string_equal(tally_recent(&t, 2)->exception_type, "unique_violation");
    assert_int_equal(tally_recent(&t, 2)->duration_ms, -1);
    assert_null(tally_recent(&t, 4));
    tally_free(&t);
}

static void
test_operations_are_bounded(void **state)
{
    char names[200][16];
    struct mapping_entity entities[200] = {0};
    struct mapping m = {.entities = entities, .count = 200};
    struct tally t;

    (void) state;
    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "o%d", i);
        entities[i].operation_insert = names[i];
    }
    tally_init(&t, at(0));
    tally_mapping(&t, &m);
    assert_int_equal(t.noperations, TALLY_OPERATIONS);
    tally_scheduled(&t, "o199");
    assert_int_equal(t.operations[0].scheduled, 1);
    tally_free(&t);
}

static void
test_every_time_has_its_bucket(void **state)
{
    struct tally t;

    (void) state;
    begin(&t);
    for (int i = 0; i < TALLY_BUCKETS; i++) {
        tally_completed(&t, at(0), "made", 1, 1, tally_bounds_ms[i], tally_bounds_ms[i] + 1);
        assert_int_equal(t.duration.bucket[i], 1);
        assert_int_equal(t.lag.bucket[i + 1], i == 0 ? 2 - 1 : 1);
    }
    tally_free(&t);
}

static void
test_history(void **state)
{
    struct tally_sample samples[TALLY_SAMPLES];
    struct spread lag;
    struct tally t;

    (void) state;
    begin(&t);
    assert_int_equal(tally_history(&t, at(9999), samples, TALLY_SAMPLES), 0); /* the first is not whole yet */
    tally_completed(&t, at(9999), "made", 1, 1, 10, 100);
    tally_backlog(&t, at(9999), 4);
    tally_backlog(&t, at(9999), 2);
    tally_failed(&t, at(30000), "made", 2, 1, NULL, false);
    assert_int_equal(tally_history(&t, at(39999), samples, TALLY_SAMPLES), 3);
    assert_int_equal(samples[0].completed, 1);
    assert_int_equal(samples[0].backlog, 2);
    assert_int_equal(samples[1].completed, 0); /* nothing happened, and nobody asked */
    assert_int_equal(samples[1].backlog, -1);
    assert_int_equal(samples[2].failed, 0);
    assert_int_equal(tally_history(&t, at(40000), samples, TALLY_SAMPLES), 4);
    assert_int_equal(samples[3].failed, 1);
    assert_int_equal(samples[3].backlog, -1);
    assert_int_equal(tally_sample_at(&t, at(47000), samples[0].number), WALL + 10000);
    tally_lag(&t, at(47000), &lag);
    assert_int_equal(lag.count, 1);
    /* twenty minutes later all of it is forgotten, also what stands in a place that was not used again */
    assert_int_equal(tally_history(&t, at(1250000), samples, TALLY_SAMPLES), TALLY_SAMPLES - 1);
    for (int i = 0; i < TALLY_SAMPLES - 1; i++)
        assert_int_equal(samples[i].completed + samples[i].failed, 0);
    tally_lag(&t, at(1250000), &lag);
    assert_int_equal(lag.count, 0);
    tally_free(&t);
}

static void
test_the_last_events(void **state)
{
    struct tally t;

    (void) state;
    begin(&t);
    for (int i = 0; i < 3 * TALLY_RECENT + 1; i++)
        tally_completed(&t, at(i), "made", i, 1, 0, 0);
    for (int i = 0; i < TALLY_RECENT; i++)
        assert_int_equal(tally_recent(&t, (size_t) i)->id, 3 * TALLY_RECENT - i);
    assert_null(tally_recent(&t, TALLY_RECENT));
    tally_free(&t);
}

static void
test_requests(void **state)
{
    static const char metrics[] = "/metrics";
    struct tally t;

    (void) state;
    begin(&t);
    tally_request(&t, metrics, 200);
    tally_request(&t, NULL, 404);
    tally_request(&t, metrics, 200);
    tally_request(&t, metrics, 421);
    assert_int_equal(t.nrequests, 3);
    assert_int_equal(t.requests[0].count, 2);
    for (unsigned i = 0; i < 1000; i++)
        tally_request(&t, NULL, i);
    assert_int_equal(t.nrequests, TALLY_REQUESTS);
    tally_free(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_by_operation),       cmocka_unit_test(test_operations_are_bounded),
        cmocka_unit_test(test_every_time_has_its_bucket), cmocka_unit_test(test_history),
        cmocka_unit_test(test_the_last_events),           cmocka_unit_test(test_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
