/* preflight.c - before any work; see preflight.h. The judgement on the mapping is lib/core/mapping_check.c. */
#include "preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/capture.h"
#include "dualwrite/catalog_parse.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/outcome.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "restored.h"

#define ANSWER_MS 30000
#define OLDEST_SERVER 130000
#define TRIAL_PREFIX 2 /* BEGIN, names.sql */

struct preflight {
    struct pgconn *vnext;
    struct pgconn *legacy;
    preflight_done done;
    void *arg;
    const char *name;
    const char *text;
    const struct mapping *mapping;
    enum database side; /* whose answer is waited for */
    struct catalog *catalogs[2];
    struct preflight_answer answer; /* while the plan is tried */
    bool again;                     /* ... once more, without a step that it can do without */
    char *own_digest;
    char *installation; /* the id that both databases share */
    char *installed;    /* the digest of the installed mapping */
    struct restored *restored;
};

static bool
two(const struct preflight *p)
{
    return p->vnext != p->legacy;
}

static struct pgconn *
connection(const struct preflight *p)
{
    return p->side == DATABASE_VNEXT ? p->vnext : p->legacy;
}

/* "the vNext database", or "the database" where there is one. */
static const char *
side_name(const struct preflight *p)
{
    return !two(p) ? "this database" : p->side == DATABASE_VNEXT ? "the vNext database" : "the legacy database";
}

static void
free_catalogs(struct preflight *p)
{
    for (int i = 0; i < 2; i++) {
        catalog_free(p->catalogs[i]);
        p->catalogs[i] = NULL;
    }
}

void
preflight_free(struct preflight *p)
{
    if (p != NULL) {
        plan_free(p->answer.plan);
        faults_free(&p->answer.faults);
        free_catalogs(p);
        free(p->own_digest);
        free(p->installation);
        free(p->installed);
        restored_free(p->restored);
    }
    free(p);
}

static void
finish(struct preflight *p, enum preflight_verdict verdict, const char *why)
{
    struct preflight_answer answer = {.verdict = verdict, .why = why};

    p->done(p->arg, &answer);
}

/* The first statements fail for a login that was not granted the role; say which GRANT is missing. */
static void
finish_refused(struct preflight *p, const struct pg_reply *reply)
{
    struct preflight_answer answer = {.verdict = PREFLIGHT_BAD};
    const char *sqlstate = reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
    struct buf login = {0};

    if (sqlstate == NULL || strcmp(sqlstate, "42501") != 0) {
        finish(p, PREFLIGHT_UNANSWERED, reply->error);
        return;
    }
    quote_ident(&login, pgconn_user(connection(p)));
    faults_add(&answer.faults, FAULT_ERROR, "database", "%s: run GRANT dualwrite_daemon TO %s;", reply->error,
               buf_text(&login));
    buf_free(&login);
    p->done(p->arg, &answer);
}

/* The steps that are tried on this side, each with its entity; fn says false to go on. */
static bool
find_step(const struct preflight *p, size_t at, size_t *entity, enum plan_step *step)
{
    size_t i = TRIAL_PREFIX;

    for (size_t e = 0; e < p->mapping->count; e++)
        for (enum plan_step s = 0; s < PLAN_STEPS; s++) {
            bool tried = p->answer.plan->entities[e].sql[s] != NULL && (!two(p) || plan_step_database(s) == p->side);

            if (tried && i++ == at) {
                *entity = e;
                *step = s;
                return true;
            }
        }
    return false;
}

static void
finish_trial(struct preflight *p)
{
    struct preflight_answer answer = p->answer;

    p->answer = (struct preflight_answer){0};
    answer.own_digest = p->own_digest;
    p->done(p->arg, &answer);
}

/* Two databases, and all is well so far: is one of them an older copy of itself? */
static void
on_compared(void *arg, const char *error)
{
    struct preflight *p = arg;

    if (error != NULL) {
        plan_free(p->answer.plan);
        p->answer.plan = NULL;
        p->answer.verdict = PREFLIGHT_UNANSWERED;
        p->answer.why = error;
    }
    finish_trial(p);
}

static void
run_compare(struct preflight *p)
{
    bool ours = p->installed != NULL && p->own_digest != NULL && strcmp(p->installed, p->own_digest) == 0;

    if (two(p) && ours && p->answer.plan != NULL)
        restored_compare(p->restored, p->mapping);
    else
        finish_trial(p);
}

static void run_trial(struct preflight *p);

/* The other side's statements are tried next, if this one took its own. */
static void
parse_rollback(void *arg, const struct pg_reply *reply)
{
    struct preflight *p = arg;

    (void) reply;
    if (p->again) {
        p->again = false;
        run_trial(p);
    } else if (two(p) && p->side == DATABASE_VNEXT && p->answer.plan != NULL) {
        p->side = DATABASE_LEGACY;
        run_trial(p);
    } else {
        run_compare(p);
    }
}

