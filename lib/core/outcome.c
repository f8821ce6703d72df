/* outcome.c - retry or park, from the SQLSTATE; see dualwrite/outcome.h. What is then done about it is ack's business. */
#include "dualwrite/outcome.h"

#include <stddef.h>
#include <string.h>

/* First match wins; a two-letter entry stands for its whole class. */
static const struct {
    const char *code;
    enum outcome outcome;
} rules[] = {
    {"00", OUTCOME_OK},
    {"40003", OUTCOME_RETRY_SERVER}, /* statement_completion_unknown */
    {"40", OUTCOME_RETRY_ROW},       /* serialization_failure, deadlock_detected */
    {"55P03", OUTCOME_RETRY_ROW},    /* lock_not_available: somebody holds the legacy row */
    {"57014", OUTCOME_RETRY_ROW},    /* query_canceled: statement_timeout */
    {"55006", OUTCOME_RETRY_ROW},    /* object_in_use */
    {"08", OUTCOME_RETRY_SERVER},    /* connection_exception */
    {"25006", OUTCOME_RETRY_SERVER}, /* read_only_sql_transaction: a standby, or on its way to become one */
    {"25P", OUTCOME_RETRY_SERVER},   /* idle_in_transaction_session_timeout and its like */
    {"28", OUTCOME_RETRY_SERVER},    /* invalid_authorization_specification: a password being rotated */
    {"3D", OUTCOME_RETRY_SERVER},    /* invalid_catalog_name: the database is being restored */
    {"53", OUTCOME_RETRY_SERVER},    /* insufficient_resources: disk full, too many connections */
    {"57", OUTCOME_RETRY_SERVER},    /* operator_intervention: shutdown, crash, database dropped */
    {"58", OUTCOME_RETRY_SERVER},    /* system_error */
    {"72", OUTCOME_RETRY_SERVER},    /* snapshot_too_old */
    {"F0", OUTCOME_RETRY_SERVER},    /* config_file_error */
    {"23503", OUTCOME_WAIT},         /* foreign_key_violation: the row it refers to may come later */
    {"23505", OUTCOME_RETRY_ROW},    /* unique_violation, exclusion_violation: the row that holds the value may be */
    {"23P01", OUTCOME_RETRY_ROW},    /* synced later, by itself or by another daemon; if not it is parked in the end */
    {LOOKUP_MISSING, OUTCOME_WAIT},  /* the row that is looked up may come later */
    {"XX", OUTCOME_RETRY_ROW},       /* internal_error, data_corrupted: mostly what one row makes some function do */
    {"42501", OUTCOME_SCHEMA},       /* insufficient_privilege: a GRANT is missing, or a trigger refuses this row */
    {"42P01", OUTCOME_SCHEMA},       /* undefined_table */
    {"42703", OUTCOME_SCHEMA},       /* undefined_column */
    {"42883", OUTCOME_SCHEMA},       /* undefined_function */
    {"42P10", OUTCOME_SCHEMA},       /* invalid_column_reference: the conflict target's index is gone */
    {"42804", OUTCOME_SCHEMA},       /* datatype_mismatch */
    {"3F000", OUTCOME_SCHEMA},       /* invalid_schema_name */
};

enum outcome
outcome_of(const char *sqlstate)
{
    if (sqlstate == NULL || *sqlstate == '\0')
        return OUTCOME_RETRY_SERVER;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strncmp(sqlstate, rules[i].code, strlen(rules[i].code)) == 0)
            return rules[i].outcome;
    return OUTCOME_PARK;
}

bool
is_raised(const char *source_function)
{
    return source_function != NULL && strcmp(source_function, "exec_stmt_raise") == 0;
}

enum outcome
row_outcome_of(const char *sqlstate)
{
    enum outcome outcome = outcome_of(sqlstate);

    return outcome == OUTCOME_RETRY_SERVER ? OUTCOME_RETRY_ROW : outcome;
}

bool
is_conflict(const char *sqlstate)
{
    return sqlstate != NULL && (strcmp(sqlstate, "23505") == 0 || strcmp(sqlstate, "23P01") == 0);
}
