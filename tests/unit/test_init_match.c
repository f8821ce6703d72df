/* test_init_match.c - which column feeds which, by names and types; what a column is. */
/* links: lib/core/init_match.c lib/core/lossless.c lib/core/names.c lib/core/schema_facts.c lib/core/catalog.c lib/core/pgarray.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/init_match.h"
#include "schema_sample.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The columns of a table, written as lines of schema_sample.h without their "C|". */
static struct sample
table_of(const char *const *columns, size_t count)
{
    char text[1000] = "T|t";

    for (size_t i = 0; i < count && columns[i] != NULL; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "\nC|%s", columns[i]);
    return sample_of("s", text);
}

static void
test_match(void **state)
{
    static const struct {
        const char *from, *to;
        enum match match;
    } rows[] = {
        {"name|text", "name|text", MATCH_EXACT},
        {"name|text", "name|int4", MATCH_EXACT}, /* the name says it all, whatever becomes of the value */
        {"createdAt|date", "created_at|date", MATCH_SAME},
        {"Orders|text", "order|int4", MATCH_SAME},
        {"plan_id|int4", "plan|int8", MATCH_CORE},
        {"is_active|bool", "active|bool", MATCH_CORE},
        {"plan_id|int8", "plan|bool", MATCH_NONE}, /* a guess, and the types speak against it */
        {"plan_on|timestamptz", "plan|date", MATCH_NONE},
        /* a time of the same event */
        {"created_at|timestamptz", "joined_at|timestamptz", MATCH_MEANING},
        {"updated_at|timestamptz", "last_modified|timestamptz", MATCH_MEANING},
        {"removed_at|timestamptz", "left_at|timestamptz", MATCH_MEANING},
        {"created_at|timestamptz", "left_at|timestamptz", MATCH_NONE},
        {"created_at|timestamptz", "updated_at|timestamptz", MATCH_NONE},
        {"created_by|text", "joined_by|text", MATCH_NONE},
        {"created|text", "joined|text", MATCH_NONE}, /* no times */
        {"created|text", "joined|timestamptz", MATCH_NONE},
        {"created|date", "joined|text", MATCH_NONE},
        /* half of the words, of one kind */
        {"full_name|text", "name|varchar(9)", MATCH_PART},
        {"full_name|varchar(9)", "name|bpchar(9)", MATCH_PART},
        {"unit_price|int2", "price|int8", MATCH_PART},
        {"unit_price|uuid", "price|uuid", MATCH_PART},
        {"unit_price|int4", "price|text", MATCH_NONE},
        {"a_b_name|text", "name|text", MATCH_NONE},
        {"name|text", "title|text", MATCH_NONE},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const columns[] = {rows[i].from, rows[i].to};
        struct sample s = table_of(columns, 2);
        const struct catalog_column *c = s.catalog->tables[0].columns;

        if (init_match(&c[0], &c[1]) != rows[i].match)
            fail_msg("%s, %s: %d", rows[i].from, rows[i].to, init_match(&c[0], &c[1]));
        sample_free(&s);
    }
}

/* The surest; of equals the first; none that is less sure than asked for. */
static void
test_best(void **state)
{
    static const struct {
        const char *to;
        enum match worst;
        const char *best; /* NULL: none */
        enum match match;
    } rows[] = {
        {"plan|text", MATCH_PART, "Plan", MATCH_SAME},        {"plan|text", MATCH_SAME, "Plan", MATCH_SAME},
        {"plan|text", MATCH_EXACT, NULL, MATCH_NONE},         {"plan_id|text", MATCH_PART, "plan_id", MATCH_EXACT},
        {"paid|bool", MATCH_PART, "is_paid", MATCH_CORE}, /* before has_paid, which is as sure */
        {"price|int4", MATCH_PART, "unit_price", MATCH_PART}, {"price|int4", MATCH_MEANING, NULL, MATCH_NONE},
        {"colour|text", MATCH_PART, NULL, MATCH_NONE},        {"colour|text", MATCH_NONE, NULL, MATCH_NONE},
    };
    static const char *const source[] = {"list_plan|text", "plan_id|text",  "Plan|text",
                                         "is_paid|bool",   "has_paid|bool", "unit_price|int4"};
    struct sample s = table_of(source, COUNT(source));

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample t = table_of(&rows[i].to, 1);
        enum match found = MATCH_EXACT;
        const struct catalog_column *best =
            init_match_best(&s.catalog->tables[0], &t.catalog->tables[0].columns[0], rows[i].worst, &found);

        assert_int_equal(found, rows[i].match);
        if (rows[i].best == NULL)
            assert_null(best);
        else
            assert_string_equal(best->name, rows[i].best);
        sample_free(&t);
    }
    sample_free(&s);
}

/* What each predicate says of a column: t time, x text, i integer, s sequence, c creation, e end. */
static void
test_kinds(void **state)
{
    static const struct {
        const char *column, *is;
    } rows[] = {
        {"a|timestamptz", "t"},
        {"a|timestamp", "t"},
        {"a|date", "t"},
        {"a|time", ""},
        {"a|text", "x"},
        {"a|varchar(9)", "x"},
        {"a|bpchar(9)", "x"},
        {"a|text[]", ""},
        {"a|public.citext", ""},
        {"a|int2", "i"},
        {"a|int4", "i"},
        {"a|int8", "i"},
        {"a|numeric", ""},
        {"a|int8|n|nextval('s'::regclass)", "is"},
        {"a|int8|n|(10 + nextval('s'::regclass))", "is"},
        {"a|int8|n|0", "i"},
        {"a|text|n|nextval('s'::regclass)", "x"},
        {"created_at|timestamptz", "tc"},
        {"joinedOn|date", "tc"},
        {"registered|timestamp", "tc"},
        {"created_at|text", "x"}, /* the name is no time */
        {"recreated|date", "t"},  /* a word, not a part of one */
        {"deleted_at|timestamptz", "te"},
        {"left_on|date", "te"},
        {"canceled|timestamp", "te"},
        {"left|int4", "i"},
        {"updated_at|timestamptz", "t"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample s = table_of(&rows[i].column, 1);
        const struct catalog_column *c = &s.catalog->tables[0].columns[0];
        char is[7];

        snprintf(is, sizeof is, "%s%s%s%s%s%s", init_is_time(c) ? "t" : "", init_is_text(c) ? "x" : "",
                 init_is_integer(c) ? "i" : "", init_has_sequence(c) ? "s" : "", init_is_creation(c) ? "c" : "",
                 init_is_end(c) ? "e" : "");
        if (strcmp(is, rows[i].is) != 0)
            fail_msg("%s: %s", rows[i].column, is);
        sample_free(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_best),
        cmocka_unit_test(test_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
