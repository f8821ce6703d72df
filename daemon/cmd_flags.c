/*
 * cmd_flags.c - `dualwrited flags`: every flag's effective value and where it comes from, what this host's settings say,
 * what the database has published, each running daemon's own view, and what the guard of a legacy database of its own
 * obeys. Reads only.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/pgblock.h"
#include "embedded.h"
#include "settings.h"

struct asked {
    const char *config;
    bool json;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        a->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

/* Where this host's value of a flag comes from. */
static const char *
local_source(const struct config *c, enum flag f)
{
    static const char *const words[] = {"default", "environment", "file"};
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, flag_name(f)) == 0)
            return words[c->values[i].source];
    return words[SOURCE_DEFAULT];
}

static cJSON *
text_or_null(const PGresult *r, int row, const char *column)
{
    int i = PQfnumber(r, column);

    return PQgetisnull(r, row, i) ? cJSON_CreateNull() : cJSON_CreateString(PQgetvalue(r, row, i));
}

static bool
truth(const PGresult *r, int row, const char *column)
{
    return PQgetvalue(r, row, PQfnumber(r, column))[0] == 't';
}

static void
add_effective(cJSON *object, const PGresult *r, int row)
{
    cJSON_AddItemToObject(object, "effective", text_or_null(r, row, "value"));
    cJSON_AddItemToObject(object, "source", text_or_null(r, row, "source"));
    cJSON_AddBoolToObject(object, "disagreement", truth(r, row, "disagreement"));
    cJSON_AddItemToObject(object, "published", text_or_null(r, row, "published"));
    if (PQgetisnull(r, row, PQfnumber(r, "override"))) {
        cJSON_AddNullToObject(object, "override");
    } else {
        cJSON *o = cJSON_AddObjectToObject(object, "override");

        cJSON_AddItemToObject(o, "value", text_or_null(r, row, "override"));
        cJSON_AddItemToObject(o, "who", text_or_null(r, row, "override_who"));
        cJSON_AddItemToObject(o, "at", text_or_null(r, row, "override_at"));
        cJSON_AddItemToObject(o, "why", text_or_null(r, row, "override_why"));
    }
}

/* What the guard in a legacy database of its own obeys; no members when it has nothing to say. */
static void
add_legacy(cJSON *object, const PGresult *r, int row)
{
    cJSON *legacy = cJSON_AddObjectToObject(object, "legacy");

    cJSON_AddItemToObject(legacy, "value", text_or_null(r, row, "value"));
    cJSON_AddItemToObject(legacy, "source", text_or_null(r, row, "source"));
    cJSON_AddItemToObject(legacy, "published", text_or_null(r, row, "published"));
}

/* One object per flag; `r` and `legacy` are NULL when that database has nothing to say. */
static void
add_flags(cJSON *answer, const struct config *c, const PGresult *r, const PGresult *legacy)
{
    cJSON *flags = cJSON_AddArrayToObject(answer, "flags");

    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        cJSON *object = cJSON_CreateObject();
        cJSON *local;

        cJSON_AddStringToObject(object, "flag", flag_name(f));
        for (int row = 0; r != NULL && row < PQntuples(r); row++)
            if (strcmp(PQgetvalue(r, row, 0), flag_name(f)) == 0)
                add_effective(object, r, row);
        for (int row = 0; legacy != NULL && row < PQntuples(legacy); row++)
            if (strcmp(PQgetvalue(legacy, row, 0), flag_name(f)) == 0)
                add_legacy(object, legacy, row);
        local = cJSON_AddObjectToObject(object, "here");
        cJSON_AddStringToObject(local, "value", c->flags.value[f]);
        cJSON_AddStringToObject(local, "source", local_source(c, f));
        cJSON_AddItemToArray(flags, object);
    }
}

