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

/* Both are sorted by id. `keep`: the events of the batch stay, and have failed so many times more; else they go. */
static void
remember(struct memory *m, const struct batch *b, bool keep, int failed)
{
    struct memory_event *events = xcalloc(m->count + b->count, sizeof *events);
    size_t count = 0;
    size_t i = 0;

    for (size_t j = 0; j < b->count; j++) {
        const int64_t id = b->events[j].id;
        int attempts = 0;

        for (; i < m->count && m->events[i].id < id; i++)
            events[count++] = m->events[i];
        if (i < m->count && m->events[i].id == id)
            attempts = m->events[i++].attempts;
        if (keep)
            events[count++] = (struct memory_event){id, attempts + failed};
    }
    for (; i < m->count; i++)
        events[count++] = m->events[i];
    free(m->events);
    m->events = events;
    m->count = count;
}

size_t
memory_limit(const struct memory *m, size_t most)
{
    return m->limit == 0 || m->limit > most ? most : m->limit;
}

unsigned
memory_failed(struct memory *m, const struct batch *b)
{
    remember(m, b, true, 1);
    m->limit = b->count < 2 ? 1 : b->count / 2;
    return ++m->failures;
}

void
memory_seen(struct memory *m, const struct batch *b)
{
    remember(m, b, true, 0);
}

void
memory_done(struct memory *m, const struct batch *b, size_t most)
{
    if (m->limit == 0) {
        memory_forget(m);
        return;
    }
    remember(m, b, false, 0);
    m->limit = 2 * m->limit < most ? 2 * m->limit : 0;
    m->failures = 0;
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
