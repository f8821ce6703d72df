/*
 * file_change.h - when a changed file is read again: once for each change, and not half-written.
 *
 * Pure. The caller looks at the files every FILE_CHANGE_LOOK_MS and says what it saw. It goes by content, not by time stamp,
 * inode or inotify: those tell of a touch and of each step of a write, each editor and kubelet has other ones, and a file
 * system of another machine has none.
 */
#ifndef DUALWRITE_FILE_CHANGE_H
#define DUALWRITE_FILE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#define FILE_CHANGE_LOOK_MS 500
#define FILE_CHANGE_STILL                                                                                              \
    3 /* looks with the same new content until it counts: a write in steps has a second for each */
#define FILE_CHANGE_AWAY 10 /* looks without a file until that is said */

struct file_change {
    uint64_t loaded; /* the content that was read last, for good or in vain */
    uint64_t last;   /* another one, that was seen `same` times in a row */
    unsigned same;
    unsigned away; /* looks without the file in a row */
};

enum file_change_finding {
    FILE_CHANGE_QUIET,
    FILE_CHANGE_SETTLED, /* it is to be read; until file_change_loaded() says otherwise this content counts as read */
    FILE_CHANGE_GONE /* it has been away for long; said once. It is not to be read: what runs is better than nothing */
};

/* The running settings come from this content. */
void file_change_loaded(struct file_change *w, uint64_t content);

/* A look; `content` means nothing where a file could not be read. */
enum file_change_finding file_change_look(struct file_change *w, bool readable, uint64_t content);

#endif