static void
add_daemons(cJSON *answer, const PGresult *r)
{
    cJSON *daemons = cJSON_AddArrayToObject(answer, "daemons");
    cJSON *flags = NULL;
    const char *last = "";

    for (int row = 0; r != NULL && row < PQntuples(r); row++) {
        if (strcmp(PQgetvalue(r, row, 0), last) != 0) {
            cJSON *d = cJSON_CreateObject();

            last = PQgetvalue(r, row, 0);
            cJSON_AddItemToObject(d, "instance", text_or_null(r, row, "instance"));
            cJSON_AddItemToObject(d, "host", text_or_null(r, row, "host"));
            cJSON_AddNumberToObject(d, "pid", atoi(PQgetvalue(r, row, PQfnumber(r, "pid"))));
            cJSON_AddItemToObject(d, "version", text_or_null(r, row, "version"));
            cJSON_AddItemToObject(d, "state", text_or_null(r, row, "state"));
            cJSON_AddBoolToObject(d, "mapping_installed", truth(r, row, "mapping_installed"));
            flags = cJSON_AddObjectToObject(d, "flags");
            cJSON_AddItemToArray(daemons, d);
        }
        cJSON_AddItemToObject(flags, PQgetvalue(r, row, PQfnumber(r, "flag")), text_or_null(r, row, "value"));
    }
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return s == NULL ? "-" : s;
}

/* The guard obeys another value than the one in force. */
static void
warn_of_legacy(cJSON *warnings, const cJSON *object)
{
    const cJSON *legacy = cJSON_GetObjectItemCaseSensitive(object, "legacy");
    char text[300];

    if (legacy == NULL || !cJSON_HasObjectItem(object, "effective") ||
        strcmp(string(legacy, "value"), string(object, "effective")) == 0)
        return;
    snprintf(text, sizeof text, "in the legacy database %s is %s (%s), not %s; %s", string(object, "flag"),
             string(legacy, "value"), string(legacy, "source"), string(object, "effective"),
             strcmp(string(legacy, "source"), "override") == 0
                 ? "an override there holds for its guard alone: delete it, and write overrides into the vNext database"
                 : "a running daemon brings it there within seconds, so look whether one runs and logs mirror_failed");
    cJSON_AddItemToArray(warnings, cJSON_CreateString(text));
}

static void
add_warnings(cJSON *answer, const struct config *c)
{
    cJSON *warnings = cJSON_AddArrayToObject(answer, "warnings");
    struct flags effective = c->flags;
    const cJSON *object;
    const char *sentence;

    cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(answer, "flags"))
    {
        enum flag f = flag_by_name(string(object, "flag"));
        const char *value = flag_value(f, string(object, "effective"));

        if (value != NULL)
            effective.value[f] = value;
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "disagreement"))) {
            char text[200];

            snprintf(text, sizeof text, "running daemons disagree on %s; the safest view, %s, holds", flag_name(f),
                     string(object, "effective"));
            cJSON_AddItemToArray(warnings, cJSON_CreateString(text));
        }
        warn_of_legacy(warnings, object);
    }
    for (size_t i = 0; (sentence = flags_warning(&effective, i)) != NULL; i++)
        cJSON_AddItemToArray(warnings, cJSON_CreateString(sentence));
}

static void
print_text(const cJSON *answer)
{
    const cJSON *object;

    printf("database: %s\n", string(answer, "database"));
    if (cJSON_HasObjectItem(answer, "legacy_database"))
        printf("legacy database: %s\n", string(answer, "legacy_database"));
    printf("\n%-36s %-13s %-10s %-26s %s\n", "flag", "effective", "source", "here (from)", "published");
    cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(answer, "flags"))
    {
        const cJSON *here = cJSON_GetObjectItemCaseSensitive(object, "here");
        char local[64];

        snprintf(local, sizeof local, "%s (%s)", string(here, "value"), string(here, "source"));
        printf("%-36s %-13s %-10s %-26s %s\n", string(object, "flag"), string(object, "effective"),
               string(object, "source"), local, string(object, "published"));
    }
    cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(answer, "flags"))
    {
        const cJSON *o = cJSON_GetObjectItemCaseSensitive(object, "override");

        if (cJSON_IsObject(o))
            printf("\noverride: %s=%s by %s at %s: %s", string(object, "flag"), string(o, "value"), string(o, "who"),
                   string(o, "at"), string(o, "why"));
    }
    puts("\nrunning daemons:");
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(answer, "daemons")) == 0)
        puts("  none");
    cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(answer, "daemons"))
    {
        const cJSON *flag;

        printf("  %s pid %d, %s, version %s%s\n", string(object, "host"),
               cJSON_GetObjectItemCaseSensitive(object, "pid")->valueint, string(object, "state"),
               string(object, "version"),
               cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "mapping_installed")) ? "" : ", ANOTHER MAPPING");
        cJSON_ArrayForEach(flag, cJSON_GetObjectItemCaseSensitive(object, "flags"))
            printf("    %s=%s\n", flag->string, cJSON_GetStringValue(flag));
    }
    cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(answer, "warnings"))
        printf("WARNING: %s\n", cJSON_GetStringValue(object));
}

