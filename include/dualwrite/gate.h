/*
 * gate.h - may we cut over: one criterion after the other judged by what the databases say, as text and JSON.
 *
 * Pure. Who asks, and how long it has to hold, is daemon/gate_look.c and cmd_gate.c.
 */
#ifndef DUALWRITE_GATE_H
#define DUALWRITE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/mapping.h"

/* A daemon beats every five seconds; one that is quiet for longer has missed one. */
#define GATE_BEAT_S 6

enum gate_state { GATE_MET, GATE_MISSED, GATE_UNKNOWN };

/* How much of one entity the map knows. */
struct gate_coverage {
    bool legacy_asked, vnext_asked; /* false: nothing to ask */
    int64_t legacy_rows, legacy_mapped;
    int64_t vnext_rows, vnext_mapped, vnext_waiting;
    char *error; /* not known, because; NULL */
};

struct gate_parts {
    const struct mapping *mapping;
    const cJSON *overview;                /* status/overview.sql; NULL: no answer */
    const cJSON *facts;                   /* gate/facts.sql; NULL: no answer */
    const char *refused;                  /* why there is no answer */
    const struct gate_coverage *coverage; /* one for each entity */
    char triggers;                        /* the worst (triggers.h) */
    const char *bad_triggers;             /* which */
    const char *triggers_error;           /* not known, because; NULL */
    double max_lag_s, max_age_s;
};

enum gate_criterion {
    GATE_COVERAGE,
    GATE_DIFFERENCES,
    GATE_PARKED,
    GATE_LAG,
    GATE_TRIGGERS,
    GATE_DAEMONS,
    GATE_FLAGS,
    GATE_CRITERIA
};

/* One look. */
struct gate_report {
    struct {
        enum gate_state state;
        struct buf evidence, next; /* next: the command to run; empty: none */
    } items[GATE_CRITERIA];
};

struct gate_report gate_judge(const struct gate_parts *parts);
void gate_report_free(struct gate_report *r);

/* The worst: one that is missed says no, whatever is not known beside it. */
enum gate_state gate_verdict(const struct gate_report *r);

/* How it was looked. */
struct gate_run {
    double wanted_s, held_s; /* 0: one look was asked for */
    int looks;
};

void gate_text(struct buf *out, const struct gate_report *r, const struct gate_run *run);
void gate_json(struct buf *out, const struct gate_report *r, const struct gate_run *run);

#endif
