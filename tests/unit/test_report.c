/* test_report.c - the document of the validation report: keys, verdicts, recommendations; and its text. */
/* links: lib/core/report.c lib/core/report_text.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/report.h"
#include "dualwrite/shown.h"

/* All is well, with dual write on. */
static struct report
good(void)
{
    struct report r = {.generated_at = "2026-01-25T20:50:00.000Z",
                       .sample_size = 50,
                       .enabled = true,
                       .blocked = true,
                       .seconds = 1.2344,
                       .installed = true,
                       .map = "team_map",
                       .legacy_active = 10,
                       .vnext_active = 10,
                       .mapped = 10,
                       .legacy_mapped = 10,
                       .sampled = 10,
                       .created = "created_at",
                       .backlog_exact = true,
                       .recorded = true};

    report_begin(&r);
    return r;
}

static const cJSON *
at(const cJSON *document, const char *section, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(document, section), key);
}

static void
test_the_whole_document(void **state)
{
    struct report r = good();
    cJSON *document;
    char *json;

    (void) state;
    r.game = "2";
    r.region = "2";
    cJSON_AddItemToArray(r.vnext_twice, report_id("9223372036854775807", true));
    cJSON_AddItemToArray(r.vnext_twice, report_id("12", false));
    document = report_document(&r);
    json = cJSON_PrintUnformatted(document);
    assert_string_equal(
        json,
        "{\"meta\":{\"generated_at\":\"2026-01-25T20:50:00.000Z\",\"sample_size\":50,\"filters\":{\"game_id\":2,"
        "\"region\":\"2\"},\"dual_write_enabled\":true,\"dual_write_strict_mode\":false,\"legacy_write_blocked\":true,"
        "\"execution_time_seconds\":1.234},"
        "\"coverage\":{\"legacy_team_count\":10,\"vnext_team_count\":10,\"mapped_team_count\":10,"
        "\"legacy_teams_with_mapping\":10,\"unmapped_legacy_count\":0,\"mapping_percentage\":100},"
        "\"mapping_health\":{\"total_mappings\":10,\"duplicate_legacy_ids\":[],\"duplicate_legacy_count\":0,"
        "\"duplicate_vnext_ids\":[9223372036854775807,\"12\"],\"duplicate_vnext_count\":0,\"orphan_mappings\":[],"
        "\"orphan_count\":0,\"retired_mapping_count\":0},"
        "\"consistency\":{\"sampled_teams\":10,\"name_mismatch_count\":0,\"slug_mismatch_count\":0,"
        "\"membership_count_mismatch_count\":0,\"ranking_mismatch_count\":0,\"samples\":{\"name_mismatches\":[],"
        "\"slug_mismatches\":[],\"membership_count_mismatches\":[],\"ranking_mismatches\":[]}},"
        "\"dual_write_health\":{\"recent_vnext_teams\":0,\"missing_legacy_count\":0,\"missing_mappings\":[],"
        "\"severity\":\"ok\",\"backlog\":0,\"oldest_event_age_seconds\":0,\"failed_events\":0,\"processed_24h\":0,"
        "\"inline_legacy_writes_24h\":0},"
        "\"recommendations\":[\"\u2705 SUCCESS: all checks passed. Next: dualwrited gate\"]}");
    cJSON_free(json);
    cJSON_Delete(document);
    report_end(&r);
}

/* The levels of the recommendations as "CW", and whether it is critical. */
static void
check_levels(struct report *r, const char *levels)
{
    cJSON *document = report_document(r);
    const cJSON *line;
    char seen[20] = "";
    size_t n = 0;

    cJSON_ArrayForEach(line, cJSON_GetObjectItemCaseSensitive(document, "recommendations"))
    {
        const char *word = strchr(line->valuestring, ' ') + 1;

        assert_true(strncmp(line->valuestring, "🔴 CRITICAL: ", 14) == 0 ||
                    strncmp(line->valuestring, "🟡 WARNING: ", 13) == 0 ||
                    strncmp(line->valuestring, "✅ SUCCESS: ", 12) == 0);
        assert_non_null(strstr(line->valuestring, ". Next: "));
        seen[n++] = *word;
    }
    seen[n] = '\0';
    assert_string_equal(seen, levels);
    assert_int_equal(report_is_critical(document), strchr(levels, 'C') != NULL);
    cJSON_Delete(document);
    report_end(r);
}

