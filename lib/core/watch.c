/* watch.c - when a changed file is read again; see dualwrite/watch.h. */
#include "dualwrite/watch.h"

void
watch_loaded(struct watch *w, uint64_t content)
{
    *w = (struct watch){.loaded = content};
}

enum watch_finding
watch_look(struct watch *w, bool readable, uint64_t content)
{
    if (!readable) {
        w->same = 0;
        if (w->away > WATCH_AWAY)
            return WATCH_QUIET;
        return ++w->away == WATCH_AWAY ? WATCH_GONE : WATCH_QUIET;
    }
    w->away = 0;
    if (content == w->loaded) {
        w->same = 0;
        return WATCH_QUIET;
    }
    w->same = content == w->last ? w->same + 1 : 1;
    w->last = content;
    if (w->same < WATCH_STILL)
        return WATCH_QUIET;
    watch_loaded(w, content);
    return WATCH_CHANGED;
}
