/* failed_filter.c - which failed events are meant; see dualwrite/failed_filter.h. */
#include "dualwrite/failed_filter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/config_keys.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"

#define DAY_MS (24 * INT64_C(3600000))
#define ACCEPTED_AGE "a time, as 90s, 10m, 2h or 3d"

/* The number that `text` is all of; -1 when it is none that fits. */
static int64_t
whole_number(const char *text)
{
    int64_t n = 0;

    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || n > (INT64_MAX - (*c - '0')) / 10)
            return -1;
        n = n * 10 + (*c - '0');
    }
    return *text == '\0' ? -1 : n;
}

int64_t
failed_event_id(const char *text)
{
    int64_t n = whole_number(text);

    return n > 0 ? n : -1;
}

static int64_t
age_ms(const char *text)
{
    size_t len = strlen(text);
    char *number;
    int64_t days;

    if (len < 2 || text[len - 1] != 'd')
        return strcmp(text, "off") == 0 ? -1 : config_duration_ms(text);
    number = xstrndup(text, len - 1);
    days = whole_number(number);
    free(number);
    return days < 0 || days > INT64_MAX / DAY_MS ? -1 : days * DAY_MS;
}

const char *
failed_filter_take(struct failed_filter *f, const char *name, const char *argument, bool *known)
{
    *known = true;
    if (strcmp(name, "entity") == 0) {
        f->entity = argument;
    } else if (strcmp(name, "operation") == 0) {
        f->operation = argument;
    } else if (strcmp(name, "sqlstate") == 0) {
        f->sqlstate = argument;
    } else if (strcmp(name, "constraint") == 0) {
        f->constraint = argument;
    } else if (strcmp(name, "key") == 0) {
        f->keys = xreallocarray(f->keys, f->nkeys + 1, sizeof *f->keys);
        f->keys[f->nkeys++] = argument;
    } else if (strcmp(name, "parked") == 0) {
        f->parked = true;
    } else if (strcmp(name, "retrying") == 0) {
        f->retrying = true;
    } else if (strcmp(name, "older-than") == 0) {
        f->older_than_ms = age_ms(argument);
        return f->older_than_ms < 0 ? ACCEPTED_AGE : NULL;
    } else if (strcmp(name, "event") == 0) {
        f->events = xreallocarray(f->events, f->nevents + 1, sizeof *f->events);
        f->events[f->nevents] = failed_event_id(argument);
        return f->events[f->nevents++] < 0 ? "the id of an event, as `dualwrited failed list` shows it" : NULL;
    } else if (strcmp(name, "limit") == 0) {
        f->limit = whole_number(argument);
        return f->limit < 0 ? "a number of events, or 0 for all" : NULL;
    } else {
        *known = false;
    }
    return NULL;
}

bool
failed_filter_is_all(const struct failed_filter *f)
{
    return f->entity == NULL && f->operation == NULL && f->sqlstate == NULL && f->constraint == NULL && !f->parked &&
           !f->retrying && f->older_than_ms == 0 && f->nkeys == 0 && f->nevents == 0;
}

static void
take_number(struct failed_params *p, size_t i, int64_t n)
{
    if (n == 0)
        return;
    buf_printf(&p->texts[i], "%" PRId64, n);
    p->values[i] = buf_text(&p->texts[i]);
}

void
failed_params(struct failed_params *p, const struct failed_filter *f)
{
    *p = (struct failed_params){
        .values = {f->entity, f->operation, f->sqlstate, f->constraint, NULL,
                   f->parked     ? "parked"
                   : f->retrying ? "retrying"
                                 : NULL},
    };
    if (f->nkeys > 0) {
        pgarray_open(&p->texts[4]);
        for (size_t i = 0; i < f->nkeys; i++)
            pgarray_add(&p->texts[4], f->keys[i]);
        pgarray_close(&p->texts[4]);
        p->values[4] = buf_text(&p->texts[4]);
    }
    take_number(p, 6, f->older_than_ms);
    if (f->nevents > 0) {
        pgarray_open(&p->texts[7]);
        for (size_t i = 0; i < f->nevents; i++)
            pgarray_add_int(&p->texts[7], f->events[i]);
        pgarray_close(&p->texts[7]);
        p->values[7] = buf_text(&p->texts[7]);
    }
    take_number(p, 8, f->limit);
}

void
failed_params_free(struct failed_params *p)
{
    for (size_t i = 0; i < FAILED_PARAMS; i++)
        buf_free(&p->texts[i]);
}

void
failed_filter_free(struct failed_filter *f)
{
    free(f->keys);
    free(f->events);
    *f = (struct failed_filter){0};
}
