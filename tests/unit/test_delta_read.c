/* test_delta_read.c - a validation report as numbers: what is odd in it is named, and nothing is made up. */
/* links: lib/core/delta_read.c lib/core/json_node.c lib/base/faults.c lib/base/suggest.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "delta_sample.h"
#include "dualwrite/delta_read.h"

static void
test_a_whole_report(void **state)
{
    cJSON *json = cJSON_Parse(SAMPLE_AFTER);
    struct faults faults = {0};
    struct delta_report r;

    (void) state;
    assert_true(delta_read(&r, "a.json", json, &faults));
    assert_int_equal(faults.count, 0);
    for (int m = 0; m < DELTA_METRICS; m++)
        assert_true(r.known[m] == (m != DELTA_OLDEST));
    assert_true(r.value[DELTA_PERCENTAGE] > 25.08 && r.value[DELTA_VNEXT_TEAMS] == 1005);
    assert_true(r.enabled == DELTA_TRUE && r.strict == DELTA_FALSE && r.health == DELTA_TRUE);
    assert_string_equal(r.severity, "ok");
    assert_int_equal(r.at_ms, 1769379000500);
    cJSON_Delete(json);
    json = cJSON_Parse(SAMPLE_BEFORE);
    assert_true(delta_read(&r, "b.json", json, &faults));
    assert_int_equal(faults.count, 0); /* keys that only this project's reports have may be missing */
    assert_true(r.health == DELTA_FALSE && !r.known[DELTA_MISSING] && !r.known[DELTA_RETIRED]);
    cJSON_Delete(json);
}

/* One change, one fault, and the number is not known; the rest is. */
static void
test_oddities_are_named(void **state)
{
    static const struct {
        const char *path, *value, *where, *text;
    } cases[] = {
        {"coverage.vnext_team_count", NULL, "a.json: $.coverage.vnext_team_count", "is missing"},
        {"coverage.vnext_team_count", "null", "a.json: $.coverage.vnext_team_count", "is null"},
        {"coverage.vnext_team_count", "\"1005\"", "a.json: $.coverage.vnext_team_count",
         "is a string, where a whole number"},
        {"coverage.vnext_team_count", "1.5", "a.json: $.coverage.vnext_team_count", "a whole number"},
        {"coverage.vnext_team_count", "-1", "a.json: $.coverage.vnext_team_count", "not negative"},
        {"coverage.vnext_team_count", "1e300", "a.json: $.coverage.vnext_team_count", "a whole number"},
        {"coverage.mapping_percentage", "101", "a.json: $.coverage.mapping_percentage", "from 0 to 100"},
        {"coverage.vnext_teams", "3", "a.json: $.coverage.vnext_teams", "is not a key of a report"},
        {"coverage.vnext_team_counts", "3", "a.json: $.coverage.vnext_team_counts", "is \"vnext_team_count\" meant"},
        {"meta.dual_write_enabled", "\"true\"", "a.json: $.meta.dual_write_enabled", "true or false"},
        {"meta.generated_at", "\"yesterday\"", "a.json: $", "is no time"},
        {"meta.filters", "[]", "a.json: $.meta.filters", "an object is expected"},
        {"mapping_health.orphan_mappings", "{}", "a.json: $.mapping_health.orphan_mappings", "a list is expected"},
        {"coverage", NULL, "a.json: $.coverage", "nothing of it is known"},
        {"coverage", "[1]", "a.json: $.coverage", "an object is expected"},
        {"dual_write_health", NULL, "a.json: $.dual_write_health", "is missing"},
        {"dual_write_health", "\"off\"", "a.json: $.dual_write_health", "an object is expected"},
        {"recommendations", "{}", "a.json: $.recommendations", "a list of texts"},
        {"recommendations", "[7]", "a.json: $.recommendations[0]", "left out"},

    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *json = cJSON_Parse(SAMPLE_AFTER);
        struct faults faults = {0};
        struct delta_report r;

        sample_set(json, cases[i].path, cases[i].value);
        assert_true(delta_read(&r, "a.json", json, &faults));
        assert_int_equal(faults.count, 1);
        assert_int_equal(faults.errors, 0);
        assert_non_null(strstr(faults.items[0].where, cases[i].where));
        assert_non_null(strstr(faults.items[0].text, cases[i].text));
        assert_true(strncmp(cases[i].path, "coverage.vnext_team_count", 26) != 0 || !r.known[DELTA_VNEXT_TEAMS]);
        assert_true(r.known[DELTA_TOTAL_MAPPINGS]);
        faults_free(&faults);
        cJSON_Delete(json);
    }
}

static void
test_what_is_no_report(void **state)
{
    static const char *const texts[] = {"[]",
                                        "[{\"coverage\": {}}]",
                                        "{}",
                                        "3",
                                        "\"x\"",
                                        "null",
                                        "{\"meta\": {}}",
                                        "{\"entities\": [], \"summary\": {}}"};

    (void) state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cJSON *json = cJSON_Parse(texts[i]);
        struct faults faults = {0};
        struct delta_report r;

        assert_false(delta_read(&r, "a.json", json, &faults));
        assert_int_equal(faults.errors, 1);
        faults_free(&faults);
        cJSON_Delete(json);
    }
}

/* A hostile document of many strange keys costs neither time nor a screen without end. */
static void
test_many_strangers(void **state)
{
    cJSON *json = cJSON_Parse(SAMPLE_AFTER);
    struct faults faults = {0};
    struct delta_report r;

    (void) state;
    for (int i = 0; i < 100000; i++) {
        char key[20];

        snprintf(key, sizeof key, "k%d", i);
        cJSON_AddItemToObject(json, key, cJSON_CreateNull());
    }
    assert_true(delta_read(&r, "a.json", json, &faults));
    assert_in_range(faults.count, 500, 502);
    faults_free(&faults);
    cJSON_Delete(json);
}

static void
test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01 00:00:01", 1000},
        {"1970-01-01T01:00:00.25+01:00", 250},
        {"1969-12-31T23:30:00-0030", 0},
        {"2026-01-25T20:50:00.123456+00:00", 1769374200123},
        {"", INT64_MIN},
        {"2026-01-25", INT64_MIN},
        {"2026-13-25T20:50:00Z", INT64_MIN},
        {"2026-01-25T20:50:00 CET", INT64_MIN},
        {"2026-01-25T20:50:00Zulu", INT64_MIN},
        {"2026-01-25T24:50:00Z", INT64_MIN},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(delta_time_ms(cases[i].text), cases[i].ms);
    assert_int_equal(delta_time_ms(NULL), INT64_MIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_report),
        cmocka_unit_test(test_oddities_are_named),
        cmocka_unit_test(test_what_is_no_report),
        cmocka_unit_test(test_many_strangers),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
