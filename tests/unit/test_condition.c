/*
 * test_condition.c - condition names by SQLSTATE. The table is searched by halves, so every entry is looked up: one out
 * of order would not be found.
 */
/* links: lib/core/condition.c */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/outcome.h"

static void
test_names(void **state)
{
    static const char *const rows[][2] = {
        {"08006", "connection_failure"},
        {"22001", "string_data_right_truncation"},
        {"22P02", "invalid_text_representation"},
        {"23502", "not_null_violation"},
        {"23503", "foreign_key_violation"},
        {"23505", "unique_violation"},
        {"23514", "check_violation"},
        {"23P01", "exclusion_violation"},
        {"25006", "read_only_sql_transaction"},
        {"28P01", "invalid_password"},
        {"40001", "serialization_failure"},
        {"40P01", "deadlock_detected"},
        {"42501", "insufficient_privilege"},
        {"428C9", "generated_always"},
        {"42P01", "undefined_table"},
        {"53100", "disk_full"},
        {"53300", "too_many_connections"},
        {"55P03", "lock_not_available"},
        {"57014", "query_canceled"},
        {"57P01", "admin_shutdown"},
        {"P0001", "raise_exception"},
        {"XX000", "internal_error"},
        {"03000", "sql_statement_not_yet_complete"}, /* the first of the table */
        {"XX002", "index_corrupted"},                /* the last */
        {"DW001", "sync_failed"},
        {"DW002", "sync_timeout"},
        {"DW003", "legacy_write_blocked"},
        {"DW004", "lookup_missing"},
        {"DW005", "removal_share_exceeded"},
        /* not listed: the class speaks */
        {"23999", "integrity_constraint_violation"},
        {"57ZZZ", "operator_intervention"},
        {"42ABC", "syntax_error_or_access_rule_violation"},
        {"XXXXX", "internal_error"},
        /* nor the class */
        {"ZZ000", "unknown_condition"},
        {"DW999", "unknown_condition"},
        {"     ", "unknown_condition"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(condition_name(rows[i][0]), rows[i][1]);
}

static void
test_no_code(void **state)
{
    static const char *const none[] = {"", "2", "2350", "235055", "unique_violation"};

    (void) state;
    assert_null(condition_name(NULL));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_null(condition_name(none[i]));
}

/* Each code of condition.c itself is found under its own name. */
static void
test_every_entry(void **state)
{
    FILE *f = fopen("lib/core/condition.c", "r");
    char line[256];
    char before[6] = "";
    size_t count = 0;

    (void) state;
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        char code[6] = "";
        char name[128] = "";

        if (sscanf(line, " {\"%5[0-9A-Z]\", \"%127[a-z_0-9]\"},", code, name) != 2)
            continue;
        assert_int_equal(strlen(code), 5);
        if (strcmp(before, code) >= 0)
            fail_msg("%s stands after %s", code, before);
        assert_non_null(condition_name(code));
        assert_string_equal(condition_name(code), name);
        for (const char *p = name; *p != '\0'; p++)
            assert_true(islower((unsigned char) *p) || *p == '_');
        strcpy(before, code);
        count++;
    }
    fclose(f);
    assert_true(count > 200);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_code),
        cmocka_unit_test(test_every_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
