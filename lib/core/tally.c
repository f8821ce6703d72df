/* tally.c - what this daemon has done; see dualwrite/tally.h. */
#include "dualwrite/tally.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

#define MINUTE_SAMPLES (60000 / TALLY_INTERVAL_MS)

const int64_t tally_bounds_ms[TALLY_BUCKETS] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 900000, 3600000,
};

void
tally_init(struct tally *t, struct moment now)
{
    *t = (struct tally){.started = now, .noperations = 1};
    t->operations[0].name = xstrdup("other");
}

void
tally_free(struct tally *t)
{
    for (size_t i = 0; i < t->noperations; i++)
        free(t->operations[i].name);
    t->noperations = 0;
}

static struct tally_operation *
operation_of(struct tally *t, const char *name)
{
    for (size_t i = 1; i < t->noperations; i++)
        if (strcmp(t->operations[i].name, name) == 0)
            return &t->operations[i];
    return &t->operations[0];
}

static void
add_operation(struct tally *t, const char *name)
{
    if (name != NULL && operation_of(t, name) == &t->operations[0] && t->noperations < TALLY_OPERATIONS)
        t->operations[t->noperations++] = (struct tally_operation){.name = xstrdup(name)};
}

void
tally_mapping(struct tally *t, const struct mapping *m)
{
    for (size_t i = 0; i < m->count; i++) {
        add_operation(t, m->entities[i].operation_insert);
        add_operation(t, m->entities[i].operation_update);
        add_operation(t, m->entities[i].operation_remove);
    }
}

static int64_t
number_at(const struct tally *t, struct moment now)
{
    int64_t ms = monotime_diff_ms(now.mono, t->started.mono);

    return ms < 0 ? 1 : ms / TALLY_INTERVAL_MS + 1;
}

static const struct tally_sample *
sample_there(const struct tally *t, int64_t number)
{
    const struct tally_sample *s = &t->samples[number % TALLY_SAMPLES];

    return s->number == number ? s : NULL;
}

static struct tally_sample *
sample_now(struct tally *t, struct moment now)
{
    int64_t number = number_at(t, now);
    struct tally_sample *s = &t->samples[number % TALLY_SAMPLES];

    if (s->number != number)
        *s = (struct tally_sample){.number = number, .backlog = -1};
    return s;
}

static void
histogram_add(struct tally_histogram *h, int64_t ms)
{
    size_t i = 0;

    if (ms < 0)
        ms = 0;
    while (i < TALLY_BUCKETS && ms > tally_bounds_ms[i])
        i++;
    h->bucket[i]++;
    h->count++;
    h->sum_ms += ms;
}

static void
remember(struct tally *t, const struct tally_event *e)
{
    t->recent[t->nrecent++ % TALLY_RECENT] = *e;
}

void
tally_scheduled(struct tally *t, const char *operation)
{
    operation_of(t, operation)->scheduled++;
    t->scheduled++;
}

void
tally_completed(struct tally *t, struct moment now, const char *operation, int64_t event_id, int attempt,
                int64_t duration_ms, int64_t lag_ms)
{
    struct tally_operation *o = operation_of(t, operation);
    struct tally_sample *s = sample_now(t, now);

    o->completed++;
    t->completed++;
    s->completed++;
    spread_add(&s->lag, lag_ms);
    histogram_add(&t->lag, lag_ms);
    histogram_add(&t->duration, duration_ms);
    t->last_success_ms = now.wall_ms;
    t->last_lag_ms = lag_ms;
    remember(t, &(struct tally_event){now.wall_ms, o->name, TALLY_COMPLETED, event_id, attempt, duration_ms,
                                      lag_ms < 0 ? 0 : lag_ms, NULL});
}

void
tally_failed(struct tally *t, struct moment now, const char *operation, int64_t event_id, int attempt,
             const char *exception_type, bool parked)
{
    struct tally_operation *o = operation_of(t, operation);

    *(parked ? &o->parked : &o->retried) += 1;
    t->failures++;
    t->parked += parked;
    sample_now(t, now)->failed++;
    remember(t, &(struct tally_event){now.wall_ms, o->name, parked ? TALLY_PARK : TALLY_RETRY, event_id, attempt, -1,
                                      -1, exception_type});
}

void
tally_request(struct tally *t, const char *path, unsigned status)
{
    size_t i = 0;

    while (i < t->nrequests && (t->requests[i].path != path || t->requests[i].status != status))
        i++;
    if (i == TALLY_REQUESTS)
        return;
    if (i == t->nrequests)
        t->requests[t->nrequests++] = (struct tally_request){path, status, 0};
    t->requests[i].count++;
}

void
tally_backlog(struct tally *t, struct moment now, int64_t events)
{
    sample_now(t, now)->backlog = events;
}

size_t
tally_history(const struct tally *t, struct moment now, struct tally_sample *out, size_t max)
{
    int64_t end = number_at(t, now); /* the one that has begun */
    int64_t first = end > (int64_t) max ? end - (int64_t) max : 1;
    size_t n = 0;

    /* the ring's oldest place is already that of the one that has begun */
    if (first < end - TALLY_SAMPLES + 1)
        first = end - TALLY_SAMPLES + 1;
    for (int64_t number = first; number < end; number++) {
        const struct tally_sample *s = sample_there(t, number);

        out[n++] = s != NULL ? *s : (struct tally_sample){.number = number, .backlog = -1};
    }
    return n;
}

int64_t
tally_minute(const struct tally *t, struct moment now, int64_t *completed, int64_t *failed)
{
    int64_t end = number_at(t, now);
    int64_t first = end > MINUTE_SAMPLES ? end - MINUTE_SAMPLES + 1 : 1;

    *completed = *failed = 0;
    for (int64_t number = first; number <= end; number++) {
        const struct tally_sample *s = sample_there(t, number);

        *completed += s == NULL ? 0 : s->completed;
        *failed += s == NULL ? 0 : s->failed;
    }
    return monotime_diff_ms(now.mono, t->started.mono) - (first - 1) * TALLY_INTERVAL_MS;
}

int64_t
tally_sample_at(const struct tally *t, struct moment now, int64_t number)
{
    return now.wall_ms - (monotime_diff_ms(now.mono, t->started.mono) - number * TALLY_INTERVAL_MS);
}

void
tally_lag(const struct tally *t, struct moment now, struct spread *out)
{
    int64_t end = number_at(t, now);

    *out = (struct spread){0};
    for (int64_t number = end > TALLY_SAMPLES ? end - TALLY_SAMPLES + 1 : 1; number <= end; number++) {
        const struct tally_sample *s = sample_there(t, number);

        if (s != NULL)
            spread_merge(out, &s->lag);
    }
}

const struct tally_event *
tally_recent(const struct tally *t, size_t i)
{
    if (i >= TALLY_RECENT || i >= t->nrecent)
        return NULL;
    return &t->recent[(t->nrecent - 1 - i) % TALLY_RECENT];
}
