/* test_explain_report.c - the verdict on a row's story, and the story as text. */
/* links: lib/core/explain_report.c lib/core/explain_text.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/explain_report.h"

#define THERE "\"found\": true, \"present\": true, \"keys\": [[\"7\"]], \"error\": null"
#define GONE "\"found\": false, \"present\": false, \"keys\": [], \"error\": null"
#define UNREADABLE "\"found\": true, \"present\": false, \"keys\": [[\"7\"]], \"error\": \"no entry\""
#define LEGACY(found, equal)                                                                                           \
    "{\"key\": {\"id\": \"9\"}, \"found\": " #found ", \"equal\": " #equal ", \"written_at\": null, \"error\": null, " \
    "\"columns\": [{\"column\": \"name\", \"rule\": \"compared\", \"vnext\": \"a\", \"legacy\": \"b\", "               \
    "\"same\": " #equal "}]}"
#define REFUSED                                                                                                        \
    "{\"key\": {}, \"found\": false, \"equal\": false, \"written_at\": null, \"error\": \"too long\", \"columns\": "   \
    "[]}"
#define PARKED                                                                                                         \
    "{\"event_id\": \"5\", \"parked\": true, \"message\": \"no\", \"sqlstate\": \"23505\", \"exception_type\": "       \
    "\"unique_violation\", \"retry_in_seconds\": null}"
#define RETRYING                                                                                                       \
    "{\"event_id\": \"6\", \"parked\": false, \"message\": \"soon\", \"sqlstate\": null, \"retry_in_seconds\": 65}"
#define NOBODY "{\"partition\": 3, \"instance\": null}"
#define WEB "{\"partition\": 3, \"instance\": \"abcdefgh-1\", \"host\": \"web-1\", \"pid\": 7, \"held\": true}"

struct story {
    const char *vnext, *legacy, *failed, *place, *enabled, *resync, *parent;
    int waiting;
};

static cJSON *
story_of(const struct story *s)
{
    char text[3000];
    cJSON *story;

    snprintf(
        text, sizeof text,
        "{\"entity\": \"team\", \"key\": [\"7\"], \"identity\": {\"id\": \"7\"}, \"vnext\": {\"table\": \"t\", %s}, "
        "\"parent\": %s, \"legacy\": [%s], \"map\": [], \"waiting\": {\"total\": %d, \"events\": []}, \"failed\": "
        "[%s], "
        "\"place\": %s, \"dual_write_enabled\": %s, \"resync\": %s}",
        s->vnext, s->parent == NULL ? "null" : s->parent, s->legacy, s->waiting, s->failed == NULL ? "" : s->failed,
        s->place == NULL ? NOBODY : s->place, s->enabled == NULL ? "true" : s->enabled,
        s->resync == NULL ? "false" : s->resync);
    story = cJSON_Parse(text);
    assert_non_null(story);
    return story;
}

static void
test_verdicts(void **state)
{
    static const struct {
        struct story s;
        bool in_step;
        const char *verdict, *next; /* next: a part of it; NULL: none */
    } cases[] = {
        {{.vnext = THERE, .legacy = LEGACY(true, true)}, true, "in step", NULL},
        {{.vnext = GONE, .legacy = LEGACY(true, true)},
         true,
         "in step: gone from vNext, and legacy is as that leaves it",
         NULL},
        {{.vnext = THERE, .legacy = LEGACY(true, true), .waiting = 1},
         true,
         "in step; what waits will change nothing",
         NULL},
        {{.vnext = THERE, .legacy = LEGACY(true, true), .failed = PARKED},
         true,
         "in step, though event 5 has failed",
         "failed retry --event=5"},
        {{.vnext = THERE, .legacy = LEGACY(true, true) "," LEGACY(true, false)},
         false,
         "drifted without an event: legacy differs, and nothing waits that would mend it",
         "reconcile --fix"},
        {{.vnext = THERE, .legacy = LEGACY(false, false)},
         false,
         "has no legacy row, and no event that would make one",
         "reconcile --fix"},
        {{.vnext = THERE, .legacy = LEGACY(false, false), .parent = "{\"has_legacy_row\": false}"},
         false,
         "has no legacy row, and no event that would make one; its parent has none either",
         "reconcile --fix"},
        {{.vnext = GONE, .legacy = LEGACY(true, false)},
         false,
         "is gone from vNext without an event, and its legacy row is not as a removal leaves it",
         "reconcile --fix"},
        {{.vnext = GONE, .legacy = LEGACY(false, true)},
         false,
         "there is no such row: not in vNext, not in legacy, and no event names it",
         NULL},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .waiting = 2},
         false,
         "waits, and no daemon works on partition 3",
         "dualwrited run"},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .waiting = 2, .place = WEB},
         false,
         "waits for the daemon on web-1, pid 7, partition 3",
         "dualwrited status"},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .waiting = 2, .place = WEB, .enabled = "false"},
         false,
         "waits until dual write is on again",
         "dualwrited flags"},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .waiting = 2, .place = WEB, .failed = PARKED},
         false,
         "waits for the daemon on web-1, pid 7, partition 3; it failed before: no",
         "dualwrited status"},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .failed = PARKED},
         false,
         "parked because: no (23505 unique_violation)",
         "mend that, then: dualwrited failed retry --event=5 --wait"},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .failed = RETRYING "," PARKED},
         false,
         "parked because: no (23505 unique_violation)",
         "--event=5"},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .failed = RETRYING},
         false,
         "failed, and is tried again by itself in 1 min 5 s: soon",
         "--event=6"},
        {{.vnext = UNREADABLE, .legacy = ""}, false, "cannot be read through the mapping: no entry", "mend the row"},
        {{.vnext = UNREADABLE, .legacy = "", .failed = PARKED},
         false,
         "parked because: no (23505 unique_violation)",
         "--event=5"},
        {{.vnext = THERE, .legacy = REFUSED}, false, "legacy would refuse it: too long", "mend the row"},
        {{.vnext = THERE, .legacy = LEGACY(true, false), .resync = "true"},
         false,
         "not in step yet: the whole table is being synced anew",
         "dualwrited status"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *story = story_of(&cases[i].s);
        const char *next;

        assert_int_equal(explain_judge(story), cases[i].in_step);
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(story, "in_step")), cases[i].in_step);
        assert_string_equal(cJSON_GetObjectItem(story, "verdict")->valuestring, cases[i].verdict);
        next = cJSON_GetStringValue(cJSON_GetObjectItem(story, "next"));
        if (cases[i].next == NULL)
            assert_null(next);
        else
            assert_non_null(strstr(next, cases[i].next));
        cJSON_Delete(story);
    }
}

static void
test_text(void **state)
{
    const struct story s = {.vnext = THERE, .legacy = LEGACY(true, false), .place = WEB};
    cJSON *story = story_of(&s);
    struct buf out = {0};

    (void) state;
    explain_judge(story);
    explain_text(&out, story, 0);
    assert_string_equal(buf_text(&out),
                        "vNext     t: id = 7: there\n"
                        "map       no row\n"
                        "legacy    id = 9: DIFFERS\n"
                        "          column  vNext says  legacy has\n"
                        "          name    a           b           <-- DIFFERS\n"
                        "waiting   no event\n"
                        "who       partition 3, dealt to abcdefgh on web-1, pid 7, a batch is under way there\n"
                        "\n"
                        "team 7: drifted without an event: legacy differs, and nothing waits that would mend it\n"
                        "-> dualwrited reconcile --fix\n");
    buf_free(&out);
    cJSON_Delete(story);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
