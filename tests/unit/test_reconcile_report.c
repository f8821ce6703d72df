/* test_reconcile_report.c - the report of `reconcile`: verdict, text and JSON. */
/* links: lib/core/reconcile_report.c lib/core/reconcile.c lib/core/outcome.c lib/core/condition.c lib/core/ref.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "dualwrite/reconcile_report.h"
#include "dualwrite/xalloc.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A report of one entity, to be freed. */
static struct reconcile_report
report_of(struct reconcile_entity e)
{
    struct reconcile_report r = {.count = 1, .daemons = 1, .enabled = true, .waits = true};

    e.name = "team";
    r.items = xcalloc(1, sizeof *r.items);
    r.items[0] = e;
    return r;
}

static char *
text_of(const struct reconcile_report *r)
{
    struct buf out = {0};

    reconcile_text(&out, r);
    return buf_steal(&out);
}

static const char *
last_line(const char *text)
{
    const char *line = text + strlen(text) - 1;

    while (line > text && line[-1] != '\n')
        line--;
    return line;
}

/* What it comes to, the word for programs, and that the last line says so and what to do next. */
static void
test_verdicts(void **state)
{
    static const struct {
        struct reconcile_entity e;
        bool fix, dry_run, no_wait, broken_off, off;
        int daemons;
        enum reconcile_verdict verdict;
        const char *word, *last;
    } rows[] = {
        {{.complete = true, .vnext_seen = 3, .vnext_rows = 3},
         .daemons = 1,
         .verdict = RECONCILE_CLEAN,
         .word = "clean",
         .last = "CLEAN: 3 of 3 rows compared, no difference.\n"},
        {{.complete = true, .found[RECONCILE_MISSING] = 2, .to_update = 2},
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "Queue them with `dualwrited reconcile --resume --fix`.\n"},
        {{.complete = true, .found[RECONCILE_MISSING] = 2, .to_update = 2},
         .fix = true,
         .dry_run = true,
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "--resume --fix`.\n"},
        {{.complete = true, .found[RECONCILE_EXTRA] = 2, .to_remove = 2, .asks = true},
         .fix = true,
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "--allow-removals`.\n"},
        {{.complete = true, .found[RECONCILE_MISSING] = 2, .fixed = 2},
         .fix = true,
         .verdict = RECONCILE_MENDED,
         .word = "fixed",
         .last = "FIXED: 2 of 2 differences; 0 of 0 rows compared.\n"},
        {{.complete = true, .found[RECONCILE_MISSING] = 2, .fixed = 1, .unfixed = 1},
         .fix = true,
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "Look for a trigger or rule on the legacy table that changes what is written.\n"},
        {{.complete = true, .found[RECONCILE_MISSING] = 2, .queued = 2},
         .fix = true,
         .no_wait = true,
         .daemons = 1,
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "are applied with `dualwrited reconcile --resume --fix`.\n"},
        {{.complete = true, .found[RECONCILE_MISSING] = 2, .queued = 2},
         .fix = true,
         .verdict = RECONCILE_UNFINISHED,
         .word = "unfinished",
         .last = "Go on with `dualwrited reconcile --resume --fix`.\n"},
        {{.complete = true, .parked = 1},
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "then `dualwrited failed retry`.\n"},
        {{.complete = true, .found[RECONCILE_MISSING] = 1, .fixed = 1, .parked = 1},
         .fix = true,
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "then `dualwrited failed retry`.\n"},
        {{.complete = true, .found[RECONCILE_REFUSED] = 1},
         .verdict = RECONCILE_FOUND,
         .word = "differences",
         .last = "Mend the refused rows in vNext, or the mapping.\n"},
        /* not knowing is more than a difference */
        {{.complete = true, .found[RECONCILE_MISSING] = 2, .in_flight = 1},
         .daemons = 1,
         .verdict = RECONCILE_UNFINISHED,
         .word = "unfinished",
         .last = "once the backlog is gone.\n"},
        {{.complete = true, .in_flight = 1},
         .verdict = RECONCILE_UNFINISHED,
         .word = "unfinished",
         .last = "No daemon with this mapping is running: what waits is not applied.\n"},
        {{.complete = true, .in_flight = 1},
         .daemons = 1,
         .off = true,
         .verdict = RECONCILE_UNFINISHED,
         .word = "unfinished",
         .last = "Dual write is off: what waits is not applied.\n"},
        {{.vnext_seen = 1, .vnext_rows = 3},
         .verdict = RECONCILE_UNFINISHED,
         .word = "unfinished",
         .last = "Go on with `dualwrited reconcile --resume`.\n"},
        {{.complete = true},
         .broken_off = true,
         .verdict = RECONCILE_UNFINISHED,
         .word = "unfinished",
         .last = "Go on with `dualwrited reconcile --resume`.\n"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reconcile_report r = report_of(rows[i].e);
        struct buf json = {0};
        const char *last;
        cJSON *root;
        char *text;

        r.fix = rows[i].fix;
        r.dry_run = rows[i].dry_run;
        r.waits = !rows[i].no_wait;
        r.broken_off = rows[i].broken_off;
        r.enabled = !rows[i].off;
        r.daemons = rows[i].daemons;
        text = text_of(&r);
        last = last_line(text);
        assert_int_equal(reconcile_verdict(&r), rows[i].verdict);
        if (strlen(last) < strlen(rows[i].last) ||
            strcmp(last + strlen(last) - strlen(rows[i].last), rows[i].last) != 0)
            fail_msg("row %zu ends with: %s", i, last);
        reconcile_json(&json, &r);
        root = cJSON_Parse(buf_text(&json));
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "summary"), "verdict")),
                            rows[i].word);
        cJSON_Delete(root);
        buf_free(&json);
        free(text);
        reconcile_report_free(&r);
    }
}

