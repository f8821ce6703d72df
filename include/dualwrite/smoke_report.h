/*
 * smoke_report.h - what `dualwrited smoke` says: the document, judged, and as text; and the numbers of --perf.
 *
 * Pure. The document is what daemon/smoke_*.c gathers:
 *
 *     via, run, name, database, inline_legacy_writes (null: no guard), inline_why,
 *     flows [{flow, name, operation, status (passed, failed, skipped), reason, next, duration_ms, lag_ms, log, log_why, rows}],
 *     writer_statements [{flow, statements [..], written [{table, inserted, updated, deleted}]}],
 *     perf {each, on {average_ms, p50_ms, p95_ms, p99_ms}, off {..}, ratio, rule, met} or {skipped} or null,
 *     leftovers, cleaned, cleaned_why, cleaned_rows, interrupted
 *
 * Judging adds status: passed or failed.
 */
#ifndef DUALWRITE_SMOKE_REPORT_H
#define DUALWRITE_SMOKE_REPORT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"

#define SMOKE_RULE 1.10 /* dual write may make a creation 10 % slower, seed of the staging runbook, phase 5.4 */

/* Average and percentiles (nearest rank) of `count` times in ms; sorts them. */
cJSON *smoke_times(double *ms, size_t count);

/* {each, on, off, ratio, rule, met} */
cJSON *smoke_perf(double *on, double *off, size_t each);

/* Adds the status; returns whether no flow failed, nothing wrote legacy inline, and the test data is gone or was to be kept. */
bool smoke_judge(cJSON *doc);

/* As text, one line per flow and what belongs to it, in at most `width` columns (0: 100). */
void smoke_text(struct buf *out, const cJSON *doc, size_t width);

#endif
