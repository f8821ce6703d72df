/* xalloc.c - allocation that cannot fail quietly; see dualwrite/xalloc.h. */
#include "dualwrite/xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
or_die(void *p, size_t count, size_t size)
{
    if (p != NULL)
        return p;
    fprintf(stderr, "dualwrited: out of memory asking for %zu x %zu bytes\n", count, size);
    abort();
}

void *
xcalloc(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    return or_die(calloc(count, size), count, size);
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    if (count > SIZE_MAX / size)
        return or_die(NULL, count, size);
    return or_die(realloc(old, count * size), count, size);
}

char *
xstrdup(const char *text)
{
    return text == NULL ? NULL : xstrndup(text, strlen(text));
}

char *
xstrndup(const char *text, size_t len)
{
    char *copy = xcalloc(len + 1, 1);

    memcpy(copy, text, len);
    return copy;
}
