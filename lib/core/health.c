/* health.c - ready or not, and why; see dualwrite/health.h. */
#include "dualwrite/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/moment.h"

static void __attribute__((format(printf, 2, 3))) because(struct health *h, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(h->reasons[h->count++], sizeof h->reasons[0], fmt, ap);
    va_end(ap);
}

bool
health_hears(const struct health_facts *f)
{
    return f->connected && (f->listening || f->polling);
}

bool
health_connected(const struct health_facts *f)
{
    return health_hears(f) && f->checked;
}

/* What would be wrong with a daemon that has nothing to do, too. */
static void
judge_connection(struct health *h, const struct health_facts *f)
{
    if (f->connected && f->beat_age_ms > HEALTH_BEAT_MS)
        because(h, "the vNext database has not answered for %" PRId64 " s", f->beat_age_ms / 1000);
    if (f->deaf_ms > HEALTH_BLIP_MS && !f->connected)
        because(h, "not connected to the vNext database, or dualwrite is not installed there");
    else if (f->deaf_ms > HEALTH_BLIP_MS && !health_hears(f))
        because(h, "neither listening nor polling yet");
    if (f->unchecked_ms > HEALTH_RECONNECT_MS && !f->checked)
        because(h, "the mapping has not passed its check: a database is away, or does not fit it");
}

static void
judge_work(struct health *h, const struct health_facts *f)
{
    int64_t patience = 2 * f->statement_timeout_ms > HEALTH_STUCK_MS ? 2 * f->statement_timeout_ms : HEALTH_STUCK_MS;

    if (!f->mapping_installed)
        because(h, "the installed mapping is another one: no work is taken until `dualwrited install`");
    else if (f->stuck_ms > patience)
        because(h, "no progress: events have waited for %" PRId64 " s and none was acknowledged", f->stuck_ms / 1000);
    if (f->strict && f->failed > 0)
        because(h, "strict mode: %" PRId64 " failed event%s not repaired; see `dualwrited failed list`", f->failed,
                f->failed == 1 ? " is" : "s are");
    else if (f->strict && f->failing)
        because(h, "strict mode: an attempt has just failed; see event_type=dual_write_failed in the log");
}

struct health
health_of(const struct health_facts *f)
{
    struct health h = {0};

    if (f->stopping) {
        because(&h, "stopping");
    } else {
        judge_connection(&h, f);
        /* what a lost connection says of flags and failures is old */
        if (h.count == 0 && f->enabled)
            judge_work(&h, f);
    }
    h.ready = h.count == 0;
    return h;
}

static void
add_json(struct buf *b, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);

    buf_puts(b, text == NULL ? "{}" : text);
    buf_putc(b, '\n');
    cJSON_free(text);
    cJSON_Delete(object);
}

void
health_add_partitions(cJSON *object, const char *partitions)
{
    cJSON *array = cJSON_AddArrayToObject(object, "partitions");
    char *end;

    for (const char *p = partitions == NULL ? "" : partitions; *p != '\0'; p = end + (*end == ',')) {
        long partition = strtol(p, &end, 10);

        if (end == p)
            return;
        cJSON_AddItemToArray(array, cJSON_CreateNumber((double) partition));
    }
}

/* What tells progress from mere life; null where the connection is gone and nothing is known. */
static void
add_progress(cJSON *object, const struct health_facts *f)
{
    char text[MOMENT_TEXT];

    cJSON_AddBoolToObject(object, "listening", f->listening);
    cJSON_AddBoolToObject(object, "polling", f->polling);
    health_add_partitions(object, f->connected ? f->partitions : NULL);
    if (!f->connected || f->oldest_ms < -1)
        cJSON_AddNullToObject(object, "oldest_event_age_seconds");
    else
        cJSON_AddNumberToObject(object, "oldest_event_age_seconds",
                                f->oldest_ms < 0 ? 0 : (double) (f->oldest_ms + f->beat_age_ms) / 1000);
    moment_text(f->last_success_ms, text);
    if (f->last_success_ms == 0)
        cJSON_AddNullToObject(object, "last_success_at");
    else
        cJSON_AddStringToObject(object, "last_success_at", text);
}

void
health_ready_json(struct buf *b, const struct health *h, const struct health_facts *f, const char *instance)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *reasons;

    cJSON_AddStringToObject(object, "status", h->ready ? "ready" : "not_ready");
    reasons = cJSON_AddArrayToObject(object, "reasons");
    for (size_t i = 0; i < h->count; i++)
        cJSON_AddItemToArray(reasons, cJSON_CreateString(h->reasons[i]));
    cJSON_AddStringToObject(object, "instance", instance);
    cJSON_AddBoolToObject(object, "dual_write", f->enabled);
    cJSON_AddBoolToObject(object, "strict", f->strict);
    cJSON_AddNumberToObject(object, "failed_events", (double) f->failed);
    add_progress(object, f);
    add_json(b, object);
}

void
health_live_json(struct buf *b, const char *instance)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "status", "alive");
    cJSON_AddStringToObject(object, "instance", instance);
    add_json(b, object);
}

void
health_note(struct health_progress *p, monotime now, bool waiting, const struct health_facts *f)
{
    bool acknowledged = f->batches != p->batches;
    bool away = monotime_diff_ms(now, p->noted) > HEALTH_BEAT_MS; /* what waited meanwhile is not this daemon's fault */

    p->waiting = waiting && f->enabled && f->mapping_installed;
    if (acknowledged || !p->waiting || away)
        p->since = now;
    if (acknowledged || !p->waiting)
        p->batch_failed = false;
    else if (f->failures != p->failures)
        p->batch_failed = true;
    p->noted = now;
    p->batches = f->batches;
    p->failures = f->failures;
}

int64_t
health_stuck_ms(const struct health_progress *p, monotime now, const struct health_facts *f)
{
    return p->waiting && f->batches == p->batches ? monotime_diff_ms(now, p->since) : 0;
}

bool
health_failing(const struct health_progress *p, const struct health_facts *f)
{
    return p->batch_failed ? f->batches == p->batches : f->failures != p->failures;
}
