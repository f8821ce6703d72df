/* test_status_text.c - the screen of `status`: what each part of the document becomes, at any width, whatever it holds. */
/* links: lib/core/status_text.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/status_report.h"
#include "text_sample.h"

static const char base[] =
    "{\"ready\": true, \"flags\": {}, \"backlog\": 0, \"backlog_exact\": true, \"oldest_event_age_seconds\": null, "
    "\"failed\": {\"parked\": 0, \"retrying\": 0, \"exact\": true, \"causes\": []}, \"resyncs\": [], "
    "\"legacy_writes_24h\": {\"statements\": 0, \"rows\": 0, \"roles\": []}, \"databases\": {\"legacy\": null}, "
    "\"version\": \"1\", \"partitions\": [], \"daemons\": [], \"silent_daemons\": [], \"findings\": []}";

#define WEB(short, host, version, state, listening, installed)                                                         \
    "{\"instance\": \"" short "-1\", \"instance_short\": \"" short "\", \"host\": \"" host                             \
                                                                   "\", \"pid\": 7, \"version\": \"" version           \
                                                                   "\", \"state\": \"" state                           \
                                                                   "\", \"listening\": " listening                     \
                                                                   ", \"mapping_installed\": " installed               \
                                                                   ", \"last_beat_age_seconds\": 0.4, "                \
                                                                   "\"uptime_seconds\": 61}"

static void
test_parts(void **state)
{
    static const struct {
        const char *patch, *has, *has_not;
    } cases[] = {
        {"{}",
         "ready         yes\nflags         dual write OFF, strict mode off, legacy writes NOT blocked, bypass off\n"
         "backlog       nothing waits\nfailed        none\nlegacy writes none past the daemons in 24 h\n\n"
         "no daemon is running\n",
         NULL},
        {"{\"ready\": false, \"not_ready_because\": \"nobody works\"}", "ready         no, because nobody works\n",
         NULL},
        {"{\"flags\": {\"TEAM_VNEXT_DUAL_WRITE_ENABLED\": {\"value\": \"true\"}, "
         "\"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE\": "
         "{\"value\": \"true\"}, \"TEAM_LEGACY_WRITE_BLOCKED\": {\"value\": \"true\"}, "
         "\"TEAM_LEGACY_WRITE_BYPASS_ENABLED\": {\"value\": \"true\"}}}",
         "dual write on, strict mode on, legacy writes blocked, bypass ON\n", "override"},
        {"{\"flags\": {\"F\": {\"value\": \"false\", \"source\": \"override\", \"override_who\": \"ann\", "
         "\"override_why\": \"ticket 4\"}, \"G\": {\"value\": \"x\", \"source\": \"override\", \"override_who\": "
         "\"bob\", "
         "\"override_why\": null}, \"H\": {\"value\": \"y\", \"source\": \"daemons\"}}}",
         "override F=false by ann: ticket 4\n              override G=x by bob: no reason given\n", "H="},
        {"{\"backlog\": 1, \"oldest_event_age_seconds\": 3725}",
         "backlog       1 event waits, the oldest for 1 h 2 min\n", NULL},
        {"{\"backlog\": 0, \"backlog_exact\": false}", "about 0 events wait (an estimate", "nothing waits"},
        {"{\"backlog\": 1234567}", "backlog       1 234 567 events wait\n", "oldest"},
        {"{\"failed\": {\"parked\": 1200, \"retrying\": 1, \"exact\": false, \"oldest_age_seconds\": 5, \"causes\": "
         "[{\"entity\": \"team\", \"sqlstate\": \"23505\", \"exception_type\": \"unique_violation\", \"constraint\": "
         "\"k\", "
         "\"parked\": 1000, \"retrying\": 1}, {\"entity\": \"e\", \"sqlstate\": null, \"parked\": 2}]}}",
         "failed        about 1 200 parked, 1 retrying, the oldest for 5.0 s\n"
         "              1 001 x team: 23505 unique_violation k\n              2 x e:",
         NULL},
        {"{\"failed\": {\"exact\": false}}", "failed        not known: counting takes too long\n", NULL},
        {"{\"resyncs\": [{\"entity\": \"team\", \"begun\": true, \"queued_events\": 5000}, {\"entity\": \"m\"}]}",
         "resync        team (5 000 rows queued), m (not begun yet)\n", NULL},
        {"{\"legacy_writes_24h\": null}", "legacy writes not known: the legacy database does not answer\n", NULL},
        {"{\"legacy_writes_24h\": {\"statements\": 2, \"rows\": 3000, \"roles\": [\"app\", \"cron\"]}}",
         "legacy writes 2 statements past the daemons in 24 h, 3 000 rows, by app, cron\n", NULL},
        {"{\"databases\": {\"legacy\": {\"database\": \"host=b\", \"answers\": true}}}",
         "legacy        host=b: answers\n", NULL},
        {"{\"databases\": {\"legacy\": {\"database\": \"host=b\", \"answers\": false}}}",
         "legacy        host=b: DOES NOT ANSWER\n", NULL},
        {"{\"silent_daemons\": [{\"instance_short\": \"dead\", \"host\": \"h\", \"pid\": 4, \"last_beat_age_seconds\": "
         "90}]}",
         "dead  h pid 4 has not beaten for 1 min 30 s: counts no more\n", NULL},
        {"{\"daemons\": [" WEB("aaaa", "web-1", "1", "asleep", "false",
                               "true") ", " WEB("bbbb", "web-2", "1", "asleep", "true",
                                                "false") "], \"partitions\": [{\"partition\": 0, \"instance\": "
                                                         "\"aaaa-1\"}, {\"partition\": 1, \"instance\": \"aaaa-1\", "
                                                         "\"holder\": {\"instance\": \"bbbb-1\"}}, {\"partition\": 2}, "
                                                         "{\"partition\": 3, \"instance\": \"aaaa-1\"}]}",
         "daemon  host   pid  state            partitions  holds now  last beat  running    version\n"
         "aaaa    web-1  7    asleep, polls    0-1 3       -          0.4 s      1 min 1 s  1\n"
         "bbbb    web-2  7    ANOTHER MAPPING  -           1          0.4 s      1 min 1 s  1\n",
         NULL},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *doc = document_with(base, cases[i].patch);
        struct buf out = {0};

        status_text(&out, doc, 0, false);
        text_has(buf_text(&out), cases[i].has);
        if (cases[i].has_not != NULL)
            text_has_not(buf_text(&out), cases[i].has_not);
        buf_free(&out);
        cJSON_Delete(doc);
    }
}

/* The worst first, in their order; what to do below each; colours only where they are asked for. */
static void
test_findings(void **state)
{
    cJSON *doc = document_with(
        base, "{\"findings\": [{\"level\": \"note\", \"text\": \"n\"}, {\"level\": \"warning\", \"text\": "
              "\"w1\", \"next\": \"do it\"}, {\"level\": \"critical\", \"text\": \"c\", \"next\": null}, "
              "{\"level\": \"warning\", \"text\": \"w2\"}]}");
    struct buf out = {0};

    (void) state;
    status_text(&out, doc, 0, false);
    text_has(buf_text(&out), "\n\nCRITICAL  c\nWARNING   w1\n          -> do it\nWARNING   w2\nNOTE      n\n");
    must_be_harmless(buf_text(&out), 0);
    buf_clear(&out);
    status_text(&out, doc, 0, true);
    text_has(buf_text(&out), "\n\x1b[31mCRITICAL\x1b[0m  c\n\x1b[33mWARNING \x1b[0m  w1\n");
    text_has(buf_text(&out), "\nNOTE      n\n");
    buf_free(&out);
    cJSON_Delete(doc);
}

