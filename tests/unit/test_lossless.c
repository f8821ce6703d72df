/* test_lossless.c - which pairs of column types keep every value. */
/* links: lib/core/lossless.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/lossless.h"

static bool
keeps(const char *base, const char *shown, const char *to_base, const char *to_shown)
{
    char texts[4][64];
    struct catalog_column from = {0};
    struct catalog_column to = {0};

    snprintf(texts[0], sizeof texts[0], "%s", base);
    snprintf(texts[1], sizeof texts[1], "%s", shown);
    snprintf(texts[2], sizeof texts[2], "%s", to_base);
    snprintf(texts[3], sizeof texts[3], "%s", to_shown);
    from.base = texts[0];
    from.shown_type = texts[1];
    to.base = texts[2];
    to.shown_type = texts[3];
    return lossless(&from, &to);
}

static void
test_what_is_kept_or_refused(void **state)
{
    (void) state;
    assert_true(keeps("int4", "integer", "int8", "bigint"));
    assert_true(keeps("int8", "bigint", "int4", "integer")); /* out of range is refused, not cut */
    assert_true(
        keeps("varchar", "character varying(50)", "varchar", "character varying(10)")); /* too long is refused */
    assert_true(keeps("uuid", "uuid", "text", "text"));
    assert_true(keeps("numeric", "numeric(8,2)", "numeric", "numeric(10,2)"));
    assert_true(keeps("numeric", "numeric", "numeric", "numeric"));
    assert_true(keeps("timestamptz", "timestamp(3) with time zone", "timestamptz", "timestamp with time zone"));
}

static void
test_what_would_be_cut_in_silence(void **state)
{
    (void) state;
    assert_false(keeps("numeric", "numeric(8,2)", "int4", "integer"));
    assert_false(keeps("numeric", "numeric(10,4)", "numeric", "numeric(10,2)"));
    assert_false(keeps("timestamptz", "timestamp with time zone", "date", "date"));
    assert_false(keeps("timestamptz", "timestamp with time zone", "timestamptz", "timestamp(0) with time zone"));
    assert_false(keeps("float8", "double precision", "numeric", "numeric"));
    assert_false(keeps("text", "text", "name", "name"));
    assert_false(keeps("text", "text", "int4", "integer"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept_or_refused),
        cmocka_unit_test(test_what_would_be_cut_in_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
