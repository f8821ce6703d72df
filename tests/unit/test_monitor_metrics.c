/* test_monitor_metrics.c - figures against their targets; what is not known is not invented. */
/* links: lib/core/monitor_metrics.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/monitor_metrics.h"

#define COUNTERS(commits, rollbacks) "{\"commits\":" #commits ",\"rollbacks\":" #rollbacks ",\"since\":\"x\"}"

static void
says(const char *facts, const char *line)
{
    cJSON *json = cJSON_Parse(facts);
    cJSON *metrics = monitor_metrics(json);
    struct buf out = {0};

    monitor_metrics_text(&out, metrics);
    if (strstr(buf_text(&out), line) == NULL)
        fail_msg("\"%s\" is not in\n%s", line, buf_text(&out));
    assert_int_equal(cJSON_GetArraySize(metrics), 4);
    buf_free(&out);
    cJSON_Delete(metrics);
    cJSON_Delete(json);
}

static void
success(void **state)
{
    (void) state;
    says("{\"completed\":96,\"failed\":4}", "\xe2\x9c\x93 operation success: 96 % of 100; target > 95 %\n");
    says("{\"completed\":95,\"failed\":5}", "\xe2\x9a\xa0 operation success: 95 % of 100; target > 95 %\n");
    says("{\"completed\":999999,\"failed\":1}", "operation success: 99.99 % of 1 000 000;");
    says("{\"completed\":0,\"failed\":3}", "\xe2\x9a\xa0 operation success: 0 % of 3;");
    says("{\"completed\":7,\"failed\":0}", "operation success: 100 % of 7;");
    says("{\"completed\":0,\"failed\":0}",
         "  - operation success: not known; target > 95 %; no event was synced in this time\n");
}

static void
violations(void **state)
{
    (void) state;
    says("{\"violations\":0}", "\xe2\x9c\x93 constraint violations: 0 events of the sync; target 0");
    says("{\"violations\":2}", "\xe2\x9a\xa0 constraint violations: 2 events of the sync; target 0");
}

static void
rollbacks(void **state)
{
    (void) state;
    says("{\"counters\":" COUNTERS(5990, 10) ",\"before\":" COUNTERS(5000, 0) "}",
         "\xe2\x9a\xa0 transaction rollbacks: 1 % of 1 000; target < 1 %\n");
    says("{\"counters\":" COUNTERS(5991, 9) ",\"before\":" COUNTERS(5000, 0) "}",
         "\xe2\x9c\x93 transaction rollbacks: 0.9 % of 1 000; target < 1 %\n");
    says("{\"counters\":" COUNTERS(5990, 9) ",\"before\":" COUNTERS(5000, 0) "}",
         "not known; target < 1 %; there were too few");
    says("{\"counters\":" COUNTERS(10, 0) ",\"before\":" COUNTERS(5000, 100) "}",
         "not known; target < 1 %; the server's");
    says("{\"counters\":" COUNTERS(9000, 0) ",\"before\":{\"commits\":1,\"rollbacks\":0,\"since\":\"y\"}}",
         "not known; target < 1 %; the server's statistics began anew");
    says("{\"counters\":" COUNTERS(9000, 0) ",\"before\":null}", "not known; target < 1 %; counted from one run");
}

#define CALLS(calls, ms) "{\"calls\":" #calls ",\"calls_ms\":" #ms ",\"tracked\":true,\"since\":\"x\"}"

static void
response(void **state)
{
    (void) state;
    says("{\"counters\":" CALLS(110, 250.5) ",\"before\":" CALLS(10, 25.5) "}",
         "\xe2\x9c\x93 response time: 2.25 ms of 100; target < 200 ms\n");
    says("{\"counters\":" CALLS(3, 600) ",\"before\":" CALLS(0, 0) "}", "\xe2\x9a\xa0 response time: 200 ms of 3;");
    says("{\"counters\":" CALLS(10, 25) ",\"before\":" CALLS(10, 25) "}", "not known; target < 200 ms; no operation");
    says("{\"counters\":" CALLS(3, 6) ",\"before\":" CALLS(10, 25) "}", "not known; target < 200 ms; the server's");
    says("{\"counters\":" CALLS(3, 6) ",\"before\":" COUNTERS(5000, 0) "}", "not known; target < 200 ms; counted from");
    says("{\"counters\":{\"tracked\":false,\"since\":\"x\"},\"before\":null}",
         "not known; target < 200 ms; the server times no operation of a pack (track_functions = pl)");
}

static void
nothing_is_known(void **state)
{
    cJSON *metrics = monitor_metrics(NULL);
    const cJSON *m;

    (void) state;
    cJSON_ArrayForEach(m, metrics)
    {
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(m, "value")));
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(m, "met")));
        assert_true(cJSON_IsString(cJSON_GetObjectItem(m, "why")));
    }
    cJSON_Delete(metrics);
    says("{}", "response time: not known; target < 200 ms; the database could not be asked");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success),  cmocka_unit_test(violations),       cmocka_unit_test(rollbacks),
        cmocka_unit_test(response), cmocka_unit_test(nothing_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
