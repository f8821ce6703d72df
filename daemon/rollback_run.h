/*
 * rollback_run.h - what the words of `dualwrited rollback` that set flags share: options, who runs it, what is in force, and
 * waiting until everybody has confirmed.
 */
#ifndef ROLLBACK_RUN_H
#define ROLLBACK_RUN_H

#include <stdint.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "command.h"
#include "desk.h"
#include "dualwrite/rollback.h"
#include "rollback_after.h"

#define ROLLBACK_TIMEOUT_MS 10000

struct rollback_run {
    const char *config;
    const char *flag; /* resume: only this one's; NULL: all */
    bool json, dry_run;
    int64_t timeout_ms;
    struct rollback_done done; /* what the options say of it */
    char *who;                 /* where nobody said; owned */

    struct settings *settings;
    struct desk desk;
    struct timespec started;
    cJSON *document; /* what --json prints */
    cJSON *state;    /* the last state.sql */
    cJSON *judgement;
};

/* The options that they have in their tables; NULL ends them. */
#define ROLLBACK_OPTIONS                                                                                               \
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},                     \
        ROLLBACK_TELL_OPTIONS, {"timeout", "DURATION", "wait so long for confirmations (default: 10s)"},               \
        {"dry-run", NULL, "show what would be done, and do nothing"},                                                  \
        {"json", NULL, "for programs; the same as --format=json"},                                                     \
    {                                                                                                                  \
        "format", "FORMAT", "text or json"                                                                             \
    }

/* Options and connections. EXIT_GOOD, or what to exit with; *over: that is so after --help too. */
int rollback_begin(struct rollback_run *run, const struct command *self, int argc, char **argv, bool *over);
void rollback_end(struct rollback_run *run);

/* The document of state.sql; NULL after saying what was refused. $1 `since`, NULL: now. */
cJSON *rollback_state(struct rollback_run *run, const char *since);

/*
 * Waits until everybody has confirmed, or the time is up; brings the flags to a legacy database of its own by itself too, where
 * perhaps no daemon runs. EXIT_GOOD or EXIT_UNFINISHED with run->judgement, or another status after saying what was refused.
 */
int rollback_confirm(struct rollback_run *run, const struct rollback_wish *wish);

/* Since rollback_begin(). */
double rollback_seconds(const struct rollback_run *run);

/* Flags, daemons and databases, as text. */
void rollback_judgement_text(struct buf *out, const struct rollback_run *run, double seconds);

#endif
