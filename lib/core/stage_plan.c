/* stage_plan.c - the table of the staged test; see dualwrite/stage_plan.h. */
#include "dualwrite/stage_plan.h"

#include <string.h>

static const struct {
    const char *name;
    const char *title;
} phases[STAGE_PHASES] = {
    {"preflight", "is everything there, and what is it like before"},
    {"baseline", "the validation report before dual write is on"},
    {"enable", "dual write on, strict mode off"},
    {"smoke", "the five flows, each verified in log and legacy rows"},
    {"after", "the validation report again, and what has changed"},
    {"performance", "creation with dual write on and off"},
    {"failure", "a legacy row that cannot be written, without and with strict mode"},
    {"rollback", "dual write off, test data away, everything as it was"},
    {"summary", "the criteria, ticked or crossed"},
};

#define BEFORE "baseline/validation_before"
#define AFTER "after/validation_after"
#define REPORT "report --sample-size={sample-size}"
#define SMOKE "smoke --json --via={via} --base-url={base-url} --api-file={api-file} --set={set}"
#define RESUME "rollback resume --flag=TEAM_VNEXT_DUAL_WRITE_ENABLED"
#define CLEANUP                                                                                                        \
    "rollback cleanup --match={match} --yes-all" /* test data by its name, also where there is nothing else */

const struct stage_step stage_steps[] = {
    {.phase = 0,
     .name = "check",
     .doing = "checking settings, databases and mapping",
     .words = "check --json",
     .file = "logs/check.json",
     .highest = 1,
     .must = true},
    {.phase = 0,
     .name = "flags_before",
     .doing = "asking for the flags",
     .words = "flags --json",
     .file = "baseline/flags.json",
     .highest = 1,
     .must = true},
    {.phase = 0,
     .name = "status_before",
     .doing = "asking for backlog and daemons",
     .words = "status --json",
     .file = "baseline/status.json",
     .highest = 2,
     .must = true},

    {.phase = 1,
     .name = "before_text",
     .doing = "the report as text",
     .words = REPORT " --format=text",
     .file = BEFORE ".txt",
     .must = true},
    {.phase = 1,
     .name = "before",
     .doing = "the report as JSON",
     .words = REPORT " --format=json",
     .file = BEFORE ".json",
     .must = true},

    {.phase = 2,
     .name = "enable",
     .doing = "turning dual write on",
     .words = "stage --step=enable",
     .file = "logs/enable.json",
     .must = true,
     .undo = "stage --step=restore"},
    {.phase = 2,
     .name = "flags_enabled",
     .doing = "asking for the flags",
     .words = "flags --json",
     .file = "logs/flags_enabled.json",
     .highest = 1,
     .must = true},

    {.phase = 3,
     .name = "smoke",
     .doing = "the five flows",
     .words = SMOKE " --keep --log={log}",
     .file = "logs/smoke.json",
     .needs_enabled = true,
     .undo = CLEANUP},
    {.phase = 3, .name = "logs_smoke", .doing = "collecting log lines", .place = STAGE_LOGS, .file = "logs/daemon.log"},

    {.phase = 4,
     .name = "after_text",
     .doing = "the report as text",
     .words = REPORT " --format=text",
     .file = AFTER ".txt",
     .must = true,
     .needs_enabled = true},
    {.phase = 4,
     .name = "after",
     .doing = "the report as JSON",
     .words = REPORT " --format=json",
     .file = AFTER ".json",
     .must = true,
     .needs_enabled = true},
    {.phase = 4,
     .name = "delta",
     .doing = "comparing both reports",
     .place = STAGE_HERE,
     .words = "delta --before={folder}/" BEFORE ".json --after={folder}/" AFTER ".json --out-dir={folder}",
     .file = "logs/delta.txt",
     .must = true},

    {.phase = 5,
     .name = "perf",
     .doing = "creating rows with dual write on and off",
     .words = SMOKE " --perf={perf}",
     .file = "logs/perf.json",
     .needs_enabled = true,
     .unless = "skip-performance",
     .undo = CLEANUP},

    {.phase = 6,
     .name = "failure",
     .doing = "a failed sync, strict mode off",
     .words = "stage --step=failure",
     .file = "logs/failure.json",
     .needs_enabled = true,
     .unless = "skip-failure"},
    {.phase = 6,
     .name = "strict",
     .doing = "a failed sync, strict mode on",
     .words = "stage --step=strict",
     .file = "logs/strict.json",
     .needs_enabled = true,
     .unless = "skip-failure",
     .undo = "stage --step=lenient",
     .undo_at_once = true},
    {.phase = 6,
     .name = "logs_failure",
     .doing = "collecting log lines",
     .place = STAGE_LOGS,
     .file = "logs/daemon.log"},

    {.phase = 7,
     .name = "disable",
     .doing = "turning dual write off",
     .words = "rollback disable --reason={reason}",
     .file = "logs/rollback_disable.txt",
     .undo = RESUME},
    {.phase = 7,
     .name = "flags_disabled",
     .doing = "asking for the flags",
     .words = "flags --json",
     .file = "logs/flags_disabled.json",
     .highest = 1},
    {.phase = 7,
     .name = "off",
     .doing = "a vNext change while dual write is off",
     .words = "stage --step=off",
     .file = "logs/off.json"},
    {.phase = 7,
     .name = "cleanup",
     .doing = "deleting the test data",
     .words = CLEANUP,
     .file = "logs/rollback_cleanup.txt",
     .settles = "smoke"},
    {.phase = 7,
     .name = "resume",
     .doing = "taking the rollback back",
     .words = RESUME,
     .file = "logs/rollback_resume.txt",
     .settles = "disable"},
    {.phase = 7,
     .name = "restore",
     .doing = "taking our own overrides back",
     .words = "stage --step=restore",
     .file = "logs/restore.json",
     .settles = "enable"},
    {.phase = 7,
     .name = "flags_after",
     .doing = "asking for the flags",
     .words = "flags --json",
     .file = "after/flags.json",
     .highest = 1},
    {.phase = 7,
     .name = "logs_rollback",
     .doing = "collecting log lines",
     .place = STAGE_LOGS,
     .file = "logs/daemon.log"},

    {.phase = 8,
     .name = "status_after",
     .doing = "asking for backlog and daemons",
     .words = "status --json",
     .file = "after/status.json",
     .highest = 2},
};

