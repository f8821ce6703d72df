/* delta_sample.h - two validation reports, and what a test changes in them. */
#ifndef DELTA_SAMPLE_H
#define DELTA_SAMPLE_H

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_BEFORE                                                                                                  \
    "{\"meta\": {\"generated_at\": \"2026-01-25T20:50:00Z\", \"sample_size\": 100, \"filters\": {\"game_id\": 1, "     \
    "\"region\": null}, \"dual_write_enabled\": false, \"dual_write_strict_mode\": false, \"legacy_write_blocked\": "  \
    "true, \"execution_time_seconds\": 0.12}, "                                                                        \
    "\"coverage\": {\"legacy_team_count\": 4000, \"vnext_team_count\": 1000, \"mapped_team_count\": 1000, "            \
    "\"legacy_teams_with_mapping\": 1000, \"unmapped_legacy_count\": 3000, \"mapping_percentage\": 25.0}, "            \
    "\"mapping_health\": {\"total_mappings\": 1000, \"duplicate_legacy_ids\": [], \"duplicate_legacy_count\": 0, "     \
    "\"duplicate_vnext_ids\": [], \"duplicate_vnext_count\": 0, \"orphan_mappings\": [], \"orphan_count\": 0}, "       \
    "\"consistency\": {\"sampled_teams\": 100, \"name_mismatch_count\": 1, \"slug_mismatch_count\": 0, "               \
    "\"membership_count_mismatch_count\": 2, \"ranking_mismatch_count\": 0, \"samples\": {}}, "                        \
    "\"dual_write_health\": null, "                                                                                    \
    "\"recommendations\": [\"\xf0\x9f\x9f\xa1 WARNING: coverage is 25 %\"]}"

#define SAMPLE_AFTER                                                                                                   \
    "{\"meta\": {\"generated_at\": \"2026-01-25T23:10:00.5+01:00\", \"sample_size\": 100, \"filters\": {\"game_id\": " \
    "1, \"region\": null}, \"dual_write_enabled\": true, \"dual_write_strict_mode\": false, "                          \
    "\"legacy_write_blocked\": true, \"execution_time_seconds\": 0.12}, "                                              \
    "\"coverage\": {\"legacy_team_count\": 4005, \"vnext_team_count\": 1005, \"mapped_team_count\": 1005, "            \
    "\"legacy_teams_with_mapping\": 1005, \"unmapped_legacy_count\": 3000, \"mapping_percentage\": 25.09}, "           \
    "\"mapping_health\": {\"total_mappings\": 1005, \"duplicate_legacy_ids\": [], \"duplicate_legacy_count\": 0, "     \
    "\"duplicate_vnext_ids\": [], \"duplicate_vnext_count\": 0, \"orphan_mappings\": [], \"orphan_count\": 0, "        \
    "\"retired_mapping_count\": 0}, "                                                                                  \
    "\"consistency\": {\"sampled_teams\": 100, \"name_mismatch_count\": 1, \"slug_mismatch_count\": 0, "               \
    "\"membership_count_mismatch_count\": 1, \"ranking_mismatch_count\": 0, \"samples\": {}}, "                        \
    "\"dual_write_health\": {\"recent_vnext_teams\": 5, \"missing_legacy_count\": 0, \"missing_mappings\": [], "       \
    "\"severity\": \"ok\", \"backlog\": 0, \"oldest_event_age_seconds\": null, \"failed_events\": 0, "                 \
    "\"processed_24h\": 23, \"inline_legacy_writes_24h\": 0}, "                                                        \
    "\"recommendations\": [\"\xf0\x9f\x9f\xa1 WARNING: coverage is 25 %; run `dualwrited reconcile`\"]}"

/* Puts `value` (JSON; NULL takes the key away) at "section.key" or "section" of the report. */
static inline void
sample_set(cJSON *report, const char *path, const char *value)
{
    char section[64];
    const char *dot = strchr(path, '.');
    cJSON *at = report;

    if (dot != NULL) {
        memcpy(section, path, (size_t) (dot - path));
        section[dot - path] = '\0';
        at = cJSON_GetObjectItem(report, section);
        path = dot + 1;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(at, path);
    if (value != NULL)
        cJSON_AddItemToObject(at, path, cJSON_Parse(value));
}

#endif
