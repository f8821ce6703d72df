/* gate_look.c - `gate` at its databases; see gate_look.h. */
#include "gate_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/table_list.h"
#include "dualwrite/triggers.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define COUNT_MS 120000 /* counting millions of rows takes longer than a statement of the sync may */
#define FEW 1000        /* so many keys may be on their way to the map */
#define AGAIN 3         /* times they are asked for again */

/* ---- the statements ---- */

/* NULL after saying why. */
static struct catalog *
read_catalog(struct desk *d, enum database side)
{
    struct catalog *c = NULL;

    if (desk_begin(d, side, d->settings->config->statement_timeout_ms, false))
        c = catalog_read(d->pq[side], d->settings->mapping, side == DATABASE_VNEXT, !d->two || side == DATABASE_LEGACY);
    desk_end(d, side, false);
    return c;
}

int
gate_prepare(struct gate_asked *a)
{
    struct desk *d = a->desk;
    const struct mapping *m = d->settings->mapping;
    struct catalog *read[2] = {NULL, NULL};
    struct faults faults = {0};
    int status = EXIT_GOOD;

    if (d->pq[DATABASE_LEGACY] == NULL) {
        a->why = xstrdup(d->why);
        return EXIT_GOOD;
    }
    read[0] = read_catalog(d, DATABASE_VNEXT);
    read[1] = d->two && read[0] != NULL ? read_catalog(d, DATABASE_LEGACY) : NULL;
    if (read[0] == NULL || (d->two && read[1] == NULL)) {
        status = EXIT_UNFINISHED;
    } else {
        const struct catalogs c = {read[0], d->two ? read[1] : read[0]};

        mapping_check(d->settings->mapping_name, m, &c, false, &faults);
        if (faults.errors > 0) {
            command_print_faults(&faults);
            fputs("dualwrited gate: the mapping does not fit the databases; `dualwrited check` says how to mend it\n",
                  stderr);
            status = EXIT_UNFINISHED;
        } else {
            a->plans = gate_plan_make(m, &c);
        }
        faults_free(&faults);
    }
    catalog_free(read[0]);
    catalog_free(read[1]);
    return status;
}

void
gate_forget(struct gate_asked *a)
{
    gate_plan_free(a->plans, a->desk->settings->mapping->count);
    free(a->why);
}

/* ---- coverage ---- */

static int64_t
whole(const PGresult *r, int row, int column)
{
    return strtoll(PQgetvalue(r, row, column), NULL, 10);
}

static void
refuse(const struct gate_asked *a, struct gate_coverage *c)
{
    if (c->error == NULL)
        c->error = xstrdup(a->desk->error == NULL ? "no answer" : a->desk->error);
}

/* A transaction for counting; false after a refusal. */
static bool
begin_count(struct desk *d, enum database side)
{
    PGresult *r = desk_begin(d, side, COUNT_MS, false) ? desk_ask(d, side, sql_gate_session, 0, NULL) : NULL;

    PQclear(r);
    return r != NULL;
}

static PGresult *
count_look(struct desk *d, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = begin_count(d, side) ? desk_ask(d, side, sql, nparams, params) : NULL;

    desk_end(d, side, false);
    return r;
}

static void
count_one_database(const struct gate_asked *a, const struct gate_plan *plan, struct gate_coverage *c)
{
    PGresult *r = count_look(a->desk, DATABASE_LEGACY, plan->sql[GATE_COVERED], 0, NULL);

    if (r == NULL) {
        refuse(a, c);
        return;
    }
    c->legacy_rows = whole(r, 0, 0);
    c->legacy_mapped = whole(r, 0, 1);
    PQclear(r);
}

/* How many rows of these keys the map knows; -1 after a refusal. */
static int64_t
look_up(const struct gate_asked *a, const char *sql, const char *const *params)
{
    PGresult *r = count_look(a->desk, DATABASE_VNEXT, sql, 2, params);
    int64_t mapped = r == NULL ? -1 : whole(r, 0, 0);

    PQclear(r);
    return mapped;
}

/*
 * One chunk of keys. With two databases a legacy row is committed before the map's row of it, so a few that are not there yet
 * are asked for again.
 */
