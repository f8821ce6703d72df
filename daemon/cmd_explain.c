/*
 * cmd_explain.c - `dualwrited explain`: one row's whole story on both sides. Which row is meant, and the answer; the story is
 * explain.c, the judgement lib/core/explain_report.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "desk.h"
#include "dualwrite/explain_report.h"
#include "dualwrite/failed_filter.h"
#include "dualwrite/shown.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"
#include "explain.h"

struct asked {
    const char *config;
    const struct mapping *mapping; /* NULL: settings are not read yet */
    const char *entity;
    const char **keys;
    size_t nkeys;
    const char **legacy;
    size_t nlegacy;
    int64_t event;
    bool json;
};

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"entity", "NAME", "an entity of the mapping; --NAME=KEY is short for --entity=NAME --key=KEY"},
    {"key", "VALUE", "the vNext key; repeated for a key of several columns"},
    {"legacy", "VALUE", "the legacy key instead; repeated for a key of several columns"},
    {"failed", "ID", "the row of this failed event instead"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

#define OPTIONS (sizeof options / sizeof options[0] - 1)

/* An option's name for an entity: the same with hyphens for underscores. */
static bool
is_entity(const char *option, const char *entity)
{
    size_t i = 0;

    while (option[i] != '\0' && (option[i] == entity[i] || (option[i] == '-' && entity[i] == '_')))
        i++;
    return option[i] == '\0' && entity[i] == '\0';
}

static void
append(const char ***list, size_t *count, const char *value)
{
    *list = xreallocarray((void *) *list, *count + 1, sizeof **list);
    (*list)[(*count)++] = value;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0) {
        a->config = argument;
    } else if (strcmp(name, "entity") == 0) {
        a->entity = argument;
    } else if (strcmp(name, "key") == 0) {
        append(&a->keys, &a->nkeys, argument);
    } else if (strcmp(name, "legacy") == 0) {
        append(&a->legacy, &a->nlegacy, argument);
    } else if (strcmp(name, "failed") == 0) {
        a->event = failed_event_id(argument);
        if (a->event < 0)
            return command_bad_argument(name, argument, "the id of an event, as `dualwrited failed list` shows it");
    } else if (strcmp(name, "json") == 0) {
        a->json = true;
    } else if (strcmp(name, "format") == 0) {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        a->json = strcmp(argument, "json") == 0;
    } else { /* an entity's name */
        a->entity = name;
        append(&a->keys, &a->nkeys, argument);
    }
    return EXIT_GOOD;
}

/* The --config among the words, which has to be known before the entities, and with them the other options, are. */
static const char *
config_among(int argc, char **argv)
{
    const char *config = NULL;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            config = argv[i] + 9;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            config = argv[++i];
    }
    return config;
}

static bool
wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

/* The options with each entity's name behind them, once as it stands and once with hyphens. */
static int
read_options(const struct command *self, int argc, char **argv, struct asked *a)
{
    const struct mapping *m = a->mapping;
    struct option_help *all = xcalloc(OPTIONS + 2 * m->count + 1, sizeof *all);
    char **hyphened = xcalloc(m->count, sizeof *hyphened);
    struct command with_entities = *self;
    bool helped;
    int status;

    memcpy(all, options, OPTIONS * sizeof *all);
    for (size_t i = 0; i < m->count; i++) {
        hyphened[i] = xstrdup(m->entities[i].name);
        for (char *c = hyphened[i]; *c != '\0'; c++)
            *c = *c == '_' ? '-' : *c;
        all[OPTIONS + 2 * i] = (struct option_help){m->entities[i].name, "KEY", ""};
        all[OPTIONS + 2 * i + 1] = (struct option_help){hyphened[i], "KEY", ""};
    }
    with_entities.options = all;
    status = command_options(&with_entities, argc, argv, a, take, &helped);
    for (size_t i = 0; a->entity != NULL && i < m->count; i++)
        if (is_entity(a->entity, m->entities[i].name))
            a->entity = m->entities[i].name;
    for (size_t i = 0; i < m->count; i++)
        free(hyphened[i]);
    free(hyphened);
    free(all);
    return status;
}

static int
unknown_entity(const struct asked *a)
{
    const struct mapping *m = a->mapping;
    const char **names = xcalloc(m->count, sizeof *names);
    const char *nearest;
    struct buf out = {0};

    for (size_t i = 0; i < m->count; i++)
        names[i] = m->entities[i].name;
    if (a->entity == NULL) {
        buf_puts(&out, "dualwrited explain: say which row, as --");
        buf_printf(&out, "%s=KEY", names[0]);
    } else {
        nearest = suggest_nearest(a->entity, names, m->count);
        buf_puts(&out, "dualwrited explain: the mapping has no entity \"");
        shown_text(&out, a->entity, 60);
        buf_printf(&out, "\"%s%s%s", nearest == NULL ? "" : "; \"", nearest == NULL ? "" : nearest,
                   nearest == NULL ? "" : "\" is the nearest");
    }
    buf_puts(&out, " (there are: ");
    for (size_t i = 0; i < m->count; i++)
        buf_printf(&out, "%s%s", i == 0 ? "" : ", ", names[i]);
    fprintf(stderr, "%s)\n", buf_text(&out));
    buf_free(&out);
    free(names);
    return EXIT_USAGE;
}

