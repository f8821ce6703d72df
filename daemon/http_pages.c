/* http_pages.c - the paths that the daemon answers; see http_pages.h. What the answers say is lib/core's. */
#include "http_pages.h"

#include <string.h>
#include <uv.h>

#include "dualwrite/http_header.h"
#include "dualwrite/log.h"
#include "dualwrite/metrics.h"
#include "dualwrite/status_json.h"
#include "embedded.h"
#include "process_use.h"
#include "version.h"
#include "wallclock.h"

#define REFUSED_MS 25000 /* a survey that failed is not tried again before */
#define SLOW_MS 60000    /* nor one of the whole queue that took too long */

static void
set_link(struct telemetry_link *link, const struct pgconn *pg)
{
    enum pgconn_state state = pgconn_state(pg);

    link->there = true;
    link->connected = state == PGCONN_READY || state == PGCONN_BUSY;
    link->reconnects = pgconn_session(pg) > 1 ? (int64_t) pgconn_session(pg) - 1 : 0;
}

static struct telemetry
look(struct pages *p)
{
    const struct pages_sources *s = &p->from;
    struct telemetry t = {
        .instance = s->instance,
        .version = DUALWRITE_VERSION,
        .now = wallclock_now(),
        .health = &s->readiness->health,
        .facts = &s->readiness->facts,
        .state = worker_state(s->worker),
        .flags = &s->view->flags,
        .partitions = s->view->partitions,
        .last_beat_ms = p->last_beat_ms,
        .tally = s->tally,
        .survey = &p->survey,
    };

    readiness_look(s->readiness);
    set_link(&t.links[TELEMETRY_LISTEN], listener_connection(s->listener));
    set_link(&t.links[TELEMETRY_CLAIM], worker_connection(s->worker, false));
    set_link(&t.links[TELEMETRY_APPLY], worker_connection(s->worker, true));
    if (s->mirror != NULL) {
        set_link(&t.links[TELEMETRY_MIRROR], mirror_connection(s->mirror));
        survey_legacy_writes(&p->survey, mirror_writes(s->mirror));
    }
    survey_capture_missing(&p->survey, s->view->capture_missing);
    process_use(&t.cpu_seconds, &t.resident_bytes, &t.open_fds);
    return t;
}

/* ---- surveys --------------------------------------------------------------------------------------------------- */

static bool
ask_survey(struct pages *p, monotime now)
{
    const struct survey_request request = {.health = p->survey.has_health,
                                           .whole = monotime_diff_ms(p->slow_until, now) <= 0,
                                           .cursor = worker_cursor(p->from.worker)};

    if (!listener_survey(p->from.listener, &request))
        return false;
    if (p->from.mirror != NULL)
        mirror_count_writes(p->from.mirror);
    return true;
}

static void
survey(struct pages *p, monotime now)
{
    if (!ask_survey(p, now))
        return;
    p->tried = true;
    p->tried_at = now;
}

static void
survey_if_due(struct pages *p)
{
    monotime now = wallclock_now().mono;

    if (survey_is_due(p->tried, p->tried_at, p->asked, p->asked_at, now))
        survey(p, now);
}

/* Somebody wants to see the database: from now on it is kept up to date. The first one need not wait for the next beat. */
static void
asked(struct pages *p)
{
    monotime now = wallclock_now().mono;
    bool first = !p->asked || monotime_diff_ms(now, p->asked_at) >= SURVEY_WANTED_MS;

    p->asked = true;
    p->asked_at = now;
    if (first && p->tried && monotime_diff_ms(now, p->tried_at) >= 0)
        survey(p, now);
    else
        survey_if_due(p);
}

void
pages_note_beat(struct pages *p)
{
    p->last_beat_ms = wallclock_now().wall_ms;
    survey_if_due(p);
}

void
pages_note_survey(struct pages *p, const struct survey_answer *a)
{
    struct moment now = wallclock_now();
    const char *why = a->error;
    double backlog;

    if (a->slow && monotime_diff_ms(p->slow_until, now.mono) <= 0) {
        p->slow_until = monotime_add_ms(now.mono, SLOW_MS);
        ask_survey(p, now.mono);
        return;
    }
    if (why == NULL && !survey_take(&p->survey, a->survey, a->health, now.mono, now.wall_ms))
        why = "its answer is not what it should be";
    if (why != NULL) {
        p->survey.has_health = false; /* perhaps it cannot be read any more */
        p->tried_at = monotime_add_ms(now.mono, REFUSED_MS);
        if (nag_may(&p->said, (uint64_t) (now.mono.ns / 1000000), why))
            log_msg(LOG_WARNING, "survey_failed", "what /metrics and /status say of the database is old: %s", why);
        return;
    }
    if (p->survey.has_health && a->health == NULL) /* the table is new to us: at once, with it */
        ask_survey(p, now.mono);
    if (nag_said(&p->said))
        log_msg(LOG_INFO, "survey_good", "/metrics and /status know the database again");
    p->said = (struct nag){0};
    if (survey_number(&p->survey, "backlog", &backlog))
        tally_backlog(p->from.tally, now, (int64_t) backlog);
}

/* ---- routes ---------------------------------------------------------------------------------------------------- */

static void
answer_live(void *arg, const struct http_request *request, struct http_reply *reply)
{
    (void) request;
    readiness_live(((struct pages *) arg)->from.readiness, reply);
}

static void
answer_ready(void *arg, const struct http_request *request, struct http_reply *reply)
{
    (void) request;
    readiness_ready(((struct pages *) arg)->from.readiness, reply);
}

static void
answer_status(void *arg, const struct http_request *request, struct http_reply *reply)
{
    struct telemetry t;

    (void) request;
    asked(arg);
    t = look(arg);
    status_json(&reply->body, &t);
}

static void
answer_metrics(void *arg, const struct http_request *request, struct http_reply *reply)
{
    bool open = http_wants_openmetrics(request->accept);
    struct telemetry t;

    asked(arg);
    t = look(arg);
    reply->type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                       : "text/plain; version=0.0.4; charset=utf-8";
    metrics_text(&reply->body, &t, open);
}

/* Its style and script stand in the page; it asks for /status and for nothing else, and nobody may frame it. */
static void
answer_page(void *arg, const struct http_request *request, struct http_reply *reply)
{
    (void) request;
    asked(arg);
    reply->type = "text/html; charset=utf-8";
    reply->policy = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    buf_puts(&reply->body, default_page_html);
}

const struct http_route pages_routes[] = {
    {"/livez", answer_live},
    {"/healthz", answer_live},
    {"/readyz", answer_ready},
    {"/metrics", answer_metrics},
    {"/status", answer_status},
    {"/", answer_page},
    {0},
};

void
pages_answered(void *pages, const char *path, unsigned status)
{
    tally_request(((struct pages *) pages)->from.tally, path, status);
}

void
pages_init(struct pages *p, const struct pages_sources *from)
{
    *p = (struct pages){.from = *from};
}

void
pages_free(struct pages *p)
{
    survey_free(&p->survey);
}