static void
test_recommendations(void **state)
{
    struct report r;

    (void) state;
    r = good(), r.legacy_twice_count = 1, r.vnext_twice_count = 2;
    check_levels(&r, "CC");
    r = good(), r.inline_writes = 3;
    check_levels(&r, "C");
    r = good(), r.missing = 1;
    check_levels(&r, "W");
    r = good(), r.missing = 1, r.strict = true;
    check_levels(&r, "C");
    r = good(), r.legacy_mapped = 9, r.orphan_count = 1, r.failed = 1;
    check_levels(&r, "WWW");
    r = good(), r.mismatches[REPORT_NAMES] = 1, r.mismatches[REPORT_SLUGS] = 1, r.mismatches[REPORT_MEMBERS] = 1,
    r.mismatches[REPORT_RANKINGS_PART] = 1;
    check_levels(&r, "WWWW");
    r = good(), r.enabled = false, r.missing = 1, r.inline_writes = 1;
    check_levels(&r, "S");
    r = good(), r.installed = false;
    check_levels(&r, "S");
}

static void
test_severity(void **state)
{
    static const struct {
        int64_t missing;
        bool strict;
        const char *severity;
    } cases[] = {{0, false, "ok"}, {0, true, "ok"}, {1, false, "warning"}, {1, true, "error"}};

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct report r = good();
        cJSON *document;

        r.missing = cases[i].missing;
        r.strict = cases[i].strict;
        document = report_document(&r);
        assert_string_equal(at(document, "dual_write_health", "severity")->valuestring, cases[i].severity);
        cJSON_Delete(document);
        report_end(&r);
    }
}

static void
test_no_health_while_off(void **state)
{
    (void) state;
    for (int i = 0; i < 2; i++) {
        struct report r = good();
        cJSON *document;

        r.enabled = i == 1;
        r.installed = i == 0;
        document = report_document(&r);
        assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(document, "dual_write_health")));
        cJSON_Delete(document);
        report_end(&r);
    }
}

/* 100 only when all are mapped. */
static void
test_percentage(void **state)
{
    static const struct {
        int64_t teams, mapped;
        double percentage;
    } cases[] = {{0, 0, 100}, {3, 2, 66.66}, {1000000, 999999, 99.99}, {8, 8, 100}, {5, 0, 0}};

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct report r = {.legacy_active = cases[i].teams, .legacy_mapped = cases[i].mapped};

        assert_true(report_percentage(&r) == cases[i].percentage);
    }
}

static void
test_lists_are_bounded(void **state)
{
    cJSON *list = cJSON_CreateArray();

    (void) state;
    for (int i = 0; i < 5; i++)
        report_add(list, cJSON_CreateNumber(i), 3);
    assert_int_equal(cJSON_GetArraySize(list), 3);
    cJSON_Delete(list);
}

/* Whatever the rows hold, no line is wider than 80 columns, and none is forged. */
static void
test_text_of_hostile_values(void **state)
{
    struct report r = good();
    cJSON *sample = cJSON_CreateObject();
    cJSON *document;
    struct buf out = {0};
    char *line, *rest;

    (void) state;
    cJSON_AddItemToObject(sample, "vnext_team_id", report_id("1", true));
    cJSON_AddItemToObject(sample, "legacy_team_id", report_id("x\ny", false));
    cJSON_AddStringToObject(sample, "vnext_name", "a\nRecommendations\n\x1b[31m");
    cJSON_AddStringToObject(
        sample, "legacy_name",
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
    cJSON_AddItemToArray(r.samples[REPORT_NAMES], sample);
    r.mismatches[REPORT_NAMES] = 1;
    r.skipped[REPORT_SLUGS] = "the mapping has none";
    r.legacy_mapped = 9;
    r.recorded = false;
    document = report_document(&r);
    report_text(&out, &r, document);
    assert_non_null(strstr(buf_text(&out), "skipped, because the mapping has none"));
    assert_non_null(strstr(buf_text(&out), "the guard is off"));
    assert_null(strchr(buf_text(&out), '\x1b'));
    rest = strdup(buf_text(&out));
    for (char *next = rest; (line = strsep(&next, "\n")) != NULL;)
        if (shown_width(line) > 80)
            fail_msg("too wide: %s", line);
    free(rest);
    buf_free(&out);
    cJSON_Delete(document);
    report_end(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_document),
        cmocka_unit_test(test_recommendations),
        cmocka_unit_test(test_severity),
        cmocka_unit_test(test_no_health_while_off),
        cmocka_unit_test(test_percentage),
        cmocka_unit_test(test_lists_are_bounded),
        cmocka_unit_test(test_text_of_hostile_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
