/*
 * view.h - what is in force, as the last beat said: flags, partitions, the installed mapping, whether we hear.
 *
 * Kept between beats so that a change can be said once. It orders nothing: the engine asks it.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "listener.h"

#define VIEW_DEAF_BEATS 3  /* beats that find no LISTEN in force before polling takes over */
#define VIEW_QUEUE_FULL 50 /* percent of the notification queue from which on it is filling */
#define VIEW_QUEUE_CALM 40 /* ... and below which it is not any more */

struct view {
    struct flags flags; /* before the first beat: the defaults, so nothing is on */
    bool fresh;         /* a beat was answered on this connection */
    bool listening;     /* notifications reach us */
    unsigned deaf;      /* beats in a row that did not find LISTEN in force */
    bool swallowed;     /* a pooler let LISTEN through, and a notification did not come */
    bool said_deaf;     /* since notifications were last known to come */
    bool filling;       /* the notification queue; it was said */
    char *digest;       /* of our own mapping, NULL: not known yet */
    char *installed;    /* digest of the installed one */
    char *partitions;   /* ours, "0,3"; NULL: never heard */
    char *disagreement;
    char *overrides;
    char *capture_missing; /* what nobody captures, a JSON array of "ENTITY STATEMENT"; NULL: never heard */
    int64_t failed;        /* rows in dualwrite.failed */
    int64_t retrying;      /* ... that are not parked */
    int64_t oldest_ms;     /* age of the oldest event that waits for us; < 0: none does */
};

void view_init(struct view *v);
void view_free(struct view *v);

/* Takes a beat's answer in and logs what is new. `notify`: whether we want to listen at all. Returns true when other
 * partitions are ours than before. */
bool view_note(struct view *v, const struct beat_answer *b, bool notify);

/* The connection went: what was heard may be old. */
void view_lost(struct view *v);

/* Our mapping's digest; NULL: not known. */
void view_own_digest(struct view *v, const char *digest);

/* The database wants the mapping that we have. */
bool view_mapping_installed(const struct view *v);

/* A hint about `partition` (< 0: any) is for us. */
bool view_is_ours(const struct view *v, int partition);

#endif
