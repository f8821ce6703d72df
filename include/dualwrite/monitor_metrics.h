/*
 * monitor_metrics.h - the figures beside the health score, each against its target: operations that succeed, their time,
 * constraint violations, transactions rolled back.
 *
 * Pure. They come from what the database knows (integrity/facts.sql); what it does not know is null, with the reason. They do
 * not change the score. Not the daemon's own counters, which are metrics.h.
 */
#ifndef DUALWRITE_MONITOR_METRICS_H
#define DUALWRITE_MONITOR_METRICS_H

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"

#define MONITOR_TRANSACTIONS_LEAST 1000 /* fewer say nothing about a share of 1 % */

/*
 * An array of {"metric", "unit", "value" or null, "target", "met" or null, "of" or null, "why" or null}. `facts` is the answer
 * of integrity/facts.sql, NULL: none could be had.
 */
cJSON *monitor_metrics(const cJSON *facts);

/* A line for each. */
void monitor_metrics_text(struct buf *out, const cJSON *metrics);

#endif