/* Whether the schema is there, in words; then `pq` may be asked more. NULL: the question failed. */
static const char *
state_of(PGconn *pq, bool *installed)
{
    PGresult *r = pgblock_query(pq, sql_installed, 0, NULL);
    const char *word = NULL;

    *installed = r != NULL && strcmp(PQgetvalue(r, 0, 0), "ours") == 0;
    if (r != NULL)
        word = *installed ? "installed" : "dualwrite is not installed here";
    PQclear(r);
    return word;
}

/* The legacy database's effective flags, NULL where they cannot be had: that changes nothing of what is in force. */
static PGresult *
ask_legacy(cJSON *answer, const struct settings *settings)
{
    PGconn *pq;
    PGresult *r = NULL;
    const char *word = "unreachable";
    bool installed = false;

    if (!settings_two_databases(settings))
        return NULL;
    pq = pgblock_connect(settings->config->legacy_database_url, SETTINGS_LEGACY_URL, "flags");
    if (pq != NULL)
        word = state_of(pq, &installed);
    if (installed)
        r = pgblock_query(pq, sql_flags_effective, 0, NULL);
    if (r == NULL)
        fprintf(stderr, "dualwrited: warning: what the guard in the legacy database obeys is not known\n");
    cJSON_AddStringToObject(answer, "legacy_database", word == NULL ? "unreadable" : word);
    PQfinish(pq);
    return r;
}

static int
gather(cJSON *answer, const struct settings *settings)
{
    const struct config *c = settings->config;
    PGconn *pq = pgblock_connect(c->database_url, SETTINGS_URL, "flags");
    PGresult *effective = NULL;
    PGresult *daemons = NULL;
    PGresult *legacy;
    bool installed = false;
    const char *database = pq == NULL ? "unreachable" : state_of(pq, &installed);
    int status = pq == NULL ? EXIT_UNREACHABLE : database == NULL ? EXIT_UNFINISHED : EXIT_GOOD;

    if (installed) {
        effective = pgblock_query(pq, sql_flags_effective, 0, NULL);
        daemons = pgblock_query(pq, sql_flags_daemons, 0, NULL);
        if (effective == NULL || daemons == NULL)
            status = EXIT_UNFINISHED;
    }
    cJSON_AddStringToObject(answer, "database", database == NULL ? "unreadable" : database);
    legacy = ask_legacy(answer, settings);
    add_flags(answer, c, effective, legacy);
    add_daemons(answer, daemons);
    add_warnings(answer, c);
    PQclear(effective);
    PQclear(daemons);
    PQclear(legacy);
    PQfinish(pq);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    cJSON *answer;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    answer = cJSON_CreateObject();
    status = gather(answer, settings);
    if (asked.json) {
        char *json = cJSON_Print(answer);

        puts(json);
        cJSON_free(json);
    } else {
        print_text(answer);
    }
    cJSON_Delete(answer);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_flags = {
    .name = "flags",
    .summary = "the flags in force, where each comes from, and every running daemon's view",
    .help = "Effective is the override, else the safest of the running daemons' views, else what was last published.\n"
            "\"here\" is what this host's env file and environment say. Where the legacy tables are in a database of\n"
            "their own, it warns of flags that the guard there does not obey yet.",
    .options = options,
    .run = run,
};
