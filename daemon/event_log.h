/*
 * event_log.h - the three lines of an event's life: scheduled, completed, failed (SPEC section 5); each is counted here too.
 *
 * Other people's scripts grep for them: the order of the keys is part of the contract. What /metrics and /status say of events
 * comes from nowhere else, so it cannot differ from the log.
 */
#ifndef EVENT_LOG_H
#define EVENT_LOG_H

#include "dualwrite/change.h"
#include "dualwrite/tally.h"

void event_log_scheduled(struct tally *t, const struct mapping *m, const struct event *e);

/* `duration_ms`: claim to legacy commit; added to the event's age it gives the lag. */
void event_log_completed(struct tally *t, const struct mapping *m, const struct event *e, const struct subject *s,
                         int64_t duration_ms);

/* Completed, but read back the legacy row is not what the mapping asked for: something on the legacy side changed it. */
void event_log_differs(const struct mapping *m, const struct event *e, const struct subject *s);

/* `retry_in_ms` < 0: parked. `strict` decides severity and level. */
void event_log_failed(struct tally *t, const struct mapping *m, const struct event *e, const char *error,
                      const char *sqlstate, const char *constraint, int64_t retry_in_ms, bool strict);

#endif
