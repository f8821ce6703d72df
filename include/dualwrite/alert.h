/*
 * alert.h - `monitor --alert`: whether a target is told what a run has found, or has heard it already.
 *
 * Pure. What is said is alert_text.h, who says it daemon/alert_send.c.
 */
#ifndef DUALWRITE_ALERT_H
#define DUALWRITE_ALERT_H

#include "dualwrite/health_score.h"

#define ALERT_STEP 10 /* points below what was told last: it got worse */

enum alert_kind {
    ALERT_NONE,
    ALERT_FIRST,    /* it is not healthy, which nobody knows yet */
    ALERT_WORSE,    /* than when it was told last: a worse word, or ALERT_STEP points */
    ALERT_AGAIN,    /* no worse, but it was told a period ago */
    ALERT_RESOLVED, /* healthy again */
};

/* What a target was told last and has not been resolved since. */
struct alert_last {
    enum health_status status;
    int score;
    double age_s;
};

struct alert_now {
    int score;
    double period_s; /* the same is not told again before it is over, but for a 24th: timers are not exact */
};

/* `last` is NULL where there is nothing that it does not know to be over. */
enum alert_kind alert_decide(const struct alert_last *last, const struct alert_now *now);

/* "first", "worse", ...: static. */
const char *alert_kind_word(enum alert_kind k);

#endif
