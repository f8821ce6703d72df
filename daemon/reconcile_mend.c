/*
 * reconcile_mend.c - after the passes: waiting for what is in flight, queueing what is confirmed, looking whether that helped,
 * and samples for the report; see reconcile_run.h.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "reconcile_run.h"

#define AGAIN_MS 500

/*
 * Looks once at every finding in `state`, and notes what has become of it. *left: how many are in that state still.
 */
static bool
look_again(struct reconcile_run *run, const char *state, bool last, const char *gone, const char *confirmed,
           int64_t *left)
{
    struct reconcile_suspect *items;
    size_t entity = 0;
    size_t count;
    int64_t id = 0;
    bool good = true;

    *left = 0;
    do {
        if (!reconcile_store_again(run, state, id, &entity, &items, &count))
            return false;
        if (count > 0) {
            id = items[count - 1].id;
            good = reconcile_confirm(run, entity, items, count, last) &&
                   reconcile_store_judge(run, items, count, gone, confirmed, state);
        }
        for (size_t i = 0; i < count; i++)
            *left += items[i].judgement == RECONCILE_OPEN;
        reconcile_suspects_free(items, count);
    } while (good && count > 0);
    return good;
}

/* ---- in flight ---- */

bool
reconcile_settle(struct reconcile_run *run)
{
    monotime began = reconcile_now();
    bool last = false;
    int64_t left;

    /* what was parked then may have been retried since */
    if (run->options->resume && !look_again(run, "parked", false, NULL, "confirmed", &left))
        return false;
    for (;;) {
        if (!reconcile_pace(run) || !look_again(run, "open", last, NULL, "confirmed", &left))
            return false;
        if (left == 0 || last)
            return true;
        reconcile_doing(run, "waiting for %" PRId64 " rows that are in flight", left);
        /* nobody applies what waits: no use in waiting for it */
        last = run->daemons == 0 || !run->enabled ||
               monotime_diff_ms(reconcile_now(), began) + AGAIN_MS >= run->options->settle_ms;
        if (!last || monotime_diff_ms(reconcile_now(), began) < run->options->settle_ms)
            reconcile_sleep_ms(run, run->options->settle_ms < AGAIN_MS ? run->options->settle_ms : AGAIN_MS);
    }
}

/* ---- queueing ---- */

/* Stays under the limit of the outbox, past which capture would raise resync marks instead of inserting. */
static bool
wait_for_room(struct reconcile_run *run)
{
    int64_t most = run->settings->config->outbox_max / 2;

    if (!reconcile_pace(run))
        return false;
    while (run->waiting > most) {
        if (run->daemons == 0 || !run->enabled) {
            run->broken = true;
            free(run->why);
            run->why =
                xstrdup(run->enabled ? "the outbox is half full and no daemon with this mapping is running: start one"
                                     : "the outbox is half full and dual write is off");
            return false;
        }
        reconcile_doing(run, "waiting for room in the outbox: about %" PRId64 " events wait", run->waiting);
        reconcile_sleep_ms(run, AGAIN_MS);
        if (!reconcile_pace(run))
            return false;
    }
    return true;
}

/* One chunk; *queued rows. */
static bool
queue_chunk(struct reconcile_run *run, const struct mapping_entity *e, int64_t *queued)
{
    char limit[24], root[24];
    const char *params[] = {limit, e->name, e->operation_update, e->operation_remove, root, ACTOR_RECONCILE};
    const char *ring[] = {run->mapping->channel, NULL};
    PGresult *r = NULL, *rung = NULL;
    bool good = reconcile_open(run, DATABASE_VNEXT, true);

    snprintf(limit, sizeof limit, "%" PRId64, run->options->chunk);
    snprintf(root, sizeof root, "%zu", ref_position(e, ref_root(e)) + 1);
    if (good)
        good = (r = reconcile_ask(run, DATABASE_VNEXT, sql_reconcile_queue, 6, params)) != NULL;
    if (good) {
        *queued = reconcile_number(r, 0, "queued");
        ring[1] = reconcile_field(r, 0, "buckets");
        good = (rung = reconcile_ask(run, DATABASE_VNEXT, sql_reconcile_ring, 2, ring)) != NULL;
    }
    good = good && reconcile_commit(run, DATABASE_VNEXT);
    reconcile_close(run, DATABASE_VNEXT);
    PQclear(r);
    PQclear(rung);
    if (!good)
        reconcile_break(run, "queueing");
    return good;
}

static bool
queue_all(struct reconcile_run *run, const struct reconcile_report *plan)
{
    int64_t sum = 0;

    reconcile_pass_begins(run);
    for (size_t i = 0; i < run->nprogress; i++) {
        const struct mapping_entity *e = &run->mapping->entities[run->progress[i].entity];
        int64_t queued = 1;

        if (plan->items[i].to_update + plan->items[i].to_remove == 0)
            continue;
        while (queued > 0) {
            reconcile_doing(run, "%s: %" PRId64 " queued", e->name, sum);
            if (!wait_for_room(run) || !queue_chunk(run, e, &queued) || (queued > 0 && !reconcile_rest(run, queued)))
                return false;
            sum += queued;
        }
    }
    return true;
}

