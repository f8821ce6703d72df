/*
 * stage_state.h - how far a staged test has got: the document stage.json.
 *
 * Pure, over a cJSON tree: {"version", "program", "environment", "options": {...}, "started_at", "finished_at", "phases":
 * [{"phase", "name", "state", "started_at", "seconds", "why", "steps": [{"name", "command", "status", "file",
 * "seconds"}]}], "undo": [{"command": [...], "at_once"}], "criteria": [...]}. What must be taken back is noted in it before
 * it is done, so whoever reads the file after a kill knows. Times are texts that the caller has.
 */
#ifndef DUALWRITE_STAGE_STATE_H
#define DUALWRITE_STAGE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/stage_plan.h"

/* A new document; `options` (strings by name) is copied. */
cJSON *stage_state_new(const char *program, const cJSON *options, const char *now);

/* Why a document that was read cannot be gone on with; NULL: it can. */
const char *stage_state_unusable(const cJSON *state);

/*
 * Takes the options of this run over into those that the folder was begun with, which hold where this run gives none. The
 * name of one that is given and differs, although it would mix two tests in one folder; NULL: none.
 */
const char *stage_state_merge(cJSON *state, const cJSON *options);

/* Sets the options that nobody gave and that every test has. */
void stage_state_defaults(cJSON *state);

/* The first phase that is not done; STAGE_PHASES: all are. */
int stage_state_next(const cJSON *state);

/* Phases from `phase` on are to be done again. False when an earlier one is not done yet. */
bool stage_state_back_to(cJSON *state, int phase);

void stage_state_begin(cJSON *state, int phase, const char *now);

/* `why` NULL: it is done; else it stopped, and why. */
void stage_state_end(cJSON *state, int phase, double seconds, const char *why);

void stage_state_step(cJSON *state, const struct stage_step *step, const struct words *command, int status,
                      double seconds);

/* The exit status of a step; -1: it was not run. */
int stage_state_status(const cJSON *state, const char *step);

/* Notes that `command` will have to be run; once, however often it is noted. */
void stage_state_note(cJSON *state, const struct words *command, bool at_once);
void stage_state_taken_back(cJSON *state, const struct words *command);
bool stage_state_noted(const cJSON *state, const struct words *command);

/* The latest note, in `command` (free it); with `at_once` only of those. False: there is none. */
bool stage_state_to_undo(const cJSON *state, bool at_once, struct words *command);

#endif
