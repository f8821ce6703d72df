/*
 * reload.h - a reload from the request to the answer: read on a worker thread, taken over while the worker rests, official
 * when a beat has published it.
 *
 * It asks for each step and takes nothing over itself: that is the engine's. A request comes by signal, by a changed file, or
 * through the database; the last kind has a number, and is answered there. Asked again while one is under way, it begins
 * anew afterwards: the file may have changed since it was read.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "settings.h"

struct reload;

struct reload_events {
    void (*rest)(void *arg); /* there is something to take over: call reload_rested() when nothing is under way */
    /* These are the settings now; the serial of the beat that publishes them, 0: there is no database to publish to. */
    uint64_t (*take_over)(void *arg, struct settings *next);
    /*
     * Whatever came of it: `applied`, or the settings were refused. Work may go on, and the answer be sent. `content` is that
     * of the running settings' files just before they were read, as settings_content() has it; NULL: they could not be.
     */
    void (*end)(void *arg, bool applied, const uint64_t *content);
};

/* `*running` is read whenever a reload begins. */
struct reload *reload_new(uv_loop_t *loop, const char *config_option, struct settings *const *running,
                          const struct reload_events *events, void *arg);
void reload_start(struct reload *r);

/* Somebody asks through the database; what was heard before is no new request. 0 is none. */
void reload_wanted(struct reload *r, int64_t number);

void reload_rested(struct reload *r);

/* The beat `serial` was answered, UINT64_MAX: there is no connection any more. */
void reload_published(struct reload *r, uint64_t serial);

/* For the beat: the last request that is through, 0 for none, and how it went, as 004_runbooks.sql says. */
int64_t reload_done(const struct reload *r);
const char *reload_answer(const struct reload *r);

/* No more steps. */
void reload_stop(struct reload *r);

/* After the loop has ended. */
void reload_free(struct reload *r);

#endif
