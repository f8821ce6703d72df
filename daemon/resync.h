/*
 * resync.h - stage for tables whose changes were not captured one by one (TRUNCATE, a full outbox).
 *
 * One step per call, in a transaction of its own, once the end of the queue was seen: begin a round, or queue the next chunk of the
 * table's rows as ordinary events. Rows that exist only in legacy are left alone: a removal needs an event of its own.
 */
#ifndef RESYNC_H
#define RESYNC_H

#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"
#include "settings.h"

struct resync_answer {
    const char *error;  /* NULL, or why; the connection has been reset */
    const char *entity; /* NULL: no table needs one (or another daemon has it) */
    bool begun;         /* this step began a round */
    bool waiting;       /* the round waits for older transactions to end: try again later */
    bool finished;      /* this step ended it */
    long long queued;   /* rows queued in this round */
};

typedef void (*resync_done)(void *arg, const struct resync_answer *answer);

struct resync;

struct resync *resync_new(struct pgconn *pg, resync_done done, void *arg);
void resync_start(struct resync *r, const char *instance, const struct settings *settings, const struct plan *plan);
void resync_free(struct resync *r);

#endif
