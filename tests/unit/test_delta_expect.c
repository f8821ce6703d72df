/* test_delta_expect.c - each expectation of a staging test by itself: from numbers that are known or not, not from files. */
/* links: lib/core/delta_expect.c lib/core/delta_read.c lib/core/json_node.c lib/core/shown.c lib/base/faults.c lib/base/suggest.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/delta_expect.h"

/* What one report says of one number; UNSAID: nothing. */
struct said {
    enum delta_metric m;
    double before, after;
};

#define UNSAID (-1e300)

static struct delta_report
silent(void)
{
    return (struct delta_report){.file = "r.json",
                                 .enabled = DELTA_UNKNOWN,
                                 .strict = DELTA_UNKNOWN,
                                 .blocked = DELTA_UNKNOWN,
                                 .health = DELTA_UNKNOWN,
                                 .sample_size = -1,
                                 .at_ms = INT64_MIN};
}

static void
say(struct delta_report *r, enum delta_metric m, double value)
{
    r->known[m] = value != UNSAID;
    r->value[m] = value == UNSAID ? 0 : value;
}

static const cJSON *
named(const cJSON *list, const char *name)
{
    const cJSON *e;

    cJSON_ArrayForEach(e, list)
    {
        if (strcmp(cJSON_GetObjectItem(e, "name")->valuestring, name) == 0)
            return e;
    }
    fail_msg("no expectation is called %s", name);
    return NULL;
}

static char
held(const cJSON *list, const char *name)
{
    const cJSON *h = cJSON_GetObjectItem(named(list, name), "held");

    return cJSON_IsTrue(h) ? 'y' : cJSON_IsFalse(h) ? 'n' : '?';
}

/* Reports that say nothing: nothing is known, and nothing held. */
static void
test_nothing_is_known(void **state)
{
    struct delta_report before = silent(), after = silent();
    cJSON *list = delta_expectations(&before, &after);
    const cJSON *e;

    (void) state;
    assert_int_equal(cJSON_GetArraySize(list), 17);
    cJSON_ArrayForEach(e, list)
    {
        if (!cJSON_IsNull(cJSON_GetObjectItem(e, "held")))
            fail_msg("%s", cJSON_GetObjectItem(e, "name")->valuestring);
        assert_non_null(strstr(cJSON_GetObjectItem(e, "found")->valuestring, "not known"));
        assert_int_equal(strncmp(cJSON_GetObjectItem(e, "next")->valuestring, "dualwrited ", 11), 0);
    }
    cJSON_Delete(list);
}

