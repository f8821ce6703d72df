/*
 * outcome.h - what an error means for the event that met it: a closed set, decided from the SQLSTATE; and whether a function
 * raised it.
 *
 * Codes and condition names: PostgreSQL manual, appendix A.
 */
#ifndef DUALWRITE_OUTCOME_H
#define DUALWRITE_OUTCOME_H

#include <stdbool.h>

enum outcome {
    OUTCOME_OK,
    OUTCOME_RETRY_SERVER, /* the server's or the network's trouble: the whole batch again, without limit */
    OUTCOME_RETRY_ROW,    /* this row met another transaction: again a limited number of times, the others go on */
    OUTCOME_WAIT,         /* another row is missing: again without limit, the slower the more events wait */
    OUTCOME_SCHEMA,       /* a table, column or right is not there: the whole batch until preflight passes, then PARK */
    OUTCOME_PARK,         /* the data or the schema: again when the row changes or somebody asks */
};

#define LOOKUP_MISSING "DW004"         /* what dualwrite.lookup_missing raises */
#define REMOVAL_SHARE_EXCEEDED "DW005" /* ours: too many removals at once, see share.h */

/* A value that another row holds: unique_violation, exclusion_violation. */
bool is_conflict(const char *sqlstate);

/* NULL or "" is a lost connection. */
enum outcome outcome_of(const char *sqlstate);

/*
 * RAISE in PL/pgSQL, by the error's source function (PG_DIAG_SOURCE_FUNCTION; pl_exec.c): whatever SQLSTATE it chose, it is about
 * the row that it was called for. The server's own trouble has another source. NULL: not known.
 */
bool is_raised(const char *source_function);

/* outcome_of() where the error is known to be this row's: then what looks like the server's trouble is OUTCOME_RETRY_ROW. */
enum outcome row_outcome_of(const char *sqlstate);

/* "unique_violation" for 23505; the class's first condition when the code is not listed; NULL for NULL. Static. */
const char *condition_name(const char *sqlstate);

#endif
