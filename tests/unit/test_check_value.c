/* test_check_value.c - what rows of today would give, as SQL, and which faults the types leave possible. */
/* links: lib/core/check_value.c lib/core/sqlvalue.c lib/core/slots.c lib/core/template.c lib/core/catalog.c lib/core/quote.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check_sample.h"
#include "dualwrite/check_value.h"

static const char tables[] = "T new table S\n"
                             "C ! id bigint\nC ! number integer\nC - nick text\nC ! long text\nC ! short character(5)\n"
                             "C ! key uuid\nC ! mood public.mood\nC - word text\nC ! up bigint\nC ! state text\n"
                             "T old table SIU\n"
                             "C != id bigint\nC ! number character varying(11)\nC ! nick text\n"
                             "C ! long character varying(10)\nC - short character varying(5)\n"
                             "C ! key character varying(30)\nC - mood old.mood\nC - word old.mood\n"
                             "C - computed character varying(4)\nC - now date\nC - up bigint\nU id\n"
                             "T lookup table S\nC ! id bigint\nC - code character varying(20)\nU id\n"
                             "T map table SIU\nC ! n bigint\nC ! o bigint\nC ! title character varying(3)\nU n\n";

static const char json[] =
    "{\"entities\": [{\"name\": \"thing\",\n"
    " \"source\": {\"table\": \"new\", \"key\": [\"id\"]}, \"target\": {\"table\": \"old\", \"key\": [\"id\"]},\n"
    " \"map\": {\"table\": \"map\", \"source_key\": \"n\", \"target_key\": \"o\",\n"
    "  \"columns\": {\"title\": {\"target_column\": \"long\"}}},\n"
    " \"columns\": {\"number\": \"number\", \"nick\": \"nick\", \"long\": \"long\", \"short\": \"short\", \"key\": "
    "\"key\",\n"
    "  \"mood\": \"mood\", \"word\": \"word\", \"computed\": {\"expression\": \"upper(nick) -- loud\"},\n"
    "  \"now\": {\"now\": true}},\n"
    " \"removal\": \"keep\", \"log\": {\"id\": \"thing_id\"},\n"
    " \"operations\": {\"insert\": \"t_i\", \"update\": \"t_u\", \"remove\": \"t_r\"}}]}";

struct sample {
    struct mapping *m;
    struct catalog *c;
    struct catalogs both;
    struct check_subject s;
};

static struct mapping_value *
value_of(struct sample *t, const char *name)
{
    return (struct mapping_value *) mapping_column(&t->m->entities[0].columns, name);
}

static void
setup(struct sample *t, const char *catalog, void (*alter)(struct sample *t))
{
    struct faults faults = {0};

    *t = (struct sample){.m = mapping_parse("m.json", json, strlen(json), &faults), .c = build(catalog)};
    assert_non_null(t->m);
    if (alter != NULL)
        alter(t);
    t->both = (struct catalogs){t->c, t->c};
    assert_true(check_subject_make(&t->s, t->m, &t->both, &t->m->entities[0], 50));
    faults_free(&faults);
}

static void
teardown(struct sample *t)
{
    for (size_t i = 0; i < t->m->entities[0].columns.count; i++)
        t->m->entities[0].columns.items[i].value.lookup = NULL; /* of this test, not of the mapping */
    check_subject_free(&t->s);
    mapping_free(t->m);
    catalog_free(t->c);
}

/* "KIND path[?]: sql" a line, ? for what may come true tomorrow. */
static char *
conditions(const struct check_subject *s)
{
    static const char *const kinds[] = {"null", "values", "lookup", "length", "label"};
    struct buf out = {0};
    size_t count;
    struct check_condition *items = check_conditions(s, &count);

    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s %s%s: %s\n", kinds[items[i].kind], s->columns[items[i].column].path,
                   items[i].expected ? "?" : "", items[i].sql);
    check_conditions_free(items, count);
    return buf_steal(&out);
}

static void
expect(void (*alter)(struct sample *t), const char *expected)
{
    struct sample t;
    char *is;

    setup(&t, tables, alter);
    is = conditions(&t.s);
    assert_string_equal(is, expected);
    free(is);
    teardown(&t);
}

