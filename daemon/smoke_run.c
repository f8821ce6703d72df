/* smoke_run.c - what the parts of `smoke` share: signals, clock, plan, state, waiting; see smoke_run.h. */
#include "smoke_run.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define PAUSE_MS 20 /* between two looks at most */
#define STATE_EVERY_MS 1000

/* ---- signals and time ---- */

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
    static const char text[] = "\ndualwrited smoke: interrupted; removing the test data (once more: stop at once)\n";

    caught = number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        return;
}

void
smoke_catch(void)
{
    /* the second one has its usual effect */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int) SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int
smoke_interrupted(void)
{
    return caught;
}

double
smoke_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1000 + (double) now.tv_nsec / 1000000;
}

void
smoke_nap(int ms)
{
    const struct timespec nap = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&nap, NULL);
}

/* ---- texts ---- */

char *
smoke_text_of(const char *fmt, ...)
{
    struct buf out = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&out, fmt, ap);
    va_end(ap);
    return buf_steal(&out);
}

char *
smoke_refusal(const struct smoke *s)
{
    return smoke_text_of("%s (SQLSTATE %s)", s->d->error == NULL ? "no answer" : s->d->error, s->d->sqlstate);
}

char **
smoke_arrays(const cJSON *keys, size_t width)
{
    char **arrays = xcalloc(width, sizeof *arrays);

    for (size_t i = 0; i < width; i++) {
        struct buf out = {0};
        const cJSON *key;

        pgarray_open(&out);
        cJSON_ArrayForEach(key, keys) pgarray_add(&out, cJSON_GetStringValue(cJSON_GetArrayItem(key, (int) i)));
        pgarray_close(&out);
        arrays[i] = buf_steal(&out);
    }
    return arrays;
}

void
smoke_arrays_free(char **arrays, size_t width)
{
    for (size_t i = 0; i < width; i++)
        free(arrays[i]);
    free(arrays);
}

/* ---- the plan ---- */

static char *
missing_in(const struct catalog *c, const struct mapping_table *t)
{
    const struct catalog_table *table = catalog_table(c, t->schema, t->name);

    return table == NULL || !table->exists ? smoke_text_of("%s.%s", t->schema, t->name) : NULL;
}

static char *
find_missing(const struct smoke *s)
{
    char *missing = NULL;

    for (size_t i = 0; missing == NULL && i < s->mapping->count; i++) {
        const struct mapping_entity *e = &s->mapping->entities[i];

        missing = missing_in(s->catalogs.vnext, &e->source);
        if (missing == NULL && e->map != NULL)
            missing = missing_in(s->catalogs.vnext, &e->map->table);
        if (missing == NULL)
            missing = missing_in(s->catalogs.legacy, &e->target);
    }
    return missing;
}

int
smoke_prepare(struct smoke *s)
{
    struct desk *d = s->d;
    struct faults faults = {0};
    int status = EXIT_GOOD;

    desk_doing(d, "reading the catalogs");
    s->read[DATABASE_VNEXT] = catalog_read(d->pq[DATABASE_VNEXT], s->mapping, true, !d->two);
    if (d->two && s->read[DATABASE_VNEXT] != NULL)
        s->read[DATABASE_LEGACY] = catalog_read(d->pq[DATABASE_LEGACY], s->mapping, false, true);
    if (s->read[DATABASE_VNEXT] == NULL || (d->two && s->read[DATABASE_LEGACY] == NULL))
        return EXIT_UNFINISHED;
    s->catalogs = (struct catalogs){s->read[DATABASE_VNEXT], s->read[d->two ? DATABASE_LEGACY : DATABASE_VNEXT]};
    s->missing = find_missing(s);
    if (s->missing != NULL)
        return EXIT_GOOD;
    mapping_check(d->settings->mapping_name, s->mapping, &s->catalogs, false, &faults);
    if (faults.errors > 0) {
        desk_quiet(d);
        command_print_faults(&faults);
        fputs("dualwrited: the mapping does not fit the databases, so nothing can be tested; `dualwrited check` says "
              "more\n",
              stderr);
        status = EXIT_CONFIGURATION;
    } else {
        s->plan = plan_make(s->mapping, &s->catalogs);
    }
    faults_free(&faults);
    return status;
}

void
smoke_free(struct smoke *s)
{
    plan_free(s->plan);
    catalog_free(s->read[0]);
    catalog_free(s->read[1]);
    cJSON_Delete(s->api);
    cJSON_Delete(s->variables);
    cJSON_Delete(s->root.key);
    cJSON_Delete(s->root.identity);
    cJSON_Delete(s->child.key);
    cJSON_Delete(s->child.identity);
    cJSON_Delete(s->made);
    cJSON_Delete(s->doc);
    free(s->missing);
    free(s->log_from);
}

