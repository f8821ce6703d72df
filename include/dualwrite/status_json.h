/*
 * status_json.h - the document at /status: this daemon and its database, for the page at / and whoever likes JSON.
 *
 * Pure. It names no row's key and quotes no message: failures are given by operation, condition and constraint. What it has
 * is told in docs/operations.md; unknown values are null.
 */
#ifndef DUALWRITE_STATUS_JSON_H
#define DUALWRITE_STATUS_JSON_H

#include "dualwrite/buf.h"
#include "dualwrite/telemetry.h"

/* Appends the object and a newline. */
void status_json(struct buf *out, const struct telemetry *t);

#endif
