/*
 * test_sqlgen.c - the statements that sync an entity: golden files, and what must hold of them by itself. Their pieces
 * are test_sqlvalue.c and test_sqlparts.c; that the server takes them is for the integration tests.
 */
/* links: embedded.c lib/core/sqlgen.c lib/core/sqlvalue.c lib/core/sqlparts.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/sqlgen.h"

static void
put_plan(struct buf *out, const struct mapping *m, const struct plan *p)
{
    static const char *const kinds[] = {"write", "remove", "verify"};

    for (size_t i = 0; i < p->count; i++) {
        for (size_t j = 0; j < p->entities[i].count; j++) {
            const struct plan_step *step = &p->entities[i].steps[j];

            buf_printf(out, "-- %s: %s (%s)\n%s\n\n", m->entities[i].name, step->name, kinds[step->kind], step->sql);
        }
        buf_printf(out, "-- %s: resync\n%s\n\n", m->entities[i].name, p->entities[i].resync);
    }
}

/* The whole plan as one text. */
static char *
plan_text(const struct mapping *m, const struct catalog *c)
{
    struct plan *p = plan_make(m, c);
    struct buf out = {0};

    assert_int_equal(p->count, m->count);
    put_plan(&out, m, p);
    plan_free(p);
    return buf_steal(&out);
}

/* The family's plan, for assertions about single steps. */
struct sample {
    struct mapping *mapping;
    struct catalog *catalog;
    struct plan *plan;
};

static struct sample
sample_of(const char *json, const char *catalog)
{
    struct sample s = {mapping_of(json), catalog_of(catalog), NULL};

    s.plan = plan_make(s.mapping, s.catalog);
    return s;
}

static void
sample_free(struct sample *s)
{
    plan_free(s->plan);
    mapping_free(s->mapping);
    catalog_free(s->catalog);
}

static const struct plan_entity *
entity(const struct sample *s, const char *name)
{
    size_t i = mapping_entity_index(s->mapping, name);

    assert_true(i < s->plan->count);
    return &s->plan->entities[i];
}

/* The text of entity `name`'s step `step`; the `n`-th of that name, from 0. */
static const char *
step_sql(const struct sample *s, const char *name, const char *step, size_t n)
{
    const struct plan_entity *e = entity(s, name);

    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->steps[i].name, step) == 0 && n-- == 0)
            return e->steps[i].sql;
    fail_msg("%s has no step %s", name, step);
    return NULL;
}

static bool
has_step(const struct sample *s, const char *name, const char *step)
{
    const struct plan_entity *e = entity(s, name);

    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->steps[i].name, step) == 0)
            return true;
    return false;
}

static void
test_golden(void **state)
{
    struct mapping *m = mapping_file("config/mapping.json");
    struct catalog *c = catalog_of(default_catalog);
    char *text = plan_text(m, c);

    (void) state;
    golden("tests/unit/golden/plan_default.sql", text);
    free(text);
    mapping_free(m);
    catalog_free(c);
    m = mapping_of(family_json);
    c = catalog_of(family_catalog);
    text = plan_text(m, c);
    golden("tests/unit/golden/plan_family.sql", text);
    free(text);
    mapping_free(m);
    catalog_free(c);
}

/* Nothing that a mapping or a catalog calls a thing can become SQL, in any statement. */
static void
test_hostile(void **state)
{
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *plain = plan_text(m, c);

    (void) state;
    mapping_free(m);
    catalog_free(c);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char *text;

        m = mapping_of(family_json);
        c = catalog_of(family_catalog);
        /* the one expression names its column itself */
        for (size_t j = 0; j < m->count; j++)
            for (size_t k = 0; k < m->entities[j].columns.count; k++)
                if (m->entities[j].columns.items[k].value.kind == VALUE_EXPRESSION)
                    assert_non_null(strstr(m->entities[j].columns.items[k].value.text, "\"Sort\""));
        hang_mapping(m, hostile[i]);
        hang_catalog(c, hostile[i]);
        text = plan_text(m, c);
        only_grown(plain, text, hostile[i]);
        free(text);
        mapping_free(m);
        catalog_free(c);
    }
    free(plain);
}

/* Every template place is filled, no statement ends in a ; (they go one by one, as prepared statements). */
static void
test_every_statement(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);

    (void) state;
    for (size_t i = 0; i < s.plan->count; i++) {
        const struct plan_entity *e = &s.plan->entities[i];

        assert_int_equal(e->steps[e->count - 1].kind, STEP_VERIFY);
        for (size_t j = 0; j < e->count; j++) {
            char last[16];
            size_t identities = s.mapping->entities[i].identity.count;

            must_not_have(e->steps[j].sql, ":{");
            must_not_have(e->steps[j].sql, ";");
            assert_int_equal(e->steps[j].kind == STEP_VERIFY, j == e->count - 1);
            /* the same parameters in every step: the identity columns and the removals */
            snprintf(last, sizeof last, "$%zu::", identities + 1);
            must_have(e->steps[j].sql, last);
            snprintf(last, sizeof last, "$%zu", identities + 2);
            must_not_have(e->steps[j].sql, last);
        }
        must_not_have(e->resync, ":{");
        must_have(e->resync, "$2");
        must_not_have(e->resync, "$3");
    }
    sample_free(&s);
}

