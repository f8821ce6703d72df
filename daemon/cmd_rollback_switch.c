/*
 * cmd_rollback_switch.c - `dualwrited rollback disable`, `strict-off` and `block-legacy`: an override in the database, the same
 * in this host's env file, and the word of every running daemon that it obeys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_rollback.h"
#include "dualwrite/buf.h"
#include "dualwrite/shown.h"
#include "embedded.h"
#include "rollback_env.h"
#include "rollback_run.h"

static const struct command *const commands[ROLLBACK_WORDS] = {
    [ROLLBACK_DISABLE] = &cmd_rollback_disable,
    [ROLLBACK_STRICT_OFF] = &cmd_rollback_strict_off,
    [ROLLBACK_BLOCK_LEGACY] = &cmd_rollback_block_legacy,
};
static const char *const actions[ROLLBACK_WORDS] = {
    [ROLLBACK_DISABLE] = "Disabled dual write",
    [ROLLBACK_STRICT_OFF] = "Disabled strict mode",
    [ROLLBACK_BLOCK_LEGACY] = "Blocked direct legacy writes and disabled dual write",
};

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

/* Writes the overrides; *changed: those that were not so already. */
static int
write_overrides(struct rollback_run *run, const struct rollback_wish *wish, cJSON *changed)
{
    cJSON *wanted = cJSON_CreateObject();
    struct desk *d = &run->desk;
    const char *params[3];
    struct buf who = {0};
    struct buf why = {0};
    PGresult *r = NULL;
    char *json;
    bool good;

    for (enum flag f = 0; f < FLAG_COUNT; f++)
        if (wish->value[f] != NULL)
            cJSON_AddStringToObject(wanted, flag_name(f), wish->value[f]);
    /* a terminal that does not speak UTF-8 is no reason for the server to refuse it */
    shown_text(&who, run->done.who, 0);
    shown_text(&why, run->done.reason == NULL ? run->done.command : run->done.reason, 0);
    params[0] = json = cJSON_PrintUnformatted(wanted);
    params[1] = buf_text(&who);
    params[2] = buf_text(&why);
    desk_doing(d, "writing the override");
    good = desk_begin(d, DATABASE_VNEXT, run->settings->config->statement_timeout_ms, true);
    if (good)
        r = desk_ask(d, DATABASE_VNEXT, sql_rollback_override, 3, params);
    good = r != NULL;
    for (int i = 0; good && i < PQntuples(r); i++)
        cJSON_AddItemToArray(changed, cJSON_CreateString(PQgetvalue(r, i, 0)));
    good = desk_end(d, DATABASE_VNEXT, good) && good;
    desk_quiet(d);
    PQclear(r);
    buf_free(&who);
    buf_free(&why);
    cJSON_free(json);
    cJSON_Delete(wanted);
    return good ? EXIT_GOOD : desk_refused(d, "writing the override");
}

static bool
contains(const cJSON *array, const char *text)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, array)
    {
        if (strcmp(cJSON_GetStringValue(entry), text) == 0)
            return true;
    }
    return false;
}

static void
add_flags(struct rollback_run *run, const struct rollback_wish *wish, const cJSON *before, const cJSON *changed)
{
    cJSON *flags = cJSON_AddObjectToObject(run->document, "flags");

    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        const cJSON *now = get(get(run->state, "flags"), flag_name(f));
        cJSON *object;

        if (wish->value[f] == NULL)
            continue;
        object = now == NULL ? cJSON_CreateObject() : cJSON_Duplicate(now, true);
        cJSON_AddStringToObject(object, "before", string(get(get(before, "flags"), flag_name(f)), "value"));
        cJSON_AddStringToObject(object, "wanted", wish->value[f]);
        cJSON_AddBoolToObject(object, "already", !contains(changed, flag_name(f)));
        cJSON_AddItemToObject(flags, flag_name(f), object);
    }
}

static void
flags_text(struct buf *out, const struct rollback_run *run)
{
    const cJSON *object;

    cJSON_ArrayForEach(object, get(run->document, "flags"))
    {
        buf_printf(out, "  %s: ", object->string);
        if (cJSON_IsTrue(get(object, "already")) && !run->dry_run) {
            buf_printf(out, "%s, as it was already: override by ", string(object, "wanted"));
            shown_text(out, string(object, "who"), 0);
            buf_printf(out, " since %s: ", string(object, "at"));
            shown_text(out, string(object, "why"), 0);
        } else {
            buf_printf(out, "%s -> %s", string(object, "before"), string(object, "wanted"));
        }
        buf_putc(out, '\n');
    }
}

/* The guard must be hung so that it refuses; an override cannot do that. */
static bool
guard_refuses(struct rollback_run *run, struct buf *out)
{
    const char *guard = run->desk.two ? string(run->judgement, "legacy_guard") : string(run->state, "guard");

    cJSON_AddStringToObject(run->document, "guard", guard);
    if (strcmp(guard, "on") == 0)
        return true;
    buf_printf(
        out,
        "  ✗ guard: it is \"%s\", so direct legacy writes are not refused whatever the flags say: run `dualwrited "
        "install --guard=on`\n",
        *guard == '\0' ? "not known" : guard);
    return false;
}

