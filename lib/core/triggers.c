/* triggers.c - are our triggers on a table as they should be; see dualwrite/triggers.h. */
#include "dualwrite/triggers.h"

#include <stdio.h>
#include <string.h>

enum event { EVENT_INSERT = 4, EVENT_DELETE = 8, EVENT_UPDATE = 16, EVENT_TRUNCATE = 32 }; /* bits of tgtype */

/* A function of ours that must be called on these events. */
struct wanted {
    char function[80];
    int64_t events;
};

/* The worst of its triggers: 'A' always, 'O' not while rows are replicated, 'D' disabled; 0: an event has none. */
static char
state_of(const struct wanted *w, const struct trigger_fact *facts, size_t count)
{
    int64_t events = 0;
    char state = 'A';

    for (size_t i = 0; i < count; i++) {
        if (strcmp(facts[i].function, w->function) != 0)
            continue;
        events |= facts[i].events;
        if (facts[i].enabled != 'A' && state != 'D')
            state = facts[i].enabled;
    }
    return (events & w->events) == w->events ? state : '\0';
}

static char
worst(const struct wanted *items, size_t wanted, const struct trigger_fact *facts, size_t count, struct buf *bad)
{
    char state = 'A';

    for (size_t i = 0; i < wanted; i++) {
        char one = state_of(&items[i], facts, count);

        if (one == 'A')
            continue;
        buf_printf(bad, "%s%s", bad->len == 0 ? "" : ", ", items[i].function);
        if (state == 'A' || one == '\0' || (one == 'D' && state != '\0'))
            state = one;
    }
    return state;
}

char
triggers_of_source(const struct mapping_entity *e, const struct trigger_fact *facts, size_t count, struct buf *bad)
{
    static const struct {
        const char *word;
        enum event event;
    } kinds[] = {
        {"insert", EVENT_INSERT}, {"update", EVENT_UPDATE}, {"delete", EVENT_DELETE}, {"truncate", EVENT_TRUNCATE}};
    struct wanted items[4] = {{{0}, 0}};

    for (size_t i = 0; i < 4; i++) {
        snprintf(items[i].function, sizeof items[i].function, "capture_%s_%s", e->name, kinds[i].word);
        items[i].events = kinds[i].event;
    }
    return worst(items, 4, facts, count, bad);
}

char
triggers_of_target(const char *guard, const struct trigger_fact *facts, size_t count, struct buf *bad)
{
    static const struct wanted items[] = {
        {"guard_record", EVENT_INSERT | EVENT_UPDATE | EVENT_DELETE | EVENT_TRUNCATE},
        {"guard_refuse", EVENT_TRUNCATE},
    };

    return worst(items, strcmp(guard, "on") == 0 ? 2 : 1, facts, count, bad);
}
