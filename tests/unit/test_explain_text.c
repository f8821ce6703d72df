/* test_explain_text.c - one row's story as text, part by part: keys, parents, maps, columns with their rules, events, who. */
/* links: lib/core/explain_text.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/explain_report.h"
#include "text_sample.h"

static const char base[] =
    "{\"entity\": \"team\", \"key\": [\"7\", \"x\"], \"identity\": {\"id\": \"7\", \"org\": null}, \"vnext\": "
    "{\"table\": \"n.t\", "
    "\"found\": true, \"present\": true, \"keys\": [[\"7\", \"x\"]], \"error\": null}, \"parent\": null, \"map\": "
    "null, "
    "\"legacy\": [], \"waiting\": {\"total\": 0, \"events\": []}, \"failed\": [], \"place\": {\"partition\": 3}, "
    "\"verdict\": \"in step\", \"next\": null}";

#define LEGACY(more) "{\"legacy\": [{\"key\": {\"id\": \"9\"}, " more "}]}"
#define COLUMN(rule, same)                                                                                             \
    LEGACY("\"found\": true, \"equal\": true, \"columns\": [{\"column\": \"c\", \"rule\": \"" rule                     \
           "\", \"vnext\": \"\", \"legacy\": null, \"same\": " same "}]")

static void
test_parts(void **state)
{
    static const struct {
        const char *patch, *has, *has_not;
    } cases[] = {
        {"{}",
         "vNext     n.t: id = 7, org = NULL: there\nwaiting   no event\nwho       partition 3, dealt to nobody\n\n"
         "team 7, x: in step\n",
         "->"},
        {"{\"next\": \"dualwrited reconcile --fix\"}", "\n-> dualwrited reconcile --fix\n", NULL},
        {"{\"vnext\": {\"table\": \"n.t\", \"found\": true, \"present\": false}}", ": there, but counts as absent\n",
         NULL},
        {"{\"vnext\": {\"table\": \"n.t\", \"found\": false}}", ": no such row\n", "there"},
        {"{\"vnext\": {\"table\": \"n.t\", \"found\": true, \"error\": \"bad value\"}}",
         ": CANNOT BE READ: bad value\n", "there,"},
        {"{\"vnext\": {\"found\": true, \"present\": true, \"keys\": [[\"7\"], [\"8\", \"y\"]]}}",
         "          2 rows stand for one legacy row: (7) (8, y); the present one speaks, else the latest\n",
         "at least"},
        {"{\"parent\": {\"entity\": \"org\", \"key\": \"1\", \"legacy_key\": null}}",
         "parent    org 1: has no legacy key yet\n", NULL},
        {"{\"parent\": {\"entity\": \"org\", \"key\": null, \"legacy_key\": \"5\", \"has_legacy_row\": true}}",
         "parent    org NULL: legacy 5\n", "NOT THERE"},
        {"{\"parent\": {\"entity\": \"org\", \"key\": \"1\", \"legacy_key\": \"5\", \"has_legacy_row\": false}}",
         "parent    org 1: legacy 5, WHICH IS NOT THERE\n", NULL},
        {"{\"map\": []}", "map       no row\n", NULL},
        {"{\"map\": [{\"a\": \"1\"}, {\"a\": \"2\", \"b\": null}]}", "map       a = 1\nmap       a = 2, b = NULL\n",
         "no row"},
        {LEGACY("\"found\": false, \"equal\": false"), "legacy    id = 9: no such row\n", "column"},
        {LEGACY("\"found\": true, \"equal\": true, \"written_at\": \"T\""),
         "legacy    id = 9: as asked for, last written T\n", NULL},
        {LEGACY("\"found\": true, \"equal\": false"), "legacy    id = 9: DIFFERS\n", NULL},
        {LEGACY("\"found\": true, \"error\": \"too long\""), "legacy    id = 9: WOULD BE REFUSED: too long\n",
         "DIFFERS"},
        /* what is said of a column depends on its rule */
        {COLUMN("compared", "true"), "          column  vNext says  legacy has\n          c       ''          NULL\n",
         "DIFFERS"},
        {COLUMN("compared", "false"), "c       ''          NULL        <-- DIFFERS\n", NULL},
        {COLUMN("compared", "null"), "c       ''          NULL        not asked for\n", NULL},
        {COLUMN("now", "false"), "set to the time of the sync\n", "DIFFERS"},
        {COLUMN("insert_only", "true"), "NULL        written on insert only\n", "differs"},
        {COLUMN("insert_only", "false"), "differs, which is right: written on insert only\n", "DIFFERS"},
        /* without a legacy row there is nothing beside what vNext says */
        {LEGACY("\"found\": false, \"columns\": [{\"column\": \"c\", \"rule\": \"compared\", \"vnext\": \"v\", "
                "\"legacy\": \"l\", "
                "\"same\": false}]"),
         "          c       v\n", "legacy has"},
        {"{\"waiting\": {\"total\": 30, \"events\": [{\"event_id\": \"5\", \"operation\": \"o\", \"age_seconds\": 61, "
         "\"actor\": \"a\"}, "
         "{\"event_id\": \"6\", \"operation\": \"o\", \"age_seconds\": 2}]}}",
         "waiting   event 5, o, for 1 min 1 s, by a\nwaiting   event 6, o, for 2.0 s\n          ... 30 events in all\n",
         "no event"},
        {"{\"failed\": [{\"event_id\": \"5\", \"operation\": \"o\", \"attempts\": 8, \"exception_type\": "
         "\"unique_violation\", "
         "\"parked\": true, \"message\": \"m\"}, {\"event_id\": \"6\", \"operation\": \"o\", \"attempts\": 1, "
         "\"exception_type\": \"e\", "
         "\"parked\": false, \"retry_in_seconds\": 65, \"message\": \"n\"}]}",
         "failed    event 5, o, 8 attempts, unique_violation, PARKED: m\nfailed    event 6, o, 1 attempts, e, again in "
         "1 min 5 s: n\n",
         NULL},
        {"{\"place\": {\"partition\": 12, \"instance\": \"abcdefghijk\", \"host\": \"web\", \"pid\": 7, \"held\": "
         "false}}",
         "who       partition 12, dealt to abcdefgh on web, pid 7\n", "under way"},
        {"{\"place\": {\"partition\": 12, \"instance\": \"abc\", \"host\": \"web\", \"pid\": 7, \"held\": true}}",
         "pid 7, a batch is under way there\n", NULL},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *story = document_with(base, cases[i].patch);
        struct buf out = {0};

        explain_text(&out, story, 0);
        text_has(buf_text(&out), cases[i].has);
        if (cases[i].has_not != NULL)
            text_has_not(buf_text(&out), cases[i].has_not);
        buf_free(&out);
        cJSON_Delete(story);
    }
}

