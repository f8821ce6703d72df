/*
 * stage_where.h - the environment of a staged test: which words stand before a command there, and which tool gives its log.
 *
 * Pure. Options are an object of strings, as in stage_plan.h. Whether a container or a pod is really there is found out by
 * running something in it (daemon/stage_place.c).
 */
#ifndef DUALWRITE_STAGE_WHERE_H
#define DUALWRITE_STAGE_WHERE_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "dualwrite/words.h"

enum stage_env { STAGE_LOCAL, STAGE_DOCKER, STAGE_COMPOSE, STAGE_K8S };

/* What --env and the other options name. */
enum stage_env stage_env(const cJSON *options);

/* False, with what is wrong and what to do in *why (free it), when options are missing or belong to another --env. */
bool stage_where_check(const cJSON *options, char **why);

/*
 * What stands before "check --json": "docker exec web dualwrited". `compose` are the words docker-compose is called by, `pod`
 * the one that was chosen; `self` this program's path.
 */
void stage_where_words(struct words *out, const cJSON *options, const char *self, const struct words *compose,
                       const char *pod);

/* kubectl's words that list "NAME PHASE" of the pods, a line each. */
void stage_where_pods(struct words *out, const cJSON *options);

/* The running pods of that list, in the order of their names. */
void stage_where_running(struct words *out, const char *list);

/* The words that print the log since `since` (RFC 3339) of a container's id, a pod, or the local unit. */
void stage_where_log(struct words *out, const cJSON *options, const char *id_or_pod, const char *since);

#endif
