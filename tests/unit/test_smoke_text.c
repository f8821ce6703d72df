/* test_smoke_text.c - what `smoke` says, part by part: whole and half documents, narrow terminals, words that would steer one. */
/* links: lib/core/smoke_report.c lib/core/smoke_text.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/smoke_report.h"
#include "text_sample.h"

static const char base[] =
    "{\"via\": \"sql\", \"run\": \"r1\", \"name\": \"Staging Test Team r1\", \"status\": \"passed\", "
    "\"flows\": [], \"writer_statements\": [], \"perf\": null, \"inline_legacy_writes\": 0, "
    "\"leftovers\": 0, \"cleaned\": true, \"cleaned_rows\": {\"vnext\": 2, \"legacy\": 3, \"map\": 1}}";

static void
test_parts(void **state)
{
    static const struct {
        const char *patch, *has, *has_not;
    } cases[] = {
        {"{}",
         "Smoke test through SQL, run r1: Staging Test Team r1\n\n\n✓ no inline legacy writes: the guard recorded "
         "none\n"
         "✓ the test data is gone on both sides: 2 vNext rows, 3 legacy rows, 1 map rows\n\npassed: 0 of 0 flows "
         "passed\n",
         "performance"},
        {"{\"via\": \"api\"}", "Smoke test through the API, run r1", NULL},
        {"{\"flows\": [{\"flow\": 1, \"name\": \"create\", \"status\": \"passed\", \"lag_ms\": 0.4}]}",
         "✓ 1  create                 passed, in legacy 0 ms after its commit\n", "because"},
        {"{\"flows\": [{\"flow\": 2, \"name\": \"b\", \"status\": \"failed\", \"reason\": \"why\", \"next\": \"do\"}, "
         "{\"flow\": 3, "
         "\"name\": \"c\", \"status\": \"skipped\"}]}",
         "✗ 2  b                      failed\n    because  why\n    next     do\n– 3  c                      skipped\n",
         "in legacy"},
        {"{\"flows\": [{\"flow\": 2, \"status\": \"failed\"}, {\"flow\": 3, \"status\": \"skipped\"}]}",
         "passed: 0 of 2 flows passed, 1 skipped\n", "interrupted"},
        /* rows: of the columns only those count that were compared */
        {"{\"flows\": [{\"flow\": 1, \"rows\": {\"vnext_table\": \"n.t\", \"vnext_key\": {\"a\": \"1\", \"b\": null}, "
         "\"legacy_table\": \"o.t\", \"map_verified\": false, \"legacy\": {\"key\": {\"k\": \"2\"}, \"found\": true, "
         "\"columns\": "
         "[{\"same\": true}, {\"same\": null}, {\"column\": \"c\", \"same\": false, \"vnext\": null, \"legacy\": "
         "\"x\"}]}}}]}",
         "    vNext    n.t a=1 b=?\n    legacy   o.t k=2: 1 of 2 columns equal, map row not verified\n"
         "    differs  c: vNext gives NULL, legacy has x\n",
         NULL},
        {"{\"flows\": [{\"flow\": 1, \"rows\": {\"vnext_table\": \"n.t\", \"legacy_table\": \"o.t\", \"map_verified\": "
         "null, "
         "\"legacy\": {\"found\": false}}}]}",
         "    legacy   o.t: no such row\n", ", map row"},
        {"{\"writer_statements\": [{\"flow\": 1, \"written\": []}, {\"flow\": 2, \"written\": [{\"table\": \"t\", "
         "\"updated\": 2, "
         "\"deleted\": 1}, {\"table\": \"u\"}]}]}",
         "    flow 2   t 2 updated 1 deleted, u\n", "inserted"},
        {"{\"writer_statements\": [{\"flow\": 4}]}", "    flow 4   not known: track_counts is off\n", NULL},
        {"{\"perf\": {\"skipped\": \"no strict mode\"}}", "\n– performance\n    because  no strict mode\n", "ratio"},
        {"{\"perf\": {\"each\": 5, \"on\": {\"average_ms\": 1.005}, \"off\": {}, \"ratio\": 1.1, \"rule\": 1.1, "
         "\"met\": true}}",
         "✓ performance: 5 creations with dual write on and 5 with it off, in turn\n", "NOT met"},
        {"{\"inline_legacy_writes\": null, \"inline_why\": \"there is no guard\"}",
         "– inline legacy writes: not known\n    because  there is no guard\n", "✓ no inline"},
        {"{\"inline_legacy_writes\": 3, \"inline_why\": \"app\"}", "✗ 3 inline legacy writes\n    because  app\n",
         NULL},
        {"{\"kept\": true}", "– the test data stays, as you wished\n", "gone"},
        {"{\"cleaned_rows\": {\"vnext\": 0}}", "– no test data was made\n", "gone"},
        {"{\"cleaned\": false, \"cleaned_why\": \"no right\"}",
         "✗ the test data is still there\n    because  no right\n", "gone"},
        {"{\"leftovers\": 1}",
         "⚠ 1 test row of another run\n    next     dualwrited rollback cleanup --match 'Staging Test%'\n", "rows of"},
        {"{\"leftovers\": 20}", "⚠ 20 test rows of another run\n", NULL},
        {"{\"interrupted\": true}", "passed: 0 of 0 flows passed; interrupted\n", NULL},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *doc = document_with(base, cases[i].patch);
        struct buf out = {0};

        smoke_text(&out, doc, 0);
        text_has(buf_text(&out), cases[i].has);
        if (cases[i].has_not != NULL)
            text_has_not(buf_text(&out), cases[i].has_not);
        buf_free(&out);
        cJSON_Delete(doc);
    }
}

