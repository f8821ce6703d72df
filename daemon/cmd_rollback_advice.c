/*
 * cmd_rollback_advice.c - `dualwrited rollback advice`: gathers the numbers of the decision matrix, and says which rollback fits
 * and the one command to run. It changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_rollback.h"
#include "desk.h"
#include "dualwrite/rollback_advice.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define PATTERN "Staging Test%"

struct asked {
    const char *config;
    const char *match;
    bool json;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "match") == 0)
        a->match = argument;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        a->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

static cJSON *
ask(struct desk *d, enum database side, const char *sql, int nparams)
{
    const char *params[] = {NULL};
    PGresult *r = desk_look(d, side, d->settings->config->statement_timeout_ms, sql, nparams, params);
    cJSON *answer = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    PQclear(r);
    return answer;
}

/* Adds the number in column `i` to *sum; one that is not known makes the sum so. */
static void
sum_up(double *sum, const PGresult *r, int i)
{
    if (r == NULL || PQgetisnull(r, 0, i))
        *sum = -1;
    else if (*sum >= 0)
        *sum += strtod(PQgetvalue(r, 0, i), NULL);
}

/* What the tables of the mapping say. Refusals leave a number unknown: the rest of the matrix stands without it. */
static void
count_rows(struct desk *d, const struct asked *asked, struct advice_facts *facts)
{
    const struct mapping *m = d->settings->mapping;
    const int64_t timeout = d->settings->config->statement_timeout_ms;
    bool named = false;
    bool mapped = false;

    desk_doing(d, "counting map rows and test data");
    facts->no_duplicates = facts->no_test_rows = "it could not be counted: no right, or not in time";
    facts->no_orphans =
        d->two ? "the legacy tables are in another database; `dualwrited report` counts them" : facts->no_duplicates;
    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];

        if (e->map != NULL) {
            char *sql = rollback_map_sql(e, d->two);
            PGresult *r = desk_look(d, DATABASE_VNEXT, timeout, sql, 0, NULL);

            mapped = true;
            sum_up(&facts->duplicates, r, 0);
            sum_up(&facts->orphans, r, 1);
            PQclear(r);
            free(sql);
        }
        if (rollback_name_column(e) != NULL) {
            char *sql = rollback_test_sql(e);
            PGresult *r = desk_look(d, DATABASE_VNEXT, timeout, sql, 1, &asked->match);

            named = true;
            sum_up(&facts->test_rows, r, 0);
            PQclear(r);
            free(sql);
        }
    }
    if (!mapped) {
        facts->duplicates = facts->orphans = -1;
        facts->no_duplicates = facts->no_orphans = "skipped: the mapping has no map table";
    }
    if (!named) {
        facts->test_rows = -1;
        facts->no_test_rows = "skipped: the mapping has no column \"name\"";
    }
}

static int
exit_status_of(const cJSON *best)
{
    const char *urgency = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(best, "urgency"));

    if (urgency == NULL)
        return EXIT_GOOD;
    return strcmp(urgency, "immediate") == 0 || strcmp(urgency, "high") == 0 ? EXIT_CRITICAL : EXIT_FOUND;
}

static void
print(const struct asked *asked, cJSON *matrix)
{
    struct buf out = {0};

    if (asked->json) {
        const cJSON *best = rollback_advice_best(matrix);
        cJSON *document = cJSON_CreateObject();
        char *json;

        cJSON_AddItemReferenceToObject(document, "matrix", matrix);
        cJSON_AddItemToObject(document, "best", best == NULL ? cJSON_CreateNull() : cJSON_Duplicate(best, true));
        json = cJSON_Print(document);
        buf_printf(&out, "%s\n", json);
        cJSON_free(json);
        cJSON_Delete(document);
    } else {
        rollback_advice_text(&out, matrix);
    }
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static int
advise(struct desk *d, const struct asked *asked)
{
    struct advice_facts facts = {.pattern = asked->match, .legacy_writes = -1};
    cJSON *state;
    cJSON *evidence;
    cJSON *legacy = NULL;
    cJSON *matrix = NULL;
    int status;

    desk_doing(d, "asking for flags, failures and locks");
    state = ask(d, DATABASE_VNEXT, sql_rollback_state, 1);
    evidence = state == NULL ? NULL : ask(d, DATABASE_VNEXT, sql_rollback_evidence, 1);
    if (evidence == NULL) {
        status = desk_refused(d, "asking for the numbers");
        cJSON_Delete(state);
        return status;
    }
    if (d->two && d->pq[DATABASE_LEGACY] != NULL)
        legacy = ask(d, DATABASE_LEGACY, sql_rollback_evidence_legacy, 0);
    facts.state = state;
    facts.evidence = evidence;
    if (!d->two || legacy != NULL) {
        facts.legacy_writes =
            cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(d->two ? legacy : evidence, "legacy_writes_24h"));
        facts.guard = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d->two ? legacy : state, "guard"));
    }
    count_rows(d, asked, &facts);
    desk_quiet(d);
    matrix = rollback_advice(&facts);
    status = exit_status_of(rollback_advice_best(matrix));
    print(asked, matrix);
    cJSON_Delete(matrix);
    cJSON_Delete(legacy);
    cJSON_Delete(evidence);
    cJSON_Delete(state);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {.match = PATTERN};
    struct settings *settings;
    struct desk desk;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status = desk_open(&desk, settings, "rollback");
    if (status == EXIT_GOOD)
        status = advise(&desk, &asked);
    desk_close(&desk);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"match", "PATTERN", "what test data is named like (default: '" PATTERN "')"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_rollback_advice = {
    .name = "rollback advice",
    .summary = "which rollback fits what is wrong now, with the one command to run; changes nothing",
    .help =
        "Looks at failures, locks, confirmed differences, direct legacy writes, the map and left-over test data, and\n"
        "prints the decision matrix with what it found (✗ fits, ✓ does not, ? not known), the most urgent line first,\n"
        "and the command for that. `rollback --advice` is the same.\n"
        "Exit status: 0 nothing fits, 1 something that can wait, 2 something that cannot, 69 unreachable, 70 not "
        "finished.",
    .options = options,
    .run = run,
};
