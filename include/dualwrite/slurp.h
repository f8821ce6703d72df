/*
 * slurp.h - reads a whole small file into memory. Blocking: the daemon calls it off the loop.
 */
#ifndef DUALWRITE_SLURP_H
#define DUALWRITE_SLURP_H

#include <stddef.h>

/*
 * The bytes of `path`, NUL-terminated, `*len` of them; free() it. Reads at most `max` + 1 bytes, so that a reader with
 * a limit can still see that it was passed. NULL with errno set when the file cannot be read.
 */
char *slurp(const char *path, size_t max, size_t *len);

#endif
