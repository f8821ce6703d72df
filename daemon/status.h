/*
 * status.h - what the daemon says about itself: the first line, the status line, systemd's STATUS, connections that come
 * and go.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/health.h"
#include "dualwrite/nag.h"
#include "dualwrite/rates.h"
#include "settings.h"
#include "view.h"
#include "worker.h"

/* The first line: what is going to run, on which databases. */
void status_starting(const struct settings *settings, const char *instance);

/* A reload took effect: what it changed, and which file was read, NULL for none. */
void status_reloaded(const char *changed, const char *file);

/* What these three know of the daemon's health. */
void status_facts(const struct view *v, const struct worker *w, const struct config *c, struct health_facts *f);

/* The one line that SIGUSR1 asks for. */
void status_log(const struct view *v, const struct worker *w, const struct health *health, const char *instance);

/* What `systemctl status` shows; the first reason where it is not ready. Takes a sample for the rates. */
void status_systemd(const struct view *v, const struct worker *w, struct rates *rates, const struct health *health);

/*
 * `connection` is "listen", "claim", "apply" or "mirror". Of one that went each reason is a WARNING once a minute, else DEBUG;
 * that it is of use again is said when its going was, and clears `said`.
 */
void status_down(struct nag *said, uint64_t now_ms, const char *connection, const char *why, int64_t retry_in_ms);
void status_up(struct nag *said, const char *connection);

#endif
