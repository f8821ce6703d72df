/* explain_report.c - the judgement on one row's story; see dualwrite/explain_report.h. The text is explain_text.c. */
#include "dualwrite/explain_report.h"

#include <stdarg.h>
#include <string.h>

#include "dualwrite/shown.h"

static const cJSON *
item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(item(object, key));

    return text == NULL ? "" : text;
}

static bool
truth(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(item(object, key));
}

struct verdict {
    struct buf text;
    struct buf next;
    bool in_step;
};

static void say(struct verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
say(struct verdict *v, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&v->text, fmt, ap);
    va_end(ap);
}

/* Every legacy row that stands for it is as asked for; none does where one should be. */
static bool
is_equal(const cJSON *story)
{
    const cJSON *legacy;

    if (cJSON_IsString(item(item(story, "vnext"), "error")) || cJSON_GetArraySize(item(story, "legacy")) == 0)
        return false;
    cJSON_ArrayForEach(legacy, item(story, "legacy"))
    {
        if (!truth(legacy, "equal"))
            return false;
    }
    return true;
}

static bool
has_legacy(const cJSON *story)
{
    const cJSON *legacy;

    cJSON_ArrayForEach(legacy, item(story, "legacy"))
    {
        if (truth(legacy, "found"))
            return true;
    }
    return false;
}

static const char *
legacy_error(const cJSON *story)
{
    const cJSON *legacy;

    cJSON_ArrayForEach(legacy, item(story, "legacy"))
    {
        if (cJSON_IsString(item(legacy, "error")))
            return string(legacy, "error");
    }
    return NULL;
}

/* The failed event that stands in the way: a parked one before one that is tried again. */
static const cJSON *
worst(const cJSON *story)
{
    const cJSON *failed;

    cJSON_ArrayForEach(failed, item(story, "failed"))
    {
        if (truth(failed, "parked"))
            return failed;
    }
    return cJSON_GetArrayItem(item(story, "failed"), 0);
}

static void
judge_failed(struct verdict *v, const cJSON *f)
{
    if (truth(f, "parked")) {
        say(v, "parked because: %s", string(f, "message"));
        if (*string(f, "sqlstate") != '\0')
            say(v, " (%s %s)", string(f, "sqlstate"), string(f, "exception_type"));
        buf_printf(&v->next, "mend that, then: dualwrited failed retry --event=%s --wait", string(f, "event_id"));
        return;
    }
    say(v, "failed, and is tried again by itself in ");
    shown_span(&v->text, item(f, "retry_in_seconds") == NULL ? 0 : item(f, "retry_in_seconds")->valuedouble);
    say(v, ": %s", string(f, "message"));
    buf_printf(&v->next, "to try at once: dualwrited failed retry --event=%s --wait", string(f, "event_id"));
}

static void
judge_waiting(struct verdict *v, const cJSON *story)
{
    const cJSON *place = item(story, "place");

    if (!truth(story, "dual_write_enabled")) {
        say(v, "waits until dual write is on again");
        buf_puts(&v->next, "dualwrited flags");
    } else if (!cJSON_IsString(item(place, "instance"))) {
        say(v, "waits, and no daemon works on partition %.0f", item(place, "partition")->valuedouble);
        buf_puts(&v->next, "start one (dualwrited run); dualwrited status");
    } else {
        say(v, "waits for the daemon on %s, pid %.0f, partition %.0f", string(place, "host"),
            item(place, "pid")->valuedouble, item(place, "partition")->valuedouble);
        buf_puts(&v->next, "if it still waits in a minute: dualwrited status");
    }
}

/* Nothing waits and nothing failed, and it is not as it should be. */
static void
judge_drift(struct verdict *v, const cJSON *story)
{
    const cJSON *vnext = item(story, "vnext");
    const cJSON *parent = item(story, "parent");
    const char *error = legacy_error(story);
    const bool present = truth(vnext, "found") && truth(vnext, "present");

    if (cJSON_IsString(item(vnext, "error"))) {
        say(v, "cannot be read through the mapping: %s", string(vnext, "error"));
        buf_puts(&v->next, "mend the row or the mapping; its next change syncs it, or dualwrited reconcile --fix");
        return;
    }
    if (error != NULL) {
        say(v, "legacy would refuse it: %s", error);
        buf_puts(&v->next, "mend the row or the mapping; its next change syncs it, or dualwrited reconcile --fix");
        return;
    }
    if (truth(story, "resync")) {
        say(v, "not in step yet: the whole table is being synced anew");
        buf_puts(&v->next, "dualwrited status");
        return;
    }
    if (present && !has_legacy(story)) {
        say(v, "has no legacy row, and no event that would make one%s",
            cJSON_IsObject(parent) && !truth(parent, "has_legacy_row") ? "; its parent has none either" : "");
    } else if (!truth(vnext, "found")) {
        say(v, "is gone from vNext without an event, and its legacy row is not as a removal leaves it");
    } else {
        say(v, "drifted without an event: legacy differs, and nothing waits that would mend it");
    }
    buf_puts(&v->next, "dualwrited reconcile --fix");
}

bool
explain_judge(cJSON *story)
{
    struct verdict v = {0};
    const cJSON *failed = worst(story);
    const cJSON *total = item(item(story, "waiting"), "total");
    const double waiting = total == NULL ? 0 : total->valuedouble;
    const bool equal = is_equal(story);
    const bool known = truth(item(story, "vnext"), "found") || has_legacy(story) ||
                       cJSON_GetArraySize(item(story, "map")) > 0 || failed != NULL || waiting > 0 ||
                       cJSON_IsString(item(item(story, "vnext"), "error"));

    if (!known) {
        say(&v, "there is no such row: not in vNext, not in legacy, and no event names it");
    } else if (equal) {
        v.in_step = true;
        say(&v, truth(item(story, "vnext"), "found") ? "in step"
                                                     : "in step: gone from vNext, and legacy is as that leaves it");
        if (failed != NULL) {
            say(&v, ", though event %s has failed", string(failed, "event_id"));
            buf_printf(&v.next, "dualwrited failed retry --event=%s --wait", string(failed, "event_id"));
        } else if (waiting > 0) {
            say(&v, "; what waits will change nothing");
        }
    } else if (waiting > 0) { /* a new event takes the failed ones of its row along */
        judge_waiting(&v, story);
        if (failed != NULL)
            say(&v, "; it failed before: %s", string(failed, "message"));
    } else if (failed != NULL) {
        judge_failed(&v, failed);
    } else {
        judge_drift(&v, story);
    }
    cJSON_AddBoolToObject(story, "in_step", v.in_step);
    cJSON_AddStringToObject(story, "verdict", buf_text(&v.text));
    cJSON_AddItemToObject(story, "next", v.next.len == 0 ? cJSON_CreateNull() : cJSON_CreateString(buf_text(&v.next)));
    buf_free(&v.text);
    buf_free(&v.next);
    return cJSON_IsTrue(item(story, "in_step"));
}
