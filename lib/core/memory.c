/* memory.c - what is remembered of a failed batch; see dualwrite/memory.h. */
#include "dualwrite/memory.h"

#include <stdlib.h>

#include "dualwrite/xalloc.h"

unsigned
memory_failed(struct memory *m, const struct batch *b)
{
    m->ids = xreallocarray(m->ids, b->count, sizeof *m->ids);
    m->count = b->count;
    for (size_t i = 0; i < b->count; i++)
        m->ids[i] = b->events[i].id;
    return ++m->failures;
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a;
    int64_t y = *(const int64_t *) b;

    return (x > y) - (x < y);
}

bool
memory_is_new(const struct memory *m, struct event *e)
{
    if (m->count == 0 || bsearch(&e->id, m->ids, m->count, sizeof *m->ids, compare) == NULL)
        return true;
    e->attempt += (int) m->failures;
    return false;
}

void
memory_forget(struct memory *m)
{
    free(m->ids);
    *m = (struct memory){0};
}