static struct reconcile_report
whole(void)
{
    struct reconcile_report r = report_of((struct reconcile_entity){
        .vnext_rows = 10,
        .vnext_seen = 10,
        .legacy_rows = 9,
        .legacy_seen = 9,
        .legacy_asked = true,
        .complete = true,
        .unmapped = 1,
        .found = {[RECONCILE_MISSING] = 3, [RECONCILE_DRIFTED] = 1},
        .parked = 1,
        .in_flight = 2,
        .to_update = 4,
    });
    struct reconcile_entity *e = &r.items[0];
    struct reconcile_list *l = reconcile_list_add(&e->lists, &e->nlists, "missing", 2);

    reconcile_sample_add(l, "7", NULL, NULL, NULL);
    assert_ptr_equal(reconcile_list_add(&e->lists, &e->nlists, "missing", 1), l); /* the same list */
    reconcile_list_add(&e->lists, &e->nlists, "drifted", 1);
    l = reconcile_list_add(&e->lists, &e->nlists, "parked", 1);
    reconcile_sample_add(l, "8", NULL, NULL, "too\nlong");
    l = reconcile_list_add(&e->columns, &e->ncolumns, "na\x1bme", 1);
    reconcile_sample_add(l, "9", "a\x07", NULL, NULL);
    return r;
}

static void
test_text(void **state)
{
    struct reconcile_report r = whole();
    char *text = text_of(&r);

    (void) state;
    assert_string_equal(text, "team: 10 of 10 vNext rows compared, 9 of 9 legacy rows (1 unmapped: not known to be the "
                              "dual write's)\n"
                              "  missing   3\n"
                              "    7\n"
                              "    ... and 2 more\n"
                              "  drifted   1\n"
                              "    column na\\x1bme: 1\n"
                              "      9: vNext gives \"a\\x07\", legacy has NULL\n"
                              "  parked    1\n"
                              "    8: too\\x0along\n"
                              "  in flight 2\n"
                              "\n"
                              "NOT FINISHED: 10 of 10 rows compared, 5 differences, 2 in flight. Look again with "
                              "`dualwrited reconcile --resume` once the backlog is gone.\n");
    free(text);
    r.fix = true;
    r.dry_run = true;
    r.why = xstrdup("because");
    text = text_of(&r);
    assert_non_null(strstr(text, "\nwould be queued:\n  team: 4 updates, 0 removals\n\nbecause\n"));
    free(text);
    reconcile_report_free(&r);
}

static double
number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(object, key);

    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void
test_json(void **state)
{
    struct reconcile_report r = whole();
    struct buf out = {0};
    cJSON *root, *e, *column, *sample;

    (void) state;
    reconcile_json(&out, &r);
    assert_int_equal(out.data[out.len - 1], '\n');
    root = cJSON_Parse(buf_text(&out));
    e = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "entities"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(e, "entity")), "team");
    assert_true(number(e, "missing") == 3 && number(e, "drifted") == 1 && number(e, "parked") == 1);
    assert_true(number(e, "in_flight") == 2 && number(e, "unmapped") == 1 && number(e, "legacy_rows") == 9);
    column = cJSON_GetArrayItem(cJSON_GetObjectItem(e, "columns"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(column, "column")), "na\x1bme");
    sample = cJSON_GetArrayItem(cJSON_GetObjectItem(column, "samples"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(sample, "vnext")), "a\x07");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(sample, "legacy")));
    /* drifted rows are told by column */
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(e, "classes")), 2);
    assert_true(number(cJSON_GetObjectItem(root, "summary"), "differences") == 5);
    assert_true(number(cJSON_GetObjectItem(root, "summary"), "planned") == 4);
    cJSON_Delete(root);
    buf_free(&out);
    reconcile_report_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
