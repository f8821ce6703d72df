/*
 * explain_report.h - one row's story, judged and told: what `dualwrited explain` says.
 *
 * Pure. The story is a JSON document that daemon/cmd_explain.c gathers:
 *
 *     entity, key [..], identity {column: text}
 *     vnext {table, found, present, keys [[..]], error}
 *     parent {entity, key, legacy_key, has_legacy_row} or null
 *     map [{column: text}] or null: the entity has none
 *     legacy [{key {column: text}, found, equal, written_at, error, columns [{column, rule, vnext, legacy, same}]}]
 *     waiting {total, events [..]}, failed [..], place {partition, instance, host, pid, held}
 *     last_sync {verified, legacy_written_at}, dual_write_enabled, resync
 *
 * Judging adds in_step, verdict and next.
 */
#ifndef DUALWRITE_EXPLAIN_REPORT_H
#define DUALWRITE_EXPLAIN_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"

/* Adds the judgement; returns whether the row is in step. */
bool explain_judge(cJSON *story);

/* The story as text, values cut at `width` columns of the terminal (0: not cut). */
void explain_text(struct buf *out, const cJSON *story, size_t width);

#endif
