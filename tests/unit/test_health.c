/* test_health.c - ready or not, and the words for it; progress from beat to beat. */
/* links: lib/core/health.c lib/core/moment.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/health.h"

static const struct health_facts good = {
    .connected = true,
    .beat_age_ms = 4000,
    .checked = true,
    .listening = true,
    .mapping_installed = true,
    .enabled = true,
    .statement_timeout_ms = 30000,
    .partitions = "0,3,12",
    .oldest_ms = -1,
};

static monotime
at(int64_t ms)
{
    return monotime_add_ms((monotime){INT64_C(1000000000000)}, ms);
}

static void
test_ready(void **state)
{
    struct health_facts f = good;
    struct health h = health_of(&f);

    (void) state;
    assert_true(h.ready);
    assert_int_equal(h.count, 0);
    f.listening = false;
    f.polling = true;
    assert_true(health_of(&f).ready);
    f.failed = 3; /* without strict mode failures are not the probe's business */
    f.failing = true;
    assert_true(health_of(&f).ready);
    f.beat_age_ms = HEALTH_BEAT_MS;
    f.stuck_ms = HEALTH_STUCK_MS;
    assert_true(health_of(&f).ready);
}

/* Each fact alone, and the words that its reason has. */
static void
test_each_reason(void **state)
{
    struct health_facts stopping = good, lost = good, silent = good, deaf = good, unchecked = good, other = good;
    struct health_facts idle = good, one = good, many = good, just = good;
    const struct {
        const struct health_facts *facts;
        const char *says;
    } table[] = {
        {&stopping, "stopping"},
        {&lost, "not connected to the vNext database"},
        {&silent, "has not answered for 16 s"},
        {&deaf, "neither listening nor polling"},
        {&unchecked, "the mapping has not passed its check"},
        {&other, "the installed mapping is another one"},
        {&idle, "no progress: events have waited for 61 s"},
        {&one, "strict mode: 1 failed event is not repaired; see `dualwrited failed list`"},
        {&many, "strict mode: 9223372036854775807 failed events are not repaired; see `dualwrited failed list`"},
        {&just, "strict mode: an attempt has just failed"},
    };

    (void) state;
    stopping.stopping = true;
    lost.connected = false;
    lost.deaf_ms = HEALTH_BLIP_MS + 1;
    silent.beat_age_ms = HEALTH_BEAT_MS + 1000;
    deaf.listening = false;
    deaf.deaf_ms = HEALTH_BLIP_MS + 1;
    unchecked.checked = false;
    unchecked.unchecked_ms = HEALTH_RECONNECT_MS + 1;
    other.mapping_installed = false;
    idle.stuck_ms = HEALTH_STUCK_MS + 1000;
    one.strict = many.strict = just.strict = true;
    one.failed = 1;
    many.failed = INT64_MAX;
    just.failing = true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct health h = health_of(table[i].facts);

        assert_false(h.ready);
        assert_int_equal(h.count, 1);
        if (strstr(h.reasons[0], table[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", h.reasons[0], table[i].says);
        assert_true(strlen(h.reasons[0]) < sizeof h.reasons[0] - 1); /* not cut off */
    }
}

static void
test_dual_write_off_is_ready_if_it_is_connected(void **state)
{
    struct health_facts f = good;

    (void) state;
    f.enabled = false;
    f.strict = true;
    f.failed = 7;
    f.failing = true;
    f.stuck_ms = 10 * HEALTH_STUCK_MS;
    f.mapping_installed = false;
    assert_true(health_of(&f).ready);
    f.connected = false;
    f.deaf_ms = HEALTH_BLIP_MS + 1;
    assert_false(health_of(&f).ready);
}

static void
test_a_blip_is_no_absence_but_a_start_is(void **state)
{
    struct health_facts f = good;

    (void) state;
    f.connected = f.checked = f.listening = false;
    f.beat_age_ms = HEALTH_BEAT_MS + 1;
    f.deaf_ms = HEALTH_BLIP_MS;
    f.unchecked_ms = HEALTH_RECONNECT_MS;
    assert_true(health_of(&f).ready);
    f.deaf_ms = f.unchecked_ms = INT64_MAX;
    assert_int_equal(health_of(&f).count, 2);
    f.deaf_ms = f.unchecked_ms = 0;
    f.stopping = true;
    assert_false(health_of(&f).ready);
}

static void
test_every_reason_at_once_fits(void **state)
{
    struct health_facts f = {.deaf_ms = INT64_MAX,
                             .unchecked_ms = INT64_MAX,
                             .enabled = true,
                             .strict = true,
                             .failed = INT64_MAX,
                             .stuck_ms = INT64_MAX};
    struct health h = health_of(&f);

    (void) state;
    assert_int_equal(h.count, 2); /* not connected, not checked: the rest is old news */
    f = good;
    f.strict = true;
    f.failed = INT64_MAX;
    f.stuck_ms = INT64_MAX;
    h = health_of(&f);
    assert_int_equal(h.count, 2);
    f.stopping = true;
    h = health_of(&f);
    assert_int_equal(h.count, 1);
}

static void
test_patience_follows_the_statement_timeout(void **state)
{
    struct health_facts f = good;

    (void) state;
    f.statement_timeout_ms = 3600000;
    f.stuck_ms = 7200000;
    assert_true(health_of(&f).ready);
    f.stuck_ms++;
    assert_false(health_of(&f).ready);
    f.statement_timeout_ms = 1000;
    f.stuck_ms = HEALTH_STUCK_MS;
    assert_true(health_of(&f).ready);
}

static void
test_connected_counts_no_failure_and_no_other_mapping(void **state)
{
    struct health_facts f = good;

    (void) state;
    f.strict = true;
    f.failed = 1;
    f.mapping_installed = false;
    f.stuck_ms = 10 * HEALTH_STUCK_MS;
    assert_true(health_connected(&f));
    f.listening = false;
    assert_false(health_connected(&f));
    f.polling = true;
    assert_true(health_connected(&f));
    f.checked = false;
    assert_false(health_connected(&f));
    f = good;
    f.connected = false;
    assert_false(health_connected(&f));
}

static void
test_json(void **state)
{
    struct health_facts f = good;
    struct health h = health_of(&f);
    struct buf b = {0};

    (void) state;
    health_ready_json(&b, &h, &f, "1-2");
    assert_string_equal(buf_text(&b), "{\"status\":\"ready\",\"reasons\":[],\"instance\":\"1-2\",\"dual_write\":true,"
                                      "\"strict\":false,\"failed_events\":0,\"listening\":true,\"polling\":false,"
                                      "\"partitions\":[0,3,12],\"oldest_event_age_seconds\":0,"
                                      "\"last_success_at\":null}\n");
    buf_clear(&b);
    f.strict = true;
    f.failed = 2;
    f.oldest_ms = 2500;
    f.last_success_ms = INT64_C(1769364000123);
    h = health_of(&f);
    health_ready_json(&b, &h, &f, "1-2");
    assert_string_equal(buf_text(&b),
                        "{\"status\":\"not_ready\",\"reasons\":[\"strict mode: 2 failed events are not repaired; see "
                        "`dualwrited failed list`\"],\"instance\":\"1-2\",\"dual_write\":true,\"strict\":true,"
                        "\"failed_events\":2,\"listening\":true,\"polling\":false,\"partitions\":[0,3,12],"
                        "\"oldest_event_age_seconds\":6.5,\"last_success_at\":\"2026-01-25T18:00:00.123Z\"}\n");
    buf_clear(&b);
    f.oldest_ms = -2; /* not known */
    health_ready_json(&b, &h, &f, "1-2");
    assert_non_null(strstr(buf_text(&b), "\"oldest_event_age_seconds\":null"));
    f.oldest_ms = 2500;
    f.connected = false; /* what the last beat said is old */
    buf_clear(&b);
    health_ready_json(&b, &h, &f, "1-2");
    assert_non_null(strstr(buf_text(&b), "\"partitions\":[],\"oldest_event_age_seconds\":null"));
    buf_clear(&b);
    health_live_json(&b, "1-2");
    assert_string_equal(buf_text(&b), "{\"status\":\"alive\",\"instance\":\"1-2\"}\n");
    buf_free(&b);
}

/* A beat at `ms` that saw events waiting or not, after so many batches and failed attempts. */
static void
beat(struct health_progress *p, int64_t ms, bool waiting, int64_t batches, int64_t failures)
{
    struct health_facts f = good;

    f.batches = batches;
    f.failures = failures;
    health_note(p, at(ms), waiting, &f);
}

static int64_t
stuck(const struct health_progress *p, int64_t ms, int64_t batches)
{
    const struct health_facts f = {.batches = batches};

    return health_stuck_ms(p, at(ms), &f);
}

static bool
failing(const struct health_progress *p, int64_t batches, int64_t failures)
{
    const struct health_facts f = {.batches = batches, .failures = failures};

    return health_failing(p, &f);
}

static void
test_progress(void **state)
{
    struct health_progress p = {0};
    struct health_facts off = good;

    (void) state;
    assert_int_equal(stuck(&p, 0, 0), 0);
    beat(&p, 0, true, 0, 0);
    assert_int_equal(stuck(&p, 5000, 0), 5000);
    for (int64_t t = 5000; t <= 70000; t += 5000)
        beat(&p, t, true, 0, 0);
    assert_int_equal(stuck(&p, 71000, 0), 71000);
    assert_int_equal(stuck(&p, 72000, 1), 0); /* a batch was acknowledged */
    beat(&p, 75000, true, 1, 0);
    assert_int_equal(stuck(&p, 76000, 1), 1000);
    beat(&p, 80000, false, 1, 0); /* nothing waits */
    assert_int_equal(stuck(&p, 90000, 1), 0);
    beat(&p, 85000, true, 1, 0);
    off.batches = 1;
    off.enabled = false;
    health_note(&p, at(90000), true, &off);
    assert_int_equal(stuck(&p, 99000, 1), 0);
    off.enabled = true;
    off.mapping_installed = false;
    health_note(&p, at(95000), true, &off);
    assert_int_equal(stuck(&p, 99000, 1), 0);
    beat(&p, 100000, true, 1, 0);
    beat(&p, 300000, true, 1, 0); /* it was not connected for long, and begins anew */
    assert_int_equal(stuck(&p, 301000, 1), 1000);
}

static void
test_failing(void **state)
{
    struct health_progress p = {0};

    (void) state;
    assert_false(failing(&p, 0, 0));
    beat(&p, 0, true, 0, 0);
    assert_true(failing(&p, 1, 1)); /* since the last beat: dualwrite.failed as we know it is too old */
    beat(&p, 5000, true, 1, 1);
    assert_false(failing(&p, 1, 1)); /* acknowledged with the batch, so the beat has counted it */
    beat(&p, 10000, true, 1, 4);
    assert_true(failing(&p, 1, 4)); /* the whole batch failed: it is in no table */
    beat(&p, 15000, true, 1, 4);
    assert_true(failing(&p, 1, 4));
    assert_true(failing(&p, 1, 7));  /* again */
    assert_false(failing(&p, 2, 4)); /* repaired */
    beat(&p, 20000, true, 2, 4);
    assert_false(failing(&p, 2, 4));
    beat(&p, 25000, true, 2, 5);
    beat(&p, 30000, false, 2, 5); /* another daemon has done it */
    assert_false(failing(&p, 2, 5));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_each_reason),
        cmocka_unit_test(test_dual_write_off_is_ready_if_it_is_connected),
        cmocka_unit_test(test_a_blip_is_no_absence_but_a_start_is),
        cmocka_unit_test(test_every_reason_at_once_fits),
        cmocka_unit_test(test_patience_follows_the_statement_timeout),
        cmocka_unit_test(test_connected_counts_no_failure_and_no_other_mapping),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
