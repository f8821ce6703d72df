/* delta_text.c - two compared reports as Markdown, as the summary for a tracker, and for a terminal; see dualwrite/delta.h. */
#include <stdio.h>
#include <string.h>

#include "dualwrite/delta.h"
#include "dualwrite/shown.h"

#define YES_MARK "\xe2\x9c\x93"
#define NO_MARK "\xe2\x9c\x97"
#define UNKNOWN_MARK "?"

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

static int
count(const cJSON *delta, const char *key)
{
    const cJSON *n = item(item(delta, "summary"), key);

    return cJSON_IsNumber(n) ? n->valueint : 0;
}

static const char *
mark(const cJSON *expectation)
{
    const cJSON *held = item(expectation, "held");

    return cJSON_IsTrue(held) ? YES_MARK : cJSON_IsFalse(held) ? NO_MARK : UNKNOWN_MARK;
}

/* Text of a report as Markdown that shows it and does nothing else; what is between backquotes stays as it is. */
static void
put_md(struct buf *out, const char *text)
{
    struct buf shown = {0};
    bool code = false;

    shown_text(&shown, text, 0);
    for (const char *c = buf_text(&shown); *c != '\0'; c++) {
        if (*c == '`')
            code = !code && strchr(c + 1, '`') != NULL;
        if (!code && strchr("\\<>[]*|", *c) != NULL)
            buf_putc(out, '\\');
        buf_putc(out, *c);
    }
    buf_free(&shown);
}

/* ---- numbers ---- */

static void
put_number(struct buf *out, const cJSON *n, const char *unit, bool sign)
{
    const double v = cJSON_IsNumber(n) ? n->valuedouble : 0;

    if (!cJSON_IsNumber(n)) {
        buf_putc(out, '-');
        return;
    }
    if (sign && v > 0)
        buf_putc(out, '+');
    if (strcmp(unit, "count") == 0)
        shown_count(out, v);
    else
        buf_printf(out, "%.2f%s", v, strcmp(unit, "percent") == 0 ? " %" : " s");
}

/* "12 (24.00 %)" */
static void
put_side(struct buf *out, const cJSON *m, const char *side)
{
    char percent[32];
    const cJSON *share;

    snprintf(percent, sizeof percent, "%s_percent", side);
    share = item(m, percent);
    put_number(out, item(m, side), string(m, "unit"), false);
    if (cJSON_IsNumber(share))
        buf_printf(out, " (%.2f %%)", share->valuedouble);
}

/* "+2 (+4.00 points)", "+2 (+20.00 %)" */
static void
put_difference(struct buf *out, const cJSON *m)
{
    const cJSON *points = item(m, "difference_percent");
    const cJSON *change = item(m, "change_percent");

    if (strcmp(string(m, "unit"), "percent") == 0 && cJSON_IsNumber(item(m, "difference"))) {
        buf_printf(out, "%+.2f points", item(m, "difference")->valuedouble);
        return;
    }
    put_number(out, item(m, "difference"), string(m, "unit"), true);
    if (cJSON_IsNumber(points) && points->valuedouble != 0)
        buf_printf(out, " (%+.2f points)", points->valuedouble);
    else if (!cJSON_IsNumber(points) && cJSON_IsNumber(change) && change->valuedouble != 0)
        buf_printf(out, " (%+.2f %%)", change->valuedouble);
}

static void
put_metric(struct buf *out, const cJSON *m)
{
    buf_printf(out, "| %s | ", string(m, "label"));
    put_side(out, m, "before");
    buf_puts(out, " | ");
    put_side(out, m, "after");
    buf_puts(out, " | ");
    put_difference(out, m);
    buf_puts(out, " |\n");
}

static bool
is_known(const cJSON *m)
{
    return cJSON_IsNumber(item(m, "before")) || cJSON_IsNumber(item(m, "after"));
}

static void
put_table_head(struct buf *out, const char *first)
{
    buf_printf(out, "| %s | Before | After | Difference |\n|---|---:|---:|---:|\n", first);
}

static void
put_section(struct buf *out, const cJSON *section)
{
    static const struct {
        const char *key, *title;
    } titles[] = {{"coverage", "Coverage"},
                  {"mapping_health", "Mapping health"},
                  {"consistency", "Consistency (of the sampled teams)"},
                  {"dual_write_health", "Dual write health"}};
    const cJSON *m;
    bool any = false;

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (strcmp(titles[i].key, section->string) == 0)
            buf_printf(out, "## %s\n\n", titles[i].title);
    cJSON_ArrayForEach(m, section)
    {
        if (!is_known(m))
            continue;
        if (!any)
            put_table_head(out, "");
        any = true;
        put_metric(out, m);
    }
    buf_puts(out, any ? "\n" : "Neither report has it.\n\n");
}

