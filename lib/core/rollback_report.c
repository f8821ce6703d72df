/* rollback_report.c - the checklist and the notification after a rollback; see dualwrite/rollback_report.h. */
#include "dualwrite/rollback_report.h"

#include <string.h>

#include "dualwrite/flags.h"
#include "dualwrite/shown.h"

static const cJSON *
get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(get(object, key));

    return text == NULL ? "" : text;
}

static double
number(const cJSON *object, const char *key)
{
    const cJSON *n = get(object, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static const cJSON *
flag(const struct rollback_facts *facts, enum flag f)
{
    return get(get(facts->state, "flags"), flag_name(f));
}

static bool
is_on(const struct rollback_facts *facts, enum flag f)
{
    return strcmp(string(flag(facts, f), "value"), "true") == 0;
}

/* ---- the checklist ---- */

static void
add(cJSON *list, const char *what, const char *mark, struct buf *evidence)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "item", what);
    cJSON_AddStringToObject(object, "mark", mark);
    cJSON_AddStringToObject(object, "evidence", buf_text(evidence));
    cJSON_AddItemToArray(list, object);
    buf_free(evidence);
}

static void
check_flags(cJSON *list, const struct rollback_facts *facts)
{
    static const enum flag shown[] = {FLAG_ENABLED, FLAG_STRICT, FLAG_BLOCKED};
    struct buf evidence = {0};

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        buf_printf(&evidence, "%s%s=%s (%s)", i == 0 ? "" : ", ", flag_name(shown[i]),
                   string(flag(facts, shown[i]), "value"), string(flag(facts, shown[i]), "source"));
    if (cJSON_IsString(get(facts->judgement, "database_why")))
        buf_printf(&evidence, "; %s", string(facts->judgement, "database_why"));
    add(list, "the flags are in force",
        facts->judgement == NULL || cJSON_IsTrue(get(facts->judgement, "database")) ? "ok" : "failed", &evidence);
}

/* Nobody needs a restart: a daemon that obeys says so. */
static void
check_daemons(cJSON *list, const struct rollback_facts *facts)
{
    const cJSON *daemon;
    struct buf evidence = {0};
    int obey = 0;
    int waiting = 0;

    if (facts->judgement == NULL) {
        cJSON_ArrayForEach(daemon, get(facts->state, "daemons")) obey += cJSON_IsTrue(get(daemon, "live"));
        buf_printf(&evidence, "no flag was to be changed; daemons that run: %d", obey);
        add(list, "every daemon obeys", "ok", &evidence);
        return;
    }
    cJSON_ArrayForEach(daemon, get(facts->judgement, "daemons"))
    {
        const char *word = string(daemon, "verdict");

        obey += strcmp(word, "confirmed") == 0 || strcmp(word, "asked") == 0;
        if (strcmp(word, "waiting") != 0)
            continue;
        buf_printf(&evidence, "%s%s pid %.0f does not", waiting++ == 0 ? "" : ", ", string(daemon, "host"),
                   number(daemon, "pid"));
    }
    buf_printf(&evidence, "%s%d of %d running daemons obey, no restart needed", waiting == 0 ? "" : "; ", obey,
               obey + waiting);
    add(list, "every daemon obeys", waiting == 0 ? "ok" : "failed", &evidence);
}

static void
check_quiet(cJSON *list, const struct rollback_facts *facts)
{
    const int batches = cJSON_GetArraySize(get(facts->state, "batches"));
    struct buf evidence = {0};

    if (!facts->stopped) {
        buf_puts(&evidence,
                 is_on(facts, FLAG_ENABLED) ? "dual write is on, so its log lines go on" : "dual write is off");
        add(list, "dual-write log lines are as they should be", "ok", &evidence);
        return;
    }
    buf_printf(&evidence, "%d batches under way; while dual write is off no daemon is dealt any work", batches);
    add(list, "no dual-write log lines any more", batches == 0 && !is_on(facts, FLAG_ENABLED) ? "ok" : "failed",
        &evidence);
}

static void
check_writes(cJSON *list, const struct rollback_facts *facts)
{
    const bool read_only = cJSON_IsTrue(get(facts->state, "read_only"));
    struct buf evidence = {0};

    if (facts->evidence == NULL)
        buf_puts(&evidence, "the numbers could not be read");
    else
        buf_printf(&evidence,
                   "the database %s, %.0f capture triggers, room for %.0f more events; try one request of the "
                   "application too",
                   read_only ? "is a standby and takes no writes" : "takes writes", number(facts->evidence, "triggers"),
                   number(facts->evidence, "outbox_room"));
    add(list, "vNext requests succeed",
        facts->evidence == NULL || read_only || number(facts->evidence, "triggers") == 0 ? "failed" : "ok", &evidence);
}

static void
check_errors(cJSON *list, const struct rollback_facts *facts)
{
    const double since = number(facts->evidence, "failed_since");
    struct buf evidence = {0};

    buf_printf(&evidence, "%.0f events failed since, %.0f failed events in all", since,
               number(facts->evidence, "failed"));
    add(list, "no new errors", facts->evidence != NULL && since == 0 ? "ok" : "failed", &evidence);
}

