/*
 * telemetry_sample.h - a daemon that has done a little, and what a survey of its database said: for the tests of what is served
 * over HTTP. Nothing is measured.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_TELEMETRY_SAMPLE_H
#define TESTS_TELEMETRY_SAMPLE_H

#include <stdlib.h>

#include "dualwrite/telemetry.h"

/* As lib/sql/daemon/survey.sql and survey_health.sql answer. */
static const char survey_answer[] =
    "{\"flags\":{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":{\"value\":\"true\",\"source\":\"override\",\"disagreement\":true},"
    "\"TEAM_VNEXT_ROUTING_MODE\":{\"value\":\"auto\",\"source\":\"daemons\",\"disagreement\":false}},"
    "\"health_readable\":true,\"database\":{\"at\":\"2026-01-25T18:00:00.000Z\",\"backlog\":123456789,"
    "\"backlog_exact\":false,\"oldest_event_age_seconds\":12.5,\"failed_events\":{\"parked\":2,\"retrying\":1},"
    "\"daemons\":[{},{}],\"resyncs\":[\"team\"],\"notification_queue_ratio\":0.25,\"inline_legacy_writes_24h\":null}}";
static const char health_runs[] = "[{\"pack\":\"te\\\"a\\\\ms\\n\",\"at\":\"2026-01-25T18:00:00Z\",\"score\":95,"
                                  "\"status\":\"healthy\",\"issues\":1,\"history\":[]}]";

struct scene {
    struct health_facts facts;
    struct health health;
    struct flags flags;
    struct tally tally;
    struct survey survey;
    struct telemetry t;
};

static inline struct moment
at(int64_t ms)
{
    return (struct moment){monotime_add_ms((monotime){0}, ms), INT64_C(1769364000000) + ms};
}

/* Free it with scene_free(). There was no survey yet. */
static inline struct scene *
scene(void)
{
    struct scene *s = calloc(1, sizeof *s);
    struct mapping_entity entity = {.operation_insert = (char[]){"sync_team_created"}};
    const struct mapping m = {.entities = &entity, .count = 1};

    s->facts = (struct health_facts){.connected = true, .listening = true, .mapping_installed = true};
    s->health = (struct health){.ready = false, .count = 1, .reasons = {"not \"yet\""}};
    s->flags = flags_parse("{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":\"true\",\"TEAM_VNEXT_ROUTING_MODE\":\"vnext_only\"}");
    tally_init(&s->tally, at(0));
    tally_mapping(&s->tally, &m);
    tally_scheduled(&s->tally, "sync_team_created");
    tally_completed(&s->tally, at(1500), "sync_team_created", 4711, 2, 30, 2400);
    tally_failed(&s->tally, at(1600), "unknown", 4712, 1, "check_violation", true);
    tally_request(&s->tally, "/metrics", 200);
    tally_request(&s->tally, NULL, 404);
    s->tally.reloads_refused = 1;
    s->t = (struct telemetry){
        .instance = "1-2",
        .version = "1.0",
        .now = at(20000),
        .health = &s->health,
        .facts = &s->facts,
        .state = "asleep",
        .flags = &s->flags,
        .partitions = "0,3",
        .last_beat_ms = at(19000).wall_ms,
        .links = {{true, true, 0}, {true, true, 3}, {true, false, 1}},
        .tally = &s->tally,
        .survey = &s->survey,
        .cpu_seconds = 0.25,
        .resident_bytes = 4096,
        .open_fds = -1,
    };
    return s;
}

/* Nothing has happened, and nothing has been heard. */
static inline struct scene *
scene_at_start(void)
{
    struct scene *s = calloc(1, sizeof *s);

    s->flags = flags_parse("");
    tally_init(&s->tally, at(0));
    s->t = (struct telemetry){
        .instance = "",
        .version = "",
        .now = at(0),
        .health = &s->health,
        .facts = &s->facts,
        .state = "not connected",
        .flags = &s->flags,
        .tally = &s->tally,
        .survey = &s->survey,
        .resident_bytes = -1,
        .open_fds = -1,
    };
    return s;
}

static inline void
scene_free(struct scene *s)
{
    tally_free(&s->tally);
    survey_free(&s->survey);
    free(s);
}

#endif
