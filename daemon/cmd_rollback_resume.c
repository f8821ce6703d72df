/*
 * cmd_rollback_resume.c - `dualwrited rollback resume`: takes overrides back, and shows what is in force then, and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_rollback.h"
#include "dualwrite/buf.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/shown.h"
#include "dualwrite/suggest.h"
#include "embedded.h"
#include "rollback_env.h"
#include "rollback_run.h"

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

/* Which flags are meant: the one of --flag, else those of the overrides that there are. */
static int
choose(const struct rollback_run *run, const cJSON *before, struct rollback_wish *wish)
{
    const char *names[FLAG_COUNT];
    const char *nearest;

    *wish = (struct rollback_wish){0};
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        names[f] = flag_name(f);
        wish->concerned[f] = run->flag == NULL
                                 ? strcmp(string(get(get(before, "flags"), names[f]), "source"), "override") == 0
                                 : flag_by_name(run->flag) == f;
    }
    if (run->flag == NULL || flag_by_name(run->flag) != FLAG_COUNT)
        return EXIT_GOOD;
    nearest = suggest_nearest(run->flag, names, FLAG_COUNT);
    fprintf(stderr, "dualwrited rollback resume: there is no flag \"%s\"%s%s%s\n", run->flag,
            nearest == NULL ? "" : "; \"", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\" is the nearest");
    return EXIT_USAGE;
}

static int
take_back(struct rollback_run *run, const struct rollback_wish *wish, cJSON *taken)
{
    struct desk *d = &run->desk;
    struct buf flags = {0};
    const char *params[1];
    PGresult *r = NULL;
    bool good;

    pgarray_open(&flags);
    for (enum flag f = 0; f < FLAG_COUNT; f++)
        if (wish->concerned[f])
            pgarray_add(&flags, flag_name(f));
    pgarray_close(&flags);
    params[0] = buf_text(&flags);
    desk_doing(d, "taking the override back");
    good = desk_begin(d, DATABASE_VNEXT, run->settings->config->statement_timeout_ms, true);
    if (good)
        r = desk_ask(d, DATABASE_VNEXT, sql_rollback_resume, 1, params);
    good = r != NULL;
    for (int i = 0; good && i < PQntuples(r); i++) {
        cJSON *object = cJSON_CreateObject();

        for (int c = 0; c < PQnfields(r); c++)
            cJSON_AddStringToObject(object, PQfname(r, c), PQgetvalue(r, i, c));
        cJSON_AddItemToArray(taken, object);
    }
    good = desk_end(d, DATABASE_VNEXT, good) && good;
    desk_quiet(d);
    PQclear(r);
    buf_free(&flags);
    return good ? EXIT_GOOD : desk_refused(d, "taking the override back");
}

static void
taken_text(struct buf *out, const cJSON *taken, bool dry)
{
    const cJSON *entry;

    if (cJSON_GetArraySize(taken) == 0)
        buf_puts(out, "  no override was in force\n");
    cJSON_ArrayForEach(entry, taken)
    {
        buf_printf(out, "  %s %s=%s, by ", dry ? "would be taken back:" : "taken back:", string(entry, "flag"),
                   string(entry, "value"));
        shown_text(out, string(entry, "who"), 0);
        buf_printf(out, " since %s: ", string(entry, "at"));
        shown_text(out, string(entry, "why"), 0);
        buf_putc(out, '\n');
    }
}

/* What is in force afterwards, and who says so. */
static void
flags_text(struct buf *out, const cJSON *state)
{
    static const enum flag shown[] = {FLAG_ENABLED, FLAG_STRICT, FLAG_BLOCKED, FLAG_BYPASS};

    buf_puts(out, "  in force now:\n");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const cJSON *object = get(get(state, "flags"), flag_name(shown[i]));
        const char *source = string(object, "source");

        buf_printf(out, "    %s=%s: ", flag_name(shown[i]), string(object, "value"));
        if (strcmp(source, "override") == 0) {
            buf_puts(out, "override by ");
            shown_text(out, string(object, "who"), 0);
        } else {
            buf_puts(out, strcmp(source, "published") == 0 ? "as `dualwrited install` published it; no daemon runs"
                          : cJSON_IsTrue(get(object, "disagreement"))
                              ? "the safest of the running daemons' settings, which differ (`dualwrited flags`)"
                              : "all running daemons' settings say so");
        }
        buf_putc(out, '\n');
    }
}