/* Two numbers at most: what becomes of the expectation, and what is said to have been found. */
static void
test_numbers(void **state)
{
    static const struct {
        const char *name;
        struct said a, b;
        char held;
        const char *found; /* whole; NULL: whatever */
    } cases[] = {
        {"vnext_teams_grew", {DELTA_VNEXT_TEAMS, 1000, 1001}, {0}, 'y', "1 000 before, 1 001 after"},
        {"vnext_teams_grew", {DELTA_VNEXT_TEAMS, 5, 5}, {0}, '?', NULL},
        {"vnext_teams_grew", {DELTA_VNEXT_TEAMS, 5, 4}, {0}, 'n', "5 before, 4 after: teams went away"},
        {"vnext_teams_grew", {DELTA_VNEXT_TEAMS, UNSAID, 4}, {0}, '?', "not known before, 4 after"},
        {"mapped_as_many",
         {DELTA_MAPPED, 5, 7},
         {DELTA_VNEXT_TEAMS, 5, 7},
         'y',
         "5 before, 7 after (+2, vNext teams +2)"},
        {"mapped_as_many",
         {DELTA_MAPPED, 5, 6},
         {DELTA_VNEXT_TEAMS, 5, 7},
         'n',
         "5 before, 6 after (+1, vNext teams +2)"},
        {"mapped_as_many",
         {DELTA_MAPPED, 5, 4},
         {DELTA_VNEXT_TEAMS, 5, 3},
         'y',
         "5 before, 4 after (-1, vNext teams -2)"},
        {"mapped_as_many", {DELTA_MAPPED, 5, 6}, {DELTA_VNEXT_TEAMS, UNSAID, 7}, '?', "5 before, 6 after"},
        {"coverage_grew", {DELTA_PERCENTAGE, 99.99, 100}, {0}, 'y', "99.99 % before, 100.00 % after"},
        {"coverage_grew", {DELTA_PERCENTAGE, 100, 100}, {0}, 'y', NULL},
        {"coverage_grew", {DELTA_PERCENTAGE, 100, 99.99}, {0}, 'n', NULL},
        {"coverage_grew", {DELTA_PERCENTAGE, 50, 50}, {0}, 'n', "50.00 % before, 50.00 % after"},
        {"coverage_grew", {DELTA_PERCENTAGE, 50, 50}, {DELTA_WITH_MAPPING, 9, 10}, 'y', NULL},
        {"coverage_grew", {DELTA_PERCENTAGE, 50, 50}, {DELTA_VNEXT_TEAMS, 10, 10}, '?', NULL},
        {"coverage_grew", {DELTA_PERCENTAGE, 50, 50}, {DELTA_VNEXT_TEAMS, 10, 11}, 'n', NULL},
        {"unmapped_not_more", {DELTA_UNMAPPED, 5, 5}, {0}, 'y', "5 before, 5 after"},
        {"unmapped_not_more", {DELTA_UNMAPPED, 5, 6}, {0}, 'n', NULL},
        {"no_duplicate_legacy", {DELTA_DUPLICATE_LEGACY, 7, 0}, {0}, 'y', "7 before, 0 after"},
        {"no_duplicate_legacy", {DELTA_DUPLICATE_LEGACY, 7, 1}, {0}, 'n', NULL},
        {"no_duplicate_vnext", {DELTA_DUPLICATE_VNEXT, UNSAID, 0}, {0}, 'y', "not known before, 0 after"},
        {"no_duplicate_vnext", {DELTA_DUPLICATE_VNEXT, 0, UNSAID}, {0}, '?', NULL},
        {"orphans_not_more", {DELTA_ORPHANS, UNSAID, 0}, {0}, 'y', NULL},
        {"orphans_not_more", {DELTA_ORPHANS, UNSAID, 1}, {0}, '?', NULL},
        {"orphans_not_more", {DELTA_ORPHANS, 3, 3}, {0}, 'y', NULL},
        {"orphans_not_more", {DELTA_ORPHANS, 3, 4}, {0}, 'n', NULL},
        /* a larger share of the sample, not a larger number */
        {"mismatches_not_more", {DELTA_SLUGS, 1, 2}, {DELTA_SAMPLED, 100, 200}, 'y', NULL},
        {"mismatches_not_more", {DELTA_SLUGS, 1, 2}, {DELTA_SAMPLED, 100, 199}, 'n', NULL},
        {"mismatches_not_more", {DELTA_SLUGS, 0, 0}, {DELTA_SAMPLED, 0, 0}, 'y', NULL},
        {"mismatches_not_more", {DELTA_SLUGS, 0, 1}, {0}, '?', NULL},
        {"recent_teams", {DELTA_RECENT, UNSAID, 1}, {0}, 'y', "1"},
        {"recent_teams", {DELTA_RECENT, UNSAID, 0}, {DELTA_VNEXT_TEAMS, 5, 6}, 'n', "0"},
        {"recent_teams", {DELTA_RECENT, UNSAID, 0}, {DELTA_VNEXT_TEAMS, 5, 5}, '?', "0"},
        {"none_missing", {DELTA_MISSING, 9, 0}, {0}, 'y', "0"},
        {"none_missing", {DELTA_MISSING, 0, 9}, {0}, 'n', "9"},
        {"none_failed", {DELTA_FAILED, 0, 1}, {0}, 'n', "1"},
        {"none_failed", {DELTA_FAILED, 1, 0}, {0}, 'y', "0"},
        {"no_inline_writes", {DELTA_INLINE, 1, 0}, {0}, 'y', "0"},
        {"no_inline_writes", {DELTA_INLINE, 0, 12345}, {0}, 'n', "12 345"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct delta_report before = silent(), after = silent();
        cJSON *list;
        const char *found;

        for (int n = 0; n < 2; n++) {
            const struct said *s = n == 0 ? &cases[i].a : &cases[i].b;

            if (s->before == 0 && s->after == 0 && s->m == 0)
                continue; /* no second one */
            say(&before, s->m, s->before);
            say(&after, s->m, s->after);
        }
        list = delta_expectations(&before, &after);
        found = cJSON_GetObjectItem(named(list, cases[i].name), "found")->valuestring;
        if (held(list, cases[i].name) != cases[i].held)
            fail_msg("case %zu, %s: %c, found %s", i, cases[i].name, held(list, cases[i].name), found);
        if (cases[i].found != NULL)
            assert_string_equal(found, cases[i].found);
        cJSON_Delete(list);
    }
}

static void
test_truths_and_words(void **state)
{
    static const struct {
        enum delta_truth enabled, strict, blocked, health;
        const char *severity,
            *held; /* of dual_write_enabled, strict_mode_off, legacy_writes_blocked, health_present, severity */
    } cases[] = {
        {DELTA_TRUE, DELTA_FALSE, DELTA_TRUE, DELTA_TRUE, "ok", "yyyyy"},
        {DELTA_FALSE, DELTA_TRUE, DELTA_FALSE, DELTA_FALSE, "error", "nnnnn"},
        {DELTA_UNKNOWN, DELTA_UNKNOWN, DELTA_UNKNOWN, DELTA_UNKNOWN, NULL, "?????"},
        {DELTA_TRUE, DELTA_FALSE, DELTA_TRUE, DELTA_TRUE, "warning", "yyyyy"},
        {DELTA_TRUE, DELTA_FALSE, DELTA_TRUE, DELTA_TRUE, "OK", "yyyyn"}, /* not a word that it knows */
    };
    static const char *const names[] = {"dual_write_enabled", "strict_mode_off", "legacy_writes_blocked",
                                        "health_present", "severity"};

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct delta_report before = silent(), after = silent();
        cJSON *list;

        after.enabled = cases[i].enabled;
        after.strict = cases[i].strict;
        after.blocked = cases[i].blocked;
        after.health = cases[i].health;
        after.severity = cases[i].severity;
        /* the report before has no say in them */
        before.enabled = before.strict = before.blocked = before.health = DELTA_TRUE;
        before.severity = "ok";
        list = delta_expectations(&before, &after);
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
            if (held(list, names[n]) != cases[i].held[n])
                fail_msg("case %zu: %s %c", i, names[n], held(list, names[n]));
        cJSON_Delete(list);
    }
}

