/* metrics.c - the metrics at /metrics; see dualwrite/metrics.h. How they are written is exposition.c's. */
#include "dualwrite/metrics.h"

#include <stdio.h>
#include <string.h>

#include "dualwrite/exposition.h"

typedef struct exposition_label labels[2];

static void
gauge(struct exposition *e, const char *name, const char *unit, double value, const char *help)
{
    exposition_family(e, name, EXPOSITION_GAUGE, unit, help);
    exposition_sample(e, NULL, value);
}

static void
counter(struct exposition *e, const char *name, const char *unit, double value, const char *help)
{
    exposition_family(e, name, EXPOSITION_COUNTER, unit, help);
    exposition_sample(e, NULL, value);
}

/* ---- this daemon ----------------------------------------------------------------------------------------------- */

static double
partitions(const char *text)
{
    double n = text != NULL && *text != '\0';

    for (const char *p = text == NULL ? "" : text; *p != '\0'; p++)
        n += *p == ',';
    return n;
}

static void
state(struct exposition *e, const struct telemetry *t)
{
    const struct health_facts *f = t->facts;

    exposition_family(e, "dualwrite_build", EXPOSITION_INFO, NULL, "Which dualwrited this is.");
    exposition_sample(e, (labels){{"version", t->version}}, 1);
    gauge(e, "dualwrite_start_timestamp_seconds", "seconds", (double) t->tally->started.wall_ms / 1000,
          "When this daemon started.");
    gauge(e, "dualwrite_ready", NULL, t->health->ready, "1 when /readyz says so.");
    gauge(e, "dualwrite_listening", NULL, f->listening, "1 when notifications of changes arrive.");
    gauge(e, "dualwrite_polling", NULL, f->polling,
          "1 when changes are looked for instead, or notifications do not hold.");
    gauge(e, "dualwrite_mapping_installed", NULL, f->mapping_installed,
          "1 when the installed mapping is this daemon's.");
    gauge(e, "dualwrite_partitions", NULL, f->connected ? partitions(t->partitions) : 0,
          "How many partitions of the queue are this daemon's.");
    if (t->tally->last_success_ms != 0)
        gauge(e, "dualwrite_last_success_timestamp_seconds", "seconds", (double) t->tally->last_success_ms / 1000,
              "When this daemon last completed an event.");
    if (t->last_beat_ms != 0)
        gauge(e, "dualwrite_last_beat_timestamp_seconds", "seconds", (double) t->last_beat_ms / 1000,
              "When the vNext database last answered this daemon's beat.");
}

static void
connections(struct exposition *e, const struct telemetry *t)
{
    exposition_family(e, "dualwrite_connected", EXPOSITION_GAUGE, NULL, "1 when this connection of the daemon is up.");
    for (int i = 0; i < TELEMETRY_CONNECTIONS; i++)
        if (t->links[i].there)
            exposition_sample(e, (labels){{"connection", telemetry_connection_names[i]}}, t->links[i].connected);
    exposition_family(e, "dualwrite_reconnects", EXPOSITION_COUNTER, NULL, "How often this connection was made again.");
    for (int i = 0; i < TELEMETRY_CONNECTIONS; i++)
        if (t->links[i].there)
            exposition_sample(e, (labels){{"connection", telemetry_connection_names[i]}},
                              (double) t->links[i].reconnects);
}

/* "other" is there once it counted something. */
static bool
shown(const struct tally *y, size_t i)
{
    const struct tally_operation *o = &y->operations[i];

    return i > 0 || o->scheduled + o->completed + o->retried + o->parked > 0;
}

