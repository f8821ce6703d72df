/* test_check_report.c - the findings of `check`: order, verdict, text and JSON. */
/* links: lib/core/check_report.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "dualwrite/check_report.h"

static char *
text_of(const struct check_report *r, bool color)
{
    struct buf out = {0};

    check_text(&out, r, color);
    return buf_steal(&out);
}

static void
test_empty(void **state)
{
    struct check_report r = {0};
    char *text = text_of(&r, false);

    (void) state;
    assert_string_equal(text, "0 checks: 0 PASS, 0 WARN, 0 FAIL. Nothing stands in the way.\n");
    assert_int_equal(check_verdict(&r), VERDICT_CLEAN);
    free(text);
    check_report_free(&r);
}

/* By area, whatever the order of the looking; in each the worst first, and equals as they came. */
static void
test_text(void **state)
{
    struct check_report r = {0};
    char *text;

    (void) state;
    check_add(&r, CHECK_PASS, AREA_DATA, "length", "$.entities[0]", "all %d fit", 7);
    check_add(&r, CHECK_WARN, AREA_VNEXT, "backup", NULL, "is old");
    check_mend(&r, "make %s", "one");
    check_add(&r, CHECK_PASS, AREA_VNEXT, "server", NULL, "one");
    check_add(&r, CHECK_FAIL, AREA_VNEXT, "clock", NULL, "two");
    check_add(&r, CHECK_PASS, AREA_CONFIG, "settings", "a.env", "read");
    check_add(&r, CHECK_FAIL, AREA_VNEXT, "subscription", "public.t", "three");
    text = text_of(&r, false);
    assert_string_equal(text, "settings\n"
                              "  PASS  settings      a.env: read\n"
                              "\n"
                              "vNext database\n"
                              "  FAIL  clock         two\n"
                              "  FAIL  subscription  public.t: three\n"
                              "  WARN  backup        is old\n"
                              "                      -> make one\n"
                              "  PASS  server        one\n"
                              "\n"
                              "data\n"
                              "  PASS  length        $.entities[0]: all 7 fit\n"
                              "\n"
                              "6 checks: 3 PASS, 1 WARN, 2 FAIL. Mend each FAIL before the first write.\n");
    free(text);
    text = text_of(&r, true);
    assert_non_null(strstr(text, "  \x1b[1;31mFAIL\x1b[0m  clock "));
    assert_non_null(strstr(text, "  \x1b[32mPASS\x1b[0m  server "));
    free(text);
    check_report_free(&r);
}

/* What a row or a name holds cannot forge a line. */
static void
test_one_line(void **state)
{
    struct check_report r = {0};
    char *text;

    (void) state;
    check_add(&r, CHECK_WARN, AREA_DATA, "values", "a\nb", "x\n  PASS  y\x1b[2J\x7f");
    check_mend(&r, "one\ttwo");
    text = text_of(&r, false);
    assert_string_equal(text, "data\n"
                              "  WARN  values  a b: x   PASS  y\\x1b[2J\\x7f\n"
                              "                -> one\\x09two\n"
                              "\n"
                              "1 checks: 0 PASS, 1 WARN, 0 FAIL. Read each WARN before the first write.\n");
    free(text);
    check_report_free(&r);
}

static void
test_verdicts(void **state)
{
    struct check_report r = {0};
    char *text;

    (void) state;
    check_add(&r, CHECK_PASS, AREA_DATA, "a", NULL, "a");
    assert_int_equal(check_verdict(&r), VERDICT_CLEAN);
    check_add(&r, CHECK_WARN, AREA_DATA, "a", NULL, "a");
    assert_int_equal(check_verdict(&r), VERDICT_WARNED);
    check_unfinished(&r);
    assert_int_equal(check_verdict(&r), VERDICT_UNFINISHED);
    text = text_of(&r, false);
    assert_non_null(
        strstr(text, "2 checks: 1 PASS, 1 WARN, 0 FAIL, 1 of them not finished. NOT FINISHED: what was not looked at"));
    free(text);
    check_add(&r, CHECK_FAIL, AREA_DATA, "a", NULL, "a");
    assert_int_equal(check_verdict(&r), VERDICT_FAILED);
    check_report_free(&r);
    assert_int_equal(r.count, 0);
    assert_int_equal(check_verdict(&r), VERDICT_CLEAN);
}

static void
test_json(void **state)
{
    struct check_report r = {0};
    struct buf out = {0};
    const cJSON *item;
    cJSON *root;

    (void) state;
    check_add(&r, CHECK_FAIL, AREA_MAPPING, "type", "$.a[\"b\"]", "is \"odd\"\n");
    check_mend(&r, "first");
    check_mend(&r, "write %s", "it");
    check_add(&r, CHECK_PASS, AREA_INSTALLATION, "guard", NULL, "on");
    check_unfinished(&r);
    check_json(&out, &r);
    root = cJSON_Parse(buf_text(&out));
    assert_non_null(root);
    item = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "checks"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "level")), "FAIL");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "area")), "mapping");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "check")), "type");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "where")), "$.a[\"b\"]");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "message")), "is \"odd\"\n");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "mend")), "write it");
    item = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "checks"), 1);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(item, "where")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(item, "mend")));
    item = cJSON_GetObjectItem(root, "summary");
    assert_int_equal(cJSON_GetObjectItem(item, "fail")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(item, "pass")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(item, "unfinished")->valueint, 1);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "verdict")), "failed");
    assert_int_equal(buf_text(&out)[out.len - 1], '\n');
    cJSON_Delete(root);
    buf_free(&out);
    check_report_free(&r);
}

static void
test_faults(void **state)
{
    struct check_report r = {0};
    struct faults f = {0};

    (void) state;
    faults_add(&f, FAULT_ERROR, "dir; x/m.json: $.entities[0].map", "lacks SELECT; GRANT SELECT ON a; b");
    faults_kind(&f, "rights");
    faults_add(&f, FAULT_WARNING, "a.env:3", "is odd");
    check_add_faults(&r, AREA_MAPPING, "settings", &f);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.items[0].level, CHECK_FAIL);
    assert_string_equal(r.items[0].check, "rights");
    assert_string_equal(r.items[0].where, "$.entities[0].map");
    assert_string_equal(r.items[0].message, "lacks SELECT");
    assert_string_equal(r.items[0].mend, "GRANT SELECT ON a; b");
    assert_int_equal(r.items[1].level, CHECK_WARN);
    assert_string_equal(r.items[1].check, "settings");
    assert_string_equal(r.items[1].where, "a.env:3");
    assert_null(r.items[1].mend);
    faults_free(&f);
    check_report_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),    cmocka_unit_test(test_text), cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_verdicts), cmocka_unit_test(test_json), cmocka_unit_test(test_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