/* ---- parts of both documents ---- */

static const char *
on_off(const cJSON *report, const char *key)
{
    const cJSON *v = item(report, key);

    return cJSON_IsTrue(v) ? "on" : cJSON_IsFalse(v) ? "off" : "not known";
}

static void
put_filters(struct buf *out, const cJSON *filters)
{
    const cJSON *f;
    const size_t before = out->len;

    cJSON_ArrayForEach(f, filters)
    {
        char *value = cJSON_IsNull(f) ? NULL : cJSON_PrintUnformatted(f);
        struct buf pair = {0};

        if (value == NULL)
            continue;
        buf_printf(&pair, "%s%s=%s", out->len == before ? "" : ", ", f->string, value);
        put_md(out, buf_text(&pair));
        buf_free(&pair);
        cJSON_free(value);
    }
    if (out->len == before)
        buf_puts(out, filters == NULL || cJSON_IsNull(filters) ? "not known" : "none");
}

static void
put_reports(struct buf *out, const cJSON *delta)
{
    static const struct {
        const char *label, *key;
    } flags[] = {{"Dual write", "dual_write_enabled"},
                 {"Strict mode", "dual_write_strict_mode"},
                 {"Direct legacy writes blocked", "legacy_write_blocked"}};
    const cJSON *reports[] = {item(delta, "before"), item(delta, "after")};

    buf_puts(out, "| | Before | After |\n|---|---|---|\n| Report |");
    for (size_t i = 0; i < 2; i++) {
        buf_putc(out, ' ');
        put_md(out, string(reports[i], "file"));
        buf_puts(out, " |");
    }
    buf_puts(out, "\n| Made at |");
    for (size_t i = 0; i < 2; i++) {
        buf_putc(out, ' ');
        put_md(out, *string(reports[i], "generated_at") == '\0' ? "not known" : string(reports[i], "generated_at"));
        buf_puts(out, " |");
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        buf_printf(out, "\n| %s | %s | %s |", flags[i].label, on_off(reports[0], flags[i].key),
                   on_off(reports[1], flags[i].key));
    buf_puts(out, "\n| Sample size |");
    for (size_t i = 0; i < 2; i++) {
        buf_putc(out, ' ');
        put_number(out, item(reports[i], "sample_size"), "count", false);
        buf_puts(out, " |");
    }
    buf_puts(out, "\n| Filters |");
    for (size_t i = 0; i < 2; i++) {
        buf_putc(out, ' ');
        put_filters(out, item(reports[i], "filters"));
        buf_puts(out, " |");
    }
    buf_puts(out, "\n\n");
}

static void
put_verdict(struct buf *out, const cJSON *delta)
{
    static const char *const words[] = {[DELTA_HELD] = "what was expected held",
                                        [DELTA_MISSED] = "not everything that was expected held",
                                        [DELTA_CRITICAL] = "CRITICAL"};

    buf_printf(out, "%s: %d held, %d did not, %d could not be seen", words[delta_verdict(delta)], count(delta, "held"),
               count(delta, "missed"), count(delta, "not_known"));
}

static void
put_recommendations(struct buf *out, const cJSON *delta)
{
    const cJSON *r;

    cJSON_ArrayForEach(r, item(delta, "recommendations"))
    {
        buf_puts(out, "- ");
        put_md(out, r->valuestring);
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
}

static void
put_warnings(struct buf *out, const cJSON *delta)
{
    const cJSON *w;

    if (cJSON_GetArraySize(item(delta, "warnings")) == 0)
        buf_puts(out, "Nothing: the reports can be compared, and every key of them was read.\n");
    cJSON_ArrayForEach(w, item(delta, "warnings"))
    {
        buf_puts(out, "- ");
        put_md(out, string(w, "where"));
        buf_puts(out, ": ");
        put_md(out, string(w, "text"));
        buf_putc(out, '\n');
    }
}

/* ---- the documents ---- */

void
delta_markdown(struct buf *out, const cJSON *delta)
{
    const cJSON *i;

    buf_printf(out,
               "# Validation reports compared\n\nMade %s by dualwrited %s. In short: ", string(delta, "generated_at"),
               string(delta, "version"));
    put_verdict(out, delta);
    buf_puts(out, ".\n\n");
    put_reports(out, delta);
    cJSON_ArrayForEach(i, item(delta, "metrics")) put_section(out, i);
    buf_puts(out, "## Expected and found\n\n| | Expectation | Expected | Found |\n|---|---|---|---|\n");
    cJSON_ArrayForEach(i, item(delta, "expectations"))
    {
        buf_printf(out, "| %s | %s | %s | ", mark(i), string(i, "title"), string(i, "expected"));
        put_md(out, string(i, "found"));
        buf_puts(out, " |\n");
    }
    buf_puts(out, "\n" YES_MARK " held, " NO_MARK " did not, " UNKNOWN_MARK " cannot be seen in these reports.\n\n"
                  "## Recommendations\n\n");
    put_recommendations(out, delta);
    buf_puts(out, "## Odd in the reports\n\n");
    put_warnings(out, delta);
}

static void
put_criteria(struct buf *out, const cJSON *delta, bool known)
{
    const cJSON *e;

    cJSON_ArrayForEach(e, item(delta, "expectations"))
    {
        if (cJSON_IsNull(item(e, "held")) == known)
            continue;
        buf_printf(out, "- [%s] %s: ", cJSON_IsTrue(item(e, "held")) ? "x" : " ", string(e, "title"));
        put_md(out, string(e, "found"));
        if (!cJSON_IsTrue(item(e, "held")))
            buf_printf(out, " (expected: %s; run `%s`)", string(e, "expected"), string(e, "next"));
        buf_putc(out, '\n');
    }
}

void
delta_summary(struct buf *out, const cJSON *delta)
{
    static const char *const shown[] = {"vnext_team_count", "mapped_team_count", "legacy_team_count",
                                        "mapping_percentage"};
    const cJSON *coverage = item(item(delta, "metrics"), "coverage");

    buf_printf(out, "# Staging test of the dual write: summary\n\nMade %s by dualwrited %s.\n\n**Result:** ",
               string(delta, "generated_at"), string(delta, "version"));
    put_verdict(out, delta);
    buf_puts(out, ".\n\n");
    put_reports(out, delta);
    put_table_head(out, "Key number");
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        put_metric(out, item(coverage, shown[i]));
    put_metric(out, item(item(item(delta, "metrics"), "mapping_health"), "orphan_count"));
    put_metric(out, item(item(item(delta, "metrics"), "dual_write_health"), "missing_legacy_count"));
    buf_puts(out, "\n## What was expected\n\n");
    put_criteria(out, delta, true);
    if (count(delta, "not_known") > 0) {
        buf_puts(out, "\nNot to be seen in these reports:\n\n");
        put_criteria(out, delta, false);
    }
    buf_puts(out, "\n## Recommendations\n\n");
    put_recommendations(out, delta);
    buf_puts(out, "## Odd in the reports\n\n");
    put_warnings(out, delta);
    buf_puts(out, "\n## What two reports cannot show\n\n"
                  "- the five flows, each with its log line and its legacy rows: `dualwrited smoke`\n"
                  "- latency with dual write on and off: `dualwrited smoke --perf 20`\n"
                  "- every row compared, not a sample: `dualwrited reconcile`\n"
                  "- ready for the cut-over: `dualwrited gate --for=10m`\n\n"
                  "All numbers: `delta.md` and `delta.json` beside this file.\n");
}

void
delta_text(struct buf *out, const cJSON *delta)
{
    const cJSON *section;
    const cJSON *m;
    const cJSON *e;
    struct grid g = {.columns = 4};

    grid_add(&g, "", 0);
    grid_add(&g, "before", 0);
    grid_add(&g, "after", 0);
    grid_add(&g, "difference", 0);
    cJSON_ArrayForEach(section, item(delta, "metrics")) cJSON_ArrayForEach(m, section)
    {
        struct buf cell = {0};

        if (!is_known(m))
            continue;
        grid_add(&g, string(m, "label"), 0);
        put_side(&cell, m, "before");
        grid_take(&g, &cell);
        put_side(&cell, m, "after");
        grid_take(&g, &cell);
        put_difference(&cell, m);
        grid_take(&g, &cell);
    }
    grid_put(out, &g, 0, 0);
    grid_free(&g);
    buf_putc(out, '\n');
    cJSON_ArrayForEach(e, item(delta, "expectations"))
    {
        buf_printf(out, "%s %s: ", mark(e), string(e, "title"));
        shown_text(out, string(e, "found"), 0);
        if (!cJSON_IsTrue(item(e, "held")))
            buf_printf(out, " (expected: %s)", string(e, "expected"));
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
    cJSON_ArrayForEach(e, item(delta, "recommendations"))
    {
        shown_text(out, e->valuestring, 0);
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
    put_verdict(out, delta);
    buf_putc(out, '\n');
}
