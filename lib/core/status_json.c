/* status_json.c - the document at /status; see dualwrite/status_json.h. */
#include "dualwrite/status_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "dualwrite/xalloc.h"

const char *const telemetry_connection_names[TELEMETRY_CONNECTIONS] = {"listen", "claim", "apply", "mirror"};

static void
add_time(cJSON *object, const char *name, int64_t wall_ms)
{
    char text[MOMENT_TEXT];

    if (wall_ms == 0) {
        cJSON_AddNullToObject(object, name);
        return;
    }
    moment_text(wall_ms, text);
    cJSON_AddStringToObject(object, name, text);
}

/* Milliseconds as seconds; null for a negative one. */
static void
add_seconds(cJSON *object, const char *name, int64_t ms)
{
    if (ms < 0)
        cJSON_AddNullToObject(object, name);
    else
        cJSON_AddNumberToObject(object, name, (double) ms / 1000);
}

static void
add_count(cJSON *object, const char *name, int64_t count)
{
    if (count < 0)
        cJSON_AddNullToObject(object, name);
    else
        cJSON_AddNumberToObject(object, name, (double) count);
}

static void
add_text(cJSON *object, const char *name, const char *text)
{
    if (text == NULL)
        cJSON_AddNullToObject(object, name);
    else
        cJSON_AddStringToObject(object, name, text);
}

static void
add_state(cJSON *root, const struct telemetry *t)
{
    cJSON *reasons;

    cJSON_AddStringToObject(root, "instance", t->instance);
    cJSON_AddStringToObject(root, "version", t->version);
    add_time(root, "at", t->now.wall_ms);
    add_seconds(root, "uptime_seconds", monotime_diff_ms(t->now.mono, t->tally->started.mono));
    cJSON_AddBoolToObject(root, "ready", t->health->ready);
    reasons = cJSON_AddArrayToObject(root, "reasons");
    for (size_t i = 0; i < t->health->count; i++)
        cJSON_AddItemToArray(reasons, cJSON_CreateString(t->health->reasons[i]));
    cJSON_AddStringToObject(root, "state", t->state);
    cJSON_AddBoolToObject(root, "listening", t->facts->listening);
    cJSON_AddBoolToObject(root, "polling", t->facts->polling);
    cJSON_AddBoolToObject(root, "mapping_installed", t->facts->mapping_installed);
}

static void
add_connections(cJSON *root, const struct telemetry *t)
{
    cJSON *object = cJSON_AddObjectToObject(root, "connections");

    for (int i = 0; i < TELEMETRY_CONNECTIONS; i++)
        if (t->links[i].there)
            cJSON_AddBoolToObject(object, telemetry_connection_names[i], t->links[i].connected);
}

static void
add_flags(cJSON *root, const struct telemetry *t)
{
    cJSON *object = cJSON_AddObjectToObject(root, "flags");

    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        cJSON *flag = cJSON_AddObjectToObject(object, flag_name(f));

        cJSON_AddStringToObject(flag, "value", t->flags->value[f]);
        add_text(flag, "source", survey_flag_source(t->survey, flag_name(f), t->flags->value[f]));
        cJSON_AddBoolToObject(flag, "disagreement", survey_flag_disagrees(t->survey, flag_name(f)));
    }
}

static void
add_counters(cJSON *root, const struct tally *y)
{
    cJSON *object = cJSON_AddObjectToObject(root, "counters");

    add_count(object, "scheduled", y->scheduled);
    add_count(object, "completed", y->completed);
    add_count(object, "failed_attempts", y->failures);
    add_count(object, "parked", y->parked);
    add_count(object, "batches", y->batches);
    add_count(object, "claims", y->claims);
    add_count(object, "reloads", y->reloads_applied);
}

static void
add_lag(cJSON *root, const struct telemetry *t)
{
    cJSON *object = cJSON_AddObjectToObject(root, "lag");
    struct spread lag;

    tally_lag(t->tally, t->now, &lag);
    add_seconds(object, "p50_seconds", spread_percentile(&lag, 50));
    add_seconds(object, "p95_seconds", spread_percentile(&lag, 95));
    add_seconds(object, "max_seconds", lag.count == 0 ? -1 : lag.max_ms);
}

static void
add_history(cJSON *root, const struct telemetry *t)
{
    struct tally_sample *samples = xcalloc(TALLY_SAMPLES, sizeof *samples);
    size_t n = tally_history(t->tally, t->now, samples, TALLY_SAMPLES);
    cJSON *history = cJSON_AddObjectToObject(root, "history");
    cJSON *array;

    cJSON_AddNumberToObject(history, "interval_seconds", TALLY_INTERVAL_MS / 1000.0);
    array = cJSON_AddArrayToObject(history, "samples");
    for (size_t i = 0; i < n; i++) {
        const struct tally_sample *s = &samples[i];
        cJSON *object = cJSON_CreateObject();

        add_time(object, "at", tally_sample_at(t->tally, t->now, s->number));
        add_count(object, "completed", s->completed);
        add_count(object, "failed", s->failed);
        add_seconds(object, "lag_p50_seconds", spread_percentile(&s->lag, 50));
        add_seconds(object, "lag_max_seconds", s->lag.count == 0 ? -1 : s->lag.max_ms);
        add_count(object, "backlog", s->backlog);
        cJSON_AddItemToArray(array, object);
    }
    free(samples);
}

static void
add_recent(cJSON *root, const struct telemetry *t)
{
    static const char *const outcomes[] = {"completed", "retry", "park"};
    cJSON *array = cJSON_AddArrayToObject(root, "recent");
    const struct tally_event *e;

    for (size_t i = 0; (e = tally_recent(t->tally, i)) != NULL; i++) {
        cJSON *object = cJSON_CreateObject();

        add_time(object, "at", e->at_ms);
        cJSON_AddStringToObject(object, "operation", e->operation);
        cJSON_AddStringToObject(object, "outcome", outcomes[e->outcome]);
        add_count(object, "event_id", e->id);
        add_count(object, "attempt", e->attempt);
        add_count(object, "duration_ms", e->duration_ms);
        add_count(object, "lag_ms", e->lag_ms);
        add_text(object, "exception_type", e->exception_type);
        cJSON_AddItemToArray(array, object);
    }
}

static void
add_database(cJSON *root, const struct telemetry *t)
{
    cJSON *object;

    if (t->survey->database == NULL) {
        cJSON_AddNullToObject(root, "database");
        return;
    }
    object = cJSON_Duplicate(t->survey->database, true);
    add_seconds(object, "age_seconds", survey_age_ms(t->survey, t->now.mono));
    cJSON_AddItemToObject(root, "database", object);
}

void
status_json(struct buf *out, const struct telemetry *t)
{
    cJSON *root = cJSON_CreateObject();
    char *text;

    add_state(root, t);
    add_connections(root, t);
    add_flags(root, t);
    health_add_partitions(root, t->partitions);
    add_counters(root, t->tally);
    add_lag(root, t);
    add_time(root, "last_success_at", t->tally->last_success_ms);
    add_history(root, t);
    add_recent(root, t);
    add_database(root, t);
    text = cJSON_PrintUnformatted(root);
    buf_puts(out, text == NULL ? "{}" : text);
    buf_putc(out, '\n');
    cJSON_free(text);
    cJSON_Delete(root);
}
