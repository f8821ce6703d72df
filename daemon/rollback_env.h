/*
 * rollback_env.h - the flags of a rollback in this host's env file, so that they hold when the override is gone.
 *
 * What is done to the text is lib/core/envedit.c. The file is replaced in one step, with its owner, group and mode; where it is
 * a link, what it leads to is. That it cannot be written is said and no failure: the override rules.
 */
#ifndef ROLLBACK_ENV_H
#define ROLLBACK_ENV_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/rollback.h"

/*
 * Writes the values of `wish` into `file` (NULL: there is none). An object to cJSON_Delete(): {"file", "state": "changed",
 * "same", "none" or "not_changed", "why", "keys"}. `dry`: only says what would be done.
 */
cJSON *rollback_env_set(const char *file, const struct rollback_wish *wish, bool dry);

/* Takes back what rollback_env_set() did to the keys of the flags that `wish` is concerned with. */
cJSON *rollback_env_put_back(const char *file, const struct rollback_wish *wish, bool dry);

/* As a line of text. */
void rollback_env_text(struct buf *out, const cJSON *done, bool dry);

#endif