#define NICK "null $.entities[0].columns.nick?: x.r1 IS NULL\n"
#define LONG "length $.entities[0].columns.long?: pg_catalog.char_length(pg_catalog.rtrim(x.r2, ' ')) > 10\n"
#define KEY "length $.entities[0].columns.key?: pg_catalog.char_length(pg_catalog.rtrim(x.r4, ' ')) > 30\n"
#define MOOD "label $.entities[0].columns.mood?: (x.r5) <> ALL (ARRAY['up']::pg_catalog.text[])\n"
#define WORD "label $.entities[0].columns.word?: (x.r6) <> ALL (ARRAY['up']::pg_catalog.text[])\n"
#define COMPUTED "length $.entities[0].columns.computed: pg_catalog.char_length(pg_catalog.rtrim(x.r7, ' ')) > 4\n"
#define TITLE "length $.entities[0].map.columns.title?: pg_catalog.char_length(pg_catalog.rtrim(x.r9, ' ')) > 3\n"

/* What the types exclude is not asked: an integer in eleven characters, char(5) in varchar(5). */
static void
test_conditions(void **state)
{
    (void) state;
    expect(NULL, NICK LONG KEY MOOD WORD COMPUTED TITLE);
}

static void
cut_long(struct sample *t)
{
    value_of(t, "long")->truncate = 9;
    value_of(t, "key")->unique = UNIQUE_SUFFIX;
}

/* What is cut cannot be too long; the map gets what the target gets. */
static void
test_cut(void **state)
{
    (void) state;
    expect(cut_long,
           NICK MOOD WORD COMPUTED "length $.entities[0].map.columns.title?: pg_catalog.char_length(pg_catalog.rtrim("
                                   "pg_catalog.\"left\"(x.r9, 9), ' ')) > 3\n");
}

static struct value_pair pairs[] = {{(char *) "up", (char *) "it's"}, {(char *) "down", NULL}};

static void
give_values(struct sample *t, size_t n, bool otherwise)
{
    struct mapping_value *v = value_of(t, "mood");

    v->values = xcalloc(2, sizeof *v->values);
    for (v->nvalues = 0; v->nvalues < n; v->nvalues++) {
        v->values[v->nvalues].from = xstrdup(pairs[v->nvalues].from);
        v->values[v->nvalues].to = xstrdup(pairs[v->nvalues].to);
    }
    v->has_otherwise = otherwise;
    v->otherwise = otherwise ? xstrdup("?") : NULL;
}

static void
all_values(struct sample *t)
{
    give_values(t, 2, false);
}

static void
some_values(struct sample *t)
{
    give_values(t, 1, false);
}

static void
values_otherwise(struct sample *t)
{
    give_values(t, 1, true);
}

static void
test_value_maps(void **state)
{
    struct sample t;
    struct buf sql = {0};

    (void) state;
    expect(all_values, NICK LONG KEY WORD COMPUTED TITLE);
    expect(values_otherwise, NICK LONG KEY WORD COMPUTED TITLE);
    expect(some_values, NICK LONG KEY
           "values $.entities[0].columns.mood?: x.r5 IS NOT NULL AND x.r5 NOT IN ('up')\n" WORD COMPUTED TITLE);
    setup(&t, tables, values_otherwise);
    check_mapped(&sql, &t.s, 5);
    assert_string_equal(buf_text(&sql), "CASE WHEN x.r5 IS NULL THEN NULL WHEN x.r5 = 'up'::pg_catalog.text THEN "
                                        "'it''s'::pg_catalog.text ELSE '?'::pg_catalog.text END");
    buf_free(&sql);
    teardown(&t);
}

static struct mapping_lookup lookup = {{(char *) "public", (char *) "lookup"}, (char *) "id", (char *) "code", false};

static void
look_up(struct sample *t)
{
    lookup.legacy = false;
    value_of(t, "number")->lookup = &lookup;
}

static void
look_up_legacy(struct sample *t)
{
    lookup.legacy = true;
    value_of(t, "number")->lookup = &lookup;
}

static void
look_up_otherwise(struct sample *t)
{
    look_up(t);
    value_of(t, "number")->has_otherwise = true;
    value_of(t, "number")->otherwise = xstrdup("none");
}

