/* test_metrics.c - /metrics in both formats and /status, against golden files; what a survey may say. */
/* links: lib/core/metrics.c lib/core/exposition.c lib/core/status_json.c lib/core/survey.c lib/core/tally.c lib/core/spread.c lib/core/moment.c lib/core/health.c lib/core/flags.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/exposition.h"
#include "dualwrite/metrics.h"
#include "dualwrite/status_json.h"

static const char answer[] =
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

static struct moment
at(int64_t ms)
{
    return (struct moment){monotime_add_ms((monotime){0}, ms), INT64_C(1769364000000) + ms};
}

static struct scene *
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

static void
scene_free(struct scene *s)
{
    tally_free(&s->tally);
    survey_free(&s->survey);
    free(s);
}

static void
assert_golden(const char *name, const char *text)
{
    char path[200];
    char *wanted;
    long len;
    FILE *f;

    snprintf(path, sizeof path, "tests/unit/golden/%s", name);
    if (getenv("UPDATE_GOLDEN") != NULL) {
        f = fopen(path, "we");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
    }
    f = fopen(path, "re");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    len = ftell(f);
    rewind(f);
    wanted = calloc(1, (size_t) len + 1);
    assert_int_equal(fread(wanted, 1, (size_t) len, f), len);
    fclose(f);
    assert_string_equal(text, wanted);
    free(wanted);
}

static void
golden(const struct telemetry *t, const char *name, void (*write)(struct buf *out, const struct telemetry *t))
{
    struct buf b = {0};

    write(&b, t);
    assert_golden(name, buf_text(&b));
    buf_free(&b);
}

static void
open_metrics(struct buf *out, const struct telemetry *t)
{
    metrics_text(out, t, true);
}

static void
plain_metrics(struct buf *out, const struct telemetry *t)
{
    metrics_text(out, t, false);
}

static void
test_golden(void **state)
{
    struct scene *s = scene();

    (void) state;
    golden(&s->t, "metrics_no_survey.txt", plain_metrics);
    assert_true(survey_take(&s->survey, answer, health_runs, at(18000).mono, at(18000).wall_ms));
    golden(&s->t, "metrics.txt", plain_metrics);
    golden(&s->t, "metrics.openmetrics", open_metrics);
    golden(&s->t, "status_http.json", status_json);
    scene_free(s);
}

/* What is old is no base for an alert; the page still shows it, with its age. */
static void
test_an_old_survey(void **state)
{
    struct scene *s = scene();
    struct buf b = {0};

    (void) state;
    assert_true(survey_take(&s->survey, answer, NULL, at(0).mono, at(0).wall_ms));
    s->t.now = at(SURVEY_FRESH_MS);
    metrics_text(&b, &s->t, false);
    assert_non_null(strstr(buf_text(&b), "dualwrite_backlog_events 123456789\n"));
    assert_null(strstr(buf_text(&b), "dualwrite_health")); /* there are no runs */
    buf_clear(&b);
    s->t.now = at(SURVEY_FRESH_MS + 1);
    metrics_text(&b, &s->t, false);
    assert_null(strstr(buf_text(&b), "backlog"));
    buf_clear(&b);
    status_json(&b, &s->t);
    assert_non_null(strstr(buf_text(&b), "\"age_seconds\":60.001"));
    buf_free(&b);
    scene_free(s);
}

static void
test_before_anything_is_known(void **state)
{
    struct tally tally;
    struct survey survey = {0};
    struct health_facts facts = {0};
    struct health health = {0};
    struct flags flags = flags_parse("");
    struct telemetry t = {.instance = "",
                          .version = "",
                          .now = at(0),
                          .health = &health,
                          .facts = &facts,
                          .state = "not connected",
                          .flags = &flags,
                          .tally = &tally,
                          .survey = &survey,
                          .resident_bytes = -1,
                          .open_fds = -1};
    struct buf b = {0};

    (void) state;
    tally_init(&tally, at(0));
    status_json(&b, &t);
    assert_non_null(strstr(buf_text(&b), "\"partitions\":[],"));
    assert_non_null(strstr(buf_text(&b), "\"lag\":{\"p50_seconds\":null,\"p95_seconds\":null,\"max_seconds\":null},"
                                         "\"last_success_at\":null"));
    assert_non_null(strstr(buf_text(&b), "\"samples\":[]},\"recent\":[],\"database\":null}\n"));
    buf_clear(&b);
    metrics_text(&b, &t, true);
    assert_null(strstr(buf_text(&b), "last_success"));
    assert_null(strstr(buf_text(&b), "last_beat"));
    assert_null(strstr(buf_text(&b), "process_open_fds"));
    assert_string_equal(buf_text(&b) + b.len - 6, "# EOF\n");
    buf_free(&b);
    tally_free(&tally);
}

