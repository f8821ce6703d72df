/* test_check_stream.c - the statements that count rows of today which the legacy table would not take. */
/* links: lib/core/check_stream.c embedded.c lib/core/check_value.c lib/core/check_keys.c lib/core/expression.c lib/core/template.c lib/core/sqlvalue.c lib/core/slots.c lib/core/catalog.c lib/core/quote.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/check_stream.h"

/* Takes `sql`. */
static void
put(struct buf *out, const char *name, char *sql)
{
    buf_printf(out, "-- %s\n%s\n\n", name, sql);
    free(sql);
}

/* Indexes and keys for the sample, whose catalog has none that matter. */
static void
constrain(struct catalog *c)
{
    static char *title[] = {(char *) "Title"};
    static char *title_key[] = {(char *) "\"Title\"", (char *) "lower((\"Title\")::text)"};
    static char *extra[] = {(char *) "Kind"};
    struct catalog_table *org = &c->tables[1];
    struct catalog_table *group = &c->tables[4];

    assert_string_equal(org->name, "O\"rg");
    assert_string_equal(group->name, "Group");
    org->uniques = xreallocarray(org->uniques, 2, sizeof *org->uniques);
    org->uniques[1] = (struct catalog_unique){.name = (char *) "by title",
                                              .columns = title,
                                              .count = 1,
                                              .keys = title_key,
                                              .nkeys = 2,
                                              .expressions = title_key[1],
                                              .predicate = (char *) "(\"At\" > '2000-01-01'::date)"};
    org->nuniques = 2;
    group->foreigns = xcalloc(1, sizeof *group->foreigns);
    group->foreigns[0] = (struct catalog_foreign){.name = (char *) "kind",
                                                  .columns = extra,
                                                  .count = 1,
                                                  .schema = (char *) "Old",
                                                  .table = (char *) "Ki\"nd",
                                                  .referenced = extra};
    group->nforeigns = 1;
}

/* They are not the catalog's to free. */
static void
release(struct catalog *c)
{
    c->tables[1].nuniques = 1;
    c->tables[4].nforeigns = 0;
}

static void
put_entity(struct buf *out, const struct check_subject *s)
{
    bool *needed = check_needed(s);

    buf_printf(out, "-- ======== %s\n\n", s->e->name);
    if (needed != NULL) {
        put(out, "stream", check_stream_sql(s, needed));
        put(out, "try", check_try_sql(s, needed, s->target->ncolumns));
    }
    for (size_t i = 0; i < s->target->nuniques; i++)
        if (check_taken_hold(s, &s->target->uniques[i]) == HOLD_PERHAPS) {
            put(out, "taken", check_taken_sql(s, &s->target->uniques[i]));
            put(out, "twice", check_twice_sql(s, &s->target->uniques[i]));
        }
    for (size_t i = 0; i < s->target->nforeigns; i++)
        if (check_foreign_hold(s, &s->target->foreigns[i]) == HOLD_PERHAPS)
            put(out, "orphans", check_orphans_sql(s, &s->target->foreigns[i]));
    free(needed);
}

static char *
all_of(const struct mapping *m, struct catalog *c)
{
    const struct catalogs both = {c, c};
    struct buf out = {0};

    for (size_t i = 0; i < m->count; i++) {
        struct check_subject s;

        assert_true(check_subject_make(&s, m, &both, &m->entities[i], 1000));
        put_entity(&out, &s);
        check_subject_free(&s);
    }
    return buf_steal(&out);
}

static void
test_golden(void **state)
{
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    char *text;

    (void) state;
    constrain(c);
    text = all_of(m, c);
    golden("tests/unit/golden/check_stream.sql", text);
    free(text);
    release(c);
    mapping_free(m);
    catalog_free(c);
}

/* A name or a text with quotes, comments and template places in it changes no word but itself. */
static void
test_hostile(void **state)
{
    static const char *const what[] = {"\"; DROP TABLE x; --", "'", "\\", " :{rows} ", "/*", "$check0$"};

    (void) state;
    for (size_t i = 0; i < COUNT(what); i++) {
        struct mapping *m = mapping_of(family_json);
        struct catalog *c = catalog_of(family_catalog);
        char *plain = all_of(m, c);
        char *grown;

        hang_mapping(m, what[i]);
        hang_catalog(c, what[i]);
        grown = all_of(m, c);
        only_grown(plain, grown, what[i]);
        free(plain);
        free(grown);
        mapping_free(m);
        catalog_free(c);
    }
}

