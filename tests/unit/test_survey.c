/* test_survey.c - what a survey may say and what is kept of it, how old it is, and when the next is due. */
/* links: lib/core/survey.c lib/core/tally.c lib/core/spread.c lib/core/flags.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/survey.h"
#include "telemetry_sample.h"

static void
test_answers_that_are_none(void **state)
{
    static const char *const bad[] = {
        "", "null", "[]", "{", "{\"flags\":{}}", "{\"flags\":[],\"database\":{}}", "{\"flags\":{},\"database\":3}"};
    struct survey s = {0};
    double value;

    (void) state;
    assert_true(survey_take(&s, survey_answer, "nonsense", at(0).mono, 1));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(survey_take(&s, bad[i], NULL, at(1).mono, 2));
    assert_int_equal(s.taken_ms, 1);
    assert_true(survey_number(&s, "backlog", &value));
    assert_false(survey_number(&s, "inline_legacy_writes_24h", &value));
    assert_false(survey_number(&s, "resyncs", &value));
    survey_legacy_writes(&s, 3); /* of a legacy database of its own */
    assert_true(survey_number(&s, "inline_legacy_writes_24h", &value));
    assert_true(value == 3);
    survey_legacy_writes(&s, -1);
    assert_false(survey_number(&s, "inline_legacy_writes_24h", &value));
    assert_string_equal(survey_flag_source(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "true"), "override");
    assert_null(survey_flag_source(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "false")); /* it has changed since */
    assert_null(survey_flag_source(&s, "NO_FLAG", "false"));
    survey_free(&s);
    assert_null(survey_flag_source(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "true"));
    assert_false(survey_flag_disagrees(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED"));
}

/* It comes from elsewhere; whatever it is, a list or nothing. */
static void
test_what_nobody_captures(void **state)
{
    struct survey s = {0};
    cJSON *list;

    (void) state;
    survey_capture_missing(&s, "[]"); /* nowhere to put it */
    assert_true(survey_take(&s, survey_answer, NULL, at(0).mono, 1));
    for (int i = 0; i < 2; i++)
        survey_capture_missing(&s, "[\"team INSERT\"]");
    list = cJSON_GetObjectItem(s.database, "capture_missing");
    assert_string_equal(cJSON_GetArrayItem(list, 0)->valuestring, "team INSERT");
    assert_int_equal(cJSON_GetArraySize(list), 1);
    survey_capture_missing(&s, NULL);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(s.database, "capture_missing")));
    survey_free(&s);
}

/* A later answer takes the place of all of the one before. */
static void
test_an_answer_is_taken_over(void **state)
{
    struct survey s = {0};
    double value;

    (void) state;
    assert_false(survey_number(&s, "backlog", &value)); /* there was none yet */
    survey_legacy_writes(&s, 3);                        /* nowhere to put it */
    assert_true(survey_take(&s, survey_answer, health_runs, at(10).mono, 7));
    assert_true(s.has_health);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(s.database, "health")), 1);
    assert_true(survey_flag_disagrees(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED"));
    assert_false(survey_flag_disagrees(&s, "TEAM_VNEXT_ROUTING_MODE"));
    assert_true(survey_take(&s, "{\"flags\":{},\"database\":{\"backlog\":0}}", "{}", at(20).mono, 8));
    assert_false(s.has_health);
    assert_int_equal(s.taken_ms, 8);
    assert_true(survey_number(&s, "backlog", &value));
    assert_true(value == 0);
    assert_false(survey_number(&s, "notification_queue_ratio", &value));
    assert_false(survey_flag_disagrees(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED"));
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(s.database, "health"))); /* an object is no list of runs */
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(s.database, "health")), 0);
    survey_free(&s);
}

static void
test_age(void **state)
{
    struct survey s = {0};

    (void) state;
    assert_false(survey_is_fresh(&s, at(0).mono)); /* none is not a fresh one */
    assert_true(survey_take(&s, survey_answer, NULL, at(500).mono, 1));
    assert_int_equal(survey_age_ms(&s, at(1750).mono), 1250);
    assert_true(survey_is_fresh(&s, at(500 + SURVEY_FRESH_MS).mono));
    assert_false(survey_is_fresh(&s, at(500 + SURVEY_FRESH_MS + 1).mono));
    survey_free(&s);
    assert_false(survey_is_fresh(&s, at(500).mono));
}

static void
test_when_a_survey_is_due(void **state)
{
    const monotime begin = {0};

    (void) state;
    assert_true(survey_is_due(false, begin, false, begin, begin)); /* once at the start */
    assert_false(survey_is_due(true, begin, false, begin, at(1000000).mono));
    assert_false(survey_is_due(true, begin, true, begin, at(SURVEY_AGAIN_MS - 1).mono));
    assert_true(survey_is_due(true, begin, true, begin, at(SURVEY_AGAIN_MS).mono));
    assert_true(survey_is_due(true, begin, true, begin, at(SURVEY_WANTED_MS - 1).mono));
    assert_false(survey_is_due(true, begin, true, begin, at(SURVEY_WANTED_MS).mono));
    assert_false(survey_is_due(true, at(30000).mono, true, begin, at(20000).mono)); /* one failed: not before then */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_nobody_captures),    cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_an_answer_is_taken_over), cmocka_unit_test(test_age),
        cmocka_unit_test(test_when_a_survey_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
