/*
 * cmd_failed.c - `dualwrited failed WORD`: hands on to the command behind the word, cmd_failed_WORD.c, and holds what those
 * share.
 */
#include "cmd_failed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/config_keys.h"
#include "dualwrite/failed_report.h"
#include "dualwrite/shown.h"
#include "dualwrite/suggest.h"
#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* ---- what the commands share ---- */

static int
take(void *into, const char *name, const char *argument)
{
    struct failed_asked *a = into;
    bool known;
    const char *accepted = failed_filter_take(&a->filter, name, argument, &known);

    if (known)
        return accepted == NULL ? EXIT_GOOD : command_bad_argument(name, argument, accepted);
    if (strcmp(name, "config") == 0) {
        a->config = argument;
    } else if (strcmp(name, "json") == 0) {
        a->json = true;
    } else if (strcmp(name, "all") == 0) {
        a->all = true;
    } else if (strcmp(name, "dry-run") == 0) {
        a->dry_run = true;
    } else if (strcmp(name, "yes") == 0) {
        a->yes = true;
    } else if (strcmp(name, "wait") == 0) {
        a->wait = true;
        if (argument != NULL && (a->wait_ms = config_duration_ms(argument)) <= 0)
            return command_bad_argument(name, argument, "a time, as 500ms, 30s or 2m");
    } else {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        a->json = strcmp(argument, "json") == 0;
    }
    return EXIT_GOOD;
}

int
failed_options(const struct command *self, int argc, char **argv, struct failed_asked *asked, bool *helped)
{
    int status = command_options(self, argc, argv, asked, take, helped);

    if (status != EXIT_GOOD || *helped || !asked->filter.parked || !asked->filter.retrying)
        return status;
    fprintf(stderr, "dualwrited %s: --parked and --retrying leave nothing; give one of them, or none for both\n",
            self->name);
    return EXIT_USAGE;
}

int
failed_connect(const struct failed_asked *asked, struct settings **settings, struct desk *desk)
{
    *settings = command_settings(asked->config);
    return *settings == NULL ? EXIT_CONFIGURATION : desk_open(desk, *settings, "failed");
}

void
failed_end(struct failed_asked *asked, struct settings *settings, struct desk *desk)
{
    desk_close(desk);
    settings_free(settings);
    failed_filter_free(&asked->filter);
}

char *
failed_sql(const char *template)
{
    struct fragments f = {0};
    struct buf matching = {0};
    struct buf out = {0};

    template_fill(&matching, sql_failed_matching, &f);
    fragments_take(&f, "matching", buf_steal(&matching));
    template_fill(&out, template, &f);
    fragments_free(&f);
    return buf_steal(&out);
}

cJSON *
failed_choose(struct desk *desk, const struct failed_filter *filter, double *total, double *parked, int *status)
{
    char *sql = failed_sql(sql_failed_list);
    struct failed_params params;
    cJSON *events = NULL;
    PGresult *r;

    desk_doing(desk, "reading failed events");
    failed_params(&params, filter);
    r = desk_look(desk, DATABASE_VNEXT, desk->settings->config->statement_timeout_ms, sql, FAILED_PARAMS,
                  params.values);
    if (r == NULL) {
        *status = desk_refused(desk, "reading failed events");
    } else {
        const int rows = PQntuples(r);

        events = cJSON_CreateArray();
        *total = rows == 0 ? 0 : strtod(PQgetvalue(r, 0, 0), NULL);
        *parked = rows == 0 ? 0 : strtod(PQgetvalue(r, 0, 1), NULL);
        for (int i = 0; i < rows; i++)
            cJSON_AddItemToArray(events, failed_event(PQgetvalue(r, i, 3), desk->settings->mapping));
    }
    desk_quiet(desk);
    PQclear(r);
    failed_params_free(&params);
    free(sql);
    return events;
}

void
failed_hint(const struct desk *desk, const struct failed_filter *filter)
{
    const struct mapping *m = desk->settings->mapping;
    const char **names;
    const char *nearest;
    struct buf shown = {0};

    if (filter->entity == NULL || mapping_entity_index(m, filter->entity) < m->count)
        return;
    names = xcalloc(m->count, sizeof *names);
    for (size_t i = 0; i < m->count; i++)
        names[i] = m->entities[i].name;
    nearest = suggest_nearest(filter->entity, names, m->count);
    shown_text(&shown, filter->entity, 0);
    fprintf(stderr, "dualwrited: the mapping has no entity \"%s\"%s%s%s\n", buf_text(&shown),
            nearest == NULL ? "" : "; \"", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\" is the nearest");
    buf_free(&shown);
    free(names);
}

void
failed_print_json(cJSON *document)
{
    char *json = cJSON_Print(document);

    puts(json);
    cJSON_free(json);
    cJSON_Delete(document);
}

static const struct command *const words[] = {&cmd_failed_list, &cmd_failed_show, &cmd_failed_retry,
                                              &cmd_failed_discard, NULL};

const struct command cmd_failed = {
    .name = "failed",
    .summary = "events that failed: `list`, `show`, `retry`, `discard`",
    .help = "",
    .words = words,
    .run = command_hand_on,
};
