/*
 * arm.h - stage: sets the doorbells, then takes the barrier; the first step of falling asleep (wake.h).
 */
#ifndef ARM_H
#define ARM_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/pgconn.h"

/* `good` false: then the connection is gone. */
typedef void (*arm_done)(void *arg, bool good);

struct arm;

struct arm *arm_new(struct pgconn *pg, arm_done done, void *arg);
void arm_start(struct arm *a, const char *instance, int64_t doorbell_ms, int64_t timeout_ms);

/* The transaction id of the barrier, as text; "" when none was taken since the doorbell was set, or it was forgotten. */
const char *arm_barrier(const struct arm *a);
void arm_forget(struct arm *a);

/* It took so long since arm_start() that the doorbell may be down again. */
bool arm_is_late(const struct arm *a);

/* True when the doorbell is up; from then on the caller is the one to take it down. */
bool arm_take_down(struct arm *a);
void arm_free(struct arm *a);

#endif
