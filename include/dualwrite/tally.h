/*
 * tally.h - what this daemon has done since it started: counts, times, the last minutes, the last events.
 *
 * The lines of the log are counted where they are written (daemon/event_log.c), so the two cannot differ. Everything here is
 * bounded, however long the daemon runs and whatever comes: operations are those of the mapping, anything else is "other".
 * Pure: it is handed the time. What of it is served, and how, is metrics.h's and status_json.h's.
 */
#ifndef DUALWRITE_TALLY_H
#define DUALWRITE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/mapping.h"
#include "dualwrite/moment.h"
#include "dualwrite/spread.h"

#define TALLY_OPERATIONS 64
#define TALLY_BUCKETS 18
#define TALLY_SAMPLES 120
#define TALLY_INTERVAL_MS 10000
#define TALLY_RECENT 50
#define TALLY_REQUESTS 48

enum tally_outcome { TALLY_COMPLETED, TALLY_RETRY, TALLY_PARK };

struct tally_operation {
    char *name;
    int64_t scheduled, completed, retried, parked;
};

/* Counts of times up to each bound, as a Prometheus histogram has them, but not cumulated. */
struct tally_histogram {
    int64_t bucket[TALLY_BUCKETS + 1]; /* the last one: above every bound */
    int64_t count;
    int64_t sum_ms;
};

/* In milliseconds, ascending. */
extern const int64_t tally_bounds_ms[TALLY_BUCKETS];

/* Ten seconds of history. */
struct tally_sample {
    int64_t number; /* the how-manieth since the start, from 1; 0: never used */
    uint32_t completed, failed;
    int64_t backlog; /* as it was last heard in that time, < 0: never */
    struct spread lag;
};

struct tally_event {
    int64_t at_ms; /* wall clock */
    const char *operation;
    enum tally_outcome outcome;
    int64_t id;
    int attempt;
    int64_t duration_ms, lag_ms; /* < 0: not known */
    const char *exception_type;  /* a condition's name, static; NULL: none */
};

struct tally_request {
    const char *path; /* of the table of routes; NULL: any other */
    unsigned status;
    int64_t count;
};

struct tally {
    struct moment started;
    int64_t claims, batches;      /* rounds, also those that found nothing; those that committed */
    int64_t scheduled, completed; /* events */
    int64_t failures, parked;     /* attempts; those of them after which the event was parked */
    int64_t reloads_applied, reloads_refused;
    int64_t last_success_ms;                             /* wall clock; 0: none yet */
    int64_t last_lag_ms;                                 /* of the last completed event */
    struct tally_operation operations[TALLY_OPERATIONS]; /* the first is "other" */
    size_t noperations;
    struct tally_histogram lag, duration;
    struct tally_sample samples[TALLY_SAMPLES]; /* a ring, by number */
    struct tally_event recent[TALLY_RECENT];    /* a ring */
    size_t nrecent;                             /* ever */
    struct tally_request requests[TALLY_REQUESTS];
    size_t nrequests;
};

void tally_init(struct tally *t, struct moment now);
void tally_free(struct tally *t);

/* The operations of a mapping are counted by name from now on, beside those of an earlier one. */
void tally_mapping(struct tally *t, const struct mapping *m);

/* One log line each. `lag_ms`, `duration_ms`: as the line says. */
void tally_scheduled(struct tally *t, const char *operation);
void tally_completed(struct tally *t, struct moment now, const char *operation, int64_t event_id, int attempt,
                     int64_t duration_ms, int64_t lag_ms);
void tally_failed(struct tally *t, struct moment now, const char *operation, int64_t event_id, int attempt,
                  const char *exception_type, bool parked);

/* A request of HTTP was answered; `path` is static, NULL for one that nothing answers to. */
void tally_request(struct tally *t, const char *path, unsigned status);

/* How many events wait, as the database said. */
void tally_backlog(struct tally *t, struct moment now, int64_t events);

/* The history, oldest first: whole samples only, none from before the start. Returns how many; of one in which nothing
 * happened `number` alone is set. */
size_t tally_history(const struct tally *t, struct moment now, struct tally_sample *out, size_t max);

/* What the last minute has brought, the sample that has begun too; returns over how many milliseconds. */
int64_t tally_minute(const struct tally *t, struct moment now, int64_t *completed, int64_t *failed);

/* When sample `number` ended, on today's wall clock. */
int64_t tally_sample_at(const struct tally *t, struct moment now, int64_t number);

/* The lag over the history and what has come since its last sample. */
void tally_lag(const struct tally *t, struct moment now, struct spread *out);

/* The `i`-th of the last events, 0 is the newest; NULL: there are no more. */
const struct tally_event *tally_recent(const struct tally *t, size_t i);

#endif
