/* rollback_run.c - what the words of `dualwrited rollback` that set flags share; see rollback_run.h. */
#include "rollback_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dualwrite/buf.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/flags.h"
#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define PAUSE_US 50000
#define DELIVER_AGAIN_MS 1000 /* daemons bring it too, within 250 ms */

/* ---- options ---- */

static int
take(void *into, const char *name, const char *argument)
{
    struct rollback_run *run = into;

    if (strcmp(name, "config") == 0)
        run->config = argument;
    else if (rollback_tell_option(&run->done, name, argument))
        return EXIT_GOOD;
    else if (strcmp(name, "flag") == 0)
        run->flag = argument;
    else if (strcmp(name, "json") == 0)
        run->json = true;
    else if (strcmp(name, "dry-run") == 0)
        run->dry_run = true;
    else if (strcmp(name, "timeout") == 0) {
        if ((run->timeout_ms = config_duration_ms(argument)) <= 0)
            return command_bad_argument(name, argument, "a time, as 500ms, 30s or 2m");
    } else {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        run->json = strcmp(argument, "json") == 0;
    }
    return EXIT_GOOD;
}

/* A mapping that cannot be read is no reason not to roll back. */
static struct settings *
settings_of(const char *config)
{
    struct faults faults = {0};
    struct settings *settings = settings_load_without_mapping(config, &faults);

    command_print_faults(&faults);
    faults_free(&faults);
    return settings;
}

int
rollback_begin(struct rollback_run *run, const struct command *self, int argc, char **argv, bool *over)
{
    bool helped;
    int status;

    clock_gettime(CLOCK_MONOTONIC, &run->started);
    run->timeout_ms = ROLLBACK_TIMEOUT_MS;
    run->document = cJSON_CreateObject();
    status = command_options(self, argc, argv, run, take, &helped);
    *over = status != EXIT_GOOD || helped;
    if (*over)
        return status;
    run->settings = settings_of(run->config);
    if (run->settings == NULL)
        return EXIT_CONFIGURATION;
    status = desk_open(&run->desk, run->settings, "rollback");
    if (status != EXIT_GOOD)
        return status;
    if (run->done.who == NULL)
        run->done.who = run->who = rollback_who(run->desk.pq[DATABASE_VNEXT]);
    run->done.command = self->name;
    return EXIT_GOOD;
}

void
rollback_end(struct rollback_run *run)
{
    if (run->settings != NULL)
        desk_close(&run->desk);
    settings_free(run->settings);
    cJSON_Delete(run->document);
    cJSON_Delete(run->state);
    cJSON_Delete(run->judgement);
    free(run->who);
}

double
rollback_seconds(const struct rollback_run *run)
{
    return rollback_elapsed(&run->started);
}

/* ---- what is in force ---- */

cJSON *
rollback_state(struct rollback_run *run, const char *since)
{
    PGresult *r = desk_look(&run->desk, DATABASE_VNEXT, run->settings->config->statement_timeout_ms, sql_rollback_state,
                            1, &since);
    cJSON *state = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    PQclear(r);
    return state;
}

static const char *
text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static struct flags
flags_of(const cJSON *state)
{
    const cJSON *flags = cJSON_GetObjectItemCaseSensitive(state, "flags");
    struct flags in_force;

    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        const char *text = text_of(cJSON_GetObjectItemCaseSensitive(flags, flag_name(f)), "value");
        const char *value = text == NULL ? NULL : flag_value(f, text);

        in_force.value[f] = value == NULL ? flag_default(f) : value;
    }
    return in_force;
}

/* What a daemon's mirror does, by hand. What stands against it is seen when the legacy side is asked. */
static void
deliver(struct rollback_run *run)
{
    const struct flags in_force = flags_of(run->state);
    char *json = flags_json(&in_force);
    const char *params[] = {json, text_of(run->state, "installation")};
    struct desk *d = &run->desk;
    PGresult *r = NULL;

    if (desk_begin(d, DATABASE_LEGACY, run->settings->config->statement_timeout_ms, true))
        r = desk_ask(d, DATABASE_LEGACY, sql_daemon_mirror, 2, params);
    desk_end(d, DATABASE_LEGACY, r != NULL);
    PQclear(r);
    free(json);
}

static cJSON *
ask_legacy(struct rollback_run *run, const char **why)
{
    struct desk *d = &run->desk;
    PGresult *r = NULL;
    cJSON *legacy;

    *why = NULL;
    if (!d->two)
        return NULL;
    if (d->pq[DATABASE_LEGACY] != NULL)
        r = desk_look(d, DATABASE_LEGACY, run->settings->config->statement_timeout_ms, sql_rollback_legacy, 0, NULL);
    else
        *why = d->why;
    if (r == NULL && *why == NULL)
        *why = d->error;
    legacy = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));
    PQclear(r);
    return legacy;
}

