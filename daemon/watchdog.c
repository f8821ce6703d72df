/* watchdog.c - tells systemd that there is progress; see watchdog.h. */
#include "watchdog.h"

#include "dualwrite/log.h"
#include "sd_notify.h"

#define OFTEN_MS 15000
#define PATIENCE_MS 60000 /* so much longer the start may take from each word on */
#define WORDS 4           /* within the time that systemd waits for one */

static void
on_timer(uv_timer_t *timer)
{
    struct watchdog *w = timer->data;
    struct watch_facts facts = {0};
    const char *why;

    w->look(w->arg, &facts);
    why = watch_look(&w->watch, (monotime){(int64_t) uv_hrtime()}, &facts);
    if (why == NULL)
        notify_progress(*w->started ? 0 : PATIENCE_MS);
    else if (why != w->said)
        log_msg(LOG_ERROR, "hung", "%s; the watchdog hears nothing of this daemon until it goes on", why);
    w->said = why;
    if (*w->started && notify_watchdog_ms() == 0)
        uv_timer_stop(&w->timer);
}

void
watchdog_start(struct watchdog *w, uv_loop_t *loop, const bool *started, void (*look)(void *arg, struct watch_facts *f),
               void *arg)
{
    uint64_t often = OFTEN_MS;

    w->started = started;
    w->look = look;
    w->arg = arg;
    uv_timer_init(loop, &w->timer);
    w->timer.data = w;
    if (notify_watchdog_ms() > 0 && (uint64_t) notify_watchdog_ms() / WORDS < often)
        often = (uint64_t) notify_watchdog_ms() / WORDS;
    if (notify_wanted())
        uv_timer_start(&w->timer, on_timer, 0, often > 0 ? often : 1);
}

void
watchdog_close(struct watchdog *w)
{
    uv_close((uv_handle_t *) &w->timer, NULL);
}
