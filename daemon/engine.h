/*
 * engine.h - owns the loop: connections, beats, signals, reloads, and the end.
 *
 * It knows what is in force (flags, installed mapping, partitions) from the beats and tells the worker whether it may
 * work. Lives from settings that were read without fault until a signal ends it.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>

#include "settings.h"

/* Runs until told to stop; takes ownership of `settings`. `config_option` is --config's argument or NULL, read again at
 * a reload. Returns an enum exit_status. *hung: a thread is still in a name lookup, leave with _exit(2). */
int engine_run(struct settings *settings, const char *config_option, bool *hung);

#endif
