/* wake.c - the table of the sleep and wake handshake; see dualwrite/wake.h. No timers, no SQL. */
#include "dualwrite/wake.h"

const char *
wake_state_name(enum wake_state s)
{
    static const char *const names[WAKE_STATES] = {"draining", "arming", "confirming", "asleep", "polling", "standby"};

    return names[s];
}

const char *
wake_event_name(enum wake_event e)
{
    static const char *const names[WAKE_EVENTS] = {"bell",         "worked", "empty",  "confirmed", "contended",
                                                   "nothing_ours", "armed",  "lapsed", "lost"};

    return names[e];
}

#define STAY WAKE_STATES /* also for what cannot happen in a state */

static const enum wake_state table[WAKE_STATES][WAKE_EVENTS] = {
    [WAKE_DRAINING] =
        {
            [WAKE_BELL] = STAY,
            [WAKE_WORKED] = WAKE_DRAINING,
            [WAKE_EMPTY] = WAKE_ARMING,
            [WAKE_CONFIRMED] = WAKE_ARMING, /* a barrier of an earlier sleep proves nothing now */
            [WAKE_CONTENDED] = WAKE_POLLING,
            [WAKE_NOTHING_OURS] = WAKE_STANDBY,
            [WAKE_ARMED] = STAY,
            [WAKE_LAPSED] = STAY,
            [WAKE_LOST] = WAKE_DRAINING,
        },
    [WAKE_ARMING] =
        {
            [WAKE_BELL] = STAY, /* the claims of WAKE_CONFIRMING will find it */
            [WAKE_WORKED] = STAY,
            [WAKE_EMPTY] = STAY,
            [WAKE_CONFIRMED] = STAY,
            [WAKE_CONTENDED] = STAY,
            [WAKE_NOTHING_OURS] = STAY,
            [WAKE_ARMED] = WAKE_CONFIRMING,
            [WAKE_LAPSED] = WAKE_DRAINING, /* a resync has queued rows: they go first */
            [WAKE_LOST] = WAKE_DRAINING,
        },
    [WAKE_CONFIRMING] =
        {
            [WAKE_BELL] = WAKE_DRAINING,
            [WAKE_WORKED] =
                WAKE_DRAINING,   /* busy again: the next claim takes the doorbell down, writers stop ringing */
            [WAKE_EMPTY] = STAY, /* an older transaction is still open: it may have missed the doorbell */
            [WAKE_CONFIRMED] = WAKE_ASLEEP,
            [WAKE_CONTENDED] = WAKE_POLLING,
            [WAKE_NOTHING_OURS] = WAKE_STANDBY,
            [WAKE_ARMED] = STAY,
            [WAKE_LAPSED] = WAKE_DRAINING,
            [WAKE_LOST] = WAKE_DRAINING,
        },
    [WAKE_ASLEEP] =
        {
            [WAKE_BELL] = WAKE_DRAINING,
            [WAKE_WORKED] = STAY,
            [WAKE_EMPTY] = STAY,
            [WAKE_CONFIRMED] = STAY,
            [WAKE_CONTENDED] = STAY,
            [WAKE_NOTHING_OURS] = STAY,
            [WAKE_ARMED] = STAY,
            [WAKE_LAPSED] = WAKE_DRAINING,
            [WAKE_LOST] = WAKE_DRAINING,
        },
    [WAKE_POLLING] =
        {
            [WAKE_BELL] = WAKE_DRAINING,
            [WAKE_WORKED] = WAKE_DRAINING,
            [WAKE_EMPTY] = WAKE_ARMING,
            [WAKE_CONFIRMED] = WAKE_ARMING,
            [WAKE_CONTENDED] = STAY,
            [WAKE_NOTHING_OURS] = WAKE_STANDBY,
            [WAKE_ARMED] = STAY,
            [WAKE_LAPSED] = WAKE_DRAINING,
            [WAKE_LOST] = WAKE_DRAINING,
        },
    [WAKE_STANDBY] =
        {
            [WAKE_BELL] = STAY, /* not for us */
            [WAKE_WORKED] = STAY,
            [WAKE_EMPTY] = STAY,
            [WAKE_CONFIRMED] = STAY,
            [WAKE_CONTENDED] = STAY,
            [WAKE_NOTHING_OURS] = STAY,
            [WAKE_ARMED] = STAY,
            [WAKE_LAPSED] = WAKE_DRAINING, /* something is ours now */
            [WAKE_LOST] = WAKE_DRAINING,
        },
};

bool
wake_acts(enum wake_state s)
{
    return s != WAKE_ASLEEP && s != WAKE_STANDBY;
}

enum wake_state
wake_next(enum wake_state s, enum wake_event e, bool listening)
{
    enum wake_state next = table[s][e];

    if (next == STAY)
        return s;
    return next == WAKE_ARMING && !listening ? WAKE_POLLING : next;
}

int64_t
wake_delay_ms(unsigned idle, int64_t cap_ms)
{
    int64_t delay = idle == 0 ? 0 : 50;

    for (; idle > 1 && delay < cap_ms; idle--)
        delay *= 2;
    return delay < cap_ms ? delay : cap_ms;
}

int64_t
wake_rest_ms(size_t events, size_t subjects, bool awaited)
{
    const size_t changes = subjects == 0 ? 0 : events / subjects;

    if (changes >= 4 && !awaited)
        return changes < 25 ? 4 * (int64_t) changes : 100;
    return events < 100 ? (int64_t) events / 10 : 10;
}

int64_t
wake_poll_ms(int64_t poll_interval_ms, bool listening)
{
    return listening && poll_interval_ms > 1000 ? 1000 : poll_interval_ms;
}

int64_t
wake_doorbell_ms(int64_t poll_interval_ms)
{
    int64_t beat = poll_interval_ms < WAKE_BEAT_MS ? poll_interval_ms : WAKE_BEAT_MS;

    return 2 * beat + WAKE_BEAT_MS;
}