/* Which statement, of which table and of what. */
enum kind { STREAM, TRY, TAKEN, TWICE, ORPHANS };

/* An index or a foreign key of the entity's target on one column, and what is said of it. */
static const struct {
    enum kind kind;
    size_t entity;
    const char *column; /* NULL: all of them */
    const char *predicate;
    const char *has[3];
    const char *lacks;
} rows[] = {
    /* the stream carries what comes from the row, and the parent's key by the parent's map */
    {STREAM,
     1,
     "O",
     NULL,
     {"SELECT x.k, om.\"O\"::pg_catalog.text AS t0, pm.\"Old Id\"::pg_catalog.text AS f1 FROM"},
     "f2"},
    {STREAM, 1, "Alive", NULL, {", 'true'::pg_catalog.text AS f7"}, NULL},
    {STREAM, 1, "Stamp", NULL, {", pg_catalog.now()::pg_catalog.text AS f5"}, NULL},
    {STREAM, 1, "Id", NULL, {"AS t0 FROM"}, "AS f0"}, /* the map gives it */
    {STREAM, 3, "Code", NULL, {"SELECT x.k, x.r0 AS f0 FROM", "LIMIT 1000) x WHERE"}, "JOIN"},
    /* tried by its own type, but a length has been counted; JSON is parsed, not taken as a string */
    {TRY, 0, "Title", NULL, {"AS r(f1 pg_catalog.\"varchar\")"}, "(30)"},
    {TRY, 1, "Made", NULL, {"SELECT pg_catalog.count(*) FROM", "AS r(f4 pg_catalog.date)"}, NULL},
    {TRY,
     1,
     "Extra",
     NULL,
     {"SELECT pg_catalog.count(*), pg_catalog.count(r.f6::pg_catalog.json) FROM", "AS r(f6 pg_catalog.text)"},
     NULL},
    {TRY, 1, NULL, NULL, {"AS r(f0 ", ", f4 pg_catalog.date, ", ", f7 pg_catalog.bool)"}, NULL},
    /* the row's own legacy row is known by the map, or by its key */
    {TAKEN,
     1,
     "Sort",
     NULL,
     {"r.t0 AS dualwrite_t0, r.f3 AS \"Sort\"", "r(k pg_catalog.text, f3 pg_catalog.bpchar, t0 pg_catalog.int8)",
      "JOIN (SELECT \"Id\" AS dualwrite_t0, Sort AS dualwrite_e0 FROM \"Old\".\"Group\" ) t"},
     NULL},
    {TAKEN, 1, "Extra", NULL, {"r.f6::pg_catalog.json AS \"Extra\"", "f6 pg_catalog.text"}, NULL},
    {TAKEN,
     3,
     "Label",
     NULL,
     {"r.f0 AS dualwrite_t0, r.f2 AS \"Label\"", "r(k pg_catalog.text, f0 pg_catalog.\"varchar\", f2 pg_catalog.text)",
      "WHERE (t.dualwrite_t0 = n.dualwrite_t0) IS NOT TRUE"},
     "t0 pg_catalog"},
    {TAKEN,
     3,
     "Label",
     "\"Note\" = 'x'",
     {"r.f1 AS \"Note\", r.f2 AS \"Label\"", "\"Tag\"\n      WHERE (\"Note\" = 'x')) n",
      "FROM \"Old\".\"Tag\" WHERE (\"Note\" = 'x')) t"},
     NULL},
    /* among all rows, whatever the limit; compared as text unless an expression or a predicate needs the type */
    {TWICE, 1, "Made", NULL, {"x.k AS dualwrite_i, x.r2 AS \"Made\" FROM", "GROUP BY n.dualwrite_e0\n"}, "LIMIT"},
    {TWICE, 1, "Made", "true", {"(x.r2)::pg_catalog.date AS \"Made\"", "WHERE (true)) n"}, NULL},
    {TWICE, 1, "O", NULL, {", x.pc AS \"O\""}, NULL},
    {TWICE, 1, "O", "true", {", (pm.\"Old Id\"::pg_catalog.text)::pg_catalog.int8 AS \"O\""}, NULL},
    {TWICE, 2, "User", NULL, {"ROW(x.r0, x.pc)::pg_catalog.text AS dualwrite_i"}, "om."},
    {TWICE,
     3,
     "Label",
     NULL,
     {"ROW(x.r0)::pg_catalog.text AS dualwrite_i, ", "WHERE n.dualwrite_e0 IS NOT NULL\n"},
     "JOIN"},
    {ORPHANS,
     1,
     "O",
     NULL,
     {"r(k pg_catalog.text, f1 pg_catalog.int8)",
      "WHERE r.f1 IS NOT NULL AND NOT EXISTS (SELECT FROM \"Far\".\"A\"\"way\" p", "WHERE p.\"Re f\" = r.f1)"},
     NULL},
    /* the default of a column that nothing writes */
    {ORPHANS,
     1,
     "Id",
     NULL,
     {"r(k pg_catalog.text)\n", "WHERE (old_group_id())::pg_catalog.int8 IS NOT NULL",
      "p.\"Re f\" = (old_group_id())::pg_catalog.int8"},
     NULL},
};

