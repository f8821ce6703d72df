/*
 * cmd_rollback_restore.c - `dualwrited rollback restore`: options, the order of things, the words. What checks, changes and stands
 * back is restore_*.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_rollback.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "restore.h"
#include "rollback_after.h"

struct asked {
    const char *config, *input, *database, *before, *after;
    bool yes, dry_run, json;
    struct rollback_done done;
    struct timespec started;
};

/* What a run has come to. */
struct result {
    struct restore_file files[2];
    enum restore_state states[2];
    struct restore_stand stand;
    cJSON *verified;
    bool json;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;
    const struct {
        const char *name;
        const char **value;
    } texts[] = {{"config", &a->config}, {"input", &a->input}, {"before", &a->before}, {"after", &a->after}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].value = argument;
            return EXIT_GOOD;
        }
    if (rollback_tell_option(&a->done, name, argument))
        return EXIT_GOOD;
    if (strcmp(name, "database") == 0) {
        if (strcmp(argument, "vnext") != 0 && strcmp(argument, "legacy") != 0 && strcmp(argument, "both") != 0)
            return command_bad_argument(name, argument, "vnext, legacy or both");
        a->database = argument;
    } else if (strcmp(name, "yes") == 0) {
        a->yes = true;
    } else if (strcmp(name, "dry-run") == 0) {
        a->dry_run = true;
    } else if (strcmp(name, "json") == 0) {
        a->json = true;
    } else {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        a->json = strcmp(argument, "json") == 0;
    }
    return EXIT_GOOD;
}

static void
tick(struct result *result, bool good, const char *what)
{
    cJSON *line = cJSON_CreateObject();

    if (!result->json)
        printf("  [%c] %s\n", good ? 'x' : ' ', what);
    cJSON_AddStringToObject(line, "what", what);
    cJSON_AddBoolToObject(line, "good", good);
    cJSON_AddItemToArray(result->verified, line);
}

/* ---- before ---- */

static int
check(struct dump_run *run, struct result *result)
{
    int status = EXIT_GOOD;

    if (!child_there("psql", "postgresql-client") || !child_there("sha256sum", "coreutils") ||
        (run->format == DUMP_CUSTOM && !child_there("pg_restore", "postgresql-client")) ||
        (run->format == DUMP_GZIP && !child_there("gzip", "gzip")))
        return EXIT_UNFINISHED;
    for (int side = 0; side < 2 && status == EXIT_GOOD; side++)
        if (run->sides[side].wanted)
            status = restore_check(run, (enum database) side, &result->files[side]);
    return status;
}

/* What is to happen. */
static void
print_plan(const struct dump_run *run, const struct result *result, const struct asked *a)
{
    for (int side = 0; side < 2; side++) {
        const struct dump_side *s = &run->sides[side];
        const char *made = cJSON_GetStringValue(cJSON_GetObjectItem(result->files[side].manifest, "made_at"));

        if (!s->wanted)
            continue;
        if (!a->json)
            printf("%s restored: %s, from %s (%s%s)\n", a->dry_run ? "Would be" : "To be", s->shown, s->file,
                   made == NULL ? "no manifest beside it" : "made ", made == NULL ? "" : made);
        for (size_t i = 0; i < s->ntables; i++) {
            const struct mapping_table *t = s->tables[i];
            const struct dump_table *file = dump_scan_table(&result->files[side].scan, t->schema, t->name);

            if (!a->json)
                printf("  %s.%s: %.0f rows in the file\n", t->schema, t->name, file->rows);
        }
    }
    if (!a->json)
        puts("Whatever was written to these databases since then is gone afterwards.");
}

