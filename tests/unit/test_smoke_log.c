/* test_smoke_log.c - which line of a log completes a change. */
/* links: lib/core/smoke_log.c lib/base/log.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/smoke_log.h"

#define LOGFMT "2026-11-21T17:11:28.042Z INFO event_type=dual_write_completed operation=made shelf_id="
#define JSON "{\"time\":\"2026\",\"level\":\"INFO\",\"event_type\":\"dual_write_completed\",\"operation\":\"made\","

static void
expect(const char *log, const char *id, const char *line)
{
    char *found = smoke_log_find(log, strlen(log), "made", "shelf_id", id);

    if (line == NULL)
        assert_null(found);
    else
        assert_string_equal(found, line);
    free(found);
}

static void
test_logfmt(void **state)
{
    (void) state;
    expect(LOGFMT "12 duration_ms=4\n", "12", LOGFMT "12 duration_ms=4");
    expect("web-1 | <6>" LOGFMT "12\nmore\n", "12", "web-1 | <6>" LOGFMT "12");
    expect(LOGFMT "123 duration_ms=4\n", "12", NULL);
    expect(LOGFMT "12 duration_ms=4", "12", NULL); /* the line is not whole yet */
    expect("x event_type=dual_write_scheduled operation=made shelf_id=12\n", "12", NULL);
    expect("x event_type=dual_write_completed operation=made_again shelf_id=12\n", "12", NULL);
    expect(LOGFMT "\"a \\\"b\" n=1\n", "a \"b", LOGFMT "\"a \\\"b\" n=1");
    expect("", "12", NULL);
}

static void
test_json(void **state)
{
    (void) state;
    expect(JSON "\"shelf_id\":\"12\"}\n", "12", JSON "\"shelf_id\":\"12\"}");
    expect("noise\nweb-1 | " JSON "\"shelf_id\":12}\n", "12", "web-1 | " JSON "\"shelf_id\":12}");
    expect(JSON "\"shelf_id\":\"13\"}\n", "12", NULL);
    expect(JSON "\"shelf_id\":\"12\"\n", "12", NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logfmt), cmocka_unit_test(test_json)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
