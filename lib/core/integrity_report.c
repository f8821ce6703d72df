/* integrity_report.c - what the checks of rule packs found; see dualwrite/integrity_report.h. */
#include "dualwrite/integrity_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/monitor_metrics.h"
#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"

#define TICK "\xe2\x9c\x93"
#define CROSS "\xe2\x9c\x97"
#define CAUTION "\xe2\x9a\xa0"
#define CHART_BAR 25    /* columns */
#define CHART_BESIDE 35 /* of a line of the chart: time, score and status */

static const char *const states[] = {"clean", "found", "skipped", "left_out"};

struct integrity_result *
integrity_add(struct integrity_pack *p, const struct pack_check *check, const char *about)
{
    struct integrity_result *r;

    p->items = xreallocarray(p->items, p->count + 1, sizeof *p->items);
    r = &p->items[p->count++];
    *r = (struct integrity_result){.check = check, .about = xstrdup(about)};
    return r;
}

void
integrity_report_free(struct integrity_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        for (size_t j = 0; j < r->packs[i].count; j++) {
            free(r->packs[i].items[j].about);
            free(r->packs[i].items[j].why);
            cJSON_Delete(r->packs[i].items[j].samples);
        }
        free(r->packs[i].items);
    }
    free(r->packs);
    cJSON_Delete(r->metrics);
    cJSON_Delete(r->counters);
    *r = (struct integrity_report){0};
}

/* ---- judging ---- */

static bool
is_last_of_check(const struct integrity_pack *p, size_t i)
{
    return i + 1 == p->count || p->items[i + 1].check != p->items[i].check;
}

int64_t
integrity_issues(const struct integrity_pack *p)
{
    int64_t issues = 0;

    for (size_t i = 0; i < p->count; i++)
        issues += p->items[i].rows;
    return issues;
}

int64_t
integrity_skipped(const struct integrity_pack *p)
{
    int64_t skipped = 0;

    for (size_t i = 0; i < p->count; i++)
        skipped += p->items[i].state == INTEGRITY_SKIPPED;
    return skipped;
}

int
integrity_score(const struct integrity_pack *p)
{
    int64_t weights = 0;
    bool found = false;

    /* a check weighs once, whatever it looked at */
    for (size_t i = 0; i < p->count; i++) {
        found = found || p->items[i].state == INTEGRITY_FOUND;
        if (!is_last_of_check(p, i))
            continue;
        weights += found ? p->items[i].check->weight : 0;
        found = false;
    }
    return health_score(&p->pack->scoring, integrity_issues(p), weights, integrity_skipped(p));
}

enum integrity_verdict
integrity_verdict(const struct integrity_report *r)
{
    bool found = false, skipped = false;

    for (size_t i = 0; i < r->count; i++) {
        for (size_t j = 0; j < r->packs[i].count; j++) {
            const struct integrity_result *result = &r->packs[i].items[j];

            const bool found_now = result->state == INTEGRITY_FOUND && !(result->mended && result->left <= 0);

            if (found_now && result->check->severity == PACK_CRITICAL)
                return INTEGRITY_CRITICAL;
            found = found || found_now;
            skipped = skipped || result->state == INTEGRITY_SKIPPED;
        }
    }
    return found ? INTEGRITY_ISSUES : skipped ? INTEGRITY_UNKNOWN : INTEGRITY_GOOD;
}

char *
integrity_not_compared(const cJSON *runs, const char *entity, double max_age_s)
{
    const cJSON *run = cJSON_GetObjectItemCaseSensitive(runs, entity);
    const double age = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(run, "age"));
    const double open = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(run, "open"));
    struct buf why = {0};

    if (run == NULL) {
        buf_printf(&why, "no reconcile has compared %s yet: run `dualwrited reconcile`", entity);
    } else if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(run, "done"))) {
        buf_puts(
            &why,
            "the last reconcile has not ended: wait for it where one works, else run `dualwrited reconcile --resume`");
    } else if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(run, "same_mapping"))) {
        buf_puts(&why, "the last reconcile was of another mapping: run `dualwrited reconcile`");
    } else if (age > max_age_s || age < -1) {
        buf_puts(&why, "the last reconcile began ");
        shown_span(&why, age);
        buf_puts(&why, " ago, before the period: run `dualwrited reconcile`");
    } else if (open > 0) {
        shown_count(&why, open);
        buf_printf(&why, " row%s in flight when reconcile ended: look at `dualwrited status`, and run it again",
                   open > 1 ? "s were" : " was");
    }
    return why.len == 0 ? NULL : buf_steal(&why);
}

