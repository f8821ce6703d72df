/*
 * survey.h - the database as the last survey found it: lib/sql/daemon/survey.sql's answer, kept, and its numbers.
 *
 * Every daemon sees the same database, so all of this is the same from each. Pure; who asks when is the daemon's.
 */
#ifndef DUALWRITE_SURVEY_H
#define DUALWRITE_SURVEY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/monotime.h"

#define SURVEY_FRESH_MS 60000   /* older ones are no base for an alert */
#define SURVEY_WANTED_MS 120000 /* for so long after somebody asked it is kept up to date */
#define SURVEY_AGAIN_MS 4500    /* a beat comes every 5 s, and may come a little early */

struct survey {
    cJSON *flags;    /* NAME: {value, source, disagreement}; NULL: there was no survey yet */
    cJSON *database; /* what /status has under "database", but its age */
    bool has_health; /* there are runs of `monitor` that this role may read */
    monotime taken;
    int64_t taken_ms; /* wall clock of this host */
};

/*
 * Takes an answer over. `health`: the runs of `monitor`, a JSON array, NULL: not asked for. False, and nothing has changed,
 * where it is not what survey.sql says.
 */
bool survey_take(struct survey *s, const char *answer, const char *health, monotime now, int64_t wall_ms);

/* A legacy database of its own has the record of writes past the daemon; what it says, < 0: not known. */
void survey_legacy_writes(struct survey *s, int64_t count);

/* Of what nobody captures the beats ask; a JSON array, NULL: not known. */
void survey_capture_missing(struct survey *s, const char *list);

void survey_free(struct survey *s);

/* True when it is time for one: the last one is old, and somebody asked lately, or there was none yet. `tried`: when the last
 * attempt was, good or not; `asked` false: nobody ever did. */
bool survey_is_due(bool tried_before, monotime tried, bool asked, monotime asked_at, monotime now);

int64_t survey_age_ms(const struct survey *s, monotime now);
bool survey_is_fresh(const struct survey *s, monotime now);

/* A number of `database`, such as "backlog"; false: it is not there, or null. */
bool survey_number(const struct survey *s, const char *name, double *value);

/* Where the value of a flag comes from, when it is still `value`; NULL: not known. */
const char *survey_flag_source(const struct survey *s, const char *flag, const char *value);

/* The daemons did not all say the same of it. */
bool survey_flag_disagrees(const struct survey *s, const char *flag);

#endif