static void
events(struct exposition *e, const struct tally *y)
{
    exposition_family(e, "dualwrite_events_scheduled", EXPOSITION_COUNTER, NULL,
                      "Events that were announced: dual_write_scheduled.");
    for (size_t i = 0; i < y->noperations; i++)
        if (shown(y, i))
            exposition_sample(e, (labels){{"operation", y->operations[i].name}}, (double) y->operations[i].scheduled);
    exposition_family(e, "dualwrite_events_completed", EXPOSITION_COUNTER, NULL,
                      "Events that were synced: dual_write_completed.");
    for (size_t i = 0; i < y->noperations; i++)
        if (shown(y, i))
            exposition_sample(e, (labels){{"operation", y->operations[i].name}}, (double) y->operations[i].completed);
    exposition_family(
        e, "dualwrite_attempts_failed", EXPOSITION_COUNTER, NULL,
        "Attempts that failed: dual_write_failed. The event is tried again (retry) or waits for a person or a "
        "change (park).");
    for (size_t i = 0; i < y->noperations; i++) {
        if (!shown(y, i))
            continue;
        exposition_sample(e, (labels){{"operation", y->operations[i].name}, {"outcome", "retry"}},
                          (double) y->operations[i].retried);
        exposition_sample(e, (labels){{"operation", y->operations[i].name}, {"outcome", "park"}},
                          (double) y->operations[i].parked);
    }
}

static void
work(struct exposition *e, const struct tally *y)
{
    counter(e, "dualwrite_batches", NULL, (double) y->batches, "Batches that were committed.");
    counter(e, "dualwrite_claims", NULL, (double) y->claims, "Looks into the queue, also those that found nothing.");
    exposition_family(e, "dualwrite_lag_seconds", EXPOSITION_HISTOGRAM, "seconds",
                      "From the vNext commit, or the capture, to the legacy commit, of each completed event.");
    exposition_histogram(e, tally_bounds_ms, y->lag.bucket, TALLY_BUCKETS, y->lag.sum_ms);
    exposition_family(e, "dualwrite_duration_seconds", EXPOSITION_HISTOGRAM, "seconds",
                      "From the claim to the legacy commit, of each completed event.");
    exposition_histogram(e, tally_bounds_ms, y->duration.bucket, TALLY_BUCKETS, y->duration.sum_ms);
    exposition_family(e, "dualwrite_config_reloads", EXPOSITION_COUNTER, NULL, "Reloads of the settings.");
    exposition_sample(e, (labels){{"result", "applied"}}, (double) y->reloads_applied);
    exposition_sample(e, (labels){{"result", "refused"}}, (double) y->reloads_refused);
}

static void
requests(struct exposition *e, const struct tally *y)
{
    exposition_family(e, "dualwrite_http_requests", EXPOSITION_COUNTER, NULL, "Requests that were answered here.");
    for (size_t i = 0; i < y->nrequests; i++) {
        const struct tally_request *r = &y->requests[i];
        char code[12];

        snprintf(code, sizeof code, "%u", r->status);
        exposition_sample(e, (labels){{"path", r->path == NULL ? "other" : r->path}, {"code", code}},
                          (double) r->count);
    }
}

static void
process(struct exposition *e, const struct telemetry *t)
{
    counter(e, "process_cpu_seconds", "seconds", t->cpu_seconds, "Processor time of this process, user and system.");
    if (t->resident_bytes >= 0)
        gauge(e, "process_resident_memory_bytes", "bytes", (double) t->resident_bytes,
              "Resident memory of this process.");
    if (t->open_fds >= 0)
        gauge(e, "process_open_fds", NULL, (double) t->open_fds, "Open file descriptors of this process.");
}

/* ---- the database ---------------------------------------------------------------------------------------------- */

static void
surveyed(struct exposition *e, const struct survey *s, const char *field, const char *name, const char *unit,
         const char *help)
{
    double value;

    if (survey_number(s, field, &value))
        gauge(e, name, unit, value, help);
}

static void
flags(struct exposition *e, const struct survey *s)
{
    const cJSON *flag;
    bool disagree = false;
    bool override = false;

    exposition_family(e, "dualwrite_flag", EXPOSITION_GAUGE, NULL, "1 when this flag is in force as true.");
    cJSON_ArrayForEach(flag, s->flags)
    {
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(flag, "value"));
        const char *source = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(flag, "source"));

        disagree |= cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(flag, "disagreement"));
        override |= source != NULL && strcmp(source, "override") == 0;
        if (value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0))
            exposition_sample(e, (labels){{"flag", flag->string}}, strcmp(value, "true") == 0);
    }
    gauge(e, "dualwrite_flags_disagree", NULL, disagree, "1 when running daemons were given different flags.");
    gauge(e, "dualwrite_override_active", NULL, override, "1 when an operator's override holds a flag.");
}

