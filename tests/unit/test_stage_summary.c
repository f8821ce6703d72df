/* test_stage_summary.c - SUMMARY.md and the verdict: complete where all holds, with the incident filled in where it does not. */
/* links: lib/core/stage_summary.c lib/core/stage_judge.c lib/core/stage_state.c lib/core/stage_plan.c lib/core/shown.c lib/core/words.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/stage_judge.h"
#include "dualwrite/stage_summary.h"
#include "stage_sample.h"

static void
check(const char *from, const char *to, const char *delta, const char *const *there, const char *const *absent)
{
    cJSON *state = stage_sample("{}");
    cJSON *evidence = stage_changed(from, to);
    struct buf out = {0};

    cJSON_ReplaceItemInObject(state, "criteria", stage_judge(state, evidence));
    stage_summary(&out, state, evidence, delta);
    stage_verdict(&out, state, 80);
    for (; *there != NULL; there++)
        if (strstr(buf_text(&out), *there) == NULL)
            fail_msg("not there: %s", *there);
    for (; *absent != NULL; absent++)
        if (strstr(buf_text(&out), *absent) != NULL)
            fail_msg("there: %s", *absent);
    buf_free(&out);
    cJSON_Delete(evidence);
    cJSON_Delete(state);
}

static void
test_success(void **state)
{
    static const char *const there[] = {"SUCCESS\n",
                                        "| environment | pod web-a |",
                                        "- [x] All five test flows executed",
                                        "### Counts\n",
                                        "| on | 1.02 ms |",
                                        "ready for the next phase",
                                        "| 3 smoke | `smoke` | 0 |",
                                        "✓ No performance regression",
                                        "as they were before the test",
                                        "## Signed off\n\n| by | date |",
                                        NULL};
    static const char *const absent[] = {"- [ ]", "Incident", "✗", "[Description]", "nan", NULL};

    (void) state;
    check(NULL, NULL, "# Counts\nteams: +1\n", there, absent);
}

static void
test_issues(void **state)
{
    static const char *const there[] = {"ISSUES FOUND",
                                        "1 of ",
                                        "- [ ] No performance regression: team creation takes 1.50",
                                        "## Incident summary",
                                        "**Rollback executed:** yes",
                                        "not ready for the next phase",
                                        "✗ No performance regression",
                                        NULL};
    static const char *const absent[] = {"nan", "[Description]", NULL};

    (void) state;
    check("\"ratio\": 1.02", "\"ratio\": 1.5", NULL, there, absent);
}

static void
test_stopped(void **state)
{
    cJSON *given = cJSON_CreateObject();
    cJSON *none = cJSON_CreateObject();
    cJSON *s = stage_state_new("", given, "2026-01-25T18:00:00.000Z");
    struct buf out = {0};

    (void) state;
    stage_state_begin(s, 0, "2026-01-25T18:00:00.000Z");
    stage_state_end(s, 0, 1, "check failed: logs/check.err says why");
    cJSON_ReplaceItemInObject(s, "criteria", stage_judge(s, none));
    stage_summary(&out, s, none, NULL);
    assert_non_null(
        strstr(buf_text(&out), "- the test stopped in phase 0, preflight: check failed: logs/check.err says why"));
    assert_non_null(strstr(buf_text(&out), "| ended | not yet |"));
    assert_non_null(strstr(buf_text(&out), "**Rollback executed:** no"));
    buf_free(&out);
    cJSON_Delete(s);
    cJSON_Delete(none);
    cJSON_Delete(given);
}

static void
test_hostile_text(void **state)
{
    static const char *const there[] = {"\\<script\\>", NULL};
    static const char *const absent[] = {"| x |\n", NULL};

    (void) state;
    check(FLOW("a"), "{\"name\": \"<script>\\n| x |\\n\", \"status\": \"failed\", \"reason\": \"\"}", NULL, there,
          absent);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_success), cmocka_unit_test(test_issues),
                                       cmocka_unit_test(test_stopped), cmocka_unit_test(test_hostile_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
