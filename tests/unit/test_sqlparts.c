/* test_sqlparts.c - the fragments of an entity's statements: what is written, compared, joined, and what is not. */
/* links: lib/core/sqlparts.c lib/core/sqlvalue.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/sqlparts.h"

struct sample {
    struct mapping *mapping;
    struct catalog *catalog;
    struct fragments f;
};

static struct sample
sample_of(const char *json, const char *catalog, const char *name)
{
    struct sample s = {.mapping = mapping_of(json), .catalog = catalog_of(catalog)};
    struct gen g = gen_for(s.mapping, s.catalog, &s.mapping->entities[mapping_entity_index(s.mapping, name)]);

    s.f = gen_fragments(&g);
    return s;
}

static void
sample_free(struct sample *s)
{
    fragments_free(&s->f);
    mapping_free(s->mapping);
    catalog_free(s->catalog);
}

struct expected {
    const char *entity;
    const char *fragment;
    const char *text;
};

static void
check(const struct expected *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sample s = sample_of(family_json, family_catalog, rows[i].entity);

        if (strcmp(fragments_get(&s.f, rows[i].fragment), rows[i].text) != 0)
            fail_msg("%s of %s\nis:        %s\nshould be: %s", rows[i].fragment, rows[i].entity,
                     fragments_get(&s.f, rows[i].fragment), rows[i].text);
        sample_free(&s);
    }
}

/* What an INSERT writes, in one order: the map's key, the parent's key, the columns. */
static void
test_written(void **state)
{
    static const struct expected rows[] = {
        {"org", "columns", "\"Id\", \"Title\", \"At\""},
        {"org", "expected", "m.\"Old Id\" AS mk, s.c0 AS c0, s.c1 AS c1"},
        {"org", "expected_names", "e.mk, e.c0, e.c1"},
        {"group", "columns", "\"Id\", \"O\", \"Kind\", \"Sort\", \"Made\", \"Stamp\", \"Extra\", \"Alive\""},
        {"group", "expected_names", "e.mk, e.pk, e.c0, e.c1, e.c2, e.c3, e.c4, e.c5"},
        {"seat", "columns", "\"G\", \"User\""},
        {"seat", "expected", "p.\"O\" AS pk, s.c0 AS c0"},
        {"seat", "expected_names", "e.pk, e.c0"},
        {"tag", "columns", "\"Code\", \"Note\", \"Label\""},
        {"tag", "expected", "s.c0 AS c0, s.c1 AS c1, s.c2 AS c2"},
        {"org", "written_when", "e.present"},
        {"group", "written_when", "(e.present OR e.there)"},
        {"seat", "written_when", "e.present"},
    };

    (void) state;
    check(rows, COUNT(rows));
}

/* An update: never the key, never insert_only; now moves with a change but is none; the parent's key is a column. */
static void
test_on_conflict(void **state)
{
    static const struct expected rows[] = {
        {"org", "on_conflict",
         "DO UPDATE SET \"Title\" = excluded.\"Title\", \"At\" = excluded.\"At\" WHERE ROW(t.\"Title\")"
         "::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded.\"Title\")::pg_catalog.record"},
        {"group", "on_conflict",
         "DO UPDATE SET \"Kind\" = excluded.\"Kind\", \"Sort\" = excluded.\"Sort\", \"Extra\" = excluded.\"Extra\", "
         "\"Alive\" = excluded.\"Alive\", \"O\" = excluded.\"O\" WHERE ROW(t.\"Kind\", t.\"Sort\", t.\"Extra\", "
         "t.\"Alive\", t.\"O\")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded.\"Kind\", excluded.\"Sort\", "
         "excluded.\"Extra\", excluded.\"Alive\", excluded.\"O\")::pg_catalog.record"},
        /* all there is is the key */
        {"seat", "on_conflict", "DO NOTHING"},
        {"seat", "target_key", "\"User\", \"G\""},
        {"tag", "target_key", "\"Code\""},
    };
    char *json = with(family_json, "{\"column\": \"Name\", \"truncate\": 20}", "{\"now\": true}");
    struct sample s = sample_of(json, family_catalog, "org");

    (void) state;
    check(rows, COUNT(rows));
    /* nothing but times: no update ever, or every event would write */
    assert_string_equal(fragments_get(&s.f, "on_conflict"), "DO NOTHING");
    assert_string_equal(fragments_get(&s.f, "equal"), "true");
    sample_free(&s);
    free(json);
}

