/*
 * xalloc.h - allocation that cannot fail quietly.
 *
 * The program has nothing sensible to do without memory: these print one line on stderr and abort, so that no
 * caller carries a branch that is never tested. Free what they return with free().
 */
#ifndef DUALWRITE_XALLOC_H
#define DUALWRITE_XALLOC_H

#include <stddef.h>

/* `count` zeroed elements of `size` bytes; never NULL, also for count 0. */
void *xcalloc(size_t count, size_t size);

/* Resizes `old` (may be NULL) to hold `count` elements of `size` bytes; new space is not zeroed. */
void *xreallocarray(void *old, size_t count, size_t size);

/* A copy of `text`; NULL gives NULL. */
char *xstrdup(const char *text);

/* A NUL-terminated copy of the first `len` bytes of `text`. */
char *xstrndup(const char *text, size_t len);

#endif
