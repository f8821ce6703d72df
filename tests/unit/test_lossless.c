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
    assert_true(keeps("int8", "bigint", "numeric", "numeric(5,2)")); /* out of range is refused */
    assert_true(keeps("interval", "interval", "interval", "interval"));
    assert_true(keeps("interval", "interval day to second(3)", "interval", "interval day to second(6)"));
    assert_true(keeps("interval", "interval year", "interval", "interval"));
}

/* What has no way into the type is refused by name. */
static void
test_words(void **state)
{
    (void) state;
    assert_true(keeps("enum", "public.mood", "enum", "old.mood"));
    assert_true(keeps("text", "text", "enum", "old.mood"));
    assert_true(keeps("varchar", "character varying(9)", "uuid", "uuid"));
    assert_true(keeps("enum", "public.mood", "varchar", "character varying(3)"));
    assert_true(keeps("public.citext", "public.citext", "ext.citext", "ext.citext"));
    assert_true(keeps("public.citext", "public.citext", "text", "text"));
    assert_true(keeps("text", "text", "public.citext", "public.citext"));
    assert_false(keeps("uuid", "uuid", "enum", "old.mood"));
    assert_false(keeps("text", "text", "public.uuid", "public.uuid"));
    assert_false(keeps("text", "text", "bool", "boolean"));
}

static void
test_arrays(void **state)
{
    (void) state;
    assert_true(keeps("int4[]", "integer[]", "int4[]", "integer[]"));
    assert_true(keeps("int4[]", "integer[]", "int8[]", "bigint[]"));
    assert_true(keeps("text[]", "text[]", "varchar[]", "character varying(3)[]"));
    assert_true(keeps("enum[]", "public.mood[]", "text[]", "text[]"));
    assert_false(keeps("int4[]", "integer[]", "int4", "integer"));
    assert_false(keeps("int4", "integer", "int4[]", "integer[]"));
    assert_false(keeps("int4[]", "integer[]", "text", "text"));
    assert_false(keeps("numeric[]", "numeric(8,3)[]", "numeric[]", "numeric(8,2)[]"));
    assert_false(keeps("timestamptz[]", "timestamp with time zone[]", "date[]", "date[]"));
}

/* A type of one's own, or of an extension, may be in another schema there. */
static void
test_types_of_ones_own(void **state)
{
    (void) state;
    assert_true(keeps("public.ltree", "public.ltree", "public.ltree", "public.ltree"));
    assert_true(keeps("public.hstore", "public.hstore", "ext.hstore", "ext.hstore"));
    assert_true(keeps("\"a.b\".\"T\"[]", "\"a.b\".\"T\"[]", "c.\"T\"[]", "c.\"T\"[]"));
    assert_false(keeps("public.ltree", "public.ltree", "public.lquery", "public.lquery"));
    assert_false(keeps("public.int4", "public.int4", "int4", "integer"));
    assert_false(keeps("public.int4", "public.int4", "int8", "bigint"));
    assert_true(keeps("int4range", "int4range", "int4range", "int4range"));
    assert_false(keeps("int4range", "int4range", "int8range", "int8range"));
}

/* A domain's name does not show what it cuts. */
static void
test_domains(void **state)
{
    struct catalog_column from = {.base = "numeric", .shown_type = "numeric", .exact_type = "numeric"};
    struct catalog_column to = {.base = "numeric", .shown_type = "public.price", .exact_type = "numeric(8,2)"};

    (void) state;
    assert_false(lossless(&from, &to));
    from.exact_type = "numeric(6,2)";
    assert_true(lossless(&from, &to));
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
    assert_false(keeps("interval", "interval", "interval", "interval year to month"));
    assert_false(keeps("interval", "interval day to second", "interval", "interval day to second(0)"));
    assert_false(keeps("interval", "interval day", "interval", "interval year"));
    assert_false(keeps("int4", "integer", "numeric", "numeric(5,-2)"));
    assert_false(keeps("timestamp", "timestamp without time zone", "timestamptz", "timestamp with time zone"));
    assert_false(keeps("int4", "integer", "bool", "boolean"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept_or_refused),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_types_of_ones_own),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_what_would_be_cut_in_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