/* On a terminal nothing is wider than it, but findings are wrapped and never cut; and nobody's words steer it. */
static void
test_widths(void **state)
{
    static const char patch[] =
        "{\"flags\": {\"" HOSTILE_JSON "\": {\"value\": \"" HOSTILE_JSON
        "\", \"source\": \"override\", \"override_who\": \"" HOSTILE_JSON "\", \"override_why\": \"" HOSTILE_JSON
        " " HOSTILE_JSON " " HOSTILE_JSON "\"}}, "
        "\"daemons\": [" WEB(
            HOSTILE_JSON, "a-very-long-name-of-a-host.in.a.domain.that.does.not.end.example", HOSTILE_JSON,
            HOSTILE_JSON, "true",
            "true") "], "
                    "\"failed\": {\"parked\": 1, \"exact\": true, \"causes\": [{\"entity\": \"" HOSTILE_JSON
                    "\", \"exception_type\": \"" HOSTILE_JSON "\", \"constraint\": \"" HOSTILE_JSON
                    "\", \"parked\": 1}]}, \"resyncs\": [{\"entity\": \"" HOSTILE_JSON "\"}], "
                    "\"legacy_writes_24h\": {\"statements\": 1, \"roles\": [\"" HOSTILE_JSON "\"]}, "
                    "\"findings\": [{\"level\": \"warning\", \"text\": \"" HOSTILE_JSON
                    " and more words than fit into one line of a small terminal, "
                    "which are wrapped\", \"next\": \"" HOSTILE_JSON "\"}]}";
    static const size_t widths[] = {80, 100, 119, 120, 200};
    cJSON *doc = document_with(base, patch);

    (void) state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct buf out = {0};

        status_text(&out, doc, widths[i], false);
        must_be_harmless(buf_text(&out), widths[i]);
        text_has(buf_text(&out), HOSTILE_SHOWN " and more words");
        text_has(buf_text(&out), "-> " HOSTILE_SHOWN "\n");
        buf_free(&out);
    }
    cJSON_Delete(doc);
}

/* A document that has nothing, or nothing of the right type, is told without a crash. */
static void
test_half_documents(void **state)
{
    static const char *const documents[] = {
        "{}",
        "{\"flags\": 1, \"failed\": [], \"daemons\": {}, \"partitions\": {}, \"findings\": [{}]}",
        "{\"daemons\": [{}], \"partitions\": [{}], \"silent_daemons\": [{}], \"resyncs\": [{}]}",
        "{\"databases\": {\"legacy\": {}}, \"legacy_writes_24h\": {\"statements\": 1}}",
    };

    (void) state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        cJSON *doc = document_of(documents[i]);
        struct buf out = {0};

        status_text(&out, doc, 80, false);
        text_has(buf_text(&out), "ready         no, because");
        must_be_harmless(buf_text(&out), 80);
        buf_free(&out);
        cJSON_Delete(doc);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_half_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
