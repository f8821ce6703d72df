/* explain_text.c - one row's story as text; see dualwrite/explain_report.h. */
#include <string.h>

#include "dualwrite/explain_report.h"
#include "dualwrite/shown.h"

#define VALUE_COLUMNS 40 /* a value takes at most so much of a terminal's line */

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

static const char *
text_of(const cJSON *value)
{
    return cJSON_IsString(value) ? value->valuestring : "NULL";
}

static void
put_row(struct buf *out, const char *heading, const char *text)
{
    buf_printf(out, "%-9s ", heading);
    shown_text(out, text, 0);
    buf_putc(out, '\n');
}

/* "id = 7, org = 9" of an object */
static void
put_named(struct buf *out, const cJSON *object)
{
    const cJSON *value;
    const size_t before = out->len;

    cJSON_ArrayForEach(value, object)
        buf_printf(out, "%s%s = %s", out->len == before ? "" : ", ", value->string, text_of(value));
}

/* "7, 9" of an array */
static void
put_list(struct buf *out, const cJSON *array)
{
    const cJSON *value;
    const size_t before = out->len;

    cJSON_ArrayForEach(value, array) buf_printf(out, "%s%s", out->len == before ? "" : ", ", text_of(value));
}

static void
put_vnext(struct buf *out, const cJSON *story)
{
    const cJSON *vnext = item(story, "vnext");
    const int rows = cJSON_GetArraySize(item(vnext, "keys"));
    struct buf text = {0};

    buf_printf(&text, "%s: ", string(vnext, "table"));
    put_named(&text, item(story, "identity"));
    if (cJSON_IsString(item(vnext, "error")))
        buf_printf(&text, ": CANNOT BE READ: %s", string(vnext, "error"));
    else if (!cJSON_IsTrue(item(vnext, "found")))
        buf_puts(&text, ": no such row");
    else
        buf_puts(&text, cJSON_IsTrue(item(vnext, "present")) ? ": there" : ": there, but counts as absent");
    put_row(out, "vNext", buf_text(&text));
    if (rows > 1) {
        const cJSON *key;

        buf_clear(&text);
        buf_printf(&text, "%s%d rows stand for one legacy row:", rows >= 20 ? "at least " : "", rows);
        cJSON_ArrayForEach(key, item(vnext, "keys"))
        {
            buf_puts(&text, " (");
            put_list(&text, key);
            buf_putc(&text, ')');
        }
        buf_puts(&text, "; the present one speaks, else the latest");
        put_row(out, "", buf_text(&text));
    }
    buf_free(&text);
}

static void
put_links(struct buf *out, const cJSON *story)
{
    const cJSON *parent = item(story, "parent");
    const cJSON *row;
    struct buf text = {0};

    if (cJSON_IsObject(parent)) {
        buf_printf(&text, "%s %s: ", string(parent, "entity"), text_of(item(parent, "key")));
        if (!cJSON_IsString(item(parent, "legacy_key")))
            buf_puts(&text, "has no legacy key yet");
        else
            buf_printf(&text, "legacy %s%s", string(parent, "legacy_key"),
                       cJSON_IsTrue(item(parent, "has_legacy_row")) ? "" : ", WHICH IS NOT THERE");
        put_row(out, "parent", buf_text(&text));
    }
    if (cJSON_IsArray(item(story, "map")) && cJSON_GetArraySize(item(story, "map")) == 0)
        put_row(out, "map", "no row");
    cJSON_ArrayForEach(row, item(story, "map"))
    {
        buf_clear(&text);
        put_named(&text, row);
        put_row(out, "map", buf_text(&text));
    }
    buf_free(&text);
}

/* What is to be said about a column that is not just compared. */
static const char *
mark(const cJSON *column, bool found)
{
    const char *rule = string(column, "rule");

    if (strcmp(rule, "now") == 0)
        return "set to the time of the sync";
    if (!found || cJSON_IsTrue(item(column, "same")))
        return strcmp(rule, "insert_only") == 0 ? "written on insert only" : "";
    if (cJSON_IsNull(item(column, "same")))
        return "not asked for";
    return strcmp(rule, "insert_only") == 0 ? "differs, which is right: written on insert only" : "<-- DIFFERS";
}

