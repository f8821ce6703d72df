/* test_stage_sql.c - which column the failure simulation plays with, and its statements. */
/* links: embedded.c lib/core/stage_sql.c lib/core/template.c lib/core/quote.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/stage_sql.h"
#include "mapping_sample.h"

static struct mapping *
sample(void)
{
    struct faults faults = {0};
    struct mapping *m = mapping_parse("sample", mapping_sample, strlen(mapping_sample), &faults);

    assert_non_null(m);
    faults_free(&faults);
    return m;
}

static void
test_column(void **state)
{
    struct mapping *m = sample();
    const struct mapping_column *c;
    size_t at = 0;

    (void) state;
    c = stage_column(&m->entities[0], &at);
    assert_string_equal(c->name, "name");
    assert_string_equal(c->value.text, "title");
    assert_null(stage_column(&m->entities[0], &at)); /* a constant is no column */
    at = 0;
    c = stage_column(&m->entities[1], &at); /* "user" is part of the legacy key */
    assert_string_equal(c->name, "role");
    mapping_free(m);
}

static void
check(char *sql, const char *expected)
{
    if (strstr(sql, expected) == NULL)
        fail_msg("%s is not in %s", expected, sql);
    free(sql);
}

static void
test_statements(void **state)
{
    struct mapping *m = sample();
    const struct mapping_entity *team = &m->entities[0];
    const struct mapping_entity *member = &m->entities[1];
    size_t at = 0;
    const struct mapping_column *title = stage_column(team, &at);

    (void) state;
    check(stage_find_sql(team, title), "source.\"title\"::pg_catalog.text LIKE $1");
    check(stage_find_sql(team, title), "JOIN \"public\".\"map\" AS map ON map.\"new_id\" = source.\"id\"");
    check(stage_lock_sql(team, title), "FROM \"public\".\"old_team\" AS target WHERE target.\"id\" = $1 FOR UPDATE");
    check(stage_touch_sql(team, title),
          "UPDATE \"public\".\"new_team\" AS source SET \"title\" = $1 WHERE source.\"id\" = $2");
    at = 0;
    check(stage_look_sql(member, stage_column(member, &at)), "target.\"team\" = $1 AND target.\"user\" = $2");
    mapping_free(m);
}

static void
test_marked(void **state)
{
    char *once = stage_marked("Staging Test");
    char *twice = stage_marked(once);

    (void) state;
    assert_string_not_equal(once, "Staging Test");
    assert_int_equal(strncmp(once, "Staging Test", strlen("Staging Test")), 0);
    assert_string_equal(twice, "Staging Test");
    free(once);
    free(twice);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_column), cmocka_unit_test(test_statements),
                                       cmocka_unit_test(test_marked)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
