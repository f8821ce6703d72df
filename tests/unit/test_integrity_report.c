/* test_integrity_report.c - what checks found: score, verdict, text, JSON; whether a comparison says how things are now. */
/* links: lib/core/integrity_report.c lib/core/monitor_metrics.c lib/core/health_score.c lib/core/pack.c lib/core/shown.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c lib/core/pack_parts.c lib/core/expression.c lib/core/pgarray.c lib/core/quote.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/integrity_report.h"
#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"

static struct pack_check checks[] = {
    {.name = (char *) "owes",
     .title = (char *) "nobody owes",
     .severity = PACK_ERROR,
     .weight = 10,
     .mends = PACK_MEND_SQL,
     .done = (char *) "set to 0"},
    {.name = (char *) "odd", .title = (char *) "nothing is odd", .severity = PACK_WARNING},
    {.name = (char *) "gone", .title = (char *) "all are there", .severity = PACK_CRITICAL, .weight = 20},
};
static const struct pack pack = {
    .name = (char *) "heroes", .title = (char *) "heroes in order", .scoring = {5, 50}, .checks = checks, .count = 3};

static struct integrity_report
report_of(struct integrity_result **owes, struct integrity_result **odd, struct integrity_result **gone)
{
    struct integrity_report r = {
        .at = "2026-01-02T03:04:05Z", .period_hours = 24, .packs = xcalloc(1, sizeof *r.packs), .count = 1};
    struct integrity_pack *p = &r.packs[0];

    p->pack = &pack;
    integrity_add(p, &checks[0], "a");
    integrity_add(p, &checks[0], "b");
    integrity_add(p, &checks[1], NULL);
    integrity_add(p, &checks[2], NULL);
    *owes = &p->items[1];
    *odd = &p->items[2];
    *gone = &p->items[3];
    return r;
}

static void
found(struct integrity_result *r, int64_t rows)
{
    r->state = INTEGRITY_FOUND;
    r->rows = rows;
    r->samples = cJSON_CreateArray();
    cJSON_AddItemToArray(r->samples, cJSON_CreateString("7\n8"));
}

static void
clean(void **state)
{
    struct integrity_result *owes, *odd, *gone;
    struct integrity_report r = report_of(&owes, &odd, &gone);
    struct buf out = {0};

    (void) state;
    assert_int_equal(monitor_score(&r), 100);
    assert_int_equal(integrity_verdict(&r), INTEGRITY_GOOD);
    integrity_text(&out, &r, true);
    assert_string_equal(buf_text(&out), "heroes: heroes in order\n"
                                        "  \xe2\x9c\x93 owes (a): nobody owes\n"
                                        "  \xe2\x9c\x93 owes (b): nobody owes\n"
                                        "  \xe2\x9c\x93 odd: nothing is odd\n"
                                        "  \xe2\x9c\x93 gone: all are there\n"
                                        "\n\xe2\x9c\x93 0 issues\n");
    buf_free(&out);
    integrity_report_free(&r);
}

static void
a_check_weighs_once(void **state)
{
    struct integrity_result *owes, *odd, *gone;
    struct integrity_report r = report_of(&owes, &odd, &gone);

    (void) state;
    found(owes - 1, 1);
    found(owes, 2);
    assert_int_equal(monitor_score(&r), 100 - 3 * 5 - 10);
    assert_int_equal(integrity_verdict(&r), INTEGRITY_ISSUES);
    found(gone, 1);
    assert_int_equal(monitor_score(&r), 100 - 4 * 5 - 10 - 20);
    assert_int_equal(integrity_verdict(&r), INTEGRITY_CRITICAL);
    integrity_report_free(&r);
}

static void
skipped_is_not_healthy(void **state)
{
    struct integrity_result *owes, *odd, *gone;
    struct integrity_report r = report_of(&owes, &odd, &gone);
    struct buf out = {0};

    (void) state;
    odd->state = INTEGRITY_SKIPPED;
    odd->why = xstrdup("the table\nis away");
    gone->state = INTEGRITY_LEFT_OUT;
    gone->why = xstrdup("it is not about this");
    assert_int_equal(monitor_score(&r), 89);
    assert_int_equal(integrity_verdict(&r), INTEGRITY_UNKNOWN);
    integrity_text(&out, &r, false);
    assert_non_null(strstr(buf_text(&out),
                           "  \xe2\x9a\xa0 odd: skipped, because the table\\nis away; should be: nothing is odd\n"));
    assert_null(strstr(buf_text(&out), "left out"));
    assert_non_null(strstr(buf_text(&out), "\n\xe2\x9a\xa0 0 issues, 1 check skipped\n"));
    buf_clear(&out);
    integrity_text(&out, &r, true);
    assert_non_null(
        strstr(buf_text(&out), "  - gone: left out, because it is not about this; should be: all are there\n"));
    found(owes, 1);
    assert_int_equal(integrity_verdict(&r), INTEGRITY_ISSUES);
    buf_free(&out);
    integrity_report_free(&r);
}

static void
mended_is_good_where_nothing_is_left(void **state)
{
    struct integrity_result *owes, *odd, *gone;
    struct integrity_report r = report_of(&owes, &odd, &gone);
    struct buf out = {0};

    (void) state;
    found(owes, 1200);
    owes->mended = true;
    owes->changed = 1200;
    assert_int_equal(integrity_verdict(&r), INTEGRITY_GOOD);
    owes->left = -1;
    assert_int_equal(integrity_verdict(&r), INTEGRITY_GOOD);
    integrity_text(&out, &r, false);
    assert_non_null(strstr(buf_text(&out), "\n\xe2\x9c\x93 1 200 issues, mended or handed to the daemons\n"));
    buf_clear(&out);
    owes->left = 1;
    assert_int_equal(integrity_verdict(&r), INTEGRITY_ISSUES);
    integrity_text(&out, &r, true);
    assert_non_null(strstr(buf_text(&out), "  \xe2\x9c\x97 owes (b): 1 200 rows, error; should be: nobody owes\n"
                                           "    keys: 7\\n8, ...\n"
                                           "    mended 1 200 rows: set to 0; 1 row left\n"));
    assert_non_null(strstr(buf_text(&out), "\n\xe2\x9c\x97 1 200 issues\n"));
    buf_clear(&out);
    integrity_json(&out, &r);
    assert_non_null(strstr(buf_text(&out), "\"changed\":\t1200"));
    assert_non_null(strstr(buf_text(&out), "\"left\":\t1"));
    buf_free(&out);
    integrity_report_free(&r);
}

static void
document(void **state)
{
    struct integrity_result *owes, *odd, *gone;
    struct integrity_report r = report_of(&owes, &odd, &gone);
    cJSON *d;
    char *text;

    (void) state;
    found(owes, 3);
    d = monitor_document(&r, &r.packs[0]);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(d, "timestamp")), "2026-01-02T03:04:05Z");
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(d, "period_hours")), 24);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(d, "health_score")), 75);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(d, "status")), "degraded");
    text = cJSON_PrintUnformatted(d);
    assert_non_null(strstr(text, "\"checks\":{\"data_integrity\":{\"status\":\"issues\",\"total_issues\":3,"));
    assert_non_null(strstr(text, "\"heroes\":{\"health_score\":75,"));
    assert_null(strstr(text, "7\\n8")); /* what is kept names no row */
    cJSON_free(text);
    cJSON_Delete(d);
    integrity_report_free(&r);
}

