/* test_cleanup.c - what `rollback cleanup` decides before it asks a database. */
/* links: lib/core/cleanup.c lib/core/shown.c embedded.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/cleanup.h"
#include "plan_sample.h"

static void
test_patterns(void **state)
{
    static const struct {
        const char *pattern;
        enum cleanup_pattern kind;
    } rows[] = {
        {"", CLEANUP_PATTERN_EMPTY},        {"%", CLEANUP_PATTERN_ANYTHING},         {"%_%", CLEANUP_PATTERN_ANYTHING},
        {"_", CLEANUP_PATTERN_ANYTHING},    {"Staging Test%", CLEANUP_PATTERN_GOOD}, {" ", CLEANUP_PATTERN_GOOD},
        {"\\%", CLEANUP_PATTERN_GOOD},      {"%\\_", CLEANUP_PATTERN_GOOD},          {"\\\\", CLEANUP_PATTERN_GOOD},
        {"\\", CLEANUP_PATTERN_UNFINISHED}, {"a\\\\\\", CLEANUP_PATTERN_UNFINISHED},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (cleanup_pattern(rows[i].pattern) != rows[i].kind)
            fail_msg("%s: %d", rows[i].pattern, (int) cleanup_pattern(rows[i].pattern));
}

static void
test_too_much(void **state)
{
    (void) state;
    assert_false(cleanup_too_much(0, 0));
    assert_false(cleanup_too_much(0, 10));
    assert_true(cleanup_too_much(1, 1));
    assert_true(cleanup_too_much(30, 30));
    assert_false(cleanup_too_much(3, 4));
    assert_false(cleanup_too_much(20, 21));
    assert_true(cleanup_too_much(21, 41));
    assert_false(cleanup_too_much(21, 42));
    assert_false(cleanup_too_much(500000, 1000000));
    assert_true(cleanup_too_much(500001, 1000000));
}

static void
test_columns(void **state)
{
    struct sample s = more_sample();
    struct cleanup_column found = {0};
    char *why;

    (void) state;
    why = cleanup_column(s.mapping, NULL, "Code", &found);
    assert_null(why);
    assert_string_equal(found.entity->name, "word");
    why = cleanup_column(s.mapping, "note", "Body", &found);
    assert_null(why);
    assert_string_equal(found.entity->name, "note");
    assert_string_equal(found.source, "Body");
    why = cleanup_column(s.mapping, "nte", "Body", &found);
    must_have(why, "no root entity \"nte\"");
    must_have(why, "note");
    free(why);
    why = cleanup_column(s.mapping, NULL, NULL, &found);
    must_have(why, "a column \"name\"");
    must_have(why, "Body");
    free(why);
    why = cleanup_column(s.mapping, "word", "\033[2J", &found);
    must_not_have(why, "\033");
    free(why);
    sample_free(&s);
}

static void
test_belongs(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    const struct mapping *m = s.mapping;

    (void) state;
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < m->count; k++) {
            const struct mapping_entity *e = &m->entities[i];
            bool wanted = false;

            for (; e != NULL; e = e->parent == NULL ? NULL : &m->entities[e->parent->index])
                wanted = wanted || e == &m->entities[k];
            if (m->entities[k].parent == NULL)
                assert_int_equal(cleanup_belongs(m, &m->entities[i], &m->entities[k]), wanted);
        }
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_belongs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
