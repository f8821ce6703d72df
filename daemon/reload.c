/* reload.c - a reload, step by step; see reload.h. */
#include "reload.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/log.h"
#include "dualwrite/xalloc.h"
#include "fault_log.h"
#include "sd_notify.h"
#include "status.h"

enum reload_state { RELOAD_NONE, RELOAD_READING, RELOAD_RESTING, RELOAD_PUBLISHING };

struct reload {
    uv_loop_t *loop;
    const char *config_option;
    struct settings *const *running;
    struct reload_events events;
    void *arg;

    uv_work_t work;
    enum reload_state state;
    bool again; /* asked for while one was under way */
    bool stopped;
    struct settings *next; /* until it is taken over */
    bool readable;
    uint64_t content; /* when it is */
    struct faults faults;
    char *changed;
    uint64_t published; /* RELOAD_PUBLISHING: an answer to this beat, or a later one, makes it official */

    int64_t heard; /* the last request through the database */
    int64_t under_way;
    int64_t done;
    char *answer;
};

static cJSON *
faults_json(const struct faults *faults)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < faults->count; i++) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "where", faults->items[i].where);
        cJSON_AddStringToObject(object, "text", faults->items[i].text);
        cJSON_AddBoolToObject(object, "error", faults->items[i].severity == FAULT_ERROR);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static void
end(struct reload *r, bool reloaded)
{
    cJSON *answer = cJSON_CreateObject();

    cJSON_AddBoolToObject(answer, "reloaded", reloaded);
    cJSON_AddStringToObject(answer, "changed", r->changed == NULL ? "" : r->changed);
    cJSON_AddItemToObject(answer, "faults", faults_json(&r->faults));
    free(r->answer);
    r->answer = cJSON_PrintUnformatted(answer);
    cJSON_Delete(answer);
    r->done = r->under_way;
    faults_free(&r->faults);
    r->state = RELOAD_NONE;
    r->events.end(r->arg, reloaded, r->readable ? &r->content : NULL);
    if (r->again) {
        r->again = false;
        reload_start(r);
    }
}

static void
official(struct reload *r)
{
    status_reloaded(r->changed, (*r->running)->file);
    end(r, true);
}

static void
read_settings(uv_work_t *work)
{
    struct reload *r = work->data;
    const struct settings *now = *r->running;

    /* before: should the file change in between, it is looked at again */
    r->readable = settings_content(now->file == NULL ? "" : now->file, now->config->mapping_file, &r->content);
    /* the file that was read is still the one, should it be away: a default file may be missing at the start only */
    r->next = settings_load(now->file == NULL ? r->config_option : now->file, now->config, &r->faults);
}

static void
on_read(uv_work_t *work, int status)
{
    struct reload *r = work->data;
    struct buf changed = {0};

    (void) status;
    if (r->stopped)
        return;
    free(r->changed);
    r->changed = NULL;
    if (r->next != NULL) {
        config_changes((*r->running)->config, r->next->config, &changed, &r->faults);
        if (strcmp((*r->running)->mapping_text, r->next->mapping_text) != 0)
            buf_printf(&changed, "%smapping: read anew", changed.len == 0 ? "" : "; ");
        r->changed = buf_steal(&changed);
    }
    fault_log(&r->faults);
    if (r->next == NULL) {
        log_msg(LOG_ERROR, "config_not_reloaded", "the running settings stay; mend the faults and reload again");
        end(r, false);
        return;
    }
    r->state = RELOAD_RESTING;
    r->events.rest(r->arg);
}

struct reload *
reload_new(uv_loop_t *loop, const char *config_option, struct settings *const *running,
           const struct reload_events *events, void *arg)
{
    struct reload *r = xcalloc(1, sizeof *r);

    r->loop = loop;
    r->config_option = config_option;
    r->running = running;
    r->events = *events;
    r->arg = arg;
    r->work.data = r;
    return r;
}

void
reload_start(struct reload *r)
{
    if (r->stopped)
        return;
    if (r->state != RELOAD_NONE) {
        r->again = true;
        return;
    }
    notify_reloading();
    r->under_way = r->heard;
    r->state = RELOAD_READING;
    uv_queue_work(r->loop, &r->work, read_settings, on_read);
}

void
reload_wanted(struct reload *r, int64_t number)
{
    if (number <= r->heard)
        return;
    r->heard = number;
    reload_start(r);
}

void
reload_rested(struct reload *r)
{
    struct settings *next = r->next;

    if (r->state != RELOAD_RESTING || r->stopped)
        return;
    r->next = NULL;
    r->state = RELOAD_PUBLISHING;
    r->published = r->events.take_over(r->arg, next);
    if (r->published == 0) /* nothing runs, so the new settings are what holds */
        official(r);
}

void
reload_published(struct reload *r, uint64_t serial)
{
    if (r->state == RELOAD_PUBLISHING && serial >= r->published)
        official(r);
}

int64_t
reload_done(const struct reload *r)
{
    return r->done;
}

const char *
reload_answer(const struct reload *r)
{
    return r->done == 0 ? NULL : r->answer;
}

void
reload_stop(struct reload *r)
{
    r->stopped = true;
}

void
reload_free(struct reload *r)
{
    settings_free(r->next);
    faults_free(&r->faults);
    free(r->changed);
    free(r->answer);
    free(r);
}