/* Read back by the type's equality, or as text where it has none; what an update would not write is not asked. */
static void
test_equal(void **state)
{
    static const struct expected rows[] = {
        {"org", "equal", "t.\"Title\" IS NOT DISTINCT FROM (s.c0)"},
        {"seat", "equal", "true"},
        {"tag", "equal", "t.\"Note\" IS NOT DISTINCT FROM (s.c1) AND t.\"Label\" IS NOT DISTINCT FROM (s.c2)"},
    };
    struct sample s = sample_of(family_json, family_catalog, "group");
    const char *equal = fragments_get(&s.f, "equal");

    (void) state;
    check(rows, COUNT(rows));
    must_have(equal, "t.\"Extra\"::pg_catalog.text IS NOT DISTINCT FROM (s.c4)::pg_catalog.text");
    must_have(equal, "t.\"Sort\" IS NOT DISTINCT FROM (s.c1)");
    must_have(equal, "t.\"Kind\" IS NOT DISTINCT FROM (CASE WHEN s.present THEN s.c0 ELSE NULL::pg_catalog.text END)");
    must_not_have(equal, "\"Made\"");
    must_not_have(equal, "\"Stamp\"");
    must_not_have(equal, "\"Id\"");
    sample_free(&s);
}

/* Which legacy row is meant: by the map, by the parent's map for its part of the key, else by the columns themselves. */
static void
test_match(void **state)
{
    static const struct expected rows[] = {
        {"org", "target_match", "t.\"Id\" = m.\"Old Id\""},
        {"org", "target_match_wanted", "t.\"Id\" = m.\"Old Id\""},
        {"group", "target_match", "t.\"Id\" = m.\"O\""},
        {"seat", "target_match", "t.\"User\" = s.i0::pg_catalog.int4 AND t.\"G\" = p.\"O\""},
        {"seat", "target_match_wanted", "t.\"User\" = w.i0::pg_catalog.int4 AND t.\"G\" = p.\"O\""},
        {"tag", "target_match_wanted", "t.\"Code\" = w.i0::pg_catalog.\"varchar\""},
        {"tag", "target_key_column", "\"Code\""},
        {"org", "wanted_row", "coalesce(s.present, false)"},
        {"group", "wanted_row", "s.k0 IS NOT NULL AND (s.present OR t.\"Id\" IS NOT NULL)"},
        {"seat", "wanted_row", "coalesce(s.present, false)"},
    };

    (void) state;
    check(rows, COUNT(rows));
}

static void
test_joins(void **state)
{
    static const struct expected rows[] = {
        {"org", "join_maps", "JOIN \"Map\".\"Org Map\" m ON m.\"New Id\" = s.i0 "},
        {"org", "join_wanted_maps", "JOIN \"Map\".\"Org Map\" m ON m.\"New Id\" = w.i0 "},
        {"org", "left_join_maps", "LEFT JOIN \"Map\".\"Org Map\" m ON m.\"New Id\" = w.i0 "},
        {"org", "shown_target_key", "m.\"Old Id\"::pg_catalog.text"},
        {"group", "join_maps",
         "JOIN \"Map\".\"Group Map\" m ON m.\"N\" = s.i0 JOIN \"Map\".\"Org Map\" p ON p.\"New Id\" = s.p0 "},
        {"group", "join_wanted_maps", "JOIN \"Map\".\"Group Map\" m ON m.\"N\" = w.i0 "},
        /* the identity's second column is the parent's */
        {"seat", "join_maps", "JOIN \"Map\".\"Group Map\" p ON p.\"N\" = s.p0 "},
        {"seat", "join_wanted_maps", "JOIN \"Map\".\"Group Map\" p ON p.\"N\" = w.i1 "},
        {"seat", "left_join_maps", "LEFT JOIN \"Map\".\"Group Map\" p ON p.\"N\" = w.i1 "},
        {"seat", "shown_target_key", "p.\"O\"::pg_catalog.text"},
        {"tag", "join_maps", ""},
        {"tag", "left_join_maps", ""},
        {"tag", "shown_target_key", "NULL::pg_catalog.text"},
    };

    (void) state;
    check(rows, COUNT(rows));
}

