/* view.c - what is in force; see view.h. */
#include "view.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/log.h"
#include "dualwrite/xalloc.h"

void
view_init(struct view *v)
{
    *v = (struct view){.oldest_ms = -1};
    for (enum flag f = 0; f < FLAG_COUNT; f++)
        v->flags.value[f] = flag_default(f);
}

void
view_free(struct view *v)
{
    free(v->digest);
    free(v->installed);
    free(v->partitions);
    free(v->disagreement);
    free(v->overrides);
    free(v->capture_missing);
}

/* Replaces *old by a copy of `text`; true when they differ. NULL differs from a text. */
static bool
replace(char **old, const char *text)
{
    if ((*old == NULL) == (text == NULL) && (text == NULL || strcmp(*old, text) == 0))
        return false;
    free(*old);
    *old = xstrdup(text);
    return true;
}

static void
note_flags(struct view *v, const struct beat_answer *b)
{
    bool first = v->partitions == NULL;
    bool changed = first;
    const char *warning;

    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        if (first || strcmp(v->flags.value[f], b->flags.value[f]) == 0)
            continue;
        log_msg(LOG_INFO, "flag_changed", "%s in force: %s -> %s", flag_name(f), v->flags.value[f], b->flags.value[f]);
        changed = true;
    }
    v->flags = b->flags;
    if (replace(&v->disagreement, b->disagreement) && b->disagreement != NULL)
        log_msg(LOG_WARNING, "flags_disagree",
                "running daemons disagree on %s; the safest view holds (see `dualwrited flags`)", b->disagreement);
    if (replace(&v->overrides, b->overrides) && b->overrides != NULL)
        log_msg(LOG_WARNING, "flags_overridden", "an operator's override is in force: %s", b->overrides);
    for (size_t i = 0; changed && (warning = flags_warning(&v->flags, i)) != NULL; i++)
        log_msg(LOG_WARNING, "flags_doubtful", "%s", warning);
}

static void
say_deaf(struct view *v, const char *why)
{
    if (!v->said_deaf)
        log_msg(LOG_WARNING, "not_listening", "%s", why);
    v->said_deaf = true;
}

static void
note_hearing(struct view *v, const struct beat_answer *b, bool notify)
{
    bool hears;

    /* the doorbell stood, a writer came, and we slept on; without a pooler the notification comes before this answer */
    if (b->between && b->armed && b->waiting && !b->heard)
        v->swallowed = true;
    hears = b->listening && b->bells && !v->swallowed;
    if (hears && (!b->between || b->heard))
        v->said_deaf = false;
    v->deaf = !notify || hears ? 0 : b->bells && !v->swallowed ? v->deaf + 1 : VIEW_DEAF_BEATS + 1;
    if (v->deaf >= VIEW_DEAF_BEATS)
        say_deaf(v, b->bells ? "LISTEN does not hold on this connection (a transaction pooler?); polling instead. Give "
                               "DUALWRITE_DATABASE_URL a direct connection, or set DUALWRITE_NOTIFY=off"
                             : "max_prepared_transactions is above 0: a NOTIFY would make PREPARE TRANSACTION fail, so "
                               "writers do not ring and this daemon polls");
    v->listening = hears;
}

/* Once it is full, every transaction that notifies fails at its commit: the application's, if it rings our doorbells. */
static void
note_queue(struct view *v, const struct beat_answer *b)
{
    if (b->queue_percent > VIEW_QUEUE_FULL && !v->filling)
        log_msg(
            LOG_WARNING, "notification_queue_filling",
            "the server's notification queue is %d %% full; when it is full, transactions that notify fail. A session "
            "that listens and stays in a transaction holds it back: end it. The oldest transactions: %s",
            b->queue_percent, b->queue_holders == NULL ? "none that this role may see" : b->queue_holders);
    v->filling = b->queue_percent > (v->filling ? VIEW_QUEUE_CALM : VIEW_QUEUE_FULL);
}

/* A trigger that is away makes no fault anywhere: its changes are simply not there. */
static void
note_capture(struct view *v, const char *missing)
{
    const bool first = v->capture_missing == NULL;
    struct buf names = {0};
    cJSON *list;
    const cJSON *one;

    if (!replace(&v->capture_missing, missing))
        return;
    list = cJSON_Parse(missing);
    cJSON_ArrayForEach(one, list) buf_printf(&names, "%s%s", names.len == 0 ? "" : ", ", one->valuestring);
    if (names.len > 0)
        log_msg(
            LOG_WARNING, "capture_missing",
            "changes are NOT captured: %s: the trigger is missing or switched off. Run `dualwrited install`: it puts "
            "triggers back, and queues every row of the table",
            buf_text(&names));
    else if (!first)
        log_msg(LOG_INFO, "capture_back",
                "all changes are captured again. What was missed is queued if `dualwrited install` mended it; else run "
                "`dualwrited reconcile`");
    cJSON_Delete(list);
    buf_free(&names);
}

bool
view_note(struct view *v, const struct beat_answer *b, bool notify)
{
    note_flags(v, b);
    note_hearing(v, b, notify);
    note_queue(v, b);
    if (b->capture_missing != NULL)
        note_capture(v, b->capture_missing);
    if (replace(&v->installed, b->mapping_digest) && v->digest != NULL && !view_mapping_installed(v))
        log_msg(LOG_WARNING, "mapping_mismatch",
                "the installed mapping is another one (%.12s, ours is %.12s): no work is taken. Run `dualwrited "
                "install` with this mapping, or give this daemon the installed one",
                v->installed == NULL ? "none" : v->installed, v->digest);
    v->failed = b->failed;
    v->retrying = b->retrying;
    v->oldest_ms = b->oldest_ms;
    v->fresh = true;
    return replace(&v->partitions, b->partitions);
}

void
view_lost(struct view *v)
{
    v->fresh = false;
    v->listening = false;
    v->swallowed = false;
}

void
view_own_digest(struct view *v, const char *digest)
{
    /* a mismatch is said again when either side changes */
    if (replace(&v->digest, digest))
        replace(&v->installed, NULL);
}

bool
view_mapping_installed(const struct view *v)
{
    return v->digest != NULL && v->installed != NULL && strcmp(v->digest, v->installed) == 0;
}

bool
view_is_ours(const struct view *v, int partition)
{
    const char *p = v->partitions == NULL ? "" : v->partitions;

    for (; *p != '\0'; p += strcspn(p, ","), p += *p == ',')
        if (partition < 0 || atoi(p) == partition)
            return true;
    return false;
}
