/* reload.c - reads the settings on a worker thread; see reload.h. */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"
#include "fault_log.h"

struct reload {
    uv_work_t work;
    const char *config_option;
    const struct settings *running;
    reload_done done;
    void *arg;
    struct settings *next;
    struct faults faults;
};

static void
read_settings(uv_work_t *work)
{
    struct reload *r = work->data;

    r->next = settings_load(r->config_option, r->running->config, &r->faults);
}

static void
on_read(uv_work_t *work, int status)
{
    struct reload *r = work->data;
    struct buf changed = {0};

    (void) status;
    if (r->next != NULL) {
        config_changes(r->running->config, r->next->config, &changed, &r->faults);
        if (strcmp(r->running->mapping_text, r->next->mapping_text) != 0)
            buf_printf(&changed, "%smapping: read anew", changed.len == 0 ? "" : "; ");
    }
    fault_log(&r->faults);
    r->done(r->arg, r->next, buf_text(&changed));
    buf_free(&changed);
    faults_free(&r->faults);
    free(r);
}

void
reload_start(uv_loop_t *loop, const char *config_option, const struct settings *running, reload_done done, void *arg)
{
    struct reload *r = xcalloc(1, sizeof *r);

    r->config_option = config_option;
    r->running = running;
    r->done = done;
    r->arg = arg;
    r->work.data = r;
    uv_queue_work(loop, &r->work, read_settings, on_read);
}
