/* test_pack_parts.c - constraints.sql and functions.sql: what they become, and every fault with its line. */
/* links: lib/core/pack_parts.c lib/core/expression.c lib/core/pgarray.c lib/core/quote.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/pack_parts.h"

static struct pack_parts
constraints(const char *sql, struct faults *faults)
{
    struct pack_parts parts = {0};

    pack_parts_constraints(&parts, "c.sql", sql, "public", faults);
    return parts;
}

static struct pack_parts
functions(const char *sql, struct faults *faults)
{
    struct pack_parts parts = {0};

    pack_parts_functions(&parts, "f.sql", sql, "public", faults);
    return parts;
}

static void
what_they_become(void **state)
{
    struct faults faults = {0};
    struct pack_parts p =
        constraints("-- a comment; with (\n"
                    "ALTER TABLE Hero ADD CONSTRAINT A CHECK (name <> ');' /* ) */ AND (x > $$;)$$) -- )\n"
                    ");\n"
                    "alter table \"My \"\"schema\".\"T\" add constraint \"b c\" unique (X, \"Y z\") ;;",
                    &faults);

    (void) state;
    assert_int_equal(faults.count, 1); /* the second semicolon ends nothing */
    faults_free(&faults);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.items[0].kind, PACK_PART_CHECK);
    assert_string_equal(p.items[0].schema, "public");
    assert_string_equal(p.items[0].table, "hero");
    assert_string_equal(p.items[0].name, "a");
    assert_string_equal(p.items[0].text, "name <> ');' /* ) */ AND (x > $$;)$$) -- )\n");
    assert_null(p.items[0].columns);
    assert_int_equal(p.items[0].line, 2);
    assert_int_equal(p.items[1].kind, PACK_PART_UNIQUE);
    assert_string_equal(p.items[1].schema, "My \"schema");
    assert_string_equal(p.items[1].table, "T");
    assert_string_equal(p.items[1].name, "b c");
    assert_string_equal(p.items[1].text, "\"x\", \"Y z\"");
    assert_string_equal(p.items[1].columns, "{x,Y z}");
    assert_int_equal(p.items[1].line, 4);
    assert_int_equal(strlen(p.items[0].print), 16);
    assert_string_not_equal(p.items[0].print, p.items[1].print);
    assert_true(pack_part_is_constraint(&p.items[1]));
    pack_parts_free(&p);
}

static void
functions_and_triggers(void **state)
{
    struct faults faults = {0};
    struct pack_parts p =
        functions("CREATE FUNCTION f(a int DEFAULT 1) RETURNS int AS $x$ SELECT ';' $x$ LANGUAGE sql;\n\n"
                  "create trigger G after update of status on app.hero for each row execute function f();",
                  &faults);

    (void) state;
    assert_int_equal(faults.count, 0);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.items[0].kind, PACK_PART_FUNCTION);
    assert_string_equal(p.items[0].name, "f");
    assert_null(p.items[0].table);
    assert_string_equal(p.items[0].text,
                        "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int AS $x$ SELECT ';' $x$ LANGUAGE sql");
    assert_int_equal(p.items[1].kind, PACK_PART_TRIGGER);
    assert_string_equal(p.items[1].name, "g");
    assert_string_equal(p.items[1].schema, "app");
    assert_string_equal(p.items[1].table, "hero");
    assert_int_equal(p.items[1].line, 3);
    assert_string_equal(pack_part_word(p.items[1].kind), "trigger");
    assert_false(pack_part_is_constraint(&p.items[1]));
    pack_parts_free(&p);
}

#define ADD "ALTER TABLE t ADD CONSTRAINT "

/* Each text has one fault, in that line, which says this. */
static void
faults_of_constraints(void **state)
{
    static const struct {
        const char *sql, *where, *says;
    } cases[] = {
        {"DROP TABLE t;", "c.sql:1", "\"DROP\" is not expected here; write ALTER TABLE t ADD CONSTRAINT"},
        {"\n\nALTER TABLE t DROP CONSTRAINT a;", "c.sql:3", "\"DROP\""},
        {ADD "a CHECK (x > 0)", "c.sql:1", "the file ends within a statement"},
        {ADD "a CHECK (x > 0;", "c.sql:1", "never closed"},
        {ADD "a CHECK (x > 'y);", "c.sql:1", "leaves a quote open"},
        {ADD "a CHECK (x > [0);", "c.sql:1", "the expression leaves a bracket open"},
        {ADD "a CHECK ();", "c.sql:1", "is blank"},
        {ADD "a CHECK (x > $1);", "c.sql:1", "parameter"},
        {ADD "a CHECK (x); DELETE FROM t", "c.sql:1", "\"DELETE\""},
        {ADD "a CHECK (x) OR true;", "c.sql:1", "\"OR\""},
        {ADD "a CHECK (x) NOT VALID;", "c.sql:1", "leave it out"},
        {ADD "a CHECK (x), ADD b int;", "c.sql:1", "\",\""},
        {ADD "a UNIQUE ();", "c.sql:1", "\")\""},
        {ADD "a UNIQUE (lower(x));", "c.sql:1", "\"(\""},
        {ADD "a UNIQUE (x", "c.sql:1", "ends within"},
        {ADD "a PRIMARY KEY (x);", "c.sql:1", "\"PRIMARY\""},
        {ADD "\"\" UNIQUE (x);", "c.sql:1", "empty name"},
        {ADD "a2345678901234567890123456789012345678901234567890123456789012345 UNIQUE (x);", "c.sql:1", "63 bytes"},
        {ADD "U&\"a\" UNIQUE (x);", "c.sql:1", "U&"},
        {ADD "a UNIQUE (x);\n" ADD "A UNIQUE (y);", "c.sql:2", "\"a\" is there already, in line 1"},
        {"/* x", "c.sql:1", "leaves a comment open"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct faults faults = {0};
        struct pack_parts p = constraints(cases[i].sql, &faults);

        if (faults.count != 1)
            print_message("%s\n", cases[i].sql);
        assert_int_equal(faults.count, 1);
        assert_string_equal(faults.items[0].where, cases[i].where);
        if (strstr(faults.items[0].text, cases[i].says) == NULL)
            print_message("%s: %s\n", cases[i].sql, faults.items[0].text);
        assert_non_null(strstr(faults.items[0].text, cases[i].says));
        pack_parts_free(&p);
        faults_free(&faults);
    }
}

static void
faults_of_functions(void **state)
{
    struct faults faults = {0};
    struct pack_parts p = functions("CREATE OR REPLACE FUNCTION f() RETURNS int AS '';\n"
                                    "CREATE FUNCTION app.f() RETURNS int AS '';\n"
                                    "CREATE TRIGGER g AFTER INSERT;\n"
                                    "CREATE TABLE t ();\n"
                                    "CREATE FUNCTION f() RETURNS int AS '1';\n"
                                    "CREATE FUNCTION f(int) RETURNS int AS '2';\n"
                                    "CREATE FUNCTION h() AS $$",
                                    &faults);
    static const char *const says[] = {"OR REPLACE", "leave the schema out", "\";\"", "\"TABLE\"",
                                       "in line 5",  "dollar-quoted"};

    (void) state;
    assert_int_equal(faults.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_non_null(strstr(faults.items[i].text, says[i]));
    pack_parts_free(&p);
    faults_free(&faults);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_they_become),
        cmocka_unit_test(functions_and_triggers),
        cmocka_unit_test(faults_of_constraints),
        cmocka_unit_test(faults_of_functions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
