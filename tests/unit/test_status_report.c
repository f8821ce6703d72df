/* test_status_report.c - what `status` makes of the databases' answers: the document, its judgement, one screen of text. */
/* links: lib/core/status_report.c lib/core/status_text.c lib/core/status_line.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/status_report.h"

#define DAEMON                                                                                                         \
    "{\"instance\": \"aaaaaaaa-1\", \"instance_short\": \"aaaaaaaa\", \"host\": \"web-1\", \"pid\": 7, \"version\": "  \
    "\"1\", "                                                                                                          \
    "\"state\": \"asleep\", \"listening\": true, \"mapping_installed\": true, \"last_beat_age_seconds\": 0.4, "        \
    "\"uptime_seconds\": 61, \"partitions\": [0, 1]}"
#define PARTITIONS                                                                                                     \
    "[{\"partition\": 0, \"instance\": \"aaaaaaaa-1\", \"holder\": null}, "                                            \
    "{\"partition\": 1, \"instance\": \"aaaaaaaa-1\", \"holder\": null}]"

#define LATE "late" /* the count took too long */

/* A world in order; a test changes one thing. */
struct world {
    const char *enabled, *strict, *daemons, *partitions, *resyncs, *backlog, *failed, *disagreement, *legacy_why,
        *capture;
    int room;
    double oldest;
};

static const struct world fine = {
    .enabled = "true",
    .strict = "false",
    .daemons = "[" DAEMON "]",
    .partitions = PARTITIONS,
    .resyncs = "[]",
    .backlog = "{\"backlog\": 0, \"oldest_event_age_seconds\": null, \"waiting\": {}}",
    .failed = "{\"parked\": 0, \"retrying\": 0, \"exact\": true, \"oldest_age_seconds\": null, \"causes\": []}",
    .disagreement = "false",
    .room = 1000,
    .oldest = -1,
};

/* `fine` with what `c` says. */
static struct world
changed(const struct world *c)
{
    struct world w = fine;

    w.enabled = c->enabled != NULL ? c->enabled : w.enabled;
    w.strict = c->strict != NULL ? c->strict : w.strict;
    w.daemons = c->daemons != NULL ? c->daemons : w.daemons;
    w.partitions = c->partitions != NULL ? c->partitions : w.partitions;
    w.resyncs = c->resyncs != NULL ? c->resyncs : w.resyncs;
    w.backlog = c->backlog != NULL ? c->backlog : w.backlog;
    w.failed = c->failed != NULL ? c->failed : w.failed;
    w.disagreement = c->disagreement != NULL ? c->disagreement : w.disagreement;
    w.legacy_why = c->legacy_why;
    w.capture = c->capture;
    w.room = c->room != 0 ? c->room : w.room;
    w.oldest = c->oldest != 0 ? c->oldest : w.oldest;
    return w;
}

static cJSON *
report_of(const struct world *w)
{
    char overview[4000];
    struct status_parts parts = {.version = "1.0", .vnext = "host=a", .legacy_why = w->legacy_why, .oldest = w->oldest};
    cJSON *o;
    cJSON *report;

    snprintf(
        overview, sizeof overview,
        "{\"at\": \"now\", \"flags\": {"
        "\"TEAM_VNEXT_DUAL_WRITE_ENABLED\": {\"value\": \"%s\", \"source\": \"daemons\", \"disagreement\": %s},"
        "\"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE\": {\"value\": \"%s\", \"source\": \"daemons\", \"disagreement\": false}},"
        "\"partitions\": %s, \"daemons\": %s, \"silent_daemons\": [], \"resyncs\": %s, \"outbox_room\": %d, "
        "\"outbox_estimate\": 123456}",
        w->enabled, w->disagreement, w->strict, w->partitions, w->daemons, w->resyncs, w->room);
    o = cJSON_Parse(overview);
    assert_non_null(o);
    parts.legacy = w->legacy_why != NULL ? "host=b" : NULL;
    parts.overview = o;
    parts.capture = w->capture == NULL ? NULL : cJSON_Parse(w->capture);
    parts.backlog = strcmp(w->backlog, LATE) == 0 ? NULL : cJSON_Parse(w->backlog);
    parts.failed = cJSON_Parse(w->failed);
    assert_non_null(parts.failed);
    report = status_report(&parts);
    cJSON_Delete(o);
    cJSON_Delete((cJSON *) parts.capture);
    cJSON_Delete((cJSON *) parts.backlog);
    cJSON_Delete((cJSON *) parts.failed);
    return report;
}

