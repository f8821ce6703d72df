/* test_capture_read.c - what a capture function reads of a row: nothing that the owner of the table could have written. */
/* links: lib/core/capture_read.c lib/core/sqlvalue.c lib/core/slots.c lib/core/expression.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dualwrite/capture_read.h"

static struct catalog_column columns[] = {
    {.name = "id", .base = "int8", .shown_type = "bigint"},
    {.name = "Odd \"name", .base = "text", .shown_type = "public.short_name"},
    {.name = "state", .base = "public.mood", .shown_type = "public.mood"},
    {.name = "on", .base = "bool", .shown_type = "boolean"},
    {.name = "code", .base = "bpchar", .shown_type = "character(3)"},
};
static const struct catalog_table source = {.columns = columns, .ncolumns = sizeof columns / sizeof columns[0]};

static char *keys[] = {"id", "Odd \"name"};
static char *values[] = {"it's", "x"};
static struct mapping_column mapped[] = {
    {.name = "old", .value = {.kind = VALUE_COLUMN, .text = "code"}},
    {.name = "once", .value = {.kind = VALUE_COLUMN, .text = "on", .insert_only = true}},
};

static struct mapping_entity
entity(enum present_kind kind, char *column)
{
    return (struct mapping_entity){.source_key = {keys, 2},
                                   .present = {kind, column, {values, 2}},
                                   .columns = {mapped, sizeof mapped / sizeof mapped[0]}};
}

static void
is(struct buf *out, const char *text)
{
    assert_string_equal(buf_text(out), text);
    buf_free(out);
}

static void
test_keys(void **state)
{
    const struct mapping_entity e = entity(PRESENT_ALWAYS, NULL);
    struct buf out = {0};

    (void) state;
    capture_read_ref(&out, &e, "n");
    is(&out, "n.\"id\"::text, n.\"Odd \"\"name\"::text");
    /* the server's own type is known by its number; another one is looked up */
    capture_read_known(&out, &e, &source, "n");
    is(&out, "pg_typeof(n.\"id\")::oid < 16384\n"
             "    AND (SELECT t.typcategory NOT IN ('A', 'C', 'E', 'R') FROM pg_catalog.pg_type t WHERE t.oid = "
             "pg_typeof(n.\"Odd \"\"name\"))");
}

static void
test_presence_is_read_by_output_functions(void **state)
{
    static const struct {
        enum present_kind kind;
        char *column;
        const char *sql;
    } rows[] = {
        {PRESENT_IN, "state", "(o.\"state\" IS NOT NULL AND format('%s', o.\"state\") IN ('it''s', 'x'))"},
        {PRESENT_IN, "code", "(o.\"code\" IS NOT NULL AND rtrim(format('%s', o.\"code\"), ' ') IN ('it''s', 'x'))"},
        {PRESENT_IN, "on",
         "(o.\"on\" IS NOT NULL AND CASE format('%s', o.\"on\") WHEN 't' THEN 'true' ELSE 'false' END IN ('it''s', "
         "'x'))"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mapping_entity e = entity(rows[i].kind, rows[i].column);
        struct buf out = {0};

        capture_read_present(&out, &e, &source, "o");
        is(&out, rows[i].sql);
    }
}

/* What the mapping reads, and what decides about presence; not what is written once. */
static void
test_mapped(void **state)
{
    const struct mapping_entity e = entity(PRESENT_IN, "state");
    struct buf out = {0};

    (void) state;
    capture_read_mapped(&out, &e, &source, "n");
    is(&out, "n.\"state\", n.\"code\"");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_presence_is_read_by_output_functions),
        cmocka_unit_test(test_mapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
