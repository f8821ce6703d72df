/*
 * stage_plan.h - what the staged test does: its phases, the commands of each, where their output goes, how each is taken back.
 *
 * Pure: a table, and the words that it becomes with somebody's options. Running them is daemon/stage_run.c.
 */
#ifndef DUALWRITE_STAGE_PLAN_H
#define DUALWRITE_STAGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/words.h"

#define STAGE_PHASES 9 /* the pre-flight, 0, and eight more */
#define STAGE_MATCH "Staging Test%"

enum stage_place {
    STAGE_INSIDE, /* this program, in the environment under test */
    STAGE_HERE,   /* this program, on this host: needs files alone */
    STAGE_LOGS,   /* the daemons' log lines since the test began */
};

struct stage_step {
    int phase;
    const char *name;
    const char *doing; /* for people who wait */
    enum stage_place place;
    const char *words;   /* one blank between two; {name}, at most one in a word, is an option's value: a word for each
                          * of its lines, none where it is not given */
    const char *file;    /* what it prints, within the folder */
    int highest;         /* exit statuses above it: the step has failed */
    bool must;           /* without it the phase stops; else the criteria say what is missing */
    bool needs_enabled;  /* dual write is to be on */
    const char *unless;  /* left out where this option is given */
    const char *undo;    /* taken back with these words; noted before the step begins */
    bool undo_at_once;   /* not only at the end of the test, but whatever ends the step */
    const char *settles; /* when this step was good, what that one noted is taken back */
};

extern const struct stage_step stage_steps[];
extern const size_t stage_step_count;

/* "smoke"; and "the five flows, ..." */
const char *stage_phase_name(int phase);
const char *stage_phase_title(int phase);

/* NULL: there is none of that name. */
const struct stage_step *stage_step_named(const char *name);

/*
 * The words `text` becomes, behind those that are in `out`. `options` is an object of strings; {folder} is `folder`,
 * {match} the names of test data, {reason} why there is a rollback.
 */
void stage_words(struct words *out, const char *text, const cJSON *options, const char *folder);

#endif
