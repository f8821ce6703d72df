/* stage_judge.c - success criteria; see dualwrite/stage_judge.h. */
#include "dualwrite/stage_judge.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/stage_state.h"

#define ENABLED "TEAM_VNEXT_DUAL_WRITE_ENABLED"
#define STRICT "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE"

enum held { NO, YES, LEFT_OUT };

struct court {
    const cJSON *state;
    const cJSON *evidence;
    cJSON *criteria;
};

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

/* NAN: it is not there, and every comparison with it is false. */
static double
number(const cJSON *object, const char *key)
{
    const cJSON *n = item(object, key);

    return cJSON_IsNumber(n) ? n->valuedouble : (double) NAN;
}

/* The number behind two keys of a step's answer. */
static double
number_in(const struct court *c, const char *step, const char *section, const char *key)
{
    return number(item(item(c->evidence, step), section), key);
}

static bool
left_out(const struct court *c, const char *option)
{
    return item(item(c->state, "options"), option) != NULL;
}

/* A number that nobody has is not shown as C spells it. */
static void
put_known(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (strncmp(text, "+nan", 4) == 0 || strncmp(text, "-nan", 4) == 0 || strncmp(text, "nan ", 4) == 0) {
            buf_puts(out, "unknown");
            text += *text == 'n' ? 2 : 3;
        } else {
            buf_putc(out, *text);
        }
}

__attribute__((format(printf, 5, 6))) static void
say(struct court *c, enum held held, const char *criterion, const char *file, const char *fmt, ...)
{
    cJSON *one = cJSON_CreateObject();
    struct buf value = {0}, known = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&value, fmt, ap);
    va_end(ap);
    put_known(&known, buf_text(&value));
    cJSON_AddStringToObject(one, "criterion", criterion);
    cJSON_AddItemToObject(one, "held", held == LEFT_OUT ? cJSON_CreateNull() : cJSON_CreateBool(held == YES));
    cJSON_AddStringToObject(one, "value", buf_text(&known));
    cJSON_AddStringToObject(one, "evidence", file);
    cJSON_AddItemToArray(c->criteria, one);
    buf_free(&value);
    buf_free(&known);
}

/* ---- flags ---- */

static const char *
effective(const struct court *c, const char *step, const char *flag)
{
    const cJSON *one;
    const char *value = "";

    cJSON_ArrayForEach(one, item(item(c->evidence, step), "flags")) if (strcmp(string(one, "flag"), flag) == 0) value =
        string(one, "effective");
    return *value == '\0' ? "unknown" : value;
}

static void
judge_flags(struct court *c)
{
    const char *enabled = effective(c, "flags_enabled", ENABLED);
    const char *strict = effective(c, "flags_enabled", STRICT);

    say(c, strcmp(enabled, "true") == 0 && strcmp(strict, "false") == 0, "Dual write enabled, strict mode off",
        "logs/flags_enabled.json", "enabled %s, strict mode %s", enabled, strict);
}

static void
judge_flags_after(struct court *c)
{
    const char *before = effective(c, "flags_before", ENABLED);
    const char *after = effective(c, "flags_after", ENABLED);
    const char *strict_before = effective(c, "flags_before", STRICT);
    const char *strict_after = effective(c, "flags_after", STRICT);

    say(c, strcmp(after, "unknown") != 0 && strcmp(before, after) == 0 && strcmp(strict_before, strict_after) == 0,
        STAGE_FLAGS_BACK, "after/flags.json", "enabled %s before and %s after, strict mode %s and %s", before, after,
        strict_before, strict_after);
}

/* ---- flows ---- */

static void
judge_flows(struct court *c)
{
    const cJSON *flow;
    struct buf said = {0};
    int passed = 0, skipped = 0, failed = 0;

    cJSON_ArrayForEach(flow, item(item(c->evidence, "smoke"), "flows"))
    {
        const char *status = string(flow, "status");

        passed += strcmp(status, "passed") == 0;
        skipped += strcmp(status, "skipped") == 0;
        if (strcmp(status, "passed") == 0)
            continue;
        failed += strcmp(status, "skipped") != 0;
        buf_printf(&said, "; %s %s: %s", string(flow, "name"), status, string(flow, "reason"));
    }
    say(c, failed == 0 && passed > 0 && stage_state_status(c->state, "smoke") == 0, "All five test flows executed",
        "logs/smoke.json", "%d passed, %d skipped, %d failed%s", passed, skipped, failed, buf_text(&said));
    say(c, failed == 0 && passed > 0, "Legacy shadow rows verified in the database for every operation",
        "logs/smoke.json", "%d operations read back equal", passed);
    buf_free(&said);
}

