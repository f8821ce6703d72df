/* stage_summary.c - SUMMARY.md and the verdict; see dualwrite/stage_summary.h. */
#include "dualwrite/stage_summary.h"

#include <stdbool.h>
#include <string.h>

#include "dualwrite/shown.h"
#include "dualwrite/stage_judge.h"
#include "dualwrite/stage_plan.h"
#include "dualwrite/stage_state.h"

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

static int
crossed(const cJSON *state)
{
    return stage_judge_crossed(item(state, "criteria"));
}

static bool
holds(const cJSON *state, const char *criterion)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, item(state, "criteria")) if (strcmp(string(one, "criterion"), criterion) ==
                                                         0) return cJSON_IsTrue(item(one, "held"));
    return false;
}

static bool
rolled_back(const cJSON *state)
{
    return stage_state_status(state, "disable") == 0;
}

/* A value of ours within a line of Markdown: it opens no tag, no table cell and no new line. */
static void
put_text(struct buf *out, const char *text)
{
    struct buf shown = {0};

    shown_text(&shown, text, 0);
    for (const char *c = buf_text(&shown); *c != '\0'; c++) {
        if (strchr("|<>`*[]", *c) != NULL)
            buf_putc(out, '\\');
        buf_putc(out, *c);
    }
    buf_free(&shown);
}

/* ---- parts of the page ---- */

static void
put_head(struct buf *out, const cJSON *state)
{
    const int count = cJSON_GetArraySize(item(state, "criteria"));

    buf_printf(out, "# Staged test of the dual write: %s\n\n", crossed(state) == 0 ? "SUCCESS" : "ISSUES FOUND");
    if (crossed(state) == 0)
        buf_puts(out, "Every criterion that was tested holds.\n\n");
    else
        buf_printf(out, "%d of %d criteria do not hold.\n\n", crossed(state), count);
    buf_puts(out, "| | |\n|---|---|\n| environment | ");
    put_text(out, string(item(state, "environment"), "shown"));
    buf_puts(out, " |\n| program | ");
    put_text(out, string(item(state, "environment"), "version"));
    buf_printf(out, " |\n| began | %s |\n| ended | %s |\n", string(state, "started_at"),
               cJSON_IsString(item(state, "finished_at")) ? string(state, "finished_at") : "not yet");
    buf_puts(out, "\n");
}

static void
put_criteria(struct buf *out, const cJSON *state)
{
    const cJSON *one;

    buf_puts(out, "## Success criteria\n\n");
    cJSON_ArrayForEach(one, item(state, "criteria"))
    {
        buf_printf(out, "- [%s] ", cJSON_IsTrue(item(one, "held")) ? "x" : " ");
        put_text(out, string(one, "criterion"));
        buf_puts(out, cJSON_IsNull(item(one, "held")) ? " (left out): " : ": ");
        put_text(out, string(one, "value"));
        buf_printf(out, " ([%s](%s))\n", string(one, "evidence"), string(one, "evidence"));
    }
    buf_puts(out, "\n");
}

static void
put_phases(struct buf *out, const cJSON *state)
{
    const cJSON *phase;
    const cJSON *step;

    buf_puts(out, "## What was done\n\n| phase | step | exit status | seconds | output |\n|---|---|---|---|---|\n");
    cJSON_ArrayForEach(phase, item(state, "phases")) cJSON_ArrayForEach(step, item(phase, "steps"))
    {
        buf_printf(out, "| %.0f %s | `", number(phase, "phase"), string(phase, "name"));
        shown_text(out, string(step, "command"), 100);
        buf_printf(out, "` | %.0f | %.1f | [%s](%s) |\n", number(step, "status"), number(step, "seconds"),
                   string(step, "file"), string(step, "file"));
    }
    buf_puts(out, "\n");
}

static void
put_measured(struct buf *out, const cJSON *perf)
{
    static const char *const columns[] = {"average_ms", "p50_ms", "p95_ms", "p99_ms"};
    const cJSON *which;

    if (!cJSON_IsObject(perf))
        return;
    buf_puts(out, "## Performance\n\n| dual write | average | p50 | p95 | p99 |\n|---|---|---|---|---|\n");
    cJSON_ArrayForEach(which, perf)
    {
        if (!cJSON_IsObject(which))
            continue;
        buf_printf(out, "| %s |", which->string);
        for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
            buf_printf(out, " %.2f ms |", number(which, columns[i]));
        buf_puts(out, "\n");
    }
    buf_printf(out, "\nRatio %.2f; %.2f is the most.\n\n", number(perf, "ratio"), STAGE_SLOWER_MAX);
}

/* The delta's own page, its headings one level down. */
static void
put_delta(struct buf *out, const char *delta)
{
    buf_puts(out, "## Before and after\n\n");
    while (*delta != '\0') {
        const size_t len = strcspn(delta, "\n");

        if (*delta == '#')
            buf_puts(out, "##");
        buf_add(out, delta, len);
        buf_puts(out, "\n");
        delta += len + (delta[len] == '\n');
    }
    buf_puts(out, "\n");
}

/* ---- texts to send ---- */

