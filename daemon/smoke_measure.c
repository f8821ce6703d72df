/*
 * smoke_measure.c - what dual write costs the writer: creations with it on and off, in turn, so that whatever else the machine
 * does meets both. Dual write is turned off and on by an override, which is put back as it was, also after a signal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/smoke_report.h"
#include "dualwrite/smoke_sql.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "smoke_run.h"

#define BLOCKS 10      /* on, off, off, on, ...: half of them each */
#define SETTLE_MS 300  /* daemons beat within 250 ms of an override */
#define DRAIN_MS 10000 /* for what waited while dual write was off: its sync would be counted as the writer's cost */

struct override {
    bool there;
    char *value, *who, *at, *why;
};

/* How many were written: none where somebody else's word stands there. -1: refused. */
static int
write_override(struct smoke *s, const char *sql, int nparams, const char *const *params)
{
    bool good = desk_begin(s->d, DATABASE_VNEXT, s->d->settings->config->statement_timeout_ms, true);
    PGresult *r = good ? desk_ask(s->d, DATABASE_VNEXT, sql, nparams, params) : NULL;
    const int written = r == NULL ? -1 : atoi(PQcmdTuples(r));

    PQclear(r);
    return desk_end(s->d, DATABASE_VNEXT, written >= 0) ? written : -1;
}

static char *
text_at(const PGresult *r, int column)
{
    return PQgetisnull(r, 0, column) ? NULL : xstrdup(PQgetvalue(r, 0, column));
}

static bool
read_override(struct smoke *s, struct override *o)
{
    PGresult *r =
        desk_look(s->d, DATABASE_VNEXT, s->d->settings->config->statement_timeout_ms, sql_smoke_override_read, 0, NULL);
    bool good = r != NULL;

    *o = (struct override){.there = good && PQntuples(r) > 0};
    if (o->there) {
        o->value = text_at(r, 0);
        o->who = text_at(r, 1);
        o->at = text_at(r, 2);
        o->why = text_at(r, 3);
    }
    PQclear(r);
    /* what a measurement left that was killed is nobody's word */
    o->there = o->there && (o->why == NULL || strcmp(o->why, SMOKE_MEASURES) != 0);
    return good;
}

static bool
put_back(struct smoke *s, struct override *o)
{
    const char *const former[] = {o->value, o->who, o->at, o->why, SMOKE_MEASURES};
    const char *const ours[] = {SMOKE_MEASURES};
    bool good = (o->there ? write_override(s, sql_smoke_override_back, 5, former)
                          : write_override(s, sql_smoke_override_drop, 1, ours)) >= 0;

    free(o->value);
    free(o->who);
    free(o->at);
    free(o->why);
    return good;
}

static bool
is_drained(struct smoke *s)
{
    PGresult *r =
        desk_look(s->d, DATABASE_VNEXT, s->d->settings->config->statement_timeout_ms, sql_smoke_state, 0, NULL);
    cJSON *state = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));
    const cJSON *waiting = cJSON_GetObjectItem(state, "waiting");
    bool is = cJSON_IsNumber(waiting) && waiting->valuedouble == 0;

    cJSON_Delete(state);
    PQclear(r);
    return is;
}

/* False: see *why. */
static bool
turn(struct smoke *s, const struct override *before, bool on, char **why)
{
    const double from = smoke_now();
    const char *params[] = {on ? "true" : "false", SMOKE_MEASURES, before->value, before->who, before->at, before->why};
    const int written = write_override(s, sql_smoke_override_set, 6, params);

    if (written <= 0) {
        *why = written < 0 ? smoke_text_of("the override cannot be written: %s; it takes INSERT, UPDATE and DELETE on "
                                           "dualwrite.override",
                                           smoke_refusal(s))
                           : xstrdup("somebody else has overridden dual write meanwhile, and that stays "
                                     "(`dualwrited flags`)");
        return false;
    }
    smoke_nap(SETTLE_MS);
    while (on && !is_drained(s) && smoke_now() - from < DRAIN_MS && !smoke_interrupted())
        smoke_nap(20);
    return true;
}

/* So many creations, named after `word`; 1, 0 after a signal, -1 refused. */
static int
block(struct smoke *s, const char *word, size_t count, double *ms, size_t *done, char **why)
{
    for (size_t i = 0; i < count; i++) {
        char name[sizeof s->name + 24];

        if (smoke_interrupted())
            return 0;
        snprintf(name, sizeof name, "%.80s %s%zu", s->name, word, *done + 1);
        if (!(s->api != NULL ? smoke_request_one(s, name, &ms[*done], why) : smoke_write_one(s, name, &ms[*done], why)))
            return -1;
        (*done)++;
    }
    return 1;
}

/* The creations; false: refused, see *why. */
static bool
measure(struct smoke *s, const struct override *before, size_t each, double *on_ms, double *off_ms, size_t *on_done,
        size_t *off_done, char **why)
{
    double warm[2];
    size_t warmed = 0;
    int went = block(s, "warm", sizeof warm / sizeof *warm, warm, &warmed,
                     why); /* plans, caches and connections are paid for before */

    for (size_t b = 0; went > 0 && b < BLOCKS; b++) {
        const bool on = (b + 1) / 2 % 2 == 0;
        size_t *done = on ? on_done : off_done;
        size_t nth = b / 2;
        size_t until = each * (nth + 1) / (BLOCKS / 2);

        if (until == *done)
            continue;
        if (!turn(s, before, on, why))
            return false;
        went = block(s, on ? "on" : "off", until - *done, on ? on_ms : off_ms, done, why);
    }
    return went >= 0;
}

void
smoke_measure(struct smoke *s)
{
    const size_t each = (size_t) s->asked->perf;
    double *on = xcalloc(each, sizeof *on);
    double *off = xcalloc(each, sizeof *off);
    size_t on_done = 0, off_done = 0;
    struct override before = {0};
    char *why = NULL;
    cJSON *perf = NULL;
    bool read = false;

    desk_doing(s->d, "measuring with dual write on and off");
    if (s->root.key == NULL)
        why = xstrdup("flow 1 made no row, so there is nothing to measure");
    else if (s->mapping->entities[s->root.entity].map == NULL)
        why = xstrdup("the entity has no map, so a row of legacy's own could have the key of a test row");
    else if (!(read = read_override(s, &before)))
        why = smoke_refusal(s);
    else if (before.there && strcmp(before.value, "true") != 0)
        why = smoke_text_of("dual write is switched off by %s (%s): a measurement would switch it on", before.who,
                            before.why == NULL ? "no reason given" : before.why);
    else if (measure(s, &before, each, on, off, &on_done, &off_done, &why) && !smoke_interrupted())
        perf = smoke_perf(on, off, each);
    if (read && !put_back(s, &before)) {
        fprintf(stderr,
                "dualwrited smoke: the override of dual write could not be put back: %s; look at `dualwrited flags`\n",
                s->d->error);
    }
    if (perf == NULL) {
        perf = cJSON_CreateObject();
        cJSON_AddStringToObject(perf, "skipped", why == NULL ? "interrupted" : why);
    }
    cJSON_ReplaceItemInObject(s->doc, "perf", perf);
    free(why);
    free(on);
    free(off);
}
