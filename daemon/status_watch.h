/*
 * status_watch.h - `dualwrited status --watch`: again and again, on a terminal in place, else a line each time.
 */
#ifndef STATUS_WATCH_H
#define STATUS_WATCH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "desk.h"

/* The document of one look; NULL after a refusal, said as desk_refused() does. */
typedef cJSON *(*status_gather)(struct desk *d, int *status);

/*
 * Looks every `interval_ms` until SIGINT or SIGTERM, which end the process with status 0, also in the middle of a look. A
 * database that goes away is waited for. Comes back only when its own output cannot be written: the status to exit with.
 */
int status_watch(const struct settings *settings, int64_t interval_ms, bool json, status_gather gather);

#endif
