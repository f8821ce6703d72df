/*
 * telemetry.h - everything that is known of this daemon at one moment and served over HTTP: by metrics.h as numbers, by
 * status_json.h as a document. Filled in by the daemon for each answer; a struct and nothing else.
 */
#ifndef DUALWRITE_TELEMETRY_H
#define DUALWRITE_TELEMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/flags.h"
#include "dualwrite/health.h"
#include "dualwrite/survey.h"
#include "dualwrite/tally.h"

enum telemetry_connection {
    TELEMETRY_LISTEN,
    TELEMETRY_CLAIM,
    TELEMETRY_APPLY,
    TELEMETRY_MIRROR,
    TELEMETRY_CONNECTIONS
};

struct telemetry_link {
    bool there; /* the mirror is there with two databases only */
    bool connected;
    int64_t reconnects;
};

struct telemetry {
    const char *instance, *version;
    struct moment now;
    const struct health *health;
    const struct health_facts *facts;
    const char *state;
    const struct flags *flags; /* as of the last beat */
    const char *partitions;    /* ours, "0,3"; NULL: never heard */
    int64_t last_beat_ms;      /* wall clock; 0: none yet */
    struct telemetry_link links[TELEMETRY_CONNECTIONS];
    const struct tally *tally;
    const struct survey *survey;
    double cpu_seconds;     /* of this process */
    int64_t resident_bytes; /* < 0: not known, as the next */
    int64_t open_fds;
};

/* "listen", "claim", "apply", "mirror" */
extern const char *const telemetry_connection_names[TELEMETRY_CONNECTIONS];

#endif
