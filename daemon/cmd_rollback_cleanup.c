/*
 * cmd_rollback_cleanup.c - `dualwrited rollback cleanup`: options, the order of things, the question and the words. What belongs
 * together and how it is deleted are cleanup_collect.c and cleanup_delete.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "cleanup_words.h"
#include "cmd_rollback.h"
#include "dualwrite/cleanup_sql.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "rollback_after.h"

struct asked {
    const char *config, *pattern, *entity, *column;
    bool yes, yes_all, dry_run, json;
    struct rollback_done done;
    struct timespec started;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0) {
        a->config = argument;
    } else if (strcmp(name, "match") == 0) {
        a->pattern = argument;
    } else if (strcmp(name, "entity") == 0) {
        a->entity = argument;
    } else if (strcmp(name, "column") == 0) {
        a->column = argument;
    } else if (rollback_tell_option(&a->done, name, argument)) {
        return EXIT_GOOD;
    } else if (strcmp(name, "yes") == 0) {
        a->yes = true;
    } else if (strcmp(name, "yes-all") == 0) {
        a->yes = a->yes_all = true;
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

static int
check_words(const struct asked *a)
{
    const enum cleanup_pattern kind = a->pattern == NULL ? CLEANUP_PATTERN_EMPTY : cleanup_pattern(a->pattern);
    const char *why = NULL;

    if (a->pattern == NULL)
        why = "say which rows, as --match='Staging Test%'";
    else if (kind == CLEANUP_PATTERN_EMPTY)
        why = "the pattern is empty; say which rows, as --match='Staging Test%'";
    else if (kind == CLEANUP_PATTERN_UNFINISHED)
        why = "the pattern ends with a backslash, which has to be followed by the character that it escapes";
    else if (kind == CLEANUP_PATTERN_ANYTHING && !a->yes_all)
        why = "the pattern matches everything; nothing was done. If every row shall go: --yes-all";
    else if (!a->yes && !a->dry_run && (a->json || isatty(STDIN_FILENO) != 1))
        why = "give --yes where nobody can be asked, or look first with --dry-run";
    if (why == NULL)
        return EXIT_GOOD;
    fprintf(stderr, "dualwrited rollback cleanup: %s\n", why);
    return EXIT_USAGE;
}

static bool
confirmed(double rows)
{
    char answer[16] = "";

    printf("Type yes to delete %.0f row%s for good: ", rows, rows == 1 ? "" : "s");
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

/* ---- how much it is ---- */

static bool
total(struct cleanup_run *run, enum database side, const struct mapping_table *t, size_t matched, double *rows)
{
    const struct catalog_table *table = catalog_table(catalog_of_side(&run->catalogs, side), t->schema, t->name);
    char *sql = cleanup_total_sql(table);
    char limit[24];
    PGresult *r;

    snprintf(limit, sizeof limit, "%zu", matched * 3 + 100);
    r = desk_ask(run->desk, side, sql, 1, (const char *[]){limit});
    *rows = r == NULL ? 0 : strtod(PQgetvalue(r, 0, 0), NULL);
    PQclear(r);
    free(sql);
    return r != NULL;
}

/* In the transactions of the look: refused where it is nearly everything on a side. */
static int
check_share(struct cleanup_run *run, const struct cleanup_plan *plan)
{
    const struct mapping_entity *e = run->column.entity;
    const struct mapping_table *tables[] = {&e->source, &e->target};

    for (int side = 0; side < 2; side++) {
        const size_t matched = plan->parts[0].rows[side == DATABASE_VNEXT ? CLEANUP_SOURCE : CLEANUP_TARGET].count;
        double rows;

        if (!total(run, (enum database) side, tables[side], matched, &rows))
            return desk_refused(run->desk, "counting rows");
        if (run->yes_all || !cleanup_too_much((double) matched, rows))
            continue;
        fprintf(
            stderr,
            "dualwrited rollback cleanup: refused: that is %s of %s.%s (%zu rows); nothing was deleted. If they shall "
            "go all the same: --yes-all\n",
            (double) matched >= rows ? "every row" : "more than half", tables[side]->schema, tables[side]->name,
            matched);
        return EXIT_FOUND;
    }
    return EXIT_GOOD;
}