/* Every operation of a flow that passed was announced. */
static void
judge_scheduled(struct court *c)
{
    const cJSON *log = item(c->evidence, "log");
    const cJSON *scheduled = item(log, "scheduled");
    const cJSON *flow;
    const cJSON *n;
    struct buf said = {0};
    int missing = 0, flows = 0;

    cJSON_ArrayForEach(flow, item(item(c->evidence, "smoke"), "flows"))
    {
        if (strcmp(string(flow, "status"), "passed") != 0)
            continue;
        flows++;
        missing += item(scheduled, string(flow, "operation")) == NULL;
    }
    cJSON_ArrayForEach(n, scheduled)
        buf_printf(&said, "%s%s %.0f", said.len == 0 ? "" : ", ", n->string, n->valuedouble);
    if (said.len == 0)
        buf_puts(&said, item(log, "why") == NULL ? "no such line" : string(log, "why"));
    say(c, flows > 0 && missing == 0, "Logs show dual_write_scheduled for each operation", "logs/daemon.log", "%s",
        buf_text(&said));
    buf_free(&said);
}

/* ---- reports ---- */

static void
judge_map(struct court *c)
{
    const double teams =
        number_in(c, "after", "coverage", "vnext_team_count") - number_in(c, "before", "coverage", "vnext_team_count");
    const double mapped = number_in(c, "after", "coverage", "mapped_team_count") -
                          number_in(c, "before", "coverage", "mapped_team_count");
    const double before = number_in(c, "before", "coverage", "mapping_percentage");
    const double after = number_in(c, "after", "coverage", "mapping_percentage");

    say(c, mapped > 0 && mapped >= teams, "Map rows created for the new teams", "after/validation_after.json",
        "%+.0f vNext teams, %+.0f map rows", teams, mapped);
    say(c, after >= before && (after > before || mapped > 0), "Mapping coverage increased, or stayed where it was",
        "delta.json", "%.1f %% before, %.1f %% after", before, after);
}

/* What the comparison of the reports expects, where it cannot do without. */
static void
judge_delta(struct court *c)
{
    const cJSON *delta = item(c->evidence, "delta");
    const cJSON *one;
    struct buf missed = {0};

    cJSON_ArrayForEach(one, item(delta, "expectations")) if (cJSON_IsTrue(item(one, "required")) &&
                                                             !cJSON_IsTrue(item(one, "held")))
        buf_printf(&missed, "%s%s", missed.len == 0 ? ": " : ", ", string(one, "title"));
    if (!cJSON_IsObject(delta))
        say(c, NO, "What the comparison of the reports expects held", "delta.json", "not compared");
    else
        say(c, missed.len == 0, "What the comparison of the reports expects held", "delta.json",
            "%.0f held, %.0f did not, %.0f not known%s", number(item(delta, "summary"), "held"),
            number(item(delta, "summary"), "missed"), number(item(delta, "summary"), "not_known"), buf_text(&missed));
    buf_free(&missed);
}

static void
judge_mapping_health(struct court *c)
{
    const double twice = number_in(c, "after", "mapping_health", "duplicate_legacy_count") +
                         number_in(c, "after", "mapping_health", "duplicate_vnext_count");
    const double before = number_in(c, "before", "mapping_health", "orphan_count");
    const double after = number_in(c, "after", "mapping_health", "orphan_count");

    say(c, twice == 0 && after <= before, "No duplicate mappings, no new orphans", "after/validation_after.json",
        "%.0f duplicates, orphans %.0f before and %.0f after", twice, before, after);
}

static void
judge_health(struct court *c)
{
    const cJSON *health = item(item(c->evidence, "after"), "dual_write_health");
    const char *severity = string(health, "severity");

    say(c, cJSON_IsObject(health) ? YES : NO, "The report has its dual-write health section",
        "after/validation_after.json", cJSON_IsObject(health) ? "severity %s, %.0f new teams in 24 h" : "there is none",
        *severity == '\0' ? "unknown" : severity, number(health, "recent_vnext_teams"));
    say(c, number(health, "missing_legacy_count") == 0 && strcmp(severity, "error") != 0,
        "No new team lacks its legacy shadow", "after/validation_after.json", "%.0f missing",
        number(health, "missing_legacy_count"));
}

/* ---- performance ---- */

