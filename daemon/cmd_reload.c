/*
 * cmd_reload.c - `dualwrited reload`: asks running daemons, through the database, to read their settings again, and waits for
 * each one's answer. It needs no signal and no shell where they run. What a reload is: daemon/reload.h.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "desk.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/shown.h"
#include "embedded.h"

#define TIMEOUT_MS 10000
#define PAUSE_US 50000

struct asked {
    const char *config;
    bool all, json, dry_run;
    int64_t timeout_ms;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "all") == 0)
        a->all = true;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(name, "dry-run") == 0)
        a->dry_run = true;
    else if (strcmp(name, "timeout") == 0) {
        if ((a->timeout_ms = config_duration_ms(argument)) <= 0)
            return command_bad_argument(name, argument, "a time, as 500ms, 30s or 2m");
    } else {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        a->json = strcmp(argument, "json") == 0;
    }
    return EXIT_GOOD;
}

static const cJSON *
get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(get(object, key));

    return text == NULL ? "" : text;
}

static double
seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) (now.tv_sec - start->tv_sec) + (double) (now.tv_nsec - start->tv_nsec) / 1e9;
}

static const char *
field(const PGresult *r, int row, const char *column)
{
    return PQgetvalue(r, row, PQfnumber(r, column));
}

/* Asks them; a list of daemons, each with the number of its request, `state` "waiting" or "unable". NULL: refused. */
static cJSON *
ask(struct desk *d, const struct asked *asked)
{
    char host[256] = "";
    const char *params[] = {asked->all ? NULL : host};
    cJSON *daemons = NULL;
    PGresult *r = NULL;

    gethostname(host, sizeof host - 1);
    if (desk_begin(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, true))
        r = desk_ask(d, DATABASE_VNEXT, sql_reload_ask, 1, params);
    if (desk_end(d, DATABASE_VNEXT, r != NULL && !asked->dry_run) && r != NULL)
        daemons = cJSON_CreateArray();
    for (int i = 0; daemons != NULL && i < PQntuples(r); i++) {
        const char *number = field(r, i, "number");
        cJSON *daemon = cJSON_CreateObject();

        cJSON_AddStringToObject(daemon, "instance", field(r, i, "instance"));
        cJSON_AddStringToObject(daemon, "host", field(r, i, "host"));
        cJSON_AddNumberToObject(daemon, "pid", strtod(field(r, i, "pid"), NULL));
        cJSON_AddStringToObject(daemon, "version", field(r, i, "version"));
        cJSON_AddNumberToObject(daemon, "number", strtod(number, NULL));
        cJSON_AddStringToObject(daemon, "state",
                                *number == '\0'  ? "unable"
                                : asked->dry_run ? "would_be_asked"
                                                 : "waiting");
        cJSON_AddItemToArray(daemons, daemon);
    }
    PQclear(r);
    return daemons;
}

static void
set_state(cJSON *daemon, const char *state)
{
    cJSON_ReplaceItemInObjectCaseSensitive(daemon, "state", cJSON_CreateString(state));
}

static void
note_answer(cJSON *daemon, const PGresult *r, int row)
{
    cJSON *answer;

    cJSON_DeleteItemFromObjectCaseSensitive(daemon, "last_beat_age_seconds");
    cJSON_AddNumberToObject(daemon, "last_beat_age_seconds", strtod(field(r, row, "quiet"), NULL));
    if (strtod(field(r, row, "done"), NULL) < cJSON_GetNumberValue(get(daemon, "number")))
        return;
    answer = cJSON_Parse(field(r, row, "answer"));
    set_state(daemon, cJSON_IsTrue(get(answer, "reloaded")) ? "reloaded" : "refused");
    cJSON_AddStringToObject(daemon, "changed", string(answer, "changed"));
    cJSON_AddItemToObject(daemon, "faults",
                          get(answer, "faults") == NULL ? cJSON_CreateArray()
                                                        : cJSON_Duplicate(get(answer, "faults"), true));
    cJSON_Delete(answer);
}

/* Takes in what has been answered by now; *waiting: how many have not. False after a refusal. */
static bool
look(struct desk *d, cJSON *daemons, int *waiting)
{
    struct buf ids = {0};
    const char *params[1];
    cJSON *answered;
    cJSON *daemon;
    PGresult *r;

    *waiting = 0;
    pgarray_open(&ids);
    cJSON_ArrayForEach(daemon, daemons) pgarray_add(&ids, string(daemon, "instance"));
    pgarray_close(&ids);
    params[0] = buf_text(&ids);
    r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_reload_answers, 1, params);
    answered = r == NULL ? NULL : daemons;
    cJSON_ArrayForEach(daemon, answered)
    {
        int row = 0;

        if (strcmp(string(daemon, "state"), "waiting") != 0)
            continue;
        while (row < PQntuples(r) && strcmp(field(r, row, "instance"), string(daemon, "instance")) != 0)
            row++;
        if (row < PQntuples(r))
            note_answer(daemon, r, row);
        else
            set_state(daemon, "ended");
        *waiting += strcmp(string(daemon, "state"), "waiting") == 0;
    }
    PQclear(r);
    buf_free(&ids);
    return r != NULL;
}

