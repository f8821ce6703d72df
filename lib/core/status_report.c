/*
 * status_report.c - the document of `dualwrited status` and its judgement; see dualwrite/status_report.h. The text is
 * status_text.c.
 */
#include "dualwrite/status_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dualwrite/shown.h"

static const char *const level_words[] = {"ok", "warning", "critical"};

/* ---- reading ---- */

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

static double
number(const cJSON *object, const char *key)
{
    const cJSON *n = item(object, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static bool
is_on(const cJSON *report, const char *flag)
{
    return strcmp(string(item(item(report, "flags"), flag), "value"), "true") == 0;
}

/* ---- the document ---- */

static void
copy(cJSON *to, const cJSON *from, const char *key)
{
    const cJSON *found = item(from, key);

    cJSON_AddItemToObject(to, key, found == NULL ? cJSON_CreateNull() : cJSON_Duplicate(found, true));
}

static void
add_database(cJSON *databases, const char *side, const char *shown, const char *why)
{
    cJSON *d = cJSON_AddObjectToObject(databases, side);

    cJSON_AddStringToObject(d, "database", shown);
    cJSON_AddBoolToObject(d, "answers", why == NULL);
    cJSON_AddItemToObject(d, "error", why == NULL ? cJSON_CreateNull() : cJSON_CreateString(why));
}

static void
add_backlog(cJSON *report, const struct status_parts *p)
{
    if (p->backlog != NULL) {
        copy(report, p->backlog, "backlog");
        cJSON_AddBoolToObject(report, "backlog_exact", true);
        copy(report, p->backlog, "oldest_event_age_seconds");
    } else {
        cJSON_AddItemToObject(report, "backlog", cJSON_Duplicate(item(p->overview, "outbox_estimate"), true));
        cJSON_AddBoolToObject(report, "backlog_exact", false);
        cJSON_AddItemToObject(report, "oldest_event_age_seconds",
                              p->oldest < 0 ? cJSON_CreateNull() : cJSON_CreateNumber(p->oldest));
    }
    copy(report, p->overview, "outbox_room");
}

/* Each partition gets the number of its waiting events, null where that is not known. */
static void
add_partitions(cJSON *report, const struct status_parts *p)
{
    cJSON *partition;

    copy(report, p->overview, "partitions");
    cJSON_ArrayForEach(partition, cJSON_GetObjectItemCaseSensitive(report, "partitions"))
    {
        const cJSON *waiting = item(p->backlog, "waiting");
        char name[16];

        snprintf(name, sizeof name, "%d", (int) number(partition, "partition"));
        cJSON_AddItemToObject(partition, "waiting",
                              waiting == NULL ? cJSON_CreateNull() : cJSON_CreateNumber(number(waiting, name)));
    }
}

/* ---- the judgement ---- */

struct judging {
    cJSON *findings;
    enum status_level level;
    const cJSON *not_ready; /* the finding that says why */
};

static cJSON *find(struct judging *j, enum status_level level, const char *about, const char *next, const char *fmt,
                   ...) __attribute__((format(printf, 5, 6)));

static cJSON *
find(struct judging *j, enum status_level level, const char *about, const char *next, const char *fmt, ...)
{
    cJSON *f = cJSON_CreateObject();
    struct buf text = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    cJSON_AddStringToObject(f, "level", level == STATUS_OK ? "note" : level_words[level]);
    cJSON_AddStringToObject(f, "about", about);
    cJSON_AddStringToObject(f, "text", buf_text(&text));
    cJSON_AddItemToObject(f, "next", next == NULL ? cJSON_CreateNull() : cJSON_CreateString(next));
    cJSON_AddItemToArray(j->findings, f);
    buf_free(&text);
    j->level = level > j->level ? level : j->level;
    return f;
}

/* "1 event waits", "12 events wait", "about 5 000 000 events wait" */
static void
put_backlog(struct buf *out, const cJSON *report)
{
    const double n = number(report, "backlog");

    buf_puts(out, cJSON_IsTrue(item(report, "backlog_exact")) ? "" : "about ");
    shown_count(out, n);
    buf_puts(out, n == 1 ? " event waits" : " events wait");
}

/* One that was killed counts until ten seconds after its last beat: what is known meanwhile is that it is quiet. */
static void
judge_beat(struct judging *j, const cJSON *daemon)
{
    struct buf age = {0};

    if (number(daemon, "last_beat_age_seconds") <= STATUS_BEAT_S)
        return;
    shown_span(&age, number(daemon, "last_beat_age_seconds"));
    find(j, STATUS_WARNING, "late_beat",
         "run `dualwrited status` again: it beats again, or counts no more after 10 s; then look at its host",
         "%s on %s, pid %d, has not beaten for %s: it may be dead", string(daemon, "instance_short"),
         string(daemon, "host"), (int) number(daemon, "pid"), buf_text(&age));
    buf_free(&age);
}

static void
judge_daemons(struct judging *j, const cJSON *report)
{
    const cJSON *daemon;
    /* what is too much to be counted waits, whatever the estimate says */
    const bool waits = number(report, "backlog") > 0 || !cJSON_IsTrue(item(report, "backlog_exact")) ||
                       cJSON_GetArraySize(item(report, "resyncs")) > 0;
    struct buf backlog = {0};
    int able = 0;

    cJSON_ArrayForEach(daemon, item(report, "daemons"))
    {
        if (cJSON_IsTrue(item(daemon, "mapping_installed"))) {
            able++;
            judge_beat(j, daemon);
            continue;
        }
        find(j, STATUS_WARNING, "mapping",
             "give every daemon the installed mapping, or run `dualwrited install` with the new one",
             "%s on %s, pid %d, runs another mapping than the installed one and takes no work",
             string(daemon, "instance_short"), string(daemon, "host"), (int) number(daemon, "pid"));
    }
    put_backlog(&backlog, report);
    if (is_on(report, "TEAM_VNEXT_DUAL_WRITE_ENABLED") && able == 0)
        j->not_ready =
            find(j, waits ? STATUS_CRITICAL : STATUS_WARNING, "no_daemon",
                 "start one: systemctl start dualwrited, or `dualwrited run`; `dualwrited check` says what "
                 "may keep it from working",
                 "dual write is on and no daemon works%s%s%s", waits ? ": " : "", waits ? buf_text(&backlog) : "",
                 number(report, "backlog") == 0 && waits ? ", but a resync does" : "");
    buf_free(&backlog);
}

static void
judge_failed(struct judging *j, const cJSON *report)
{
    const cJSON *failed = item(report, "failed");
    const double parked = number(failed, "parked");
    const double retrying = number(failed, "retrying");
    struct buf n = {0};
    cJSON *finding;

    if (is_on(report, "TEAM_VNEXT_DUAL_WRITE_ENABLED") && is_on(report, "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE") &&
        parked + retrying > 0) {
        shown_count(&n, parked + retrying);
        finding = find(j, STATUS_CRITICAL, "strict", "dualwrited failed list",
                       parked + retrying == 1 ? "strict mode: %s event failed" : "strict mode: %s events failed",
                       buf_text(&n));
        j->not_ready = j->not_ready == NULL ? finding : j->not_ready;
    } else if (parked > 0) {
        shown_count(&n, parked);
        find(j, STATUS_WARNING, "parked", "dualwrited failed list --parked",
             parked == 1 ? "%s event is parked: it waits for its row to change, or for you"
                         : "%s events are parked: they wait for their rows to change, or for you",
             buf_text(&n));
    }
    buf_free(&n);
}

static void
judge_lag(struct judging *j, const cJSON *report)
{
    const double age = number(report, "oldest_event_age_seconds");
    struct buf span = {0};
    struct buf backlog = {0};

    shown_span(&span, age);
    put_backlog(&backlog, report);
    if (!is_on(report, "TEAM_VNEXT_DUAL_WRITE_ENABLED")) {
        if (number(report, "backlog") > 0)
            find(j, STATUS_OK, "off", "dualwrited flags", "dual write is off: %s until it is on again",
                 buf_text(&backlog));
    } else if (age >= STATUS_LAG_S && cJSON_GetArraySize(item(report, "daemons")) > 0) {
        find(j, STATUS_WARNING, "lag",
             "run `dualwrited status` again: a backlog that falls is being worked off; one that stands: the daemon's "
             "log "
             "says why",
             "the oldest event waits for %s", buf_text(&span));
    }
    if (item(report, "outbox_room") != NULL && number(report, "outbox_room") <= 0 && number(report, "backlog") > 0)
        find(j, STATUS_WARNING, "outbox_full",
             "get a daemon to work; DUALWRITE_OUTBOX_MAX says how many events may wait",
             "the outbox is full: changes raise resync marks instead of events");
    buf_free(&span);
    buf_free(&backlog);
}

static void
judge_holders(struct judging *j, const cJSON *report)
{
    const cJSON *partition;
    double last = 0;

    cJSON_ArrayForEach(partition, item(report, "partitions"))
    {
        const cJSON *holder = item(partition, "holder");
        const double pid = number(holder, "backend_pid");
        char next[120];

        if (!cJSON_IsObject(holder) || !cJSON_IsFalse(item(holder, "live")) || pid == last)
            continue;
        last = pid;
        snprintf(next, sizeof next, "if it stays: SELECT pg_terminate_backend(%.0f);", pid);
        find(
            j, STATUS_WARNING, "holder", next,
            "partition %d is held by backend %.0f (%s), which is NO LIVE DAEMON'S: nobody works on its events until it "
            "lets go",
            (int) number(partition, "partition"), pid,
            *string(holder, "application_name") == '\0' ? "unknown" : string(holder, "application_name"));
    }
}

/* Critical also while dual write is off: changes are to be remembered meanwhile, and these are lost. */
static void
judge_capture(struct judging *j, const cJSON *report)
{
    struct buf names = {0};
    const cJSON *one;

    cJSON_ArrayForEach(one, item(report, "capture_missing"))
        buf_printf(&names, "%s%s", names.len == 0 ? "" : ", ", cJSON_GetStringValue(one));
    if (names.len > 0)
        find(j, STATUS_CRITICAL, "capture",
             "run `dualwrited install`: it puts triggers back, and queues every row of the table",
             "changes are NOT captured: %s: the trigger is missing or switched off", buf_text(&names));
    buf_free(&names);
}

static void
judge_rest(struct judging *j, const cJSON *report)
{
    const cJSON *legacy = item(item(report, "databases"), "legacy");
    const cJSON *flag;
    const cJSON *resync;

    if (cJSON_IsFalse(item(legacy, "answers")))
        find(j, STATUS_WARNING, "legacy_database", "look whether it runs, and check DUALWRITE_LEGACY_DATABASE_URL",
             "the legacy database does not answer from here: %s", string(legacy, "error"));
    cJSON_ArrayForEach(flag, item(report, "flags"))
    {
        if (cJSON_IsTrue(item(flag, "disagreement")))
            find(j, STATUS_WARNING, "flags", "dualwrited flags", "running daemons disagree on %s; %s holds",
                 flag->string, string(flag, "value"));
    }
    cJSON_ArrayForEach(resync, item(report, "resyncs"))
        find(j, STATUS_OK, "resync", NULL, "the whole table of %s is being synced anew (%s)", string(resync, "entity"),
             cJSON_IsTrue(item(resync, "begun")) ? "under way" : "not begun yet");
}

static void
judge(cJSON *report)
{
    struct judging j = {.findings = cJSON_AddArrayToObject(report, "findings")};
    const char *why;

    judge_capture(&j, report);
    judge_daemons(&j, report);
    judge_failed(&j, report);
    judge_lag(&j, report);
    judge_holders(&j, report);
    judge_rest(&j, report);
    why = string(j.not_ready, "text");
    cJSON_ReplaceItemInObjectCaseSensitive(report, "status", cJSON_CreateString(level_words[j.level]));
    cJSON_ReplaceItemInObjectCaseSensitive(report, "ready", cJSON_CreateBool(j.not_ready == NULL));
    if (j.not_ready != NULL)
        cJSON_ReplaceItemInObjectCaseSensitive(report, "not_ready_because", cJSON_CreateString(why));
}

cJSON *
status_report(const struct status_parts *p)
{
    cJSON *report = cJSON_CreateObject();
    cJSON *databases;

    copy(report, p->overview, "at");
    cJSON_AddStringToObject(report, "version", p->version);
    cJSON_AddNullToObject(report, "status");
    cJSON_AddNullToObject(report, "ready");
    cJSON_AddNullToObject(report, "not_ready_because");
    databases = cJSON_AddObjectToObject(report, "databases");
    add_database(databases, "vnext", p->vnext, NULL);
    if (p->legacy != NULL)
        add_database(databases, "legacy", p->legacy, p->legacy_why);
    else
        cJSON_AddNullToObject(databases, "legacy");
    copy(report, p->overview, "flags");
    add_backlog(report, p);
    cJSON_AddItemToObject(report, "failed", cJSON_Duplicate(p->failed, true));
    copy(report, p->overview, "resyncs");
    cJSON_AddItemToObject(report, "capture_missing", cJSON_Duplicate(p->capture, true));
    copy(report, p->legacy_side, "legacy_writes_24h");
    add_partitions(report, p);
    copy(report, p->overview, "daemons");
    copy(report, p->overview, "silent_daemons");
    judge(report);
    return report;
}

enum status_level
status_level(const cJSON *report)
{
    for (int level = STATUS_CRITICAL; level > STATUS_OK; level--)
        if (strcmp(string(report, "status"), level_words[level]) == 0)
            return (enum status_level) level;
    return STATUS_OK;
}
