/*
 * cmd_smoke.c - `dualwrited smoke`: five flows from vNext to legacy, each verified on both sides and timed, with test data that
 * is gone afterwards. What is asked for, the order of the parts, and the answer; the parts are smoke_*.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "command.h"
#include "desk.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/faults.h"
#include "dualwrite/slurp.h"
#include "dualwrite/smoke_api.h"
#include "dualwrite/smoke_report.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "smoke_daemon.h"
#include "smoke_run.h"

#define TIMEOUT_MS 10000
#define PERF_MOST 1000
#define API_MOST ((size_t) 1 << 20)

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"via", "WAY", "sql: write the vNext tables (the default); api: the application's HTTP endpoints"},
    {"base-url", "URL", "via api: where the application is; a token comes from $SMOKE_API_TOKEN"},
    {"api-file", "FILE", "via api: the endpoints of another application than the built-in one"},
    {"set", "ASSIGNMENT", "ENTITY.COLUMN=VALUE of a new row, or VARIABLE=VALUE of the API; repeated"},
    {"log", "FILE", "a daemon's log, where each flow's completed line must come; repeated"},
    {"with-daemon", NULL, "start a daemon for the time of the test, and look into its log"},
    {"timeout", "DURATION", "how long a change may take to reach legacy (default: 10s)"},
    {"perf", "N", "time N creations with dual write on and N with it off, in turn"},
    {"keep", NULL, "leave the test data there"},
    {"fail-on-errors", NULL, "exit 1 also when --perf is above the 10 % rule"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

/* ---- what is asked for ---- */

static int
take_number(struct smoke_asked *a, const char *name, const char *argument)
{
    char *end;

    errno = 0;
    a->perf = strtol(argument, &end, 10);
    if (errno != 0 || *end != '\0' || end == argument || a->perf < 1 || a->perf > PERF_MOST)
        return command_bad_argument(name, argument, "a number from 1 to 1000");
    return EXIT_GOOD;
}

static int
take_set(struct smoke_asked *a, const char *name, const char *argument)
{
    const char *equals = strchr(argument, '=');
    struct buf left = {0};

    if (equals == NULL || equals == argument)
        return command_bad_argument(name, argument, "ENTITY.COLUMN=VALUE, or VARIABLE=VALUE of an API");
    buf_add(&left, argument, (size_t) (equals - argument));
    a->sets = xreallocarray(a->sets, a->nsets + 1, sizeof *a->sets);
    a->sets[a->nsets++] = (struct smoke_set){buf_steal(&left), equals + 1};
    return EXIT_GOOD;
}

static void
add_log(struct smoke_asked *a, const char *file)
{
    a->logs = xreallocarray((void *) a->logs, a->nlogs + 1, sizeof *a->logs);
    a->logs[a->nlogs++] = file;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct smoke_asked *a = into;

    if (strcmp(name, "config") == 0) {
        a->config = argument;
    } else if (strcmp(name, "via") == 0) {
        if (strcmp(argument, "sql") != 0 && strcmp(argument, "api") != 0)
            return command_bad_argument(name, argument, "sql or api");
        a->api = strcmp(argument, "api") == 0;
    } else if (strcmp(name, "base-url") == 0) {
        if (strncmp(argument, "http://", 7) != 0 && strncmp(argument, "https://", 8) != 0)
            return command_bad_argument(name, argument, "a URL that begins with http:// or https://");
        if (smoke_api_has_login(argument))
            return command_bad_argument(name, "URL with a login", SMOKE_API_NO_LOGIN);
        a->base_url = argument;
    } else if (strcmp(name, "api-file") == 0) {
        a->api_file = argument;
    } else if (strcmp(name, "set") == 0) {
        return take_set(a, name, argument);
    } else if (strcmp(name, "log") == 0) {
        add_log(a, argument);
    } else if (strcmp(name, "with-daemon") == 0) {
        a->with_daemon = true;
    } else if (strcmp(name, "timeout") == 0) {
        a->timeout_ms = config_duration_ms(argument);
        if (a->timeout_ms < 1)
            return command_bad_argument(name, argument, "a duration such as 10s");
    } else if (strcmp(name, "perf") == 0) {
        return take_number(a, name, argument);
    } else if (strcmp(name, "keep") == 0) {
        a->keep = true;
    } else if (strcmp(name, "fail-on-errors") == 0) {
        a->fail_on_errors = true;
    } else if (strcmp(name, "json") == 0) {
        a->json = true;
    } else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0) {
        a->json = strcmp(argument, "json") == 0;
    } else {
        return command_bad_argument(name, argument, "text or json");
    }
    return EXIT_GOOD;
}

