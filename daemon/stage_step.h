/*
 * stage_step.h - the steps of a staged test that need the database: `dualwrited stage --step=WORD`, which `stage` runs where the
 * databases can be reached, in the container or pod. Each answers with one JSON object on stdout.
 */
#ifndef STAGE_STEP_H
#define STAGE_STEP_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "desk.h"

/* enable, restore, lenient, failure, strict, off; returns the exit status. */
int stage_step_run(const char *word, const char *config);

/*
 * A legacy row of the test data is locked, its vNext row changed: the sync fails, and heals when the lock goes. All that there
 * is to undo is undone when the connection ends. What was seen goes into `answer`; EXIT_FOUND where it is not what should be.
 */
int stage_fault_failure(struct desk *d, cJSON *answer);

/* A vNext row of the test data is changed while dual write is off: it waits, and legacy stays as it is. */
int stage_fault_off(struct desk *d, cJSON *answer);

#endif