#define LONG HOSTILE_JSON " that goes on and on, in words that a terminal must break somewhere between its edges"

static void
test_widths(void **state)
{
    static const char patch[] =
        "{\"name\": \"" LONG "\", \"flows\": [{\"flow\": 1, \"name\": \"" LONG
        "\", \"status\": \"failed\", \"reason\": \"" LONG "\", \"next\": \"" LONG "\", \"log\": \"" LONG
        "\", \"rows\": {\"vnext_table\": \"" LONG "\", \"vnext_key\": {\"" HOSTILE_JSON "\": \"" LONG
        "\"}, \"legacy_table\": \"" LONG "\", \"legacy\": {\"found\": true, \"columns\": [{\"column\": \"" LONG
        "\", \"vnext\": \"" LONG "\", \"legacy\": \"" LONG
        "\", \"same\": false}]}}}], \"writer_statements\": [{\"flow\": 1, \"written\": "
        "[{\"table\": \"" LONG "\"}]}], \"inline_legacy_writes\": 1, \"inline_why\": \"" LONG
        "\", \"cleaned\": false, \"cleaned_why\": \"" LONG "\", \"leftovers\": 1}";
    static const size_t widths[] = {0, 72, 80, 132};
    cJSON *doc = document_with(base, patch);

    (void) state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct buf out = {0};

        smoke_text(&out, doc, widths[i]);
        must_be_harmless(buf_text(&out), widths[i] == 0 ? 80 : widths[i]);
        text_has(buf_text(&out), "because  " HOSTILE_SHOWN " that goes on");
        buf_free(&out);
    }
    cJSON_Delete(doc);
}

static void
test_half_documents(void **state)
{
    static const char *const documents[] = {
        "{}", "{\"flows\": [{}], \"writer_statements\": [{}], \"perf\": {}, \"cleaned\": 1}",
        "{\"flows\": [{\"rows\": {}}], \"perf\": [], \"inline_legacy_writes\": \"2\"}"};

    (void) state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        cJSON *doc = document_of(documents[i]);
        struct buf out = {0};

        smoke_text(&out, doc, 80);
        text_has(buf_text(&out), "– inline legacy writes: not known\n");
        text_has(buf_text(&out), "✗ the test data is still there\n");
        must_be_harmless(buf_text(&out), 0);
        buf_free(&out);
        cJSON_Delete(doc);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_half_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
