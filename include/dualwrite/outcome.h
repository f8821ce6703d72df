/*
 * outcome.h - what an error means for the event that met it: a closed set, decided from the SQLSTATE alone.
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

/* Whose fault an error is that may be everybody's: from one to the next more is put down to the row. */
enum blame {
    BLAME_ALL,    /* the server's trouble and what is missing in a schema are the whole batch's */
    BLAME_SCHEMA, /* a missing table, column or right is a row's own (a trigger's, say): preflight found nothing */
    BLAME_SERVER, /* ... and so is the server's trouble, which this row met again and again, by itself */
};

#define LOOKUP_MISSING "DW004"         /* what dualwrite.lookup_missing raises */
#define REMOVAL_SHARE_EXCEEDED "DW005" /* ours: too many removals at once, see share.h */

/* A value that another row holds: unique_violation, exclusion_violation. */
bool is_conflict(const char *sqlstate);

/* NULL or "" is a lost connection. */
enum outcome outcome_of(const char *sqlstate);

/* Is it an event's own? Else the whole batch is off. */
bool outcome_is_own(enum outcome outcome, enum blame blame);

/* "unique_violation" for 23505; the class's first condition when the code is not listed; NULL for NULL. Static. */
const char *condition_name(const char *sqlstate);

#endif
