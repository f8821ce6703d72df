/*
 * readiness.h - says ready and not ready: to the log, to systemd, and to who asks /livez, /healthz and /readyz.
 *
 * What "ready" means is decided in health.h; the facts come from the engine, each time anew. This keeps what was said
 * last, so that each change is said once.
 */
#ifndef READINESS_H
#define READINESS_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/health.h"
#include "dualwrite/monotime.h"
#include "http.h"

/* A state that has begun and may last. */
struct spell {
    bool on;
    monotime since;
};

struct readiness {
    const char *instance;
    void (*look)(void *arg, struct health_facts *facts);
    void *arg;
    struct health_progress progress;
    struct health_facts facts; /* as they were last looked at */
    struct health health;      /* ... and what follows from them */
    bool started;              /* it has come up once; systemd was told */
    struct spell deaf, unchecked;
    bool told; /* ready was said, and not_ready not since */
};

/* What /livez and /readyz answer. */
void readiness_live(const struct readiness *r, struct http_reply *reply);
void readiness_ready(struct readiness *r, struct http_reply *reply);

/* `look` fills in what is known at that moment, all but the times and `failing`. */
void readiness_init(struct readiness *r, const char *instance, void (*look)(void *arg, struct health_facts *facts),
                    void *arg);

/* Looks, and says what changed; true when something did. */
bool readiness_look(struct readiness *r);

/* A beat was answered; `waiting`: it saw events of ours; `failures`: attempts that had failed here when it was sent. */
void readiness_note(struct readiness *r, bool waiting, int64_t failures);

#endif
