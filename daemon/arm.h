/*
 * arm.h - stage: sets the doorbells, then takes the barrier; the first step of falling asleep (wake.h).
 */
#ifndef ARM_H
#define ARM_H

#include <stdint.h>

#include "dualwrite/pgconn.h"

/* `barrier` is a transaction id as text, or NULL when it did not succeed: then the connection is gone. */
typedef void (*arm_done)(void *arg, const char *barrier);

struct arm;

struct arm *arm_new(struct pgconn *pg, arm_done done, void *arg);
void arm_start(struct arm *a, const char *instance, int64_t doorbell_ms, int64_t timeout_ms);
void arm_free(struct arm *a);

#endif
