/*
 * cmd_report.c - `dualwrited report`: options, the order of the parts (report_*.c), and where the report goes. The document is
 * lib/core/report.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "report_run.h"

#define TIMEOUT_MS 600000 /* of one statement: counting a large table may take longer than a batch */

/* ---- options ---- */

static int
take_number(const char *name, const char *argument, int64_t min, int64_t max, const char *accepted, int64_t *into)
{
    char *end;

    errno = 0;
    *into = strtoll(argument, &end, 10);
    if (*argument == '\0' || *argument == ' ' || *end != '\0' || errno != 0 || *into < min || *into > max)
        return command_bad_argument(name, argument, accepted);
    return EXIT_GOOD;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct report_options *o = into;

    if (strcmp(name, "json") == 0) {
        o->json = true;
    } else if (strcmp(name, "fail-on-errors") == 0) {
        o->fail_on_errors = true;
    } else if (strcmp(name, "format") == 0) {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        o->json = strcmp(argument, "json") == 0;
    } else if (strcmp(name, "sample-size") == 0) {
        return take_number(name, argument, 0, REPORT_SAMPLE_MAX, "a number of teams from 0 to 100000", &o->sample_size);
    } else if (strcmp(name, "seed") == 0) {
        return take_number(name, argument, INT64_MIN, INT64_MAX, "a whole number", &o->seed);
    } else if (strcmp(name, "game-id") == 0) {
        o->game = argument;
    } else if (strcmp(name, "region") == 0) {
        o->region = argument;
    } else if (strcmp(name, "output") == 0) {
        if (*argument == '\0')
            return command_bad_argument(name, argument, "the name of a file");
        o->output = argument;
    } else {
        o->config = argument;
    }
    return EXIT_GOOD;
}

/* What is filtered by, from the options; EXIT_USAGE after saying why that cannot be. */
static int
find_filters(const struct report_options *o, const struct mapping *m, struct report_filter filters[2], size_t *count)
{
    const struct {
        const char *option, *column, *value;
    } asked[] = {{"game-id", REPORT_GAME, o->game}, {"region", "region", o->region}};
    struct buf why = {0};
    int status = EXIT_GOOD;

    *count = 0;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0] && status == EXIT_GOOD; i++) {
        if (asked[i].value == NULL)
            continue;
        if (report_filter_find(m, asked[i].column, asked[i].value, &filters[*count], &why)) {
            ++*count;
            continue;
        }
        fprintf(stderr, "dualwrited report: --%s cannot filter: %s (`dualwrited mapping show` lists the columns)\n",
                asked[i].option, buf_text(&why));
        status = EXIT_USAGE;
    }
    buf_free(&why);
    return status;
}

/* ---- where it goes ---- */

static bool
write_bytes(int fd, const struct buf *text)
{
    for (size_t done = 0; done < text->len;) {
        ssize_t n = write(fd, text->data + done, text->len - done);

        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t) n : 0;
    }
    return true;
}

/* A device or a pipe is written to. To put a file in its place would take /dev/null away from the whole host. */
static bool
write_through(const char *path, const struct buf *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool good = fd >= 0 && write_bytes(fd, text);

    return (fd < 0 || close(fd) == 0) && good;
}

/* A reader sees the old file or the whole new one. Beside it, because a rename stays within one file system. */
static bool
replace(const char *path, const struct buf *text)
{
    struct buf name = {0};
    bool good;
    int fd;

    buf_printf(&name, "%s.XXXXXX", path);
    fd = mkstemp(name.data);
    good = fd >= 0 && fchmod(fd, 0644) == 0 && write_bytes(fd, text) && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        good = false;
    good = good && rename(name.data, path) == 0;
    if (!good && fd >= 0) {
        const int error = errno;

        unlink(name.data);
        errno = error;
    }
    buf_free(&name);
    return good;
}

static int
write_file(const char *path, const struct buf *text)
{
    struct stat st;
    const bool through = stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);

    if (through ? write_through(path, text) : replace(path, text))
        return EXIT_GOOD;
    fprintf(stderr, "dualwrited report: cannot write %s: %s; name a file in a folder that you may write to\n", path,
            strerror(errno));
    return EXIT_UNFINISHED;
}