static void
failed(struct exposition *e, const struct survey *s)
{
    const cJSON *counts = cJSON_GetObjectItemCaseSensitive(s->database, "failed_events");
    const char *const states[] = {"parked", "retrying"};

    exposition_family(e, "dualwrite_failed_events", EXPOSITION_GAUGE, NULL,
                      "Failed events that wait: for a person or a change (parked), for their next attempt (retrying).");
    for (size_t i = 0; i < 2; i++) {
        const cJSON *count = cJSON_GetObjectItemCaseSensitive(counts, states[i]);

        if (cJSON_IsNumber(count))
            exposition_sample(e, (labels){{"state", states[i]}}, count->valuedouble);
    }
}

static void
health_score(struct exposition *e, const char *pack, const cJSON *run)
{
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(run, "score");

    if (cJSON_IsNumber(score))
        exposition_sample(e, (labels){{"pack", pack}}, score->valuedouble);
}

static void
health_time(struct exposition *e, const char *pack, const cJSON *run)
{
    const char *at = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "at"));
    int64_t ms;

    if (at != NULL && moment_parse(at, &ms))
        exposition_sample(e, (labels){{"pack", pack}}, (double) ms / 1000);
}

/* Of each rule pack that `monitor` ever ran. */
static void
health_runs(struct exposition *e, const cJSON *runs,
            void (*sample)(struct exposition *e, const char *pack, const cJSON *run))
{
    const cJSON *run;

    cJSON_ArrayForEach(run, runs)
    {
        const char *pack = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "pack"));

        if (pack != NULL)
            sample(e, pack, run);
    }
}

static void
capture(struct exposition *e, const struct survey *s)
{
    const cJSON *missing = cJSON_GetObjectItemCaseSensitive(s->database, "capture_missing");

    if (cJSON_IsArray(missing))
        gauge(e, "dualwrite_capture_triggers_missing", NULL, cJSON_GetArraySize(missing),
              "Capture triggers that are missing or switched off: such changes are not captured.");
}

static void
database(struct exposition *e, const struct survey *s)
{
    const cJSON *runs = cJSON_GetObjectItemCaseSensitive(s->database, "health");

    flags(e, s);
    gauge(e, "dualwrite_daemons", NULL, cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(s->database, "daemons")),
          "Running daemons.");
    surveyed(e, s, "backlog", "dualwrite_backlog_events", NULL,
             "Events that wait in the queue; above 10000 an estimate.");
    surveyed(e, s, "oldest_event_age_seconds", "dualwrite_oldest_event_age_seconds", "seconds",
             "Age of the oldest event in the queue, 0 when nothing waits.");
    failed(e, s);
    gauge(e, "dualwrite_resync_pending", NULL,
          cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(s->database, "resyncs")),
          "Entities whose whole table is to be queued.");
    capture(e, s);
    surveyed(e, s, "notification_queue_ratio", "dualwrite_notification_queue_ratio", "ratio",
             "How full the server's notification queue is, 0 to 1.");
    surveyed(e, s, "inline_legacy_writes_24h", "dualwrite_inline_legacy_writes_24h", NULL,
             "Statements of the last 24 hours that wrote legacy tables past the daemon.");
    gauge(e, "dualwrite_survey_timestamp_seconds", "seconds", (double) s->taken_ms / 1000,
          "When the database was last asked for the metrics of its own.");
    if (cJSON_GetArraySize(runs) == 0)
        return;
    exposition_family(e, "dualwrite_health_score", EXPOSITION_GAUGE, NULL,
                      "Score of the last `monitor` run, 0 to 100.");
    health_runs(e, runs, health_score);
    exposition_family(e, "dualwrite_health_timestamp_seconds", EXPOSITION_GAUGE, "seconds", "When that run was.");
    health_runs(e, runs, health_time);
}

void
metrics_text(struct buf *out, const struct telemetry *t, bool open)
{
    struct exposition e = {.out = out, .open = open};

    state(&e, t);
    connections(&e, t);
    events(&e, t->tally);
    work(&e, t->tally);
    requests(&e, t->tally);
    process(&e, t);
    if (survey_is_fresh(t->survey, t->now.mono))
        database(&e, t->survey);
    exposition_end(&e);
}
