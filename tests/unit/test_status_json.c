/* test_status_json.c - the document at /status, against a golden file: what it has, what is null, what it never says. */
/* links: lib/core/status_json.c lib/core/survey.c lib/core/tally.c lib/core/spread.c lib/core/moment.c lib/core/health.c lib/core/flags.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/status_json.h"
#include "golden.h"
#include "telemetry_sample.h"

/* To free. */
static cJSON *
document(const struct scene *s)
{
    struct buf b = {0};
    cJSON *root;

    status_json(&b, &s->t);
    root = cJSON_Parse(buf_text(&b));
    assert_non_null(root);
    buf_free(&b);
    return root;
}

static cJSON *
at_path(cJSON *root, const char *first, const char *second)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, first), second);
}

static void
test_golden(void **state)
{
    struct scene *s = scene();
    struct buf b = {0};

    (void) state;
    assert_true(survey_take(&s->survey, survey_answer, health_runs, at(18000).mono, at(18000).wall_ms));
    survey_capture_missing(&s->survey, "[\"team INSERT\", \"team UPDATE\"]");
    status_json(&b, &s->t);
    golden("tests/unit/golden/status_http.json", buf_text(&b));
    buf_free(&b);
    scene_free(s);
}

static void
test_before_anything_is_known(void **state)
{
    struct scene *s = scene_at_start();
    struct buf b = {0};

    (void) state;
    status_json(&b, &s->t);
    assert_non_null(strstr(buf_text(&b), "\"connections\":{},"));
    assert_non_null(strstr(buf_text(&b), "\"partitions\":[],"));
    assert_non_null(strstr(buf_text(&b), "\"lag\":{\"p50_seconds\":null,\"p95_seconds\":null,\"max_seconds\":null},"
                                         "\"last_success_at\":null"));
    assert_non_null(strstr(buf_text(&b), "\"samples\":[]},\"recent\":[],\"database\":null}\n"));
    buf_free(&b);
    scene_free(s);
}

/* However old the survey is, the page shows it, with its age; the survey itself is left as it was. */
static void
test_an_old_survey(void **state)
{
    struct scene *s = scene();
    cJSON *root;

    (void) state;
    assert_true(survey_take(&s->survey, survey_answer, NULL, at(0).mono, at(0).wall_ms));
    s->t.now = at(SURVEY_FRESH_MS + 1);
    for (int i = 0; i < 2; i++) {
        root = document(s);
        assert_true(at_path(root, "database", "age_seconds")->valuedouble == 60.001);
        assert_true(at_path(root, "database", "backlog")->valuedouble == 123456789);
        cJSON_Delete(root);
    }
    assert_null(cJSON_GetObjectItem(s->survey.database, "age_seconds"));
    scene_free(s);
}

/* Values are the daemon's; where one comes from is the survey's, as long as it speaks of the same value. */
static void
test_flags(void **state)
{
    struct scene *s = scene();
    cJSON *root, *flag;

    (void) state;
    assert_true(survey_take(&s->survey, survey_answer, NULL, at(0).mono, at(0).wall_ms));
    root = document(s);
    flag = at_path(root, "flags", "TEAM_VNEXT_DUAL_WRITE_ENABLED");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(flag, "source")), "override");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(flag, "disagreement")));
    flag = at_path(root, "flags", "TEAM_VNEXT_ROUTING_MODE");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(flag, "value")), "vnext_only");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(flag, "source"))); /* the survey has seen "auto" */
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "flags")), FLAG_COUNT);
    cJSON_Delete(root);
    scene_free(s);
}

/* The newest first, and not more than are kept. */
static void
test_recent(void **state)
{
    struct scene *s = scene_at_start();
    cJSON *root, *recent;

    (void) state;
    for (int i = 1; i <= TALLY_RECENT + 7; i++)
        tally_completed(&s->tally, at(i), "x", i, 1, -1, -1);
    tally_failed(&s->tally, at(99), "x", 4711, 2, "unique_violation", false);
    root = document(s);
    recent = cJSON_GetObjectItem(root, "recent");
    assert_int_equal(cJSON_GetArraySize(recent), TALLY_RECENT);
    assert_true(cJSON_GetObjectItem(cJSON_GetArrayItem(recent, 0), "event_id")->valuedouble == 4711);
    assert_string_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(recent, 0), "outcome")->valuestring, "retry");
    assert_true(cJSON_GetObjectItem(cJSON_GetArrayItem(recent, 1), "event_id")->valuedouble == TALLY_RECENT + 7);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(recent, 0), "lag_ms")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(recent, 1), "exception_type")));
    cJSON_Delete(root);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),        cmocka_unit_test(test_before_anything_is_known),
        cmocka_unit_test(test_an_old_survey), cmocka_unit_test(test_flags),
        cmocka_unit_test(test_recent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
