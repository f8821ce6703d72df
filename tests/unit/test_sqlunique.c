/*
 * test_sqlunique.c - which unique indexes can be foreseen, and what may stand in a column for a moment. The whole statements
 * are in the golden files of test_sqlgen.c.
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

#include "plan_sample.h"

#define SOURCE                                                                                                         \
    "T|public|s|\nC|id|pg_catalog.int8\nC|a|pg_catalog.text\nC|b|pg_catalog.text\nC|c|pg_catalog.text\nU|id\n"
#define TARGET "T|public|t|\nC|id|pg_catalog.int8\n"

/* Entity e copies columns a and b into a target that the lines of `target` describe. */
static struct sample
target_with(const char *columns, const char *target)
{
    struct buf json = {0}, catalog = {0};
    struct sample s;

    buf_printf(
        &json,
        "{\"entities\": [{\"name\": \"e\", \"source\": {\"table\": \"s\", \"key\": [\"id\"]}, \"target\": {\"table\": "
        "\"t\", "
        "\"key\": [\"id\"]}, \"columns\": {\"id\": \"id\", %s}, \"removal\": \"delete\", \"log\": {\"id\": \"e_id\"}, "
        "\"operations\": {\"insert\": \"i\", \"update\": \"u\", \"remove\": \"r\"}}]}",
        columns);
    buf_printf(&catalog, SOURCE TARGET "%s", target);
    s = sample_of(buf_text(&json), buf_text(&catalog));
    buf_free(&json);
    buf_free(&catalog);
    return s;
}

static struct catalog_table *
target_of(const struct sample *s)
{
    return &s->catalog->tables[1];
}

#define A "\"a\": \"a\""
#define AB A ", \"b\": \"b\""
#define TEXT(name) "C|" name "|pg_catalog.text\n"

