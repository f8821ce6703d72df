/* test_exposition.c - the text that Prometheus reads, in both formats: heads, names, escapes, numbers, histograms. */
/* links: lib/core/exposition.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/exposition.h"

static const struct exposition_label two[2] = {{"a", "1"}, {"b", "2"}};

/* A family of each type with one sample, and the end. */
static void
every_type(struct exposition *e)
{
    exposition_family(e, "g_bytes", EXPOSITION_GAUGE, "bytes", "G.");
    exposition_sample(e, NULL, 1);
    exposition_family(e, "c", EXPOSITION_COUNTER, NULL, "C.");
    exposition_sample(e, two, 2);
    exposition_family(e, "i", EXPOSITION_INFO, NULL, "I.");
    exposition_sample(e, two, 1);
    exposition_end(e);
}

/* The samples are called the same in both; what differs is how their family is called, units and the end. */
static void
test_formats(void **state)
{
    struct buf b = {0};
    struct exposition e = {.out = &b};

    (void) state;
    every_type(&e);
    assert_string_equal(buf_text(&b), "# TYPE g_bytes gauge\n# HELP g_bytes G.\ng_bytes 1\n"
                                      "# TYPE c_total counter\n# HELP c_total C.\nc_total{a=\"1\",b=\"2\"} 2\n"
                                      "# TYPE i_info gauge\n# HELP i_info I.\ni_info{a=\"1\",b=\"2\"} 1\n");
    buf_clear(&b);
    e.open = true;
    every_type(&e);
    assert_string_equal(buf_text(&b), "# TYPE g_bytes gauge\n# UNIT g_bytes bytes\n# HELP g_bytes G.\ng_bytes 1\n"
                                      "# TYPE c counter\n# HELP c C.\nc_total{a=\"1\",b=\"2\"} 2\n"
                                      "# TYPE i info\n# HELP i I.\ni_info{a=\"1\",b=\"2\"} 1\n"
                                      "# EOF\n");
    buf_free(&b);
}

/* OpenMetrics wants the quotes of HELP escaped, 0.0.4 would show the backslash. */
static void
test_help_of_openmetrics(void **state)
{
    struct buf b = {0};
    struct exposition e = {.out = &b, .open = true};

    (void) state;
    exposition_family(&e, "x", EXPOSITION_GAUGE, NULL, "a\\b \"c\"\nd");
    assert_string_equal(buf_text(&b), "# TYPE x gauge\n# HELP x a\\\\b \\\"c\\\"\\nd\n");
    buf_free(&b);
}

static void
test_numbers_and_escapes(void **state)
{
    struct buf b = {0};
    struct exposition e = {.out = &b};

    (void) state;
    exposition_family(&e, "x", EXPOSITION_GAUGE, NULL, "a\\b \"c\"\nd");
    exposition_sample(&e, (struct exposition_label[2]){{"l", "a\\b \"c\"\nd"}}, 0.1);
    exposition_sample(&e, NULL, 1e15);
    exposition_sample(&e, NULL, -3);
    exposition_sample(&e, NULL, 1769364000.123);
    exposition_sample(&e, NULL, 0.0 / (double) (b.len == 0)); /* no number */
    assert_string_equal(buf_text(&b), "# TYPE x gauge\n# HELP x a\\\\b \"c\"\\nd\nx{l=\"a\\\\b \\\"c\\\"\\nd\"} 0.1\n"
                                      "x 1e+15\nx -3\nx 1769364000.123\n");
    buf_free(&b);
}

/* No label, and labels whose first has no name, are the same; the second alone is not shown. */
static void
test_labels(void **state)
{
    struct buf b = {0};
    struct exposition e = {.out = &b, .name = "x"};

    (void) state;
    exposition_sample(&e, (struct exposition_label[2]){{NULL, NULL}, {"b", "2"}}, 1);
    exposition_sample(&e, (struct exposition_label[2]){{"a", ""}}, 1);
    assert_string_equal(buf_text(&b), "x 1\nx{a=\"\"} 1\n");
    buf_free(&b);
}

/* Cumulated here, in seconds, bounds as Go prints them; the sum of nothing is 0. */
static void
test_histogram(void **state)
{
    static const int64_t bounds[] = {5, 250, 1000, 2500, 60000};
    static const int64_t counts[] = {1, 0, 2, 0, 3, 4}, none[6] = {0};
    struct buf b = {0};
    struct exposition e = {.out = &b};

    (void) state;
    exposition_family(&e, "h_seconds", EXPOSITION_HISTOGRAM, "seconds", "H.");
    buf_clear(&b);
    exposition_histogram(&e, bounds, counts, 5, 1234567);
    assert_string_equal(buf_text(&b), "h_seconds_bucket{le=\"0.005\"} 1\nh_seconds_bucket{le=\"0.25\"} 1\n"
                                      "h_seconds_bucket{le=\"1.0\"} 3\nh_seconds_bucket{le=\"2.5\"} 3\n"
                                      "h_seconds_bucket{le=\"60.0\"} 6\nh_seconds_bucket{le=\"+Inf\"} 10\n"
                                      "h_seconds_sum 1234.567\nh_seconds_count 10\n");
    buf_clear(&b);
    exposition_histogram(&e, bounds, none, 0, 0);
    assert_string_equal(buf_text(&b), "h_seconds_bucket{le=\"+Inf\"} 0\nh_seconds_sum 0\nh_seconds_count 0\n");
    buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_help_of_openmetrics),
        cmocka_unit_test(test_numbers_and_escapes),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_histogram),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
