/* alert_text.c - what an alert says; see dualwrite/alert_text.h. */
#include "dualwrite/alert_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"

#define TEXT_MOST ((size_t) 2700) /* bytes of the checks; with the lines around them 3000 */
#define SUMMARY_MOST 1024         /* PagerDuty's limits */
#define KEY_MOST 255
#define CHECKS_MOST 50
#define NAME_COLUMNS 100
#define TITLE_COLUMNS 150
#define SOURCE_COLUMNS 200

static bool
is_told(const struct integrity_result *r)
{
    return r->state == INTEGRITY_FOUND || r->state == INTEGRITY_SKIPPED;
}

/* "teams is critical: health score 25 of 100". */
static void
put_headline(struct buf *out, const struct alert *a)
{
    const int score = integrity_score(a->pack);
    const char *status = health_status_word(health_status(score));

    shown_text(out, a->pack->pack->name, NAME_COLUMNS);
    buf_puts(out, a->kind == ALERT_WORSE ? " got worse: " : a->kind == ALERT_AGAIN ? " is still " : " is ");
    buf_printf(out, "%s%s health score %d of 100", status,
               a->kind == ALERT_RESOLVED ? " again:"
               : a->kind == ALERT_WORSE  ? ","
                                         : ":",
               score);
    if (a->kind == ALERT_WORSE || a->kind == ALERT_RESOLVED)
        buf_printf(out, " (was %d)", a->was);
}

static void
put_check(struct buf *out, const struct integrity_result *r)
{
    buf_puts(out, "- ");
    shown_text(out, r->check->name, NAME_COLUMNS);
    if (r->about != NULL) {
        buf_puts(out, " (");
        shown_text(out, r->about, NAME_COLUMNS);
        buf_putc(out, ')');
    }
    buf_puts(out, ": ");
    if (r->state == INTEGRITY_FOUND) {
        shown_count(out, (double) r->rows);
        buf_printf(out, " row%s, %s", r->rows == 1 ? "" : "s", pack_severity_word(r->check->severity));
    } else {
        buf_puts(out, "could not look");
    }
    buf_puts(out, "; should be: ");
    shown_text(out, r->check->title, TITLE_COLUMNS);
    buf_putc(out, '\n');
}

/* The headline, the checks that made it, where to look; as many checks as there is room for. */
static void
put_text(struct buf *out, const struct alert *a, const char *bold)
{
    size_t left = 0;

    buf_puts(out, bold);
    put_headline(out, a);
    buf_printf(out, "%s\n", bold);
    for (size_t i = 0; i < a->pack->count; i++) {
        struct buf line = {0};

        if (is_told(&a->pack->items[i])) {
            put_check(&line, &a->pack->items[i]);
            if (left > 0 || out->len + line.len > TEXT_MOST)
                left++;
            else
                buf_puts(out, buf_text(&line));
        }
        buf_free(&line);
    }
    if (left > 0)
        buf_printf(out, "- and %zu more\n", left);
    buf_puts(out, "Database ");
    shown_text(out, a->source, SOURCE_COLUMNS);
    buf_printf(out, ", %s, the last %d hours.\n", a->at, a->period_hours);
    if (a->kind != ALERT_RESOLVED)
        buf_puts(out, "dualwrited validate --verbose with this pack says which rows; docs/packs.md\n");
}

/* Frees the object. */
static char *
json_text(cJSON *object)
{
    char *json = cJSON_PrintUnformatted(object);
    char *text = xstrdup(json);

    cJSON_free(json);
    cJSON_Delete(object);
    return text;
}

/* ---- Slack ---- */

/* Between these letters Slack looks for links and calls of people. */
static void
put_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            buf_puts(out, "&amp;");
        else if (*text == '<')
            buf_puts(out, "&lt;");
        else if (*text == '>')
            buf_puts(out, "&gt;");
        else
            buf_putc(out, *text);
    }
}

char *
alert_slack(const struct alert *a)
{
    cJSON *object = cJSON_CreateObject();
    struct buf text = {0}, escaped = {0};

    put_text(&text, a, "*");
    put_escaped(&escaped, buf_text(&text));
    cJSON_AddStringToObject(object, "text", buf_text(&escaped));
    buf_free(&text);
    buf_free(&escaped);
    return json_text(object);
}

