/*
 * spill.h - writes a whole small file so that nobody ever sees half of it. Blocking; for one-shot commands.
 */
#ifndef DUALWRITE_SPILL_H
#define DUALWRITE_SPILL_H

#include <stddef.h>

/*
 * Makes `path` hold these bytes: a new file beside it, written through to the disk, takes its name. 0, or -1 with errno set;
 * then what was there before is as it was. Mode 0666 less the umask.
 */
int spill(const char *path, const char *bytes, size_t len);

/* Makes the folder `path` and those above it where they are not there. 0, or -1 with errno set. */
int spill_folder(const char *path);

#endif