static void
test_answers_that_are_none(void **state)
{
    static const char *const bad[] = {
        "", "null", "[]", "{", "{\"flags\":{}}", "{\"flags\":[],\"database\":{}}", "{\"flags\":{},\"database\":3}"};
    struct survey s = {0};
    double value;

    (void) state;
    assert_true(survey_take(&s, answer, "nonsense", at(0).mono, 1));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(survey_take(&s, bad[i], NULL, at(1).mono, 2));
    assert_int_equal(s.taken_ms, 1);
    assert_true(survey_number(&s, "backlog", &value));
    assert_false(survey_number(&s, "inline_legacy_writes_24h", &value));
    assert_false(survey_number(&s, "resyncs", &value));
    survey_legacy_writes(&s, 3); /* of a legacy database of its own */
    assert_true(survey_number(&s, "inline_legacy_writes_24h", &value));
    assert_true(value == 3);
    survey_legacy_writes(&s, -1);
    assert_false(survey_number(&s, "inline_legacy_writes_24h", &value));
    assert_string_equal(survey_flag_source(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "true"), "override");
    assert_null(survey_flag_source(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "false")); /* it has changed since */
    assert_null(survey_flag_source(&s, "NO_FLAG", "false"));
    survey_free(&s);
    assert_null(survey_flag_source(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "true"));
    assert_false(survey_flag_disagrees(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED"));
}

static void
test_when_a_survey_is_due(void **state)
{
    const monotime begin = {0};

    (void) state;
    assert_true(survey_is_due(false, begin, false, begin, begin)); /* once at the start */
    assert_false(survey_is_due(true, begin, false, begin, at(1000000).mono));
    assert_false(survey_is_due(true, begin, true, begin, at(SURVEY_AGAIN_MS - 1).mono));
    assert_true(survey_is_due(true, begin, true, begin, at(SURVEY_AGAIN_MS).mono));
    assert_true(survey_is_due(true, begin, true, begin, at(SURVEY_WANTED_MS - 1).mono));
    assert_false(survey_is_due(true, begin, true, begin, at(SURVEY_WANTED_MS).mono));
    assert_false(survey_is_due(true, at(30000).mono, true, begin, at(20000).mono)); /* one failed: not before then */
}

static void
test_numbers_and_escapes(void **state)
{
    struct buf b = {0};
    struct exposition e = {.out = &b};

    (void) state;
    exposition_family(&e, "x", EXPOSITION_GAUGE, NULL, "a\\b \"c\"\nd");
    exposition_sample(&e, (struct exposition_label[2]){{"l", "a\\b \"c\"\nd"}}, 0.1);
    exposition_sample(&e, NULL, 1e15);
    exposition_sample(&e, NULL, -3);
    exposition_sample(&e, NULL, 1769364000.123);
    exposition_sample(&e, NULL, 0.0 / (double) (b.len == 0)); /* no number */
    assert_string_equal(buf_text(&b), "# TYPE x gauge\n# HELP x a\\\\b \"c\"\\nd\nx{l=\"a\\\\b \\\"c\\\"\\nd\"} 0.1\n"
                                      "x 1e+15\nx -3\nx 1769364000.123\n");
    buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_an_old_survey),
        cmocka_unit_test(test_before_anything_is_known),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_when_a_survey_is_due),
        cmocka_unit_test(test_numbers_and_escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