/* What went wrong, as far as it is known: the criteria that do not hold, and what the commands recorded. */
static void
put_incident(struct buf *out, const cJSON *state, const cJSON *evidence)
{
    const cJSON *health = item(item(evidence, "after"), "dual_write_health");
    const cJSON *failed = item(item(evidence, "failure"), "failed");
    const cJSON *one;

    buf_puts(out, "## Incident summary\n\n**Issue:**");
    cJSON_ArrayForEach(one, item(state, "phases")) if (strcmp(string(one, "state"), "stopped") == 0)
    {
        buf_printf(out, "\n- the test stopped in phase %.0f, %s: ", number(one, "phase"), string(one, "name"));
        put_text(out, string(one, "why"));
    }
    cJSON_ArrayForEach(one, item(state, "criteria")) if (cJSON_IsFalse(item(one, "held")))
    {
        buf_puts(out, "\n- does not hold: ");
        put_text(out, string(one, "criterion"));
        buf_puts(out, " (");
        put_text(out, string(one, "value"));
        buf_puts(out, ")");
    }
    buf_printf(out, "\n\n**Impact:** %.0f new rows without a legacy shadow, %.0f failed events, %.0f waiting\n\n",
               number(health, "missing_legacy_count"), number(health, "failed_events"), number(health, "backlog"));
    buf_puts(out, "**Root cause:** ");
    if (cJSON_IsObject(failed)) {
        buf_puts(out, "not known to the test; the failure that it simulated was ");
        put_text(out, string(failed, "message"));
        buf_puts(out, ". ");
    } else {
        buf_puts(out, "not known to the test. ");
    }
    buf_puts(
        out,
        "`dualwrited failed list` and the lines of [logs/daemon.log](logs/daemon.log) say more\n\n"
        "**Resolution:** mend what the evidence names, then `dualwrited stage` with `--from-phase` and the phase that "
        "it belongs to\n\n"
        "**Prevention:** `dualwrited gate` before the cut-over, and this test after every change of the mapping\n\n");
    buf_printf(out, "**Rollback executed:** %s\n\n",
               rolled_back(state)
                   ? "yes, as part of the test, and taken back ([logs/rollback_disable.txt](logs/rollback_disable.txt))"
                   : "no");
}

static void
put_notices(struct buf *out, const cJSON *state, const cJSON *evidence)
{
    const cJSON *perf = item(item(evidence, "perf"), "perf");
    const int bad = crossed(state);

    buf_puts(out, "## To be sent\n\n");
    buf_printf(out, "- Engineering: staged test of the dual write complete, %s%s.\n", bad == 0 ? "SUCCESS" : "ISSUES",
               bad == 0 ? "" : "; the incident summary is above");
    buf_printf(out, "- Product: validation on staging complete, %s.\n",
               bad == 0 ? "ready for the next phase" : "not ready for the next phase");
    buf_printf(out, "- Operations: the flags of staging are %sas they were before the test; ",
               holds(state, STAGE_FLAGS_BACK) ? "" : "NOT ");
    if (cJSON_IsNumber(item(perf, "ratio")))
        buf_printf(out, "creating a row takes %.2f of the time it takes without dual write.\n", number(perf, "ratio"));
    else
        buf_puts(out, "performance was not measured.\n");
    buf_puts(out, "\n## Signed off\n\n| by | date |\n|---|---|\n| | |\n");
    buf_puts(out, "\n## Next\n\n");
    if (bad == 0)
        buf_puts(out, "1. Set TEAM_VNEXT_DUAL_WRITE_ENABLED=true in the settings, and `dualwrited reload --all`.\n"
                      "2. `dualwrited reconcile --fix` brings old rows over.\n"
                      "3. `dualwrited gate` says when the cut-over may come.\n");
    else
        buf_puts(out, "1. Go through the incident summary, from the first criterion on.\n"
                      "2. Run the test again: `dualwrited stage --out-dir` and a new folder.\n");
}

void
stage_summary(struct buf *out, const cJSON *state, const cJSON *evidence, const char *delta)
{
    put_head(out, state);
    put_criteria(out, state);
    if (crossed(state) > 0)
        put_incident(out, state, evidence);
    if (delta != NULL)
        put_delta(out, delta);
    put_measured(out, item(item(evidence, "perf"), "perf"));
    put_notices(out, state, evidence);
    buf_puts(out, "\n");
    put_phases(out, state);
}

void
stage_verdict(struct buf *out, const cJSON *state, size_t width)
{
    struct buf line = {0};
    const cJSON *one;

    cJSON_ArrayForEach(one, item(state, "criteria"))
    {
        const cJSON *held = item(one, "held");

        buf_puts(out, cJSON_IsTrue(held) ? "✓ " : cJSON_IsNull(held) ? "- " : "✗ ");
        buf_printf(&line, "%s: %s (%s)", string(one, "criterion"), string(one, "value"), string(one, "evidence"));
        shown_wrapped(out, buf_text(&line), 2, width);
        buf_free(&line);
    }
    if (crossed(state) == 0)
        buf_puts(out, "\nSUCCESS: every criterion that was tested holds\n");
    else
        buf_printf(out, "\nISSUES: %d of %d criteria do not hold\n", crossed(state),
                   cJSON_GetArraySize(item(state, "criteria")));
}