static size_t
column_at(const struct catalog_table *t, const char *name)
{
    size_t n = 0;

    while (n < t->ncolumns && strcmp(t->columns[n].name, name) != 0)
        n++;
    assert_true(n < t->ncolumns);
    return n;
}

static char *
statement(const struct check_subject *s, enum kind kind, const char *column, const char *predicate)
{
    char *columns[] = {(char *) column};
    char *referenced[] = {(char *) "Re f"};
    struct catalog_unique u = {
        .columns = columns, .count = 1, .keys = columns, .nkeys = 1, .predicate = (char *) predicate};
    struct catalog_foreign f = {
        .columns = columns, .count = 1, .schema = (char *) "Far", .table = (char *) "A\"way", .referenced = referenced};
    bool *needed = xcalloc(s->target->ncolumns, sizeof *needed);
    char *sql;

    for (size_t n = 0; n < s->target->ncolumns; n++)
        needed[n] = kind == TRY || n == column_at(s->target, column);
    sql = kind == STREAM ? check_stream_sql(s, needed)
          : kind == TRY  ? check_try_sql(s, needed, column == NULL ? s->target->ncolumns : column_at(s->target, column))
          : kind == TAKEN ? check_taken_sql(s, &u)
          : kind == TWICE ? check_twice_sql(s, &u)
                          : check_orphans_sql(s, &f);
    free(needed);
    return sql;
}

static void
test_statements(void **state)
{
    struct mapping *m = mapping_of(family_json);
    struct catalog *c = catalog_of(family_catalog);
    const struct catalogs both = {c, c};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct check_subject s;
        char *sql;

        assert_true(check_subject_make(&s, m, &both, &m->entities[rows[i].entity], 1000));
        sql = statement(&s, rows[i].kind, rows[i].column, rows[i].predicate);
        for (size_t j = 0; j < COUNT(rows[i].has) && rows[i].has[j] != NULL; j++)
            must_have(sql, rows[i].has[j]);
        if (rows[i].lacks != NULL)
            must_not_have(sql, rows[i].lacks);
        free(sql);
        check_subject_free(&s);
    }
    mapping_free(m);
    catalog_free(c);
}

/* The map is joined through its index where it holds the key as the source does, and by text where it does not. */
static void
test_maps_are_joined(void **state)
{
    static const struct {
        const char *source, *map, *has;
    } types[] = {
        {"pg_catalog.uuid", "pg_catalog.uuid", " om ON om.\"New Id\" = x.s0::pg_catalog.uuid WHERE"},
        {"pg_catalog.uuid", "pg_catalog.text", " om ON om.\"New Id\"::pg_catalog.text = x.s0 WHERE"},
        /* an operator that is not in pg_catalog would not be found */
        {"\"ext\".citext", "\"ext\".citext", " om ON om.\"New Id\"::pg_catalog.text = x.s0 WHERE"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct mapping *m = mapping_of(family_json);
        struct catalog *c = catalog_of(family_catalog);
        struct catalog_column *source = (struct catalog_column *) catalog_column(catalog_table(c, "New", "Org"), "Id");
        struct catalog_column *map =
            (struct catalog_column *) catalog_column(catalog_table(c, "Map", "Org Map"), "New Id");
        const struct catalogs both = {c, c};
        struct check_subject s;
        bool *needed;
        char *sql;

        free(source->type);
        source->type = xstrdup(types[i].source);
        free(map->type);
        map->type = xstrdup(types[i].map);
        assert_true(check_subject_make(&s, m, &both, &m->entities[0], 0));
        needed = xcalloc(s.target->ncolumns, sizeof *needed);
        sql = check_stream_sql(&s, needed);
        must_have(sql, types[i].has);
        free(sql);
        free(needed);
        check_subject_free(&s);
        mapping_free(m);
        catalog_free(c);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_maps_are_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