static void
refuse_step(struct preflight *p, const struct pg_reply *reply, size_t entity, enum plan_step step)
{
    faults_add(&p->answer.faults, FAULT_ERROR, p->name,
               "entity %s: %s refuses its %s statement: %s; look at the expressions and types of that entity",
               p->mapping->entities[entity].name, side_name(p), plan_step_name(step), reply->error);
    p->answer.verdict = PREFLIGHT_BAD;
}

static void
drop_plan(struct preflight *p)
{
    plan_free(p->answer.plan);
    p->answer.plan = NULL;
}

/*
 * A statement that was cancelled, or met a lock, says nothing about the mapping. What an index is made of may need rights
 * that its use does not, a schema's USAGE say: that takes a step which is not a must.
 */
static void
judge_failure(struct preflight *p, const struct pg_reply *reply)
{
    const char *sqlstate = reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
    bool denied = sqlstate != NULL && strcmp(sqlstate, "42501") == 0;
    enum outcome outcome = outcome_of(sqlstate);
    bool silent = outcome == OUTCOME_RETRY_SERVER || outcome == OUTCOME_RETRY_ROW;
    enum plan_step step = PLAN_READ;
    size_t entity = 0;

    if (reply->failed >= TRIAL_PREFIX && (!silent || denied)) {
        find_step(p, reply->failed, &entity, &step);
        p->again = plan_do_without(&p->answer.plan->entities[entity], step);
        if (p->again) {
            faults_add(&p->answer.faults, FAULT_WARNING, p->name,
                       "entity %s: %s refuses its %s statement: %s; it works without, but rows that want each other's "
                       "unique values are not written together",
                       p->mapping->entities[entity].name, side_name(p), plan_step_name(step), reply->error);
            return;
        }
    }
    if (reply->failed < TRIAL_PREFIX || silent) {
        p->answer.verdict = PREFLIGHT_UNANSWERED;
        p->answer.why = "the database did not plan the statements";
    } else {
        refuse_step(p, reply, entity, step);
    }
    drop_plan(p);
}

static void
parse_trial(void *arg, const struct pg_reply *reply)
{
    static const struct pg_statement rollback = {.sql = sql_daemon_rollback};
    struct preflight *p = arg;

    if (reply->error != NULL)
        judge_failure(p, reply);
    if (reply->lost)
        finish_trial(p);
    else
        pgconn_run(connection(p), &rollback, 1, ANSWER_MS, parse_rollback, p);
}

/* Has the server plan every statement without executing it: what an expression gets wrong shows here and not later. */
static void
run_trial(struct preflight *p)
{
    size_t most = TRIAL_PREFIX + p->mapping->count * PLAN_STEPS;
    struct pg_statement *script = xcalloc(most, sizeof *script);
    char **texts = xcalloc(most, sizeof *texts);
    size_t n = TRIAL_PREFIX;
    size_t entity;
    enum plan_step step;

    script[0].sql = sql_daemon_begin;
    script[1].sql = sql_daemon_names;
    for (; find_step(p, n, &entity, &step); n++) {
        struct buf text = {0};

        buf_printf(&text, "EXPLAIN %s", p->answer.plan->entities[entity].sql[step]);
        script[n].sql = texts[n] = buf_steal(&text);
        script[n].nparams = plan_step_parameters(&p->mapping->entities[entity], step);
    }
    if (pgconn_state(connection(p)) == PGCONN_READY) {
        pgconn_run(connection(p), script, n, ANSWER_MS, parse_trial, p);
    } else {
        plan_free(p->answer.plan);
        p->answer.plan = NULL;
        p->answer.verdict = PREFLIGHT_UNANSWERED;
        p->answer.why = "the connection was lost";
        finish_trial(p);
    }
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
    free(script);
}

static void
judge(struct preflight *p)
{
    const struct catalogs c = {p->catalogs[DATABASE_VNEXT], p->catalogs[two(p) ? DATABASE_LEGACY : DATABASE_VNEXT]};

    mapping_check(p->name, p->mapping, &c, false, &p->answer.faults);
    if (p->answer.faults.errors > 0) {
        p->answer.verdict = PREFLIGHT_BAD;
        finish_trial(p);
    } else {
        p->answer.plan = plan_make(p->mapping, &c);
        p->side = DATABASE_VNEXT;
        run_trial(p);
    }
    free_catalogs(p);
}

static void run_installed(struct preflight *p);

/* This side was installed as what it is used for, and together with the other one. */
static bool
is_ours(struct preflight *p, const PGresult *r)
{
    const char *side = PQgetvalue(r, 0, PQfnumber(r, "side"));
    const char *installation = PQgetvalue(r, 0, PQfnumber(r, "installation"));

    if (!two(p))
        return strcmp(side, "both") == 0;
    if (p->side == DATABASE_VNEXT) {
        free(p->installation);
        p->installation = xstrdup(installation);
        return strcmp(side, "vnext") == 0;
    }
    return strcmp(side, "legacy") == 0 && strcmp(installation, p->installation) == 0;
}

