/*
 * cmd_constraints.c - `dualwrited constraints install`, `status` and `remove`: options and the order of things; who does it is
 * constraints.c.
 */
#include "cmd_constraints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constraints.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"
#include "integrity.h"
#include "pack_load.h"

struct asked {
    const char *config, *pack;
    const char **names;
    bool json;
    struct constraints c;
};

static int
take_duration(const char *name, const char *argument, int64_t *ms)
{
    *ms = config_duration_ms(argument);
    return *ms < 1 ? command_bad_argument(name, argument, "a time, as 500ms, 30s or 5m") : EXIT_GOOD;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "pack") == 0)
        a->pack = argument;
    else if (strcmp(name, "functions") == 0)
        a->c.functions = true;
    else if (strcmp(name, "dry-run") == 0)
        a->c.dry_run = true;
    else if (strcmp(name, "not-valid") == 0)
        a->c.not_valid = true;
    else if (strcmp(name, "timeout") == 0)
        return take_duration(name, argument, &a->c.timeout_ms);
    else if (strcmp(name, "lock-timeout") == 0)
        return take_duration(name, argument, &a->c.lock_ms);
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        a->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

/* Moves the words that are neither options nor their arguments to a->names; returns how many argv has then. */
static int
take_names(const struct command *self, int argc, char **argv, struct asked *a)
{
    int kept = 1;

    a->names = xcalloc((size_t) argc, sizeof *a->names);
    for (int i = 1; i < argc; i++) {
        const struct option_help *o = self->options;

        if (strncmp(argv[i], "--", 2) != 0) {
            a->names[a->c.nnames++] = argv[i];
            continue;
        }
        while (o->name != NULL && strcmp(o->name, argv[i] + 2) != 0)
            o++;
        argv[kept++] = argv[i];
        if (o->name != NULL && o->argument != NULL && i + 1 < argc)
            argv[kept++] = argv[++i];
    }
    a->c.names = a->names;
    return kept;
}

static struct pack *
load(const char *name)
{
    struct faults faults = {0};
    struct pack *p = pack_load(name, &faults);

    command_print_faults(&faults);
    faults_free(&faults);
    return p;
}

/* Each NAME is one of the pack's; false after saying which is not. */
static bool
know_names(const struct constraints *c)
{
    const struct pack_parts *parts = &c->pack->parts;
    const char **known = xcalloc(parts->count + 1, sizeof *known);
    bool good = true;

    for (size_t i = 0; i < parts->count; i++)
        known[i] = parts->items[i].name;
    for (size_t n = 0; n < c->nnames && good; n++) {
        const char *nearest;

        good = false;
        for (size_t i = 0; i < parts->count; i++)
            good = good || strcmp(known[i], c->names[n]) == 0;
        if (good)
            continue;
        nearest = suggest_nearest(c->names[n], known, parts->count);
        fprintf(stderr,
                "dualwrited constraints: pack %s brings no \"%s\"%s%s%s; `dualwrited constraints status` lists what it "
                "brings\n",
                c->pack->name, c->names[n], nearest == NULL ? "" : ": \"", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "\" is the nearest");
    }
    free(known);
    return good;
}

static int
answer(struct asked *a, enum constraint_word word, const struct settings *settings)
{
    static const int statuses[] = {EXIT_GOOD, EXIT_FOUND, EXIT_UNFINISHED};
    struct constraint_report report = {0};
    struct buf out = {0};
    struct desk desk;
    int status = desk_open(&desk, settings, "constraints");

    a->c.desk = &desk;
    if (status == EXIT_GOOD)
        status = constraints_run(&a->c, word, &report);
    if (status == EXIT_GOOD) {
        (a->json ? constraint_json : constraint_text)(&out, &report);
        fputs(buf_text(&out), stdout);
        status = statuses[constraint_verdict(&report)];
    }
    buf_free(&out);
    constraint_report_free(&report);
    desk_close(&desk);
    a->c.desk = NULL;
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    const enum constraint_word word = self == &cmd_constraints_install  ? CONSTRAINTS_INSTALL
                                      : self == &cmd_constraints_remove ? CONSTRAINTS_REMOVE
                                                                        : CONSTRAINTS_STATUS;
    struct asked a = {.pack = INTEGRITY_PACK, .c = {.timeout_ms = 3600000, .lock_ms = 30000}};
    struct settings *settings = NULL;
    struct pack *pack = NULL;
    bool helped;
    int status;

    argc = take_names(self, argc, argv, &a);
    status = command_options(self, argc, argv, &a, take, &helped);
    if (status == EXIT_GOOD && !helped && (settings = command_settings(a.config)) == NULL)
        status = EXIT_CONFIGURATION;
    if (settings != NULL && (a.c.pack = pack = load(a.pack)) == NULL)
        status = EXIT_INPUT;
    if (pack != NULL)
        status = know_names(&a.c) ? answer(&a, word, settings) : EXIT_USAGE;
    pack_free(pack);
    settings_free(settings);
    free(a.names);
    return status;
}

