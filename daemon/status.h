/*
 * status.h - what the daemon says about itself: the status line, systemd's STATUS, connections that come and go.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/log.h"
#include "view.h"
#include "worker.h"

/* The one line that SIGUSR1 asks for. */
void status_log(const struct view *v, const struct worker *w, bool ready, const char *instance);

/* What `systemctl status` shows. */
void status_systemd(const struct view *v, const struct worker *w);

/* `connection` is "listen" or "apply". */
void status_connected(const char *connection);
void status_disconnected(enum log_level level, const char *connection, const char *why, int64_t retry_in_ms);

#endif
