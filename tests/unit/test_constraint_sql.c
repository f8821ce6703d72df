/* test_constraint_sql.c - the statements for the parts of a rule pack: of each kind and step, whatever the names are. */
/* links: lib/core/constraint_sql.c lib/core/pack_parts.c lib/core/expression.c lib/core/pgarray.c lib/core/quote.c lib/core/template.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c embedded.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/constraint_sql.h"

#define TABLE "\"App\".\"a \"\"b\""
#define COMMENT "'dualwrited: pack p, 0123456789abcdef'"

static const struct pack_part check = {.kind = PACK_PART_CHECK,
                                       .schema = (char *) "App",
                                       .table = (char *) "a \"b",
                                       .name = (char *) "x'y",
                                       .text = (char *) "xp >= 0 -- )",
                                       .print = "0123456789abcdef"};
static const struct pack_part unique = {.kind = PACK_PART_UNIQUE,
                                        .schema = (char *) "App",
                                        .table = (char *) "a \"b",
                                        .name = (char *) "one; \"two",
                                        .text = (char *) "\"A\", \"b,c\"",
                                        .columns = (char *) "{\"A\",\"b,c\"}",
                                        .print = "0123456789abcdef"};
static const struct pack_part function = {.kind = PACK_PART_FUNCTION,
                                          .schema = (char *) "App",
                                          .name = (char *) "make \"it",
                                          .text = (char *) "create  Function f() RETURNS int",
                                          .print = "0123456789abcdef"};
static const struct pack_part trigger = {.kind = PACK_PART_TRIGGER,
                                         .schema = (char *) "App",
                                         .table = (char *) "a \"b",
                                         .name = (char *) "guard \"it",
                                         .text = (char *) "CREATE TRIGGER g AFTER INSERT ...",
                                         .print = "0123456789abcdef"};

/* The comment that a .sql file begins with is not what is looked at. */
static const char *
statement(const char *sql)
{
    while (strncmp(sql, "--", 2) == 0)
        sql += strcspn(sql, "\n") + 1;
    return sql;
}

static void
test_statements(void **state)
{
    static const struct {
        const struct pack_part *part;
        enum constraint_step step;
        const char *sql; /* it begins so */
    } rows[] = {
        {&check, CONSTRAINT_ADD, "ALTER TABLE " TABLE " ADD CONSTRAINT \"x'y\" CHECK (\nxp >= 0 -- )\n) NOT VALID"},
        {&check, CONSTRAINT_REPLACE, "ALTER TABLE " TABLE " ADD CONSTRAINT \"x'y\" CHECK ("},
        {&check, CONSTRAINT_COMMENT, "COMMENT ON CONSTRAINT \"x'y\" ON " TABLE " IS " COMMENT},
        {&check, CONSTRAINT_DROP, "ALTER TABLE " TABLE " DROP CONSTRAINT \"x'y\""},
        {&check, CONSTRAINT_VALIDATE, "ALTER TABLE " TABLE " VALIDATE CONSTRAINT \"x'y\""},
        {&check, CONSTRAINT_FAILING,
         "WITH bad AS MATERIALIZED (\n    SELECT the(key) AS key FROM " TABLE " WHERE NOT (\nxp >= 0 -- )\n    )\n)"},
        /* the index is built first, and lies in the table's schema */
        {&unique, CONSTRAINT_BUILD, "CREATE UNIQUE INDEX CONCURRENTLY \"one; \"\"two\" ON " TABLE " (\"A\", \"b,c\")"},
        {&unique, CONSTRAINT_UNBUILD, "DROP INDEX CONCURRENTLY IF EXISTS \"App\".\"one; \"\"two\""},
        {&unique, CONSTRAINT_ADD,
         "ALTER TABLE " TABLE " ADD CONSTRAINT \"one; \"\"two\" UNIQUE USING INDEX \"one; \"\"two\""},
        {&unique, CONSTRAINT_FAILING,
         "WITH bad AS MATERIALIZED (\n    SELECT d.key\n    FROM (SELECT the(key) AS key,\n                 "
         "pg_catalog.row_number() OVER (PARTITION BY \"A\", \"b,c\" ORDER BY pg_catalog.length(the(key)), the(key)) AS "
         "n\n"},
        {&unique, CONSTRAINT_DROP, "ALTER TABLE " TABLE " DROP CONSTRAINT \"one; \"\"two\""},
        /* as the pack has it; in its place from the word "function" on, however that is written */
        {&function, CONSTRAINT_ADD, "create  Function f() RETURNS int"},
        {&function, CONSTRAINT_REPLACE, "CREATE OR REPLACE Function f() RETURNS int"},
        {&function, CONSTRAINT_COMMENT, "COMMENT ON FUNCTION \"App\".\"make \"\"it\" IS " COMMENT},
        {&function, CONSTRAINT_DROP, "DROP FUNCTION \"App\".\"make \"\"it\""},
        {&trigger, CONSTRAINT_ADD, "CREATE TRIGGER g AFTER INSERT ..."},
        {&trigger, CONSTRAINT_REPLACE, "CREATE TRIGGER g AFTER INSERT ..."},
        {&trigger, CONSTRAINT_COMMENT, "COMMENT ON TRIGGER \"guard \"\"it\" ON " TABLE " IS " COMMENT},
        {&trigger, CONSTRAINT_DROP, "DROP TRIGGER \"guard \"\"it\" ON " TABLE},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *sql = constraint_sql(rows[i].step, rows[i].part, "p", "the(key)");

        if (strncmp(statement(sql), rows[i].sql, strlen(rows[i].sql)) != 0)
            fail_msg("row %zu: %s\ninstead of: %s", i, sql, rows[i].sql);
        free(sql);
    }
}

