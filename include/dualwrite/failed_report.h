/*
 * failed_report.h - failed events as an operator sees them: with their columns' names, in a table, one in full.
 *
 * Pure. An event is the JSON object of lib/sql/failed/list.sql.
 */
#ifndef DUALWRITE_FAILED_REPORT_H
#define DUALWRITE_FAILED_REPORT_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/mapping.h"

/*
 * The event with what the mapping knows: "key", the columns of the source key; "ref_columns", the names of what is in "ref".
 * NULL names where the mapping has no such entity, or another layout. cJSON_Delete() it; NULL when `json` is none.
 */
cJSON *failed_event(const char *json, const struct mapping *m);

/* A line for each of the array `events`, cut at `width` columns (0: any). */
void failed_table(struct buf *out, const cJSON *events, size_t width);

/* All that is known of one. */
void failed_text(struct buf *out, const cJSON *event);

#endif