/* ---- text ---- */

static void
put_rows(struct buf *out, int64_t rows)
{
    shown_count(out, (double) rows);
    buf_puts(out, rows == 1 ? " row" : " rows");
}

static void
put_samples(struct buf *out, const struct integrity_result *r)
{
    const cJSON *key;

    buf_puts(out, "    keys:");
    cJSON_ArrayForEach(key, r->samples)
    {
        buf_puts(out, key == r->samples->child ? " " : ", ");
        shown_text(out, cJSON_IsString(key) ? key->valuestring : "NULL", 100);
    }
    buf_puts(out, cJSON_GetArraySize(r->samples) < r->rows ? ", ...\n" : "\n");
}

static void
put_mended(struct buf *out, const struct integrity_result *r)
{
    if (!r->mended)
        return;
    buf_puts(out, "    mended ");
    put_rows(out, r->changed);
    buf_puts(out, ": ");
    shown_text(out, r->check->done, 0);
    if (r->left > 0) {
        buf_puts(out, "; ");
        put_rows(out, r->left);
        buf_puts(out, " left");
    }
    buf_putc(out, '\n');
}

static void
put_result(struct buf *out, const struct integrity_result *r, bool verbose)
{
    static const char *const marks[] = {
        [INTEGRITY_CLEAN] = TICK, [INTEGRITY_FOUND] = CROSS, [INTEGRITY_SKIPPED] = CAUTION, [INTEGRITY_LEFT_OUT] = "-"};
    const bool warns = r->state == INTEGRITY_FOUND && r->check->severity == PACK_WARNING;

    if (r->state == INTEGRITY_LEFT_OUT && !verbose)
        return;
    buf_printf(out, "  %s %s", warns ? CAUTION : marks[r->state], r->check->name);
    if (r->about != NULL) {
        buf_puts(out, " (");
        shown_text(out, r->about, 0);
        buf_putc(out, ')');
    }
    buf_puts(out, ": ");
    if (r->state == INTEGRITY_FOUND) {
        put_rows(out, r->rows);
        buf_printf(out, ", %s; should be: ", pack_severity_word(r->check->severity));
    } else if (r->why != NULL) {
        buf_puts(out, r->state == INTEGRITY_SKIPPED ? "skipped, because " : "left out, because ");
        shown_text(out, r->why, 0);
        buf_puts(out, "; should be: ");
    }
    shown_text(out, r->check->title, 0);
    buf_putc(out, '\n');
    if (verbose && r->state == INTEGRITY_FOUND)
        put_samples(out, r);
    put_mended(out, r);
}

static void
put_pack(struct buf *out, const struct integrity_pack *p, bool verbose)
{
    buf_printf(out, "%s: ", p->pack->name);
    shown_text(out, p->pack->title, 0);
    buf_putc(out, '\n');
    for (size_t i = 0; i < p->count; i++)
        put_result(out, &p->items[i], verbose);
}

void
integrity_text(struct buf *out, const struct integrity_report *r, bool verbose)
{
    static const char *const marks[] = {[INTEGRITY_GOOD] = TICK,
                                        [INTEGRITY_ISSUES] = CROSS,
                                        [INTEGRITY_CRITICAL] = CROSS,
                                        [INTEGRITY_UNKNOWN] = CAUTION};
    const enum integrity_verdict verdict = integrity_verdict(r);
    int64_t issues = 0, skipped = 0;

    for (size_t i = 0; i < r->count; i++) {
        put_pack(out, &r->packs[i], verbose);
        issues += integrity_issues(&r->packs[i]);
        skipped += integrity_skipped(&r->packs[i]);
    }
    buf_printf(out, "\n%s ", marks[verdict]);
    shown_count(out, (double) issues);
    buf_puts(out, issues == 1 ? " issue" : " issues");
    if (issues > 0 && (verdict == INTEGRITY_GOOD || verdict == INTEGRITY_UNKNOWN))
        buf_puts(out, ", mended or handed to the daemons");
    if (skipped > 0)
        buf_printf(out, ", %" PRId64 " check%s skipped", skipped, skipped == 1 ? "" : "s");
    buf_putc(out, '\n');
}

