/* test_table_list.c - the tables of a mapping as arrays. */
/* links: lib/core/table_list.c lib/core/pgarray.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/table_list.h"

static struct mapping_entity entities[] = {
    {.name = "team", .source = {"public", "new team"}, .target = {"old", "team"}},
    {.name = "member", .source = {"vnext", "member"}, .target = {"old", "team"}},
};
static const struct mapping mapping = {.entities = entities, .count = 2};

static void
test_sides(void **state)
{
    static const struct {
        bool sources, targets;
        const char *entities, *schemas, *names;
    } rows[] = {
        {true, false, "{team,member}", "{public,vnext}", "{new team,member}"},
        {false, true, "{team,member}", "{old,old}", "{team,team}"},
        {true, true, "{team,team,member,member}", "{public,old,vnext,old}", "{new team,team,member,team}"},
        {false, false, "{}", "{}", "{}"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct table_list l = table_list_of(&mapping, rows[i].sources, rows[i].targets);

        assert_string_equal(l.entities, rows[i].entities);
        assert_string_equal(l.schemas, rows[i].schemas);
        assert_string_equal(l.names, rows[i].names);
        table_list_free(&l);
        assert_null(l.names);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sides)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
