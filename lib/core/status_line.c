/* status_line.c - `dualwrited status --watch` where nobody looks at a screen: one line for each look; see
 * dualwrite/status_report.h. */
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

/* ' key="value"', on this line whatever the value holds. */
static void
put_quoted(struct buf *out, const char *key, const char *value)
{
    struct buf shown = {0};

    shown_text(&shown, value, 0);
    buf_printf(out, " %s=\"", key);
    for (const char *c = buf_text(&shown); *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *c);
    }
    buf_putc(out, '"');
    buf_free(&shown);
}

static void
put_findings(struct buf *out, const cJSON *findings)
{
    const cJSON *f;
    const size_t before = out->len;

    cJSON_ArrayForEach(f, findings) buf_printf(out, "%s%s", out->len == before ? " about=" : ",", string(f, "about"));
}

void
status_line(struct buf *out, const cJSON *report, const char *again)
{
    const cJSON *failed = item(report, "failed");
    const cJSON *on = item(item(report, "flags"), "TEAM_VNEXT_DUAL_WRITE_ENABLED");

    buf_printf(out, "%s status=%s ready=%s dual_write=%s backlog=%.0f%s", string(report, "at"),
               string(report, "status"), cJSON_IsTrue(item(report, "ready")) ? "yes" : "no",
               strcmp(string(on, "value"), "true") == 0 ? "on" : "off", number(report, "backlog"),
               cJSON_IsTrue(item(report, "backlog_exact")) ? "" : " backlog_exact=false");
    if (cJSON_IsNumber(item(report, "oldest_event_age_seconds")))
        buf_printf(out, " oldest_s=%.1f", number(report, "oldest_event_age_seconds"));
    buf_printf(out, " parked=%.0f retrying=%.0f daemons=%d", number(failed, "parked"), number(failed, "retrying"),
               cJSON_GetArraySize(item(report, "daemons")));
    put_findings(out, item(report, "findings"));
    if (again != NULL)
        put_quoted(out, "msg", again);
    buf_putc(out, '\n');
}

void
status_line_away(struct buf *out, const char *at, double seconds, const char *why, bool json)
{
    cJSON *object;
    char *text;

    if (!json) {
        buf_printf(out, "%s status=unreachable for_s=%.1f", at, seconds);
        put_quoted(out, "error", why);
        buf_putc(out, '\n');
        return;
    }
    object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "at", at);
    cJSON_AddStringToObject(object, "status", "unreachable");
    cJSON_AddNumberToObject(object, "for_seconds", seconds);
    cJSON_AddStringToObject(object, "error", why);
    text = cJSON_PrintUnformatted(object);
    buf_printf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}
