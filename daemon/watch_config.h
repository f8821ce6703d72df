/*
 * watch_config.h - DUALWRITE_WATCH_CONFIG: looks at the env file and the mapping file, and says when they are to be read.
 *
 * It reads them on a worker thread, because a file system of another machine may hang. What is a change is file_change.h's; what
 * a reload is, reload.h's.
 */
#ifndef WATCH_CONFIG_H
#define WATCH_CONFIG_H

#include <uv.h>

#include "settings.h"

struct watch_config;

struct watch_config *watch_config_new(uv_loop_t *loop, void (*changed)(void *arg), void *arg);

/* These settings run from now on: their files are watched, or none when they say so. */
void watch_config_follow(struct watch_config *w, const struct settings *s);

/* This content of its files was refused: said once is enough. */
void watch_config_refused(struct watch_config *w, uint64_t content);

void watch_config_close(struct watch_config *w);

#endif
