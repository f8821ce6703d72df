/* test_smoke_report.c - percentiles, the verdict, and the text. */
/* links: lib/core/smoke_report.c lib/core/smoke_text.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/smoke_report.h"

static double
number(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItem(object, key)->valuedouble;
}

static void
test_times(void **state)
{
    double ms[200];
    double one[] = {7};
    cJSON *times;

    (void) state;
    for (size_t i = 0; i < 200; i++)
        ms[i] = (double) (200 - i);
    times = smoke_times(ms, 200);
    assert_true(number(times, "average_ms") == 100.5);
    assert_true(number(times, "p50_ms") == 100);
    assert_true(number(times, "p95_ms") == 190);
    assert_true(number(times, "p99_ms") == 198);
    cJSON_Delete(times);
    times = smoke_times(one, 1);
    assert_true(number(times, "p50_ms") == 7 && number(times, "p99_ms") == 7);
    cJSON_Delete(times);
    times = smoke_times(one, 0);
    assert_true(number(times, "average_ms") == 0 && number(times, "p99_ms") == 0);
    cJSON_Delete(times);
}

static void
rule(double on, double off, bool met)
{
    cJSON *perf = smoke_perf(&on, &off, 1);

    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(perf, "met")), met);
    cJSON_Delete(perf);
}

static void
test_rule(void **state)
{
    (void) state;
    rule(1.1, 1, true);
    rule(1.11, 1, false);
    rule(0.5, 1, true);
}

static void
judge(const char *text, bool good)
{
    cJSON *doc = cJSON_Parse(text);

    assert_non_null(doc);
    assert_int_equal(smoke_judge(doc), good);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(doc, "status")), good ? "passed" : "failed");
    cJSON_Delete(doc);
}

static void
test_verdict(void **state)
{
    (void) state;
    judge("{\"flows\": [{\"status\": \"passed\"}, {\"status\": \"skipped\"}], \"cleaned\": true, "
          "\"inline_legacy_writes\": 0}",
          true);
    judge("{\"flows\": [{\"status\": \"passed\"}], \"cleaned\": false, \"kept\": true, \"inline_legacy_writes\": null}",
          true);
    judge("{\"flows\": [{\"status\": \"passed\"}, {\"status\": \"failed\"}], \"cleaned\": true}", false);
    judge("{\"flows\": [{\"status\": \"passed\"}], \"cleaned\": true, \"inline_legacy_writes\": 1}", false);
    judge("{\"flows\": [{\"status\": \"passed\"}], \"cleaned\": false}", false);
}

static const char sample[] =
    "{\"via\": \"sql\", \"run\": \"3f9a2c1d\", \"name\": \"Staging Test Shelf 3f9a2c1d\", \"status\": \"failed\", "
    "\"flows\": ["
    "{\"flow\": 1, \"name\": \"create shelf\", \"status\": \"passed\", \"lag_ms\": 12.4, \"log\": \"a long line of the "
    "daemon's log "
    "that does not end before the terminal does, \\u001b[31mand is red\", \"rows\": {\"vnext_table\": \"new.shelf\", "
    "\"vnext_key\": {\"id\": \"7\"}, \"legacy_table\": \"old.shelf\", \"map_verified\": true, \"legacy\": {\"key\": "
    "{\"nr\": \"9\"}, "
    "\"found\": true, \"columns\": [{\"column\": \"nr\", \"vnext\": \"9\", \"legacy\": \"9\", \"same\": true}, "
    "{\"column\": \"t\", "
    "\"vnext\": \"a\", \"legacy\": null, \"same\": false}, {\"column\": \"n\", \"same\": null}]}}},"
    "{\"flow\": 2, \"name\": \"add book\", \"status\": \"failed\", \"reason\": \"no daemon is running (3 events "
    "wait)\", \"next\": "
    "\"dualwrited status\"},"
    "{\"flow\": 3, \"name\": \"change book\", \"status\": \"skipped\", \"reason\": \"flow 2 did not reach legacy\"}],"
    "\"writer_statements\": [{\"flow\": 1, \"written\": [{\"table\": \"new.shelf\", \"inserted\": 1, \"updated\": 0, "
    "\"deleted\": 0}, "
    "{\"table\": \"dualwrite.outbox\", \"inserted\": 1}]}, {\"flow\": 4, \"written\": null}],"
    "\"perf\": {\"each\": 20, \"on\": {\"average_ms\": 2.5, \"p50_ms\": 2, \"p95_ms\": 4, \"p99_ms\": 6}, \"off\": "
    "{\"average_ms\": 2, "
    "\"p50_ms\": 2, \"p95_ms\": 3, \"p99_ms\": 4}, \"ratio\": 1.25, \"rule\": 1.1, \"met\": false},"
    "\"inline_legacy_writes\": 2, \"inline_why\": \"UPDATE on old.shelf by app\", \"leftovers\": 1, \"cleaned\": "
    "false, "
    "\"cleaned_why\": \"app lacks DELETE on old.shelf\", \"interrupted\": true}";

static const char told[] = "Smoke test through SQL, run 3f9a2c1d: Staging Test Shelf 3f9a2c1d\n\n"
                           "✓ 1  create shelf           passed, in legacy 12 ms after its commit\n"
                           "    vNext    new.shelf id=7\n"
                           "    legacy   old.shelf nr=9: 1 of 2 columns equal, map row verified\n"
                           "    differs  t: vNext gives a, legacy has NULL\n"
                           "    log      a long line of the daemon's log that does not end before the\n"
                           "             terminal does, \\u{1b}[31mand is red\n"
                           "✗ 2  add book               failed\n"
                           "    because  no daemon is running (3 events wait)\n"
                           "    next     dualwrited status\n"
                           "– 3  change book            skipped\n"
                           "    because  flow 2 did not reach legacy\n"
                           "\nWhat the writer's transactions wrote, their triggers included:\n"
                           "    flow 1   new.shelf 1 inserted, dualwrite.outbox 1 inserted\n"
                           "    flow 4   not known: track_counts is off\n"
                           "\n⚠ performance: 20 creations with dual write on and 20 with it off, in turn\n"
                           "    on       average 2.50 ms, p50 2.00, p95 4.00, p99 6.00\n"
                           "    off      average 2.00 ms, p50 2.00, p95 3.00, p99 4.00\n"
                           "    ratio    1.25 of the average without; the rule is 1.10 at most: NOT met\n"
                           "\n✗ 2 inline legacy writes\n"
                           "    because  UPDATE on old.shelf by app\n"
                           "✗ the test data is still there\n"
                           "    because  app lacks DELETE on old.shelf\n"
                           "⚠ 1 test row of another run\n"
                           "    next     dualwrited rollback cleanup --match 'Staging Test%'\n"
                           "\nfailed: 1 of 3 flows passed, 1 skipped; interrupted\n";

static void
test_text(void **state)
{
    cJSON *doc = cJSON_Parse(sample);
    struct buf out = {0};

    (void) state;
    assert_non_null(doc);
    smoke_text(&out, doc, 0);
    assert_string_equal(buf_text(&out), told);
    buf_free(&out);
    cJSON_Delete(doc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_rule),
                                       cmocka_unit_test(test_verdict), cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
