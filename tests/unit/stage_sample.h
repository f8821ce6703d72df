/*
 * stage_sample.h - a staged test in which everything holds, and its evidence; for the tests that change one thing of it.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_STAGE_SAMPLE_H
#define TESTS_STAGE_SAMPLE_H

#include <string.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/stage_state.h"

#define FLAGS(enabled)                                                                                                 \
    "{\"flags\": [{\"flag\": \"TEAM_VNEXT_DUAL_WRITE_ENABLED\", \"effective\": \"" enabled "\"},"                      \
    " {\"flag\": \"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE\", \"effective\": \"false\"}]}"
#define FLOW(operation) "{\"name\": \"" operation "\", \"operation\": \"" operation "\", \"status\": \"passed\"}"
#define REPORT(teams, percentage, health)                                                                              \
    "{\"coverage\": {\"vnext_team_count\": " teams ", \"mapped_team_count\": " teams                                   \
    ", \"mapping_percentage\": " percentage                                                                            \
    "}, \"mapping_health\": {\"duplicate_legacy_count\": 0, \"duplicate_vnext_count\": 0, \"orphan_count\": "          \
    "2}, \"dual_write_health\": " health "}"

/* clang-format off: it cannot lay out strings with macros between them */
static const char stage_evidence[] = "{\"flags_before\": " FLAGS("false") ", \"flags_enabled\": " FLAGS(
    "true") ","
            " \"flags_disabled\": " FLAGS("false") ", \"flags_after\": " FLAGS(
                "false") ","
                         " \"smoke\": {\"flows\": [" FLOW("a") ", " FLOW("b") ", " FLOW("c") ", " FLOW("d") ", " FLOW(
                             "e") "],"
                                  " \"inline_legacy_writes\": 0},"
                                  " \"before\": " REPORT(
                                      "10", "90",
                                      "null") ","
                                              " \"after\": " REPORT(
                                                  "11", "90.9",
                                                  "{\"severity\": \"ok\", \"recent_vnext_teams\": 1, "
                                                  "\"missing_legacy_count\": 0}") ","
                                                                                  " \"delta\": {\"expectations\": "
                                                                                  "[{\"title\": \"on\", \"required\": "
                                                                                  "true, \"held\": true},"
                                                                                  " {\"title\": \"more\", "
                                                                                  "\"required\": false, \"held\": "
                                                                                  "false}],"
                                                                                  " \"summary\": {\"held\": 1, "
                                                                                  "\"missed\": 1, \"not_known\": 0}},"
                                                                                  " \"perf\": "
                                                                                  "{\"inline_legacy_writes\": 0, "
                                                                                  "\"perf\": {\"on\": {\"average_ms\": "
                                                                                  "1.02, \"p50_ms\": 1, \"p95_ms\": 2,"
                                                                                  " \"p99_ms\": 3}, \"off\": "
                                                                                  "{\"average_ms\": 1, \"p50_ms\": 1, "
                                                                                  "\"p95_ms\": 2, \"p99_ms\": 3}, "
                                                                                  "\"ratio\": 1.02}},"
                                                                                  " \"failure\": {\"healed\": true, "
                                                                                  "\"await_sync\": null, \"failed\": "
                                                                                  "{\"exception_type\": "
                                                                                  "\"lock_not_available\","
                                                                                  " \"message\": \"canceling statement "
                                                                                  "due to lock timeout\", "
                                                                                  "\"after_ms\": 2000}},"
                                                                                  " \"strict\": {\"healed\": true, "
                                                                                  "\"await_sync\": {\"sqlstate\": "
                                                                                  "\"DW001\"}, \"afterwards\": "
                                                                                  "{\"strict_mode\": false}},"
                                                                                  " \"off\": {\"vnext_write\": true, "
                                                                                  "\"legacy_unchanged\": true, "
                                                                                  "\"waiting_events\": 1},"
                                                                                  " \"log\": {\"lines\": 20, "
                                                                                  "\"scheduled\": {\"a\": 1, \"b\": 1, "
                                                                                  "\"c\": 1, \"d\": 1, \"e\": 1}, "
                                                                                  "\"completed\": {},"
                                                                                  " \"failed_warning\": {\"d\": 1}, "
                                                                                  "\"failed_error\": {\"d\": 1}}}";
/* clang-format on */

/* Every step was run, and well. */
static inline cJSON *
stage_sample(const char *options)
{
    cJSON *given = cJSON_Parse(options);
    cJSON *state = stage_state_new("dualwrited 1", given, "2026-01-25T18:00:00.000Z");
    cJSON *environment = cJSON_Parse("{\"shown\": \"pod web-a\", \"version\": \"1\"}");

    cJSON_Delete(given);
    for (size_t i = 0; i < stage_step_count; i++) {
        struct words w = {0};

        words_add(&w, stage_steps[i].name);
        stage_state_step(state, &stage_steps[i], &w, 0, 1);
        words_free(&w);
    }
    cJSON_ReplaceItemInObject(state, "environment", environment);
    cJSON_ReplaceItemInObject(state, "finished_at", cJSON_CreateString("2026-01-25T18:05:00.000Z"));
    return state;
}

/* The evidence with the first `from` changed to `to`; both NULL: as it is. */
static inline cJSON *
stage_changed(const char *from, const char *to)
{
    const char *at = from == NULL ? NULL : strstr(stage_evidence, from);
    struct buf text = {0};
    cJSON *evidence;

    assert_true(from == NULL || at != NULL);
    if (at == NULL)
        buf_puts(&text, stage_evidence);
    else
        buf_printf(&text, "%.*s%s%s", (int) (at - stage_evidence), stage_evidence, to, at + strlen(from));
    evidence = cJSON_Parse(buf_text(&text));
    assert_non_null(evidence);
    buf_free(&text);
    return evidence;
}

#endif
