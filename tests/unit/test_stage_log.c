/* test_stage_log.c - log lines of both forms are counted, and told apart by their time. */
/* links: lib/core/stage_log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/stage_log.h"

#define T "2026-01-25T18:00:00.000Z"

static int
count(const cJSON *counts, const char *what, const char *operation)
{
    const cJSON *n = cJSON_GetObjectItem(cJSON_GetObjectItem(counts, what), operation);

    return n == NULL ? 0 : n->valueint;
}

static void
test_counts(void **state)
{
    static const char *const lines[] = {
        T " INFO event_type=dual_write_scheduled operation=sync_team_created team_id=1 user_id=2\n",
        "<6>" T " INFO event_type=dual_write_scheduled operation=sync_team_created team_id=2\n",
        "{\"time\":\"" T
        "\",\"level\":\"INFO\",\"event_type\":\"dual_write_completed\",\"operation\":\"sync_team_created\"}\n",
        T " WARNING event_type=dual_write_failed operation=sync_x team_id=1 error=\"a b\" severity=warning\n",
        T " ERROR event_type=dual_write_failed operation=sync_x team_id=1 error=\"a b\" severity=ERROR\n",
        T " INFO event_type=ready\n",
        "GET /teams/ operation=sync_team_created\n",
    };
    cJSON *counts = stage_log_new();

    (void) state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        stage_log_take(counts, lines[i]);
    assert_int_equal(cJSON_GetObjectItem(counts, "lines")->valueint, 6);
    assert_int_equal(count(counts, "scheduled", "sync_team_created"), 2);
    assert_int_equal(count(counts, "completed", "sync_team_created"), 1);
    assert_int_equal(count(counts, "failed_warning", "sync_x"), 1);
    assert_int_equal(count(counts, "failed_error", "sync_x"), 1);
    cJSON_Delete(counts);
}

static void
test_since(void **state)
{
    bool last = false;

    (void) state;
    assert_false(stage_log_since("2026-01-25T17:59:59.999Z INFO event_type=ready", T, &last));
    assert_false(stage_log_since("a line of somebody else", T, &last));
    assert_true(stage_log_since(T " INFO event_type=ready", T, &last));
    assert_true(stage_log_since("a line of somebody else", T, &last));
    assert_false(stage_log_since("{\"time\":\"2025-01-25T18:00:00.000Z\"}", T, &last));
    assert_true(stage_log_since("<6>2027-01-25T18:00:00.000Z INFO", T, &last));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_since)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
