/* test_gate.c - may we cut over: each criterion by what was answered, the verdict, text and JSON. */
/* links: lib/core/gate.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/gate.h"

#define DAEMON(installed, age)                                                                                         \
    "{\"instance_short\": \"aaaaaaaa\", \"host\": \"web-1\", \"mapping_installed\": " installed                        \
    ", \"last_beat_age_seconds\": " age "}"
#define IDLE(is)                                                                                                       \
    "{\"instance_short\": \"bbbbbbbb\", \"host\": \"web-2\", \"mapping_installed\": true, \"last_beat_age_seconds\": " \
    "1, "                                                                                                              \
    "\"state\": \"" is "\"}"
#define RUN(done, same, age, found, open)                                                                              \
    "[{\"entity\": \"team\", \"done\": " done ", \"same_mapping\": " same ", \"age\": " age ", \"found\": " found      \
    ", \"open\": " open "}]"
#define RUN_WELL RUN("true", "true", "3600", "0", "0")

/* A world in order; a test changes one thing. */
struct world {
    const char *enabled, *disagreement, *daemons, *resyncs, *waiting, *retrying_age, *parked, *same_mapping, *guard,
        *runs, *holder;
    struct gate_coverage coverage;
    char triggers;
    const char *bad, *error, *refused;
};

static const struct world fine = {
    .enabled = "true",
    .disagreement = "false",
    .daemons = DAEMON("true", "0.5"),
    .resyncs = "",
    .waiting = "null",
    .retrying_age = "null",
    .parked = "0",
    .same_mapping = "true",
    .guard = "on",
    .runs = RUN_WELL,
    .holder = "{\"live\": true}",
    .coverage = {.legacy_asked = true,
                 .vnext_asked = true,
                 .legacy_rows = 7,
                 .legacy_mapped = 7,
                 .vnext_rows = 7,
                 .vnext_mapped = 7},
    .triggers = 'A',
    .bad = "",
};

static struct gate_report
judge(const struct world *w)
{
    struct mapping_entity team = {.name = "team"};
    const struct mapping mapping = {.entities = &team, .count = 1};
    char overview[1000];
    char facts[1000];
    struct gate_parts p = {.mapping = &mapping,
                           .refused = w->refused,
                           .coverage = &w->coverage,
                           .triggers = w->triggers,
                           .bad_triggers = w->bad,
                           .triggers_error = w->error,
                           .max_lag_s = 5,
                           .max_age_s = 86400};
    struct gate_report report;

    snprintf(overview, sizeof overview,
             "{\"flags\": {\"TEAM_VNEXT_DUAL_WRITE_ENABLED\": {\"value\": \"%s\", \"disagreement\": %s}}, \"daemons\": "
             "[%s], \"resyncs\": [%s], \"partitions\": [{\"partition\": 0, \"holder\": null}, {\"partition\": 1, "
             "\"holder\": %s}]}",
             w->enabled, w->disagreement, w->daemons, w->resyncs, w->holder);
    snprintf(facts, sizeof facts,
             "{\"waiting_age\": %s, \"retrying_age\": %s, \"retrying\": 0, \"parked\": %s, \"guard\": \"%s\", "
             "\"same_mapping\": %s, \"reconcile\": %s}",
             w->waiting, w->retrying_age, w->parked, w->guard, w->same_mapping, w->runs);
    if (w->refused == NULL) {
        p.overview = cJSON_Parse(overview);
        p.facts = cJSON_Parse(facts);
        assert_non_null(p.overview);
        assert_non_null(p.facts);
    }
    report = gate_judge(&p);
    cJSON_Delete((cJSON *) p.overview);
    cJSON_Delete((cJSON *) p.facts);
    return report;
}