static void
daemon_text(struct buf *out, const cJSON *daemon)
{
    const char *state = string(daemon, "state");
    const cJSON *fault;

    buf_puts(out, strcmp(state, "reloaded") == 0 ? "✓ " : strcmp(state, "would_be_asked") == 0 ? "- " : "✗ ");
    shown_text(out, string(daemon, "host"), 0);
    buf_printf(out, " pid %.0f (%s): ", cJSON_GetNumberValue(get(daemon, "pid")), string(daemon, "instance"));
    if (strcmp(state, "reloaded") == 0) {
        buf_puts(out, *string(daemon, "changed") == '\0' ? "reloaded, nothing had changed" : "reloaded: ");
        shown_text(out, string(daemon, "changed"), 0);
    } else if (strcmp(state, "refused") == 0) {
        buf_puts(out, "refused, its running settings stay; mend the faults and reload again:");
    } else if (strcmp(state, "ended") == 0) {
        buf_puts(out, "ended before it answered; a new start reads the file anyway");
    } else if (strcmp(state, "unable") == 0) {
        buf_printf(out, "its version (%s) cannot be asked; send it SIGHUP", string(daemon, "version"));
    } else if (strcmp(state, "would_be_asked") == 0) {
        buf_puts(out, "would be asked");
    } else {
        buf_puts(out, "did not answer, last beat ");
        shown_span(out, cJSON_GetNumberValue(get(daemon, "last_beat_age_seconds")));
        buf_puts(out, " ago; it reloads when it hears of it, unless it has ended");
    }
    buf_putc(out, '\n');
    cJSON_ArrayForEach(fault, get(daemon, "faults"))
    {
        buf_puts(out, cJSON_IsTrue(get(fault, "error")) ? "    " : "    warning: ");
        shown_text(out, string(fault, "where"), 0);
        buf_puts(out, ": ");
        shown_text(out, string(fault, "text"), 0);
        buf_putc(out, '\n');
    }
}

/* The worst of what was answered. */
static int
judge(const cJSON *daemons)
{
    const cJSON *daemon;
    int status = cJSON_GetArraySize(daemons) == 0 ? EXIT_FOUND : EXIT_GOOD;

    cJSON_ArrayForEach(daemon, daemons)
    {
        const char *state = string(daemon, "state");

        if (strcmp(state, "waiting") == 0 || strcmp(state, "unable") == 0)
            status = EXIT_UNFINISHED;
        else if (status == EXIT_GOOD && strcmp(state, "refused") == 0)
            status = EXIT_FOUND;
    }
    return status;
}

static void
print(const struct asked *asked, cJSON *daemons, double seconds)
{
    if (asked->json) {
        cJSON *document = cJSON_CreateObject();
        char *json;

        cJSON_AddBoolToObject(document, "dry_run", asked->dry_run);
        cJSON_AddNumberToObject(document, "seconds", seconds);
        cJSON_AddItemReferenceToObject(document, "daemons", daemons);
        json = cJSON_Print(document);
        puts(json);
        cJSON_free(json);
        cJSON_Delete(document);
    } else {
        const cJSON *daemon;
        struct buf out = {0};

        cJSON_ArrayForEach(daemon, daemons) daemon_text(&out, daemon);
        if (cJSON_GetArraySize(daemons) == 0)
            buf_puts(&out, asked->all ? "no daemon runs\n"
                                      : "no daemon runs on this host; --all asks those of other hosts\n");
        else if (!asked->dry_run)
            buf_printf(&out, "%.1f s\n", seconds);
        fputs(buf_text(&out), stdout);
        buf_free(&out);
    }
}

static int
reload(struct desk *d, const struct asked *asked)
{
    struct timespec start;
    cJSON *daemons;
    int waiting = 0;
    int status;

    clock_gettime(CLOCK_MONOTONIC, &start);
    daemons = ask(d, asked);
    if (daemons == NULL)
        return desk_refused(d, "asking daemons to reload");
    for (;;) {
        desk_doing(d, "waiting for answers");
        if (!asked->dry_run && !look(d, daemons, &waiting)) {
            status = desk_refused(d, "waiting for answers");
            cJSON_Delete(daemons);
            return status;
        }
        if (waiting == 0 || seconds_since(&start) * 1000 >= (double) asked->timeout_ms)
            break;
        usleep(PAUSE_US);
    }
    desk_quiet(d);
    print(asked, daemons, seconds_since(&start));
    status = judge(daemons);
    cJSON_Delete(daemons);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {.timeout_ms = TIMEOUT_MS};
    struct faults faults = {0};
    struct settings *settings;
    struct desk desk;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = settings_load_without_mapping(asked.config, &faults);
    command_print_faults(&faults);
    faults_free(&faults);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status = desk_open(&desk, settings, "reload");
    if (status == EXIT_GOOD)
        status = reload(&desk, &asked);
    desk_close(&desk);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"all", NULL, "every running daemon, on whatever host or pod (default: those of this host)"},
    {"timeout", "DURATION", "wait so long for answers (default: 10s)"},
    {"dry-run", NULL, "show who would be asked, and ask nobody"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_reload = {
    .name = "reload",
    .summary = "asks this host's or every running daemon to read its settings again, and waits for each answer",
    .help =
        "The request goes through the database, so it needs no signal, no shell and no rights on a process. Each "
        "daemon\n"
        "reads its own file, as after SIGHUP, and answers what changed, or the faults for which it keeps what it has.\n"
        "Exit status: 0 all reloaded, 1 one refused or none runs, 69 unreachable, 70 one did not answer in time.",
    .options = options,
    .run = run,
};
