/*
 * health.h - is this daemon ready, and if not, why not: from what the engine knows (SPEC sections 7 and 12).
 *
 * Pure: the engine fills in facts, this decides and puts the answer into words. Who asks (an HTTP probe, systemd, the
 * log) is not its business. The reasons name no host, user or row: whoever may reach the port may read them.
 */
#ifndef DUALWRITE_HEALTH_H
#define DUALWRITE_HEALTH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/monotime.h"

#define HEALTH_REASONS 8

/* A beat comes every 5 s and its answer at once; after that many milliseconds without one the connection is no use. */
#define HEALTH_BEAT_MS 15000

/* A connection that comes back soon was not away. The one that beats tries at once; a batch that fails takes its own
 * along, which come back after a back-off of 10 s at most. */
#define HEALTH_BLIP_MS 3000
#define HEALTH_RECONNECT_MS 12000

/* Events wait and nothing was acknowledged for so long (or for two statement timeouts, if that is longer): no progress. */
#define HEALTH_STUCK_MS 60000

/* What is known at this moment. */
struct health_facts {
    bool stopping;
    bool connected;         /* a beat was answered on the connection that is up */
    int64_t beat_age_ms;    /* since the last beat that was answered */
    bool checked;           /* the mapping passed its check on the connections that are up */
    bool listening;         /* notifications arrive */
    bool polling;           /* ... or are not wanted, or known not to come */
    int64_t deaf_ms;        /* for how long health_hears() was false; INT64_MAX: since the start */
    int64_t unchecked_ms;   /* the same of `checked` */
    bool mapping_installed; /* the mapping in the database is ours */
    bool enabled;           /* dual write is on */
    bool strict;
    int64_t failed;   /* rows in dualwrite.failed at the last beat, whoever's */
    int64_t batches;  /* acknowledged since the start */
    int64_t failures; /* attempts that failed since the start */
    bool failing;     /* some of which the last beat may not have counted: health_failing() */
    int64_t stuck_ms; /* health_stuck_ms() */
    int64_t statement_timeout_ms;
    /* not judged, only told: */
    const char *partitions; /* ours, "0,3"; NULL: never heard */
    int64_t oldest_ms; /* age of the oldest event that waits for us, at the last beat; -1: none waited; -2: not known */
    int64_t last_success_ms; /* wall clock; 0: nothing was completed yet */
};

struct health {
    bool ready;
    size_t count;
    char reasons[HEALTH_REASONS][160]; /* one sentence each, for a person; none when ready */
};

struct health health_of(const struct health_facts *f);

/* Connected, mapping checked, and it hears or polls. What else can make it unready is not counted: a service manager that
 * waits for this must not restart the daemon because of it. */
bool health_connected(const struct health_facts *f);

/* It is connected, and is told of changes or looks for them. */
bool health_hears(const struct health_facts *f);

/* What the probes answer: a JSON object and a newline. `instance` is this daemon's id. */
void health_ready_json(struct buf *b, const struct health *h, const struct health_facts *f, const char *instance);

/* Adds "partitions", an array of the numbers in "0,3"; of none for NULL. */
void health_add_partitions(cJSON *object, const char *partitions);
void health_live_json(struct buf *b, const char *instance);

/* Is anything acknowledged while events wait? Kept from beat to beat; zero is a valid beginning. */
struct health_progress {
    bool waiting;      /* the last beat saw events of ours, and they are to be synced */
    bool batch_failed; /* a whole batch failed, and nothing was acknowledged since */
    monotime noted;    /* the last beat */
    monotime since;    /* the last moment that something was acknowledged or nothing waited */
    int64_t batches;   /* counted by then */
    int64_t failures;
};

/* A beat was answered; `waiting`: it saw events of ours. Of the facts the flags, the mapping and the counts are used. */
void health_note(struct health_progress *p, monotime now, bool waiting, const struct health_facts *f);

/* For how long events have waited without progress; 0 when none wait. */
int64_t health_stuck_ms(const struct health_progress *p, monotime now, const struct health_facts *f);

/* Attempts failed since the last beat, or the whole batch before it did: dualwrite.failed does not tell of those yet. */
bool health_failing(const struct health_progress *p, const struct health_facts *f);

#endif
