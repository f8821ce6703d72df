/*
 * watch.h - when a changed file is read again: once for each change, and not half-written.
 *
 * Pure. The caller looks at the files every WATCH_LOOK_MS and says what it saw. It goes by content, not by time stamp,
 * inode or inotify: those tell of a touch and of each step of a write, each editor and kubelet has other ones, and a file
 * system of another machine has none.
 */
#ifndef DUALWRITE_WATCH_H
#define DUALWRITE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define WATCH_LOOK_MS 500
#define WATCH_STILL 3 /* looks with the same new content until it counts: a write in steps has a second for each */
#define WATCH_AWAY 10 /* looks without a file until that is said */

struct watch {
    uint64_t loaded; /* the content that was read last, for good or in vain */
    uint64_t last;   /* another one, that was seen `same` times in a row */
    unsigned same;
    unsigned away; /* looks without the file in a row */
};

enum watch_finding {
    WATCH_QUIET,
    WATCH_CHANGED, /* it is to be read; until watch_loaded() says otherwise this content counts as read */
    WATCH_GONE     /* it has been away for long; said once. It is not to be read: what runs is better than nothing */
};

/* The running settings come from this content. */
void watch_loaded(struct watch *w, uint64_t content);

/* A look; `content` means nothing where a file could not be read. */
enum watch_finding watch_look(struct watch *w, bool readable, uint64_t content);

#endif