/* Which row the words mean; EXIT_GOOD, or EXIT_USAGE after saying what is missing. */
static int
understand(const struct asked *a, struct explain_wanted *w)
{
    const struct mapping_entity *e;
    size_t columns;

    *w = (struct explain_wanted){.event = a->event};
    if (a->event > 0 && a->entity == NULL && a->nkeys + a->nlegacy == 0)
        return EXIT_GOOD;
    if (a->event > 0 || (a->nkeys > 0 && a->nlegacy > 0)) {
        fputs("dualwrited explain: one row at a time: a vNext key, or --legacy, or --failed\n", stderr);
        return EXIT_USAGE;
    }
    w->entity = a->entity == NULL ? a->mapping->count : mapping_entity_index(a->mapping, a->entity);
    if (w->entity == a->mapping->count)
        return unknown_entity(a);
    e = &a->mapping->entities[w->entity];
    w->legacy = a->nlegacy > 0;
    w->keys = w->legacy ? a->legacy : a->keys;
    w->nkeys = w->legacy ? a->nlegacy : a->nkeys;
    columns = w->legacy ? e->target_key.count : e->source_key.count;
    if (w->nkeys != columns) {
        const struct mapping_names *names = w->legacy ? &e->target_key : &e->source_key;

        fprintf(stderr, "dualwrited explain: the %s key of %s has %zu column%s (", w->legacy ? "legacy" : "vNext",
                e->name, columns, columns == 1 ? "" : "s");
        for (size_t i = 0; i < columns; i++)
            fprintf(stderr, "%s%s", i == 0 ? "" : ", ", names->items[i]);
        fprintf(stderr, "): give --%s that often\n", w->legacy ? "legacy" : "key");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static int
explain(const struct asked *a, const struct settings *settings, const struct explain_wanted *w)
{
    struct desk desk;
    cJSON *story = NULL;
    int status = desk_open(&desk, settings, "explain");

    if (status == EXIT_GOOD && desk.pq[DATABASE_LEGACY] == NULL) {
        fprintf(stderr, "dualwrited: cannot connect (%s): %s\n", desk.shown[DATABASE_LEGACY], desk.why);
        fputs("dualwrited: check " SETTINGS_LEGACY_URL ", and that the server runs and lets this host in\n", stderr);
        status = EXIT_UNREACHABLE;
    } else if (status == EXIT_GOOD) {
        story = explain_story(&desk, w, &status);
    }
    desk_close(&desk);
    if (story != NULL) {
        struct buf out = {0};

        status = explain_judge(story) ? EXIT_GOOD : EXIT_FOUND;
        if (a->json) {
            char *json = cJSON_Print(story);

            buf_printf(&out, "%s\n", json);
            cJSON_free(json);
        } else {
            explain_text(&out, story, desk_width());
        }
        fputs(buf_text(&out), stdout);
        buf_free(&out);
    }
    cJSON_Delete(story);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    struct explain_wanted wanted;
    bool helped;
    int status;

    if (wants_help(argc, argv)) {
        static char help[] = "--help";
        char *only[] = {argv[0], help};

        return command_options(self, 2, only, &asked, take, &helped);
    }
    settings = command_settings(config_among(argc, argv));
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    asked.mapping = settings->mapping;
    status = read_options(self, argc, argv, &asked);
    if (status == EXIT_GOOD)
        status = understand(&asked, &wanted);
    if (status == EXIT_GOOD)
        status = explain(&asked, settings, &wanted);
    free(asked.keys);
    free(asked.legacy);
    settings_free(settings);
    return status;
}

const struct command cmd_explain = {
    .name = "explain",
    .summary = "one row's story on both sides, its events, and whether it is in step",
    .help =
        "Names a row by entity and vNext key, as --NAME=KEY, by its legacy key, or by a failed event, and says what\n"
        "vNext has, what the mapping makes of it, what legacy has, column by column, the map's row, the parent, what\n"
        "waits, what failed and why, who would do it, and in one sentence how it stands. It reads as a daemon reads,\n"
        "and changes nothing.\n"
        "Exit status: 0 in step, 1 not, 64 no such entity or no key of that type, 69 unreachable, 70 not finished.",
    .options = options,
    .run = run,
};
