/* status_text.c - the document of `dualwrited status` on one screen; see dualwrite/status_report.h. */
#include <string.h>

#include "dualwrite/shown.h"
#include "dualwrite/status_report.h"

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

/* "heading      text", with what a database said shown harmlessly. */
static void
put_row(struct buf *out, const char *heading, const struct buf *text, size_t width)
{
    struct buf line = {0};

    buf_printf(&line, "%-13s %s", heading, buf_text(text));
    shown_text(out, buf_text(&line), width);
    buf_putc(out, '\n');
    buf_free(&line);
}

static void
put_flags(struct buf *out, const cJSON *report, size_t width)
{
    static const struct {
        const char *flag, *words, *on, *off;
    } shown[] = {
        {"TEAM_VNEXT_DUAL_WRITE_ENABLED", "dual write", "on", "OFF"},
        {"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE", "strict mode", "on", "off"},
        {"TEAM_LEGACY_WRITE_BLOCKED", "legacy writes", "blocked", "NOT blocked"},
        {"TEAM_LEGACY_WRITE_BYPASS_ENABLED", "bypass", "ON", "off"},
    };
    const cJSON *flags = item(report, "flags");
    const cJSON *flag;
    struct buf text = {0};

    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        buf_printf(&text, "%s%s %s", i == 0 ? "" : ", ", shown[i].words,
                   strcmp(string(item(flags, shown[i].flag), "value"), "true") == 0 ? shown[i].on : shown[i].off);
    put_row(out, "flags", &text, width);
    cJSON_ArrayForEach(flag, flags)
    {
        if (strcmp(string(flag, "source"), "override") != 0)
            continue;
        buf_clear(&text);
        buf_printf(&text, "override %s=%s by %s: %s", flag->string, string(flag, "value"), string(flag, "override_who"),
                   *string(flag, "override_why") == '\0' ? "no reason given" : string(flag, "override_why"));
        put_row(out, "", &text, width);
    }
    buf_free(&text);
}

static void
put_queue(struct buf *out, const cJSON *report, size_t width)
{
    const cJSON *age = item(report, "oldest_event_age_seconds");
    const double backlog = number(report, "backlog");
    struct buf text = {0};

    if (backlog == 0 && cJSON_IsTrue(item(report, "backlog_exact"))) {
        buf_puts(&text, "nothing waits");
    } else {
        buf_puts(&text, cJSON_IsTrue(item(report, "backlog_exact")) ? "" : "about ");
        shown_count(&text, backlog);
        buf_puts(&text, backlog == 1 ? " event waits" : " events wait");
        if (cJSON_IsNumber(age)) {
            buf_puts(&text, ", the oldest for ");
            shown_span(&text, age->valuedouble);
        }
        if (!cJSON_IsTrue(item(report, "backlog_exact")))
            buf_puts(&text, " (an estimate: counting takes too long)");
    }
    put_row(out, "backlog", &text, width);
    buf_free(&text);
}

static void
put_failed(struct buf *out, const cJSON *report, size_t width)
{
    const cJSON *failed = item(report, "failed");
    const cJSON *cause;
    struct buf text = {0};

    if (number(failed, "parked") + number(failed, "retrying") == 0) {
        buf_puts(&text, cJSON_IsTrue(item(failed, "exact")) ? "none" : "not known: counting takes too long");
    } else {
        buf_puts(&text, cJSON_IsTrue(item(failed, "exact")) ? "" : "about ");
        shown_count(&text, number(failed, "parked"));
        buf_puts(&text, " parked, ");
        shown_count(&text, number(failed, "retrying"));
        buf_puts(&text, " retrying");
        if (cJSON_IsNumber(item(failed, "oldest_age_seconds"))) {
            buf_puts(&text, ", the oldest for ");
            shown_span(&text, number(failed, "oldest_age_seconds"));
        }
    }
    put_row(out, "failed", &text, width);
    cJSON_ArrayForEach(cause, item(failed, "causes"))
    {
        buf_clear(&text);
        shown_count(&text, number(cause, "parked") + number(cause, "retrying"));
        buf_printf(&text, " x %s: %s %s %s", string(cause, "entity"), string(cause, "sqlstate"),
                   string(cause, "exception_type"), string(cause, "constraint"));
        put_row(out, "", &text, width);
    }
    buf_free(&text);
}