static void
parse_facts(void *arg, const struct pg_reply *reply)
{
    struct preflight *p = arg;
    int version;
    int works_with;

    if (reply->error != NULL) {
        finish_refused(p, reply);
        return;
    }
    version = atoi(PQgetvalue(reply->results[2], 0, PQfnumber(reply->results[2], "schema_version")));
    works_with = atoi(PQgetvalue(reply->results[2], 0, PQfnumber(reply->results[2], "works_with")));
    /* a newer schema says which daemons can still work with it, so that a rollout need not stop the old ones first */
    if (version < CAPTURE_SCHEMA_VERSION || (version > CAPTURE_SCHEMA_VERSION && works_with > CAPTURE_SCHEMA_VERSION)) {
        char why[160];

        snprintf(why, sizeof why,
                 "schema dualwrite has version %d, this program needs %d: run `dualwrited install` of the %s", version,
                 CAPTURE_SCHEMA_VERSION, version < CAPTURE_SCHEMA_VERSION ? "new version" : "version that wrote it");
        finish(p, PREFLIGHT_WAIT, why);
        return;
    }
    if (!is_ours(p, reply->results[2])) {
        finish(p, PREFLIGHT_WAIT,
               "DUALWRITE_DATABASE_URL and DUALWRITE_LEGACY_DATABASE_URL do not lead to the databases that install was "
               "run with: correct them, or run `dualwrited install`");
        return;
    }
    if (p->side == DATABASE_VNEXT) {
        free(p->own_digest);
        free(p->installed);
        p->own_digest = xstrdup(PQgetvalue(reply->results[2], 0, PQfnumber(reply->results[2], "own_digest")));
        p->installed = xstrdup(PQgetvalue(reply->results[2], 0, PQfnumber(reply->results[2], "mapping_digest")));
    }
    p->catalogs[p->side] = catalog_parse(PQgetvalue(reply->results[3], 0, 0));
    if (p->catalogs[p->side] == NULL) {
        finish(p, PREFLIGHT_UNANSWERED, "the catalog query gave no answer");
    } else if (two(p) && p->side == DATABASE_VNEXT) {
        p->side = DATABASE_LEGACY;
        run_installed(p);
    } else {
        judge(p);
    }
}

static void
run_facts(struct preflight *p)
{
    char *parameters[2];
    struct pg_statement script[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_names},
        {.sql = sql_daemon_installation, .nparams = 1, .params = {p->text}},
        {.sql = sql_catalog, .nparams = 2},
        {.sql = sql_daemon_commit},
    };

    catalog_parameters(p->mapping, p->side == DATABASE_VNEXT, !two(p) || p->side == DATABASE_LEGACY, parameters);
    for (int i = 0; i < 2; i++)
        script[3].params[i] = parameters[i];
    pgconn_run(connection(p), script, sizeof script / sizeof script[0], ANSWER_MS, parse_facts, p);
    for (int i = 0; i < 2; i++)
        free(parameters[i]);
}

static void
parse_installed(void *arg, const struct pg_reply *reply)
{
    struct preflight *p = arg;
    char why[160];

    if (reply->error != NULL) {
        finish_refused(p, reply);
    } else if (strcmp(PQgetvalue(reply->results[0], 0, 0), "ours") != 0) {
        snprintf(why, sizeof why, "schema dualwrite is not installed in %s: run `dualwrited install`", side_name(p));
        finish(p, PREFLIGHT_WAIT, why);
    } else {
        run_facts(p);
    }
}

/* Asks one side after the other. */
static void
run_installed(struct preflight *p)
{
    const struct pg_statement script = {.sql = sql_installed};
    struct preflight_answer old = {.verdict = PREFLIGHT_BAD};

    if (pgconn_state(connection(p)) != PGCONN_READY) {
        finish(p, PREFLIGHT_UNANSWERED, "the connection was lost");
    } else if (pgconn_server_version(connection(p)) < OLDEST_SERVER) {
        faults_add(&old.faults, FAULT_ERROR, "database", "the server of %s is version %d; 13 or newer is needed",
                   side_name(p), pgconn_server_version(connection(p)) / 10000);
        p->done(p->arg, &old);
    } else {
        pgconn_run(connection(p), &script, 1, ANSWER_MS, parse_installed, p);
    }
}

struct preflight *
preflight_new(struct pgconn *vnext, struct pgconn *legacy, preflight_done done, void *arg)
{
    struct preflight *p = xcalloc(1, sizeof *p);

    p->vnext = vnext;
    p->legacy = legacy;
    p->done = done;
    p->arg = arg;
    p->restored = restored_new(vnext, legacy, on_compared, p);
    return p;
}

void
preflight_start(struct preflight *p, const char *name, const char *text, const struct mapping *mapping)
{
    p->name = name;
    p->text = text;
    p->mapping = mapping;
    p->side = DATABASE_VNEXT;
    free_catalogs(p);
    run_installed(p);
}
