/* test_catalog.c - finding tables and columns in a catalog, and freeing it. */
/* links: lib/core/catalog.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/catalog.h"
#include "dualwrite/xalloc.h"

static struct catalog *
sample(void)
{
    static const char *const tables[][2] = {{"public", "team"}, {"legacy", "team"}, {"public", "member"}};
    static const char *const columns[] = {"id", "Name", "name"};
    struct catalog *c = xcalloc(1, sizeof *c);

    c->role = xstrdup("sync");
    c->tables = xcalloc(3, sizeof *c->tables);
    c->count = 3;
    for (size_t i = 0; i < 3; i++) {
        struct catalog_table *t = &c->tables[i];

        t->schema = xstrdup(tables[i][0]);
        t->name = xstrdup(tables[i][1]);
        t->owner = xstrdup("app");
        t->sequence = xstrdup("\"public\".\"s\"");
        t->columns = xcalloc(i + 1, sizeof *t->columns);
        t->ncolumns = i + 1;
        for (size_t j = 0; j <= i; j++) {
            t->columns[j].name = xstrdup(columns[j]);
            t->columns[j].type = xstrdup("pg_catalog.\"text\"");
            t->columns[j].shown_type = xstrdup("text");
            t->columns[j].exact_type = xstrdup("text");
            t->columns[j].default_expr = xstrdup("''");
            t->columns[j].labels = xcalloc(1, sizeof *t->columns[j].labels);
            t->columns[j].labels[0] = xstrdup("up");
            t->columns[j].nlabels = 1;
        }
        t->uniques = xcalloc(1, sizeof *t->uniques);
        t->nuniques = 1;
        t->uniques[0].columns = xcalloc(1, sizeof *t->uniques[0].columns);
        t->uniques[0].columns[0] = xstrdup("id");
        t->uniques[0].count = 1;
        t->uniques[0].predicate = xstrdup("id > 0");
        t->uniques[0].expressions = xstrdup("lower(name)");
    }
    return c;
}

static void
test_find(void **state)
{
    struct catalog *c = sample();

    (void) state;
    assert_ptr_equal(catalog_table(c, "public", "team"), &c->tables[0]);
    assert_ptr_equal(catalog_table(c, "legacy", "team"), &c->tables[1]);
    assert_ptr_equal(catalog_table(c, "public", "member"), &c->tables[2]);
    assert_null(catalog_table(c, "legacy", "member"));
    assert_null(catalog_table(c, "public", "TEAM"));
    assert_ptr_equal(catalog_column(&c->tables[2], "name"), &c->tables[2].columns[2]);
    assert_ptr_equal(catalog_column(&c->tables[2], "Name"), &c->tables[2].columns[1]);
    assert_null(catalog_column(&c->tables[0], "Name"));
    assert_null(catalog_column(&c->tables[0], ""));
    catalog_free(c);
}

/* By exactly these columns, or by some of them; a partial index and one of expressions alone keep nothing apart. */
static void
test_unique(void **state)
{
    char *ab[] = {"a", "b"};
    char *ba[] = {"b", "a"};
    char *a[] = {"a"};
    char *gap[] = {"a", NULL};
    char *abc[] = {"a", "b", "c"};
    struct catalog_unique both = {.columns = ab, .count = 2, .whole = true};
    struct catalog_unique none = {.count = 0, .whole = false};
    struct catalog_unique uniques[] = {none, both};
    struct catalog_table t = {.uniques = uniques, .nuniques = 2};

    (void) state;
    assert_true(catalog_is_unique(&t, ab, 2, false));
    assert_true(catalog_is_unique(&t, ba, 2, false));
    assert_false(catalog_is_unique(&t, a, 1, false));
    assert_false(catalog_is_unique(&t, a, 1, true));
    assert_false(catalog_is_unique(&t, gap, 2, true));
    assert_false(catalog_is_unique(&t, abc, 3, false));
    assert_true(catalog_is_unique(&t, abc, 3, true));
    uniques[1].usable = false; /* deferrable: it keeps them apart all the same */
    assert_true(catalog_is_unique(&t, ab, 2, false));
    uniques[1].whole = false;
    assert_false(catalog_is_unique(&t, ab, 2, true));
}

static void
test_side(void **state)
{
    struct catalog vnext = {0};
    struct catalog legacy = {0};
    const struct catalogs both = {&vnext, &legacy};

    (void) state;
    assert_ptr_equal(catalog_of_side(&both, DATABASE_VNEXT), &vnext);
    assert_ptr_equal(catalog_of_side(&both, DATABASE_LEGACY), &legacy);
}

/* The leak checker sees what is left. */
static void
test_freed(void **state)
{
    struct catalog *c = sample();

    (void) state;
    catalog_free(c);
    catalog_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_unique),
        cmocka_unit_test(test_side),
        cmocka_unit_test(test_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
