/*
 * cmd_mapping_show.c - `dualwrited mapping show`: the SQL that a mapping becomes, for people and for programs. It reads
 * the catalogs, because the statements depend on the columns' types, and changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cmd_mapping.h"
#include "dualwrite/capture.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/sqlgen.h"
#include "dualwrite/sqlshow.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"
#include "pair.h"
#include "settings.h"

#define WIDTH 120

struct asked {
    const char *config;
    const char *entity; /* NULL: all */
    bool capture;
    bool json;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "entity") == 0)
        a->entity = argument;
    else if (strcmp(name, "capture") == 0)
        a->capture = true;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        a->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

/* The triggers and functions of one entity's source table, with the default of partitions. */
static char *
capture_sql(const struct mapping *m, size_t entity, const struct catalog *vnext)
{
    const struct install_options options = {.side = SIDE_VNEXT, .partitions = CAPTURE_PARTITIONS, .guard = GUARD_OFF};
    const struct mapping one = {.channel = m->channel, .entities = &m->entities[entity], .count = 1};
    struct buf sql = {0};

    capture_hang_sql(&sql, &one, vnext, &options);
    return buf_steal(&sql);
}

/* Adds {step: SQL} for one entity, in the order of execution. */
static void
add_entity(cJSON *answer, const struct asked *a, const struct mapping *m, size_t i, const struct plan *plan,
           const struct catalog *vnext)
{
    cJSON *steps = cJSON_AddObjectToObject(answer, m->entities[i].name);

    for (int s = 0; s < PLAN_STEPS; s++)
        if (plan->entities[i].sql[s] != NULL)
            cJSON_AddStringToObject(steps, plan_step_name((enum plan_step) s), plan->entities[i].sql[s]);
    if (a->capture) {
        char *sql = capture_sql(m, i, vnext);

        cJSON_AddStringToObject(steps, "capture", sql);
        free(sql);
    }
}

static enum database
database_of(const char *step)
{
    for (int s = 0; s < PLAN_STEPS; s++)
        if (strcmp(plan_step_name((enum plan_step) s), step) == 0)
            return plan_step_database((enum plan_step) s);
    return DATABASE_VNEXT; /* capture */
}

/* A heading is a comment, so that an editor takes the whole for SQL. */
static void
print_statement(const char *entity, const char *step, const char *sql)
{
    struct buf out = {0};
    size_t end;

    sqlshow(&out, sql, WIDTH);
    for (end = out.len; end > 0 && strchr(" \n;", out.data[end - 1]) != NULL;)
        end--;
    printf("\n-- %s.%s, in the %s database\n%.*s;\n", entity, step, pair_word(database_of(step)), (int) end,
           buf_text(&out));
    buf_free(&out);
}

static void
print_text(const cJSON *answer, const struct mapping *m)
{
    const cJSON *steps;
    const cJSON *step;

    cJSON_ArrayForEach(steps, answer)
    {
        const struct mapping_entity *e = &m->entities[mapping_entity_index(m, steps->string)];
        struct buf heading = {0};

        sql_table(&heading, &e->source);
        buf_puts(&heading, " -> ");
        sql_table(&heading, &e->target);
        for (size_t i = 0; i < heading.len; i++)
            if (heading.data[i] == '\n') /* a name may hold one, a comment not */
                heading.data[i] = ' ';
        printf("%s-- ---- %s: %s ----\n", steps == answer->child ? "" : "\n\n", e->name, buf_text(&heading));
        buf_free(&heading);
        cJSON_ArrayForEach(step, steps) print_statement(e->name, step->string, step->valuestring);
    }
}

/* Whether the mapping fits, as whoever installs or as a daemon: showing needs no more rights than one of them has. */
static bool
fits(const struct settings *settings, const struct catalogs *c)
{
    struct faults faults[2] = {{0}};
    bool good = false;

    for (int i = 0; i < 2 && !good; i++) {
        mapping_check(settings->mapping_name, settings->mapping, c, i == 0, &faults[i]);
        good = faults[i].errors == 0;
    }
    if (!good)
        command_print_faults(&faults[0]);
    for (int i = 0; i < 2; i++)
        faults_free(&faults[i]);
    return good;
}

static int
show(const struct asked *a, const struct settings *settings, const struct catalogs *c)
{
    const struct mapping *m = settings->mapping;
    struct plan *plan;
    cJSON *answer;

    if (!fits(settings, c))
        return EXIT_CONFIGURATION;
    plan = plan_make(m, c);
    answer = cJSON_CreateObject();
    for (size_t i = 0; i < m->count; i++)
        if (a->entity == NULL || strcmp(a->entity, m->entities[i].name) == 0)
            add_entity(answer, a, m, i, plan, c->vnext);
    if (a->json) {
        char *json = cJSON_Print(answer);

        puts(json);
        cJSON_free(json);
    } else {
        print_text(answer, m);
    }
    cJSON_Delete(answer);
    plan_free(plan);
    return EXIT_GOOD;
}

static int
unknown_entity(const char *word, const struct mapping *m)
{
    const char **names = xcalloc(m->count, sizeof *names);
    struct buf list = {0};
    const char *nearest;

    for (size_t i = 0; i < m->count; i++) {
        names[i] = m->entities[i].name;
        buf_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    nearest = suggest_nearest(word, names, m->count);
    fprintf(stderr, "dualwrited mapping show: the mapping has no entity \"%s\"", word);
    if (nearest != NULL)
        fprintf(stderr, "; \"%s\" is the nearest", nearest);
    fprintf(stderr, " (there are: %s)\n", buf_text(&list));
    buf_free(&list);
    free(names);
    return EXIT_USAGE;
}

static int
read_and_show(const struct asked *a, const struct settings *settings)
{
    struct pair pair;
    struct catalog *read[2] = {NULL, NULL};
    int status = pair_connect(&pair, settings, "mapping");

    for (size_t i = 0; i < pair.count && status == EXIT_GOOD; i++) {
        read[i] =
            catalog_read(pair.pq[i], settings->mapping, i == DATABASE_VNEXT, pair.count == 1 || i == DATABASE_LEGACY);
        status = read[i] == NULL ? EXIT_UNFINISHED : EXIT_GOOD;
    }
    if (status == EXIT_GOOD) {
        const struct catalogs c = {read[DATABASE_VNEXT], read[pair.count - 1]};

        status = show(a, settings, &c);
    }
    for (int i = 0; i < 2; i++)
        catalog_free(read[i]);
    pair_close(&pair);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    if (asked.entity != NULL && mapping_entity_index(settings->mapping, asked.entity) == settings->mapping->count)
        status = unknown_entity(asked.entity, settings->mapping);
    else
        status = read_and_show(&asked, settings);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"entity", "NAME", "only this entity (default: all of them)"},
    {"capture", NULL, "also the triggers that note changes of the source tables"},
    {"json", NULL, "for programs: {entity: {step: SQL}}; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_mapping_show = {
    .name = "mapping show",
    .summary = "the SQL that the mapping becomes, entity by entity",
    .help =
        "Prints the statements that sync each entity in the order in which they are executed, with the database that\n"
        "each runs in. The mapping must fit the live tables, because the statements follow their types. It changes\n"
        "nothing.",
    .options = options,
    .run = run,
};
