/*
 * cmd_failed_discard.c - `dualwrited failed discard`: gives failed events up, after showing what is given up. The legacy rows
 * stay as they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_failed.h"
#include "dualwrite/failed_report.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/shown.h"
#include "embedded.h"

#define SHOWN 20 /* events that are shown before the question */

static void
print_events(FILE *to, const cJSON *events, const char *what)
{
    const int count = cJSON_GetArraySize(events);
    cJSON *some = cJSON_CreateArray();
    const cJSON *event;
    struct buf out = {0};

    cJSON_ArrayForEach(event, events)
    {
        if (cJSON_GetArraySize(some) == SHOWN)
            break;
        cJSON_AddItemToArray(some, cJSON_Duplicate(event, true));
    }
    failed_table(&out, some, to == stdout ? desk_width() : 0);
    if (count > SHOWN)
        buf_printf(&out, "... and %d more (dualwrited failed list)\n", count - SHOWN);
    buf_putc(&out, '\n');
    buf_puts(&out, what);
    shown_count(&out, count);
    buf_puts(&out, count == 1 ? " event.\n" : " events.\n");
    buf_puts(
        &out,
        "The legacy rows stay as they are now, in step or not; `dualwrited reconcile` finds those that are not.\n");
    fputs(buf_text(&out), to);
    buf_free(&out);
    cJSON_Delete(some);
}

static bool
confirmed(int count)
{
    char answer[16] = "";

    printf("Type yes to give up %d event%s: ", count, count == 1 ? "" : "s");
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

/* Deletes them by id; *gone: how many. */
static int
discard(struct desk *d, const cJSON *events, double *gone)
{
    struct buf ids = {0};
    const char *params[1];
    const cJSON *event;
    PGresult *r = NULL;
    bool good;

    pgarray_open(&ids);
    cJSON_ArrayForEach(event, events)
        pgarray_add(&ids, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event_id")));
    pgarray_close(&ids);
    params[0] = buf_text(&ids);
    desk_doing(d, "giving failed events up");
    good = desk_begin(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, true);
    if (good) {
        r = desk_ask(d, DATABASE_VNEXT, sql_failed_discard, 1, params);
        good = r != NULL;
    }
    good = desk_end(d, DATABASE_VNEXT, good) && good;
    *gone = good ? strtod(PQcmdTuples(r), NULL) : 0;
    desk_quiet(d);
    PQclear(r);
    buf_free(&ids);
    return good ? EXIT_GOOD : desk_refused(d, "giving failed events up");
}

static void
print_result(const struct failed_asked *asked, const cJSON *events, double gone)
{
    const double count = cJSON_GetArraySize(events);

    if (asked->json) {
        cJSON *document = cJSON_CreateObject();

        cJSON_AddBoolToObject(document, "dry_run", asked->dry_run);
        cJSON_AddNumberToObject(document, "matched", count);
        cJSON_AddNumberToObject(document, "discarded", gone);
        cJSON_AddNumberToObject(document, "left", asked->dry_run ? 0 : count - gone);
        cJSON_AddItemToObject(document, "events", cJSON_Duplicate(events, true));
        failed_print_json(document);
    } else if (!asked->dry_run) {
        struct buf out = {0};

        buf_puts(&out, "given up: ");
        shown_count(&out, gone);
        if (gone < count) {
            buf_puts(&out, "; ");
            shown_count(&out, count - gone);
            buf_puts(&out, " were done meanwhile, or a daemon is at them");
        }
        puts(buf_text(&out));
        buf_free(&out);
    }
}

static int
choose_and_discard(const struct failed_asked *asked, struct desk *d)
{
    int status = EXIT_GOOD;
    double total;
    double parked;
    double gone = 0;
    cJSON *events = failed_choose(d, &asked->filter, &total, &parked, &status);

    if (events == NULL)
        return status;
    if (cJSON_GetArraySize(events) == 0) {
        failed_hint(d, &asked->filter);
        if (!asked->json)
            puts("no failed event fits");
        status = EXIT_FOUND;
    } else if (!asked->json) {
        print_events(stdout, events, asked->dry_run ? "Would be given up: " : "To be given up: ");
    }
    if (status == EXIT_GOOD && !asked->dry_run && !asked->yes && !confirmed(cJSON_GetArraySize(events))) {
        puts("nothing was done");
        cJSON_Delete(events);
        return EXIT_FOUND;
    }
    if (status == EXIT_GOOD && !asked->dry_run)
        status = discard(d, events, &gone);
    if (status == EXIT_GOOD || (status == EXIT_FOUND && asked->json))
        print_result(asked, events, gone);
    cJSON_Delete(events);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct failed_asked asked = {0};
    struct settings *settings = NULL;
    struct desk desk = {0};
    bool helped;
    int status = failed_options(self, argc, argv, &asked, &helped);

    if (status == EXIT_GOOD && !helped && failed_filter_is_all(&asked.filter) && !asked.all) {
        fputs("dualwrited failed discard: say which: --event=ID, --entity=NAME and so on, or --all\n", stderr);
        status = EXIT_USAGE;
    } else if (status == EXIT_GOOD && !helped && !asked.yes && !asked.dry_run &&
               (asked.json || isatty(STDIN_FILENO) != 1)) {
        fputs("dualwrited failed discard: give --yes where nobody can be asked, or look first with --dry-run\n",
              stderr);
        status = EXIT_USAGE;
    } else if (status == EXIT_GOOD && !helped) {
        status = failed_connect(&asked, &settings, &desk);
        if (status == EXIT_GOOD)
            status = choose_and_discard(&asked, &desk);
    }
    failed_end(&asked, settings, &desk);
    return status;
}

static const struct option_help options[] = {
    FAILED_CONFIG,
    FAILED_CHOICE,
    {"limit", "N", "so many at most, the newest failures (default: all that fit)"},
    {"all", NULL, "every failed event; needed where nothing else says which"},
    {"yes", NULL, "do not ask; needed where there is no terminal"},
    {"dry-run", NULL, "show what would be given up, and do nothing"},
    FAILED_FORMAT,
};

const struct command cmd_failed_discard = {
    .name = "failed discard",
    .summary = "give failed events up",
    .help =
        "Shows the events that fit, asks, and takes them off the list. Nothing else changes: the legacy rows stay as\n"
        "they are, and `dualwrited reconcile` finds those that are not in step. An await_sync that waits for such an\n"
        "event returns. Events that a daemon is at in this moment are left alone.\n"
        "Exit status: 0 done, 1 nothing fits, or the answer was no.",
    .options = options,
    .run = run,
};
