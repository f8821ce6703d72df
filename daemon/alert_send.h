/*
 * alert_send.h - `monitor --alert`: tells the targets that are set what they do not know yet.
 *
 * Whether something is to be told is dualwrite/alert.h, in which words dualwrite/alert_text.h. A target that fails is an ERROR line
 * (event_type=alert_failed) and told again by the next run; it changes nobody's exit status.
 */
#ifndef ALERT_SEND_H
#define ALERT_SEND_H

#include "desk.h"
#include "dualwrite/integrity_report.h"

void alert_send(struct desk *d, const struct integrity_report *report);

#endif
