/* smoke_text.c - the document of `smoke` for people; see dualwrite/smoke_report.h. */
#include <stdio.h>
#include <string.h>

#include "dualwrite/shown.h"
#include "dualwrite/smoke_report.h"

#define WIDTH 80
#define INDENT "    "

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

/* "    heading  text", wrapped at blanks; what a database or an application said is shown harmlessly. */
static void
put_wrapped(struct buf *out, const char *heading, const char *text, size_t width)
{
    buf_printf(out, INDENT "%-8s ", heading);
    shown_wrapped(out, text, strlen(INDENT) + 9, width);
}

static const char *
mark(const char *status)
{
    return strcmp(status, "passed") == 0 ? "✓" : strcmp(status, "failed") == 0 ? "✗" : "–";
}

/* {"a": "1", "b": "2"} as a=1 b=2 */
static void
put_key(struct buf *out, const cJSON *key)
{
    const cJSON *part;

    cJSON_ArrayForEach(part, key)
    {
        const char *text = cJSON_GetStringValue(part);

        buf_printf(out, " %s=%s", part->string, text == NULL ? "?" : text);
    }
}

static void
put_rows(struct buf *out, const cJSON *rows, size_t width)
{
    const cJSON *legacy = item(rows, "legacy");
    const cJSON *column;
    struct buf text = {0};
    int same = 0, all = 0;

    if (!cJSON_IsObject(rows))
        return;
    buf_puts(&text, string(rows, "vnext_table"));
    put_key(&text, item(rows, "vnext_key"));
    put_wrapped(out, "vNext", buf_text(&text), width);
    buf_clear(&text);
    cJSON_ArrayForEach(column, item(legacy, "columns"))
    {
        all += cJSON_IsBool(item(column, "same"));
        same += cJSON_IsTrue(item(column, "same"));
    }
    buf_puts(&text, string(rows, "legacy_table"));
    put_key(&text, item(legacy, "key"));
    if (!cJSON_IsTrue(item(legacy, "found")))
        buf_puts(&text, ": no such row");
    else
        buf_printf(&text, ": %d of %d columns equal", same, all);
    if (cJSON_IsBool(item(rows, "map_verified")))
        buf_puts(&text, cJSON_IsTrue(item(rows, "map_verified")) ? ", map row verified" : ", map row not verified");
    put_wrapped(out, "legacy", buf_text(&text), width);
    cJSON_ArrayForEach(column, item(legacy, "columns"))
    {
        if (!cJSON_IsFalse(item(column, "same")))
            continue;
        buf_clear(&text);
        buf_printf(&text, "%s: vNext gives %s, legacy has %s", string(column, "column"),
                   cJSON_IsString(item(column, "vnext")) ? string(column, "vnext") : "NULL",
                   cJSON_IsString(item(column, "legacy")) ? string(column, "legacy") : "NULL");
        put_wrapped(out, "differs", buf_text(&text), width);
    }
    buf_free(&text);
}

static void
put_flow(struct buf *out, const cJSON *flow, size_t width)
{
    const char *status = string(flow, "status");
    struct buf line = {0};

    buf_printf(&line, "%s %.0f  %-22s %s", mark(status), number(flow, "flow"), string(flow, "name"), status);
    if (strcmp(status, "passed") == 0)
        buf_printf(&line, ", in legacy %.0f ms after its commit", number(flow, "lag_ms"));
    shown_text(out, buf_text(&line), width);
    buf_putc(out, '\n');
    buf_free(&line);
    if (*string(flow, "reason") != '\0')
        put_wrapped(out, "because", string(flow, "reason"), width);
    if (*string(flow, "next") != '\0')
        put_wrapped(out, "next", string(flow, "next"), width);
    put_rows(out, item(flow, "rows"), width);
    if (*string(flow, "log") != '\0')
        put_wrapped(out, "log", string(flow, "log"), width);
}

static void
put_written(struct buf *out, const cJSON *doc, size_t width)
{
    const cJSON *one;
    const cJSON *table;

    cJSON_ArrayForEach(one, item(doc, "writer_statements"))
    {
        struct buf text = {0};
        char heading[24];

        if (one == item(doc, "writer_statements")->child)
            buf_puts(out, "\nWhat the writer's transactions wrote, their triggers included:\n");
        snprintf(heading, sizeof heading, "flow %.0f", number(one, "flow"));
        cJSON_ArrayForEach(table, item(one, "written"))
        {
            static const char *const kinds[] = {"inserted", "updated", "deleted"};

            buf_printf(&text, "%s%s", table == item(one, "written")->child ? "" : ", ", string(table, "table"));
            for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (number(table, kinds[i]) > 0)
                    buf_printf(&text, " %.0f %s", number(table, kinds[i]), kinds[i]);
        }
        if (!cJSON_IsArray(item(one, "written")))
            buf_puts(&text, "not known: track_counts is off");
        put_wrapped(out, heading, buf_text(&text), width);
        buf_free(&text);
    }
}