/* What a state is asked with names the part, and is no part of the statement. */
static void
test_states(void **state)
{
    static const struct {
        const struct pack_part *part;
        int count;
        const char *parameters[4];
    } rows[] = {
        {&check, 4, {"App", "a \"b", "x'y", NULL}},
        {&unique, 4, {"App", "a \"b", "one; \"two", "{\"A\",\"b,c\"}"}},
        {&function, 2, {"App", "make \"it"}},
        {&trigger, 3, {"App", "a \"b", "guard \"it"}},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *parameters[4];
        char *sql = constraint_sql(CONSTRAINT_STATE, rows[i].part, "p", NULL);
        char last[4];

        assert_int_equal(constraint_parameters(rows[i].part, parameters), rows[i].count);
        for (int n = 0; n < rows[i].count; n++)
            if (rows[i].parameters[n] == NULL)
                assert_null(parameters[n]);
            else
                assert_string_equal(parameters[n], rows[i].parameters[n]);
        assert_null(strstr(statement(sql), rows[i].part->name));
        last[0] = '$', last[1] = (char) ('0' + rows[i].count), last[2] = '\0';
        assert_non_null(strstr(statement(sql), last));
        last[1]++;
        assert_null(strstr(statement(sql), last));
        free(sql);
    }
}

/* A pack whose name begins with another's is another owner; its name may hold a quote. */
static void
test_whose(void **state)
{
    char *owner = constraint_owner("p"), *longer = constraint_owner("pp"), *comment = constraint_comment(&check, "p");
    char *quoted = constraint_sql(CONSTRAINT_COMMENT, &function, "it's", NULL);

    (void) state;
    assert_string_equal(comment, "dualwrited: pack p, 0123456789abcdef");
    assert_int_equal(strncmp(comment, owner, strlen(owner)), 0);
    assert_int_not_equal(strncmp(longer, owner, strlen(owner)), 0);
    assert_non_null(strstr(quoted, " IS 'dualwrited: pack it''s, 0123456789abcdef'"));
    free(owner);
    free(longer);
    free(comment);
    free(quoted);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_whose),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
