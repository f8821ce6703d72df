/*
 * engine.c - owns the loop; see engine.h. Batches are worker.c's, what is heard is listener.c's.
 */
#include "engine.h"

#include <signal.h>
#include <string.h>
#include <uv.h>

#include "command.h"
#include "drain.h"
#include "dualwrite/flags.h"
#include "dualwrite/log.h"
#include "dualwrite/uuid4.h"
#include "dualwrite/wake.h"
#include "dualwrite/xalloc.h"
#include "fault_log.h"
#include "http.h"
#include "http_pages.h"
#include "listener.h"
#include "local.h"
#include "mirror.h"
#include "process_use.h"
#include "readiness.h"
#include "reload.h"
#include "sd_notify.h"
#include "signals.h"
#include "status.h"
#include "view.h"
#include "wallclock.h"
#include "watchdog.h"
#include "watch_config.h"
#include "worker.h"

#define BEAT_POLL_ONLY_MS 1000 /* nothing else tells a poll-only daemon of an override within a second */
#define STOP_MS 9000           /* a stop ends within 10 s, also with a batch that hangs */
#define EXPIRED_MS 100         /* after a peer's last beat has run out, look who takes over */
#define SPREAD_MS 250          /* what all daemons hear at once they do not all answer at once */

struct engine {
    uv_loop_t loop;
    struct settings *settings;
    char instance[UUID4_TEXT];
    struct listener *listener;
    struct worker *worker;
    struct mirror *mirror; /* NULL: the guard is in the vNext database */
    struct http *http;
    struct local *local;
    struct view view;
    struct readiness readiness;
    struct tally tally;
    struct pages pages;
    struct watchdog watchdog;
    uint64_t beats; /* the serial of the last one asked for */

    bool mapping_good; /* the last preflight passed */
    bool passed_once;  /* ... ever: from then on a bad database is waited for, not exited on */

    struct reload *reload;
    struct watch_config *watch;
    bool behind;         /* what began under other orders is still under way */
    struct flags obeyed; /* as beat_request has it */
    bool obeys;          /* there is something in it */

    uv_timer_t beat;
    uv_timer_t stop;
    struct signals *signals;
    bool stopping;
    bool closed;
    int status;
    struct nag said_down, said_claim_down, said_listen_down, said_preflight;
};

static void send_beat(struct engine *e);

static void
give_orders(struct engine *e)
{
    struct worker_orders orders = {
        .work = e->view.fresh && e->mapping_good && view_mapping_installed(&e->view) &&
                flag_on(&e->view.flags, FLAG_ENABLED),
        .strict = flag_on(&e->view.flags, FLAG_STRICT),
        .retrying = e->view.retrying,
        .listening = e->view.listening,
    };

    e->behind = !worker_orders(e->worker, &orders);
}

static void
look(void *arg, struct health_facts *f)
{
    const struct engine *e = arg;

    status_facts(&e->view, &e->tally, e->settings->config, f);
    f->stopping = e->stopping;
    f->checked = e->mapping_good;
}

static void
check_ready(struct engine *e)
{
    readiness_look(&e->readiness);
    status_systemd(&e->view, e->worker, &e->tally, &e->readiness.health);
}

