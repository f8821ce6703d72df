/* watchdog.c - does the daemon make progress; see dualwrite/watchdog.h. */
#include "dualwrite/watchdog.h"

#include <stddef.h>

/* Nothing that is under way will ever call it again. */
static bool
stands(const struct watch_worker *w)
{
    return !w->under_way && (w->busy || (w->due && !w->waiting));
}

const char *
watch_look(struct watch *w, monotime now, const struct watch_facts *f)
{
    bool standing = stands(&f->worker);

    if (standing && !w->stood)
        w->since = now;
    w->stood = standing;
    if (f->overdue_ms > WATCH_GRACE_MS)
        return "a connection is long past the time that is allowed for what it does";
    if (standing && monotime_diff_ms(now, w->since) > WATCH_GRACE_MS)
        return f->worker.busy ? "a stage has the connections and asks nothing"
                              : "something is due, and nothing starts it";
    return NULL;
}
