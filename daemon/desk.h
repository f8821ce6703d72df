/*
 * desk.h - an operator's command at its databases: connections, looks that cannot write, refusals in plain words, progress.
 *
 * For `status`, `failed` and `explain`. Every look is a transaction of its own, in a daemon's session settings
 * (lib/sql/daemon/session.sql), so what is read looks as a daemon reads it. The vNext database must answer; the legacy one,
 * where it is another, may be away, and the command says so.
 */
#ifndef DESK_H
#define DESK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "settings.h"

struct desk {
    const struct settings *settings;
    bool two;         /* databases */
    PGconn *pq[2];    /* by enum database; of one database both are the same; the legacy one NULL: it does not answer */
    char *shown[2];   /* host, port, database and user, without secrets */
    char *why;        /* the legacy database does not answer: why; one line */
    char sqlstate[6]; /* of the last refusal */
    char *error;      /* ... in the server's words; one line */
    enum database refusing; /* ... whose it was */

    struct buf *said; /* what is wrong goes here; NULL: to stderr */

    const char *doing; /* progress */
    struct timespec started;
    bool terminal;
    bool on_screen;
};

/*
 * Connects with application_name "dualwrited/NAME" and looks whether the schema is there in this program's version.
 * EXIT_GOOD, or the status to exit with after saying on stderr what is wrong. desk_close() is called in any case.
 */
int desk_open(struct desk *d, const struct settings *settings, const char *name);

/* The same; what is wrong goes to `said`, now and later, and no progress is shown. */
int desk_open_saying(struct desk *d, const struct settings *settings, const char *name, struct buf *said);
void desk_close(struct desk *d);

/* What is being done, for a terminal, once two seconds have passed; desk_quiet() takes it away. */
void desk_doing(struct desk *d, const char *what);
void desk_quiet(struct desk *d);

/*
 * Opens a transaction on that side whose statements may take `timeout_ms` each; one that writes waits 2 s for a lock. False
 * after a refusal.
 */
bool desk_begin(struct desk *d, enum database side, int64_t timeout_ms, bool writes);

/* One statement within it; NULL after a refusal. */
PGresult *desk_ask(struct desk *d, enum database side, const char *sql, int nparams, const char *const *params);

/* `out` (COPY ... TO STDOUT) at `from` into `in` (COPY ... FROM STDIN) at `to`, each within its transaction; false after a refusal. */
bool desk_copy(struct desk *d, enum database from, const char *out, enum database to, const char *in);

/* Ends it; false after a refusal of the COMMIT. */
bool desk_end(struct desk *d, enum database side, bool commit);

/* desk_begin(), desk_ask() and desk_end() for one look. */
PGresult *desk_look(struct desk *d, enum database side, int64_t timeout_ms, const char *sql, int nparams,
                    const char *const *params);

/* The last refusal was that the time was up. */
bool desk_timed_out(const struct desk *d);

/* The last refusal was that the connection, or the server, is gone. */
bool desk_lost(const struct desk *d);

/* Says on stderr that `what` was refused, why, and what to do; returns the status to exit with. */
int desk_refused(const struct desk *d, const char *what);

/* The width of the terminal that the standard output is; 0 when it is none. */
size_t desk_width(void);

#endif
