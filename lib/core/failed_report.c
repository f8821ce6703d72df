/* failed_report.c - failed events as text; see dualwrite/failed_report.h. */
#include "dualwrite/failed_report.h"

#include <stdbool.h>
#include <string.h>

#include "dualwrite/ref.h"
#include "dualwrite/shown.h"

#define KEY_COLUMNS 40 /* a key takes at most so much of a line */

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

cJSON *
failed_event(const char *json, const struct mapping *m)
{
    cJSON *event = cJSON_Parse(json);
    const cJSON *ref = item(event, "ref");
    const size_t at = mapping_entity_index(m, string(event, "entity"));
    const struct mapping_entity *e = at < m->count ? &m->entities[at] : NULL;
    const int count = cJSON_GetArraySize(ref);
    cJSON *key;

    if (event == NULL)
        return NULL;
    if (e != NULL && (size_t) count != ref_count(e))
        e = NULL;
    key = cJSON_AddArrayToObject(event, "key");
    for (int i = 0; i < count && (size_t) i < (e == NULL ? 1 : e->source_key.count); i++)
        cJSON_AddItemToArray(key, cJSON_Duplicate(cJSON_GetArrayItem(ref, i), true));
    if (e == NULL) {
        cJSON_AddNullToObject(event, "ref_columns");
    } else {
        cJSON *names = cJSON_AddArrayToObject(event, "ref_columns");

        for (size_t i = 0; i < ref_count(e); i++)
            cJSON_AddItemToArray(names, cJSON_CreateString(ref_column(e, i)));
    }
    return event;
}

static void
put_key(struct buf *out, const cJSON *event)
{
    const cJSON *part;
    struct buf text = {0};

    cJSON_ArrayForEach(part, item(event, "key"))
        buf_printf(&text, "%s%s", text.len == 0 ? "" : ", ", part->valuestring == NULL ? "NULL" : part->valuestring);
    shown_text(out, buf_text(&text), KEY_COLUMNS);
    buf_free(&text);
}

/* "team 7", "seat 7, b": the entity and its source key, as text that may go to a terminal. */
static void
put_subject(struct buf *out, const cJSON *event)
{
    shown_text(out, string(event, "entity"), KEY_COLUMNS);
    buf_putc(out, ' ');
    put_key(out, event);
}

static void
take_span(struct grid *g, double seconds)
{
    struct buf text = {0};

    shown_span(&text, seconds);
    grid_take(g, &text);
}

static void
add_event(struct grid *g, const cJSON *event)
{
    const cJSON *retry = item(event, "retry_in_seconds");
    struct buf text = {0};

    grid_add(g, string(event, "event_id"), 0);
    grid_add(g, string(event, "operation"), KEY_COLUMNS);
    put_subject(&text, event);
    grid_take(g, &text);
    buf_printf(&text, "%s %s", string(event, "sqlstate"), string(event, "exception_type"));
    grid_add(g, text.len == 1 ? NULL : buf_text(&text), KEY_COLUMNS);
    buf_free(&text);
    grid_add(g, string(event, "constraint"), KEY_COLUMNS);
    grid_addf(g, "%.0f", number(event, "attempts"));
    take_span(g, number(event, "first_failed_age_seconds"));
    take_span(g, number(event, "last_failed_age_seconds"));
    if (cJSON_IsNumber(retry))
        take_span(g, retry->valuedouble);
    else
        grid_add(g, "parked", 0);
    grid_add(g, string(event, "message"), 0);
}

void
failed_table(struct buf *out, const cJSON *events, size_t width)
{
    static const char *const heads[] = {"event",    "operation", "row",      "error", "constraint",
                                        "attempts", "first ago", "last ago", "next",  "message"};
    struct grid g = {.columns = sizeof heads / sizeof heads[0]};
    const cJSON *event;

    for (size_t i = 0; i < g.columns; i++)
        grid_add(&g, heads[i], 0);
    cJSON_ArrayForEach(event, events) add_event(&g, event);
    grid_put(out, &g, 0, width);
    grid_free(&g);
}

static void
put_row(struct buf *out, const char *heading, const char *text)
{
    buf_printf(out, "%-14s ", heading);
    shown_text(out, *text == '\0' ? "-" : text, 0);
    buf_putc(out, '\n');
}

/* "2026-11-21T13:00:00.000Z, 3 min 20 s ago" */
static void
put_time(struct buf *out, const cJSON *event, const char *heading, const char *at, const char *age)
{
    struct buf text = {0};

    buf_printf(&text, "%s, ", string(event, at));
    shown_span(&text, number(event, age));
    buf_puts(&text, " ago");
    put_row(out, heading, buf_text(&text));
    buf_free(&text);
}

void
failed_text(struct buf *out, const cJSON *event)
{
    const cJSON *retry = item(event, "retry_in_seconds");
    const cJSON *names = item(event, "ref_columns");
    const int count = cJSON_GetArraySize(item(event, "ref"));
    struct buf text = {0};

    put_row(out, "event", string(event, "event_id"));
    put_row(out, "operation", string(event, "operation"));
    put_row(out, "entity", string(event, "entity"));
    for (int i = 0; i < count; i++) {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(names, i));
        const char *value = cJSON_GetStringValue(cJSON_GetArrayItem(item(event, "ref"), i));

        buf_clear(&text);
        if (name != NULL)
            buf_printf(&text, "%s = %s", name, value == NULL ? "NULL" : value);
        else
            buf_printf(&text, "%s", value == NULL ? "NULL" : value);
        put_row(out, i == 0 ? "vNext row" : "", buf_text(&text));
    }
    if (cJSON_IsNull(names))
        put_row(out, "", "(the mapping of these settings does not know this entity, or has other columns for it)");
    put_row(out, "actor", string(event, "actor"));
    buf_clear(&text);
    buf_printf(&text, "%s %s", string(event, "sqlstate"), string(event, "exception_type"));
    put_row(out, "error", text.len == 1 ? "" : buf_text(&text));
    put_row(out, "constraint", string(event, "constraint"));
    put_row(out, "message", string(event, "message"));
    buf_clear(&text);
    buf_printf(&text, "%.0f", number(event, "attempts"));
    put_row(out, "attempts", buf_text(&text));
    put_row(out, "captured", string(event, "captured_at"));
    put_time(out, event, "first failed", "first_failed_at", "first_failed_age_seconds");
    put_time(out, event, "last failed", "last_failed_at", "last_failed_age_seconds");
    buf_clear(&text);
    if (cJSON_IsNumber(retry)) {
        buf_puts(&text, "in ");
        shown_span(&text, retry->valuedouble);
    } else {
        buf_puts(&text,
                 "parked: when its row, its parent or who has its value changes, or on `dualwrited failed retry`");
    }
    put_row(out, "next try", buf_text(&text));
    buf_clear(&text);
    buf_printf(&text, "%.0f, transaction %s", number(event, "partition"), string(event, "xid"));
    put_row(out, "partition", buf_text(&text));
    buf_free(&text);
}
