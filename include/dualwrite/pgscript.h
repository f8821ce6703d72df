/*
 * pgscript.h - the statements that are under way on one connection in pipeline mode, and what has come back of them.
 *
 * Part of pgconn.h, whose users need not know it. It reads what libpq has and never waits; when to read, and what a lost
 * connection means, is lib/pg/pgconn.c's. libpq's manual, section 34.5, is where the order of results comes from.
 */
#ifndef DUALWRITE_PGSCRIPT_H
#define DUALWRITE_PGSCRIPT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/pgconn.h"

struct pgprepared;

/* What libpq was asked for: each asking has its results in turn. */
struct pgstep {
    size_t statement;           /* of the script */
    struct pgprepared *prepare; /* to prepare it; NULL: to run it */
};

/* Are statements prepared when the session first runs them? Behind a pooler the next script may meet another session. */
enum pgpreparing {
    PREPARING_NEVER,
    PREPARING_ASKS, /* the next script asks who the session is */
    PREPARING_ON,
    PREPARING_OFF, /* a pooler is in between */
};

struct pgscript {
    size_t count;
    struct pgstep *steps;
    size_t nsteps;
    size_t next;        /* the step whose result comes next; == nsteps: the pipeline's end */
    bool answered;      /* that step has had a result */
    size_t failed;      /* the statement that did; count: none */
    unsigned kept;      /* empty messages that were not answered yet */
    PGresult **results; /* one more than there are statements, for what comes before or after them */
    char *error;
    char *farewell; /* why the server ends this session, which says more than "closed unexpectedly" */
    bool stale;     /* what failed is the session's notion of a prepared statement, not the statement */
    enum pgpreparing preparing;
    int backend;                  /* that the client was told of */
    struct pgprepared **prepared; /* in this session, or about to be */
    size_t nprepared;
    pgconn_done done; /* NULL: none is under way */
    void *done_arg;
};

/*
 * Hands the statements to libpq; false: it could not take them, pgscript_finish() is still to come. `replan`: what is prepared
 * is planned anew before them.
 */
bool pgscript_send(struct pgscript *s, PGconn *pq, const struct pg_statement *statements, size_t count, bool replan,
                   pgconn_done done, void *arg);

/* Keeps what an error or a notice says when it is the server's reason for ending the session. */
void pgscript_note_farewell(struct pgscript *s, const PGresult *r);

/* The session is another one: nothing is prepared there. */
void pgscript_forget(struct pgscript *s);

/* Takes the results that are there; true when the last one was. */
bool pgscript_read(struct pgscript *s, PGconn *pq);

/* The answers to empty messages, while no script is under way. */
void pgscript_read_kept(struct pgscript *s, PGconn *pq);

/* Calls `done`; the script is taken off first, so that it may send the next one. `why`: of a connection that is lost. */
void pgscript_finish(struct pgscript *s, bool lost, const char *why);
void pgscript_clear(struct pgscript *s);

/* The first line of a message of libpq or the server; the caller frees it. */
char *pgscript_first_line(const char *message);

#endif