static void
look_closely(void *arg, struct watch_facts *f)
{
    const struct engine *e = arg;

    worker_watch(e->worker, f);
    watch_overdue(f, listener_overdue_ms(e->listener));
    watch_overdue(f, mirror_overdue_ms(e->mirror));
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static void
close_all(void *arg)
{
    struct engine *e = arg;

    if (e->closed)
        return;
    e->closed = true;
    uv_stop(&e->loop); /* what is left is drained by engine_run() */
    worker_close(e->worker);
    listener_close(e->listener);
    mirror_close(e->mirror);
    http_close(e->http);
    local_close(e->local);
    uv_close((uv_handle_t *) &e->beat, NULL);
    uv_close((uv_handle_t *) &e->stop, NULL);
    watch_config_close(e->watch);
    signals_close(e->signals);
    watchdog_close(&e->watchdog);
}

static void
on_stop_timeout(uv_timer_t *timer)
{
    log_msg(LOG_WARNING, "stopping", "what is under way did not end in time; a batch is taken back and done later");
    close_all(timer->data);
}

static void
stop(struct engine *e, int status)
{
    if (e->stopping) {
        close_all(e);
        return;
    }
    e->stopping = true;
    reload_stop(e->reload);
    e->status = status;
    log_msg(LOG_INFO, "stopping", "finishing what is under way");
    notify_stopping();
    uv_timer_start(&e->stop, on_stop_timeout, STOP_MS, 0);
    worker_rest(e->worker);
}

/* ---- reload ---------------------------------------------------------------------------------------------------- */

static void
on_reload_rest(void *arg)
{
    struct engine *e = arg;

    worker_rest(e->worker);
}

/* The worker rests: the new settings are taken over. They become official with the next beat's answer. */
static uint64_t
on_take_over(void *arg, struct settings *next)
{
    struct engine *e = arg;
    struct settings *before = e->settings;
    bool mapping_changed = strcmp(before->mapping_text, next->mapping_text) != 0;

    e->settings = next;
    log_configure(e->settings->config->log_format, e->settings->config->log_level);
    worker_settings(e->worker, e->settings);
    tally_mapping(&e->tally, e->settings->mapping);
    listener_configure(e->listener, e->settings->mapping->channel, e->settings->config->notify);
    http_listen(e->http, e->settings->config->http_listen);
    watch_config_follow(e->watch, e->settings);
    settings_free(before);
    if (mapping_changed) {
        e->mapping_good = false;
        view_own_digest(&e->view, NULL);
        worker_preflight(e->worker);
    }
    send_beat(e);
    return e->view.fresh ? e->beats : 0;
}

static void
on_reload_end(void *arg, bool applied, const uint64_t *content)
{
    struct engine *e = arg;

    if (!applied && content != NULL)
        watch_config_refused(e->watch, *content);
    *(applied ? &e->tally.reloads_applied : &e->tally.reloads_refused) += 1;
    if (e->readiness.started)
        notify_ready(); /* ends systemd's RELOADING=1 */
    worker_go_on(e->worker);
    if (reload_done(e->reload) > 0)
        send_beat(e);
}

/* ---- beats ----------------------------------------------------------------------------------------------------- */

static void
on_beat_timer(uv_timer_t *timer)
{
    process_give_back();
    check_ready(timer->data);
    send_beat(timer->data);
}

static void
send_beat(struct engine *e)
{
    struct beat_request request = {
        .serial = ++e->beats,
        .failures = e->tally.failures,
        .instance = e->instance,
        .mapping_digest = e->view.digest == NULL ? "" : e->view.digest,
        .flags = e->settings->config->flags,
        .listening = e->view.listening,
        .state = worker_state(e->worker),
        .claim_pid = pgconn_backend(worker_connection(e->worker, false)),
        .asleep = worker_wake(e->worker) == WAKE_ASLEEP,
        .cursor = worker_cursor(e->worker),
        .doorbell_ms = wake_doorbell_ms(e->settings->config->poll_interval_ms),
        .outbox_max = e->settings->config->outbox_max,
        .obeyed = e->obeys ? &e->obeyed : NULL,
        .reload_done = reload_done(e->reload),
        .reload_answer = reload_answer(e->reload),
    };
    int64_t interval = e->view.listening ? WAKE_BEAT_MS : BEAT_POLL_ONLY_MS;

    if (e->settings->config->poll_interval_ms < interval)
        interval = e->settings->config->poll_interval_ms;
    uv_timer_start(&e->beat, on_beat_timer, (uint64_t) interval, (uint64_t) interval);
    if (!e->closed && e->passed_once)
        listener_beat(e->listener, &request);
}

/* The next beat comes then at the latest, but not in the same moment as those of others who have the same reason for one. */
static void
beat_within(struct engine *e, uint64_t ms)
{
    ms += uv_hrtime() / 1000 % SPREAD_MS; /* nobody else's microseconds */
    if (!e->closed && ms < uv_timer_get_due_in(&e->beat))
        uv_timer_start(&e->beat, on_beat_timer, ms, WAKE_BEAT_MS);
}

/* Tells it at once, because somebody may be waiting for it, once nothing of before is under way. */
static void
note_obeyed(struct engine *e)
{
    if (!e->view.fresh || e->behind || (e->mirror != NULL && !mirror_settled(e->mirror)))
        return;
    if (e->obeys && flags_same(&e->obeyed, &e->view.flags))
        return;
    e->obeyed = e->view.flags;
    e->obeys = true;
    send_beat(e);
}

static void
on_beat(void *arg, const struct beat_answer *b, const char *error)
{
    struct engine *e = arg;
    bool ours_changed;

    if (b == NULL) {
        if (nag_may(&e->said_listen_down, uv_now(&e->loop), error))
            log_msg(LOG_WARNING, "beat_failed", "%s", error);
        return;
    }
    status_up(&e->said_listen_down, "listen");
    ours_changed = view_note(&e->view, b, e->settings->config->notify);
    readiness_note(&e->readiness, b->waiting, b->failures);
    give_orders(e);
    if (e->mirror != NULL)
        mirror_flags(e->mirror, &b->flags, b->installation);
    worker_resync(e->worker, b->resync);
    if (ours_changed || (worker_wake(e->worker) == WAKE_ASLEEP && !b->armed) ||
        (worker_wake(e->worker) == WAKE_STANDBY && *b->partitions != '\0'))
        worker_lapsed(e->worker);
    if (b->waiting || b->more || b->resync)
        worker_bell(e->worker);
    worker_due_in(e->worker, b->next_retry_ms);
    if (b->peer_expires_ms >= 0)
        beat_within(e, (uint64_t) b->peer_expires_ms + EXPIRED_MS);
    check_ready(e);
    reload_published(e->reload, b->serial);
    reload_wanted(e->reload, b->reload_wanted);
    note_obeyed(e);
    if (e->view.deaf > 0 && e->view.deaf < VIEW_DEAF_BEATS)
        send_beat(e); /* LISTEN takes effect after the beat that sent it */
    pages_note_beat(&e->pages);
}

static void
on_survey(void *arg, const struct survey_answer *answer)
{
    pages_note_survey(&((struct engine *) arg)->pages, answer);
}

static void
on_listener_up(void *arg)
{
    send_beat(arg);
}

static void
on_listener_down(void *arg, const char *why, int64_t retry_in_ms)
{
    struct engine *e = arg;

    status_down(&e->said_listen_down, uv_now(&e->loop), "listen", why, retry_in_ms);
    view_lost(&e->view);
    reload_published(e->reload, UINT64_MAX);
    if (!e->closed) {
        give_orders(e);
        check_ready(e);
    }
}

static void
on_bell(void *arg, int partition)
{
    struct engine *e = arg;

    if (view_is_ours(&e->view, partition))
        worker_bell(e->worker);
}

static void
on_control(void *arg)
{
    beat_within(arg, 0);
}

/* ---- from the worker ------------------------------------------------------------------------------------------- */

static void
on_worker_down(void *arg, const char *connection, const char *why, int64_t retry_in_ms)
{
    struct engine *e = arg;
    struct nag *said = strcmp(connection, "claim") == 0 ? &e->said_claim_down : &e->said_down;

    status_down(said, uv_now(&e->loop), connection, why, retry_in_ms);
    e->mapping_good = false;
    check_ready(e);
}

static void
on_preflight(void *arg, struct preflight_answer *answer)
{
    struct engine *e = arg;
    bool good = answer->verdict == PREFLIGHT_GOOD;
    const char *why = answer->faults.errors > 0 ? answer->faults.items[0].text : answer->why;

    if (!good && answer->verdict != PREFLIGHT_UNANSWERED) {
        if (nag_may(&e->said_preflight, uv_now(&e->loop), why)) {
            if (answer->verdict == PREFLIGHT_WAIT)
                log_msg(LOG_WARNING, "waiting", "%s", why);
            fault_log(&answer->faults);
        }
    } else if (good) {
        fault_log(&answer->faults);
        status_up(&e->said_down, "apply");
        status_up(&e->said_claim_down, "claim");
        e->said_preflight = (struct nag){0};
    }
    faults_free(&answer->faults);
    if (answer->verdict == PREFLIGHT_BAD && !e->passed_once) {
        stop(e, EXIT_CONFIGURATION);
        return;
    }
    e->mapping_good = good;
    if (answer->own_digest != NULL)
        view_own_digest(&e->view, answer->own_digest);
    if (good) {
        e->passed_once = true;
        send_beat(e);
    }
    give_orders(e);
    check_ready(e);
}

static void
on_rested(void *arg)
{
    struct engine *e = arg;

    if (e->stopping)
        listener_deregister(e->listener, e->instance, close_all, e);
    else
        reload_rested(e->reload);
}

static void
on_obeyed(void *arg)
{
    struct engine *e = arg;

    e->behind = false;
    note_obeyed(e);
}

/* ---- signals --------------------------------------------------------------------------------------------------- */

static void
on_signal(void *arg, int signum)
{
    struct engine *e = arg;

    check_ready(e);
    if (signum == SIGHUP)
        reload_start(e->reload);
    else if (signum == SIGUSR1)
        status_log(&e->view, e->worker, &e->tally, &e->readiness.health, e->instance);
    else
        stop(e, EXIT_GOOD);
}

static void
on_files_changed(void *arg)
{
    reload_start(((struct engine *) arg)->reload);
}

/* ---- the beginning --------------------------------------------------------------------------------------------- */

static void
start_handles(struct engine *e)
{
    uv_timer_init(&e->loop, &e->beat);
    uv_timer_init(&e->loop, &e->stop);
    e->beat.data = e->stop.data = e;
    uv_timer_start(&e->beat, on_beat_timer, BEAT_POLL_ONLY_MS, BEAT_POLL_ONLY_MS);
    e->signals = signals_start(&e->loop, on_signal, e);
}

int
engine_run(struct settings *settings, const char *config_option, bool *hung)
{
    static const struct listener_events heard = {on_listener_up, on_listener_down, on_bell,
                                                 on_control,     on_beat,          on_survey};
    static const struct worker_events worked = {on_worker_down, on_preflight, on_rested, on_obeyed};
    static const struct reload_events reloads = {on_reload_rest, on_take_over, on_reload_end};
    struct engine e = {.settings = settings, .status = EXIT_GOOD};
    unsigned char random[16] = {0};

    view_init(&e.view);
    uv_loop_init(&e.loop);
    uv_random(NULL, NULL, random, sizeof random, 0, NULL);
    uuid4_text(random, e.instance);
    status_starting(settings, e.instance);
    start_handles(&e);
    readiness_init(&e.readiness, e.instance, look, &e);
    tally_init(&e.tally, wallclock_now());
    tally_mapping(&e.tally, settings->mapping);
    e.http = http_new(&e.loop, e.instance, pages_routes, pages_answered, &e.pages);
    e.local = local_new(&e.loop, settings->file, &e.readiness);
    e.reload = reload_new(&e.loop, config_option, &e.settings, &reloads, &e);
    e.watch = watch_config_new(&e.loop, on_files_changed, &e);
    watch_config_follow(e.watch, settings);
    e.worker = worker_new(&e.loop, settings, e.instance, &e.tally, &worked, &e);
    e.listener = listener_new(&e.loop, settings->config->database_url, settings->mapping->channel,
                              settings->config->notify, &heard, &e);
    if (settings_two_databases(settings))
        e.mirror = mirror_new(&e.loop, settings->config->legacy_database_url, on_control, &e);
    pages_init(&e.pages,
               &(struct pages_sources){e.instance, &e.readiness, &e.tally, &e.view, e.worker, e.listener, e.mirror});
    http_listen(e.http, settings->config->http_listen);
    worker_start(e.worker);
    listener_start(e.listener);
    if (e.mirror != NULL)
        mirror_start(e.mirror);
    watchdog_start(&e.watchdog, &e.loop, &e.readiness.started, look_closely, &e);
    uv_run(&e.loop, UV_RUN_DEFAULT);
    *hung = !drain(&e.loop);
    log_msg(LOG_INFO, "stopped", "exit status %d", e.status);
    if (*hung)
        return e.status; /* its thread may still read what would be freed here */
    reload_free(e.reload);
    settings_free(e.settings);
    view_free(&e.view);
    pages_free(&e.pages);
    tally_free(&e.tally);
    return e.status;
}
