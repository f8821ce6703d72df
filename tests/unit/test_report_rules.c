/* test_report_rules.c - what of a mapping the report is about: columns by the words of their names, entities, filters. */
/* links: embedded.c lib/core/report_rules.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/report_rules.h"
#include "embedded.h"

static struct mapping *
parse(const char *json)
{
    struct faults faults = {0};
    struct mapping *m = mapping_parse("test", json, strlen(json), &faults);

    assert_int_equal(faults.errors, 0);
    faults_free(&faults);
    assert_non_null(m);
    return m;
}

static struct mapping *
parse_default(void)
{
    return parse(default_mapping_json);
}

static void
test_about(void **state)
{
    static const struct {
        const char *column;
        enum report_about about;
    } cases[] = {
        {"name", ABOUT_NAME},           {"display_name", ABOUT_NAME},  {"Title", ABOUT_NAME},
        {"slug", ABOUT_SLUG},           {"team_slug", ABOUT_SLUG},     {"handle", ABOUT_SLUG},
        {"elo", ABOUT_RANKING},         {"elo_rating", ABOUT_RANKING}, {"rank", ABOUT_RANKING},
        {"username", ABOUT_NOTHING},    {"frank", ABOUT_NOTHING},      {"", ABOUT_NOTHING},
        {"description", ABOUT_NOTHING}, {"_", ABOUT_NOTHING},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (report_about(cases[i].column) != cases[i].about)
            fail_msg("%s", cases[i].column);
}

static void
test_the_default_mapping(void **state)
{
    struct mapping *m = parse_default();

    (void) state;
    assert_true(report_compares(m, ABOUT_NAME));
    assert_true(report_compares(m, ABOUT_SLUG));
    assert_false(report_compares(m, ABOUT_RANKING));
    assert_int_equal(report_child(m, false), mapping_entity_index(m, "membership"));
    assert_int_equal(report_child(m, true), m->count);
    mapping_free(m);
}

static void
check_filter(const struct mapping *m, const char *name, const char *value, const char *legacy, const char *why)
{
    struct report_filter filter;
    struct buf said = {0};
    bool good = report_filter_find(m, name, value, &filter, &said);

    assert_int_equal(good, legacy != NULL);
    if (good)
        assert_string_equal(filter.legacy, legacy);
    else if (strstr(buf_text(&said), why) == NULL)
        fail_msg("%s", buf_text(&said));
    buf_free(&said);
}

static void
test_filters(void **state)
{
    struct mapping *m = parse_default();

    (void) state;
    check_filter(m, "game_id", "2", "csgo", NULL);
    check_filter(m, "region", "EU", "EU", NULL);
    check_filter(m, "game_id", "5", NULL, "has no entry for \"5\", but for 1, 2, 3, 4");
    check_filter(m, "country", "x", NULL, "no column \"country\"");
    check_filter(m, "is_active", "true", "true", NULL); /* an expression, by the target's name */
    mapping_free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_about),
        cmocka_unit_test(test_the_default_mapping),
        cmocka_unit_test(test_filters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
