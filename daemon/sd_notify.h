/*
 * sd_notify.h - tells systemd how the service is (sd_notify(3)); does nothing without $NOTIFY_SOCKET or libsystemd.
 */
#ifndef SD_NOTIFY_H
#define SD_NOTIFY_H

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
void notify_status(const char *text);

#endif
