/*
 * cmd_failed.h - the commands of `dualwrited failed`, one file each, and what they share: options that choose events, and
 * the list of them.
 */
#ifndef CMD_FAILED_H
#define CMD_FAILED_H

#include <cjson/cJSON.h>
#include <libpq-fe.h>

#include "command.h"
#include "desk.h"
#include "dualwrite/failed_filter.h"

extern const struct command cmd_failed_list, cmd_failed_show, cmd_failed_retry, cmd_failed_discard;

struct failed_asked {
    const char *config;
    struct failed_filter filter;
    bool json, all, dry_run, yes, wait;
    int64_t wait_ms;
};

/* The options that several of the commands have in their tables. */
#define FAILED_CONFIG                                                                                                  \
    {                                                                                                                  \
        "config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"                    \
    }
#define FAILED_CHOICE                                                                                                  \
    {"event", "ID", "this event; may be repeated"}, {"entity", "NAME", "events of this entity"},                       \
        {"key", "VALUE", "of the row with this vNext key; repeated for a key of several columns"},                     \
        {"operation", "NAME", "of this operation"},                                                                    \
        {"sqlstate", "CODE", "that failed with this SQLSTATE, or condition (unique_violation)"},                       \
        {"constraint", "NAME", "that this constraint refused"},                                                        \
        {"parked", NULL, "that are not tried again by themselves"}, {"retrying", NULL, "that are"},                    \
    {                                                                                                                  \
        "older-than", "DURATION", "that first failed so long ago (90s, 10m, 2h, 3d)"                                   \
    }
#define FAILED_FORMAT                                                                                                  \
    {"json", NULL, "for programs; the same as --format=json"}, {"format", "FORMAT", "text or json"},                   \
    {                                                                                                                  \
        NULL, NULL, NULL                                                                                               \
    }

/* command_options() for these commands. */
int failed_options(const struct command *self, int argc, char **argv, struct failed_asked *asked, bool *helped);

/* Settings and connection: EXIT_GOOD, or the status to exit with after saying why. failed_end() is called in any case. */
int failed_connect(const struct failed_asked *asked, struct settings **settings, struct desk *desk);
void failed_end(struct failed_asked *asked, struct settings *settings, struct desk *desk);

/* A statement of lib/sql/failed with the choice filled in; free() it. */
char *failed_sql(const char *template);

/* The chosen events as a JSON array, and how many there are without the limit. NULL after saying what was refused. */
cJSON *failed_choose(struct desk *desk, const struct failed_filter *filter, double *total, double *parked, int *status);

/* Says on stderr where an entity that was asked for is not the mapping's. */
void failed_hint(const struct desk *desk, const struct failed_filter *filter);

/* Prints a document and frees it. */
void failed_print_json(cJSON *document);

#endif