const size_t stage_step_count = sizeof stage_steps / sizeof stage_steps[0];

const char *
stage_phase_name(int phase)
{
    return phases[phase].name;
}

const char *
stage_phase_title(int phase)
{
    return phases[phase].title;
}

const struct stage_step *
stage_step_named(const char *name)
{
    for (size_t i = 0; i < stage_step_count; i++)
        if (strcmp(stage_steps[i].name, name) == 0)
            return &stage_steps[i];
    return NULL;
}

static const char *
value_of(const char *name, const cJSON *options, const char *folder)
{
    if (strcmp(name, "folder") == 0)
        return folder;
    if (strcmp(name, "match") == 0)
        return STAGE_MATCH;
    if (strcmp(name, "reason") == 0)
        return "rehearsed in a staged test";
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options, name));
}

/* Adds the word with its place filled in, once for each line of the value; without a value it is left out. */
static void
fill(struct words *out, const char *word, size_t len, const cJSON *options, const char *folder)
{
    const char *open = memchr(word, '{', len);
    const char *close = open == NULL ? NULL : memchr(open, '}', len - (size_t) (open - word));
    char name[32] = {0};
    const char *value;

    if (close == NULL || (size_t) (close - open) > sizeof name) {
        words_addf(out, "%.*s", (int) len, word);
        return;
    }
    memcpy(name, open + 1, (size_t) (close - open) - 1);
    value = value_of(name, options, folder);
    while (value != NULL && *value != '\0') {
        const size_t line = strcspn(value, "\n");

        words_addf(out, "%.*s%.*s%.*s", (int) (open - word), word, (int) line, value,
                   (int) (len - (size_t) (close - word) - 1), close + 1);
        value += line + (value[line] == '\n');
    }
}

void
stage_words(struct words *out, const char *text, const cJSON *options, const char *folder)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");

        fill(out, text, len, options, folder);
        text += len;
        text += strspn(text, " ");
    }
}
