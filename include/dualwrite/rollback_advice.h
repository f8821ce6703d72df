/*
 * rollback_advice.h - which rollback fits what is wrong: the decision matrix of runbook 002 on the live numbers.
 *
 * Pure. The numbers are lib/sql/rollback's: state.sql, evidence.sql, and what the two statements made here find in the tables of
 * the mapping.
 */
#ifndef DUALWRITE_ROLLBACK_ADVICE_H
#define DUALWRITE_ROLLBACK_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/mapping.h"

struct advice_facts {
    const cJSON *state;
    const cJSON *evidence;
    const char *guard;                     /* of the legacy tables; NULL: not known */
    double legacy_writes;                  /* that were recorded in 24 hours; < 0: not known */
    double duplicates, orphans, test_rows; /* < 0: not known, and why: */
    const char *no_duplicates, *no_orphans, *no_test_rows;
    const char *pattern; /* of test data */
};

/*
 * The matrix, the most urgent line first: [{"symptom", "urgency": "immediate", "high", "medium" or "low", "fits": true, false or
 * null, "evidence", "action", "command"}]. cJSON_Delete() it.
 */
cJSON *rollback_advice(const struct advice_facts *facts);

/* The first line that fits; NULL: none does. */
const cJSON *rollback_advice_best(const cJSON *matrix);

void rollback_advice_text(struct buf *out, const cJSON *matrix);

/* For an entity with a map: duplicates, orphans (NULL with `apart`, the legacy table being in another database). free() it. */
char *rollback_map_sql(const struct mapping_entity *e, bool apart);

/* The source column that holds an entity's name, by what the mapping reads; NULL: none does. */
const char *rollback_name_column(const struct mapping_entity *e);

/* For such an entity: rows whose name is like $1. free() it. */
char *rollback_test_sql(const struct mapping_entity *e);

#endif
