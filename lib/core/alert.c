/* alert.c - what to tell; see dualwrite/alert.h. */
#include "dualwrite/alert.h"

#include <math.h>
#include <stddef.h>

enum alert_kind
alert_decide(const struct alert_last *last, const struct alert_now *now)
{
    const enum health_status status = health_status(now->score);

    if (status == HEALTH_IS_HEALTHY)
        return last == NULL ? ALERT_NONE : ALERT_RESOLVED;
    if (last == NULL)
        return ALERT_FIRST;
    if (status > last->status || now->score <= last->score - ALERT_STEP)
        return ALERT_WORSE;
    /* a timer's runs are a period apart, a little more or less; a clock that was ahead says nothing of how long ago it was */
    return fabs(last->age_s) >= now->period_s * 23 / 24 ? ALERT_AGAIN : ALERT_NONE;
}

const char *
alert_kind_word(enum alert_kind k)
{
    static const char *const words[] = {"none", "first", "worse", "again", "resolved"};

    return words[k];
}