/* As many rows as were asked for may be more. */
static void
test_many_rows(void **state)
{
    cJSON *story = document_with(base, "{\"vnext\": {\"found\": true, \"keys\": []}}");
    struct buf out = {0};

    (void) state;
    for (int i = 0; i < 20; i++)
        cJSON_AddItemToArray(cJSON_GetObjectItem(cJSON_GetObjectItem(story, "vnext"), "keys"), cJSON_Parse("[\"1\"]"));
    explain_text(&out, story, 0);
    text_has(buf_text(&out), "at least 20 rows stand for one legacy row: (1) (1)");
    buf_free(&out);
    cJSON_Delete(story);
}

/* On a terminal values are cut; elsewhere they are whole. Nobody's words steer it or forge a line. */
static void
test_values(void **state)
{
    static const char wide[] = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";
    struct buf patch = {0}, out = {0};
    cJSON *story;

    (void) state;
    buf_printf(&patch,
               "{\"entity\": \"" HOSTILE_JSON "\", \"key\": [\"" HOSTILE_JSON "\"], \"verdict\": \"" HOSTILE_JSON
               "\", \"next\": \"" HOSTILE_JSON "\", \"map\": [{\"" HOSTILE_JSON "\": \"" HOSTILE_JSON
               "\"}], \"failed\": [{\"event_id\": \"1\", "
               "\"message\": \"" HOSTILE_JSON
               "\", \"parked\": true}], \"legacy\": [{\"key\": {}, \"found\": true, \"equal\": false, "
               "\"columns\": [{\"column\": \"" HOSTILE_JSON
               "\", \"rule\": \"compared\", \"vnext\": \"%s\", \"legacy\": \"" HOSTILE_JSON "\", \"same\": false}]}]}",
               wide);
    story = document_with(base, buf_text(&patch));
    explain_text(&out, story, 0);
    text_has(buf_text(&out), wide);
    must_be_harmless(buf_text(&out), 0);
    text_has(buf_text(&out), "\n-> " HOSTILE_SHOWN "\n");
    buf_clear(&out);
    explain_text(&out, story, 80);
    text_has_not(buf_text(&out), wide);
    must_be_harmless(buf_text(&out), 0);
    buf_free(&patch);
    buf_free(&out);
    cJSON_Delete(story);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