/* ---- a run ---- */

/* Looks: what there is, whether it may go. */
static int
look(struct cleanup_run *run, const struct keyset *roots, struct cleanup_plan *plan, bool judge)
{
    char *found = NULL;
    int status = EXIT_GOOD;

    desk_doing(run->desk, "looking for the rows");
    if (!cleanup_open(run) || !cleanup_collect(run, roots, false, plan)) {
        desk_quiet(run->desk);
        status = desk_refused(run->desk, "looking for the rows");
    } else if (judge) {
        struct cleanup_steps steps = cleanup_steps(run, plan);

        status = check_share(run, plan);
        if (status == EXIT_GOOD && !cleanup_referring(run, &steps, &found))
            status = desk_refused(run->desk, "looking for rows that refer to these");
        if (status == EXIT_GOOD && *found != '\0') {
            desk_quiet(run->desk);
            fprintf(stderr, "dualwrited rollback cleanup: refused, because other rows refer to these:\n%s", found);
            fputs("Nothing was deleted. Remove those rows first, or keep these.\n", stderr);
            status = EXIT_FOUND;
        }
        cleanup_steps_free(&steps);
    }
    cleanup_close(run);
    desk_quiet(run->desk);
    free(found);
    return status;
}

/* Deletes, and looks again; both go into `done`. */
static int
carry_out(struct cleanup_run *run, const struct cleanup_plan *plan, const struct keyset *roots, long long note,
          struct cleanup_done *done)
{
    int status = cleanup_delete(run, plan, roots, note, &done->steps);
    struct cleanup_plan after = {0};

    if (status != EXIT_GOOD || plan->count == 0)
        return status;
    run->did = done->did = true;
    /* by keys and not by name: what somebody made meanwhile under such a name is not what was to be deleted */
    if (look(run, (const struct keyset[]){plan->parts[0].keys[0], plan->parts[0].keys[1]}, &after, false) ==
        EXIT_GOOD) {
        done->checked = true;
        done->left = cleanup_plan_rows(&after);
        done->events_left = after.waiting + after.failed;
    }
    cleanup_plan_free(&after);
    return !done->checked || done->left > 0 || done->events_left > 0 ? EXIT_UNFINISHED : EXIT_GOOD;
}

static int
clean(struct cleanup_run *run, const struct asked *a, cJSON *document)
{
    struct cleanup_plan plan = {0};
    struct cleanup_done done = {0};
    int status = look(run, NULL, &plan, true);

    if (status == EXIT_GOOD) {
        struct cleanup_steps steps = cleanup_steps(run, &plan);

        if (!a->json)
            cleanup_print_plan(run, &plan, &steps, a->dry_run);
        cleanup_steps_free(&steps);
        if (cleanup_plan_rows(&plan) > 0 && !a->dry_run) {
            if (a->yes || confirmed(cleanup_plan_rows(&plan))) {
                status = carry_out(run, &plan, NULL, 0, &done);
            } else {
                puts("nothing was deleted");
                status = EXIT_FOUND;
            }
        }
    }
    if (plan.count > 0 && a->json)
        cleanup_json(document, run, &plan, &done);
    else if (done.did)
        cleanup_print_done(&plan, &done);
    cleanup_steps_free(&done.steps);
    cleanup_plan_free(&plan);
    return status;
}

/* ---- a run that was cut off between its two databases ---- */

/* Whether legacy has committed: its rows, which were all there, are gone. They may be all there again, which is as good as never. */
static int
half_done(struct cleanup_run *run, const struct keyset *roots, double legacy_rows, struct cleanup_plan *plan,
          bool *half)
{
    int status = look(run, roots, plan, false);

    if (status == EXIT_GOOD)
        *half = (double) plan->parts[0].rows[CLEANUP_TARGET].count < legacy_rows && cleanup_plan_rows(plan) > 0;
    return status;
}

