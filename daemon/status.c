/* status.c - what the daemon says about itself; see status.h. */
#include "status.h"

#include <inttypes.h>

#include "sd_notify.h"

void
status_log(const struct view *v, const struct worker *w, bool ready, const char *instance)
{
    const struct round_counters *c = worker_counters(w);
    struct log_line l = {0};

    log_begin(&l, LOG_INFO, "status");
    log_str(&l, "state", worker_state(w));
    log_bool(&l, "ready", ready);
    log_bool(&l, "listening", v->listening);
    log_str(&l, "dual_write", flag_on(&v->flags, FLAG_ENABLED) ? "on" : "off");
    log_bool(&l, "strict", flag_on(&v->flags, FLAG_STRICT));
    log_str(&l, "partitions", v->partitions);
    log_bool(&l, "mapping_installed", view_mapping_installed(v));
    log_int(&l, "completed", c->completed);
    log_int(&l, "failed_attempts", c->failures);
    log_int(&l, "batches", c->batches);
    log_int(&l, "claims", c->claims);
    log_int(&l, "failed_waiting", v->failed);
    log_str(&l, "instance", instance);
    log_end(&l);
}

void
status_systemd(const struct view *v, const struct worker *w)
{
    const struct round_counters *c = worker_counters(w);
    struct buf text = {0};

    buf_printf(&text, "%s; %" PRId64 " events completed, %" PRId64 " failed attempts, %" PRId64 " failed events wait",
               worker_state(w), c->completed, c->failures, v->failed);
    notify_status(buf_text(&text));
    buf_free(&text);
}

void
status_connected(const char *connection)
{
    struct log_line l = {0};

    log_begin(&l, LOG_INFO, "connected");
    log_str(&l, "connection", connection);
    log_end(&l);
}

void
status_disconnected(enum log_level level, const char *connection, const char *why, int64_t retry_in_ms)
{
    struct log_line l = {0};

    log_begin(&l, level, "disconnected");
    log_str(&l, "connection", connection);
    log_str(&l, "error", why);
    log_int(&l, "retry_in_ms", retry_in_ms);
    log_end(&l);
}
