/* test_outcome.c - what an error means for the event that met it, SQLSTATE by SQLSTATE (DESIGN section 3). */
/* links: lib/core/outcome.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/outcome.h"

static const struct {
    const char *sqlstate;
    enum outcome outcome;
} rows[] = {
    {"00000", OUTCOME_OK},
    /* No code: the connection went. */
    {NULL, OUTCOME_RETRY_SERVER},
    {"", OUTCOME_RETRY_SERVER},
    /* The connection, the server, its resources, a standby, a login that is being changed. */
    {"08000", OUTCOME_RETRY_SERVER},
    {"08006", OUTCOME_RETRY_SERVER},
    {"08P01", OUTCOME_RETRY_SERVER},
    {"25006", OUTCOME_RETRY_SERVER},
    {"25P02", OUTCOME_RETRY_SERVER},
    {"25P03", OUTCOME_RETRY_SERVER},
    {"28000", OUTCOME_RETRY_SERVER},
    {"28P01", OUTCOME_RETRY_SERVER},
    {"3D000", OUTCOME_RETRY_SERVER},
    {"40003", OUTCOME_RETRY_SERVER},
    {"53000", OUTCOME_RETRY_SERVER},
    {"53100", OUTCOME_RETRY_SERVER},
    {"53200", OUTCOME_RETRY_SERVER},
    {"53300", OUTCOME_RETRY_SERVER},
    {"57000", OUTCOME_RETRY_SERVER},
    {"57P01", OUTCOME_RETRY_SERVER},
    {"57P02", OUTCOME_RETRY_SERVER},
    {"57P03", OUTCOME_RETRY_SERVER},
    {"57P04", OUTCOME_RETRY_SERVER},
    {"57P05", OUTCOME_RETRY_SERVER},
    {"58000", OUTCOME_RETRY_SERVER},
    {"58030", OUTCOME_RETRY_SERVER},
    /* Another transaction was in this row's way. */
    {"XX000", OUTCOME_RETRY_ROW},
    {"XX001", OUTCOME_RETRY_ROW},
    {"40000", OUTCOME_RETRY_ROW},
    {"40001", OUTCOME_RETRY_ROW},
    {"40P01", OUTCOME_RETRY_ROW},
    {"55P03", OUTCOME_RETRY_ROW},
    {"55006", OUTCOME_RETRY_ROW},
    {"57014", OUTCOME_RETRY_ROW},
    /* Another row is missing, and may come. */
    {"23503", OUTCOME_WAIT},
    {"DW004", OUTCOME_WAIT},
    /* Constraints, types, lengths, the schema: the row itself. */
    {"21000", OUTCOME_PARK},
    {"22001", OUTCOME_PARK},
    {"22003", OUTCOME_PARK},
    {"22007", OUTCOME_PARK},
    {"22012", OUTCOME_PARK},
    {"22023", OUTCOME_PARK},
    {"22P02", OUTCOME_PARK},
    {"22P05", OUTCOME_PARK},
    {"23000", OUTCOME_PARK},
    {"23502", OUTCOME_PARK},
    {"23505", OUTCOME_RETRY_ROW},
    {"23514", OUTCOME_PARK},
    {"23P01", OUTCOME_RETRY_ROW},
    {"0A000", OUTCOME_PARK},
    {"25001", OUTCOME_PARK},
    {"27000", OUTCOME_PARK},
    {"3F000", OUTCOME_SCHEMA},
    {"42501", OUTCOME_SCHEMA},
    {"42601", OUTCOME_PARK},
    {"42703", OUTCOME_SCHEMA},
    {"42804", OUTCOME_SCHEMA},
    {"42883", OUTCOME_SCHEMA},
    {"428C9", OUTCOME_PARK},
    {"42P01", OUTCOME_SCHEMA},
    {"42P10", OUTCOME_SCHEMA},
    {"44000", OUTCOME_PARK},
    {"54000", OUTCOME_PARK},
    {"55000", OUTCOME_PARK},
    {"P0001", OUTCOME_PARK},
    {"DW001", OUTCOME_PARK},
    {"DW003", OUTCOME_PARK},
    {"DW005", OUTCOME_PARK},
    /* Codes that nobody has heard of, and what is no code. */
    {"ZZ999", OUTCOME_PARK},
    {"4", OUTCOME_PARK},
    {"5", OUTCOME_PARK},
    {"x", OUTCOME_PARK},
    {"xx000", OUTCOME_PARK},
};

static void
test_table(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (outcome_of(rows[i].sqlstate) != rows[i].outcome)
            fail_msg("%s is outcome %d, not %d", rows[i].sqlstate == NULL ? "(null)" : rows[i].sqlstate,
                     (int) outcome_of(rows[i].sqlstate), (int) rows[i].outcome);
}

/* An error of one row is never everybody's trouble, and otherwise means what it always does. */
static void
test_of_one_row(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum outcome always = rows[i].outcome;

        assert_int_equal(row_outcome_of(rows[i].sqlstate), always == OUTCOME_RETRY_SERVER ? OUTCOME_RETRY_ROW : always);
    }
}

static void
test_raised(void **state)
{
    (void) state;
    assert_true(is_raised("exec_stmt_raise"));
    assert_false(is_raised("FileWrite"));
    assert_false(is_raised("exec_stmt_raise_"));
    assert_false(is_raised(""));
    assert_false(is_raised(NULL));
}

/* Over every class: only 00 is success, and integrity and data errors never are the server's trouble. */
static void
test_classes(void **state)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    (void) state;
    for (size_t i = 0; i < sizeof digits - 1; i++) {
        for (size_t j = 0; j < sizeof digits - 1; j++) {
            const char code[6] = {digits[i], digits[j], 'Q', 'Q', 'Q', '\0'};
            enum outcome o = outcome_of(code);

            assert_int_equal(o == OUTCOME_OK, strncmp(code, "00", 2) == 0);
            if (code[0] == '2' && (code[1] == '2' || code[1] == '3'))
                assert_int_equal(o, OUTCOME_PARK);
            if (o == OUTCOME_RETRY_SERVER &&
                strstr("08 28 3D 53 57 58 72 F0 XX", (const char[]){code[0], code[1], 0}) == NULL)
                fail_msg("all of class %.2s is the server's trouble", code);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_of_one_row),
        cmocka_unit_test(test_raised),
        cmocka_unit_test(test_classes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
