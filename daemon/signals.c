/* signals.c - signals as calls from the loop; see signals.h. */
#include "signals.h"

#include <signal.h>
#include <stdlib.h>

#include "dualwrite/xalloc.h"

static const int signums[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

enum { SIGNALS = sizeof signums / sizeof signums[0] };

struct signals {
    uv_signal_t handles[SIGNALS];
    int open;
    void (*caught)(void *arg, int signum);
    void *arg;
};

static sigset_t
all(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (int i = 0; i < SIGNALS; i++)
        sigaddset(&set, signums[i]);
    return set;
}

void
signals_hold(void)
{
    const sigset_t set = all();

    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
on_signal(uv_signal_t *handle, int signum)
{
    struct signals *s = handle->data;

    s->caught(s->arg, signum);
}

struct signals *
signals_start(uv_loop_t *loop, void (*caught)(void *arg, int signum), void *arg)
{
    struct signals *s = xcalloc(1, sizeof *s);
    const sigset_t set = all();

    s->caught = caught;
    s->arg = arg;
    for (s->open = 0; s->open < SIGNALS; s->open++) {
        uv_signal_init(loop, &s->handles[s->open]);
        s->handles[s->open].data = s;
        uv_signal_start(&s->handles[s->open], on_signal, signums[s->open]);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return s;
}

static void
on_closed(uv_handle_t *handle)
{
    struct signals *s = handle->data;

    if (--s->open == 0)
        free(s);
}

void
signals_close(struct signals *s)
{
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *) &s->handles[i], on_closed);
}
