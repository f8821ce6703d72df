/* test_alert_text.c - what an alert says in each target's form, whatever is in the names. */
/* links: lib/core/alert_text.c lib/core/alert.c lib/core/integrity_report.c lib/core/monitor_metrics.c lib/core/health_score.c lib/core/pack.c lib/core/pack_parts.c lib/core/expression.c lib/core/pgarray.c lib/core/quote.c lib/core/shown.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/alert_text.h"
#include "dualwrite/xalloc.h"

static struct pack_check checks[] = {
    {.name = (char *) "owes", .title = (char *) "nobody owes <!channel> & more", .severity = PACK_ERROR, .weight = 10},
    {.name = (char *) "gone", .title = (char *) "all are there\nBcc: x@y", .severity = PACK_CRITICAL, .weight = 60},
};
static const struct pack pack = {
    .name = (char *) "heroes", .title = (char *) "heroes", .scoring = {5, 50}, .checks = checks, .count = 2};

/* 2 rows owe, and `gone` could not look. */
static struct integrity_pack
sample(void)
{
    struct integrity_pack p = {.pack = &pack};
    struct integrity_result *r = integrity_add(&p, &checks[0], "a");

    r->state = INTEGRITY_FOUND;
    r->rows = 2;
    r->samples = cJSON_CreateArray();
    cJSON_AddItemToArray(r->samples, cJSON_CreateString("secret-key"));
    r = integrity_add(&p, &checks[1], NULL);
    r->state = INTEGRITY_SKIPPED;
    r->why = xstrdup("no rights for role clerk");
    return p;
}

static struct alert
alert_of(const struct integrity_pack *p, enum alert_kind kind)
{
    return (struct alert){.kind = kind,
                          .pack = p,
                          .period_hours = 24,
                          .at = "2026-01-02T03:04:05Z",
                          .source = "app at db:5432",
                          .key = "dualwrited/heroes/app",
                          .was = 95};
}

static void
release(struct integrity_pack *p)
{
    struct integrity_report r = {.packs = xcalloc(1, sizeof *p), .count = 1};

    r.packs[0] = *p;
    integrity_report_free(&r);
}

static char *
string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void
slack(void **state)
{
    struct integrity_pack p = sample();
    struct alert a = alert_of(&p, ALERT_FIRST);
    char *json = alert_slack(&a);
    cJSON *object = cJSON_Parse(json);

    (void) state;
    assert_string_equal(string_of(object, "text"),
                        "*heroes is degraded: health score 80 of 100*\n"
                        "- owes (a): 2 rows, error; should be: nobody owes &lt;!channel&gt; &amp; more\n"
                        "- gone: could not look; should be: all are there\\nBcc: x@y\n"
                        "Database app at db:5432, 2026-01-02T03:04:05Z, the last 24 hours.\n"
                        "dualwrited validate --verbose with this pack says which rows; docs/packs.md\n");
    assert_null(strstr(json, "secret-key"));
    assert_null(strstr(json, "clerk"));
    assert_int_equal(cJSON_GetArraySize(object), 1);
    cJSON_Delete(object);
    free(json);
    release(&p);
}

static void
headlines(void **state)
{
    static const struct {
        enum alert_kind kind;
        const char *says;
    } cases[] = {
        {ALERT_FIRST, "heroes is degraded: health score 80 of 100"},
        {ALERT_WORSE, "heroes got worse: degraded, health score 80 of 100 (was 95)"},
        {ALERT_AGAIN, "heroes is still degraded: health score 80 of 100"},
    };
    struct integrity_pack p = sample();
    struct alert a;
    char *mail;

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        a = alert_of(&p, cases[i].kind);
        mail = alert_mail(&a, "a@b");
        assert_non_null(strstr(mail, cases[i].says));
        free(mail);
    }
    for (size_t i = 0; i < p.count; i++) {
        p.items[i].state = INTEGRITY_CLEAN;
        p.items[i].rows = 0;
    }
    a = alert_of(&p, ALERT_RESOLVED);
    a.was = 40;
    mail = alert_mail(&a, "a@b");
    assert_non_null(strstr(mail, "\n\nheroes is healthy again: health score 100 of 100 (was 40)\nDatabase "));
    assert_null(strstr(mail, "validate"));
    free(mail);
    release(&p);
}

