/*
 * failed_filter.h - which failed events an operator means: the options of `dualwrited failed` that choose.
 *
 * Pure: options in, the parameters of lib/sql/failed out. Whether such an event is there is the database's business.
 */
#ifndef DUALWRITE_FAILED_FILTER_H
#define DUALWRITE_FAILED_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"

enum { FAILED_PARAMS = 9 };

/* {0} matches every failed event. The texts are the caller's. */
struct failed_filter {
    const char *entity, *operation, *sqlstate, *constraint;
    bool parked, retrying;
    int64_t older_than_ms; /* 0: of any age */
    const char **keys;     /* the columns of a source key, from the first on */
    size_t nkeys;
    int64_t *events;
    size_t nevents;
    int64_t limit; /* 0: all */
};

/*
 * Takes one option. NULL when it was understood; else what it accepts, as a static text. *known is false for an option that
 * is none of these.
 */
const char *failed_filter_take(struct failed_filter *f, const char *name, const char *argument, bool *known);

/* Nothing but a limit was said: every failed event is meant. */
bool failed_filter_is_all(const struct failed_filter *f);

/* The id of an event: a whole number above 0, -1 when `text` is none. */
int64_t failed_event_id(const char *text);

/* The parameters of lib/sql/failed/matching.sql and LIMIT, as text; NULL where nothing was said. */
struct failed_params {
    struct buf texts[FAILED_PARAMS];
    const char *values[FAILED_PARAMS];
};

void failed_params(struct failed_params *p, const struct failed_filter *f);
void failed_params_free(struct failed_params *p);
void failed_filter_free(struct failed_filter *f);

#endif