/* Until each is applied and was looked at again. It is given up when nothing moves for as long as --settle. */
static bool
await_applied(struct reconcile_run *run)
{
    monotime moved = reconcile_now();
    int64_t before = INT64_MAX;
    bool last = false;

    for (;;) {
        int64_t left, now;
        PGresult *r;

        if (!look_again(run, "queued", last, "fixed", "unfixed", &left) || !reconcile_pace(run))
            return false;
        r = reconcile_query(run, DATABASE_VNEXT, sql_reconcile_waiting, 0, NULL);
        if (r == NULL) {
            reconcile_break(run, "looking for what waits");
            return false;
        }
        now = reconcile_number(r, 0, "queued") + reconcile_number(r, 0, "waiting");
        PQclear(r);
        if (now == 0)
            return true;
        if (now < before)
            moved = reconcile_now();
        before = now;
        if (last) {
            free(run->why);
            run->why =
                xstrdup(!run->enabled       ? "dual write is off: what was queued waits until it is on"
                        : run->daemons == 0 ? "no daemon with this mapping is running: what was queued waits for one"
                                            : "what was queued is not applied in time: see `dualwrited status`");
            return true;
        }
        last = run->daemons == 0 || !run->enabled || monotime_diff_ms(reconcile_now(), moved) > run->options->settle_ms;
        reconcile_doing(run, "waiting until %" PRId64 " events are applied", now);
        reconcile_sleep_ms(run, AGAIN_MS);
    }
}

bool
reconcile_fix(struct reconcile_run *run, const struct reconcile_report *plan)
{
    return queue_all(run, plan) && (run->options->no_wait || await_applied(run));
}

/* ---- samples ---- */

/* The source key, or what else says which row it is. */
static char *
key_of(const struct mapping_entity *e, const char *ref)
{
    cJSON *array = cJSON_Parse(ref);
    bool keyed = cJSON_IsString(cJSON_GetArrayItem(array, 0));
    struct buf out = {0};

    for (size_t i = 0; i < (keyed ? e->source_key.count : ref_count(e)); i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(array, (int) i));

        if (text == NULL)
            continue;
        buf_puts(&out, out.len == 0 ? "" : ", ");
        if (!keyed)
            buf_printf(&out, "%s=", ref_column(e, i));
        buf_puts(&out, text);
    }
    cJSON_Delete(array);
    return buf_steal(&out);
}

static void
add_sample(struct reconcile_list *l, const struct mapping_entity *e, const struct reconcile_suspect *item,
           const struct reconcile_look *look, const char *column)
{
    char *key;

    if (look->class == RECONCILE_EQUAL)
        return; /* mended meanwhile */
    key = key_of(e, item->ref);

    if (column == NULL)
        reconcile_sample_add(l, key, NULL, NULL, look->error != NULL ? look->error : look->failed);
    for (size_t i = 0; column != NULL && i < look->count; i++)
        if (strcmp(look->items[i].column, column) == 0)
            reconcile_sample_add(l, key, look->items[i].vnext, look->items[i].legacy, NULL);
    free(key);
}

/* The first few of a list, looked at again: values are not kept anywhere. */
static bool
sample(struct reconcile_run *run, size_t entity, struct reconcile_list *l, const char *class, const char *states,
       const char *column)
{
    const struct mapping_entity *e = &run->mapping->entities[entity];
    char limit[24];
    const char *params[] = {e->name, class, states, limit, column};
    struct reconcile_suspect *items;
    struct reconcile_look *looks;
    size_t count;
    PGresult *r;
    bool good;

    snprintf(limit, sizeof limit, "%d", run->options->sample);
    r = reconcile_query(run, DATABASE_VNEXT, sql_reconcile_samples, 5, params);
    if (r == NULL) {
        reconcile_break(run, "reading samples");
        return false;
    }
    count = (size_t) PQntuples(r);
    items = xcalloc(count, sizeof *items);
    looks = xcalloc(count, sizeof *looks);
    for (int i = 0; i < PQntuples(r); i++)
        items[i] = (struct reconcile_suspect){.ref = xstrdup(reconcile_field(r, i, "ref")),
                                              .removal = reconcile_truth(r, i, "removal")};
    PQclear(r);
    good = count == 0 || reconcile_look(run, entity, items, count, true, looks);
    for (size_t i = 0; i < count; i++) {
        if (good)
            add_sample(l, e, &items[i], &looks[i], column);
        reconcile_look_free(&looks[i]);
    }
    free(looks);
    reconcile_suspects_free(items, count);
    return good;
}

bool
reconcile_samples(struct reconcile_run *run, struct reconcile_report *report)
{
    static const char differ[] = "{confirmed,queued,unfixed}";

    for (size_t i = 0; i < report->count && run->options->sample > 0; i++) {
        struct reconcile_entity *e = &report->items[i];

        for (size_t n = 0; n < e->nlists; n++) {
            bool parked = strcmp(e->lists[n].name, "parked") == 0;

            if (strcmp(e->lists[n].name, "drifted") != 0 &&
                !sample(run, run->progress[i].entity, &e->lists[n], parked ? NULL : e->lists[n].name,
                        parked ? "{parked}" : differ, NULL))
                return false;
        }
        for (size_t n = 0; n < e->ncolumns; n++)
            if (!sample(run, run->progress[i].entity, &e->columns[n], "drifted", differ, e->columns[n].name))
                return false;
    }
    return true;
}