/* The overrides that would go, as take_back() gives them. */
static void
would_take(const cJSON *before, const struct rollback_wish *wish, cJSON *taken)
{
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        const cJSON *object = get(get(before, "flags"), flag_name(f));
        cJSON *entry;

        if (!wish->concerned[f] || strcmp(string(object, "source"), "override") != 0)
            continue;
        entry = cJSON_Duplicate(object, true);
        cJSON_AddStringToObject(entry, "flag", flag_name(f));
        cJSON_AddItemToArray(taken, entry);
    }
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

/* The flags whose lines rollback may have changed here: all of them, whether or not there is still an override. */
static void
put_back_env(struct rollback_run *run, const struct rollback_wish *wish, struct buf *out)
{
    struct rollback_wish all = *wish;
    cJSON *env;

    for (enum flag f = 0; f < FLAG_COUNT; f++)
        all.concerned[f] = run->flag == NULL || wish->concerned[f];
    env = rollback_env_put_back(run->settings->file, &all, run->dry_run);
    rollback_env_text(out, env, run->dry_run);
    cJSON_AddItemToObject(run->document, "env_file", env);
}

static int
resume(struct rollback_run *run, const cJSON *before, const struct rollback_wish *wish, struct buf *out)
{
    cJSON *taken = cJSON_AddArrayToObject(run->document, "taken_back");
    int status = EXIT_GOOD;

    cJSON_AddBoolToObject(run->document, "dry_run", run->dry_run);
    if (run->dry_run)
        would_take(before, wish, taken);
    else
        status = take_back(run, wish, taken);
    if (status != EXIT_GOOD)
        return status;
    taken_text(out, taken, run->dry_run);
    put_back_env(run, wish, out);
    if (run->dry_run) {
        print(run, out);
        return EXIT_GOOD;
    }
    status = rollback_confirm(run, wish);
    run->done.seconds = rollback_seconds(run);
    if (run->judgement == NULL)
        return status;
    flags_text(out, run->state);
    rollback_judgement_text(out, run, run->done.seconds);
    cJSON_AddItemToObject(run->document, "flags", cJSON_Duplicate(get(run->state, "flags"), true));
    cJSON_AddNumberToObject(run->document, "seconds", run->done.seconds);
    cJSON_AddItemReferenceToObject(run->document, "confirmation", run->judgement);
    run->done.judgement = run->judgement;
    run->done.action = cJSON_GetArraySize(taken) > 0 ? "Took the overrides back" : "Found no override to take back";
    rollback_after(&run->desk, &run->done, run->document, run->json, out);
    print(run, out);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct rollback_run run = {0};
    struct rollback_wish wish = {0};
    struct buf out = {0};
    cJSON *before;
    bool over;
    int status = rollback_begin(&run, self, argc, argv, &over);

    if (status == EXIT_GOOD && !over) {
        cJSON_AddStringToObject(run.document, "action", self->name);
        before = rollback_state(&run, NULL);
        status = before == NULL ? desk_refused(&run.desk, "asking what is in force") : choose(&run, before, &wish);
        if (status == EXIT_GOOD)
            status = resume(&run, before, &wish, &out);
        cJSON_Delete(before);
    }
    buf_free(&out);
    rollback_end(&run);
    return status;
}

static const struct option_help options[] = {
    {"flag", "NAME", "take back only the override of this flag (default: all)"},
    ROLLBACK_OPTIONS,
    {NULL, NULL, NULL},
};

const struct command cmd_rollback_resume = {
    .name = "rollback resume",
    .summary = "take overrides back; shows what is in force then, and why",
    .help =
        "Deletes the overrides that `rollback` or anybody else wrote. In this host's env file it puts back the lines\n"
        "that `rollback` changed, by the comments above them; a line that somebody has changed since stays. What was\n"
        "remembered while dual write was off is caught up with. Comes back when every running daemon confirms.\n"
        "Exit status: 0 confirmed, 69 unreachable, 70 not confirmed in time.",
    .options = options,
    .run = run,
};
