/* readiness.c - says ready and not ready; see readiness.h. */
#include "readiness.h"

#include <uv.h>

#include "dualwrite/log.h"
#include "sd_notify.h"

static monotime
now(void)
{
    return (monotime){(int64_t) uv_hrtime()};
}

void
readiness_init(struct readiness *r, const char *instance, void (*look)(void *arg, struct health_facts *facts),
               void *arg)
{
    *r = (struct readiness){.instance = instance, .look = look, .arg = arg};
}

static void
log_not_ready(const struct health *h)
{
    struct buf reasons = {0};
    struct log_line l = {0};

    for (size_t i = 0; i < h->count; i++)
        buf_printf(&reasons, "%s%s", i == 0 ? "" : "; ", h->reasons[i]);
    log_begin(&l, LOG_WARNING, "not_ready");
    log_str(&l, "reasons", buf_text(&reasons));
    log_end(&l);
    buf_free(&reasons);
}

/* What is so from the start has no patience coming. */
static int64_t
lasts_ms(const struct readiness *r, struct spell *s, bool on)
{
    if (on && !s->on)
        s->since = now();
    s->on = on;
    return !on ? 0 : r->started ? monotime_diff_ms(now(), s->since) : INT64_MAX;
}

static void
gather(struct readiness *r)
{
    struct health_facts *f = &r->facts;

    *f = (struct health_facts){0};
    r->look(r->arg, f);
    f->deaf_ms = lasts_ms(r, &r->deaf, !health_hears(f));
    f->unchecked_ms = lasts_ms(r, &r->unchecked, !f->checked);
    f->beat_age_ms = monotime_diff_ms(now(), r->progress.noted);
    f->stuck_ms = health_stuck_ms(&r->progress, now(), f);
    f->failing = health_failing(&r->progress, f);
    if (f->batches != r->progress.batches) /* what the beat saw waiting may be done */
        f->oldest_ms = -2;
}

bool
readiness_look(struct readiness *r)
{
    const struct health_facts *f = &r->facts;

    gather(r);
    r->health = health_of(f);
    if (!r->started && health_connected(f)) {
        r->started = true;
        notify_ready();
    }
    if (f->stopping || r->health.ready == r->told) /* the end has a line of its own */
        return false;
    r->told = r->health.ready;
    if (r->told)
        log_msg(LOG_INFO, "ready", "connected and %s; dual write is %s", f->listening ? "listening" : "polling",
                f->enabled ? "on" : "off");
    else
        log_not_ready(&r->health);
    return true;
}

void
readiness_note(struct readiness *r, bool waiting, int64_t failures)
{
    struct health_facts f = {0};

    r->look(r->arg, &f);
    f.failures = failures;
    health_note(&r->progress, now(), waiting, &f);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

void
readiness_live(const struct readiness *r, struct http_reply *reply)
{
    health_live_json(&reply->body, r->instance);
}

void
readiness_ready(struct readiness *r, struct http_reply *reply)
{
    readiness_look(r);
    reply->status = r->health.ready ? 200 : 503;
    health_ready_json(&reply->body, &r->health, &r->facts, r->instance);
}
