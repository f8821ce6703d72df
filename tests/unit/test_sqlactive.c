/* test_sqlactive.c - which rows are active, as SQL: what a removal leaves, seen from either side, for each form of a value. */
/* links: embedded.c lib/core/sqlactive.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_sample.h"

static const char catalog[] = "T|public|s|\nC|id|pg_catalog.int8\nC|state|pg_catalog.text\nC|flag|pg_catalog.bool\nC|"
                              "gone|pg_catalog.timestamptz\nU|id\n"
                              "T|public|t|\nC|id|pg_catalog.int8\nC|act|pg_catalog.bool\nC|state|pg_catalog."
                              "\"varchar\"|9\nC|left|pg_catalog.timestamptz\n"
                              "C|doc|pg_catalog.json|j\nC|own|\"x\".mood\nU|id\n";

/* An entity with these columns, this rule of presence (or nothing) and this removal. */
static struct sample
entity_with(const char *columns, const char *present, const char *removal)
{
    struct buf json = {0};
    struct sample s;

    buf_printf(&json,
               "{\"entities\": [{\"name\": \"e\", \"source\": {\"table\": \"s\", \"key\": [\"id\"]}, \"target\": "
               "{\"table\": \"t\", "
               "\"key\": [\"id\"]}, \"columns\": {\"id\": \"id\"%s%s}, %s%s\"removal\": %s, \"log\": {\"id\": "
               "\"e_id\"}, \"operations\": "
               "{\"insert\": \"i\", \"update\": \"u\", \"remove\": \"r\"}}]}",
               *columns == '\0' ? "" : ", ", columns, present, *present == '\0' ? "" : ", ", removal);
    s = sample_of(buf_text(&json), catalog);
    buf_free(&json);
    return s;
}

#define SET(what) "{\"set\": {" what "}}"
#define IN(values) "\"present\": {\"column\": \"state\", \"in\": [" values "]}"