/* One thing is different, one criterion is not met, and its evidence says why. */
static void
test_criteria(void **state)
{
#define COVERED(l, lm, v, vm, vw)                                                                                      \
    {                                                                                                                  \
        true, true, l, lm, v, vm, vw, NULL                                                                             \
    }
    static const struct {
        enum gate_criterion about;
        enum gate_state is;
        const char *evidence, *next;
        struct world w; /* what is set counts */
    } cases[] = {
        {GATE_COVERAGE,
         GATE_MISSED,
         "85.71 % of 7 legacy rows",
         "dualwrited report",
         {.coverage = COVERED(7, 6, 7, 7, 0)}},
        {GATE_COVERAGE,
         GATE_MISSED,
         "99.99 % of 1 000 000 legacy rows",
         "dualwrited report",
         {.coverage = COVERED(1000000, 999999, 7, 7, 0)}},
        {GATE_COVERAGE,
         GATE_MISSED,
         "85.71 % of 7 vNext rows",
         "dualwrited reconcile --fix",
         {.coverage = COVERED(7, 7, 7, 5, 1)}},
        {GATE_COVERAGE, GATE_MET, "100.00 % of 7 vNext rows (2 on the way)", "", {.coverage = COVERED(7, 7, 7, 5, 2)}},
        {GATE_COVERAGE, GATE_MET, "100.00 % of 0 legacy rows", "", {.coverage = COVERED(0, 0, 1, 1, 0)}},
        {GATE_COVERAGE, GATE_MET, "skipped, because", "", {.coverage = {.legacy_rows = 1}}},
        {GATE_COVERAGE, GATE_UNKNOWN, "not known: gone", "dualwrited check", {.coverage = {.error = "gone"}}},
        {GATE_DIFFERENCES,
         GATE_MISSED,
         "team: 3 rows differ",
         "dualwrited reconcile --fix",
         {.runs = RUN("true", "true", "9", "3", "1")}},
        {GATE_DIFFERENCES,
         GATE_UNKNOWN,
         "1 row in flight",
         "dualwrited gate --reconcile",
         {.runs = RUN("true", "true", "9", "0", "1")}},
        {GATE_DIFFERENCES,
         GATE_UNKNOWN,
         "did not end",
         "dualwrited gate --reconcile",
         {.runs = RUN("false", "true", "9", "0", "0")}},
        {GATE_DIFFERENCES,
         GATE_UNKNOWN,
         "another mapping",
         "dualwrited gate --reconcile",
         {.runs = RUN("true", "false", "9", "0", "0")}},
        {GATE_DIFFERENCES,
         GATE_UNKNOWN,
         "1 d 0 h ago, too long",
         "dualwrited gate --reconcile",
         {.runs = RUN("true", "true", "86401", "0", "0")}},
        {GATE_DIFFERENCES,
         GATE_UNKNOWN,
         "it began in the future",
         "dualwrited check",
         {.runs = RUN("true", "true", "-3600", "0", "0")}},
        {GATE_DIFFERENCES, GATE_UNKNOWN, "no reconcile was run yet", "dualwrited gate --reconcile", {.runs = "[]"}},
        {GATE_PARKED, GATE_MISSED, "2 events are parked", "dualwrited failed list --parked", {.parked = "2"}},
        {GATE_LAG, GATE_MET, "waits for 5.0 s, at most 5.0 s allowed", "", {.waiting = "5.0"}},
        {GATE_LAG, GATE_UNKNOWN, "the database server's clock was set back", "dualwrited check", {.waiting = "-3600"}},
        {GATE_LAG, GATE_MISSED, "waits for 5.1 s, more than 5.0 s allowed", "dualwrited status", {.waiting = "5.1"}},
        {GATE_LAG, GATE_MISSED, "waits for 1 min 0 s", "dualwrited failed list --retrying", {.retrying_age = "60"}},
        {GATE_LAG,
         GATE_MISSED,
         "a whole table is being synced anew",
         "dualwrited status",
         {.resyncs = "{\"entity\": \"team\"}"}},
        {GATE_TRIGGERS,
         GATE_MISSED,
         "missing: capture_team_insert",
         "dualwrited install",
         {.triggers = '0', .bad = "capture_team_insert"}},
        {GATE_TRIGGERS, GATE_MISSED, "switched off: x", "dualwrited install", {.triggers = 'D', .bad = "x"}},
        {GATE_TRIGGERS,
         GATE_MISSED,
         "not in every session_replication_role: x",
         "dualwrited install",
         {.triggers = 'O', .bad = "x"}},
        {GATE_TRIGGERS, GATE_UNKNOWN, "not known: away", "dualwrited check", {.error = "away"}},
        {GATE_TRIGGERS, GATE_MISSED, "another mapping is installed", "dualwrited check", {.same_mapping = "false"}},
        {GATE_TRIGGERS, GATE_MET, "the guard is off", "", {.guard = "off"}},
        {GATE_DAEMONS, GATE_MISSED, "no daemon works", "dualwrited status", {.daemons = " "}},
        {GATE_DAEMONS,
         GATE_MISSED,
         "web-1 has not beaten for 6.1 s; no daemon works",
         "dualwrited status",
         {.daemons = DAEMON("true", "6.1")}},
        {GATE_DAEMONS,
         GATE_MISSED,
         "runs another mapping and takes no work; 1 daemon works",
         "dualwrited status",
         {.daemons = DAEMON("false", "1") ", " DAEMON("true", "1")}},
        {GATE_DAEMONS,
         GATE_MISSED,
         "web-2 takes no work: it is stalled; 1 daemon works",
         "dualwrited status",
         {.daemons = IDLE("stalled") ", " IDLE("asleep")}},
        {GATE_DAEMONS,
         GATE_MISSED,
         "web-2 takes no work: it is off; no daemon works",
         "dualwrited status",
         {.daemons = IDLE("off")}},
        {GATE_DAEMONS,
         GATE_MISSED,
         "1 daemon works; 1 partition is held by a backend that is no live daemon's",
         "dualwrited status",
         {.holder = "{\"live\": false}"}},
        {GATE_DAEMONS,
         GATE_MISSED,
         "they disagree on TEAM_VNEXT_DUAL_WRITE_ENABLED",
         "dualwrited flags",
         {.disagreement = "true"}},
        {GATE_FLAGS, GATE_MISSED, "TEAM_VNEXT_DUAL_WRITE_ENABLED=false", "dualwrited flags", {.enabled = "false"}},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct world *c = &cases[i].w;
        struct world w = fine;
        struct gate_report r;

        w.enabled = c->enabled != NULL ? c->enabled : w.enabled;
        w.disagreement = c->disagreement != NULL ? c->disagreement : w.disagreement;
        w.daemons = c->daemons != NULL ? c->daemons : w.daemons;
        w.resyncs = c->resyncs != NULL ? c->resyncs : w.resyncs;
        w.waiting = c->waiting != NULL ? c->waiting : w.waiting;
        w.retrying_age = c->retrying_age != NULL ? c->retrying_age : w.retrying_age;
        w.parked = c->parked != NULL ? c->parked : w.parked;
        w.same_mapping = c->same_mapping != NULL ? c->same_mapping : w.same_mapping;
        w.guard = c->guard != NULL ? c->guard : w.guard;
        w.runs = c->runs != NULL ? c->runs : w.runs;
        w.holder = c->holder != NULL ? c->holder : w.holder;
        w.triggers = c->triggers == '0' ? '\0' : c->triggers != '\0' ? c->triggers : w.triggers;
        w.bad = c->bad != NULL ? c->bad : w.bad;
        w.error = c->error;
        if (c->coverage.legacy_asked || c->coverage.legacy_rows > 0 || c->coverage.error != NULL)
            w.coverage = c->coverage;
        r = judge(&w);
        for (int k = 0; k < GATE_CRITERIA; k++)
            if (r.items[k].state != (k == (int) cases[i].about ? cases[i].is : GATE_MET))
                fail_msg("case %zu, criterion %d: %s", i, k, buf_text(&r.items[k].evidence));
        assert_int_equal(gate_verdict(&r), cases[i].is);
        if (strstr(buf_text(&r.items[cases[i].about].evidence), cases[i].evidence) == NULL)
            fail_msg("case %zu: %s", i, buf_text(&r.items[cases[i].about].evidence));
        assert_string_equal(buf_text(&r.items[cases[i].about].next), cases[i].next);
        gate_report_free(&r);
    }
}