static void
test_lookups(void **state)
{
    static const char looked[] = "(SELECT l.\"code\"::pg_catalog.text FROM \"public\".\"lookup\" l WHERE l.\"id\" = "
                                 "x.r0::pg_catalog.int8)";
    struct sample t;
    struct buf sql = {0};
    struct buf all = {0};

    (void) state;
    buf_printf(
        &all,
        "lookup $.entities[0].columns.number: x.r0 IS NOT NULL AND NOT EXISTS (SELECT FROM \"public\".\"lookup\" l "
        "WHERE l.\"id\" = x.r0::pg_catalog.int8)\n"
        "length $.entities[0].columns.number?: pg_catalog.char_length(pg_catalog.rtrim(%s, ' ')) > 11\n%s",
        looked, NICK LONG KEY MOOD WORD COMPUTED TITLE);
    expect(look_up, buf_text(&all));
    expect(look_up_legacy, NICK LONG KEY MOOD WORD COMPUTED TITLE); /* not to be known here */
    setup(&t, tables, look_up_otherwise);
    check_mapped(&sql, &t.s, 0);
    buf_clear(&all);
    buf_printf(&all, "coalesce(%s, CASE WHEN x.r0 IS NOT NULL THEN 'none'::pg_catalog.text END)", looked);
    assert_string_equal(buf_text(&sql), buf_text(&all));
    assert_true(check_known(&t.s, 0));
    teardown(&t);
    setup(&t, tables, look_up_legacy);
    assert_false(check_known(&t.s, 0));
    teardown(&t);
    buf_free(&sql);
    buf_free(&all);
}

/* A comment at the end of an expression ends before the parenthesis. What cannot be evaluated is left out. */
static void
test_rows(void **state)
{
    struct sample t;
    struct buf sql = {0};

    (void) state;
    setup(&t, tables, NULL);
    t.s.columns[2].skip = true;
    check_rows(&sql, &t.s);
    assert_string_equal(
        buf_text(&sql),
        "SELECT \"id\"::pg_catalog.text AS k, true AS p, \"id\"::pg_catalog.text AS s0, \"number\"::pg_catalog.text AS "
        "r0, "
        "\"nick\"::pg_catalog.text AS r1, NULL::pg_catalog.text AS r2, \"short\"::pg_catalog.text AS r3, "
        "\"key\"::pg_catalog.text AS r4, \"mood\"::pg_catalog.text AS r5, \"word\"::pg_catalog.text AS r6, "
        "(upper(nick) -- loud\n)::pg_catalog.text AS r7, \"long\"::pg_catalog.text AS r9 FROM \"public\".\"new\" LIMIT "
        "50");
    assert_false(check_known(&t.s, 2));
    assert_false(check_known(&t.s, 8)); /* now() is not the row's */
    buf_free(&sql);
    t.s.limit = 0;
    check_rows(&sql, &t.s);
    assert_null(strstr(buf_text(&sql), "LIMIT"));
    buf_free(&sql);
    teardown(&t);
}

/* What mapping_check() has said already is left out, and the rest looked at. */
static void
test_what_is_not_there(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        bool made;
        size_t columns;
    } cases[] = {
        {"C - nick text", "C - nickname text", true, 9}, {"C ! nick text", "C ! nickname text", true, 9},
        {"T map table", "T map none", true, 9},          {"C ! n bigint", "C ! m bigint", true, 9},
        {"T new table", "T new none", false, 0},         {"T old table", "T old view", false, 0},
        {"C ! id bigint", "C ! no bigint", false, 0},    {"C != id bigint", "C != no bigint", false, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct faults faults = {0};
        struct mapping *m = mapping_parse("m.json", json, strlen(json), &faults);
        char *text = changed(tables, cases[i].from, cases[i].to);
        struct catalog *c = build(text);
        struct catalogs both = {c, c};
        struct check_subject s;

        if (check_subject_make(&s, m, &both, &m->entities[0], 0) != cases[i].made)
            fail_msg("case %zu: %s", i, cases[i].to);
        if (cases[i].made) {
            if (s.count != cases[i].columns)
                fail_msg("case %zu: %zu columns", i, s.count);
            check_subject_free(&s);
        }
        catalog_free(c);
        mapping_free(m);
        free(text);
    }
}

static void
test_longest(void **state)
{
    struct sample t;

    (void) state;
    setup(&t, tables, NULL);
    assert_int_equal(check_longest(&t.s, 0), 11);
    assert_int_equal(check_longest(&t.s, 1), INT_MAX);
    assert_int_equal(check_longest(&t.s, 3), 5);
    assert_int_equal(check_longest(&t.s, 4), 36);
    assert_int_equal(check_longest(&t.s, 5), 4); /* "down" */
    assert_int_equal(check_longest(&t.s, 7), INT_MAX);
    teardown(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions), cmocka_unit_test(test_cut),  cmocka_unit_test(test_value_maps),
        cmocka_unit_test(test_lookups),    cmocka_unit_test(test_rows), cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