/* What makes a delta critical, and what must be seen; missing legacy rows are critical in strict mode alone. */
static void
test_severities(void **state)
{
    static const char *const critical[] = {"no_duplicate_legacy", "no_duplicate_vnext", "severity", "no_inline_writes"};

    (void) state;
    for (enum delta_truth strict = DELTA_FALSE; strict <= DELTA_UNKNOWN; strict++) {
        struct delta_report before = silent(), after = silent();
        cJSON *list;
        const cJSON *e;

        after.strict = strict;
        list = delta_expectations(&before, &after);
        cJSON_ArrayForEach(e, list)
        {
            const char *name = cJSON_GetObjectItem(e, "name")->valuestring;
            bool wanted = strict == DELTA_TRUE && strcmp(name, "none_missing") == 0;

            for (size_t i = 0; i < sizeof critical / sizeof critical[0]; i++)
                wanted = wanted || strcmp(name, critical[i]) == 0;
            assert_string_equal(cJSON_GetObjectItem(e, "severity")->valuestring, wanted ? "critical" : "warning");
        }
        assert_true(cJSON_IsTrue(cJSON_GetObjectItem(named(list, "dual_write_enabled"), "required")));
        assert_true(cJSON_IsFalse(cJSON_GetObjectItem(named(list, "severity"), "required")));
        cJSON_Delete(list);
    }
}

/* The words of a report are shown harmlessly, and cut. */
static void
test_a_hostile_severity(void **state)
{
    struct delta_report before = silent(), after = silent();
    cJSON *list;

    (void) state;
    after.severity = "\x1b[31mwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\nok";
    list = delta_expectations(&before, &after);
    assert_int_equal(held(list, "severity"), 'n');
    assert_null(strpbrk(cJSON_GetObjectItem(named(list, "severity"), "found")->valuestring, "\x1b\n"));
    assert_true(strlen(cJSON_GetObjectItem(named(list, "severity"), "found")->valuestring) < 60);
    cJSON_Delete(list);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_known),   cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_truths_and_words),   cmocka_unit_test(test_severities),
        cmocka_unit_test(test_a_hostile_severity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