static void
print(const struct rollback_run *run, struct buf *out)
{
    if (run->json) {
        char *json = cJSON_Print(run->document);

        puts(json);
        cJSON_free(json);
    } else {
        fputs(buf_text(out), stdout);
    }
}

static int
say_what_would_be(struct rollback_run *run, const struct rollback_wish *wish, const cJSON *before, struct buf *out)
{
    cJSON *env = rollback_env_set(run->settings->file, wish, true);

    run->state = cJSON_Duplicate(before, true);
    cJSON_AddBoolToObject(run->document, "dry_run", true);
    add_flags(run, wish, before, NULL);
    buf_puts(out, "would be done:\n");
    flags_text(out, run);
    rollback_env_text(out, env, true);
    cJSON_AddItemToObject(run->document, "env_file", env);
    print(run, out);
    return EXIT_GOOD;
}

static int
set_and_confirm(struct rollback_run *run, enum rollback_word word, const struct rollback_wish *wish,
                const cJSON *before, struct buf *out)
{
    cJSON *changed = cJSON_CreateArray();
    int status = write_overrides(run, wish, changed);
    cJSON *env;

    if (status != EXIT_GOOD) {
        cJSON_Delete(changed);
        return status;
    }
    env = rollback_env_set(run->settings->file, wish, false);
    status = rollback_confirm(run, wish);
    run->done.seconds = rollback_seconds(run);
    add_flags(run, wish, before, changed);
    cJSON_Delete(changed);
    flags_text(out, run);
    rollback_env_text(out, env, false);
    cJSON_AddItemToObject(run->document, "env_file", env);
    if (run->judgement == NULL) { /* refused: it was said why; the override stands */
        fputs("dualwrited: the override was written; who has confirmed it is not known (`dualwrited flags`)\n", stderr);
        return status;
    }
    if (word == ROLLBACK_BLOCK_LEGACY && !guard_refuses(run, out))
        status = EXIT_UNFINISHED;
    rollback_judgement_text(out, run, run->done.seconds);
    cJSON_AddNumberToObject(run->document, "seconds", run->done.seconds);
    cJSON_AddItemReferenceToObject(run->document, "confirmation", run->judgement);
    run->done.judgement = run->judgement;
    run->done.action = actions[word];
    run->done.stopped = wish->quiet;
    rollback_after(&run->desk, &run->done, run->document, run->json, out);
    print(run, out);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    enum rollback_word word = ROLLBACK_DISABLE;
    struct rollback_run run = {0};
    struct rollback_wish wish = {0};
    struct buf out = {0};
    cJSON *before;
    bool over;
    int status = rollback_begin(&run, self, argc, argv, &over);

    while (word < ROLLBACK_BLOCK_LEGACY && commands[word] != self)
        word++;
    rollback_wish(&wish, word);
    if (status == EXIT_GOOD && !over) {
        cJSON_AddStringToObject(run.document, "action", self->name);
        before = rollback_state(&run, NULL);
        if (before == NULL)
            status = desk_refused(&run.desk, "asking what is in force");
        else if (run.dry_run)
            status = say_what_would_be(&run, &wish, before, &out);
        else
            status = set_and_confirm(&run, word, &wish, before, &out);
        cJSON_Delete(before);
    }
    buf_free(&out);
    rollback_end(&run);
    return status;
}

static const struct option_help options[] = {
    ROLLBACK_OPTIONS,
    {NULL, NULL, NULL},
};

#define HOW                                                                                                            \
    "It holds whatever files and environments say, until `dualwrited rollback resume`. The env file of this host\n"    \
    "gets the same, where it can be written. Comes back when the database and every running daemon, on whatever\n"     \
    "host, confirm it, and says how long that took; then what is to be looked at, and the text for your colleagues.\n" \
    "Exit status: 0 confirmed, 69 unreachable, 70 not confirmed in time: it holds all the same."

const struct command cmd_rollback_disable = {
    .name = "rollback disable",
    .summary = "stop the sync everywhere; changes are remembered",
    .help =
        "Writes an override: TEAM_VNEXT_DUAL_WRITE_ENABLED=false. Confirmed means too that no batch from before is\n"
        "under way any more.\n" HOW,
    .options = options,
    .run = run,
};

const struct command cmd_rollback_strict_off = {
    .name = "rollback strict-off",
    .summary = "no request fails for a failed sync any more; the sync goes on",
    .help = "Writes an override: TEAM_VNEXT_DUAL_WRITE_STRICT_MODE=false.\n" HOW,
    .options = options,
    .run = run,
};

const struct command cmd_rollback_block_legacy = {
    .name = "rollback block-legacy",
    .summary = "refuse every direct write to the legacy tables, and stop the sync",
    .help = "Writes overrides: TEAM_LEGACY_WRITE_BLOCKED=true, TEAM_LEGACY_WRITE_BYPASS_ENABLED=false and\n"
            "TEAM_VNEXT_DUAL_WRITE_ENABLED=false. The guard must have been installed with --guard=on.\n" HOW,
    .options = options,
    .run = run,
};
