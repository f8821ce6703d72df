/*
 * stage_run.h - a staged test under way: its folder, its file stage.json, its phases. The table of steps is stage_plan.h, the
 * document stage_state.h.
 */
#ifndef STAGE_RUN_H
#define STAGE_RUN_H

#include <stdbool.h>

#include <cjson/cJSON.h>

struct stage_asked {
    const char *folder;
    const char *config;
    const char *step;
    cJSON *options; /* strings, as stage_plan.h has them */
    int from_phase; /* -1: where it is */
    bool restart;
    bool undo; /* only take back what is noted */
    bool json;
    bool dry_run;
};

/* Begins or goes on with the test in the folder; returns the exit status. */
int stage_run(const struct stage_asked *asked);

#endif
