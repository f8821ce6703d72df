/*
 * pgconn.h - one asynchronous libpq connection on a libuv loop, which reconnects by itself.
 *
 * The only file that touches both libpq's asynchronous calls and libuv. It knows how to stay connected and how to send
 * a script (several statements in one round trip, libpq's pipeline mode) and hand back the results; what the statements
 * mean is for the stages. Never blocks the loop: names are resolved with uv_getaddrinfo() and passed as hostaddr,
 * because PQconnectStart() would resolve them itself (libpq manual, section 34.1).
 */
#ifndef DUALWRITE_PGCONN_H
#define DUALWRITE_PGCONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <uv.h>

struct pgconn;

enum pgconn_state {
    PGCONN_IDLE,       /* not started, or closed */
    PGCONN_RESOLVING,  /* host names to addresses */
    PGCONN_CONNECTING, /* PQconnectPoll */
    PGCONN_READY,      /* connected, no script under way */
    PGCONN_BUSY,       /* a script is under way */
    PGCONN_WAITING,    /* lost or refused; a timer will try again */
};

const char *pgconn_state_name(enum pgconn_state s);

/* Called from the loop. None may free the connection; all may call pgconn_run(). */
struct pgconn_events {
    void (*up)(void *arg);
    void (*down)(void *arg, const char *why, int64_t retry_in_ms); /* once per lost connection or failed attempt */
    void (*notified)(void *arg, const char *channel, const char *payload);
};

/* `name` becomes application_name "dualwrited/NAME"; `url` is copied. Nothing happens before pgconn_start(). */
struct pgconn *pgconn_new(uv_loop_t *loop, const char *name, const char *url, const struct pgconn_events *events,
                          void *arg);
void pgconn_start(struct pgconn *c);

/*
 * From now on each statement is prepared when a session first runs it, and planned no more: for those that come again and
 * again. The server keeps them in the session's memory. Not through a pooler, whose sessions may change from one script to the
 * next: the first script asks whether the session is the one that we were told of.
 */
void pgconn_prepare(struct pgconn *c);
enum pgconn_state pgconn_state(const struct pgconn *c);

/* Server version as PQserverVersion(), 0 when not connected. */
int pgconn_server_version(const struct pgconn *c);

/* The login that connected, "" when not connected. */
const char *pgconn_user(const struct pgconn *c);

/* One statement of a script; the text and parameters are copied when it is run. */
#define PG_MAX_PARAMS 32 /* as many as a key has columns */
struct pg_statement {
    const char *sql;
    int nparams;
    const char *params[PG_MAX_PARAMS]; /* text form; NULL is SQL NULL */
    bool planned_anew;                 /* each time, even where statements are prepared */
};

struct pg_reply {
    PGresult **results; /* one per statement; those after the failed one are NULL. Freed after the callback returns */
    size_t count;
    bool lost;         /* the connection went before the answer came; nothing is known of a COMMIT that was in it */
    size_t failed;     /* index of the statement that failed, == count when none did */
    const char *error; /* one line: the server's message, or why the connection was lost; NULL when all went well */
};

typedef void (*pgconn_done)(void *arg, const struct pg_reply *reply);

/*
 * Sends `count` statements as one pipeline. Exactly one script at a time: the state must be PGCONN_READY. Without an
 * explicit BEGIN the script is one implicit transaction (libpq manual, section 34.5.1.1). `done` is called once, later.
 * A script that takes longer than `timeout_ms` counts as a lost connection.
 */
void pgconn_run(struct pgconn *c, const struct pg_statement *statements, size_t count, int64_t timeout_ms,
                pgconn_done done, void *arg);

/*
 * Keeps the session from counting as idle in its transaction, with an empty message every few seconds, until the next script.
 * The state must be PGCONN_READY. A process that is stopped sends none, so the server still ends its session.
 */
void pgconn_keep(struct pgconn *c);

/* The number of the present session: another one after each reconnection. */
unsigned pgconn_session(const struct pgconn *c);

/* For how long the script under way has had no answer; 0 without one. */
int64_t pgconn_silent_ms(const struct pgconn *c);

/* For how long it has been connecting, waiting or answering beyond the time that it allows for that; 0 while it has not. */
int64_t pgconn_overdue_ms(const struct pgconn *c);

/* The server process of the present session, 0 without one. */
int pgconn_backend(const struct pgconn *c);

/* The work that the connection is for succeeded: only that ends the back-off, a mere answer does not. */
void pgconn_settled(struct pgconn *c);

/* Drops the connection, as if it had been lost, and connects again: for a script in flight `lost` is reported. */
void pgconn_reset(struct pgconn *c, const char *why);

/* Closes for good and frees; no callback is called afterwards. The loop must run once more for the handles to go. */
void pgconn_close(struct pgconn *c);

#endif
