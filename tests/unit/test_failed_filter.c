/* test_failed_filter.c - the options that choose failed events, and the parameters that they become. */
/* links: lib/core/failed_filter.c lib/core/config_keys.c lib/core/flags.c lib/core/pgarray.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/failed_filter.h"

#define DAY (24 * INT64_C(3600000))

static void
test_options(void **state)
{
    static const struct {
        const char *name, *argument;
        size_t parameter;
        const char *value;
    } cases[] = {
        {"entity", "team", 0, "team"},
        {"operation", "sync_x", 1, "sync_x"},
        {"sqlstate", "23505", 2, "23505"},
        {"constraint", "a \"b\"", 3, "a \"b\""},
        {"key", "7", 4, "{7}"},
        {"key", "a\"b\\,{}", 4, "{\"a\\\"b\\\\,{}\"}"},
        {"parked", NULL, 5, "parked"},
        {"retrying", NULL, 5, "retrying"},
        {"older-than", "90s", 6, "90000"},
        {"older-than", "3d", 6, "259200000"},
        {"event", "9223372036854775807", 7, "{9223372036854775807}"},
        {"limit", "5", 8, "5"},
        {"limit", "0", 8, NULL},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failed_filter f = {0};
        struct failed_params p;
        bool known;

        assert_null(failed_filter_take(&f, cases[i].name, cases[i].argument, &known));
        assert_true(known);
        assert_int_equal(failed_filter_is_all(&f), strcmp(cases[i].name, "limit") == 0);
        failed_params(&p, &f);
        for (size_t n = 0; n < FAILED_PARAMS; n++) {
            if (n != cases[i].parameter || cases[i].value == NULL)
                assert_null(p.values[n]);
            else
                assert_string_equal(p.values[n], cases[i].value);
        }
        failed_params_free(&p);
        failed_filter_free(&f);
    }
}

static void
test_refused(void **state)
{
    static const struct {
        const char *name, *argument;
    } cases[] = {
        {"older-than", "soon"}, {"older-than", "off"},
        {"older-than", "d"},    {"older-than", "-1d"},
        {"older-than", "5"},    {"older-than", ""},
        {"older-than", "1.5d"}, {"older-than", "99999999999999d"},
        {"event", "0"},         {"event", "-1"},
        {"event", "x"},         {"event", ""},
        {"event", "1 "},        {"event", "9223372036854775808"},
        {"limit", "-1"},        {"limit", "many"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failed_filter f = {0};
        bool known;

        assert_non_null(failed_filter_take(&f, cases[i].name, cases[i].argument, &known));
        assert_true(known);
        failed_filter_free(&f);
    }
}

static void
test_others(void **state)
{
    struct failed_filter f = {0};
    struct failed_params p;
    bool known = true;

    (void) state;
    assert_null(failed_filter_take(&f, "json", NULL, &known));
    assert_false(known);
    assert_true(failed_filter_is_all(&f));
    failed_filter_take(&f, "key", "1", &known);
    failed_filter_take(&f, "key", "b", &known);
    failed_filter_take(&f, "event", "3", &known);
    failed_filter_take(&f, "event", "4", &known);
    failed_filter_take(&f, "older-than", "1d", &known);
    assert_int_equal(f.older_than_ms, DAY);
    failed_params(&p, &f);
    assert_string_equal(p.values[4], "{1,b}");
    assert_string_equal(p.values[7], "{3,4}");
    failed_params_free(&p);
    failed_filter_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