static void
put_rest(struct buf *out, const cJSON *report, size_t width)
{
    const cJSON *writes = item(report, "legacy_writes_24h");
    const cJSON *legacy = item(item(report, "databases"), "legacy");
    const cJSON *resync;
    struct buf text = {0};

    cJSON_ArrayForEach(resync, item(report, "resyncs"))
    {
        buf_printf(&text, "%s%s (", text.len == 0 ? "" : ", ", string(resync, "entity"));
        if (cJSON_IsTrue(item(resync, "begun"))) {
            shown_count(&text, number(resync, "queued_events"));
            buf_puts(&text, " rows queued)");
        } else {
            buf_puts(&text, "not begun yet)");
        }
    }
    if (text.len > 0)
        put_row(out, "resync", &text, width);
    buf_clear(&text);
    if (!cJSON_IsObject(writes)) {
        buf_puts(&text, "not known: the legacy database does not answer");
    } else if (number(writes, "statements") == 0) {
        buf_puts(&text, "none past the daemons in 24 h");
    } else {
        const cJSON *role;

        shown_count(&text, number(writes, "statements"));
        buf_puts(&text, " statements past the daemons in 24 h, ");
        shown_count(&text, number(writes, "rows"));
        buf_puts(&text, " rows, by ");
        cJSON_ArrayForEach(role, item(writes, "roles")) buf_printf(
            &text, "%s%s", role->prev == NULL || role == item(writes, "roles")->child ? "" : ", ", role->valuestring);
    }
    put_row(out, "legacy writes", &text, width);
    if (cJSON_IsObject(legacy)) {
        buf_clear(&text);
        buf_printf(&text, "%s: %s", string(legacy, "database"),
                   cJSON_IsTrue(item(legacy, "answers")) ? "answers" : "DOES NOT ANSWER");
        put_row(out, "legacy", &text, width);
    }
    buf_free(&text);
}

/* ---- daemons ---- */

/* Whether `partition` is one that `instance` is dealt, or holds at this moment. */
static bool
is_its(const cJSON *partition, const char *instance, bool held)
{
    return strcmp(string(held ? item(partition, "holder") : partition, "instance"), instance) == 0;
}

/* "0-3 5", "-" for none */
static void
put_ranges(struct buf *out, const cJSON *report, const char *instance, bool held)
{
    const cJSON *all = item(report, "partitions");
    const size_t before = out->len;

    for (const cJSON *p = all == NULL ? NULL : all->child; p != NULL; p = p->next) {
        const cJSON *first = p;

        if (!is_its(p, instance, held))
            continue;
        while (p->next != NULL && is_its(p->next, instance, held))
            p = p->next;
        buf_printf(out, "%s%d", out->len == before ? "" : " ", (int) number(first, "partition"));
        if (p != first)
            buf_printf(out, "-%d", (int) number(p, "partition"));
    }
    if (out->len == before)
        buf_putc(out, '-');
}

#define NARROW 120     /* columns: below it the table leaves out what other lines tell */
#define BESIDE_HOST 66 /* columns that the narrow table takes beside the hosts, as a rule */

/* A version that is not this program's, which is worth a column also where there is little room. */
static bool
has_other_version(const cJSON *report)
{
    const cJSON *d;

    cJSON_ArrayForEach(d, item(report, "daemons"))
    {
        if (strcmp(string(d, "version"), string(report, "version")) != 0)
            return true;
    }
    return false;
}

static void
add_daemon(struct grid *g, const cJSON *report, const cJSON *d, bool narrow, size_t host)
{
    struct buf text = {0};

    grid_add(g, string(d, "instance_short"), 8);
    grid_add(g, string(d, "host"), host);
    grid_addf(g, "%.0f", number(d, "pid"));
    if (!cJSON_IsTrue(item(d, "mapping_installed")))
        buf_puts(&text, "ANOTHER MAPPING");
    else
        buf_printf(&text, "%s%s", string(d, "state"), cJSON_IsTrue(item(d, "listening")) ? "" : ", polls");
    grid_add(g, buf_text(&text), 30);
    buf_clear(&text);
    put_ranges(&text, report, string(d, "instance"), false);
    grid_add(g, buf_text(&text), 24);
    buf_clear(&text);
    put_ranges(&text, report, string(d, "instance"), true);
    if (!narrow)
        grid_add(g, buf_text(&text), 16);
    buf_clear(&text);
    shown_span(&text, number(d, "last_beat_age_seconds"));
    grid_take(g, &text);
    shown_span(&text, number(d, "uptime_seconds"));
    grid_take(g, &text);
    if (!narrow || has_other_version(report))
        grid_add(g, string(d, "version"), 30);
}

