/* test_metrics.c - /metrics in both formats, against golden files; what is left out while it is not known. */
/* links: lib/core/metrics.c lib/core/exposition.c lib/core/status_json.c lib/core/survey.c lib/core/tally.c lib/core/spread.c lib/core/moment.c lib/core/health.c lib/core/flags.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/metrics.h"
#include "golden.h"
#include "telemetry_sample.h"

static void
served(const char *path, const struct telemetry *t, bool open)
{
    struct buf b = {0};

    metrics_text(&b, t, open);
    golden(path, buf_text(&b));
    buf_free(&b);
}

static void
test_golden(void **state)
{
    struct scene *s = scene();

    (void) state;
    served("tests/unit/golden/metrics_no_survey.txt", &s->t, false);
    assert_true(survey_take(&s->survey, survey_answer, health_runs, at(18000).mono, at(18000).wall_ms));
    survey_capture_missing(&s->survey, "[\"team INSERT\", \"team UPDATE\"]");
    served("tests/unit/golden/metrics.txt", &s->t, false);
    served("tests/unit/golden/metrics.openmetrics", &s->t, true);
    scene_free(s);
}

/* What is old is no base for an alert. */
static void
test_an_old_survey(void **state)
{
    struct scene *s = scene();
    struct buf b = {0};

    (void) state;
    assert_true(survey_take(&s->survey, survey_answer, NULL, at(0).mono, at(0).wall_ms));
    s->t.now = at(SURVEY_FRESH_MS);
    metrics_text(&b, &s->t, false);
    assert_non_null(strstr(buf_text(&b), "dualwrite_backlog_events 123456789\n"));
    assert_null(strstr(buf_text(&b), "dualwrite_health"));  /* there are no runs */
    assert_null(strstr(buf_text(&b), "dualwrite_capture")); /* nobody has asked yet */
    buf_clear(&b);
    s->t.now = at(SURVEY_FRESH_MS + 1);
    metrics_text(&b, &s->t, false);
    assert_null(strstr(buf_text(&b), "backlog"));
    buf_free(&b);
    scene_free(s);
}

static void
test_before_anything_is_known(void **state)
{
    struct scene *s = scene_at_start();
    struct buf b = {0};

    (void) state;
    metrics_text(&b, &s->t, true);
    assert_null(strstr(buf_text(&b), "last_success"));
    assert_null(strstr(buf_text(&b), "last_beat"));
    assert_null(strstr(buf_text(&b), "process_open_fds"));
    assert_string_equal(buf_text(&b) + b.len - 6, "# EOF\n");
    buf_free(&b);
    scene_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_an_old_survey),
        cmocka_unit_test(test_before_anything_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
