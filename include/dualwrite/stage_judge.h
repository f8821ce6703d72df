/*
 * stage_judge.h - the success criteria of a staged test, each judged by what its commands left behind.
 *
 * Pure. Nothing is believed for which there is no evidence: a criterion whose file is missing, or says nothing, does not hold.
 */
#ifndef DUALWRITE_STAGE_JUDGE_H
#define DUALWRITE_STAGE_JUDGE_H

#include <cjson/cJSON.h>

#define STAGE_SLOWER_MAX 1.10 /* team creation with dual write may take so much of what it takes without */

#define STAGE_FLAGS_BACK "The flags are as they were before the test" /* a criterion that the notices ask for */

/*
 * `state` is stage.json; `evidence` has, by the name of the step, the JSON that it printed, and under "log" the counts of
 * stage_log.h ("why" in them: why there is no log). An array of {"criterion", "held": true, false, or null when it was left
 * out, "value", "evidence": the file}.
 */
cJSON *stage_judge(const cJSON *state, const cJSON *evidence);

/* How many do not hold. */
int stage_judge_crossed(const cJSON *criteria);

#endif