/* The shadows of those who are above come first, from the root down, and each is only written where it is missing. */
static void
test_three_levels(void **state)
{
    static const struct {
        const char *entity;
        const char *steps[12];
    } rows[] = {
        {"org", {"reserve", "upsert", "verify"}},
        {"group", {"parent reserve", "parent upsert", "parent verify", "reserve", "upsert", "remove", "verify"}},
        {"seat",
         {"parent reserve", "parent upsert", "parent verify", "parent reserve", "parent upsert", "upsert", "remove",
          "verify"}},
        {"tag", {"upsert", "verify"}},
    };
    struct sample s = sample_of(family_json, family_catalog);

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct plan_entity *e = entity(&s, rows[i].entity);
        size_t count = 0;

        while (rows[i].steps[count] != NULL)
            count++;
        assert_int_equal(e->count, count);
        for (size_t j = 0; j < count; j++)
            assert_string_equal(e->steps[j].name, rows[i].steps[j]);
    }
    /* A seat's steps: the org's first, then the group's; each found through the levels between. */
    must_have(step_sql(&s, "seat", "parent reserve", 0), "INSERT INTO \"Map\".\"Org Map\"");
    must_have(step_sql(&s, "seat", "parent upsert", 0), "INSERT INTO \"Old\".\"O\"\"rg\"");
    must_have(step_sql(&s, "seat", "parent upsert", 0), "\"New\".\"Group\"");
    must_have(step_sql(&s, "seat", "parent upsert", 0), "\"New\".\"Seat\"");
    must_have(step_sql(&s, "seat", "parent reserve", 1), "INSERT INTO \"Map\".\"Group Map\"");
    must_have(step_sql(&s, "seat", "parent upsert", 1), "INSERT INTO \"Old\".\"Group\"");
    must_not_have(step_sql(&s, "seat", "parent reserve", 1), "\"New\".\"Org\"");
    for (size_t i = 0; i < 2; i++)
        must_have(step_sql(&s, "seat", "parent upsert", i), "NOT EXISTS (SELECT FROM \"Map\".");
    /* An ancestor's keys travel in their own types. */
    must_have(step_sql(&s, "seat", "parent upsert", 0), "s.p0::pg_catalog.text::pg_catalog.uuid AS i0");
    must_have(step_sql(&s, "seat", "parent upsert", 1), "s.p0::pg_catalog.text::pg_catalog.int8 AS i0");
    /* The org's map notes what was read back; the group's has no such column. */
    must_have(step_sql(&s, "seat", "parent verify", 0), "UPDATE \"Map\".\"Org Map\" AS noted SET \"Seen\" = c.equal");
    must_have(step_sql(&s, "seat", "parent verify", 0), "IS DISTINCT FROM true");
    must_not_have(step_sql(&s, "group", "verify", 0), "UPDATE");
    must_have(step_sql(&s, "org", "verify", 0), "UPDATE \"Map\".\"Org Map\"");
    sample_free(&s);
}

/* A natural key without a parent: neither map nor reservation, and the key is found by its own columns. */
static void
test_natural_key(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    const char *upsert = step_sql(&s, "tag", "upsert", 0);

    (void) state;
    assert_false(has_step(&s, "tag", "reserve"));
    must_not_have(upsert, "\"Map\"");
    must_have(upsert, "(\"Code\", \"Note\", \"Label\")");
    must_have(upsert, "t.\"Code\" = s.i0::pg_catalog.\"varchar\"");
    must_have(upsert,
              "ON CONFLICT (\"Code\") DO UPDATE SET \"Note\" = excluded.\"Note\", \"Label\" = excluded.\"Label\"");
    must_have(upsert, "unnest($1::pg_catalog.text[], $2::pg_catalog.bool[])");
    must_have(upsert, "u.i0::pg_catalog.text AS i0");
    must_have(step_sql(&s, "tag", "verify", 0), "NULL::pg_catalog.text AS target_key");
    must_have(step_sql(&s, "tag", "verify", 0), "t.\"Code\" = w.i0::pg_catalog.\"varchar\"");
    sample_free(&s);
}

