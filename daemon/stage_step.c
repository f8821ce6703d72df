/*
 * stage_step.c - dual write and strict mode turned on for a staged test, by overrides of the flags that say that they are ours,
 * and turned back. What fails on purpose is stage_fault.c.
 */
#include "stage_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/flags.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/smoke_sql.h"
#include "embedded.h"

#define OURS                                                                                                           \
    "staging test (dualwrited stage)" /* dualwrite.override.why; stage_state.h says when it goes;
                                                          rollback/override.sql knows it */

static const char step_words[] = "enable, restore, lenient, failure, strict or off";

static bool
run_statement(struct desk *d, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = desk_ask(d, DATABASE_VNEXT, sql, nparams, params);
    const bool good = r != NULL;

    PQclear(r);
    return good;
}

static bool
set_override(struct desk *d, enum flag f, const char *value)
{
    const char *const params[] = {flag_name(f), value, OURS};

    return run_statement(d, sql_stage_override, 3, params);
}

/* Somebody else's word on dual write or strict mode is not ours to replace. */
static bool
no_foreign(struct desk *d, int *status)
{
    struct buf flags = {0};
    const char *params[] = {NULL, OURS, SMOKE_MEASURES};
    PGresult *r;
    int count;

    pgarray_open(&flags);
    pgarray_add(&flags, flag_name(FLAG_ENABLED));
    pgarray_add(&flags, flag_name(FLAG_STRICT));
    pgarray_close(&flags);
    params[0] = buf_text(&flags);
    r = desk_ask(d, DATABASE_VNEXT, sql_stage_foreign, 3, params);
    buf_free(&flags);
    if (r == NULL) {
        *status = desk_refused(d, "looking for overrides");
        return false;
    }
    count = PQntuples(r);
    for (int i = 0; i < count; i++)
        fprintf(stderr,
                "dualwrited: %s is overridden to %s by %s since %s (%s): take it back with `dualwrited rollback "
                "resume` when its "
                "reason is gone, then run the test again\n",
                PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), PQgetvalue(r, i, 2), PQgetvalue(r, i, 3),
                PQgetvalue(r, i, 4));
    PQclear(r);
    *status = EXIT_CRITICAL;
    return count == 0;
}

/* What is in force now, into `answer`. */
static bool
say_flags(struct desk *d, cJSON *answer)
{
    PGresult *r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_stage_flags, 0, NULL);

    if (r == NULL)
        return false;
    cJSON_AddBoolToObject(answer, "dual_write_enabled", strcmp(PQgetvalue(r, 0, 0), "true") == 0);
    cJSON_AddBoolToObject(answer, "strict_mode", strcmp(PQgetvalue(r, 0, 1), "true") == 0);
    cJSON_AddNumberToObject(answer, "running_daemons", atoi(PQgetvalue(r, 0, 2)));
    PQclear(r);
    return true;
}

static bool
begin(struct desk *d)
{
    return desk_begin(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, true);
}

static int
enable(struct desk *d, cJSON *answer)
{
    int status = EXIT_GOOD;

    if (!begin(d))
        return desk_refused(d, "turning dual write on");
    if (!no_foreign(d, &status)) {
        desk_end(d, DATABASE_VNEXT, false);
        return status;
    }
    if (!set_override(d, FLAG_ENABLED, "true") || !set_override(d, FLAG_STRICT, "false") ||
        !desk_end(d, DATABASE_VNEXT, true) || !say_flags(d, answer))
        return desk_refused(d, "turning dual write on");
    if (cJSON_GetObjectItemCaseSensitive(answer, "running_daemons")->valueint == 0) {
        fputs("dualwrited: no daemon is running: start one (`dualwrited run`), then run the test again\n", stderr);
        return EXIT_CRITICAL;
    }
    return EXIT_GOOD;
}

/* One statement in a transaction of its own, and what is in force then. */
static int
change(struct desk *d, cJSON *answer, const char *sql, int nparams, const char *const *params)
{
    if (!begin(d) || !run_statement(d, sql, nparams, params) || !desk_end(d, DATABASE_VNEXT, true) ||
        !say_flags(d, answer))
        return desk_refused(d, "taking overrides back");
    return EXIT_GOOD;
}

static int
restore(struct desk *d, cJSON *answer)
{
    const char *const params[] = {OURS, SMOKE_MEASURES};

    return change(d, answer, sql_stage_restore, 2, params);
}

static int
lenient(struct desk *d, cJSON *answer)
{
    const char *const params[] = {flag_name(FLAG_STRICT), OURS};

    return change(d, answer, sql_stage_lenient, 2, params);
}

static int
strict(struct desk *d, cJSON *answer)
{
    int status = EXIT_GOOD;
    int undone;

    if (!begin(d))
        return desk_refused(d, "turning strict mode on");
    if (!no_foreign(d, &status)) {
        desk_end(d, DATABASE_VNEXT, false);
        return status;
    }
    if (!set_override(d, FLAG_STRICT, "true") || !desk_end(d, DATABASE_VNEXT, true))
        return desk_refused(d, "turning strict mode on");
    status = stage_fault_failure(d, answer);
    cJSON_AddItemToObject(answer, "afterwards", cJSON_CreateObject());
    undone = lenient(d, cJSON_GetObjectItemCaseSensitive(answer, "afterwards"));
    return status == EXIT_GOOD ? undone : status;
}

static const struct {
    const char *word;
    int (*run)(struct desk *d, cJSON *answer);
} steps[] = {
    {"enable", enable}, {"restore", restore},     {"lenient", lenient}, {"failure", stage_fault_failure},
    {"strict", strict}, {"off", stage_fault_off},
};

int
stage_step_run(const char *word, const char *config)
{
    struct settings *settings;
    struct desk desk;
    cJSON *answer;
    char *text;
    size_t i = 0;
    int status;

    while (i < sizeof steps / sizeof steps[0] && strcmp(steps[i].word, word) != 0)
        i++;
    if (i == sizeof steps / sizeof steps[0])
        return command_bad_argument("step", word, step_words);
    settings = command_settings(config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "step", word);
    status = desk_open(&desk, settings, "stage");
    if (status == EXIT_GOOD)
        status = steps[i].run(&desk, answer);
    desk_close(&desk);
    text = cJSON_Print(answer);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(answer);
    settings_free(settings);
    return status;
}