static int
print(const struct report_run *run, const cJSON *document)
{
    struct buf out = {0};
    int status = EXIT_GOOD;

    if (run->options->json) {
        char *json = cJSON_Print(document);

        buf_printf(&out, "%s\n", json);
        cJSON_free(json);
    } else {
        report_text(&out, &run->report, document);
    }
    if (run->options->output != NULL) {
        status = write_file(run->options->output, &out);
    } else if (fputs(buf_text(&out), stdout) == EOF || fflush(stdout) != 0) {
        fprintf(stderr, "dualwrited report: cannot write: %s\n", strerror(errno));
        status = EXIT_UNFINISHED;
    }
    buf_free(&out);
    return status;
}

/* ---- the run ---- */

/* A report that is not whole is none. */
static int
say_broken(const struct report_run *run)
{
    fprintf(stderr, "dualwrited report: no report: %s\n", run->ask.why);
    if (reconcile_lost(&run->ask)) {
        fputs("dualwrited report: look whether the servers run, and run the same command again\n", stderr);
        return EXIT_UNREACHABLE;
    }
    if (strcmp(run->ask.sqlstate, "42501") == 0)
        fputs("dualwrited report: run it with the daemon's settings, or GRANT SELECT on that table to this login\n",
              stderr);
    else if (strcmp(run->ask.sqlstate, "55P03") == 0)
        fputs("dualwrited report: somebody holds a lock on it: look at pg_locks and pg_stat_activity, and run the same "
              "command again\n",
              stderr);
    return EXIT_UNFINISHED;
}

static int
report_on(struct report_run *run)
{
    cJSON *document;
    int status;

    if (!report_health(run) || !report_coverage(run) || !report_sample(run)) {
        reconcile_quiet(&run->ask);
        return say_broken(run);
    }
    reconcile_quiet(&run->ask);
    run->report.seconds = (double) monotime_diff_ms(reconcile_now(), run->ask.started) / 1000;
    document = report_document(&run->report);
    status = print(run, document);
    if (status == EXIT_GOOD && run->options->fail_on_errors && report_is_critical(document))
        status = EXIT_FOUND;
    cJSON_Delete(document);
    return status;
}

static int
run_with(const struct report_options *o, const struct settings *settings, const struct report_filter *filters,
         size_t nfilters)
{
    const struct mapping_map *map = settings->mapping->entities[0].map;
    struct report_run run = {
        .options = o,
        .ask = {.name = "report",
                .settings = settings,
                .mapping = settings->mapping,
                .terminal = isatty(STDERR_FILENO) == 1,
                .started = reconcile_now()},
        .report = {.sample_size = o->sample_size,
                   .game = o->game,
                   .region = o->region,
                   .map = map == NULL ? NULL : map->table.name},
    };
    struct buf timeout = {0};
    int status;

    buf_printf(&timeout, "%d", TIMEOUT_MS);
    run.ask.timeout = buf_steal(&timeout);
    status = reconcile_prepare(&run.ask, &run.report.installed);
    report_begin(&run.report);
    if (status == EXIT_GOOD) {
        run.plan = report_plan_make(settings->mapping, &run.ask.catalogs, filters, nfilters);
        run.report.created = run.plan->created;
        status = report_on(&run);
    }
    report_end(&run.report);
    report_plan_free(run.plan);
    free(run.generated_at);
    reconcile_forget(&run.ask);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct report_options o = {.sample_size = 50};
    struct report_filter filters[2];
    struct settings *settings;
    size_t nfilters;
    bool helped;
    int status = command_options(self, argc, argv, &o, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(o.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status = find_filters(&o, settings->mapping, filters, &nfilters);
    if (status == EXIT_GOOD)
        status = run_with(&o, settings, filters, nfilters);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"sample-size", "N", "how many teams are compared (default: 50)"},
    {"seed", "N", "draw another sample; the same seed draws the same one (default: 0)"},
    {"game-id", "ID", "only teams of this game"},
    {"region", "REGION", "only teams of this region"},
    {"fail-on-errors", NULL, "exit 1 when a recommendation is CRITICAL"},
    {"output", "FILE", "write it there instead of to the standard output; a whole file or none"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_report = {
    .name = "report",
    .summary = "the validation report: coverage, health of the map, a sample compared, health of the sync",
    .help =
        "Counts both sides, looks for duplicates and orphans in the map, and compares a random sample as the sync "
        "would\n"
        "write it. It changes nothing, and works before `install` too, for a baseline. `delta` compares two reports.\n"
        "The filters hold for teams; the map's health is always that of the whole map.\n"
        "Exit status: 0 whatever it found, with --fail-on-errors 1 on anything CRITICAL; 69 unreachable; 70 not\n"
        "finished: then there is no report; 78 the mapping does not fit the tables.",
    .options = options,
    .run = run,
};
