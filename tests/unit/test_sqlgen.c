/*
 * test_sqlgen.c - the plan: golden files, and what must hold of every statement by itself. Their pieces are
 * test_sqlvalue.c, test_sqlread.c, test_sqlmap.c and test_sqlwrite.c; that the server takes them is for the integration
 * tests.
 */
/* links: embedded.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/sqlgen.h"
#include "plan_sample.h"

/* The whole plan as one text. */
static char *
plan_text(const struct sample *s)
{
    struct plan *p = plan_make(s->mapping, &s->catalogs);
    struct buf out = {0};

    assert_int_equal(p->count, s->mapping->count);
    for (size_t i = 0; i < p->count; i++)
        for (enum plan_step step = 0; step < PLAN_STEPS; step++)
            if (p->entities[i].sql[step] != NULL)
                buf_printf(&out, "-- %s: %s (%s)\n%s\n\n", s->mapping->entities[i].name, plan_step_name(step),
                           plan_step_database(step) == DATABASE_VNEXT ? "vNext" : "legacy", p->entities[i].sql[step]);
    plan_free(p);
    return buf_steal(&out);
}

static void
check_golden(struct sample s, const char *path)
{
    char *text = plan_text(&s);

    golden(path, text);
    free(text);
    sample_free(&s);
}

static void
test_golden(void **state)
{
    (void) state;
    check_golden(sample_with(mapping_file("config/mapping.json"), default_catalog),
                 "tests/unit/golden/plan_default.sql");
    check_golden(sample_of(family_json, family_catalog), "tests/unit/golden/plan_family.sql");
    check_golden(more_sample(), "tests/unit/golden/plan_more.sql");
}

/* Nothing that a mapping or a catalog calls a thing can become SQL, in any statement. */
static void check_hostile(struct sample (*make)(void))
{
    struct sample s = make();
    char *plain = plan_text(&s);

    sample_free(&s);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char *text;

        s = make();
        hang_mapping(s.mapping, hostile[i]);
        hang_catalog(s.catalog, hostile[i]);
        text = plan_text(&s);
        only_grown(plain, text, hostile[i]);
        free(text);
        sample_free(&s);
    }
    free(plain);
}

static struct sample
family_sample(void)
{
    return sample_of(family_json, family_catalog);
}

static void
test_hostile(void **state)
{
    (void) state;
    check_hostile(family_sample);
    check_hostile(more_sample);
}

/* The highest parameter that `sql` names. */
static int
parameters(const char *sql)
{
    struct words words = words_of(sql);
    int highest = 0;

    for (size_t i = 0; i < words.count; i++)
        if (words.items[i].kind == WORD_BARE && words.items[i].text[0] == '$' &&
            atoi(words.items[i].text + 1) > highest)
            highest = atoi(words.items[i].text + 1);
    free_words(&words);
    return highest;
}

/* Every template place is filled, and no statement ends in a ; : they go one by one, as prepared statements. */
static void
check_statement(const char *sql)
{
    struct words words = words_of(sql);

    assert_true(words.count > 0);
    must_not_have(sql, ":{");
    for (size_t i = 0; i < words.count; i++)
        assert_false(words.items[i].kind == WORD_BARE && strcmp(words.items[i].text, ";") == 0);
    free_words(&words);
}

static void
check_statements(struct sample s)
{
    struct plan *p = plan_make(s.mapping, &s.catalogs);

    for (size_t i = 0; i < p->count; i++)
        for (enum plan_step step = 0; step < PLAN_STEPS; step++) {
            const char *sql = p->entities[i].sql[step];

            if (sql == NULL)
                continue;
            check_statement(sql);
            assert_int_equal(parameters(sql), plan_step_parameters(&s.mapping->entities[i], step));
        }
    plan_free(p);
    sample_free(&s);
}

static void
test_every_statement(void **state)
{
    (void) state;
    check_statements(sample_with(mapping_file("config/mapping.json"), default_catalog));
    check_statements(family_sample());
    check_statements(more_sample());
}

/* Whether `sql` names a table of one of the schemas, which are told apart by their names in the samples. */
static bool
names_schema(const char *sql, const char *schema)
{
    struct words words = words_of(sql);
    bool named = false;

    for (size_t i = 0; i + 1 < words.count; i++)
        named = named || (words.items[i].kind == WORD_NAME && strcmp(words.items[i].text, schema) == 0 &&
                          strcmp(words.items[i + 1].text, ".") == 0);
    free_words(&words);
    return named;
}

