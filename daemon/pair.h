/*
 * pair.h - the databases that a one-shot command changes: the vNext one and, where it is another, the legacy one.
 *
 * Connections and the ends of their transactions. What is done in them is the command's business; beginning them, and
 * again when a lock was not to be had, is locked.h. Two databases have two transactions: whatever both have to say is
 * heard before the first COMMIT, but the second may still fail when the connection goes just then.
 */
#ifndef PAIR_H
#define PAIR_H

#include <libpq-fe.h>
#include <stddef.h>

#include "dualwrite/catalog.h"
#include "settings.h"

/* By enum database. With one database the count is 1 and what concerns the legacy tables is done in the vNext one. */
struct pair {
    PGconn *pq[2];
    char *shown[2]; /* host, port, database and user, without secrets */
    size_t count;
};

/*
 * Connects with application_name "dualwrited/NAME". EXIT_GOOD; else the status to exit with, after saying on stderr what
 * is wrong: unreachable, or twice the same database. pair_close() is called in any case.
 */
int pair_connect(struct pair *p, const struct settings *settings, const char *name);
void pair_close(struct pair *p);

/* "vNext" or "legacy", for messages. */
const char *pair_word(enum database d);

/* Prints the script of a transaction; where there are two databases, headed by a comment that says which one it is for. */
void pair_print_sql(const struct pair *p, enum database d, const char *sql);

/* Takes back what is open. */
void pair_rollback(const struct pair *p);

/* Commits `first`, then the other. EXIT_GOOD, or EXIT_UNFINISHED after saying which database has what. */
int pair_commit(const struct pair *p, enum database first);

#endif
