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

static const struct memory_event *
find(const struct memory *m, int64_t id)
{
    return m->count == 0 ? NULL : bsearch(&id, m->events, m->count, sizeof *m->events, compare);
}

static void
remember(struct memory *m, const struct batch *b, int failed)
{
    struct memory_event *events = xcalloc(b->count, sizeof *events);

    for (size_t i = 0; i < b->count; i++) {
        const struct memory_event *known = find(m, b->events[i].id);

        events[i] = (struct memory_event){b->events[i].id, (known == NULL ? 0 : known->attempts) + failed};
    }
    free(m->events);
    m->events = events;
    m->count = b->count;
}

unsigned
memory_failed(struct memory *m, const struct batch *b)
{
    remember(m, b, 1);
    return ++m->failures;
}

void
memory_seen(struct memory *m, const struct batch *b)
{
    remember(m, b, 0);
}

bool
memory_is_new(const struct memory *m, struct event *e)
{
    const struct memory_event *known = find(m, e->id);

    e->attempt += known == NULL ? 0 : known->attempts;
    return known == NULL;
}

void
memory_forget(struct memory *m)
{
    free(m->events);
    *m = (struct memory){0};
}
