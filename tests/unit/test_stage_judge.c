/* test_stage_judge.c - each criterion of the staged test holds by its evidence, and by nothing else. */
/* links: lib/core/stage_judge.c lib/core/stage_state.c lib/core/stage_plan.c lib/core/words.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/stage_judge.h"
#include "stage_sample.h"

/* The criteria that do not hold, their first words, "|" between them. */
static void
check(const char *options, cJSON *evidence, const char *step, int status, const char *expected)
{
    cJSON *state = stage_sample(options);
    cJSON *phase, *done, *criteria, *one;
    struct buf crossed = {0};
    int count = 0;

    cJSON_ArrayForEach(phase, cJSON_GetObjectItem(state, "phases")) cJSON_ArrayForEach(
        done,
        cJSON_GetObjectItem(phase, "steps")) if (step != NULL &&
                                                 strcmp(cJSON_GetObjectItem(done, "name")->valuestring, step) == 0)
        cJSON_SetNumberValue(cJSON_GetObjectItem(done, "status"), status);
    criteria = stage_judge(state, evidence);
    cJSON_ArrayForEach(one, criteria) if (cJSON_IsFalse(cJSON_GetObjectItem(one, "held")))
    {
        buf_printf(&crossed, "%s%.12s", count++ == 0 ? "" : "|", cJSON_GetObjectItem(one, "criterion")->valuestring);
        assert_true(*cJSON_GetObjectItem(one, "evidence")->valuestring != '\0');
    }
    assert_string_equal(buf_text(&crossed), expected);
    assert_int_equal(stage_judge_crossed(criteria), count);
    buf_free(&crossed);
    cJSON_Delete(criteria);
    cJSON_Delete(evidence);
    cJSON_Delete(state);
}

static void
test_everything_holds(void **state)
{
    (void) state;
    check("{}", stage_changed(NULL, NULL), NULL, 0, "");
}

static void
test_one_thing_wrong(void **state)
{
    static const struct {
        const char *from, *to, *crossed;
    } cases[] = {
        {"\"flags_enabled\": " FLAGS("true"), "\"flags_enabled\": " FLAGS("false"), "Dual write e"},
        {FLOW("c"), "{\"name\": \"c\", \"status\": \"failed\", \"reason\": \"no row\"}", "All five tes|Legacy shado"},
        {"\"c\": 1,", "", "Logs show du"},
        {REPORT("10", "90", "null"), REPORT("11", "90", "null"), "Map rows cre"},
        {"90.9", "89", "Mapping cove"},
        {"\"required\": true, \"held\": true", "\"required\": true, \"held\": false", "What the com"},
        {"\"smoke\": {", "\"smoke\": {\"inline_legacy_writes\": 3, ", "No inline le"},
        {"\"inline_legacy_writes\": 0}", "\"inline_legacy_writes\": null}", "No inline le"},
        {"\"ratio\": 1.02", "\"ratio\": 1.11", "No performan"},
        {"\"ratio\": 1.02", "\"ratio\": null", "No performan"},
        {"{\"severity\": \"ok\"", "{\"missing_legacy_count\": 1, \"severity\": \"ok\"", "No new team "},
        {"\"healed\": true", "\"healed\": false", "Failure simu"},
        {"\"failed_warning\": {\"d\": 1}", "\"failed_warning\": {}", "Failure simu"},
        {"\"failed_error\": {\"d\": 1}", "\"failed_error\": {}", "In strict mo"},
        {"DW001", "DW002", "In strict mo"},
        {"\"strict_mode\": false", "\"strict_mode\": true", "In strict mo"},
        {"\"flags_disabled\": " FLAGS("false"), "\"flags_disabled\": " FLAGS("true"), "Rollback tes"},
        {"\"legacy_unchanged\": true", "\"legacy_unchanged\": false", "Rollback tes"},
        {"\"flags_after\": " FLAGS("false"), "\"flags_after\": " FLAGS("true"), "The flags ar"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check("{}", stage_changed(cases[i].from, cases[i].to), NULL, 0, cases[i].crossed);
}

static void
test_exit_statuses(void **state)
{
    static const struct {
        const char *step, *crossed;
    } cases[] = {
        {"smoke", "All five tes"},   {"failure", "Failure simu"}, {"strict", "In strict mo"},
        {"disable", "Rollback tes"}, {"cleanup", "Test data de"}, {"resume", "The rollback"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check("{}", stage_changed(NULL, NULL), cases[i].step, 1, cases[i].crossed);
}

/* Without evidence nothing holds but that the page is written. */
static void
test_nothing_is_believed(void **state)
{
    cJSON *criteria;
    cJSON *one;
    cJSON *none = cJSON_CreateObject();
    cJSON *options = cJSON_CreateObject();
    cJSON *s = stage_state_new("", options, "");

    (void) state;
    criteria = stage_judge(s, none);
    assert_int_equal(stage_judge_crossed(criteria), cJSON_GetArraySize(criteria) - 1);
    cJSON_ArrayForEach(one, criteria) assert_null(strstr(cJSON_GetObjectItem(one, "value")->valuestring, "nan"));
    cJSON_Delete(criteria);
    cJSON_Delete(none);
    cJSON_Delete(options);
    cJSON_Delete(s);
}

static void
test_left_out(void **state)
{
    (void) state;
    check("{\"skip-failure\": \"yes\", \"skip-performance\": \"yes\"}",
          stage_changed("\"ratio\": 1.02", "\"ratio\": 9"), NULL, 0, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_everything_holds), cmocka_unit_test(test_one_thing_wrong),
                                       cmocka_unit_test(test_exit_statuses), cmocka_unit_test(test_nothing_is_believed),
                                       cmocka_unit_test(test_left_out)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
