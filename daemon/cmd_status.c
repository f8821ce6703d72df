/*
 * cmd_status.c - `dualwrited status`: is it working, how far behind is it, who works, and what is to be done. From any host
 * that reaches the database; it asks no daemon, and changes nothing. The document and its judgement are
 * lib/core/status_report.c.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "desk.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/status_report.h"
#include "dualwrite/table_list.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "status_watch.h"
#include "version.h"

#define COUNT_MS 1500 /* a count that takes longer, or waits for a lock (2 s), is given up for an estimate */

#define WATCH_MS 2000

struct asked {
    const char *config;
    bool json;
    int64_t watch_ms; /* 0: once */
};

static int
take_watch(const char *argument, int64_t *ms)
{
    *ms = argument == NULL ? WATCH_MS : strcmp(argument, "off") == 0 ? 0 : config_duration_ms(argument);
    return *ms < 100 ? command_bad_argument("watch", argument, "a time from 100ms on, as 500ms, 5s or 1m") : EXIT_GOOD;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(name, "watch") == 0)
        return take_watch(argument, &a->watch_ms);
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        a->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

/* The JSON document that `sql` answers; NULL after a refusal. */
static cJSON *
ask(struct desk *d, enum database side, int64_t timeout_ms, const char *sql)
{
    PGresult *r = desk_look(d, side, timeout_ms, sql, 0, NULL);
    cJSON *answer = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    PQclear(r);
    return answer;
}

static cJSON *
ask_capture(struct desk *d, int64_t timeout_ms)
{
    struct table_list sources = table_list_of(d->settings->mapping, true, false);
    PGresult *r = desk_look(d, DATABASE_VNEXT, timeout_ms, sql_status_capture_missing, 3,
                            (const char *[]){sources.entities, sources.schemas, sources.names});
    cJSON *answer = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    PQclear(r);
    table_list_free(&sources);
    return answer;
}

/* The same within COUNT_MS. *late: it took longer, which is no fault. */
static cJSON *
count(struct desk *d, const char *sql, bool *late)
{
    cJSON *answer;

    d->sqlstate[0] = '\0';
    answer = ask(d, DATABASE_VNEXT, COUNT_MS, sql);
    *late = answer == NULL && desk_timed_out(d);
    return answer;
}

static double
oldest(struct desk *d)
{
    PGresult *r = desk_look(d, DATABASE_VNEXT, COUNT_MS, sql_status_oldest, 0, NULL);
    double age = r == NULL || PQntuples(r) == 0 ? -1 : strtod(PQgetvalue(r, 0, 0), NULL);

    PQclear(r);
    return age;
}

/* Why the legacy database gives no answer, for the report; NULL: it does. */
static cJSON *
ask_legacy(struct desk *d, char **why)
{
    cJSON *answer = NULL;

    *why = NULL;
    if (d->pq[DATABASE_LEGACY] != NULL)
        answer = ask(d, DATABASE_LEGACY, d->settings->config->statement_timeout_ms, sql_status_legacy);
    if (answer == NULL)
        *why = xstrdup(d->pq[DATABASE_LEGACY] == NULL ? d->why : d->error);
    return answer;
}

/* NULL after saying what was refused; then *status is what to exit with. */
static cJSON *
gather(struct desk *d, int *status)
{
    const int64_t timeout = d->settings->config->statement_timeout_ms;
    struct status_parts parts = {.version = DUALWRITE_VERSION, .vnext = d->shown[DATABASE_VNEXT], .oldest = -1};
    cJSON *report = NULL;
    cJSON *overview;
    cJSON *capture = NULL;
    cJSON *backlog = NULL;
    cJSON *failed = NULL;
    cJSON *legacy = NULL;
    char *why = NULL;
    bool late = false;

    desk_doing(d, "asking for daemons and partitions");
    overview = ask(d, DATABASE_VNEXT, timeout, sql_status_overview);
    if (overview != NULL)
        capture = ask_capture(d, timeout);
    if (capture != NULL) {
        desk_doing(d, "counting waiting events");
        backlog = count(d, sql_status_backlog, &late);
    }
    if (backlog == NULL && late)
        parts.oldest = oldest(d);
    if (backlog != NULL || late) {
        desk_doing(d, "counting failed events");
        failed = count(d, sql_status_failed, &late);
        if (failed == NULL && late)
            failed = ask(d, DATABASE_VNEXT, timeout, sql_status_failed_estimate);
    }
    if (failed == NULL) {
        *status = desk_refused(d, "asking for the status");
    } else {
        desk_doing(d, "asking the legacy side");
        legacy = ask_legacy(d, &why);
        parts.legacy = d->two ? d->shown[DATABASE_LEGACY] : NULL;
        parts.legacy_why = why;
        parts.overview = overview;
        parts.capture = capture;
        parts.backlog = backlog;
        parts.failed = failed;
        parts.legacy_side = legacy;
        report = status_report(&parts);
    }
    cJSON_Delete(overview);
    cJSON_Delete(capture);
    cJSON_Delete(backlog);
    cJSON_Delete(failed);
    cJSON_Delete(legacy);
    free(why);
    return report;
}

static void
print(const struct asked *asked, const cJSON *report)
{
    struct buf out = {0};

    if (asked->json) {
        char *json = cJSON_Print(report);

        buf_printf(&out, "%s\n", json);
        cJSON_free(json);
    } else {
        status_text(&out, report, desk_width(), isatty(STDOUT_FILENO) == 1);
    }
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static int
look_once(const struct asked *asked, const struct settings *settings)
{
    static const int statuses[] = {
        [STATUS_OK] = EXIT_GOOD, [STATUS_WARNING] = EXIT_FOUND, [STATUS_CRITICAL] = EXIT_CRITICAL};
    struct desk desk;
    int status = desk_open(&desk, settings, "status");
    cJSON *report = status == EXIT_GOOD ? gather(&desk, &status) : NULL;

    desk_close(&desk);
    if (report != NULL) {
        print(asked, report);
        status = statuses[status_level(report)];
    }
    cJSON_Delete(report);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status =
        asked.watch_ms > 0 ? status_watch(settings, asked.watch_ms, asked.json, gather) : look_once(&asked, settings);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"watch", "[INTERVAL]", "again and again until Ctrl-C (default: every 2s); not on a terminal: one line each time"},
    {"json", NULL, "for programs; the same as --format=json; with --watch one line each time"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_status = {
    .name = "status",
    .summary = "is it working: backlog, lag, failures, partitions, running daemons",
    .help =
        "Asks the database, so it works from any host, whether a daemon runs there or not, and changes nothing.\n"
        "What needs a look stands at the end, with what to do next. Numbers that would take long to count are\n"
        "estimates, and say so.\n"
        "Exit status: 0 good, 1 something to look at, 2 critical (no daemon works on what waits, or strict mode\n"
        "has failures), 69 unreachable, 70 not finished. --watch waits for a database that is away, and ends with 0.",
    .options = options,
    .run = run,
};
