/*
 * cmd_stage.c - `dualwrited stage`: the staged test of the dual write, from the pre-flight to the summary, in one folder. Its
 * options; the test is stage_run.c, a step inside the environment stage_step.c.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/smoke_api.h"
#include "dualwrite/stage_plan.h"
#include "dualwrite/stage_state.h"
#include "dualwrite/stage_where.h"
#include "stage_run.h"
#include "stage_step.h"

/* The number that `text` is, up to `most`; -1: it is none. */
static int
number(const char *text, int most)
{
    char *end;
    const long n = strtol(text, &end, 10);

    return *text >= '0' && *text <= '9' && *end == '\0' && n <= most ? (int) n : -1;
}

/* What an option takes where it is not any text; NULL: the argument is good. */
static const char *
accepted(const char *name, const char *argument)
{
    if (strcmp(name, "env") == 0 && strcmp(argument, "local") != 0 && strcmp(argument, "staging-docker") != 0 &&
        strcmp(argument, "staging-k8s") != 0)
        return "local, staging-docker or staging-k8s";
    if (strcmp(name, "via") == 0 && strcmp(argument, "sql") != 0 && strcmp(argument, "api") != 0)
        return "sql or api";
    if ((strcmp(name, "sample-size") == 0 || strcmp(name, "perf") == 0) && number(argument, 1000000) < 1)
        return "a number from 1 to 1000000";
    if (strcmp(name, "step-timeout") == 0 && config_duration_ms(argument) < 1)
        return "a duration such as 10m";
    return *argument == '\0' ? "a name that is not empty" : NULL;
}

/* One that is repeated has a line for each. */
static void
set_option(cJSON *all, const char *name, const char *word)
{
    const char *before = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(all, name));
    struct buf value = {0};

    if (strcmp(name, "set") == 0 && before != NULL)
        buf_printf(&value, "%s\n", before);
    buf_puts(&value, word);
    cJSON_DeleteItemFromObjectCaseSensitive(all, name);
    cJSON_AddStringToObject(all, name, buf_text(&value));
    buf_free(&value);
}

static int
take(void *into, const char *name, const char *argument)
{
    struct stage_asked *a = into;

    if (strcmp(name, "out-dir") == 0) {
        a->folder = argument;
    } else if (strcmp(name, "step") == 0) {
        a->step = argument;
    } else if (strcmp(name, "restart") == 0) {
        a->restart = true;
    } else if (strcmp(name, "undo") == 0) {
        a->undo = true;
    } else if (strcmp(name, "dry-run") == 0) {
        a->dry_run = true;
    } else if (strcmp(name, "json") == 0) {
        a->json = true;
    } else if (strcmp(name, "format") == 0) {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        a->json = strcmp(argument, "json") == 0;
    } else if (strcmp(name, "from-phase") == 0) {
        a->from_phase = number(argument, STAGE_PHASES - 1);
        if (a->from_phase < 0)
            return command_bad_argument(name, argument, "the number of a phase, 0 to 8");
    } else {
        const char *word = argument == NULL ? "yes" : argument;

        if (strcmp(name, "base-url") == 0 && smoke_api_has_login(argument))
            return command_bad_argument(name, "URL with a login", SMOKE_API_NO_LOGIN);
        if (accepted(name, word) != NULL)
            return command_bad_argument(name, argument, accepted(name, word));
        if (strcmp(name, "config") == 0)
            a->config = argument;
        set_option(a->options, name, word);
    }
    return EXIT_GOOD;
}

/* The phases and their commands, as somebody would type them. */
static int
show(const struct stage_asked *a)
{
    cJSON *state = stage_state_new("", a->options, "");
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(state, "options");
    struct words compose = {0}, before = {0};
    char *why = NULL;
    bool good;

    stage_state_defaults(state);
    good = stage_where_check(options, &why);
    words_add(&compose, "docker-compose");
    if (good)
        stage_where_words(
            &before, options, "dualwrited", &compose,
            cJSON_HasObjectItem(options, "pod") ? cJSON_GetStringValue(cJSON_GetObjectItem(options, "pod")) : "POD");
    else
        fprintf(stderr, "dualwrited stage: %s\n", why);
    for (size_t i = 0; good && i < stage_step_count; i++) {
        const struct stage_step *step = &stage_steps[i];
        struct words words = {0};
        struct buf out = {0};

        if (i == 0 || stage_steps[i - 1].phase != step->phase)
            printf("phase %d, %s: %s\n", step->phase, stage_phase_name(step->phase), stage_phase_title(step->phase));
        if (step->place == STAGE_LOGS || (step->unless != NULL && cJSON_HasObjectItem(options, step->unless)))
            continue;
        if (step->place == STAGE_HERE)
            words_add(&words, "dualwrited");
        else
            words_append(&words, &before);
        stage_words(&words, step->words, options, a->folder);
        words_shown(&out, &words);
        printf("  %s\n", buf_text(&out));
        buf_free(&out);
        words_free(&words);
    }
    free(why);
    words_free(&compose);
    words_free(&before);
    cJSON_Delete(state);
    return good ? EXIT_GOOD : EXIT_USAGE;
}

