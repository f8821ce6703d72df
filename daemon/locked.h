/*
 * locked.h - transactions that take locks on the application's tables: briefly, and again when somebody else has them.
 */
#ifndef LOCKED_H
#define LOCKED_H

#include <libpq-fe.h>

#include "pair.h"

#define LOCKED (-1) /* beside enum exit_status: roll back and try again */

/* Runs a script: EXIT_GOOD, LOCKED with nothing printed, or EXIT_UNFINISHED after "dualwrited: WHAT: ..." on stderr. */
int locked_script(PGconn *pq, const char *sql, const char *what);

/*
 * Calls attempt(job) within a new transaction (install/begin.sql) in each database until it returns something else than
 * LOCKED, ten times at the most and a second apart, and returns that. What attempt() has not committed is taken back.
 */
int locked_transaction(const struct pair *p, int (*attempt)(void *job), void *job);

#endif