static void
add_heads(struct grid *g, const cJSON *report, bool narrow)
{
    static const char *const heads[] = {"daemon",    "host",      "pid",     "state",  "partitions",
                                        "holds now", "last beat", "running", "version"};

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (narrow &&
            (strcmp(heads[i], "holds now") == 0 || (strcmp(heads[i], "version") == 0 && !has_other_version(report))))
            continue;
        grid_add(g, heads[i], 0);
    }
    g->columns = g->count;
}

static void
put_daemons(struct buf *out, const cJSON *report, size_t width)
{
    const bool narrow = width > 0 && width < NARROW;
    const size_t host = !narrow ? 30 : width < BESIDE_HOST + 12 ? 12 : width - BESIDE_HOST;
    struct grid g = {.columns = 1};
    const cJSON *d;

    buf_putc(out, '\n');
    if (cJSON_GetArraySize(item(report, "daemons")) == 0)
        buf_puts(out, "no daemon is running\n");
    else
        add_heads(&g, report, narrow);
    cJSON_ArrayForEach(d, item(report, "daemons")) add_daemon(&g, report, d, narrow, host);
    grid_put(out, &g, 0, width);
    grid_free(&g);
    cJSON_ArrayForEach(d, item(report, "silent_daemons"))
    {
        struct buf line = {0};

        buf_printf(&line, "%s  %s pid %.0f has not beaten for ", string(d, "instance_short"), string(d, "host"),
                   number(d, "pid"));
        shown_span(&line, number(d, "last_beat_age_seconds"));
        buf_puts(&line, ": counts no more");
        shown_text(out, buf_text(&line), width);
        buf_putc(out, '\n');
        buf_free(&line);
    }
}

/* `text` behind what is in the line already (`indent` columns), wrapped between words. */
static void
put_wrapped(struct buf *out, const char *text, size_t indent, size_t width)
{
    const size_t room = width > indent + 20 ? width - indent : 0;
    struct buf shown = {0};
    const char *word;
    size_t used = 0;

    shown_text(&shown, text, 0);
    for (word = buf_text(&shown); *word != '\0';) {
        struct buf one = {0};
        size_t wide;

        buf_add(&one, word, strcspn(word, " "));
        word += one.len;
        word += strspn(word, " ");
        wide = shown_width(buf_text(&one));
        if (room > 0 && used > 0 && used + 1 + wide > room) {
            buf_printf(out, "\n%*s", (int) indent, "");
            used = 0;
        }
        buf_printf(out, "%s%s", used > 0 ? " " : "", buf_text(&one));
        used += wide + (used > 0);
        buf_free(&one);
    }
    buf_putc(out, '\n');
    buf_free(&shown);
}

static void
put_findings(struct buf *out, const cJSON *report, size_t width, bool color)
{
    static const struct {
        const char *level, *word, *start;
    } words[] = {{"critical", "CRITICAL", "\x1b[31m"}, {"warning", "WARNING", "\x1b[33m"}, {"note", "NOTE", ""}};
    const cJSON *f;

    buf_puts(out, cJSON_GetArraySize(item(report, "findings")) > 0 ? "\n" : "");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        cJSON_ArrayForEach(f, item(report, "findings"))
        {
            if (strcmp(string(f, "level"), words[i].level) != 0)
                continue;
            buf_printf(out, "%s%-8s%s  ", color ? words[i].start : "", words[i].word,
                       color && *words[i].start != '\0' ? "\x1b[0m" : "");
            put_wrapped(out, string(f, "text"), 10, width); /* never cut: this is what matters */
            if (*string(f, "next") != '\0') {
                buf_puts(out, "          -> ");
                put_wrapped(out, string(f, "next"), 13, width);
            }
        }
}

void
status_text(struct buf *out, const cJSON *report, size_t width, bool color)
{
    struct buf text = {0};

    if (cJSON_IsTrue(item(report, "ready")))
        buf_puts(&text, "yes");
    else
        buf_printf(&text, "no, because %s", string(report, "not_ready_because"));
    buf_printf(out, "%-13s ", "ready");
    put_wrapped(out, buf_text(&text), 14, width);
    buf_free(&text);
    put_flags(out, report, width);
    put_queue(out, report, width);
    put_failed(out, report, width);
    put_rest(out, report, width);
    put_daemons(out, report, width);
    put_findings(out, report, width, color);
}