static void
put_legacy(struct buf *out, const cJSON *legacy, size_t width)
{
    struct grid g = {.columns = 4};
    const bool found = cJSON_IsTrue(item(legacy, "found"));
    const size_t most = width == 0 ? 0 : VALUE_COLUMNS;
    const cJSON *column;
    struct buf text = {0};

    put_named(&text, item(legacy, "key"));
    if (cJSON_IsString(item(legacy, "error")))
        buf_printf(&text, ": WOULD BE REFUSED: %s", string(legacy, "error"));
    else
        buf_puts(&text, !found                                ? ": no such row"
                        : cJSON_IsTrue(item(legacy, "equal")) ? ": as asked for"
                                                              : ": DIFFERS");
    if (cJSON_IsString(item(legacy, "written_at")))
        buf_printf(&text, ", last written %s", string(legacy, "written_at"));
    put_row(out, "legacy", buf_text(&text));
    buf_free(&text);
    grid_add(&g, "column", 0);
    grid_add(&g, "vNext says", 0);
    grid_add(&g, found ? "legacy has" : " ", 0);
    grid_add(&g, " ", 0);
    cJSON_ArrayForEach(column, item(legacy, "columns"))
    {
        const cJSON *says = item(column, "vnext");

        grid_add(&g, string(column, "column"), most);
        grid_add(&g, cJSON_IsString(says) && *says->valuestring == '\0' ? "''" : text_of(says), most);
        grid_add(&g,
                 found ? (cJSON_IsString(item(column, "legacy")) && *string(column, "legacy") == '\0'
                              ? "''"
                              : text_of(item(column, "legacy")))
                       : " ",
                 most);
        grid_add(&g, *mark(column, found) == '\0' ? " " : mark(column, found), 0);
    }
    if (cJSON_GetArraySize(item(legacy, "columns")) > 0)
        grid_put(out, &g, 10, width);
    grid_free(&g);
}

static void
put_events(struct buf *out, const cJSON *story)
{
    const cJSON *waiting = item(story, "waiting");
    const cJSON *event;
    struct buf text = {0};

    cJSON_ArrayForEach(event, item(waiting, "events"))
    {
        buf_clear(&text);
        buf_printf(&text, "event %s, %s, for ", string(event, "event_id"), string(event, "operation"));
        shown_span(&text, number(event, "age_seconds"));
        if (cJSON_IsString(item(event, "actor")))
            buf_printf(&text, ", by %s", string(event, "actor"));
        put_row(out, "waiting", buf_text(&text));
    }
    if (number(waiting, "total") > cJSON_GetArraySize(item(waiting, "events"))) {
        buf_clear(&text);
        buf_printf(&text, "... %.0f events in all", number(waiting, "total"));
        put_row(out, "", buf_text(&text));
    }
    if (number(waiting, "total") == 0)
        put_row(out, "waiting", "no event");
    cJSON_ArrayForEach(event, item(story, "failed"))
    {
        buf_clear(&text);
        buf_printf(&text, "event %s, %s, %.0f attempts, %s%s", string(event, "event_id"), string(event, "operation"),
                   number(event, "attempts"), string(event, "exception_type"),
                   cJSON_IsTrue(item(event, "parked")) ? ", PARKED: " : ", again in ");
        if (!cJSON_IsTrue(item(event, "parked"))) {
            shown_span(&text, number(event, "retry_in_seconds"));
            buf_puts(&text, ": ");
        }
        buf_puts(&text, string(event, "message"));
        put_row(out, "failed", buf_text(&text));
    }
    buf_clear(&text);
    buf_printf(&text, "partition %.0f, ", number(item(story, "place"), "partition"));
    if (cJSON_IsString(item(item(story, "place"), "instance")))
        buf_printf(&text, "dealt to %.8s on %s, pid %.0f%s", string(item(story, "place"), "instance"),
                   string(item(story, "place"), "host"), number(item(story, "place"), "pid"),
                   cJSON_IsTrue(item(item(story, "place"), "held")) ? ", a batch is under way there" : "");
    else
        buf_puts(&text, "dealt to nobody");
    put_row(out, "who", buf_text(&text));
    buf_free(&text);
}

void
explain_text(struct buf *out, const cJSON *story, size_t width)
{
    const cJSON *legacy;
    struct buf text = {0};

    put_vnext(out, story);
    put_links(out, story);
    cJSON_ArrayForEach(legacy, item(story, "legacy")) put_legacy(out, legacy, width);
    put_events(out, story);
    buf_putc(out, '\n');
    buf_printf(&text, "%s ", string(story, "entity"));
    put_list(&text, item(story, "key"));
    buf_printf(&text, ": %s", string(story, "verdict"));
    shown_text(out, buf_text(&text), 0);
    buf_putc(out, '\n');
    if (cJSON_IsString(item(story, "next"))) {
        buf_puts(out, "-> ");
        shown_text(out, string(story, "next"), 0);
        buf_putc(out, '\n');
    }
    buf_free(&text);
}
