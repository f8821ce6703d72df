/*
 * smoke_api.h - the application's HTTP endpoints as `dualwrited smoke --via=api` drives them: which request each flow is,
 * and what of an answer the next ones need.
 *
 * Pure. The description is a JSON file; config/smoke-api.json is built in, and --api-file names another application's:
 *
 *     {"variables": {"member": "testmember"},
 *      "flows": [{"method": "POST", "path": "/teams/create/", "body": {"name": "{name}"}, "answer": {"root": "id"}}, ...]}
 *
 * Five flows, in the order of the runbook; null: the application has no such endpoint. {word} in a path or text is a
 * variable; one that is the whole text keeps its JSON type. "answer" says which variable gets which key of the answer. Two
 * are the keys of the vNext rows: "root" and "child". "name" is the test row's name.
 */
#ifndef DUALWRITE_SMOKE_API_H
#define DUALWRITE_SMOKE_API_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/faults.h"

#define SMOKE_FLOWS 5

/* NULL when `faults` has errors; free with cJSON_Delete(). */
cJSON *smoke_api_parse(const char *file, const char *text, size_t len, struct faults *faults);

/* The request of flow 1..5; `variables` is an object. NULL *method: there is none. False: *why says which variable is missing. */
bool smoke_api_request(const cJSON *api, int flow, const cJSON *variables, const char **method, struct buf *path,
                       struct buf *body, char **why);

/* Adds what the flow's answer gives to `variables`, as text. False: *why says what is wrong with it. */
bool smoke_api_answer(const cJSON *api, int flow, const char *answer, cJSON *variables, char **why);

/* Whether a URL has "user:password@", which would get into process titles and evidence. */
bool smoke_api_has_login(const char *url);
#define SMOKE_API_NO_LOGIN                                                                                             \
    "one without, as it is shown in evidence and process titles; a token goes into $SMOKE_API_TOKEN"

#endif