static void
compared(void **state)
{
    static const struct {
        const char *run, *why;
    } cases[] = {
        {"{}", "no reconcile has compared team yet"},
        {"{\"team\": {\"done\": false, \"same_mapping\": true, \"age\": 1, \"open\": 0}}",
         "has not ended: wait for it where one works, else run"},
        {"{\"team\": {\"done\": true, \"same_mapping\": false, \"age\": 1, \"open\": 0}}", "another mapping"},
        {"{\"team\": {\"done\": true, \"same_mapping\": true, \"age\": 90000, \"open\": 0}}", "before the period"},
        {"{\"team\": {\"done\": true, \"same_mapping\": true, \"age\": -50, \"open\": 0}}", "before the period"},
        {"{\"team\": {\"done\": true, \"same_mapping\": true, \"age\": 1, \"open\": 2}}", "2 rows were in flight"},
        {"{\"team\": {\"done\": true, \"same_mapping\": true, \"age\": 1, \"open\": 0}}", NULL},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *runs = cJSON_Parse(cases[i].run);
        char *why = integrity_not_compared(runs, "team", 86400);

        if (cases[i].why == NULL)
            assert_null(why);
        else
            assert_non_null(strstr(why, cases[i].why));
        free(why);
        cJSON_Delete(runs);
    }
}

static void
chart(void **state)
{
    cJSON *runs = cJSON_Parse(
        "[{\"at\": \"2026-01-01T00:00:00Z\", \"score\": 49}, {\"at\": \"2026-01-02T00:00:00Z\", \"score\": 100}]");
    struct buf out = {0};

    (void) state;
    monitor_chart(&out, runs, 0);
    assert_int_equal(strncmp(buf_text(&out), "2026-01-01T00:00:00Z   49 \xe2\x96\x88", 29), 0);
    assert_non_null(strstr(buf_text(&out), "\xe2\x96\x91 critical\n2026-01-02T00:00:00Z  100 "));
    assert_non_null(strstr(buf_text(&out), "\xe2\x96\x88 healthy\n"));
    buf_clear(&out);
    monitor_chart(&out, runs, 40);
    assert_non_null(
        strstr(buf_text(&out), "  49 \xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x91\xe2\x96\x91 critical\n"));
    for (size_t width = 40; width <= 200; width++) {
        buf_clear(&out);
        monitor_chart(&out, runs, width);
        out.data[strcspn(out.data, "\n")] = '\0';
        assert_true(shown_width(out.data) <= width);
    }
    buf_free(&out);
    cJSON_Delete(runs);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean),    cmocka_unit_test(a_check_weighs_once),
        cmocka_unit_test(compared), cmocka_unit_test(skipped_is_not_healthy),
        cmocka_unit_test(document), cmocka_unit_test(mended_is_good_where_nothing_is_left),
        cmocka_unit_test(chart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