/* The level of the finding about `about`, NULL when there is none. */
static const char *
level_of(const cJSON *report, const char *about)
{
    const cJSON *f;

    cJSON_ArrayForEach(f, cJSON_GetObjectItem(report, "findings"))
    {
        if (strcmp(cJSON_GetObjectItem(f, "about")->valuestring, about) == 0)
            return cJSON_GetObjectItem(f, "level")->valuestring;
    }
    return NULL;
}

#define WAITING(n, age) "{\"backlog\": " #n ", \"oldest_event_age_seconds\": " #age ", \"waiting\": {\"1\": " #n "}}"
#define FAILED(parked, retrying)                                                                                       \
    "{\"parked\": " #parked ", \"retrying\": " #retrying ", \"exact\": true, \"oldest_age_seconds\": 3, \"causes\": "  \
    "[]}"
#define OTHER_MAPPING                                                                                                  \
    "[{\"instance\": \"b\", \"instance_short\": \"b\", \"host\": \"h\", \"pid\": 1, \"mapping_installed\": false}]"
#define QUIET(age)                                                                                                     \
    "{\"instance\": \"b\", \"instance_short\": \"b\", \"host\": \"h\", \"pid\": 1, \"mapping_installed\": true, "      \
    "\"last_beat_age_seconds\": " age "}"
#define HELD(live)                                                                                                     \
    "[{\"partition\": 3, \"instance\": null, \"holder\": {\"backend_pid\": 99, \"instance\": null, \"live\": " live    \
    "}}]"

