/* test_explain_sql.c - the statements that find one row on both sides: a golden file, and that names stay in their quotes. */
/* links: lib/core/explain_sql.c embedded.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/explain_sql.h"
#include "dualwrite/sqlgen.h"
#include "plan_sample.h"

static void
take(struct buf *out, const char *entity, const char *what, char *sql)
{
    if (sql != NULL)
        buf_printf(out, "-- %s: %s\n%s\n\n", entity, what, sql);
    free(sql);
}

/* All of them as one text. */
static char *
all_text(const struct sample *s)
{
    struct buf out = {0};

    for (size_t i = 0; i < s->mapping->count; i++) {
        const struct mapping_entity *e = &s->mapping->entities[i];
        const char *why = NULL;
        char *owner = explain_owner_sql(s->mapping, &s->catalogs, e, &why);

        assert_int_equal(owner == NULL, why != NULL);
        take(&out, e->name, "key", explain_key_sql(s->mapping, &s->catalogs, e));
        take(&out, e->name, "rows", explain_rows_sql(s->mapping, &s->catalogs, e));
        take(&out, e->name, "owner", owner);
        take(&out, e->name, "map", explain_map_sql(s->mapping, &s->catalogs, e));
        take(&out, e->name, "compare", explain_compare_sql(s->mapping, &s->catalogs, e));
    }
    return buf_steal(&out);
}

static struct sample
family_sample(void)
{
    return sample_of(family_json, family_catalog);
}

static void
test_golden(void **state)
{
    struct sample s = family_sample();
    char *text = all_text(&s);

    (void) state;
    golden("tests/unit/golden/explain_family.sql", text);
    must_not_have(text, ":{");
    free(text);
    sample_free(&s);
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

/* A legacy key that is more than a copy cannot be led back, and the column is named. */
static void
test_no_way_back(void **state)
{
    struct sample s = more_sample();
    const struct mapping_entity *e = entity_of(s.mapping, "line");
    const char *why = NULL;

    (void) state;
    assert_null(explain_owner_sql(s.mapping, &s.catalogs, e, &why));
    assert_string_equal(why, "Who");
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_no_way_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
