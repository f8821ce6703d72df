/* test_smoke_sql.c - test rows for any mapping: a golden file, what the catalog decides, and that names stay in their quotes. */
/* links: lib/core/smoke_sql.c lib/core/smoke_fill.c embedded.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/smoke_sql.h"
#include "dualwrite/sqlgen.h"
#include "plan_sample.h"

static const char *const key[] = {"7", "8", "9"};

static void
take(struct buf *out, const char *entity, const char *what, char *sql, char *why)
{
    if (sql != NULL || why != NULL)
        buf_printf(out, "-- %s: %s\n%s\n\n", entity, what, sql == NULL ? why : sql);
    free(sql);
    free(why);
}

static char *
all_text(const struct sample *s)
{
    const struct smoke_fill fill = {.name = "Staging Test Shelf 3f9a2c1d", .parent_key = "7"};
    struct buf out = {0};

    for (size_t i = 0; i < s->mapping->count; i++) {
        const struct mapping_entity *e = &s->mapping->entities[i];
        char *why;
        char *insert = smoke_insert_sql(s->mapping, &s->catalogs, e, &fill, &why);

        assert_int_equal(insert == NULL, why != NULL);
        take(&out, e->name, "insert", insert, why);
        for (size_t n = 0; n < 20; n++)
            take(&out, e->name, "change", smoke_change_sql(s->mapping, &s->catalogs, e, key, fill.name, n), NULL);
        take(&out, e->name, "remove", smoke_remove_sql(s->mapping, &s->catalogs, e, key), NULL);
        if (e->parent != NULL)
            take(&out, e->name, "children", smoke_children_sql(s->mapping, &s->catalogs, e), NULL);
        take(&out, e->name, "leftovers", smoke_leftovers_sql(s->mapping, &s->catalogs, e), NULL);
        take(&out, e->name, "find", smoke_find_sql(s->mapping, &s->catalogs, e, e->source_key.items[0]), NULL);
        take(&out, e->name, "delete source", smoke_delete_source_sql(s->mapping, &s->catalogs, e), NULL);
        take(&out, e->name, "delete target", smoke_delete_target_sql(s->mapping, &s->catalogs, e), NULL);
        take(&out, e->name, "delete map", smoke_delete_map_sql(s->mapping, &s->catalogs, e), NULL);
    }
    return buf_steal(&out);
}

static struct sample
family_sample(void)
{
    return sample_of(family_json, family_catalog);
}

static void
check_golden(struct sample s, const char *file)
{
    char *text = all_text(&s);

    golden(file, text);
    must_not_have(text, ":{");
    free(text);
    sample_free(&s);
}

static void
test_golden(void **state)
{
    (void) state;
    check_golden(family_sample(), "tests/unit/golden/smoke_family.sql");
    check_golden(more_sample(), "tests/unit/golden/smoke_more.sql");
}

/* Nothing that a mapping or a catalog calls a thing can become SQL, in any statement. */
static void check_hostile(struct sample (*make)(void))
{
    struct sample s = make();
    char *plain = all_text(&s);

    sample_free(&s);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char *text;

        s = make();
        hang_mapping(s.mapping, hostile[i]);
        hang_catalog(s.catalog, hostile[i]);
        text = all_text(&s);
        only_grown(plain, text, hostile[i]);
        free(text);
        sample_free(&s);
    }
    free(plain);
}

static void
test_hostile(void **state)
{
    (void) state;
    check_hostile(family_sample);
    check_hostile(more_sample);
}

/* The first root with a child, and that child. */
static void
test_pair(void **state)
{
    struct sample s = more_sample();
    size_t root = smoke_root(s.mapping);
    size_t child = smoke_child(s.mapping, root);

    (void) state;
    assert_null(s.mapping->entities[root].parent);
    assert_true(child < s.mapping->count);
    assert_int_equal(s.mapping->entities[child].parent->index, root);
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_pair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
