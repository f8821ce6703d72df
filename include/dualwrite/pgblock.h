/*
 * pgblock.h - blocking libpq for one-shot commands. The daemon never uses it (pgconn.h).
 */
#ifndef DUALWRITE_PGBLOCK_H
#define DUALWRITE_PGBLOCK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Connects with application_name "dualwrited/NAME", or prints on stderr what failed, where, and what to look at, and
 * returns NULL. `key` is the setting that `url` comes from. Close with PQfinish().
 */
PGconn *pgblock_connect(const char *url, const char *key, const char *name);

/* The same without a word: NULL with why, without secrets, in *why (free it). */
PGconn *pgblock_open(const char *url, const char *name, char **why);

/* Runs one statement with text parameters; on failure prints the server's message on stderr and returns NULL. */
PGresult *pgblock_query(PGconn *pq, const char *sql, int nparams, const char *const *params);

/* Runs a script of several statements without parameters; 0, or -1 after printing why. */
int pgblock_script(PGconn *pq, const char *sql);

/* Called four times a second while a server works. */
typedef void (*pgblock_tick)(void *arg);

/*
 * The same for a caller that judges failures itself: nothing is printed, and there is always a result to PQclear(), of a
 * script the last or the first that failed. With nparams -1 `sql` is a script. `tick` may be NULL.
 */
PGresult *pgblock_ask(PGconn *pq, const char *sql, int nparams, const char *const *params, pgblock_tick tick,
                      void *arg);

/* One statement of several that go to the server together. */
struct pgblock_statement {
    const char *sql;
    int nparams;
    const char *const *params;
};

/*
 * Sends all of them in one go; pgblock_collect() waits for their answers and gives that of statement `which`, or the first
 * failure. Nothing else may be asked of the connection in between.
 */
bool pgblock_send(PGconn *pq, const struct pgblock_statement *list, size_t count);
PGresult *pgblock_collect(PGconn *pq, size_t which, pgblock_tick tick, void *arg);

/*
 * What `out` (COPY ... TO STDOUT) gives at `from` goes into `in` (COPY ... FROM STDIN) at `to`, row by row: none is kept here. The
 * result to PQclear(): the COMMAND_OK of `to`, or the failure of whose connection *refused then is.
 */
PGresult *pgblock_copy(PGconn *from, const char *out, PGconn *to, const char *in, PGconn **refused, pgblock_tick tick,
                       void *arg);

/* Prints the failed result (NULL: the connection's error) as "dualwrited: WHAT: message (SQLSTATE)", detail, hint. */
void pgblock_complain(PGconn *pq, const PGresult *r, const char *what);

#endif
