/* memory.c - what is remembered of a failed batch; see dualwrite/memory.h. */
#include "dualwrite/memory.h"

#include <stdlib.h>

#include "dualwrite/xalloc.h"

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a;
    int64_t y = ((const struct memory_event *) b)->id;

    return (x > y) - (x < y);
}

static int
attempts(const struct memory *m, int64_t id)
{
    const struct memory_event *known =
        m->count == 0 ? NULL : bsearch(&id, m->events, m->count, sizeof *m->events, compare);

    return known == NULL ? 0 : known->attempts;
}

unsigned
memory_failed(struct memory *m, const struct batch *b)
{
    struct memory_event *events = xcalloc(b->count, sizeof *events);

    for (size_t i = 0; i < b->count; i++)
        events[i] = (struct memory_event){b->events[i].id, attempts(m, b->events[i].id) + 1};
    free(m->events);
    m->events = events;
    m->count = b->count;
    return ++m->failures;
}

bool
memory_is_new(const struct memory *m, struct event *e)
{
    int before = attempts(m, e->id);

    e->attempt += before;
    return before == 0;
}

void
memory_forget(struct memory *m)
{
    free(m->events);
    *m = (struct memory){0};
}
