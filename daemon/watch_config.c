/* watch_config.c - looks at the files of the settings; see watch_config.h. */
#include "watch_config.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/log.h"
#include "dualwrite/file_change.h"
#include "dualwrite/xalloc.h"

struct watch_config {
    uv_timer_t timer;
    uv_work_t work;
    void (*changed)(void *arg);
    void *arg;
    struct file_change watch;
    char *files[2]; /* env file and mapping; "" where there is none */
    bool looking;   /* a look is under way, at `looked` */
    char *looked[2];
    bool readable;
    uint64_t content;
    bool stale; /* other settings came while it was */
    bool closing;
    bool closed; /* the timer is */
};

static void
set_files(char *files[2], const char *env, const char *mapping)
{
    free(files[0]);
    free(files[1]);
    files[0] = env == NULL ? NULL : xstrdup(env);
    files[1] = mapping == NULL ? NULL : xstrdup(mapping);
}

static void
free_if_closed(struct watch_config *w)
{
    if (!w->closed || w->looking)
        return;
    set_files(w->files, NULL, NULL);
    set_files(w->looked, NULL, NULL);
    free(w);
}

static void
look(uv_work_t *work)
{
    struct watch_config *w = work->data;

    w->readable = settings_content(w->looked[0], w->looked[1], &w->content);
}

static void
on_looked(uv_work_t *work, int status)
{
    struct watch_config *w = work->data;
    enum file_change_finding found;

    w->looking = false;
    if (w->closing) {
        free_if_closed(w);
        return;
    }
    if (w->stale || status != 0)
        return;
    found = file_change_look(&w->watch, w->readable, w->content);
    if (found == FILE_CHANGE_GONE)
        log_msg(LOG_WARNING, "config_file_missing",
                "%s%s%s cannot be read; the running settings stay, but the next start needs it", w->files[0],
                *w->files[0] != '\0' && *w->files[1] != '\0' ? " or " : "", w->files[1]);
    else if (found == FILE_CHANGE_SETTLED)
        w->changed(w->arg);
}

static void
on_timer(uv_timer_t *timer)
{
    struct watch_config *w = timer->data;

    if (w->looking)
        return;
    set_files(w->looked, w->files[0], w->files[1]);
    w->stale = false;
    w->looking = uv_queue_work(timer->loop, &w->work, look, on_looked) == 0;
}

struct watch_config *
watch_config_new(uv_loop_t *loop, void (*changed)(void *arg), void *arg)
{
    struct watch_config *w = xcalloc(1, sizeof *w);

    w->changed = changed;
    w->arg = arg;
    uv_timer_init(loop, &w->timer);
    w->timer.data = w->work.data = w;
    return w;
}

void
watch_config_follow(struct watch_config *w, const struct settings *s)
{
    bool was = uv_is_active((uv_handle_t *) &w->timer) != 0;

    set_files(w->files, s->file == NULL ? "" : s->file, s->config->mapping_file);
    file_change_loaded(&w->watch, s->content);
    w->stale = true;
    if (!s->config->watch_config) {
        uv_timer_stop(&w->timer);
    } else if (*w->files[0] == '\0' && *w->files[1] == '\0') {
        uv_timer_stop(&w->timer);
        log_msg(LOG_WARNING, "config_not_watched",
                "DUALWRITE_WATCH_CONFIG is on, but the settings come from the environment alone; name a file with "
                "--config");
    } else if (!was) {
        uv_timer_start(&w->timer, on_timer, FILE_CHANGE_LOOK_MS, FILE_CHANGE_LOOK_MS);
    }
}

void
watch_config_refused(struct watch_config *w, uint64_t content)
{
    file_change_loaded(&w->watch, content);
}

static void
on_closed(uv_handle_t *handle)
{
    struct watch_config *w = handle->data;

    w->closed = true;
    free_if_closed(w);
}

void
watch_config_close(struct watch_config *w)
{
    w->closing = true;
    if (w->looking)
        uv_cancel((uv_req_t *) &w->work); /* one that has begun ends by itself, or hangs: see drain.h */
    uv_close((uv_handle_t *) &w->timer, on_closed);
}
