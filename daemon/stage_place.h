/*
 * stage_place.h - the environment that is tested: found, looked at once, and asked for its log. Its words are stage_where.h.
 */
#ifndef STAGE_PLACE_H
#define STAGE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "dualwrite/words.h"

struct place {
    const cJSON *options;
    struct words before; /* "docker exec web dualwrited" */
    struct words pods;   /* staging-k8s: all that run, the chosen one first */
    char *container;     /* compose: the container's id */
    char *shown;         /* "container web", for people */
    char *version;       /* what --version says there */
};

/* How long one step may take, in --step-timeout. */
int64_t place_limit_ms(const cJSON *options);

/*
 * EXIT_GOOD, or the status to exit with after saying on stderr what is not there. Runs nothing but look-ups and `--version`.
 */
int place_open(struct place *p, const cJSON *options);
void place_close(struct place *p);

/*
 * Writes the daemons' log lines since `since` to `file`. False, with why in *why (free it): there are none to be had. The
 * counts of stage_log.h are in *counts (cJSON_Delete it) in any case.
 */
bool place_log(const struct place *p, const char *since, const char *file, char **why, cJSON **counts);

#endif