static int
run_asked(const struct stage_asked *a)
{
    if (a->step != NULL)
        return stage_step_run(a->step, a->config);
    if (a->folder == NULL || *a->folder == '\0') {
        fputs("dualwrited stage: --out-dir=DIR says where the evidence goes; a folder that a test was begun in goes on "
              "with it\n",
              stderr);
        return EXIT_USAGE;
    }
    if (a->restart && a->from_phase >= 0) {
        fputs("dualwrited stage: --restart begins at phase 0: leave out --from-phase\n", stderr);
        return EXIT_USAGE;
    }
    return a->dry_run ? show(a) : stage_run(a);
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct stage_asked asked = {.options = cJSON_CreateObject(), .from_phase = -1};
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status == EXIT_GOOD && !helped)
        status = run_asked(&asked);
    cJSON_Delete(asked.options);
    return status;
}

static const struct option_help options[] = {
    {"out-dir", "DIR", "where the evidence goes; the test that was begun there goes on"},
    {"env", "ENV", "local (default), staging-docker, staging-k8s"},
    {"config", "FILE", "the env file; with a container or pod, its path in there"},
    {"container", "NAME", "docker: the container; k8s: the container of the pod"},
    {"compose-file", "FILE", "docker: docker-compose's file"},
    {"service", "NAME", "docker: ... and the service in it"},
    {"namespace", "NAME", "k8s"},
    {"selector", "LABELS", "k8s: the pods, as app=web"},
    {"pod", "NAME", "k8s: this pod"},
    {"program", "PATH", "where dualwrited is in the container (default: in its PATH)"},
    {"log", "FILE", "local: the daemon's log"},
    {"unit", "NAME", "local: its systemd unit (default: dualwrited)"},
    {"via", "WAY", "sql or api: how the flows write, see smoke"},
    {"base-url", "URL", "with --via=api"},
    {"api-file", "FILE", "with --via=api: see smoke"},
    {"set", "NAME=VALUE", "for the rows of the flows: see smoke; repeated"},
    {"sample-size", "N", "of the reports (default: 100)"},
    {"perf", "N", "how many rows the measurement creates (default: 20)"},
    {"step-timeout", "DURATION", "a step that takes longer is ended (default: 1h)"},
    {"skip-performance", NULL, "without phase 5"},
    {"skip-failure", NULL, "without phase 6"},
    {"from-phase", "N", "do this phase, and those after it, again"},
    {"restart", NULL, "begin anew in this folder"},
    {"undo", NULL, "only take back what the test has changed and not taken back"},
    {"dry-run", NULL, "print the commands, run none"},
    {"json", NULL, "for programs: stage.json in the end; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {"step", "WORD", "one step on the databases; for stage itself, in the container"},
    {NULL, NULL, NULL},
};

const struct command cmd_stage = {
    .name = "stage",
    .summary = "the staged test, from pre-flight to summary, with its evidence in one folder",
    .help =
        "Runs check, report, smoke, delta and rollback as commands of their own, here or in a container or pod, and\n"
        "keeps what they print: baseline/, after/, logs/, delta.json, delta.md, SUMMARY.md with each success "
        "criterion\n"
        "ticked or crossed, stage.json with the state. Stopped in the middle, the same command goes on. Dual write is\n"
        "on meanwhile by an override, and in the end everything is as it was.\n"
        "Exit status: 0 every criterion holds, 1 some do not, 2 the pre-flight refuses, 69 not reachable,\n"
        "70 not finished.",
    .options = options,
    .run = run,
};