/* No statement touches both databases. */
static void
check_sides(struct sample s)
{
    struct plan *p = plan_make(s.mapping, &s.catalogs);

    for (size_t i = 0; i < p->count; i++)
        for (enum plan_step step = 0; step < PLAN_STEPS; step++) {
            const char *sql = p->entities[i].sql[step];

            if (sql == NULL)
                continue;
            if (plan_step_database(step) == DATABASE_VNEXT) {
                assert_false(names_schema(sql, "Old"));
            } else {
                assert_false(names_schema(sql, "New"));
                assert_false(names_schema(sql, "Map"));
                assert_false(names_schema(sql, "Look"));
                assert_true(names_schema(sql, "Old"));
            }
        }
    plan_free(p);
    sample_free(&s);
}

static void
test_sides(void **state)
{
    (void) state;
    check_sides(family_sample());
    check_sides(more_sample());
}

/*
 * A map brings a key to draw, to reserve and maybe to mark; "keep" removes nothing; nothing but a key updates nothing.
 */
static void
test_steps(void **state)
{
    static const struct {
        const char *entity;
        const char *steps;
    } rows[] = {
        {"org", "read draw reserve missing update insert verify mark resync "},
        {"group", "read removals draw reserve missing update insert remove verify resync "},
        {"seat", "read removals insert remove verify resync "},
        {"tag", "read missing update insert verify resync "},
        {"word", "read removals missing insert remove verify resync "},
        {"page", "read removals holders owner draw reserve missing yield update insert remove yielded verify resync "},
        {"note", "read draw reserve missing update insert verify mark resync "},
        {"line", "read removals update insert remove verify resync "},
    };
    struct sample samples[] = {family_sample(), more_sample()};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct sample *s = &samples[i >= 4];
        struct plan *p = plan_make(s->mapping, &s->catalogs);
        const struct plan_entity *e = &p->entities[mapping_entity_index(s->mapping, rows[i].entity)];
        struct buf steps = {0};

        for (enum plan_step step = 0; step < PLAN_STEPS; step++)
            if (e->sql[step] != NULL)
                buf_printf(&steps, "%s ", plan_step_name(step));
        assert_string_equal(buf_text(&steps), rows[i].steps);
        buf_free(&steps);
        plan_free(p);
    }
    sample_free(&samples[0]);
    sample_free(&samples[1]);
}

static void
test_names(void **state)
{
    static const struct {
        enum plan_step step;
        const char *name;
        enum database database;
    } rows[] = {
        {PLAN_READ, "read", DATABASE_VNEXT},        {PLAN_REMOVALS, "removals", DATABASE_VNEXT},
        {PLAN_HOLDERS, "holders", DATABASE_LEGACY}, {PLAN_OWNER, "owner", DATABASE_VNEXT},
        {PLAN_YIELD, "yield", DATABASE_LEGACY},     {PLAN_YIELDED, "yielded", DATABASE_LEGACY},
        {PLAN_DRAW, "draw", DATABASE_LEGACY},       {PLAN_RESERVE, "reserve", DATABASE_VNEXT},
        {PLAN_MISSING, "missing", DATABASE_LEGACY}, {PLAN_UPDATE, "update", DATABASE_LEGACY},
        {PLAN_INSERT, "insert", DATABASE_LEGACY},   {PLAN_REMOVE, "remove", DATABASE_LEGACY},
        {PLAN_VERIFY, "verify", DATABASE_LEGACY},   {PLAN_MARK, "mark", DATABASE_VNEXT},
        {PLAN_RESYNC, "resync", DATABASE_VNEXT},
    };

    (void) state;
    assert_int_equal(COUNT(rows), PLAN_STEPS);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(plan_step_name(rows[i].step), rows[i].name);
        assert_int_equal(plan_step_database(rows[i].step), rows[i].database);
    }
}

/* What a value too long is named by: the legacy column's length, but not where the row carries a key of a lookup. */
static void
test_lengths(void **state)
{
    struct sample s = more_sample();
    struct plan *p = plan_make(s.mapping, &s.catalogs);
    const struct mapping_entity *page = entity_of(s.mapping, "page");
    const int *length = p->entities[mapping_entity_index(s.mapping, "page")].length;

    (void) state;
    for (size_t i = 0; i < page->columns.count; i++) {
        const char *name = page->columns.items[i].name;

        assert_int_equal(length[i], strcmp(name, "Slug") == 0 ? 20 : strcmp(name, "Name") == 0 ? 8 : 0);
    }
    assert_int_equal(p->entities[mapping_entity_index(s.mapping, "word")].length[0], 10);
    plan_free(p);
    plan_free(NULL);
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_hostile), cmocka_unit_test(test_every_statement),
        cmocka_unit_test(test_sides),   cmocka_unit_test(test_steps),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
