/*
 * cmd_check.c - `dualwrited check`: everything that can be known before the first write, and writes nothing itself. Settings
 * and the report; what is looked at are the check_*.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_run.h"
#include "command.h"

#define SAMPLE_ROWS 100000

struct asked {
    const char *config;
    int64_t sample_rows;
    bool json;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;
    char *end;

    if (strcmp(name, "config") == 0) {
        a->config = argument;
    } else if (strcmp(name, "json") == 0) {
        a->json = true;
    } else if (strcmp(name, "format") == 0) {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        a->json = strcmp(argument, "json") == 0;
    } else {
        a->sample_rows = strtoll(argument, &end, 10);
        if (*argument < '0' || *argument > '9' || *end != '\0' || a->sample_rows > 1000000000000)
            return command_bad_argument(name, argument, "a number of rows, or 0 for all");
    }
    return EXIT_GOOD;
}

static void
print_report(const struct check_report *r, bool json)
{
    struct buf out = {0};

    if (json)
        check_json(&out, r);
    else
        check_text(&out, r, isatty(STDOUT_FILENO) == 1);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

/* A fault of the env file or the environment, not of the mapping file. */
static bool
is_setting(const struct fault *f, const char *file)
{
    size_t len = file == NULL ? 0 : strlen(file);

    if (strcmp(f->where, "environment") == 0)
        return true;
    return len > 0 && strncmp(f->where, file, len) == 0 && strchr(":", f->where[len]) != NULL &&
           strncmp(f->where + len, ": $", 3) != 0;
}

/* Settings or mapping that cannot be used: all that is wrong with them, and nothing else. */
static int
refuse(const struct asked *asked, const struct faults *faults)
{
    const char *file = settings_file(asked->config);
    struct check_report report = {0};
    int status = EXIT_INPUT;

    for (size_t i = 0; i < faults->count; i++) {
        const struct faults one = {.items = &faults->items[i], .count = 1};
        bool setting = is_setting(&faults->items[i], file);

        if (setting && faults->items[i].severity == FAULT_ERROR)
            status = EXIT_CONFIGURATION;
        check_add_faults(&report, setting ? AREA_CONFIG : AREA_MAPPING, setting ? "settings" : "mapping-file", &one);
    }
    command_print_faults(faults);
    if (asked->json)
        print_report(&report, true);
    check_report_free(&report);
    return status;
}

static void
add_settings(struct check_run *run, const struct faults *faults)
{
    const struct settings *s = run->settings;

    check_add(&run->report, CHECK_PASS, AREA_CONFIG, "settings", s->file != NULL ? s->file : "environment", "read%s",
              s->file != NULL ? "" : "; there is no settings file");
    check_add(&run->report, CHECK_PASS, AREA_CONFIG, "mapping-file", s->mapping_name, "read, %zu entities",
              s->mapping->count);
    check_add_faults(&run->report, AREA_CONFIG, "settings", faults);
}

static int
status_of(const struct check_run *run)
{
    static const int statuses[] = {
        [VERDICT_CLEAN] = EXIT_GOOD,
        [VERDICT_WARNED] = EXIT_FOUND,
        [VERDICT_FAILED] = EXIT_CRITICAL,
        [VERDICT_UNFINISHED] = EXIT_UNFINISHED,
    };

    return run->unreachable ? EXIT_UNREACHABLE : statuses[check_verdict(&run->report)];
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {.sample_rows = SAMPLE_ROWS};
    struct faults faults = {0};
    struct settings *settings;
    struct check_run check;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = settings_load(asked.config, NULL, &faults);
    if (settings == NULL) {
        status = refuse(&asked, &faults);
        faults_free(&faults);
        return status;
    }
    check_run_begin(&check, settings, asked.sample_rows);
    add_settings(&check, &faults);
    faults_free(&faults);
    if (check_server(&check) && check_mapping(&check)) {
        check_data(&check);
        if (!check.lost)
            check_installation(&check);
    }
    check_quiet(&check);
    print_report(&check.report, asked.json);
    status = status_of(&check);
    check_run_end(&check);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"sample-rows", "N", "how many rows of each vNext table to look at (default: 100000; 0: all)"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_check = {
    .name = "check",
    .summary = "what could go wrong before the first write: settings, databases, mapping, data",
    .help =
        "Looks at the settings, both databases, the mapping against their tables, the rows of today, and what is\n"
        "installed. Every line is PASS, WARN or FAIL, with the mend. It changes nothing: each question is asked in\n"
        "a transaction that cannot write. Run it with the settings of the daemon.\n"
        "Exit status: 0 nothing to say, 1 warnings, 2 failures, 65 mapping file, 69 unreachable, 70 not finished.",
    .options = options,
    .run = run,
};