static bool
count_chunk(const struct gate_asked *a, const struct gate_plan *plan, const PGresult *keys, struct gate_coverage *c)
{
    const struct timespec pause = {.tv_nsec = 300000000};
    struct buf array = {0}, rows = {0};
    const char *params[2];
    int64_t total = 0;
    int64_t mapped;

    pgarray_open(&array);
    pgarray_open(&rows);
    for (int i = 0; i < PQntuples(keys); i++) {
        c->legacy_rows += whole(keys, i, 1);
        if (PQgetisnull(keys, i, 0))
            continue;
        total += whole(keys, i, 1);
        pgarray_add(&array, PQgetvalue(keys, i, 0));
        pgarray_add(&rows, PQgetvalue(keys, i, 1));
    }
    pgarray_close(&array);
    pgarray_close(&rows);
    params[0] = buf_text(&array);
    params[1] = buf_text(&rows);
    mapped = look_up(a, plan->sql[GATE_COVERED_KEYS], params);
    for (int i = 0; i < AGAIN && mapped >= 0 && mapped < total && total - mapped <= FEW; i++) {
        nanosleep(&pause, NULL);
        mapped = look_up(a, plan->sql[GATE_COVERED_KEYS], params);
    }
    c->legacy_mapped += mapped;
    buf_free(&array);
    buf_free(&rows);
    return mapped >= 0;
}

static void
count_two_databases(const struct gate_asked *a, const struct gate_plan *plan, struct gate_coverage *c)
{
    struct desk *d = a->desk;
    PGresult *r = begin_count(d, DATABASE_LEGACY) ? desk_ask(d, DATABASE_LEGACY, plan->sql[GATE_KEYS], 0, NULL) : NULL;
    bool more = r != NULL;

    while (more) {
        PQclear(r);
        r = desk_ask(d, DATABASE_LEGACY, sql_gate_fetch, 0, NULL);
        more = r != NULL && PQntuples(r) > 0;
        if (more && !count_chunk(a, plan, r, c)) {
            refuse(a, c);
            more = false;
        }
    }
    if (r == NULL)
        refuse(a, c);
    PQclear(r);
    desk_end(d, DATABASE_LEGACY, false);
}

static void
count_vnext(const struct gate_asked *a, const struct gate_plan *plan, struct gate_coverage *c)
{
    PGresult *r = count_look(a->desk, DATABASE_VNEXT, plan->sql[GATE_PRESENT], 0, NULL);

    if (r == NULL) {
        refuse(a, c);
        return;
    }
    c->vnext_rows = whole(r, 0, 0);
    c->vnext_mapped = whole(r, 0, 1);
    c->vnext_waiting = whole(r, 0, 2);
    PQclear(r);
}

static void
count_entity(const struct gate_asked *a, size_t i, struct gate_coverage *c)
{
    const struct gate_plan *plan = a->plans == NULL ? NULL : &a->plans[i];

    if (plan == NULL) {
        c->error = xstrdup(a->why);
        return;
    }
    c->legacy_asked = plan->sql[GATE_COVERED] != NULL;
    c->vnext_asked = plan->sql[GATE_PRESENT] != NULL;
    if (c->legacy_asked && a->desk->two)
        count_two_databases(a, plan, c);
    else if (c->legacy_asked)
        count_one_database(a, plan, c);
    if (c->vnext_asked && c->error == NULL)
        count_vnext(a, plan, c);
}

/* ---- triggers ---- */

/* Our triggers on every table of that side; NULL after a refusal. */
static PGresult *
ask_triggers(const struct gate_asked *a, enum database side)
{
    struct table_list tables =
        table_list_of(a->desk->settings->mapping, side == DATABASE_VNEXT, side == DATABASE_LEGACY);
    PGresult *r = desk_look(a->desk, side, a->desk->settings->config->statement_timeout_ms, sql_check_triggers, 2,
                            (const char *[]){tables.schemas, tables.names});

    table_list_free(&tables);
    return r;
}