/* One thing is different: what is found, how bad it is, whether it is ready. */
static void
test_judgement(void **state)
{
    static const struct {
        struct world w;
        const char *about, *level;
        enum status_level worst;
        bool ready;
    } cases[] = {
        {{0}, NULL, NULL, STATUS_OK, true},
        {{.daemons = "[]"}, "no_daemon", "warning", STATUS_WARNING, false},
        {{.daemons = "[]", .backlog = WAITING(1, 0)}, "no_daemon", "critical", STATUS_CRITICAL, false},
        {{.daemons = OTHER_MAPPING, .backlog = WAITING(1, 0)}, "no_daemon", "critical", STATUS_CRITICAL, false},
        {{.daemons = "[]", .backlog = LATE}, "no_daemon", "critical", STATUS_CRITICAL, false},
        {{.daemons = "[]", .resyncs = "[{\"entity\": \"team\", \"begun\": false, \"queued_events\": 0}]"},
         "no_daemon",
         "critical",
         STATUS_CRITICAL,
         false},
        {{.daemons = "[]", .enabled = "false"}, NULL, NULL, STATUS_OK, true},
        {{.daemons = "[]", .enabled = "false", .backlog = WAITING(9, 99999)}, "off", "note", STATUS_OK, true},
        {{.daemons = "[" DAEMON ", {\"instance\": \"b\", \"mapping_installed\": false}]"},
         "mapping",
         "warning",
         STATUS_WARNING,
         true},
        {{.daemons = "[" QUIET("6") "]"}, NULL, NULL, STATUS_OK, true},
        {{.daemons = "[" QUIET("6.1") "]"}, "late_beat", "warning", STATUS_WARNING, true},
        {{.backlog = WAITING(5, 59.9)}, NULL, NULL, STATUS_OK, true},
        {{.backlog = WAITING(5, 60)}, "lag", "warning", STATUS_WARNING, true},
        {{.backlog = LATE, .oldest = 61}, "lag", "warning", STATUS_WARNING, true},
        {{.failed = FAILED(1, 0)}, "parked", "warning", STATUS_WARNING, true},
        {{.failed = FAILED(0, 7)}, NULL, NULL, STATUS_OK, true},
        {{.failed = FAILED(0, 1), .strict = "true"}, "strict", "critical", STATUS_CRITICAL, false},
        {{.failed = FAILED(2, 0), .strict = "true"}, "strict", "critical", STATUS_CRITICAL, false},
        {{.failed = FAILED(2, 0), .strict = "true", .enabled = "false"}, "parked", "warning", STATUS_WARNING, true},
        {{.partitions = HELD("true")}, NULL, NULL, STATUS_OK, true},
        {{.partitions = HELD("null")}, NULL, NULL, STATUS_OK, true},
        {{.partitions = HELD("false")}, "holder", "warning", STATUS_WARNING, true},
        {{.capture = "[]"}, NULL, NULL, STATUS_OK, true},
        {{.capture = "[\"team INSERT\"]"}, "capture", "critical", STATUS_CRITICAL, true},
        {{.capture = "[\"team INSERT\"]", .enabled = "false"}, "capture", "critical", STATUS_CRITICAL, true},
        {{.room = -1, .backlog = WAITING(5, 1)}, "outbox_full", "warning", STATUS_WARNING, true},
        {{.room = -1}, NULL, NULL, STATUS_OK, true},
        {{.disagreement = "true"}, "flags", "warning", STATUS_WARNING, true},
        {{.legacy_why = "refused"}, "legacy_database", "warning", STATUS_WARNING, true},
        {{.resyncs = "[{\"entity\": \"team\", \"begun\": true, \"queued_events\": 5}]"},
         "resync",
         "note",
         STATUS_OK,
         true},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct world w = changed(&cases[i].w);
        cJSON *report = report_of(&w);
        const char *level = cases[i].about == NULL ? NULL : level_of(report, cases[i].about);

        if (cases[i].about == NULL)
            assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(report, "findings")), 0);
        else
            assert_string_equal(level == NULL ? "none" : level, cases[i].level);
        assert_int_equal(status_level(report), cases[i].worst);
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(report, "ready")), cases[i].ready);
        assert_int_equal(cJSON_IsNull(cJSON_GetObjectItem(report, "not_ready_because")), cases[i].ready);
        cJSON_Delete(report);
    }
}

/* Without a count the estimate stands in, and no partition's share is made up. */
static void
test_estimate(void **state)
{
    struct world w = fine;
    struct buf out = {0};
    cJSON *report;

    (void) state;
    w.backlog = LATE;
    w.oldest = 5;
    w.failed = "{\"parked\": 0, \"retrying\": 0, \"exact\": false, \"oldest_age_seconds\": null, \"causes\": []}";
    report = report_of(&w);
    assert_int_equal(cJSON_GetObjectItem(report, "backlog")->valuedouble, 123456);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(report, "backlog_exact")));
    assert_true(
        cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(report, "partitions"), 0), "waiting")));
    status_text(&out, report, 0, false);
    assert_non_null(strstr(buf_text(&out), "about 123 456 events wait, the oldest for 5.0 s (an estimate"));
    assert_non_null(strstr(buf_text(&out), "failed        not known"));
    buf_free(&out);
    cJSON_Delete(report);
}