static void
test_here(void **state)
{
    static const struct {
        const char *columns, *present, *removal, *sql;
    } cases[] = {
        /* nothing that a removal leaves could be seen: every row is active that is present */
        {"", "", "\"delete\"", "true"},
        {"\"act\": \"flag\"", "", "\"keep\"", "true"},
        {"\"left\": \"gone\"", "", SET("\"left\": {\"now\": true}"), "true"},
        {"", IN("\"A\", \"it's\""), "\"delete\"", "coalesce(\"state\"::pg_catalog.text IN ('A', 'it''s'), false)"},
        /* compared as the target's type where that means the same here, else as text */
        {"\"act\": \"flag\"", "", SET("\"act\": {\"constant\": false}"),
         "true AND NOT coalesce(\"flag\"::pg_catalog.bool = 'false'::pg_catalog.bool, false)"},
        {"\"own\": \"state\"", "", SET("\"own\": {\"constant\": \"sad\"}"),
         "true AND NOT coalesce(\"state\"::pg_catalog.text = 'sad', false)"},
        {"\"doc\": \"state\"", "", SET("\"doc\": {\"constant\": \"{}\"}"),
         "true AND NOT coalesce(\"state\"::pg_catalog.text = '{}', false)"},
        {"\"act\": {\"expression\": \"state = 'x'\"}", "", SET("\"act\": {\"constant\": false}"),
         "true AND NOT coalesce((state = 'x'\n)::pg_catalog.bool = 'false'::pg_catalog.bool, false)"},
        /* by a value map backwards; a value that nothing becomes is never left */
        {"\"state\": {\"column\": \"state\", \"values\": {\"a\": \"X\", \"b\": \"Y\", \"c\": \"X\"}}", "",
         SET("\"state\": {\"constant\": \"X\"}"),
         "true AND NOT coalesce((\"state\"::pg_catalog.text = 'a' OR \"state\"::pg_catalog.text = 'c'), false)"},
        {"\"state\": {\"column\": \"state\", \"values\": {\"a\": \"X\"}}", "", SET("\"state\": {\"constant\": \"Z\"}"),
         "true AND NOT coalesce(false, false)"},
        /* what vNext does not have cannot be told there: a constant of the mapping, a NULL */
        {"\"act\": {\"constant\": true}", "", SET("\"act\": {\"constant\": false}"), "true"},
        {"\"state\": \"state\"", "", SET("\"state\": {\"constant\": null}"), "true"},
        /* all that it sets, together */
        {"\"act\": \"flag\", \"state\": \"state\"", IN("\"A\""),
         SET("\"act\": {\"constant\": false}, \"state\": {\"constant\": \"GONE\"}"),
         "coalesce(\"state\"::pg_catalog.text IN ('A'), false) AND NOT coalesce(\"flag\"::pg_catalog.bool = "
         "'false'::pg_catalog.bool AND "
         "\"state\"::pg_catalog.\"varchar\" = 'GONE'::pg_catalog.\"varchar\", false)"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = entity_with(cases[i].columns, cases[i].present, cases[i].removal);
        struct gen g = gen_of(&s, "e");
        struct buf out = {0};

        gen_active(&out, &g);
        assert_string_equal(buf_text(&out), cases[i].sql);
        buf_free(&out);
        sample_free(&s);
    }
}

static void
test_there(void **state)
{
    static const struct {
        const char *columns, *present, *removal, *sql;
    } cases[] = {
        {"", "", "\"delete\"", "true"},
        {"\"state\": \"state\"", "", "\"keep\"", "true"},
        {"\"act\": {\"constant\": true}", "", SET("\"act\": {\"constant\": false}"),
         "NOT coalesce(t.\"act\" = 'false'::pg_catalog.bool, false)"},
        {"\"own\": \"state\"", "", SET("\"own\": {\"constant\": \"sad\"}"),
         "NOT coalesce(t.\"own\" = 'sad'::\"x\".mood, false)"},
        {"\"doc\": \"state\"", "", SET("\"doc\": {\"constant\": \"{}\"}"),
         "NOT coalesce(t.\"doc\"::pg_catalog.text = '{}', false)"},
        {"\"state\": \"state\"", "", SET("\"state\": {\"constant\": null}"),
         "NOT coalesce(t.\"state\" IS NULL, false)"},
        /* times speak only where no constant does */
        {"\"left\": \"gone\"", "", SET("\"left\": {\"now\": true}"), "NOT coalesce(t.\"left\" IS NOT NULL, false)"},
        {"\"left\": \"gone\", \"act\": \"flag\"", "", SET("\"left\": {\"now\": true}, \"act\": {\"constant\": false}"),
         "NOT coalesce(t.\"act\" = 'false'::pg_catalog.bool, false)"},
        {"\"state\": \"state\", \"act\": \"flag\"", "",
         SET("\"state\": {\"constant\": \"G\"}, \"act\": {\"constant\": false}"),
         "NOT coalesce(t.\"state\" = 'G'::pg_catalog.\"varchar\" AND t.\"act\" = 'false'::pg_catalog.bool, false)"},
        /* the rule of presence holds for legacy where legacy has the very column */
        {"\"state\": \"state\"", IN("\"A\", \"B\""), "\"delete\"",
         "true AND coalesce(t.\"state\"::pg_catalog.text IN ('A', 'B'), false)"},
        {"\"state\": {\"column\": \"state\", \"truncate\": 3}", IN("\"A\""), "\"delete\"", "true"},
        {"\"state\": {\"column\": \"state\", \"insert_only\": true}", IN("\"A\""), "\"delete\"", "true"},
        {"\"state\": {\"column\": \"state\", \"values\": {\"A\": \"X\"}}", IN("\"A\""), "\"delete\"", "true"},
        {"\"state\": {\"expression\": \"state\"}", IN("\"A\""), "\"delete\"", "true"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = entity_with(cases[i].columns, cases[i].present, cases[i].removal);
        struct gen g = gen_of(&s, "e");
        struct buf out = {0};

        gen_active_there(&out, &g);
        assert_string_equal(buf_text(&out), cases[i].sql);
        buf_free(&out);
        sample_free(&s);
    }
}

/* A lookup's answer is in a table that is not read here. */
static void
test_a_lookup_tells_nothing(void **state)
{
    struct sample s = entity_with("\"state\": \"state\"", IN("\"A\""), SET("\"state\": {\"constant\": \"G\"}"));
    struct gen g = gen_of(&s, "e");
    struct buf out = {0};

    (void) state;
    look_up(value_of(s.mapping, "e", "state"), "public", "l", "k", "v", false);
    gen_active(&out, &g);
    assert_string_equal(buf_text(&out), "coalesce(\"state\"::pg_catalog.text IN ('A'), false)");
    buf_clear(&out);
    gen_active_there(&out, &g);
    assert_string_equal(buf_text(&out), "NOT coalesce(t.\"state\" = 'G'::pg_catalog.\"varchar\", false)");
    buf_free(&out);
    sample_free(&s);
}

/* Both conditions of both families, in which names and constants are anything. */
static char *
all_text(const struct sample *s)
{
    struct buf out = {0};

    for (size_t i = 0; i < s->mapping->count; i++) {
        struct gen g = gen_for(s->mapping, &s->catalogs, &s->mapping->entities[i]);

        gen_active(&out, &g);
        buf_putc(&out, '\n');
        gen_active_there(&out, &g);
        buf_putc(&out, '\n');
    }
    return buf_steal(&out);
}

static void
test_hostile(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    char *plain = all_text(&s);

    (void) state;
    sample_free(&s);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char *text;

        s = sample_of(family_json, family_catalog);
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
        cmocka_unit_test(test_here),
        cmocka_unit_test(test_there),
        cmocka_unit_test(test_a_lookup_tells_nothing),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
