/* test_cleanup_sql.c - the statements of `rollback cleanup`: a golden file, and that names stay in their quotes. */
/* links: lib/core/cleanup_sql.c embedded.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/cleanup_sql.h"
#include "plan_sample.h"

static void
take(struct buf *out, const char *entity, const char *what, char *sql)
{
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
        const struct gen g = gen_for(s->mapping, &s->catalogs, e);
        const struct cleanup_asked source = {g.source, &e->source_key, e->source_key.items[0], true};
        const struct cleanup_asked target = {g.target, &e->target_key, NULL, false};
        const struct cleanup_foreign foreign = {e->source, e->source_key, e->source_key};

        take(&out, e->name, "like", cleanup_like_sql(&source, e->source_key.items[0]));
        take(&out, e->name, "rows", cleanup_rows_sql(&source, &e->source_key, NULL));
        take(&out, e->name, "legacy rows", cleanup_rows_sql(&target, &e->target_key, &e->target_key));
        take(&out, e->name, "total", cleanup_total_sql(g.target));
        take(&out, e->name, "delete", cleanup_delete_sql(g.target, &e->target_key));
        take(&out, e->name, "referring", cleanup_referring_sql(&foreign, g.target, &e->target_key, NULL, NULL));
        take(&out, e->name, "referring to itself",
             cleanup_referring_sql(&foreign, g.source, &e->source_key, g.source, &e->source_key));
    }
    take(&out, "all", "events", cleanup_events_sql(false));
    take(&out, "all", "events taken", cleanup_events_sql(true));
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
    golden("tests/unit/golden/cleanup_family.sql", text);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