/* ---- may it arrive, has it ---- */

static int64_t
statement_ms(const struct smoke *s)
{
    return s->d->settings->config->statement_timeout_ms;
}

static double
count_of(const cJSON *state, const char *key)
{
    const cJSON *n = cJSON_GetObjectItem(state, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

bool
smoke_may_arrive(struct smoke *s, char **reason, char **next)
{
    PGresult *r = desk_look(s->d, DATABASE_VNEXT, statement_ms(s), sql_smoke_state, 0, NULL);
    cJSON *state = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));
    const char *why = cJSON_GetStringValue(cJSON_GetObjectItem(state, "override_why"));
    const char *source = cJSON_GetStringValue(cJSON_GetObjectItem(state, "source"));
    bool may = false;

    *reason = *next = NULL;
    if (state == NULL) {
        *reason = smoke_refusal(s);
    } else if (!cJSON_IsTrue(cJSON_GetObjectItem(state, "enabled"))) {
        *reason = smoke_text_of("dual write is off (%s%s%s), so nothing reaches legacy", source == NULL ? "" : source,
                                why == NULL ? "" : ": ", why == NULL ? "" : why);
        *next = xstrdup(source != NULL && strcmp(source, "override") == 0 ? "dualwrited rollback resume"
                                                                          : "dualwrited flags");
    } else if (count_of(state, "daemons") == 0) {
        *reason = smoke_text_of("no daemon is running (%.0f%s events wait)", count_of(state, "waiting"),
                                count_of(state, "waiting") >= 10000 ? " or more" : "");
        *next = xstrdup("start one: dualwrited run; or for the time of the test: dualwrited smoke --with-daemon");
    } else if (count_of(state, "installed") == 0) {
        *reason = xstrdup("no running daemon has the installed mapping, so none takes work");
        *next = xstrdup("dualwrited status");
    } else {
        may = true;
    }
    cJSON_Delete(state);
    PQclear(r);
    return may;
}

/* One look: 1 arrived, 0 not yet, -1 never, and then the reason is there. */
static int
look(struct smoke *s, const struct smoke_row *row, const char *xid, struct smoke_arrival *a, long *waiting)
{
    const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(row->key, 0));
    const char *params[] = {xid == NULL ? s->mapping->entities[row->entity].name : xid, first};
    PGresult *r = desk_look(s->d, DATABASE_VNEXT, statement_ms(s),
                            xid == NULL ? sql_smoke_arrived_row : sql_smoke_arrived, xid == NULL ? 2 : 1, params);
    int answer = 0;

    if (r == NULL) {
        a->reason = smoke_refusal(s);
        a->next = xstrdup("dualwrited status");
        return -1;
    }
    *waiting = strtol(PQgetvalue(r, 0, 0), NULL, 10);
    if (!PQgetisnull(r, 0, 1) && PQgetvalue(r, 0, 3)[0] == 't') {
        a->reason = smoke_text_of("event %s failed: %s", PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
        a->next = smoke_text_of("dualwrited failed show %s", PQgetvalue(r, 0, 1));
        answer = -1;
    } else if (PQgetisnull(r, 0, 1)) {
        answer = *waiting == 0 ? 1 : 0;
    } else {
        free(a->reason); /* it is tried again; if the time is up, this is why */
        a->reason = smoke_text_of("event %s fails, and is tried again: %s", PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
    }
    PQclear(r);
    return answer;
}

void
smoke_await(struct smoke *s, const struct smoke_row *row, const char *xid, double from, double timeout_ms,
            struct smoke_arrival *a)
{
    double asked = smoke_now();
    long waiting = 0;
    int pause = 1;
    int answer;

    *a = (struct smoke_arrival){0};
    while ((answer = look(s, row, xid, a, &waiting)) == 0) {
        const double now = smoke_now();

        if (smoke_interrupted() || now - from > timeout_ms)
            break;
        if (now - asked > STATE_EVERY_MS) {
            char *reason, *next;

            asked = now;
            if (!smoke_may_arrive(s, &reason, &next)) {
                free(a->reason);
                a->reason = reason;
                a->next = next;
                return;
            }
        }
        smoke_nap(pause);
        pause = pause * 2 > PAUSE_MS ? PAUSE_MS : pause * 2;
    }
    a->arrived = answer > 0;
    a->lag_ms = smoke_now() - from;
    if (a->arrived) {
        free(a->reason);
        a->reason = NULL;
    } else if (answer == 0) {
        if (a->reason == NULL)
            a->reason = smoke_interrupted()
                            ? xstrdup("interrupted")
                            : smoke_text_of("not in legacy after %.0f s: %ld of its events wait in the queue, which a "
                                            "daemon has yet to reach",
                                            timeout_ms / 1000, waiting);
        a->next = xstrdup("dualwrited status");
    }
}
