/*
 * cmd_failed_list.c - `dualwrited failed list` and `failed show`: which events failed and why. They change nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd_failed.h"
#include "dualwrite/failed_report.h"
#include "dualwrite/shown.h"

#define LIMIT 100

static void
print_list(const cJSON *events, double total, double parked)
{
    const int shown = cJSON_GetArraySize(events);
    struct buf out = {0};

    if (shown == 0) {
        puts("no failed events");
        return;
    }
    failed_table(&out, events, desk_width());
    buf_putc(&out, '\n');
    shown_count(&out, total);
    buf_puts(&out, total == 1 ? " failed event: " : " failed events: ");
    shown_count(&out, parked);
    buf_puts(&out, " parked, ");
    shown_count(&out, total - parked);
    buf_puts(&out, " retrying by themselves");
    if (shown < total)
        buf_printf(&out, "; the newest %d are shown (--limit=0 shows all)", shown);
    buf_puts(&out,
             "\n-> dualwrited failed show EVENT; when the cause is mended: dualwrited failed retry --event=EVENT\n");
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static int
list(const struct command *self, int argc, char **argv)
{
    struct failed_asked asked = {.filter = {.limit = LIMIT}};
    struct settings *settings = NULL;
    struct desk desk = {0};
    cJSON *events = NULL;
    double total = 0;
    double parked = 0;
    bool helped;
    int status = failed_options(self, argc, argv, &asked, &helped);

    if (status == EXIT_GOOD && !helped)
        status = failed_connect(&asked, &settings, &desk);
    if (status == EXIT_GOOD && !helped)
        events = failed_choose(&desk, &asked.filter, &total, &parked, &status);
    if (events != NULL && total == 0)
        failed_hint(&desk, &asked.filter);
    if (events != NULL && asked.json) {
        cJSON *document = cJSON_CreateObject();

        cJSON_AddNumberToObject(document, "total", total);
        cJSON_AddNumberToObject(document, "parked", parked);
        cJSON_AddNumberToObject(document, "retrying", total - parked);
        cJSON_AddItemToObject(document, "events", cJSON_Duplicate(events, true));
        failed_print_json(document);
    } else if (events != NULL) {
        print_list(events, total, parked);
    }
    cJSON_Delete(events);
    failed_end(&asked, settings, &desk);
    return status;
}

static const struct option_help list_options[] = {
    FAILED_CONFIG,
    FAILED_CHOICE,
    {"limit", "N", "how many to show at most, the newest failures (default: 100; 0: all)"},
    FAILED_FORMAT,
};

const struct command cmd_failed_list = {
    .name = "failed list",
    .summary = "the failed events, parked and retrying",
    .help = "A parked event is not tried again by itself: only when its row, its parent or the row that has the value "
            "it wants\n"
            "changes, or on `failed retry`.\n"
            "Of several options all must fit.",
    .options = list_options,
    .run = list,
};

/* `option` is the name of one whose argument is the next word. */
static bool
takes_next(const struct command *self, const char *option)
{
    for (const struct option_help *o = self->options; o->name != NULL; o++)
        if (strncmp(option, "--", 2) == 0 && strcmp(option + 2, o->name) == 0)
            return o->argument != NULL;
    return false;
}

/* Where EVENT stands: before the options, or behind them; 0: nowhere. */
static int
event_at(const struct command *self, int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "--", 2) != 0)
        return 1;
    return argc > 2 && strncmp(argv[argc - 1], "--", 2) != 0 && !takes_next(self, argv[argc - 2]) ? argc - 1 : 0;
}

static int
show(const struct command *self, int argc, char **argv)
{
    const int at = event_at(self, argc, argv);
    struct failed_asked asked = {0};
    struct settings *settings = NULL;
    struct desk desk = {0};
    cJSON *events = NULL;
    double total;
    double parked;
    bool helped;
    int status;

    if (at > 0) {
        bool known;
        const char *accepted = failed_filter_take(&asked.filter, "event", argv[at], &known);

        if (accepted != NULL) {
            struct buf word = {0};

            shown_text(&word, argv[at], 60);
            fprintf(stderr, "dualwrited failed show: \"%s\" is not %s\n", buf_text(&word), accepted);
            buf_free(&word);
            failed_filter_free(&asked.filter);
            return EXIT_USAGE;
        }
    }
    status = failed_options(self, argc - (at > 0), argv + (at == 1), &asked, &helped);
    if (status == EXIT_GOOD && !helped && asked.filter.nevents != 1) {
        fputs("usage: dualwrited failed show EVENT (dualwrited failed list shows their ids)\n", stderr);
        status = EXIT_USAGE;
    } else if (status == EXIT_GOOD && !helped) {
        status = failed_connect(&asked, &settings, &desk);
    }
    if (status == EXIT_GOOD && !helped)
        events = failed_choose(&desk, &asked.filter, &total, &parked, &status);
    if (events != NULL && cJSON_GetArraySize(events) == 0) {
        fprintf(stderr,
                "dualwrited: there is no failed event %" PRId64 ": it was synced, or discarded, or never failed\n",
                asked.filter.events[0]);
        status = EXIT_FOUND;
    } else if (events != NULL && asked.json) {
        failed_print_json(cJSON_DetachItemFromArray(events, 0));
    } else if (events != NULL) {
        struct buf out = {0};

        failed_text(&out, cJSON_GetArrayItem(events, 0));
        buf_printf(&out, "\n-> the row itself: dualwrited explain --failed=%" PRId64 "\n", asked.filter.events[0]);
        buf_printf(&out, "-> when the cause is mended: dualwrited failed retry --event=%" PRId64 " --wait\n",
                   asked.filter.events[0]);
        fputs(buf_text(&out), stdout);
        buf_free(&out);
    }
    cJSON_Delete(events);
    failed_end(&asked, settings, &desk);
    return status;
}

static const struct option_help show_options[] = {
    FAILED_CONFIG,
    {"event", "ID", "the event; the same as the word behind `show`"},
    FAILED_FORMAT,
};

const struct command cmd_failed_show = {
    .name = "failed show",
    .summary = "one failed event in full: `show EVENT`",
    .help =
        "Everything that is known of one failed event. `explain --failed=ID` tells its row's whole story, with both\n"
        "sides' keys and values.",
    .options = show_options,
    .run = show,
};