static void
test_removals(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    const char *sql;

    (void) state;
    /* keep: nothing is ever taken away */
    assert_false(has_step(&s, "org", "remove"));
    assert_false(has_step(&s, "tag", "remove"));
    /* set: only where a delete event said so and there is no row any more */
    sql = step_sql(&s, "group", "remove", 0);
    must_begin(sql, "UPDATE \"Old\".\"Group\" AS t SET \"Alive\" = 'false'::pg_catalog.bool, \"Kind\" = "
                    "NULL::pg_catalog.text\n");
    must_have(sql, "AND w.removal\n");
    must_have(sql, "NOT EXISTS (SELECT FROM (");
    must_have(sql, "ROW(t.\"Alive\", t.\"Kind\")");
    for (size_t i = 0; i < entity(&s, "group")->count; i++)
        if (strcmp(entity(&s, "group")->steps[i].name, "remove") == 0)
            assert_int_equal(entity(&s, "group")->steps[i].kind, STEP_REMOVE);
    must_have(step_sql(&s, "group", "upsert", 0),
              "CASE WHEN s.present THEN s.c5 ELSE 'false'::pg_catalog.bool END AS c5");
    must_have(step_sql(&s, "group", "upsert", 0), "WHERE (e.present OR e.there)\n");
    /* delete: by the event or by the row itself, never while a present row stands for it */
    sql = step_sql(&s, "seat", "remove", 0);
    must_begin(sql, "DELETE FROM \"Old\".\"Seat\" AS t\n");
    must_have(sql, "(w.removal OR EXISTS (SELECT FROM (");
    must_have(sql, "AND NOT EXISTS (SELECT FROM (");
    must_have(sql, "s WHERE s.present)");
    must_have(step_sql(&s, "seat", "upsert", 0), "WHERE e.present\n");
    must_have(step_sql(&s, "seat", "verify", 0), "coalesce(s.present, false) AS wanted_row");
    for (size_t i = 0; i < s.plan->count; i++)
        for (size_t j = 0; j < s.plan->entities[i].count; j++)
            assert_int_equal(strstr(s.plan->entities[i].steps[j].sql, "DELETE") != NULL,
                             strcmp(s.mapping->entities[i].name, "seat") == 0 &&
                                 strcmp(s.plan->entities[i].steps[j].name, "remove") == 0);
    sample_free(&s);
}

/* A time that is already there stays: the second removal does not move it. */
static void
test_removal_now(void **state)
{
    struct mapping *m = mapping_file("config/mapping.json");
    struct catalog *c = catalog_of(default_catalog);
    char *text = plan_text(m, c);

    (void) state;
    must_have(text, "\"left_at\" = coalesce(t.\"left_at\", pg_catalog.now()::pg_catalog.timestamptz)");
    must_not_have(text, "\"left_at\" = pg_catalog.now()");
    free(text);
    mapping_free(m);
    catalog_free(c);
}

/* The resync walks the source in key order and queues what capture would. */
static void
test_resync(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    const char *sql = entity(&s, "seat")->resync;

    (void) state;
    must_have(sql, "FROM \"New\".\"Seat\" n");
    must_have(sql, "(n.\"A\", n.\"B\") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, "
                   "($1::pg_catalog.text[])[2]::pg_catalog.text)");
    must_have(sql, "ARRAY[n.\"A\"::pg_catalog.text, n.\"B\"::pg_catalog.text, n.\"Account\"::pg_catalog.text, "
                   "n.\"Group\"::pg_catalog.text] AS ref");
    must_have(sql, "n.\"Group\"::text AS root");
    must_have(sql, "'seat', 'seat_u'");
    must_have(sql, "ORDER BY n.\"A\" DESC, n.\"B\" DESC");
    must_have(entity(&s, "org")->resync, "n.\"Id\"::text AS root");
    sample_free(&s);
}

/* The map's other columns come from the row that is synced: its columns, expressions over it, what the target gets. */
static void
test_map_columns(void **state)
{
    char *json;
    struct sample s;
    const char *sql;
    const char *from;

    (void) state;
    json = with(family_json, "\"By\": {\"constant\": \"it's\"}", "\"By\": \"Name\"");
    s = sample_of(json, family_catalog);
    sql = step_sql(&s, "org", "reserve", 0);
    /* "Name" is a column of the source table: outside of the reading it needs something that carries it */
    from = strstr(sql, "FROM (");
    assert_non_null(from);
    assert_true(strstr(sql, "(\"Name\")::pg_catalog.text") == NULL ||
                strstr(sql, "(\"Name\")::pg_catalog.text") > from);
    sample_free(&s);
    free(json);
}

/* A child with a key of its own can move to another parent: that it did is part of being equal. */
static void
test_verify_sees_the_parent(void **state)
{
    struct sample s;
    const char *sql;

    (void) state;
    s = sample_of(family_json, family_catalog);
    sql = step_sql(&s, "group", "verify", 0);
    must_have(sql, "t.\"O\" IS NOT DISTINCT FROM");
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_every_statement), cmocka_unit_test(test_three_levels),
        cmocka_unit_test(test_natural_key),     cmocka_unit_test(test_removals),
        cmocka_unit_test(test_removal_now),     cmocka_unit_test(test_resync),
        cmocka_unit_test(test_map_columns),     cmocka_unit_test(test_verify_sees_the_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
