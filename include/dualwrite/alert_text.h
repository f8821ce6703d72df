/*
 * alert_text.h - what an alert says, in each target's form: Slack's JSON, PagerDuty's Events API v2, a mail.
 *
 * Pure. Checks, counts and scores are in it, never what is in a row nor its key: it leaves the house. Whether something is said
 * at all is alert.h.
 */
#ifndef DUALWRITE_ALERT_TEXT_H
#define DUALWRITE_ALERT_TEXT_H

#include "dualwrite/alert.h"
#include "dualwrite/integrity_report.h"

struct alert {
    enum alert_kind kind; /* not ALERT_NONE */
    const struct integrity_pack *pack;
    int period_hours;
    const char *at;     /* RFC 3339 */
    const char *source; /* which database: "app at db.example.internal" */
    const char *key;    /* PagerDuty's dedup_key: of the incident that this is about */
    int was;            /* the score that was told last; not for ALERT_FIRST */
};

/* {"text": ...}: at most 3000 characters before they are escaped, with Slack's &, < and > escaped. */
char *alert_slack(const struct alert *a);

/* trigger, or resolve where it is healthy again. `routing_key` is a secret, and so is what comes back. */
char *alert_pagerduty(const struct alert *a, const char *routing_key);

/* Head and body, as sendmail -t reads them. `to` is one line (CONFIG_LINE). */
char *alert_mail(const struct alert *a, const char *to);

/* What identifies the incident of a pack of that database, at most 255 characters; free it. */
char *alert_key(const char *pack, const char *source);

#endif