static void
check_speed(cJSON *list, const struct rollback_facts *facts)
{
    const double blocked = number(facts->evidence, "blocked_sessions");
    struct buf evidence = {0};

    buf_printf(&evidence, "%.0f sessions wait for a lock of ours; response times are for your own monitoring to say",
               blocked);
    add(list, "nobody is slowed down", facts->evidence != NULL && blocked == 0 ? "ok" : "failed", &evidence);
}

cJSON *
rollback_checklist(const struct rollback_facts *facts)
{
    cJSON *list = cJSON_CreateArray();
    struct buf incident = {0};
    struct buf tell = {0};

    check_flags(list, facts);
    check_daemons(list, facts);
    check_quiet(list, facts);
    check_writes(list, facts);
    check_errors(list, facts);
    check_speed(list, facts);
    buf_printf(&incident, "%s, by %s: %s", facts->ticket == NULL ? "copy the text below into it" : facts->ticket,
               facts->who, facts->reason);
    add(list, "the incident log is up to date", "open", &incident);
    buf_puts(&tell, facts->notice_file == NULL ? "send the text below" : "send ");
    buf_puts(&tell, facts->notice_file == NULL ? "" : facts->notice_file);
    add(list, "everybody concerned is told", "open", &tell);
    return list;
}

void
rollback_checklist_text(struct buf *out, const cJSON *checklist)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, checklist)
    {
        const char *mark = string(entry, "mark");

        buf_puts(out, strcmp(mark, "ok") == 0 ? "  ✓ " : strcmp(mark, "failed") == 0 ? "  ✗ " : "  ☐ ");
        shown_text(out, string(entry, "item"), 0);
        buf_puts(out, ": ");
        shown_text(out, string(entry, "evidence"), 0);
        buf_putc(out, '\n');
    }
}

/* ---- the notification ---- */

/* One line, whatever an operator or a server wrote. */
static void
line(struct buf *out, const char *title, const char *text)
{
    buf_printf(out, "**%s:** ", title);
    shown_text(out, text, 0);
    buf_puts(out, "\n");
}

static void
impact(struct buf *out, const struct rollback_facts *facts)
{
    const bool on = is_on(facts, FLAG_ENABLED);
    const double backlog = number(facts->evidence, "backlog_estimate");

    buf_puts(out, "\n**Impact:**\n- vNext operations: unaffected; every change is still remembered\n");
    if (on)
        buf_puts(out, "- Legacy operations: kept in step\n");
    else
        buf_printf(out,
                   "- Legacy operations: not syncing; about %.0f changes wait and are caught up with by themselves "
                   "when dual write is on again\n",
                   backlog);
    buf_puts(out, "- User-facing impact: ");
    if (on && is_on(facts, FLAG_STRICT))
        buf_puts(out, "a request whose sync fails, fails (strict mode)\n");
    else
        buf_puts(out, on ? "none; a failed sync is logged and tried again, and no request fails for it\n"
                         : "none for vNext; who reads the legacy tables sees what they held before\n");
}

static void
next_steps(struct buf *out, const struct rollback_facts *facts)
{
    buf_puts(out, "\n**Next Steps:**\n"
                  "1. Find the cause: `dualwrited rollback advice`, `dualwrited failed list`\n"
                  "2. Fix it, and look what differs: `dualwrited reconcile`\n"
                  "3. Test again in staging\n");
    buf_puts(out, facts->stopped ? "4. Turn dual write on again and watch it: `dualwrited rollback resume`, then "
                                   "`dualwrited status`\n"
                                 : "4. Watch it: `dualwrited status`\n");
}

void
rollback_notice(struct buf *out, const struct rollback_facts *facts)
{
    static const enum flag shown[] = {FLAG_ENABLED, FLAG_STRICT, FLAG_BLOCKED};
    struct buf action = {0};

    buf_printf(&action, "%s (`dualwrited %s`, %.1f s)", facts->action, facts->command, facts->seconds);
    buf_puts(out, "### Dual-Write Rollback Notification\n\n");
    line(out, "Date", facts->at);
    line(out, "Environment", facts->environment);
    line(out, "Action Taken", buf_text(&action));
    buf_puts(out, "\n**Reason:**\n");
    shown_text(out, facts->reason, 0);
    buf_putc(out, '\n');
    impact(out, facts);
    buf_puts(out, "\n**Current State:**\n");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        buf_printf(out, "- %s: %s\n", flag_name(shown[i]), string(flag(facts, shown[i]), "value"));
    if (facts->judgement != NULL && !cJSON_IsTrue(get(facts->judgement, "confirmed")))
        buf_puts(out, "- NOT confirmed everywhere yet: see `dualwrited flags`\n");
    next_steps(out, facts);
    buf_putc(out, '\n');
    line(out, "Done by", facts->who);
    line(out, "Incident Ticket", facts->ticket == NULL ? "none was named" : facts->ticket);
    buf_free(&action);
}
