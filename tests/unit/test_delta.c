/*
 * test_delta.c - two reports compared: the golden documents, and of each expectation when it holds.
 *
 * The golden files are written anew by UPDATE_GOLDEN=1 (then read the difference).
 */
/* links: lib/core/delta.c lib/core/delta_expect.c lib/core/delta_text.c lib/core/delta_read.c lib/core/json_node.c lib/core/shown.c lib/base/faults.c lib/base/suggest.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "delta_sample.h"
#include "dualwrite/delta.h"
#include "golden.h"

struct world {
    cJSON *before, *after;
    struct faults faults;
};

static struct world
sample(void)
{
    return (struct world){cJSON_Parse(SAMPLE_BEFORE), cJSON_Parse(SAMPLE_AFTER), {0}};
}

/* The document of the world, which it frees. */
static cJSON *
compare(struct world *w, bool same_file)
{
    struct delta_report before;
    struct delta_report after;
    struct delta_parts parts = {.version = "1.0",
                                .at = "2026-01-26T00:00:00Z",
                                .before = &before,
                                .after = &after,
                                .same_file = same_file,
                                .oddities = &w->faults};
    cJSON *delta;

    assert_true(delta_read(&before, "before.json", w->before, &w->faults));
    assert_true(delta_read(&after, "after.json", w->after, &w->faults));
    delta = delta_document(&parts);
    faults_free(&w->faults);
    cJSON_Delete(w->before);
    cJSON_Delete(w->after);
    return delta;
}

static const cJSON *
expectation(const cJSON *delta, const char *name)
{
    const cJSON *e;

    cJSON_ArrayForEach(e, cJSON_GetObjectItem(delta, "expectations"))
    {
        if (strcmp(cJSON_GetObjectItem(e, "name")->valuestring, name) == 0)
            return e;
    }
    fail_msg("no expectation %s", name);
    return NULL;
}

static bool
has(const cJSON *delta, const char *list, const char *text)
{
    char *all = cJSON_PrintUnformatted(cJSON_GetObjectItem(delta, list));
    bool found = strstr(all, text) != NULL;

    cJSON_free(all);
    return found;
}

/* ---- golden ---- */

static void
test_golden(void **state)
{
    struct world w = sample();
    struct buf text = {0};
    cJSON *delta;
    char *json;

    (void) state;
    /* of every kind one: held, missed, critical, not known, odd, hostile text */
    sample_set(w.after, "mapping_health.duplicate_legacy_count", "1");
    sample_set(w.after, "consistency.name_mismatch_count", "3");
    sample_set(w.after, "coverage.unmapped_legacy_count", "null");
    sample_set(w.after, "coverage.vnext_teams", "1");
    sample_set(w.after, "recommendations",
               "[\"\xf0\x9f\x94\xb4 CRITICAL: legacy id 7 is mapped twice, run `dualwrited explain team 7 | less`\", "
               "\"\xf0\x9f\x9f\xa1 WARNING: <script> | [x](y)\\n# no heading \\u001b[31m\"]");
    delta = compare(&w, false);
    json = cJSON_Print(delta);
    golden("tests/unit/golden/delta.json", json);
    delta_markdown(&text, delta);
    golden("tests/unit/golden/delta.md", buf_text(&text));
    buf_clear(&text);
    delta_summary(&text, delta);
    golden("tests/unit/golden/delta_summary.md", buf_text(&text));
    buf_clear(&text);
    delta_text(&text, delta);
    golden("tests/unit/golden/delta.txt", buf_text(&text));
    assert_int_equal(delta_verdict(delta), DELTA_CRITICAL);
    buf_free(&text);
    cJSON_free(json);
    cJSON_Delete(delta);
}

/* ---- expectations ---- */