static void
pagerduty(void **state)
{
    struct integrity_pack p = sample();
    struct alert a = alert_of(&p, ALERT_FIRST);
    char *json = alert_pagerduty(&a, "R0UT1NG");
    cJSON *object = cJSON_Parse(json);
    const cJSON *payload = cJSON_GetObjectItemCaseSensitive(object, "payload");
    const cJSON *more = cJSON_GetObjectItemCaseSensitive(payload, "custom_details");

    (void) state;
    assert_string_equal(string_of(object, "routing_key"), "R0UT1NG");
    assert_string_equal(string_of(object, "event_action"), "trigger");
    assert_string_equal(string_of(object, "dedup_key"), "dualwrited/heroes/app");
    assert_string_equal(string_of(payload, "summary"), "heroes is degraded: health score 80 of 100 (app at db:5432)");
    assert_string_equal(string_of(payload, "source"), "app at db:5432");
    assert_string_equal(string_of(payload, "severity"), "warning");
    assert_string_equal(string_of(payload, "timestamp"), "2026-01-02T03:04:05Z");
    assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(more, "checks"), 1)->valuestring,
                        "gone: could not look; should be: all are there\\nBcc: x@y");
    assert_int_equal(cJSON_GetObjectItem(more, "total_issues")->valueint, 2);
    cJSON_Delete(object);
    free(json);

    p.items[1].state = INTEGRITY_FOUND;
    json = alert_pagerduty(&a, "k");
    assert_non_null(strstr(json, "\"severity\":\"critical\""));
    free(json);
    a.kind = ALERT_RESOLVED;
    json = alert_pagerduty(&a, "k");
    assert_string_equal(json,
                        "{\"routing_key\":\"k\",\"event_action\":\"resolve\",\"dedup_key\":\"dualwrited/heroes/app\","
                        "\"client\":\"dualwrited monitor\"}");
    free(json);
    release(&p);
}

/* No name makes a line of the head, nor ends it. */
static void
mail(void **state)
{
    struct integrity_pack p = sample();
    struct alert a = alert_of(&p, ALERT_FIRST);
    char *text = alert_mail(&a, "ops@b.example, root");
    static const char head[] =
        "To: ops@b.example, root\nSubject: [dualwrite] heroes is degraded: health score 80 of 100\n"
        "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nheroes is";

    (void) state;
    assert_memory_equal(text, head, sizeof head - 1);
    assert_null(strstr(text, "\nBcc:"));
    free(text);
    text = alert_mail(&a, "a@b\nBcc: c@d");
    assert_null(strstr(text, "\nBcc:"));
    free(text);
    release(&p);
}

/* As many checks as there is room for; the others are counted. */
static void
limits(void **state)
{
    struct integrity_pack p = {.pack = &pack};
    struct alert a = alert_of(&p, ALERT_FIRST);
    char source[2000];
    char *json, *key;
    cJSON *object;

    (void) state;
    memset(source, 'x', sizeof source - 1);
    source[sizeof source - 1] = '\0';
    a.source = source;
    for (int i = 0; i < 500; i++) {
        struct integrity_result *r = integrity_add(&p, &checks[0], source);

        r->state = INTEGRITY_FOUND;
        r->rows = INT64_C(123456789012);
    }
    json = alert_slack(&a);
    object = cJSON_Parse(json);
    assert_true(strlen(string_of(object, "text")) < 3500);
    assert_non_null(strstr(json, "\\n- and 4"));
    cJSON_Delete(object);
    free(json);
    json = alert_pagerduty(&a, "k");
    object = cJSON_Parse(json);
    assert_true(strlen(string_of(cJSON_GetObjectItem(object, "payload"), "summary")) <= 1024);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(
                         cJSON_GetObjectItem(cJSON_GetObjectItem(object, "payload"), "custom_details"), "checks")),
                     50);
    cJSON_Delete(object);
    free(json);
    key = alert_key("heroes", source);
    assert_true(strlen(key) <= 255);
    free(key);
    key = alert_key("heroes", "app at db:5432");
    assert_string_equal(key, "dualwrited/heroes/app at db:5432");
    free(key);
    release(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack), cmocka_unit_test(headlines), cmocka_unit_test(pagerduty),
        cmocka_unit_test(mail),  cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
