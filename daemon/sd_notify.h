/*
 * sd_notify.h - tells systemd how the service is (sd_notify(3)); does nothing without $NOTIFY_SOCKET or libsystemd.
 */
#ifndef SD_NOTIFY_H
#define SD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Somebody listens. */
bool notify_wanted(void);

/* How often, in milliseconds, systemd wants to hear of progress at the least; 0: it does not. */
int64_t notify_watchdog_ms(void);

/* There is progress. `extend_ms` > 0: and the start takes so much longer. */
void notify_progress(int64_t extend_ms);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
void notify_status(const char *text);

#endif
