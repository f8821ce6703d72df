/*
 * stage_summary.h - SUMMARY.md of a staged test: for the tracker, with the texts to send and, where something did not hold, the
 * incident summary filled in.
 *
 * Pure. What only people know is left to them and said so; there is no such thing where everything holds.
 */
#ifndef DUALWRITE_STAGE_SUMMARY_H
#define DUALWRITE_STAGE_SUMMARY_H

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"

/* `delta` is the text of delta.md, or NULL. `state` has its criteria; `evidence` as in stage_judge.h. */
void stage_summary(struct buf *out, const cJSON *state, const cJSON *evidence, const char *delta);

/* The criteria for a terminal of `width` columns, and the verdict. */
void stage_verdict(struct buf *out, const cJSON *state, size_t width);

#endif
