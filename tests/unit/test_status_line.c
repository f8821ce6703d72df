/* test_status_line.c - one look of `status --watch` as a line: whole and half documents, and words that would break a line. */
/* links: lib/core/status_line.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
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

#define ON "\"flags\": {\"TEAM_VNEXT_DUAL_WRITE_ENABLED\": {\"value\": \"true\"}}"

static void
test_lines(void **state)
{
    static const struct {
        const char *json, *again, *line;
    } cases[] = {
        {"{}", NULL, " status= ready=no dual_write=off backlog=0 backlog_exact=false parked=0 retrying=0 daemons=0"},
        {"{\"at\": \"T\", \"status\": \"ok\", \"ready\": true, " ON ", \"backlog\": 0, \"backlog_exact\": true, "
         "\"failed\": {\"parked\": 0, \"retrying\": 0}, \"daemons\": [{}], \"findings\": []}",
         NULL, "T status=ok ready=yes dual_write=on backlog=0 parked=0 retrying=0 daemons=1"},
        {"{\"at\": \"T\", \"status\": \"critical\", \"ready\": false, " ON ", \"backlog\": 123456789012, "
         "\"backlog_exact\": false, \"oldest_event_age_seconds\": 86400.04, \"failed\": {\"parked\": 5, \"retrying\": "
         "12}, "
         "\"daemons\": [], \"findings\": [{\"about\": \"no_daemon\"}, {\"about\": \"parked\"}, {\"about\": \"lag\"}]}",
         NULL,
         "T status=critical ready=no dual_write=on backlog=123456789012 backlog_exact=false oldest_s=86400.0 parked=5 "
         "retrying=12 daemons=0 about=no_daemon,parked,lag"},
        /* an age of zero is known, null is not */
        {"{\"backlog_exact\": true, \"oldest_event_age_seconds\": 0}", NULL,
         " status= ready=no dual_write=off backlog=0 oldest_s=0.0 parked=0 retrying=0 daemons=0"},
        {"{\"backlog_exact\": true, \"oldest_event_age_seconds\": null}", "",
         " status= ready=no dual_write=off backlog=0 parked=0 retrying=0 daemons=0 msg=\"\""},
        /* the value of another flag, or of another type, does not turn dual write on */
        {"{\"backlog_exact\": true, \"flags\": {\"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE\": {\"value\": \"true\"}, "
         "\"TEAM_VNEXT_DUAL_WRITE_ENABLED\": {\"value\": true}}}",
         "was \"away\"\nfor C:\\x",
         " status= ready=no dual_write=off backlog=0 parked=0 retrying=0 daemons=0 msg=\"was \\\"away\\\"\\\\nfor "
         "C:\\\\x\""},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *doc = document_of(cases[i].json);
        struct buf out = {0}, line = {0};

        status_line(&out, doc, cases[i].again);
        buf_printf(&line, "%s\n", cases[i].line);
        assert_string_equal(buf_text(&out), buf_text(&line));
        must_be_harmless(buf_text(&out), 0);
        buf_free(&line);
        buf_free(&out);
        cJSON_Delete(doc);
    }
}

/* Lines are added to what is there: a caller may collect several. */
static void
test_lines_are_appended(void **state)
{
    struct buf out = {0};

    (void) state;
    status_line_away(&out, "T1", 0, "gone", false);
    status_line_away(&out, "T2", 61.26, "gone", false);
    assert_string_equal(buf_text(&out), "T1 status=unreachable for_s=0.0 error=\"gone\"\n"
                                        "T2 status=unreachable for_s=61.3 error=\"gone\"\n");
    buf_free(&out);
}

/* Whatever a server says: one line, and as JSON the very words. */
static void
test_away(void **state)
{
    static const char *const errors[] = {"", "a \"b\" \\c", "one\ntwo\r\n\tthree", "\x1b]0;title\x07",
                                         "caf\xc3\xa9 \xe2\x80\xae"};

    (void) state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct buf out = {0};
        cJSON *doc;

        status_line_away(&out, "T", 3, errors[i], false);
        must_be_harmless(buf_text(&out), 0);
        assert_int_equal(strcspn(buf_text(&out), "\n"), out.len - 1);
        buf_clear(&out);
        status_line_away(&out, "T", 3, errors[i], true);
        assert_int_equal(strcspn(buf_text(&out), "\n"), out.len - 1);
        doc = document_of(buf_text(&out));
        assert_string_equal(cJSON_GetObjectItem(doc, "error")->valuestring, errors[i]);
        assert_string_equal(cJSON_GetObjectItem(doc, "status")->valuestring, "unreachable");
        assert_true(cJSON_GetObjectItem(doc, "for_seconds")->valuedouble == 3);
        cJSON_Delete(doc);
        buf_free(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_are_appended),
        cmocka_unit_test(test_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