/* For completion: the names of the pack that was chosen so far. Which of them are in force only the database knows. */
static void
offer_names(int count, char **words, void (*offer)(const char *name, const char *meaning, void *arg), void *arg)
{
    const char *name = INTEGRITY_PACK;
    struct faults faults = {0};
    struct pack *p;

    for (int i = 0; i < count; i++)
        if (strncmp(words[i], "--pack=", 7) == 0)
            name = words[i] + 7;
        else if (strcmp(words[i], "--pack") == 0 && i + 1 < count)
            name = words[i + 1];
    p = pack_load(name, &faults);
    for (size_t i = 0; p != NULL && i < p->parts.count; i++)
        offer(p->parts.items[i].name, pack_part_word(p->parts.items[i].kind), arg);
    pack_free(p);
    faults_free(&faults);
}

#define CONFIG_HELP "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"
#define PACK_HELP "the rule pack's name, or its folder (default: " INTEGRITY_PACK ")"
#define TIMEOUT_HELP "one statement may take so long (default: 1h)"
#define LOCK_HELP "give up when a table stays locked for so long (default: 30s)"
#define JSON_HELP "for programs; the same as --format=json"

static const struct option_help install_options[] = {
    {"config", "FILE", CONFIG_HELP},
    {"pack", "PACK", PACK_HELP},
    {"not-valid", NULL, "add a CHECK also while rows fail: it holds for new and changed rows"},
    {"timeout", "DURATION", TIMEOUT_HELP},
    {"lock-timeout", "DURATION", LOCK_HELP},
    {"dry-run", NULL, "say what would be put in, and change nothing"},
    {"json", NULL, JSON_HELP},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

static const struct option_help status_options[] = {
    {"config", "FILE", CONFIG_HELP}, {"pack", "PACK", PACK_HELP},          {"timeout", "DURATION", TIMEOUT_HELP},
    {"json", NULL, JSON_HELP},       {"format", "FORMAT", "text or json"}, {NULL, NULL, NULL},
};

static const struct option_help remove_options[] = {
    {"config", "FILE", CONFIG_HELP},
    {"pack", "PACK", PACK_HELP},
    {"functions", NULL, "also the pack's functions and triggers"},
    {"timeout", "DURATION", TIMEOUT_HELP},
    {"lock-timeout", "DURATION", LOCK_HELP},
    {"dry-run", NULL, "say what would be taken away, and change nothing"},
    {"json", NULL, JSON_HELP},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_constraints_install = {
    .name = "constraints install",
    .summary = "puts a pack's constraints and functions into the database, without blocking writers",
    .help =
        "Adds what constraints.sql and functions.sql of a rule pack have (docs/packs.md), or only the NAMEs that are "
        "given.\n"
        "Rows that fail are named first. A CHECK is added NOT VALID, then validated; a UNIQUE is made of an index that "
        "is built\n"
        "while others write. Safe to repeat, also after an interruption. It takes the rights of the tables' owner.\n"
        "Exit status: 0 all in force; 1 rows fail; 65 a bad pack; 69 unreachable; 70 something could not be put in.",
    .options = install_options,
    .run = run,
    .offer_names = offer_names,
};

const struct command cmd_constraints_status = {
    .name = "constraints status",
    .summary = "which of a pack's constraints and functions are in force, and which rows fail",
    .help = "Looks, and changes nothing. NAMEs choose some of them.\n"
            "Exit status: 0 all in force; 1 some are not; 65 a bad pack; 69 unreachable; 70 could not look.",
    .options = status_options,
    .run = run,
    .offer_names = offer_names,
};
const struct command cmd_constraints_remove = {
    .name = "constraints remove",
    .summary = "takes a pack's constraints away again; its functions stay, unless they are asked for",
    .help = "Takes away the NAMEs that are given, or all constraints of the pack. What somebody else made stays.\n"
            "Exit status: 0 gone; 65 a bad pack; 69 unreachable; 70 something could not be taken away.",
    .options = remove_options,
    .run = run,
    .offer_names = offer_names,
};

static const struct command *const words[] = {&cmd_constraints_install, &cmd_constraints_status,
                                              &cmd_constraints_remove, NULL};

const struct command cmd_constraints = {
    .name = "constraints",
    .summary = "a rule pack's constraints and functions: `install`, `status`, `remove`",
    .help = "",
    .words = words,
    .run = command_hand_on,
};