static int
check_asked(const struct smoke_asked *a)
{
    if (a->api && a->base_url == NULL) {
        fputs("dualwrited smoke: --via=api needs --base-url, such as --base-url=https://staging.example.com\n", stderr);
        return EXIT_USAGE;
    }
    if (!a->api && (a->base_url != NULL || a->api_file != NULL)) {
        fputs("dualwrited smoke: --base-url and --api-file are for --via=api\n", stderr);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/* ---- the run ---- */

/* The endpoints, and the variables that are known from the start. */
static int
prepare_api(struct smoke *s)
{
    const struct smoke_asked *a = s->asked;
    struct faults faults = {0};
    size_t len = 0;
    char *text = NULL;

    if (a->api_file != NULL && (text = slurp(a->api_file, API_MOST, &len)) == NULL) {
        fprintf(stderr, "dualwrited smoke: cannot read %s: %s\n", a->api_file, strerror(errno));
        return EXIT_INPUT;
    }
    s->api = smoke_api_parse(a->api_file == NULL ? "built-in endpoints" : a->api_file,
                             text == NULL ? default_smoke_api_json : text,
                             text == NULL ? strlen(default_smoke_api_json) : len, &faults);
    command_print_faults(&faults);
    faults_free(&faults);
    free(text);
    if (s->api == NULL)
        return EXIT_INPUT;
    s->variables = cJSON_CreateObject();
    for (size_t i = 0; i < a->nsets; i++)
        cJSON_AddStringToObject(s->variables, a->sets[i].name, a->sets[i].value);
    cJSON_AddStringToObject(s->variables, "name", s->name);
    return EXIT_GOOD;
}

/* "Staging Test Team 3f9a2c1d" */
static void
name_run(struct smoke *s)
{
    unsigned random = 0;
    const char *entity = s->root.entity < s->mapping->count ? s->mapping->entities[s->root.entity].name : "row";
    char first = *entity >= 'a' && *entity <= 'z' ? (char) (*entity - 32) : *entity;

    if (getrandom(&random, sizeof random, 0) < 0)
        random = (unsigned) smoke_now();
    snprintf(s->run, sizeof s->run, "%08x", random);
    snprintf(s->name, sizeof s->name, SMOKE_NAME " %c%.60s %s", first, entity + 1, s->run);
}

static void
begin_document(struct smoke *s)
{
    static const char *const nulls[] = {"inline_legacy_writes", "inline_why", "perf"};

    s->doc = cJSON_CreateObject();
    cJSON_AddStringToObject(s->doc, "via", s->asked->api ? "api" : "sql");
    cJSON_AddStringToObject(s->doc, "run", s->run);
    cJSON_AddStringToObject(s->doc, "name", s->name);
    cJSON_AddStringToObject(s->doc, "database", s->d->shown[DATABASE_VNEXT]);
    cJSON_AddArrayToObject(s->doc, "flows");
    cJSON_AddArrayToObject(s->doc, "writer_statements");
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        cJSON_AddNullToObject(s->doc, nulls[i]);
    s->made = cJSON_CreateArray();
}

/* ---- the guard's record, and rows of other runs ---- */

static PGresult *
look(struct smoke *s, enum database side, const char *sql, const char *param)
{
    return desk_look(s->d, side, s->d->settings->config->statement_timeout_ms, sql, param == NULL ? 0 : 1, &param);
}

static void
mark_guard(struct smoke *s)
{
    PGresult *r = look(s, DATABASE_LEGACY, sql_smoke_guard_mark, NULL);

    s->guard_mark = r == NULL || strcmp(PQgetvalue(r, 0, 1), "off") == 0 ? -1 : strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
}

static void
read_guard(struct smoke *s)
{
    char mark[24];
    PGresult *r;
    const char *why = "the guard is off, so nobody records who writes legacy: dualwrited install --guard=record";
    char *refused = NULL;

    if (s->guard_mark >= 0) {
        snprintf(mark, sizeof mark, "%lld", s->guard_mark);
        r = look(s, DATABASE_LEGACY, sql_smoke_guard_since, mark);
        if (r != NULL)
            cJSON_ReplaceItemInObject(s->doc, "inline_legacy_writes",
                                      cJSON_CreateNumber(strtod(PQgetvalue(r, 0, 0), NULL)));
        refused = r == NULL ? smoke_refusal(s) : PQgetisnull(r, 0, 1) ? NULL : xstrdup(PQgetvalue(r, 0, 1));
        why = refused;
        PQclear(r);
    }
    if (why != NULL)
        cJSON_ReplaceItemInObject(s->doc, "inline_why", cJSON_CreateString(why));
    free(refused);
}

static void
count_leftovers(struct smoke *s)
{
    char *sql = s->plan == NULL || s->root.entity == s->mapping->count
                    ? NULL
                    : smoke_leftovers_sql(s->mapping, &s->catalogs, &s->mapping->entities[s->root.entity]);
    PGresult *r = sql == NULL ? NULL : look(s, DATABASE_VNEXT, sql, SMOKE_NAME "%");

    cJSON_AddNumberToObject(s->doc, "leftovers", r == NULL ? 0 : strtod(PQgetvalue(r, 0, 0), NULL));
    PQclear(r);
    free(sql);
}

/* ---- the whole ---- */

static void
answer(const struct smoke *s)
{
    struct buf out = {0};

    if (s->asked->json) {
        char *json = cJSON_Print(s->doc);

        buf_printf(&out, "%s\n", json);
        cJSON_free(json);
    } else {
        smoke_text(&out, s->doc, desk_width());
    }
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static void
test(struct smoke *s)
{
    count_leftovers(s);
    mark_guard(s);
    smoke_flows(s);
    if (s->asked->perf > 0 && s->plan != NULL)
        smoke_measure(s);
    read_guard(s);
    cJSON_AddBoolToObject(s->doc, "kept", s->asked->keep);
    if (s->asked->keep || s->plan == NULL) {
        cJSON_AddBoolToObject(s->doc, "cleaned", !s->asked->keep);
        cJSON_AddNullToObject(s->doc, "cleaned_why");
    } else {
        smoke_clean(s);
    }
    cJSON_AddBoolToObject(s->doc, "interrupted", smoke_interrupted() != 0);
}

static int
smoke(struct smoke_asked *asked, const struct settings *settings)
{
    struct desk desk;
    struct smoke s = {.asked = asked, .d = &desk, .mapping = settings->mapping};
    struct smoke_daemon daemon = {0};
    int status;

    s.root.entity = smoke_root(s.mapping);
    s.child.entity = s.root.entity < s.mapping->count ? smoke_child(s.mapping, s.root.entity) : s.mapping->count;
    name_run(&s);
    status = desk_open(&desk, settings, "smoke");
    if (status == EXIT_GOOD && desk.pq[DATABASE_LEGACY] == NULL) {
        fprintf(stderr, "dualwrited: cannot connect (%s): %s\n", desk.shown[DATABASE_LEGACY], desk.why);
        fputs("dualwrited: check " SETTINGS_LEGACY_URL ", and that the server runs and lets this host in\n", stderr);
        status = EXIT_UNREACHABLE;
    }
    if (status == EXIT_GOOD)
        status = smoke_prepare(&s);
    if (status == EXIT_GOOD && asked->api)
        status = prepare_api(&s);
    if (status == EXIT_GOOD && asked->with_daemon)
        status = smoke_daemon_start(&daemon, &desk, asked->config);
    if (status == EXIT_GOOD) {
        if (asked->with_daemon)
            add_log(asked, daemon.log);
        smoke_catch();
        begin_document(&s);
        test(&s);
        desk_quiet(&desk);
        status = smoke_judge(s.doc) ? EXIT_GOOD : EXIT_FOUND;
        if (asked->fail_on_errors && cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetObjectItem(s.doc, "perf"), "met")))
            status = EXIT_FOUND;
        answer(&s);
        if (smoke_interrupted() != 0)
            status = 128 + smoke_interrupted();
    }
    smoke_daemon_stop(&daemon);
    smoke_free(&s);
    desk_close(&desk);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct smoke_asked asked = {.timeout_ms = TIMEOUT_MS};
    struct settings *settings = NULL;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status == EXIT_GOOD && !helped)
        status = check_asked(&asked);
    if (status == EXIT_GOOD && !helped) {
        settings = command_settings(asked.config);
        status = settings == NULL ? EXIT_CONFIGURATION : smoke(&asked, settings);
        settings_free(settings);
    }
    for (size_t i = 0; i < asked.nsets; i++)
        free((char *) asked.sets[i].name);
    free(asked.sets);
    free((void *) asked.logs);
    return status;
}

const struct command cmd_smoke = {
    .name = "smoke",
    .summary = "five flows from vNext to legacy, each verified on both sides and timed",
    .help =
        "Creates a row, adds a child, changes both and removes the child, as the application would, and verifies each "
        "on\n"
        "both sides, in the map, and in the log where one is given. The test rows are called 'Staging Test ...', and\n"
        "are gone at the end, on both sides, also after Ctrl-C. It needs a login that may write the vNext tables and\n"
        "is a member of dualwrite_daemon, and for the end DELETE on the mapped tables.\n"
        "Exit status: 0 all flows passed or were skipped, 1 one failed, something wrote legacy inline, or test data "
        "is\n"
        "left, 65 bad --api-file, 69 unreachable, 70 not finished, 78 configuration, 130 and 143 after a signal.",
    .options = options,
    .run = run,
};