/* ---- PagerDuty ---- */

static cJSON *
details(const struct alert *a)
{
    const int score = integrity_score(a->pack);
    cJSON *object = cJSON_CreateObject();
    cJSON *checks;
    int count = 0;

    cJSON_AddNumberToObject(object, "health_score", score);
    cJSON_AddStringToObject(object, "status", health_status_word(health_status(score)));
    cJSON_AddNumberToObject(object, "total_issues", (double) integrity_issues(a->pack));
    cJSON_AddNumberToObject(object, "skipped_checks", (double) integrity_skipped(a->pack));
    cJSON_AddNumberToObject(object, "period_hours", a->period_hours);
    checks = cJSON_AddArrayToObject(object, "checks");
    for (size_t i = 0; i < a->pack->count && count < CHECKS_MOST; i++) {
        struct buf line = {0};

        if (!is_told(&a->pack->items[i]))
            continue;
        put_check(&line, &a->pack->items[i]);
        line.data[line.len - 1] = '\0';
        cJSON_AddItemToArray(checks, cJSON_CreateString(buf_text(&line) + 2));
        buf_free(&line);
        count++;
    }
    return object;
}

static cJSON *
payload(const struct alert *a)
{
    const bool critical = health_status(integrity_score(a->pack)) == HEALTH_IS_CRITICAL;
    cJSON *object = cJSON_CreateObject();
    struct buf summary = {0}, source = {0};

    put_headline(&summary, a);
    shown_text(&source, a->source, SOURCE_COLUMNS);
    buf_printf(&summary, " (%s)", buf_text(&source));
    if (summary.len > SUMMARY_MOST) {
        struct buf cut = {0};

        shown_text(&cut, buf_text(&summary), SUMMARY_MOST / 4);
        buf_free(&summary);
        summary = cut;
    }
    cJSON_AddStringToObject(object, "summary", buf_text(&summary));
    cJSON_AddStringToObject(object, "source", buf_text(&source));
    cJSON_AddStringToObject(object, "severity", critical ? "critical" : "warning");
    cJSON_AddStringToObject(object, "timestamp", a->at);
    cJSON_AddStringToObject(object, "component", "dualwrite");
    cJSON_AddStringToObject(object, "group", a->pack->pack->name);
    cJSON_AddStringToObject(object, "class", "health score");
    cJSON_AddItemToObject(object, "custom_details", details(a));
    buf_free(&summary);
    buf_free(&source);
    return object;
}

char *
alert_pagerduty(const struct alert *a, const char *routing_key)
{
    const bool over = a->kind == ALERT_RESOLVED;
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "routing_key", routing_key);
    cJSON_AddStringToObject(object, "event_action", over ? "resolve" : "trigger");
    cJSON_AddStringToObject(object, "dedup_key", a->key);
    cJSON_AddStringToObject(object, "client", "dualwrited monitor");
    if (!over)
        cJSON_AddItemToObject(object, "payload", payload(a));
    return json_text(object);
}

char *
alert_key(const char *pack, const char *source)
{
    struct buf key = {0}, cut = {0};

    buf_printf(&key, "dualwrited/%s/%s", pack, source);
    shown_text(&cut, buf_text(&key), key.len > KEY_MOST ? KEY_MOST / 4 : 0);
    buf_free(&key);
    return buf_steal(&cut);
}

/* ---- mail ---- */

/* A head takes ASCII as it is. */
static void
put_ascii(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_putc(out, *text >= ' ' && *text <= '~' ? *text : '?');
}

char *
alert_mail(const struct alert *a, const char *to)
{
    struct buf out = {0}, subject = {0};

    put_headline(&subject, a);
    buf_puts(&out, "To: ");
    put_ascii(&out, to);
    buf_puts(&out, "\nSubject: [dualwrite] ");
    put_ascii(&out, buf_text(&subject));
    /* nobody's holiday note answers it (RFC 3834) */
    buf_puts(&out, "\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                   "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n");
    put_text(&out, a, "");
    buf_free(&subject);
    return buf_steal(&out);
}
