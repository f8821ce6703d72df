/* status.c - what the daemon says about itself; see status.h. */
#include "status.h"

#include <inttypes.h>
#include <stdlib.h>

#include "dualwrite/conninfo.h"
#include "dualwrite/log.h"
#include "dualwrite/rates.h"
#include "sd_notify.h"
#include "version.h"
#include "wallclock.h"

void
status_starting(const struct settings *settings, const char *instance)
{
    bool two = settings_two_databases(settings);
    char *vnext = conninfo_shown_of(settings->config->database_url);
    char *legacy = two ? conninfo_shown_of(settings->config->legacy_database_url) : NULL;
    struct log_line l = {0};

    log_begin(&l, LOG_INFO, "starting");
    log_str(&l, "version", DUALWRITE_VERSION);
    log_str(&l, "instance", instance);
    log_str(&l, "config", settings->file);
    log_str(&l, "mapping", settings->mapping_name);
    log_str(&l, "database", vnext);
    if (two)
        log_str(&l, "legacy_database", legacy);
    log_end(&l);
    free(vnext);
    free(legacy);
}

void
status_reloaded(const char *changed, const char *file)
{
    struct log_line l = {0};

    log_begin(&l, LOG_INFO, "config_reloaded");
    log_str(&l, "changed", changed);
    log_str(&l, "file", file);
    log_end(&l);
}

void
status_facts(const struct view *v, const struct tally *t, const struct config *c, struct health_facts *f)
{
    f->connected = v->fresh;
    f->listening = v->listening;
    f->polling = !c->notify || v->deaf >= VIEW_DEAF_BEATS;
    f->mapping_installed = view_mapping_installed(v);
    f->enabled = flag_on(&v->flags, FLAG_ENABLED);
    f->strict = flag_on(&v->flags, FLAG_STRICT);
    f->failed = v->failed;
    f->batches = t->batches;
    f->failures = t->failures;
    f->statement_timeout_ms = c->statement_timeout_ms;
    f->partitions = v->partitions;
    f->oldest_ms = v->oldest_ms;
    f->last_success_ms = t->last_success_ms;
}

void
status_log(const struct view *v, const struct worker *w, const struct tally *t, const struct health *health,
           const char *instance)
{
    struct log_line l = {0};

    log_begin(&l, LOG_INFO, "status");
    log_str(&l, "state", worker_state(w));
    log_bool(&l, "ready", health->ready);
    if (!health->ready && health->count > 0)
        log_str(&l, "not_ready", health->reasons[0]);
    log_bool(&l, "listening", v->listening);
    log_str(&l, "dual_write", flag_on(&v->flags, FLAG_ENABLED) ? "on" : "off");
    log_bool(&l, "strict", flag_on(&v->flags, FLAG_STRICT));
    log_str(&l, "partitions", v->partitions);
    log_bool(&l, "mapping_installed", view_mapping_installed(v));
    log_int(&l, "completed", t->completed);
    log_int(&l, "failed_attempts", t->failures);
    log_int(&l, "batches", t->batches);
    log_int(&l, "claims", t->claims);
    log_int(&l, "failed_waiting", v->failed);
    log_str(&l, "instance", instance);
    log_end(&l);
}

void
status_systemd(const struct view *v, const struct worker *w, const struct tally *t, const struct health *health)
{
    struct buf text = {0};

    if (!health->ready && health->count > 0)
        buf_printf(&text, "not ready: %s; ", health->reasons[0]);
    buf_printf(&text, "%s; ", worker_state(w));
    rates_text(t, wallclock_now(), &text);
    buf_printf(&text, "; %" PRId64 " events completed, %" PRId64 " failed attempts, %" PRId64 " failed events wait",
               t->completed, t->failures, v->failed);
    notify_status(buf_text(&text));
    buf_free(&text);
}

void
status_down(struct nag *said, uint64_t now_ms, const char *connection, const char *why, int64_t retry_in_ms)
{
    struct log_line l = {0};

    log_begin(&l, nag_may(said, now_ms, why) ? LOG_WARNING : LOG_DEBUG, "disconnected");
    log_str(&l, "connection", connection);
    log_str(&l, "error", why);
    log_int(&l, "retry_in_ms", retry_in_ms);
    log_end(&l);
}

void
status_up(struct nag *said, const char *connection)
{
    struct log_line l = {0};

    if (!nag_said(said))
        return;
    *said = (struct nag){0};
    log_begin(&l, LOG_INFO, "connected");
    log_str(&l, "connection", connection);
    log_end(&l);
}
