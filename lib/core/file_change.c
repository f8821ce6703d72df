/* file_change.c - when a changed file is read again; see dualwrite/file_change.h. */
#include "dualwrite/file_change.h"

void
file_change_loaded(struct file_change *w, uint64_t content)
{
    *w = (struct file_change){.loaded = content};
}

enum file_change_finding
file_change_look(struct file_change *w, bool readable, uint64_t content)
{
    if (!readable) {
        w->same = 0;
        if (w->away > FILE_CHANGE_AWAY)
            return FILE_CHANGE_QUIET;
        return ++w->away == FILE_CHANGE_AWAY ? FILE_CHANGE_GONE : FILE_CHANGE_QUIET;
    }
    w->away = 0;
    if (content == w->loaded) {
        w->same = 0;
        return FILE_CHANGE_QUIET;
    }
    w->same = content == w->last ? w->same + 1 : 1;
    w->last = content;
    if (w->same < FILE_CHANGE_STILL)
        return FILE_CHANGE_QUIET;
    file_change_loaded(w, content);
    return FILE_CHANGE_SETTLED;
}