void
monitor_text(struct buf *out, const struct integrity_report *r)
{
    static const char *const marks[] = {TICK, CAUTION, CROSS};

    for (size_t i = 0; i < r->count; i++) {
        const struct integrity_pack *p = &r->packs[i];
        const int score = integrity_score(p);

        put_pack(out, p, false);
        buf_printf(out, "\n%s %s: health score %d of 100, %s (", marks[health_status(score)], p->pack->name, score,
                   health_status_word(health_status(score)));
        shown_count(out, (double) integrity_issues(p));
        buf_printf(out, " issue%s, %" PRId64 " skipped; the last %d hours)\n", integrity_issues(p) == 1 ? "" : "s",
                   integrity_skipped(p), r->period_hours);
    }
    if (r->metrics != NULL)
        buf_puts(out, "metrics:\n");
    monitor_metrics_text(out, r->metrics);
}

void
monitor_chart(struct buf *out, const cJSON *runs, size_t width)
{
    const int bar = width >= CHART_BESIDE + CHART_BAR || width == 0 ? CHART_BAR : (int) width - CHART_BESIDE;
    const cJSON *run;

    cJSON_ArrayForEach(run, runs)
    {
        const int score = (int) cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(run, "score"));

        buf_printf(out, "%s  %3d ", cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "at")), score);
        for (int i = 0; i < bar; i++)
            buf_puts(out, i * 100 < score * bar ? "\xe2\x96\x88" : "\xe2\x96\x91");
        buf_printf(out, " %s\n", health_status_word(health_status(score)));
    }
}

/* ---- JSON ---- */

static cJSON *
result_json(const struct integrity_result *r, bool samples)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "check", r->check->name);
    cJSON_AddItemToObject(object, "about", r->about == NULL ? cJSON_CreateNull() : cJSON_CreateString(r->about));
    cJSON_AddStringToObject(object, "title", r->check->title);
    cJSON_AddStringToObject(object, "severity", pack_severity_word(r->check->severity));
    cJSON_AddNumberToObject(object, "weight", r->check->weight);
    cJSON_AddStringToObject(object, "state", states[r->state]);
    cJSON_AddItemToObject(object, "count",
                          r->state == INTEGRITY_SKIPPED ? cJSON_CreateNull() : cJSON_CreateNumber((double) r->rows));
    cJSON_AddItemToObject(object, "why", r->why == NULL ? cJSON_CreateNull() : cJSON_CreateString(r->why));
    if (samples)
        cJSON_AddItemToObject(object, "samples",
                              r->samples == NULL ? cJSON_CreateArray() : cJSON_Duplicate(r->samples, true));
    if (samples)
        cJSON_AddBoolToObject(object, "mendable", r->check->mends != PACK_NO_MEND);
    if (r->mended) {
        cJSON_AddNumberToObject(object, "changed", (double) r->changed);
        cJSON_AddItemToObject(object, "left", r->left < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double) r->left));
        cJSON_AddStringToObject(object, "done", r->check->done);
    }
    return object;
}

static cJSON *
results_json(const struct integrity_pack *p, bool samples)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < p->count; i++)
        cJSON_AddItemToArray(list, result_json(&p->items[i], samples));
    return list;
}