/* Judges the entity's table on that side by the rows that are about it. */
static char
judge_table(const PGresult *r, enum database side, const struct mapping_entity *e, const char *guard, struct buf *bad)
{
    const struct mapping_table *t = side == DATABASE_VNEXT ? &e->source : &e->target;
    struct trigger_fact *facts = xcalloc((size_t) PQntuples(r), sizeof *facts);
    size_t count = 0;
    char state;

    for (int row = 0; row < PQntuples(r); row++) {
        if (strcmp(PQgetvalue(r, row, PQfnumber(r, "schema")), t->schema) != 0 ||
            strcmp(PQgetvalue(r, row, PQfnumber(r, "name")), t->name) != 0)
            continue;
        facts[count++] = (struct trigger_fact){.function = PQgetvalue(r, row, PQfnumber(r, "function")),
                                               .enabled = PQgetvalue(r, row, PQfnumber(r, "enabled"))[0],
                                               .events = whole(r, row, PQfnumber(r, "events"))};
    }
    state = side == DATABASE_VNEXT ? triggers_of_source(e, facts, count, bad)
                                   : triggers_of_target(guard, facts, count, bad);
    free(facts);
    return state;
}

/* The worst of one side goes into *worst; false after a refusal. */
static bool
look_at_triggers(const struct gate_asked *a, enum database side, const char *guard, char *worst, struct buf *bad)
{
    const struct mapping *m = a->desk->settings->mapping;
    PGresult *r = ask_triggers(a, side);

    for (size_t i = 0; r != NULL && i < m->count; i++) {
        struct buf one = {0};
        char state = judge_table(r, side, &m->entities[i], guard, &one);

        if (state != 'A') {
            buf_printf(bad, "%s%s on %s", bad->len == 0 ? "" : ", ", buf_text(&one),
                       side == DATABASE_VNEXT ? m->entities[i].source.name : m->entities[i].target.name);
            if (*worst == 'A' || state == '\0' || (state == 'D' && *worst != '\0'))
                *worst = state;
        }
        buf_free(&one);
    }
    PQclear(r);
    return r != NULL;
}

static void
judge_triggers(const struct gate_asked *a, struct gate_parts *p, struct buf *bad)
{
    const char *guard = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p->facts, "guard"));
    struct desk *d = a->desk;

    p->triggers = 'A';
    if (guard == NULL)
        return;
    if (look_at_triggers(a, DATABASE_VNEXT, guard, &p->triggers, bad)) {
        if (strcmp(guard, "off") == 0)
            return;
        if (d->pq[DATABASE_LEGACY] == NULL) {
            p->triggers_error = d->why;
            return;
        }
        if (look_at_triggers(a, DATABASE_LEGACY, guard, &p->triggers, bad))
            return;
    }
    p->triggers_error = d->error;
}

/* ---- one look ---- */

static cJSON *
ask(const struct gate_asked *a, const char *sql, int nparams, const char *const *params, char **refused)
{
    PGresult *r =
        desk_look(a->desk, DATABASE_VNEXT, a->desk->settings->config->statement_timeout_ms, sql, nparams, params);
    cJSON *answer = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    if (answer == NULL && *refused == NULL)
        *refused = xstrdup(a->desk->error == NULL ? "no answer" : a->desk->error);
    PQclear(r);
    return answer;
}

struct gate_report
gate_look(struct gate_asked *a)
{
    const struct mapping *m = a->desk->settings->mapping;
    const char *params[] = {a->desk->settings->mapping_text};
    struct gate_coverage *coverage = xcalloc(m->count, sizeof *coverage);
    struct buf bad = {0};
    char *refused = NULL;
    cJSON *overview = ask(a, sql_status_overview, 0, NULL, &refused);
    cJSON *facts = ask(a, sql_gate_facts, 1, params, &refused);
    struct gate_parts parts = {.mapping = m,
                               .overview = overview,
                               .facts = facts,
                               .refused = refused,
                               .coverage = coverage,
                               .max_lag_s = a->max_lag_s,
                               .max_age_s = a->max_age_s};
    struct gate_report report;

    judge_triggers(a, &parts, &bad);
    if (parts.triggers_error != NULL)
        parts.triggers_error = xstrdup(parts.triggers_error);
    parts.bad_triggers = buf_text(&bad);
    for (size_t i = 0; i < m->count; i++)
        count_entity(a, i, &coverage[i]);
    report = gate_judge(&parts);
    for (size_t i = 0; i < m->count; i++)
        free(coverage[i].error);
    free(coverage);
    free((char *) parts.triggers_error);
    free(refused);
    buf_free(&bad);
    cJSON_Delete(overview);
    cJSON_Delete(facts);
    return report;
}