static void
test_everything_holds(void **state)
{
    struct world w = sample();
    cJSON *delta = compare(&w, false);
    const cJSON *e;

    (void) state;
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(delta, "expectations"))
    {
        if (!cJSON_IsTrue(cJSON_GetObjectItem(e, "held")))
            fail_msg("%s", cJSON_GetObjectItem(e, "name")->valuestring);
    }
    assert_int_equal(delta_verdict(delta), DELTA_HELD);
    assert_false(delta_is_blind(delta));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(delta, "warnings")), 0);
    cJSON_Delete(delta);
}

/* One change of the report after (or "<" before): what becomes of one expectation, and of the verdict. */
static void
test_each_expectation(void **state)
{
    static const struct {
        const char *path, *value, *name;
        char held; /* y, n, ? */
        enum delta_verdict verdict;
    } cases[] = {
        {"meta.dual_write_enabled", "false", "dual_write_enabled", 'n', DELTA_MISSED},
        {"meta.dual_write_enabled", NULL, "dual_write_enabled", '?', DELTA_HELD},
        {"meta.dual_write_strict_mode", "true", "strict_mode_off", 'n', DELTA_MISSED},
        {"meta.legacy_write_blocked", "false", "legacy_writes_blocked", 'n', DELTA_MISSED},
        {"coverage.vnext_team_count", "1000", "vnext_teams_grew", '?', DELTA_HELD},
        {"coverage.vnext_team_count", "999", "vnext_teams_grew", 'n', DELTA_MISSED},
        {"coverage.mapped_team_count", "1004", "mapped_as_many", 'n', DELTA_MISSED},
        {"coverage.mapped_team_count", "1500", "mapped_as_many", 'y', DELTA_HELD},
        {"<coverage.vnext_team_count", NULL, "mapped_as_many", '?', DELTA_HELD},
        {"coverage.mapping_percentage", "24.9", "coverage_grew", 'n', DELTA_MISSED},
        {"coverage.mapping_percentage", "25", "coverage_grew", 'y', DELTA_HELD}, /* too few to be seen */
        {"<coverage.mapping_percentage", "100", "coverage_grew", 'n', DELTA_MISSED},
        {"coverage.unmapped_legacy_count", "3001", "unmapped_not_more", 'n', DELTA_MISSED},
        {"mapping_health.duplicate_legacy_count", "1", "no_duplicate_legacy", 'n', DELTA_CRITICAL},
        {"mapping_health.duplicate_vnext_count", "1", "no_duplicate_vnext", 'n', DELTA_CRITICAL},
        {"mapping_health.orphan_count", "1", "orphans_not_more", 'n', DELTA_MISSED},
        {"<mapping_health.orphan_count", NULL, "orphans_not_more", 'y', DELTA_HELD},
        {"consistency.slug_mismatch_count", "1", "mismatches_not_more", 'n', DELTA_MISSED},
        {"<consistency.sampled_teams", "200", "mismatches_not_more", 'n', DELTA_MISSED}, /* a larger share of fewer */
        {"consistency.sampled_teams", "200", "mismatches_not_more", 'y', DELTA_HELD},
        {"dual_write_health", "null", "health_present", 'n', DELTA_MISSED},
        {"dual_write_health", "null", "none_missing", '?', DELTA_MISSED},
        {"dual_write_health.recent_vnext_teams", "0", "recent_teams", 'n', DELTA_MISSED},
        {"dual_write_health.missing_legacy_count", "1", "none_missing", 'n', DELTA_MISSED},
        {"dual_write_health.severity", "\"error\"", "severity", 'n', DELTA_CRITICAL},
        {"dual_write_health.severity", "\"warning\"", "severity", 'y', DELTA_HELD},
        {"dual_write_health.failed_events", "2", "none_failed", 'n', DELTA_MISSED},
        {"dual_write_health.inline_legacy_writes_24h", "1", "no_inline_writes", 'n', DELTA_CRITICAL},
        {"dual_write_health.inline_legacy_writes_24h", NULL, "no_inline_writes", '?', DELTA_HELD},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const bool earlier = cases[i].path[0] == '<';
        struct world w = sample();
        const cJSON *held;
        cJSON *delta;

        sample_set(earlier ? w.before : w.after, cases[i].path + earlier, cases[i].value);
        delta = compare(&w, false);
        held = cJSON_GetObjectItem(expectation(delta, cases[i].name), "held");
        if ((cJSON_IsTrue(held)    ? 'y'
             : cJSON_IsFalse(held) ? 'n'
                                   : '?') != cases[i].held ||
            delta_verdict(delta) != cases[i].verdict)
            fail_msg("case %zu: %s", i, cases[i].path);
        cJSON_Delete(delta);
    }
}