void
integrity_json(struct buf *out, const struct integrity_report *r)
{
    static const char *const words[] = {"good", "issues", "critical", "unknown"};
    cJSON *root = cJSON_CreateObject();
    cJSON *packs;
    char *text;

    cJSON_AddStringToObject(root, "timestamp", r->at);
    cJSON_AddStringToObject(root, "verdict", words[integrity_verdict(r)]);
    cJSON_AddItemToObject(root, "mend",
                          r->mend == NULL ? cJSON_CreateNull() : cJSON_CreateNumber(strtod(r->mend, NULL)));
    packs = cJSON_AddArrayToObject(root, "packs");
    for (size_t i = 0; i < r->count; i++) {
        cJSON *pack = cJSON_CreateObject();

        cJSON_AddStringToObject(pack, "pack", r->packs[i].pack->name);
        cJSON_AddNumberToObject(pack, "issues", (double) integrity_issues(&r->packs[i]));
        cJSON_AddNumberToObject(pack, "skipped", (double) integrity_skipped(&r->packs[i]));
        cJSON_AddItemToObject(pack, "checks", results_json(&r->packs[i], true));
        cJSON_AddItemToArray(packs, pack);
    }
    text = cJSON_Print(root);
    buf_printf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
}

int
monitor_score(const struct integrity_report *r)
{
    int lowest = 100;

    for (size_t i = 0; i < r->count; i++)
        lowest = integrity_score(&r->packs[i]) < lowest ? integrity_score(&r->packs[i]) : lowest;
    return lowest;
}

static cJSON *
pack_document(const struct integrity_pack *p)
{
    const int score = integrity_score(p);
    cJSON *object = cJSON_CreateObject();

    cJSON_AddNumberToObject(object, "health_score", score);
    cJSON_AddStringToObject(object, "status", health_status_word(health_status(score)));
    cJSON_AddNumberToObject(object, "total_issues", (double) integrity_issues(p));
    cJSON_AddNumberToObject(object, "skipped_checks", (double) integrity_skipped(p));
    cJSON_AddItemToObject(object, "results", results_json(p, false));
    return object;
}

/* What the checks found, of whichever packs, in one list: what 003 looks at with jq. */
static cJSON *
data_integrity(const struct integrity_report *r, const struct integrity_pack *only)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *issues = cJSON_CreateArray();
    int64_t total = 0, skipped = 0;

    for (size_t i = 0; i < r->count; i++) {
        const struct integrity_pack *p = &r->packs[i];

        if (only != NULL && only != p)
            continue;
        total += integrity_issues(p);
        skipped += integrity_skipped(p);
        for (size_t j = 0; j < p->count; j++)
            if (p->items[j].state == INTEGRITY_FOUND || p->items[j].state == INTEGRITY_SKIPPED)
                cJSON_AddItemToArray(issues, result_json(&p->items[j], false));
    }
    cJSON_AddStringToObject(object, "status", total > 0 ? "issues" : skipped > 0 ? "unknown" : "ok");
    cJSON_AddNumberToObject(object, "total_issues", (double) total);
    cJSON_AddNumberToObject(object, "skipped_checks", (double) skipped);
    cJSON_AddItemToObject(object, "issues", issues);
    return object;
}

cJSON *
monitor_document(const struct integrity_report *r, const struct integrity_pack *only)
{
    const int score = only == NULL ? monitor_score(r) : integrity_score(only);
    cJSON *root = cJSON_CreateObject();
    cJSON *checks;

    cJSON_AddStringToObject(root, "timestamp", r->at);
    cJSON_AddNumberToObject(root, "period_hours", r->period_hours);
    checks = cJSON_AddObjectToObject(root, "checks");
    cJSON_AddItemToObject(checks, "data_integrity", data_integrity(r, only));
    for (size_t i = 0; i < r->count; i++)
        if (only == NULL || only == &r->packs[i])
            cJSON_AddItemToObject(checks, r->packs[i].pack->name, pack_document(&r->packs[i]));
    cJSON_AddNumberToObject(root, "health_score", score);
    cJSON_AddStringToObject(root, "status", health_status_word(health_status(score)));
    if (r->metrics != NULL)
        cJSON_AddItemToObject(root, "metrics", cJSON_Duplicate(r->metrics, true));
    if (r->counters != NULL && only != NULL)
        cJSON_AddItemToObject(root, "counters", cJSON_Duplicate(r->counters, true));
    return root;
}
