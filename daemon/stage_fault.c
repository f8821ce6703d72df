/*
 * stage_fault.c - the failure simulation of a staged test: a sync that fails because somebody holds the legacy row, and a change
 * while dual write is off.
 *
 * A lock and nothing else, because a server takes it back by itself whenever we end, however that is; it needs no right that a
 * daemon has not got on legacy, and works with every mapping. The vNext side needs the right to UPDATE the test row.
 */
#include "stage_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/stage_plan.h"
#include "dualwrite/stage_sql.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define KEYS_MAX 32
#define FAIL_MS 60000   /* a daemon gives a lock 2 s, and may have other batches before */
#define HEAL_MS 60000   /* retries are 10 s apart at most */
#define AWAIT_MS "1000" /* it has failed by then */
#define QUIET_MS 1500   /* what would be synced is, in that time */
#define PAUSE_MS 50
#define ASK_EVERY_MS 1000

/* The row that is played with. */
struct victim {
    struct desk *d;
    const struct mapping_entity *entity;
    const struct mapping_column *column;
    PGresult *found; /* key, shadow, value */
    struct buf key;  /* as array */
    char count[12];  /* of the key's columns */
    char *changed;   /* the value that is written */
    PGconn *locker;
    double asked_ms; /* when it was last looked whether a daemon runs */
    bool alone;      /* ... and none did */
};

static double
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