static void
put_perf(struct buf *out, const cJSON *perf, size_t width)
{
    static const char *const sides[] = {"on", "off"};

    if (!cJSON_IsObject(perf))
        return;
    if (*string(perf, "skipped") != '\0') {
        buf_puts(out, "\n– performance\n");
        put_wrapped(out, "because", string(perf, "skipped"), width);
        return;
    }
    buf_printf(out, "\n%s performance: %.0f creations with dual write on and %.0f with it off, in turn\n",
               cJSON_IsTrue(item(perf, "met")) ? "✓" : "⚠", number(perf, "each"), number(perf, "each"));
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        const cJSON *t = item(perf, sides[i]);

        buf_printf(out, INDENT "%-8s average %.2f ms, p50 %.2f, p95 %.2f, p99 %.2f\n", sides[i],
                   number(t, "average_ms"), number(t, "p50_ms"), number(t, "p95_ms"), number(t, "p99_ms"));
    }
    buf_printf(out, INDENT "%-8s %.2f of the average without; the rule is %.2f at most: %s\n", "ratio",
               number(perf, "ratio"), number(perf, "rule"), cJSON_IsTrue(item(perf, "met")) ? "met" : "NOT met");
}

static void
put_inline(struct buf *out, const cJSON *doc, size_t width)
{
    const cJSON *count = item(doc, "inline_legacy_writes");

    if (!cJSON_IsNumber(count)) {
        buf_puts(out, "\n– inline legacy writes: not known\n");
    } else if (count->valuedouble == 0) {
        buf_puts(out, "\n✓ no inline legacy writes: the guard recorded none\n");
        return;
    } else {
        buf_printf(out, "\n✗ %.0f inline legacy writes\n", count->valuedouble);
    }
    put_wrapped(out, "because", string(doc, "inline_why"), width);
}

static void
put_end(struct buf *out, const cJSON *doc, size_t width)
{
    const double leftovers = number(doc, "leftovers");
    const cJSON *flow;
    int passed = 0, skipped = 0, all = 0;

    if (cJSON_IsTrue(item(doc, "kept")))
        buf_puts(out, "– the test data stays, as you wished\n");
    else if (cJSON_IsTrue(item(doc, "cleaned")) && number(item(doc, "cleaned_rows"), "vnext") == 0)
        buf_puts(out, "– no test data was made\n");
    else if (cJSON_IsTrue(item(doc, "cleaned")))
        buf_printf(out, "✓ the test data is gone on both sides: %.0f vNext rows, %.0f legacy rows, %.0f map rows\n",
                   number(item(doc, "cleaned_rows"), "vnext"), number(item(doc, "cleaned_rows"), "legacy"),
                   number(item(doc, "cleaned_rows"), "map"));
    else
        buf_puts(out, "✗ the test data is still there\n");
    if (*string(doc, "cleaned_why") != '\0')
        put_wrapped(out, cJSON_IsTrue(item(doc, "cleaned")) ? "" : "because", string(doc, "cleaned_why"), width);
    if (leftovers > 0) {
        struct buf text = {0};

        buf_printf(out, "⚠ %.0f test row%s of another run\n", leftovers, leftovers == 1 ? "" : "s");
        buf_printf(&text, "dualwrited rollback cleanup --match 'Staging Test%%'");
        put_wrapped(out, "next", buf_text(&text), width);
        buf_free(&text);
    }
    cJSON_ArrayForEach(flow, item(doc, "flows"))
    {
        all++;
        passed += strcmp(string(flow, "status"), "passed") == 0;
        skipped += strcmp(string(flow, "status"), "skipped") == 0;
    }
    buf_printf(out, "\n%s: %d of %d flows passed", string(doc, "status"), passed, all);
    if (skipped > 0)
        buf_printf(out, ", %d skipped", skipped);
    buf_puts(out, cJSON_IsTrue(item(doc, "interrupted")) ? "; interrupted\n" : "\n");
}

void
smoke_text(struct buf *out, const cJSON *doc, size_t width)
{
    const cJSON *flow;
    struct buf line = {0};

    width = width == 0 ? WIDTH : width;
    buf_printf(&line, "Smoke test through %s, run %s: %s", strcmp(string(doc, "via"), "api") == 0 ? "the API" : "SQL",
               string(doc, "run"), string(doc, "name"));
    shown_text(out, buf_text(&line), width);
    buf_puts(out, "\n\n");
    buf_free(&line);
    cJSON_ArrayForEach(flow, item(doc, "flows")) put_flow(out, flow, width);
    put_written(out, doc, width);
    put_perf(out, item(doc, "perf"), width);
    put_inline(out, doc, width);
    put_end(out, doc, width);
}
