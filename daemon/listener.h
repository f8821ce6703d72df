/*
 * listener.h - the connection that hears: LISTEN, and the beat that keeps this daemon alive in the eyes of others.
 *
 * A notification is a hint, the beat's answer is the truth: it says whether something waits, which flags are in force,
 * which partitions are ours and whether LISTEN still works. It never opens a transaction, so it never holds back vacuum.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "dualwrite/flags.h"
#include "dualwrite/pgconn.h"

/* What this daemon tells about itself with each beat. */
struct beat_request {
    uint64_t serial;  /* comes back with the answer */
    int64_t failures; /* so does this: attempts that had failed here when it was asked */
    const char *instance;
    const char *mapping_digest;
    struct flags flags;
    bool listening; /* notifications arrive */
    const char *state;
    int claim_pid; /* the server process that the worker claims with; 0: none */
    bool asleep;
    const char *cursor;  /* of the last claim, NULL: none */
    int64_t doorbell_ms; /* how long the doorbell shall stand */
    int64_t outbox_max;
    const struct flags *obeyed; /* what is in force and nothing of before is under way; NULL: nothing is known yet */
    int64_t reload_done;        /* the number of the last reload that was asked for through the database; 0: none */
    const char *reload_answer;  /* how it went, JSON; NULL with 0 */
};

struct beat_answer {
    uint64_t serial;         /* of the request that this answers */
    int64_t failures;        /* ... and its failures: `failed` may not know of later ones */
    struct flags flags;      /* in force */
    char *disagreement;      /* names of flags, NULL: none */
    char *overrides;         /* FLAG=value, ..., NULL: none */
    char *mapping_digest;    /* the installed one */
    char *installation;      /* of the two databases, NULL: there is one */
    char *partitions;        /* ours, "0,3", "" for none */
    bool armed;              /* asleep only: the doorbell still stood and was renewed */
    bool waiting;            /* asleep only: the outbox holds something of ours */
    bool more;               /* asleep only: nothing of ours among the next ones, but it looked no further */
    bool resync;             /* a table's resync mark is up */
    int64_t oldest_ms;       /* for how long the first event of ours that waits has waited; < 0: none */
    int64_t failed;          /* rows in dualwrite.failed */
    int64_t retrying;        /* ... that are not parked */
    int64_t next_retry_ms;   /* < 0: none is to be retried */
    int64_t peer_expires_ms; /* when the first other daemon is given up on if it does not beat; < 0: there is none */
    int64_t reload_wanted;   /* the number of the last reload that somebody asked for; 0: none */
    bool bells;              /* writers may ring: nobody can PREPARE TRANSACTION on this server */
    bool listening;          /* the server says that this session listens */
    bool between;            /* something between us and the server answers for it: a pooler */
    bool heard;              /* a notification has come since the last beat */
    int queue_percent;       /* how full the cluster's notification queue is */
    char *queue_holders;     /* once it is half full: sessions that may hold it back; NULL: none to be seen */
};

/* Each NULL where there is none. */
struct survey_answer {
    const char *survey; /* survey.sql's document */
    const char *health; /* survey_health.sql's */
    const char *error;
    bool slow; /* the error: it took too long */
};

struct listener_events {
    void (*up)(void *arg); /* connected: send the first beat */
    void (*down)(void *arg, const char *why, int64_t retry_in_ms);
    void (*bell)(void *arg, int partition); /* < 0: the hint was not understood, look everywhere */
    void (*control)(void *arg);             /* flags, overrides or daemons changed, or a beat had to wait: beat */
    void (*beat)(void *arg, const struct beat_answer *answer, const char *error); /* answer NULL when error */
    void (*survey)(void *arg, const struct survey_answer *answer);
};

struct listener;

/* `channel` is copied; `notify` false: poll-only, the connection only beats. */
struct listener *listener_new(uv_loop_t *loop, const char *url, const char *channel, bool notify,
                              const struct listener_events *events, void *arg);
void listener_start(struct listener *l);

/* Sends a beat if the connection is free; otherwise events.control is called when it is. */
void listener_beat(struct listener *l, const struct beat_request *request);

/* What a survey shall look at: the runs of `monitor`; the whole queue, or behind `cursor` only (NULL: not at all). */
struct survey_request {
    bool health, whole;
    const char *cursor;
};

/* Asks survey.sql and survey_health.sql, if the connection is free: else false. Of one that the connection took along nothing
 * is heard. */
bool listener_survey(struct listener *l, const struct survey_request *request);

/* To look at. */
const struct pgconn *listener_connection(const struct listener *l);

/* Takes this daemon's row out; `done` is called when answered or lost, at once when there is no connection. */
void listener_deregister(struct listener *l, const char *instance, void (*done)(void *arg), void *arg);

int64_t listener_overdue_ms(const struct listener *l); /* pgconn_overdue_ms() */

/* Changes whether, and on which channel, it listens; takes effect with the next beat. */
void listener_configure(struct listener *l, const char *channel, bool notify);
void listener_close(struct listener *l);

#endif
