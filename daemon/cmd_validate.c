/*
 * cmd_validate.c - `dualwrited validate`: what the checks of rule packs find, mended on demand. Options and the order of things;
 * who looks is integrity.c, who mends integrity_fix.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/config_keys.h"
#include "integrity.h"
#include "integrity_fix.h"
#include "integrity_lint.h"

struct validate {
    struct integrity_asked asked;
    const char *undo;
    bool json, verbose, fix, dry_run, lint;
};

static int
take_lint(struct validate *v, const char *argument)
{
    int status;

    v->lint = true;
    integrity_take(&v->asked, "pack", argument, &status);
    return status;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct validate *v = into;
    int status;

    if (integrity_take(&v->asked, name, argument, &status))
        return status;
    if (strcmp(name, "json") == 0)
        v->json = true;
    else if (strcmp(name, "verbose") == 0)
        v->verbose = true;
    else if (strcmp(name, "fix") == 0)
        v->fix = true;
    else if (strcmp(name, "dry-run") == 0)
        v->dry_run = true;
    else if (strcmp(name, "lint") == 0)
        return take_lint(v, argument);
    else if (strcmp(name, "undo") == 0)
        v->undo = argument;
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        v->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

static int
check_combinations(const struct validate *v)
{
    const char *why = v->dry_run && !v->fix ? "--dry-run says something about --fix, which is not there"
                      : v->undo != NULL && (v->fix || v->lint || v->asked.npacks > 0 || v->asked.nwhere > 0)
                          ? "--undo takes back one mend, whatever pack it was of; leave the other options out"
                      : v->lint && (v->fix || v->asked.nwhere > 0)
                          ? "--lint only tries the SQL; leave --fix and --where out"
                          : NULL;

    if (why == NULL && v->undo != NULL &&
        (v->undo[strspn(v->undo, "0123456789")] != '\0' || v->undo[0] == '\0' || strlen(v->undo) > 18))
        return command_bad_argument("undo", v->undo, "the number that --fix has said");
    if (why == NULL)
        return EXIT_GOOD;
    fprintf(stderr, "dualwrited validate: %s\n", why);
    return EXIT_USAGE;
}

static void
print(const struct validate *v, const struct integrity_report *report)
{
    struct buf out = {0};

    if (v->json)
        integrity_json(&out, report);
    else
        integrity_text(&out, report, v->verbose);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

/* --where that nothing can be narrowed by is a mistake, not a clean answer. */
static bool
looked_anywhere(const struct validate *v, const struct integrity_report *report)
{
    if (v->asked.nwhere == 0)
        return true;
    for (size_t p = 0; p < report->count; p++)
        for (size_t n = 0; n < report->packs[p].count; n++)
            if (report->packs[p].items[n].state != INTEGRITY_LEFT_OUT)
                return true;
    fputs("dualwrited validate: no check names a table that has these columns, so none can be narrowed; leave --where "
          "out\n",
          stderr);
    return false;
}

static int
look(const struct validate *v, struct integrity *i)
{
    static const int statuses[] = {[INTEGRITY_GOOD] = EXIT_GOOD,
                                   [INTEGRITY_ISSUES] = EXIT_FOUND,
                                   [INTEGRITY_CRITICAL] = EXIT_CRITICAL,
                                   [INTEGRITY_UNKNOWN] = EXIT_UNFINISHED};
    struct integrity_report report = {0};
    char id[24] = "";
    int status = integrity_look(i, &report);
    bool looked;

    if (status == EXIT_GOOD && !looked_anywhere(v, &report))
        status = EXIT_USAGE;
    looked = status == EXIT_GOOD;
    if (looked && v->fix) {
        integrity_plan(i, &report);
        status = v->dry_run ? EXIT_GOOD : integrity_fix(i, &report, id);
    }
    report.mend = id[0] == '\0' ? NULL : id;
    if (looked) /* what was found is known, also where it could not be mended */
        print(v, &report);
    if (status == EXIT_GOOD)
        status = statuses[integrity_verdict(&report)];
    if (id[0] != '\0')
        fprintf(stderr, "dualwrited validate: this was mend %s; `dualwrited validate --undo=%s` puts the rows back\n",
                id, id);
    integrity_report_free(&report);
    return status;
}

static int
answer(void *arg, struct integrity *i, struct desk *d)
{
    const struct validate *v = arg;
    int status;

    if (v->undo != NULL)
        return integrity_undo(d, v->undo, v->asked.timeout_ms, v->json);
    status = integrity_prepare(i, d);
    if (status != EXIT_GOOD)
        return status;
    return v->lint ? integrity_lint(i, v->json) : look(v, i);
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct validate v = {.asked = {.period_hours = 24, .samples = 20, .timeout_ms = 60000}};
    bool helped;
    int status = command_options(self, argc, argv, &v, take, &helped);

    if (status == EXIT_GOOD && !helped)
        status = check_combinations(&v);
    if (status != EXIT_GOOD || helped)
        return status;
    return integrity_command(&v.asked, "validate", v.undo != NULL, answer, &v);
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"pack", "PACK", "a rule pack's name, or its folder; may be there more than once (default: " INTEGRITY_PACK ")"},
    {"where", "COLUMN=VALUE", "only rows that have this; more than one: all of them"},
    {"period", "HOURS", "what counts as recent (default: 24)"},
    {"timeout", "DURATION", "one statement may take so long (default: 60s)"},
    {"no-compare", NULL, "do not run `dualwrited reconcile` first: the last one counts, if it is of the period"},
    {"verbose", NULL, "also the first keys of what was found, and what was left out"},
    {"fix", NULL, "mend what can be mended, in one transaction"},
    {"dry-run", NULL, "with --fix: say what would be mended, and mend nothing"},
    {"undo", "ID", "put back what a --fix has changed"},
    {"lint", "PACK", "try every SQL of a pack against the databases; changes nothing"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_validate = {
    .name = "validate",
    .summary = "what the checks of rule packs find in the data, mended on demand",
    .help = "Runs the checks of rule packs (docs/packs.md), each in a transaction that cannot write. --fix says first "
            "what it\n"
            "will do; rows that it changes are kept and can be put back, and what the sync should have written is "
            "queued for\n"
            "the daemons, never written here.\n"
            "Exit status: 0 nothing found, or all of it mended or handed to the daemons; 1 issues; 2 critical ones; 65 "
            "a bad\n"
            "pack; 69 unreachable; 70 could not finish, or a check could not look and nothing else was found.",
    .options = options,
    .run = run,
};
