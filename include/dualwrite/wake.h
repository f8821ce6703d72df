/*
 * wake.h - when to look at the outbox: the sleep and wake handshake as a state machine (DESIGN section 2).
 *
 * Writers ring (NOTIFY) only while the doorbell says that somebody sleeps, so falling asleep must not lose the change of
 * a writer that read the doorbell just before. Hence: set the doorbell, take a transaction id (the barrier), wait until
 * every older transaction has ended, look once more, and only then sleep. Pure: the engine reports what happened and
 * does what the new state says.
 */
#ifndef DUALWRITE_WAKE_H
#define DUALWRITE_WAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wake_state {
    WAKE_DRAINING,   /* claim now, or after wake_rest_ms() */
    WAKE_ARMING,     /* set the doorbell, then take the barrier */
    WAKE_CONFIRMING, /* claim again, until one finds nothing after the barrier was passed */
    WAKE_ASLEEP,     /* do nothing: a bell or a beat wakes */
    WAKE_POLLING,    /* claim again after a while: nobody will ring, or somebody else holds what is ours */
    WAKE_STANDBY,    /* nothing is ours: more daemons than partitions, or our beats are too old */
    WAKE_STATES
};

enum wake_event {
    WAKE_BELL,         /* a notification, or a beat that saw something waiting */
    WAKE_WORKED,       /* a claim brought events */
    WAKE_EMPTY,        /* a claim found nothing, and all that is ours was looked at */
    WAKE_CONFIRMED,    /* the same, in a statement after the barrier was passed */
    WAKE_CONTENDED,    /* a claim found nothing, but somebody else holds a part of what is ours */
    WAKE_NOTHING_OURS, /* a claim found that no partition is ours */
    WAKE_ARMED,        /* the doorbell is set and the barrier taken */
    WAKE_LAPSED,       /* a beat found the doorbell unset, or our partitions changed */
    WAKE_LOST,         /* the connection went: nothing is known any more */
    WAKE_EVENTS
};

const char *wake_state_name(enum wake_state s);
const char *wake_event_name(enum wake_event e);

/* In this state the queue is looked at, now or after a while, without anybody else's word. */
bool wake_acts(enum wake_state s);

/* The next state. `listening`: notifications reach us; without, WAKE_EMPTY leads to polling instead of sleep. */
enum wake_state wake_next(enum wake_state s, enum wake_event e, bool listening);

/* How long to wait before the next claim in WAKE_POLLING and WAKE_CONFIRMING, after `idle` claims that found nothing:
 * 50 ms, doubling, at most `cap_ms`; 0 for idle == 0. */
int64_t wake_delay_ms(unsigned idle, int64_t cap_ms);

/* The cap of that: the poll interval. Who listens polls for a moment only, a second at most; who does not has a beat each
 * second, which tells when something waits, so that idling costs little. */
int64_t wake_poll_ms(int64_t poll_interval_ms, bool listening);

/* How long to rest before the next claim, after a batch of `events` that reached the end of the queue: what a batch costs
 * whatever it has is shared by more of them. A tenth of a millisecond for each event: 0 while they come one by one; at most 10.
 * Where they are changes of few `subjects`, four or more of each, four milliseconds for each of those, at most 100: so many
 * become one write; but not where requests wait for their sync, `awaited` (strict mode). */
int64_t wake_rest_ms(size_t events, size_t subjects, bool awaited);

#define WAKE_BEAT_MS 5000 /* an idle daemon's one round trip; peers give up on it after 10 s without */

/* How long a doorbell stands after it was set or renewed: it outlives a few missed beats and no more, because a dead
 * daemon's doorbell must not cost the writers anything for long. */
int64_t wake_doorbell_ms(int64_t poll_interval_ms);

#endif