/* Which of the indexes a batch looks into before it writes, by their numbers; and of which a column may yield. */
static void
test_foreseen(void **state)
{
    static const struct {
        const char *columns, *target, *foreseen, *yields;
    } cases[] = {
        {A, TEXT("a") "U|id\n", "", ""},                /* the key is a row's own */
        {A, TEXT("a") "U|id\nU|a\n", "1", "1"},         /* a column that the mapping writes */
        {A, TEXT("a") TEXT("x") "U|id\nU|x\n", "", ""}, /* nobody writes it: it cannot meet another */
        {A, TEXT("a") TEXT("x") "U|a|x\n", "0", "0"},
        {AB, TEXT("a") TEXT("b") "U|a\nU|b\nU|a|b\n", "012", "012"},
        {A, TEXT("a") "u|a\n", "", ""},      /* partial, and nothing is known of its predicate */
        {A, TEXT("a") "U|id|a\n", "0", "0"}, /* more than the key */
        {A, TEXT("a") "", "", ""},
        /* a number cannot be made up where NULL is none, a text can */
        {A, "C|a|pg_catalog.int4\nU|a\n", "0", ""},
        {AB, "C|a|pg_catalog.int4\n" TEXT("b") "U|a|b\n", "0", "0"},
        {A, "C|a|pg_catalog.uuid\nU|a\n", "0", "0"},
        {"\"a\": {\"column\": \"a\", \"insert_only\": true}", TEXT("a") "U|a\n", "0",
         ""}, /* an update would leave it there */
        {"\"a\": {\"now\": true}", "C|a|pg_catalog.timestamptz\nU|a\n", "0", ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = target_with(cases[i].columns, cases[i].target);
        struct gen g = gen_of(&s, "e");
        char *holders = gen_holders(&g), *yield = gen_yield(&g), *yielded = gen_yielded(&g);
        struct buf foreseen = {0}, yields = {0};

        for (size_t n = 0; n < target_of(&s)->nuniques; n++) {
            char name[32], change[32];

            snprintf(name, sizeof name, "'%s'", target_of(&s)->uniques[n].name);
            snprintf(change, sizeof change, "AS g%zu", n);
            if (holders != NULL && strstr(holders, name) != NULL)
                buf_printf(&foreseen, "%zu", n);
            if (yield != NULL && strstr(yield, change) != NULL)
                buf_printf(&yields, "%zu", n);
        }
        if (strcmp(buf_text(&foreseen), cases[i].foreseen) != 0 || strcmp(buf_text(&yields), cases[i].yields) != 0)
            fail_msg("case %zu: foreseen %s, yields %s", i, buf_text(&foreseen), buf_text(&yields));
        assert_int_equal(holders == NULL, *cases[i].foreseen == '\0');
        assert_int_equal(yield == NULL, *cases[i].yields == '\0');
        assert_int_equal(yielded == NULL, yield == NULL);
        buf_free(&foreseen);
        buf_free(&yields);
        free(holders);
        free(yield);
        free(yielded);
        sample_free(&s);
    }
}

#define DIGEST                                                                                                         \
    "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws('/', r.k0), 'UTF8')), 'hex')"

/* What stands there for a moment, as long as the column takes, and how one that a trigger kept is found again. */
static void
test_placeholders(void **state)
{
    static const struct {
        const char *target, *placeholder, *found;
        bool may_be_null;
    } cases[] = {
        {TEXT("a") "U|a\n", "THEN pg_catalog.left('dw-' || " DIGEST ", 27)::pg_catalog.text ELSE t.\"a\" END",
         "pg_catalog.strpos(pg_catalog.lower(ROW(t.*)::pg_catalog.text), (pg_catalog.left('dw-' || ", false},
        {"C|a|pg_catalog.\"varchar\"|100\nU|a\n", "left('dw-' || " DIGEST ", 27)::pg_catalog.\"varchar\"", "strpos",
         false},
        {"C|a|pg_catalog.\"varchar\"|12\nU|a\n", "left('dw-' || " DIGEST ", 12)::pg_catalog.\"varchar\"", "strpos",
         false},
        /* too short for the word: every character counts, and it is not looked for elsewhere */
        {"C|a|pg_catalog.\"varchar\"|11\nU|a\n", "THEN pg_catalog.left(" DIGEST ", 11)::pg_catalog.\"varchar\"",
         "(t.\"a\"::pg_catalog.text = (pg_catalog.left(", false},
        {"C|a|pg_catalog.bpchar|3\nU|a\n", "THEN pg_catalog.left(" DIGEST ", 3)::pg_catalog.bpchar",
         "t.\"a\"::pg_catalog.text = (", false},
        {"C|a|public.citext\nU|a\n", "left('dw-' || " DIGEST ", 27)::public.citext", "strpos", false},
        {"C|a|pg_catalog.uuid\nU|a\n", "THEN pg_catalog.left(" DIGEST ", 32)::pg_catalog.uuid", "strpos", false},
        {"C|a|pg_catalog.int4\nU|a\n", "THEN NULL::pg_catalog.int4 ELSE t.\"a\" END", "(t.\"a\" IS NULL AND (", true},
        {"C|a|pg_catalog.uuid\nU|a\n", "left(" DIGEST ", 32)::pg_catalog.uuid", "strpos", true}, /* better than NULL */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = target_with(A, cases[i].target);
        struct gen g = gen_of(&s, "e");

        target_of(&s)->columns[1].not_null = !cases[i].may_be_null;
        has(gen_yield(&g), cases[i].placeholder);
        has(gen_yielded(&g), cases[i].found);
        sample_free(&s);
    }
}

/* Of several columns of an index the one with the best placeholder yields, and one column may yield for two indexes. */
static void
test_which_column_yields(void **state)
{
    struct sample s = target_with(AB, "C|a|pg_catalog.int4\n" TEXT("b") "U|a|b\nU|b\n");
    struct gen g = gen_of(&s, "e");

    (void) state;
    target_of(&s)->columns[1].not_null = false;
    has(gen_yield(&g), "\"b\" = CASE WHEN r.g0 OR r.g1 THEN ");
    has_not(gen_yield(&g), "\"a\" = CASE");
    sample_free(&s);
}

/* A column that the server computes cannot be foreseen, nor can a whole row; a predicate goes along. */
static void
test_what_an_index_reads(void **state)
{
    struct sample s = target_with(A, TEXT("a") TEXT("x") "U|a|x\n");
    struct gen g = gen_of(&s, "e");
    struct catalog_unique *u = &target_of(&s)->uniques[0];
    char *sql;

    (void) state;
    target_of(&s)->columns[2].generated = true;
    assert_null(gen_holders(&g));
    target_of(&s)->columns[2].generated = false;
    u->predicate = xstrdup("\"x\" IS NOT NULL");
    sql = gen_holders(&g);
    must_have(sql, " WHERE (\"x\" IS NOT NULL)");
    must_have(sql, " AND (\"x\" IS NOT NULL)");
    free(sql);
    free(u->predicate);
    u->predicate = xstrdup("t.* IS NOT NULL");
    assert_null(gen_holders(&g));
    free(u->predicate);
    u->predicate = NULL;
    u->expressions = xstrdup("lower(a)");
    has(gen_holders(&g), "\"a\"");
    free(u->equals[--u->nequals]); /* a type without an equality of its own */
    assert_null(gen_holders(&g));
    sample_free(&s);
}

static void
add(struct buf *out, char *sql)
{
    buf_printf(out, "%s\n", sql == NULL ? "none" : sql);
    free(sql);
}

static char *
all_text(const struct sample *s)
{
    struct buf out = {0};

    for (size_t i = 0; i < s->mapping->count; i++) {
        struct gen g = gen_for(s->mapping, &s->catalogs, &s->mapping->entities[i]);

        add(&out, gen_holders(&g));
        add(&out, gen_yield(&g));
        add(&out, gen_yielded(&g));
    }
    return buf_steal(&out);
}

/* Names of tables, columns and indexes stay in their quotes. */
static void
test_hostile(void **state)
{
    struct sample s = more_sample();
    char *plain = all_text(&s);

    (void) state;
    must_have(plain, "SELECT");
    must_not_have(plain, ":{");
    sample_free(&s);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char *text;

        s = more_sample();
        hang_mapping(s.mapping, hostile[i]);
        hang_catalog(s.catalog, hostile[i]);
        text = all_text(&s);
        only_grown(plain, text, hostile[i]);
        free(text);
        sample_free(&s);
    }
    free(plain);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreseen),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_which_column_yields),
        cmocka_unit_test(test_what_an_index_reads),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