static void
judge_performance(struct court *c)
{
    const cJSON *perf = item(item(c->evidence, "perf"), "perf");
    const double ratio = number(perf, "ratio");
    const double inline_smoke = number(item(c->evidence, "smoke"), "inline_legacy_writes");
    const double inline_perf = number(item(c->evidence, "perf"), "inline_legacy_writes");

    if (left_out(c, "skip-performance"))
        say(c, LEFT_OUT, "No performance regression", "logs/perf.json", "left out");
    else if (isnan(ratio))
        say(c, NO, "No performance regression", "logs/perf.json", "not measured");
    else
        say(c, ratio <= STAGE_SLOWER_MAX, "No performance regression", "logs/perf.json",
            "team creation takes %.2f of what it takes without dual write; %.2f is the most", ratio, STAGE_SLOWER_MAX);
    if (isnan(inline_smoke) || (!left_out(c, "skip-performance") && isnan(inline_perf)))
        say(c, NO, "No inline legacy writes", "logs/smoke.json", "not known: %s",
            string(item(c->evidence, "smoke"), "inline_why"));
    else
        say(c, inline_smoke == 0 && !(inline_perf > 0), "No inline legacy writes", "logs/smoke.json",
            "%.0f in the flows, %.0f in the measurement", inline_smoke, isnan(inline_perf) ? 0 : inline_perf);
}

/* ---- failure and rollback ---- */

static double
lines(const struct court *c, const char *what)
{
    const cJSON *n;
    double sum = 0;

    cJSON_ArrayForEach(n, item(item(c->evidence, "log"), what)) sum += n->valuedouble;
    return sum;
}

static void
judge_failure(struct court *c)
{
    static const char off[] = "Failure simulated: the vNext write went through, the failure was logged, and it healed";
    static const char on[] = "In strict mode the failure is an ERROR and reaches the request";
    const cJSON *failure = item(c->evidence, "failure");
    const cJSON *strict = item(c->evidence, "strict");
    const char *raised = string(item(strict, "await_sync"), "sqlstate");

    if (left_out(c, "skip-failure")) {
        say(c, LEFT_OUT, off, "logs/failure.json", "left out");
        say(c, LEFT_OUT, on, "logs/strict.json", "left out");
        return;
    }
    say(c,
        stage_state_status(c->state, "failure") == 0 && cJSON_IsTrue(item(failure, "healed")) &&
            lines(c, "failed_warning") > 0,
        off, "logs/failure.json", "%s after %.0f ms, %.0f WARNING lines, healed %s",
        *string(item(failure, "failed"), "exception_type") == '\0' ? "no failure"
                                                                   : string(item(failure, "failed"), "exception_type"),
        number(item(failure, "failed"), "after_ms"), lines(c, "failed_warning"),
        cJSON_IsTrue(item(failure, "healed")) ? "when the cause went" : "not");
    say(c,
        stage_state_status(c->state, "strict") == 0 && strcmp(raised, "DW001") == 0 && lines(c, "failed_error") > 0 &&
            cJSON_IsFalse(item(item(strict, "afterwards"), "strict_mode")),
        on, "logs/strict.json", "await_sync raised %s, %.0f ERROR lines, strict mode is %s",
        *raised == '\0' ? "nothing" : raised, lines(c, "failed_error"),
        cJSON_IsFalse(item(item(strict, "afterwards"), "strict_mode")) ? "off again" : "not known to be off");
}

static void
judge_rollback(struct court *c)
{
    const cJSON *off = item(c->evidence, "off");
    const char *enabled = effective(c, "flags_disabled", ENABLED);

    say(c,
        stage_state_status(c->state, "disable") == 0 && strcmp(enabled, "false") == 0 &&
            cJSON_IsTrue(item(off, "legacy_unchanged")) && stage_state_status(c->state, "off") == 0,
        "Rollback tested: dual write goes off, and vNext writes go on", "logs/rollback_disable.txt",
        "enabled %s, a vNext change %s, legacy %s", enabled,
        cJSON_IsTrue(item(off, "vnext_write")) ? "went through" : "did not go through",
        cJSON_IsTrue(item(off, "legacy_unchanged")) ? "stayed as it was" : "did not stay as it was");
    say(c, stage_state_status(c->state, "cleanup") == 0, "Test data deleted", "logs/rollback_cleanup.txt",
        "exit status %d", stage_state_status(c->state, "cleanup"));
    say(c, stage_state_status(c->state, "resume") == 0, "The rollback was taken back", "logs/rollback_resume.txt",
        "exit status %d", stage_state_status(c->state, "resume"));
}

cJSON *
stage_judge(const cJSON *state, const cJSON *evidence)
{
    struct court c = {.state = state, .evidence = evidence, .criteria = cJSON_CreateArray()};

    judge_flags(&c);
    judge_flows(&c);
    judge_scheduled(&c);
    judge_map(&c);
    judge_delta(&c);
    judge_mapping_health(&c);
    judge_health(&c);
    judge_performance(&c);
    judge_failure(&c);
    judge_rollback(&c);
    judge_flags_after(&c);
    say(&c, YES, "The results are written for the tracker", "SUMMARY.md", "this page");
    return c.criteria;
}

int
stage_judge_crossed(const cJSON *criteria)
{
    const cJSON *one;
    int crossed = 0;

    cJSON_ArrayForEach(one, criteria) crossed += cJSON_IsFalse(item(one, "held"));
    return crossed;
}