static int
finish(struct cleanup_run *run, const struct asked *a, const PGresult *r, cJSON *document)
{
    const long long note = strtoll(PQgetvalue(r, 0, PQfnumber(r, "id")), NULL, 10);
    const struct mapping_entity *e = run->column.entity;
    struct keyset roots[2] = {{.columns = e->source_key.count}, {.columns = e->target_key.count}};
    cJSON *json = cJSON_Parse(PQgetvalue(r, 0, PQfnumber(r, "roots")));
    struct cleanup_plan plan = {0};
    struct cleanup_done done = {0};
    bool half = false;
    int status = EXIT_GOOD;

    if (!keyset_from_json(&roots[0], cJSON_GetObjectItem(json, "source")) ||
        !keyset_from_json(&roots[1], cJSON_GetObjectItem(json, "target"))) {
        fprintf(stderr,
                "dualwrited rollback cleanup: run %lld in dualwrite.cleanup was made with another mapping; finish it "
                "with that one\n",
                note);
        status = EXIT_UNFINISHED;
    } else {
        status = half_done(run, roots, strtod(PQgetvalue(r, 0, PQfnumber(r, "legacy_rows")), NULL), &plan, &half);
    }
    if (status == EXIT_GOOD && !half && !a->dry_run) {
        PQclear(
            cleanup_note(run, sql_cleanup_ended, 2,
                         (const char *[]){PQgetvalue(r, 0, 0), cleanup_plan_rows(&plan) > 0 ? "given up" : "done"}));
    } else if (status == EXIT_GOOD && half) {
        if (!a->json)
            cleanup_print_unfinished(r, cleanup_plan_rows(&plan), a->dry_run);
        if (!a->dry_run && (a->yes || confirmed(cleanup_plan_rows(&plan))))
            status = carry_out(run, &plan, roots, note, &done);
        else if (!a->dry_run)
            status = EXIT_FOUND;
        if (a->json)
            cleanup_json(cJSON_AddObjectToObject(document, "resumed"), run, &plan, &done);
        else if (done.did)
            cleanup_print_done(&plan, &done);
    }
    cleanup_steps_free(&done.steps);
    cleanup_plan_free(&plan);
    keyset_free(&roots[0]);
    keyset_free(&roots[1]);
    cJSON_Delete(json);
    return status;
}

static int
finish_earlier(struct cleanup_run *run, const struct asked *a, cJSON *document)
{
    PGresult *r = run->desk->two ? cleanup_note(run, sql_cleanup_noted, 0, NULL) : NULL;
    struct cleanup_run earlier = *run;
    char *why = NULL;
    int status = EXIT_GOOD;

    if (run->desk->two && r == NULL)
        return desk_refused(run->desk, "looking for a cleanup that was cut off");
    if (r != NULL && PQntuples(r) > 0) {
        earlier.pattern = PQgetvalue(r, 0, PQfnumber(r, "pattern"));
        why = cleanup_column(run->mapping, PQgetvalue(r, 0, PQfnumber(r, "entity")),
                             PQgetvalue(r, 0, PQfnumber(r, "column_name")), &earlier.column);
        if (why != NULL) {
            fprintf(stderr, "dualwrited rollback cleanup: an earlier run was cut off, and cannot be finished: %s\n",
                    why);
            status = EXIT_UNFINISHED;
        } else {
            status = finish(&earlier, a, r, document);
            run->did = earlier.did;
        }
        free(why);
    }
    PQclear(r);
    return status;
}

/* ---- the command ---- */

/* The server's time; NULL after a refusal. free() it. */
static char *
clock_there(struct desk *desk)
{
    PGresult *r =
        desk_look(desk, DATABASE_VNEXT, desk->settings->config->statement_timeout_ms, sql_rollback_clock, 0, NULL);
    char *now = r == NULL ? NULL : xstrdup(PQgetvalue(r, 0, 0));

    PQclear(r);
    return now;
}