static void
test_removal(void **state)
{
    static const struct expected rows[] = {
        {"group", "removal_assignments", "\"Alive\" = 'false'::pg_catalog.bool, \"Kind\" = NULL::pg_catalog.text"},
        {"group", "removal_columns", "t.\"Alive\", t.\"Kind\""},
        {"group", "removal_values", "'false'::pg_catalog.bool, NULL::pg_catalog.text"},
        {"seat", "removal_assignments", ""},
        {"tag", "removal_assignments", ""},
    };

    (void) state;
    check(rows, COUNT(rows));
}

/* ON CONFLICT only where an index can be its arbiter: whole, immediate, and on the source key alone. */
static void
test_reserve(void **state)
{
    static const struct {
        const char *from, *to;
        const char *unless;
    } rows[] = {
        {"U|New Id\n", "U|New Id\n", "ON CONFLICT (\"New Id\") DO NOTHING"},
        {"U|New Id\n", "u|New Id\n", ""},
        {"U|New Id\n", "", ""},
        {"U|New Id\n", "U|New Id|Old Id\n", ""},
        {"U|New Id\n", "u|New Id\nU|New Id\nU|New Id\n", "ON CONFLICT (\"New Id\") DO NOTHING"},
        {"U|Old Id\nU|New Id\n", "U|Old Id\n", ""},
    };
    static const struct expected parts[] = {
        {"org", "map", "\"Map\".\"Org Map\""},
        {"org", "map_source_key", "\"New Id\""},
        {"org", "map_target_key", "\"Old Id\""},
        {"org", "verified", "\"Seen\""},
        {"org", "map_columns", ", \"Title\", \"By\", \"Seen\""},
        {"org", "map_values", ", (s.c0)::pg_catalog.text AS v0, ('it''s')::pg_catalog.text AS v1"},
        {"org", "map_names", ", r.v0, r.v1, false"},
        {"org", "next_target_key", "nextval('\"Old\".\"Org Seq\"'::regclass)"},
        {"group", "map_columns", ""},
        {"group", "map_values", ""},
        {"group", "next_target_key", "old_group_id()"},
        {"group", "unless_mapped", ""},
    };

    (void) state;
    check(parts, COUNT(parts));
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *catalog = with(family_catalog, rows[i].from, rows[i].to);
        struct sample s = sample_of(family_json, catalog, "org");

        assert_string_equal(fragments_get(&s.f, "unless_mapped"), rows[i].unless);
        sample_free(&s);
        free(catalog);
    }
}

static void
test_set(void **state)
{
    const struct mapping_table table = {(char[]){"a\"b"}, (char[]){"T"}};
    struct fragments f = {0};

    (void) state;
    gen_set_ident(&f, "x", "a\"b");
    gen_set_table(&f, "y", &table);
    assert_string_equal(fragments_get(&f, "x"), "\"a\"\"b\"");
    assert_string_equal(fragments_get(&f, "y"), "\"a\"\"b\".\"T\"");
    fragments_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written), cmocka_unit_test(test_on_conflict), cmocka_unit_test(test_equal),
        cmocka_unit_test(test_match),   cmocka_unit_test(test_joins),       cmocka_unit_test(test_removal),
        cmocka_unit_test(test_reserve), cmocka_unit_test(test_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