/* One look at everything. False where the vNext database refused it. */
static bool
look(struct rollback_run *run, const struct rollback_wish *wish, const char *since, cJSON *known, double *delivered)
{
    cJSON *state = rollback_state(run, since);
    const char *why = NULL;
    cJSON *legacy;

    if (state == NULL)
        return false;
    cJSON_Delete(run->state);
    run->state = state;
    if (run->desk.two && run->desk.pq[DATABASE_LEGACY] != NULL &&
        (*delivered < 0 || rollback_seconds(run) - *delivered > DELIVER_AGAIN_MS / 1000.0)) {
        deliver(run);
        *delivered = rollback_seconds(run);
    }
    legacy = ask_legacy(run, &why);
    cJSON_Delete(run->judgement);
    run->judgement = rollback_judge(state, legacy, why, wish, known);
    if (legacy != NULL)
        cJSON_AddStringToObject(run->judgement, "legacy_guard", text_of(legacy, "guard"));
    cJSON_Delete(legacy);
    return true;
}

int
rollback_confirm(struct rollback_run *run, const struct rollback_wish *wish)
{
    const double until = rollback_seconds(run) + (double) run->timeout_ms / 1000.0;
    cJSON *known = cJSON_CreateObject();
    char *since = NULL;
    double delivered = -1;
    int status = EXIT_GOOD;

    for (;;) {
        desk_doing(&run->desk, "waiting until every daemon confirms");
        if (!look(run, wish, since, known, &delivered)) {
            status = desk_refused(&run->desk, "asking who has confirmed");
            break;
        }
        if (since == NULL)
            since = xstrdup(text_of(run->state, "now"));
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(run->judgement, "confirmed")))
            break;
        if (rollback_seconds(run) >= until) {
            status = EXIT_UNFINISHED;
            break;
        }
        usleep(PAUSE_US);
    }
    desk_quiet(&run->desk);
    if (since != NULL)
        cJSON_AddStringToObject(run->document, "since", since);
    run->done.since = text_of(run->document, "since");
    free(since);
    cJSON_Delete(known);
    return status;
}

/* ---- as text ---- */

static void
daemon_text(struct buf *out, const cJSON *daemon)
{
    const char *verdict = text_of(daemon, "verdict");
    const char *why = text_of(daemon, "why");
    const cJSON *quiet = cJSON_GetObjectItemCaseSensitive(daemon, "last_beat_age_seconds");

    buf_puts(out, strcmp(verdict, "waiting") == 0 ? "    ✗ " : strcmp(verdict, "confirmed") == 0 ? "    ✓ " : "    - ");
    shown_text(out, text_of(daemon, "host"), 0);
    buf_printf(out, " pid %.0f (%s), last beat ", cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(daemon, "pid")),
               text_of(daemon, "instance"));
    shown_span(out, cJSON_GetNumberValue(quiet));
    buf_puts(out, " ago: ");
    shown_text(out, why == NULL ? "confirmed" : why, 0);
    buf_putc(out, '\n');
}

void
rollback_judgement_text(struct buf *out, const struct rollback_run *run, double seconds)
{
    const cJSON *daemons = cJSON_GetObjectItemCaseSensitive(run->judgement, "daemons");
    const cJSON *batches = cJSON_GetObjectItemCaseSensitive(run->judgement, "batches");
    const char *legacy = text_of(run->judgement, "legacy");
    const char *database = text_of(run->judgement, "database_why");
    const bool good = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(run->judgement, "confirmed"));
    const cJSON *entry;

    buf_puts(out, cJSON_GetArraySize(daemons) == 0 ? "  daemons: none runs; the next one obeys from its start\n"
                                                   : "  daemons:\n");
    cJSON_ArrayForEach(entry, daemons) daemon_text(out, entry);
    cJSON_ArrayForEach(entry, batches)
    {
        buf_printf(out, "  ✗ a batch is still under way: server process %.0f, for %.1f s\n",
                   cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, "pid")),
                   cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, "seconds")));
    }
    if (database != NULL)
        buf_printf(out, "  ✗ database: %s\n", database);
    if (legacy != NULL)
        buf_puts(out, "  ✗ legacy database: ");
    shown_text(out, legacy == NULL ? "" : legacy, 0);
    buf_puts(out, legacy == NULL ? "" : "\n");
    buf_printf(out,
               good ? "confirmed by the database and every running daemon in %.1f s\n" : "NOT confirmed after %.1f s\n",
               seconds);
}