/* No answer is no yes, and what says no is no whatever else is not known. */
static void
test_verdict(void **state)
{
    struct world w = fine;
    struct gate_report r;

    (void) state;
    w.refused = "permission denied";
    r = judge(&w);
    assert_int_equal(gate_verdict(&r), GATE_UNKNOWN);
    assert_string_equal(buf_text(&r.items[GATE_PARKED].evidence), "not known: permission denied");
    gate_report_free(&r);
    w.coverage.legacy_mapped = 1;
    r = judge(&w);
    assert_int_equal(gate_verdict(&r), GATE_MISSED);
    gate_report_free(&r);
}

static void
test_shown(void **state)
{
    const struct gate_run run = {.wanted_s = 600, .held_s = 12, .looks = 4};
    struct world w = fine;
    struct gate_report r;
    struct buf out = {0};
    cJSON *json;

    (void) state;
    w.parked = "1";
    r = judge(&w);
    gate_text(&out, &r, &run);
    assert_string_equal(buf_text(&out),
                        "\xe2\x9c\x93 coverage is 100 %: team: 100.00 % of 7 legacy rows, 100.00 % of 7 vNext rows\n"
                        "\xe2\x9c\x93 no confirmed difference: team: none; the run began 1 h 0 min ago\n"
                        "\xe2\x9c\x97 nothing parked: 1 event is parked\n"
                        "  -> dualwrited failed list --parked\n"
                        "\xe2\x9c\x93 lag under its bound: the oldest event waits for 0.0 s, at most 5.0 s allowed\n"
                        "\xe2\x9c\x93 triggers in place: capture triggers are there and on; the guard is on\n"
                        "\xe2\x9c\x93 daemons running and in agreement: 1 daemon works\n"
                        "\xe2\x9c\x93 dual write on: TEAM_VNEXT_DUAL_WRITE_ENABLED=true\n"
                        "\nno: not yet, after 12 s of 10 min 0 s in 4 looks\n");
    buf_clear(&out);
    gate_json(&out, &r, &run);
    json = cJSON_Parse(buf_text(&out));
    assert_string_equal(cJSON_GetObjectItem(json, "verdict")->valuestring, "no");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "criteria")), GATE_CRITERIA);
    cJSON_Delete(json);
    buf_free(&out);
    gate_report_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_criteria),
        cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
