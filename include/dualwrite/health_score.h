/*
 * health_score.h - what a pack's checks found, as one number and one word (SPEC section 11).
 *
 * Pure. 100 points, minus those for each issue up to a limit, minus the weight of every check that found something. What could
 * not be looked at is not healthy: the score then stays below that of a healthy one.
 */
#ifndef DUALWRITE_HEALTH_SCORE_H
#define DUALWRITE_HEALTH_SCORE_H

#include <stdint.h>

#include "dualwrite/pack.h"

#define HEALTH_HEALTHY 90  /* from this score on */
#define HEALTH_DEGRADED 50 /* ... and below it critical */

enum health_status { HEALTH_IS_HEALTHY, HEALTH_IS_DEGRADED, HEALTH_IS_CRITICAL };

/* `issues` rows were found, by checks that weigh `weights` together; `skipped` checks could not look. 0 to 100. */
int health_score(const struct pack_scoring *scoring, int64_t issues, int64_t weights, int64_t skipped);

enum health_status health_status(int score);

/* "healthy", "degraded", "critical": static. */
const char *health_status_word(enum health_status s);

/* How long it has been well (monitor --soak). */
struct soak {
    double wanted_s;  /* it has to have held for so long */
    double longest_s; /* two runs may be so far apart: a gap says nothing */
    double held_s;    /* it has, so far, without a gap */
    int runs;         /* that say so */
    int lowest;       /* their lowest score; 100 without one */
    bool gap;         /* what ended it: nobody looked for longer than longest_s */
    bool low;         /* ... or a score below HEALTH_HEALTHY */
};

/* The next older run, `age_s` old, with that score; false: it, and what is older, does not count any more. */
bool soak_add(struct soak *s, double age_s, int score);

/* It has held for as long as was wanted. */
bool soak_held(const struct soak *s);

#endif
