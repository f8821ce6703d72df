/*
 * reload.h - reads the settings again without blocking the loop, and says what changed.
 *
 * It takes nothing over: that is the engine's, between two batches.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include <uv.h>

#include "settings.h"

struct reload;

/* `next` is handed over, or NULL when faults (which were logged) forbid it. `changed` is "KEY: old -> new; ...". */
typedef void (*reload_done)(void *arg, struct settings *next, const char *changed);

/* `config_option`, `running` and the answer's receiver must live until `done`, which is called once, from the loop. */
void reload_start(uv_loop_t *loop, const char *config_option, const struct settings *running, reload_done done,
                  void *arg);

#endif