static bool
confirmed(void)
{
    char answer[16] = "";

    printf("Type yes to restore: ");
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

/* ---- afterwards ---- */

static bool
verify(struct dump_run *run, struct result *result)
{
    bool good = true;
    char line[400];

    for (int side = 0; side < 2; side++) {
        const struct dump_side *s = &run->sides[side];

        for (size_t i = 0; s->wanted && i < s->ntables; i++) {
            const struct mapping_table *t = s->tables[i];
            const double rows = dump_count(run, (enum database) side, t);
            const double wanted = dump_scan_table(&result->files[side].scan, t->schema, t->name)->rows;

            snprintf(line, sizeof line, "%s.%s: %.0f rows, %.0f in the file", t->schema, t->name, rows, wanted);
            tick(result, rows == wanted, line);
            good = good && rows == wanted;
        }
    }
    return good;
}

static void
say_states(const struct dump_run *run, const struct result *result)
{
    static const char *const words[] = {
        [RESTORE_UNTOUCHED] = "is as it was before: nothing of the dump is in it",
        [RESTORE_DONE] = "is restored, all of it",
        [RESTORE_UNKNOWN] = "is restored, or as it was before: the connection was lost at the COMMIT; look at its rows",
    };

    for (int side = 0; side < 2; side++)
        if (run->sides[side].wanted)
            fprintf(stderr, "dualwrited rollback restore: the %s database (%s) %s\n",
                    side == DATABASE_LEGACY ? "legacy" : "vNext", run->sides[side].shown, words[result->states[side]]);
    fputs("dualwrited rollback restore: mend what is said above, and run the same command again, or with "
          "--database=WHICH for the one that is not restored\n",
          stderr);
}

static bool
any(const struct result *result, enum restore_state state)
{
    return result->states[0] == state || result->states[1] == state;
}

/* Daemons as they were, and what there is to do for them. */
static int
go_on(struct dump_run *run, struct result *result)
{
    const bool changed = any(result, RESTORE_DONE) || any(result, RESTORE_UNKNOWN);
    long unhung = 0;

    if (!restore_go_on(run, &result->stand, changed, &unhung)) {
        fputs("dualwrited rollback restore: daemons stand back still: TEAM_VNEXT_DUAL_WRITE_ENABLED is overridden with "
              "false; run the same command again\n",
              stderr);
        tick(result, false, "dual write is switched as it was before");
        return EXIT_UNFINISHED;
    }
    tick(result, true,
         result->stand.overridden ? "dual write is overridden as it was before"
                                  : "dual write is switched as it was before: no override");
    if (!changed)
        return EXIT_GOOD;
    tick(result, unhung >= 0,
         unhung >= 0
             ? "a sync of every mapped row is ordered; dualwrited status shows it, dualwrited reconcile what it "
               "leaves: legacy rows without a vNext row"
             : "the schema dualwrite is not there: run dualwrited install, then dualwrited reconcile --fix");
    tick(result, unhung == 0,
         unhung <= 0 ? "capture triggers are there" : "capture triggers are missing: run dualwrited install");
    return unhung == 0 ? EXIT_GOOD : EXIT_FOUND;
}

/* From --before to --after. */
static int
carry_out(struct dump_run *run, const struct asked *a, struct result *result)
{
    int status = EXIT_GOOD;
    int went;

    if (a->before != NULL && dump_hook(run, "before", a->before) != 0) {
        fputs("dualwrited rollback restore: nothing was restored\n", stderr);
        status = EXIT_UNFINISHED;
    }
    if (status == EXIT_GOOD && !a->json)
        puts("");
    if (status == EXIT_GOOD && !restore_stand_back(run, &result->stand)) {
        fputs("dualwrited rollback restore: daemons do not stand back, so nothing was restored\n", stderr);
        status = EXIT_UNFINISHED;
    } else if (status == EXIT_GOOD) {
        status = restore_run(run, result->states);
        if (status == EXIT_GOOD)
            status = verify(run, result) ? EXIT_GOOD : EXIT_FOUND;
        else
            say_states(run, result);
    }
    if (result->stand.standing || any(result, RESTORE_DONE) || any(result, RESTORE_UNKNOWN)) {
        went = go_on(run, result);
        status = status == EXIT_GOOD ? went : status;
    }
    if (a->after != NULL) {
        const bool good = dump_hook(run, "after", a->after) == 0;

        tick(result, good, "the command of --after");
        status = status == EXIT_GOOD && !good ? EXIT_UNFINISHED : status;
    }
    return status;
}

/* The server's time; NULL after a refusal. free() it. */
static char *
clock_there(struct dump_run *run)
{
    PGresult *r = dump_ask(run, DATABASE_VNEXT, sql_rollback_clock, 0, NULL);
    char *now = r == NULL ? NULL : xstrdup(PQgetvalue(r, 0, 0));

    PQclear(r);
    return now;
}

/* What every word of rollback ends with. */
static void
tell(struct dump_run *run, const struct asked *a, const char *since, int status, cJSON *document)
{
    struct rollback_done done = a->done;

    done.command = run->name;
    done.action = status == EXIT_GOOD ? "Restored from a backup" : "Restored from a backup, not all as it should be";
    done.since = since;
    done.seconds = rollback_elapsed(&a->started);
    rollback_after_alone(run->settings, &done, document, a->json);
}

static int
restore(struct dump_run *run, const struct asked *a)
{
    struct result result = {.verified = cJSON_CreateArray(), .json = a->json};
    cJSON *document = cJSON_CreateObject();
    char *since = NULL;
    int status = check(run, &result);

    if (status == EXIT_GOOD)
        print_plan(run, &result, a);
    if (status == EXIT_GOOD && !a->dry_run) {
        if (a->yes || confirmed()) {
            since = clock_there(run);
            status = carry_out(run, a, &result);
        } else {
            puts("nothing was restored");
            status = EXIT_FOUND;
        }
    }
    cJSON_AddBoolToObject(document, "dry_run", a->dry_run);
    for (int side = 0; side < 2; side++)
        if (run->sides[side].wanted)
            cJSON_AddStringToObject(document, run->sides[side].word,
                                    result.states[side] == RESTORE_DONE      ? "restored"
                                    : result.states[side] == RESTORE_UNKNOWN ? "unknown"
                                                                             : "untouched");
    cJSON_AddItemToObject(document, "verified", result.verified);
    if (any(&result, RESTORE_DONE) || any(&result, RESTORE_UNKNOWN))
        tell(run, a, since, status, document);
    if (a->json) {
        char *json = cJSON_Print(document);

        puts(json);
        cJSON_free(json);
    }
    cJSON_Delete(document);
    free(since);
    restore_file_free(&result.files[0]);
    restore_file_free(&result.files[1]);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    struct dump_run run = {.name = "rollback restore"};
    bool helped;
    int status;

    clock_gettime(CLOCK_MONOTONIC, &asked.started);
    status = command_options(self, argc, argv, &asked, take, &helped);
    if (status != EXIT_GOOD || helped)
        return status;
    if (asked.input == NULL) {
        fputs("dualwrited rollback restore: say from where, as --input=before.dump\n", stderr);
        return EXIT_USAGE;
    }
    if (!asked.yes && !asked.dry_run && (asked.json || isatty(STDIN_FILENO) != 1)) {
        fputs("dualwrited rollback restore: give --yes where nobody can be asked, or look first with --dry-run\n",
              stderr);
        return EXIT_USAGE;
    }
    if (!dump_format_of(run.name, asked.input, &run.format))
        return EXIT_USAGE;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    run.settings = settings;
    child_catch_signals();
    status = dump_begin(&run, asked.database, asked.input);
    if (status == EXIT_GOOD)
        status = restore(&run, &asked);
    dump_end(&run);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"input", "FILE", "what `rollback backup --output=FILE` or pg_dump made: .dump, .sql or .sql.gz"},
    {"database", "WHICH", "vnext, legacy or both (default: both)"},
    {"before", "CMD", "a command that stops the application; where it fails nothing is restored"},
    {"after", "CMD", "a command that starts the application; it is run after a failure too"},
    ROLLBACK_TELL_OPTIONS,
    {"yes", NULL, "do not ask; needed where there is no terminal"},
    {"dry-run", NULL, "look through the files, and change nothing"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_rollback_restore = {
    .name = "rollback restore",
    .summary = "put databases back to a backup, with daemons standing back and a full sync afterwards",
    .help =
        "Reads the whole file first: one that is cut off, damaged, of another side or without the mapped tables is "
        "refused.\n"
        "Then, between --before and --after: daemons stand back, the dump goes in as one transaction (of two "
        "databases\n"
        "both, before either is committed), the rows are counted, daemons go on as they were, and every mapped row is\n"
        "synced anew. What fails before the commit has changed nothing. At the end there are the checklist and the "
        "text\n"
        "for your colleagues.\n"
        "Exit status: 0 done, 1 done, but something is not as it should be, or the answer was no; 64 usage; 65 no "
        "such\n"
        "backup; 69 unreachable; 70 not finished, and the state of each database is said.",
    .options = options,
    .run = run,
};
