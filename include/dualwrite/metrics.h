/*
 * metrics.h - the metrics at /metrics: which there are, and where their numbers come from.
 *
 * The same names, labels and units in every version; docs/operations.md lists them, and alerts and dashboard are made for them. Labels
 * are names from the mapping, of flags, connections and rule packs: never of rows. Pure.
 */
#ifndef DUALWRITE_METRICS_H
#define DUALWRITE_METRICS_H

#include <stdbool.h>

#include "dualwrite/buf.h"
#include "dualwrite/telemetry.h"

/* `open`: as OpenMetrics 1.0, else in Prometheus' text format 0.0.4. */
void metrics_text(struct buf *out, const struct telemetry *t, bool open);

#endif
