/* test_stage_state.c - stage.json: how far a staged test is, and what must be taken back. */
/* links: lib/core/stage_state.c lib/core/stage_plan.c lib/core/words.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/stage_state.h"

#define NOW "2026-01-25T18:00:00.000Z"

static cJSON *
fresh(const char *options)
{
    cJSON *given = cJSON_Parse(options);
    cJSON *state = stage_state_new("dualwrited 1", given, NOW);

    cJSON_Delete(given);
    return state;
}

/* The document as it comes back from its file. */
static cJSON *
reread(cJSON *state)
{
    char *text = cJSON_Print(state);
    cJSON *again = cJSON_Parse(text);

    cJSON_free(text);
    cJSON_Delete(state);
    assert_null(stage_state_unusable(again));
    return again;
}

static void
test_phases(void **state)
{
    cJSON *s = fresh("{}");
    struct words w = {0};

    (void) state;
    words_add(&w, "check");
    assert_int_equal(stage_state_next(s), 0);
    stage_state_begin(s, 0, NOW);
    stage_state_step(s, stage_step_named("check"), &w, 1, 0.5);
    stage_state_end(s, 0, 1, NULL);
    stage_state_begin(s, 1, NOW);
    stage_state_end(s, 1, 1, "report failed");
    s = reread(s);
    assert_int_equal(stage_state_next(s), 1);
    assert_int_equal(stage_state_status(s, "check"), 1);
    assert_int_equal(stage_state_status(s, "smoke"), -1);
    assert_false(stage_state_back_to(s, 2));
    assert_true(stage_state_back_to(s, 1));
    assert_int_equal(stage_state_status(s, "check"), 1);
    assert_true(stage_state_back_to(s, 0));
    assert_int_equal(stage_state_status(s, "check"), -1);
    for (int i = 0; i < STAGE_PHASES; i++)
        stage_state_end(s, i, 1, NULL);
    assert_int_equal(stage_state_next(s), STAGE_PHASES);
    words_free(&w);
    cJSON_Delete(s);
}

static void
test_notes(void **state)
{
    cJSON *s = fresh("{}");
    struct words smoke = {0}, strict = {0}, got = {0};

    (void) state;
    words_add(&smoke, "rollback");
    words_add(&smoke, "cleanup");
    words_add(&strict, "stage");
    stage_state_note(s, &strict, true);
    stage_state_note(s, &smoke, false);
    stage_state_note(s, &smoke, false);
    s = reread(s);
    assert_true(stage_state_noted(s, &smoke));
    assert_true(stage_state_to_undo(s, false, &got));
    assert_int_equal(got.count, 2); /* the latest */
    words_free(&got);
    assert_true(stage_state_to_undo(s, true, &got));
    assert_string_equal(got.items[0], "stage");
    words_free(&got);
    stage_state_taken_back(s, &smoke);
    assert_false(stage_state_noted(s, &smoke));
    stage_state_taken_back(s, &strict);
    assert_false(stage_state_to_undo(s, false, &got));
    words_free(&smoke);
    words_free(&strict);
    cJSON_Delete(s);
}

static void
test_options(void **state)
{
    cJSON *s = fresh("{\"env\": \"local\", \"perf\": \"5\"}");
    cJSON *again = cJSON_Parse("{\"env\": \"local\", \"perf\": \"7\", \"log\": \"x\"}");
    cJSON *other = cJSON_Parse("{\"env\": \"staging-k8s\"}");
    const cJSON *options = cJSON_GetObjectItem(s, "options");

    (void) state;
    assert_null(stage_state_merge(s, again));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(options, "perf")), "7");
    assert_string_equal(stage_state_merge(s, other), "env");
    stage_state_defaults(s);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(options, "perf")), "7");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(options, "sample-size")), "100");
    cJSON_Delete(again);
    cJSON_Delete(other);
    cJSON_Delete(s);
}

static void
test_what_is_no_state(void **state)
{
    static const char *const texts[] = {
        "[]", "{}", "{\"version\": 2}",
        "{\"version\": 1, \"options\": {}, \"undo\": [], \"phases\": [], \"started_at\": \"x\"}"};
    cJSON *s = fresh("{}");
    cJSON *note = cJSON_Parse("{\"command\": [\"a\", 1]}");

    (void) state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cJSON *bad = cJSON_Parse(texts[i]);

        assert_non_null(stage_state_unusable(bad));
        cJSON_Delete(bad);
    }
    assert_null(stage_state_unusable(s));
    cJSON_AddItemToArray(cJSON_GetObjectItem(s, "undo"), note);
    assert_non_null(stage_state_unusable(s));
    cJSON_Delete(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_phases), cmocka_unit_test(test_notes),
                                       cmocka_unit_test(test_options), cmocka_unit_test(test_what_is_no_state)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