static void
take_breath(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

static int64_t
timeout_of(const struct desk *d)
{
    return d->settings->config->statement_timeout_ms;
}

static const char *
value_of(const struct victim *v)
{
    return PQgetvalue(v->found, 0, PQnfields(v->found) - 1);
}

/* ---- which row ---- */

static bool
try_column(struct victim *v)
{
    const char *const params[] = {STAGE_MATCH};
    char *sql = stage_find_sql(v->entity, v->column);

    v->found = desk_look(v->d, DATABASE_VNEXT, timeout_of(v->d), sql, 1, params);
    free(sql);
    if (v->found != NULL && PQntuples(v->found) == 0) {
        PQclear(v->found);
        v->found = NULL;
        return true;
    }
    return v->found != NULL;
}

static int
find(struct victim *v)
{
    const struct mapping *m = v->d->settings->mapping;

    for (size_t i = 0; i < m->count && v->found == NULL; i++) {
        size_t at = 0;

        v->entity = &m->entities[i];
        if (v->entity->parent != NULL)
            continue;
        while (v->found == NULL && (v->column = stage_column(v->entity, &at)) != NULL)
            if (!try_column(v))
                return desk_refused(v->d, "looking for test data");
    }
    if (v->found == NULL) {
        fputs("dualwrited: there is no row named \"" STAGE_MATCH
              "\" with a legacy row: make one with `dualwrited smoke --keep`\n",
              stderr);
        return EXIT_UNFINISHED;
    }
    snprintf(v->count, sizeof v->count, "%zu", v->entity->source_key.count);
    pgarray_open(&v->key);
    for (size_t i = 0; i < v->entity->source_key.count; i++)
        pgarray_add(&v->key, PQgetvalue(v->found, 0, (int) i));
    pgarray_close(&v->key);
    v->changed = stage_marked(value_of(v));
    return EXIT_GOOD;
}

static void
let_go(struct victim *v)
{
    PQfinish(v->locker);
    v->locker = NULL;
}

static void
victim_free(struct victim *v)
{
    let_go(v);
    PQclear(v->found);
    buf_free(&v->key);
    free(v->changed);
}

static void
say_victim(const struct victim *v, cJSON *answer)
{
    cJSON *key = cJSON_AddArrayToObject(answer, "key");

    cJSON_AddStringToObject(answer, "entity", v->entity->name);
    for (size_t i = 0; i < v->entity->source_key.count; i++)
        cJSON_AddItemToArray(key, cJSON_CreateString(PQgetvalue(v->found, 0, (int) i)));
    cJSON_AddStringToObject(answer, "column", v->column->value.text);
}

/* ---- what is done to it ---- */

static void
shadow_params(const struct victim *v, const char **params)
{
    for (size_t i = 0; i < v->entity->target_key.count && i < KEYS_MAX; i++)
        params[i] = PQgetvalue(v->found, 0, (int) (v->entity->source_key.count + i));
}

/* On a connection of its own, whose end lets go. */
static bool
hold(struct victim *v)
{
    const struct config *c = v->d->settings->config;
    const char *params[KEYS_MAX];
    const char *url = v->d->two ? c->legacy_database_url : c->database_url;
    char *sql = stage_lock_sql(v->entity, v->column);
    char *why = NULL;
    PGresult *r;
    bool held = false;

    shadow_params(v, params);
    v->locker = pgblock_open(url, "stage-lock", &why);
    if (v->locker != NULL) {
        PQclear(pgblock_query(v->locker, sql_daemon_begin, 0, NULL));
        PQclear(pgblock_query(v->locker, sql_stage_hold, 0, NULL));
        r = pgblock_query(v->locker, sql, (int) v->entity->target_key.count, params);
        held = r != NULL && PQntuples(r) == 1;
        PQclear(r);
    }
    if (!held)
        fprintf(stderr, "dualwrited: the legacy row cannot be locked%s%s\n", why == NULL ? "" : ": ",
                why == NULL ? "" : why);
    free(why);
    free(sql);
    return held;
}

/* An application's write; its transaction in xid. */
static bool
touch(struct victim *v, const char *value, char *xid, size_t size)
{
    const char *params[KEYS_MAX + 1] = {value};
    char *sql = stage_touch_sql(v->entity, v->column);
    PGresult *r = NULL;

    for (size_t i = 0; i < v->entity->source_key.count && i < KEYS_MAX; i++)
        params[i + 1] = PQgetvalue(v->found, 0, (int) i);
    if (desk_begin(v->d, DATABASE_VNEXT, timeout_of(v->d), true))
        r = desk_ask(v->d, DATABASE_VNEXT, sql, (int) v->entity->source_key.count + 1, params);
    free(sql);
    if (r != NULL)
        snprintf(xid, size, "%s", PQntuples(r) == 0 ? "" : PQgetvalue(r, 0, 0));
    PQclear(r);
    return desk_end(v->d, DATABASE_VNEXT, r != NULL) && r != NULL;
}

/* touch() was refused; returns the status to exit with. */
static int
refused(const struct victim *v)
{
    if (strcmp(v->d->sqlstate, "42501") != 0)
        return desk_refused(v->d, "changing the vNext row");
    fprintf(stderr,
            "dualwrited: changing the vNext row: %s: the login needs the rights of the application on %s.%s; --config "
            "names another "
            "env file\n",
            v->d->error, v->entity->source.schema, v->entity->source.name);
    return EXIT_UNFINISHED;
}

/* The legacy value; NULL: there is none. Free it. */
static char *
legacy_value(struct victim *v)
{
    const char *params[KEYS_MAX];
    char *sql = stage_look_sql(v->entity, v->column);
    char *value;
    PGresult *r;

    shadow_params(v, params);
    r = desk_look(v->d, DATABASE_LEGACY, timeout_of(v->d), sql, (int) v->entity->target_key.count, params);
    value = r == NULL || PQntuples(r) == 0 ? NULL : xstrdup(PQgetvalue(r, 0, 0));
    PQclear(r);
    free(sql);
    return value;
}

static PGresult *
ask_events(struct victim *v, const char *sql)
{
    const char *const params[] = {v->entity->name, buf_text(&v->key), v->count};

    return desk_look(v->d, DATABASE_VNEXT, timeout_of(v->d), sql, 3, params);
}

/* How many of the row's events wait or have failed; -1 after a refusal. */
static int
events(struct victim *v)
{
    PGresult *r = ask_events(v, sql_stage_waiting);
    const int count = r == NULL ? -1 : atoi(PQgetvalue(r, 0, 0)) + atoi(PQgetvalue(r, 0, 1));

    PQclear(r);
    return count;
}

/* Whether it makes sense to wait on: asked once a second, and said once when no daemon runs. */
static bool
somebody_works(struct victim *v)
{
    PGresult *r;

    if (v->alone || now_ms() - v->asked_ms < ASK_EVERY_MS)
        return !v->alone;
    v->asked_ms = now_ms();
    r = desk_look(v->d, DATABASE_VNEXT, timeout_of(v->d), sql_stage_flags, 0, NULL);
    v->alone = r != NULL && strcmp(PQgetvalue(r, 0, 2), "0") == 0;
    PQclear(r);
    if (v->alone)
        fputs("dualwrited: no daemon is running, so nothing is synced: start one (`dualwrited run`), then do the phase "
              "again\n",
              stderr);
    return !v->alone;
}

/* Waits until the row's sync has failed, and says how. */
static bool
see_it_fail(struct victim *v, cJSON *answer)
{
    static const char *const keys[] = {"event_id", "sqlstate", "exception_type", "message", "attempts"};
    const double since = now_ms();
    cJSON *failed = NULL;

    desk_doing(v->d, "waiting for the sync to fail");
    while (failed == NULL && now_ms() - since < FAIL_MS && somebody_works(v)) {
        PGresult *r = ask_events(v, sql_stage_failed);

        if (r == NULL)
            return false;
        if (PQntuples(r) == 1) {
            failed = cJSON_AddObjectToObject(answer, "failed");
            for (int i = 0; i < PQnfields(r); i++)
                cJSON_AddStringToObject(failed, keys[i], PQgetvalue(r, 0, i));
            cJSON_AddNumberToObject(failed, "after_ms", now_ms() - since);
        }
        PQclear(r);
        take_breath();
    }
    if (failed == NULL)
        cJSON_AddNullToObject(answer, "failed");
    return failed != NULL;
}

/* What the request of a strict application gets: {"raised": "DW001"}, or null: it returned. */
static void
await(struct victim *v, const char *xid, cJSON *answer)
{
    const char *const params[] = {xid, AWAIT_MS};
    PGresult *r;

    desk_doing(v->d, "waiting as an application in strict mode does");
    r = desk_look(v->d, DATABASE_VNEXT, timeout_of(v->d), sql_stage_await, 2, params);
    if (r != NULL)
        cJSON_AddNullToObject(answer, "await_sync");
    else
        cJSON_AddStringToObject(cJSON_AddObjectToObject(answer, "await_sync"), "sqlstate", v->d->sqlstate);
    PQclear(r);
}

/* Waits until nothing of the row waits or has failed, and legacy has `value`. */
static bool
see_it_heal(struct victim *v, const char *value, cJSON *answer)
{
    const double since = now_ms();
    bool healed = false;

    desk_doing(v->d, "waiting for the sync to heal");
    while (!healed && now_ms() - since < HEAL_MS && somebody_works(v)) {
        char *legacy = events(v) == 0 ? legacy_value(v) : NULL;

        healed = legacy != NULL && strcmp(legacy, value) == 0;
        free(legacy);
        take_breath();
    }
    cJSON_AddBoolToObject(answer, "healed", healed);
    cJSON_AddNumberToObject(answer, "healed_ms", now_ms() - since);
    return healed;
}

/* ---- the two simulations ---- */

static int
fail_and_heal(struct victim *v, cJSON *answer)
{
    const double since = now_ms();
    char xid[32];
    bool failed, healed;

    if (!somebody_works(v) || !hold(v))
        return EXIT_UNFINISHED;
    if (!touch(v, v->changed, xid, sizeof xid))
        return refused(v);
    cJSON_AddNumberToObject(answer, "vnext_write_ms", now_ms() - since);
    failed = see_it_fail(v, answer);
    if (failed)
        await(v, xid, answer);
    let_go(v);
    healed = see_it_heal(v, v->changed, answer);
    if (!touch(v, value_of(v), xid, sizeof xid))
        return refused(v);
    return failed && healed ? EXIT_GOOD : EXIT_FOUND;
}

int
stage_fault_failure(struct desk *d, cJSON *answer)
{
    struct victim v = {.d = d};
    int status;

    if (d->pq[DATABASE_LEGACY] == NULL) {
        fprintf(stderr, "dualwrited: the legacy database does not answer: %s\n", d->why);
        return EXIT_UNREACHABLE;
    }
    status = find(&v);
    if (status == EXIT_GOOD) {
        say_victim(&v, answer);
        status = fail_and_heal(&v, answer);
    }
    victim_free(&v);
    return status;
}

static int
change_while_off(struct victim *v, cJSON *answer)
{
    char *before = legacy_value(v);
    char *after;
    char xid[32];
    double since;
    bool same;
    int waiting;

    if (before == NULL || !touch(v, v->changed, xid, sizeof xid)) {
        free(before);
        return refused(v);
    }
    desk_doing(v->d, "looking whether legacy stays as it is");
    since = now_ms();
    do {
        take_breath();
        after = legacy_value(v);
        same = after != NULL && strcmp(before, after) == 0;
        free(after);
    } while (same && now_ms() - since < QUIET_MS);
    waiting = events(v);
    cJSON_AddBoolToObject(answer, "vnext_write", true);
    cJSON_AddBoolToObject(answer, "legacy_unchanged", same);
    cJSON_AddNumberToObject(answer, "waiting_events", waiting);
    free(before);
    if (!touch(v, value_of(v), xid, sizeof xid))
        return refused(v);
    return same && waiting > 0 ? EXIT_GOOD : EXIT_FOUND;
}

int
stage_fault_off(struct desk *d, cJSON *answer)
{
    struct victim v = {.d = d};
    int status;

    if (d->pq[DATABASE_LEGACY] == NULL) {
        fprintf(stderr, "dualwrited: the legacy database does not answer: %s\n", d->why);
        return EXIT_UNREACHABLE;
    }
    status = find(&v);
    if (status == EXIT_GOOD) {
        say_victim(&v, answer);
        status = change_while_off(&v, answer);
    }
    victim_free(&v);
    return status;
}