/* Missing legacy rows are critical in strict mode; a report that says so itself is not repeated. */
static void
test_recommendations(void **state)
{
    struct world w = sample();
    cJSON *delta;

    (void) state;
    sample_set(w.after, "dual_write_health.missing_legacy_count", "2");
    sample_set(w.after, "meta.dual_write_strict_mode", "true");
    delta = compare(&w, false);
    assert_int_equal(delta_verdict(delta), DELTA_CRITICAL);
    assert_true(has(delta, "recommendations", "CRITICAL: Every recent vNext team has its legacy row: 2"));
    assert_true(has(delta, "recommendations", "WARNING: Strict mode stayed off: on"));
    assert_true(has(delta, "recommendations", "coverage is 25 %"));
    cJSON_Delete(delta);
    w = sample();
    sample_set(w.after, "dual_write_health.failed_events", "2");
    sample_set(w.after, "recommendations", "[\"\xf0\x9f\x9f\xa1 WARNING: 2 parked\"]");
    delta = compare(&w, false);
    assert_false(has(delta, "recommendations", "No failed events"));
    assert_true(has(delta, "recommendations", "2 parked"));
    cJSON_Delete(delta);
    w = sample();
    sample_set(w.after, "recommendations", "[\"\xe2\x9c\x85 SUCCESS: fine\"]");
    delta = compare(&w, false);
    assert_true(has(delta, "recommendations", "SUCCESS: everything that was expected held"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(delta, "recommendations")), 1);
    cJSON_Delete(delta);
}

/* Reports that should not be compared are compared, and it is said. */
static void
test_warnings(void **state)
{
    static const struct {
        const char *path, *value, *text;
        bool same;
    } cases[] = {
        {NULL, NULL, "the same file", true},
        {"meta.generated_at", "\"2026-01-25T20:50:00Z\"", "at the same moment", false},
        {"meta.generated_at", "\"2026-01-25T21:49:59+01:00\"", "exchanged", false},
        {"meta.filters", "{\"game_id\": 2, \"region\": null}", "different filters", false},
        {"meta.sample_size", "50", "different sample sizes", false},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = sample();
        cJSON *delta;

        if (cases[i].path != NULL)
            sample_set(w.after, cases[i].path, cases[i].value);
        delta = compare(&w, cases[i].same);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(delta, "warnings")), 1);
        assert_true(has(delta, "warnings", cases[i].text));
        cJSON_Delete(delta);
    }
}

/* A report that does not say what must hold is not clean; one of another program, which knows less, may be. */
static void
test_blind(void **state)
{
    static const char *const beyond[] = {"backlog", "oldest_event_age_seconds", "failed_events", "processed_24h",
                                         "inline_legacy_writes_24h"};
    struct world w = sample();
    cJSON *delta;

    (void) state;
    sample_set(w.after, "mapping_health.duplicate_vnext_count", "\"0\"");
    delta = compare(&w, false);
    assert_true(delta_is_blind(delta));
    cJSON_Delete(delta);
    w = sample();
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
        cJSON_DeleteItemFromObject(cJSON_GetObjectItem(w.after, "dual_write_health"), beyond[i]);
    delta = compare(&w, false);
    assert_false(delta_is_blind(delta));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(delta, "warnings")), 0);
    cJSON_Delete(delta);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),           cmocka_unit_test(test_everything_holds),
        cmocka_unit_test(test_each_expectation), cmocka_unit_test(test_recommendations),
        cmocka_unit_test(test_warnings),         cmocka_unit_test(test_blind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