static void
test_text(void **state)
{
    struct world w = fine;
    struct buf out = {0};
    cJSON *report;

    (void) state;
    w.backlog = WAITING(5, 65);
    w.partitions = "[{\"partition\": 0, \"instance\": \"aaaaaaaa-1\", \"holder\": null}, "
                   "{\"partition\": 1, \"instance\": \"aaaaaaaa-1\", \"holder\": {\"backend_pid\": 5, \"instance\": "
                   "\"aaaaaaaa-1\", \"live\": true}},"
                   "{\"partition\": 2, \"instance\": null, \"holder\": null},"
                   "{\"partition\": 3, \"instance\": \"aaaaaaaa-1\", \"holder\": null}]";
    report = report_of(&w);
    assert_int_equal(
        cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(report, "partitions"), 1), "waiting")->valuedouble,
        5);
    status_text(&out, report, 0, false);
    assert_string_equal(
        buf_text(&out),
        "ready         yes\n"
        "flags         dual write on, strict mode off, legacy writes NOT blocked, bypass off\n"
        "backlog       5 events wait, the oldest for 1 min 5 s\n"
        "failed        none\n"
        "legacy writes not known: the legacy database does not answer\n"
        "\n"
        "daemon    host   pid  state   partitions  holds now  last beat  running    version\n"
        "aaaaaaaa  web-1  7    asleep  0-1 3       1          0.4 s      1 min 1 s  1\n"
        "\n"
        "WARNING   the oldest event waits for 1 min 5 s\n"
        "          -> run `dualwrited status` again: a backlog that falls is being worked off; one that stands: the "
        "daemon's log says why\n");
    buf_clear(&out);
    status_text(&out, report, 0, true);
    assert_non_null(strstr(buf_text(&out), "\x1b[33mWARNING \x1b[0m  the oldest"));
    buf_free(&out);
    cJSON_Delete(report);
}

/* 80 columns: what other lines tell is left out of the table, and what was found is wrapped between words. */
static void
test_narrow(void **state)
{
    struct world w = fine;
    struct buf out = {0};
    cJSON *report;

    (void) state;
    w.backlog = WAITING(5, 65);
    report = report_of(&w);
    cJSON_ReplaceItemInObject(report, "version", cJSON_CreateString("1")); /* as the daemon's */
    status_text(&out, report, 80, false);
    assert_non_null(strstr(buf_text(&out), "daemon    host   pid  state   partitions  last beat  running\n"
                                           "aaaaaaaa  web-1  7    asleep  0-1         0.4 s      1 min 1 s\n"));
    assert_non_null(strstr(buf_text(&out),
                           "          -> run `dualwrited status` again: a backlog that falls is being worked\n"
                           "             off; one that stands: the daemon's log says why\n"));
    buf_clear(&out);
    cJSON_ReplaceItemInObject(report, "version", cJSON_CreateString("2"));
    status_text(&out, report, 80, false);
    assert_non_null(strstr(buf_text(&out), "running    version\n"));
    buf_free(&out);
    cJSON_Delete(report);
}

static void
test_line(void **state)
{
    struct world w = fine;
    struct buf out = {0};
    cJSON *report;

    (void) state;
    w.backlog = WAITING(5, 65);
    w.failed = FAILED(2, 1);
    report = report_of(&w);
    status_line(&out, report, "answers again after 3.0 s");
    assert_string_equal(
        buf_text(&out),
        "now status=warning ready=yes dual_write=on backlog=5 oldest_s=65.0 parked=2 retrying=1 daemons=1 "
        "about=parked,lag msg=\"answers again after 3.0 s\"\n");
    cJSON_Delete(report);
    buf_clear(&out);
    w = fine;
    w.backlog = LATE;
    report = report_of(&w);
    status_line(&out, report, NULL);
    assert_string_equal(buf_text(&out), "now status=ok ready=yes dual_write=on backlog=123456 backlog_exact=false "
                                        "parked=0 retrying=0 daemons=1\n");
    cJSON_Delete(report);
    buf_clear(&out);
    status_line_away(&out, "now", 2.5, "no \"host\"\n\x1b[31m", false);
    assert_string_equal(buf_text(&out),
                        "now status=unreachable for_s=2.5 error=\"no \\\"host\\\"\\\\n\\\\u{1b}[31m\"\n");
    buf_clear(&out);
    status_line_away(&out, "now", 2.5, "gone", true);
    assert_string_equal(buf_text(&out),
                        "{\"at\":\"now\",\"status\":\"unreachable\",\"for_seconds\":2.5,\"error\":\"gone\"}\n");
    buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judgement), cmocka_unit_test(test_estimate), cmocka_unit_test(test_text),
        cmocka_unit_test(test_narrow),    cmocka_unit_test(test_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