/* What every word of rollback ends with. */
static void
tell(const struct asked *a, struct cleanup_run *run, const char *since, int status, cJSON *document)
{
    struct rollback_done done = a->done;
    struct buf out = {0};

    done.command = "rollback cleanup";
    done.action = status == EXIT_GOOD ? "Cleaned up test data" : "Cleaned up test data, not all of it yet";
    done.since = since;
    done.seconds = rollback_elapsed(&a->started);
    rollback_after(run->desk, &done, document, a->json, &out);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static int
cleanup(const struct asked *a, struct settings *settings, struct desk *desk)
{
    struct cleanup_run run = {.desk = desk, .mapping = settings->mapping, .pattern = a->pattern, .yes_all = a->yes_all};
    char *why = cleanup_column(settings->mapping, a->entity, a->column, &run.column);
    cJSON *document = cJSON_CreateObject();
    char *since = NULL;
    int status;

    if (why != NULL) {
        fprintf(stderr, "dualwrited rollback cleanup: %s\n", why);
        free(why);
        cJSON_Delete(document);
        return EXIT_USAGE;
    }
    status = desk_open(desk, settings, "cleanup");
    if (status == EXIT_GOOD)
        status = cleanup_prepare(&run);
    cJSON_AddBoolToObject(document, "dry_run", a->dry_run);
    cJSON_AddNullToObject(document, "resumed");
    if (status == EXIT_GOOD) {
        cJSON_DeleteItemFromObject(document, "resumed");
        since = clock_there(desk);
        status = finish_earlier(&run, a, document);
        if (!cJSON_HasObjectItem(document, "resumed"))
            cJSON_AddNullToObject(document, "resumed");
        if (status == EXIT_GOOD)
            status = clean(&run, a, document);
        if (run.did)
            tell(a, &run, since, status, document);
        if (a->json)
            cleanup_print_json(document);
    }
    cleanup_end(&run);
    free(since);
    cJSON_Delete(document);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    struct desk desk = {0};
    bool helped;
    int status;

    clock_gettime(CLOCK_MONOTONIC, &asked.started);
    status = command_options(self, argc, argv, &asked, take, &helped);
    if (status == EXIT_GOOD && !helped)
        status = check_words(&asked);
    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status = cleanup(&asked, settings, &desk);
    desk_close(&desk);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"match", "PATTERN", "SQL's LIKE: % is any text, _ any character, \\ takes the next one as it is"},
    {"column", "NAME", "the column that is compared (default: name), by its name on either side"},
    {"entity", "NAME", "of this root entity (default: the first that has the column)"},
    {"yes", NULL, "do not ask; needed where there is no terminal"},
    {"yes-all", NULL, "also where that is every row of a table, or more than half of it; includes --yes"},
    ROLLBACK_TELL_OPTIONS,
    {"dry-run", NULL, "show what would be deleted, and do nothing"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_rollback_cleanup = {
    .name = "rollback cleanup",
    .summary = "delete test data by its name: vNext rows, legacy rows, map rows, and what hangs on them",
    .help =
        "Finds the rows whose name is LIKE the pattern on either side, with their map rows and children on both "
        "sides,\n"
        "shows how many there are of each table and the first names, asks, and deletes them in one transaction; where\n"
        "the legacy tables are in another database, there first, and what is cut off in between is finished by the "
        "next\n"
        "run. No sync event comes of it. It refuses when rows changed meanwhile, when other rows refer to these, and\n"
        "when it would be nearly everything. Then it looks again, and prints the checklist and\n"
        "the text for your colleagues.\n"
        "Exit status: 0 done, or nothing matches; 1 refused, or the answer was no, and nothing was deleted; 64 no\n"
        "pattern; 69 unreachable; 70 not finished.",
    .options = options,
    .run = run,
};
