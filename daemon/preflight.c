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

#define ANSWER_MS 30000
#define OLDEST_SERVER 130000

struct preflight {
    struct pgconn *pg;
    preflight_done done;
    void *arg;
    const char *name;
    const char *text;
    const struct mapping *mapping;
    struct preflight_answer answer; /* while the plan is tried */
    char *own_digest;
};

struct preflight *
preflight_new(struct pgconn *pg, preflight_done done, void *arg)
{
    struct preflight *p = xcalloc(1, sizeof *p);

    p->pg = pg;
    p->done = done;
    p->arg = arg;
    return p;
}

void
preflight_free(struct preflight *p)
{
    if (p != NULL) {
        plan_free(p->answer.plan);
        faults_free(&p->answer.faults);
        free(p->own_digest);
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
    quote_ident(&login, pgconn_user(p->pg));
    faults_add(&answer.faults, FAULT_ERROR, "database", "%s: run GRANT dualwrite_daemon TO %s;", reply->error,
               buf_text(&login));
    buf_free(&login);
    p->done(p->arg, &answer);
}

/* Which step of which entity statement `at` of run_trial()'s script is. */
static const char *
step_at(const struct preflight *p, size_t at, const char **entity)
{
    size_t i = 2;

    for (size_t e = 0; e < p->mapping->count; e++)
        for (size_t s = 0; s < p->answer.plan->entities[e].count; s++, i++)
            if (i == at) {
                *entity = p->mapping->entities[e].name;
                return p->answer.plan->entities[e].steps[s].name;
            }
    *entity = "";
    return "";
}

static void
finish_trial(struct preflight *p)
{
    struct preflight_answer answer = p->answer;

    p->answer = (struct preflight_answer){0};
    answer.own_digest = p->own_digest;
    p->done(p->arg, &answer);
}

static void
parse_rollback(void *arg, const struct pg_reply *reply)
{
    (void) reply;
    finish_trial(arg);
}

static void
parse_trial(void *arg, const struct pg_reply *reply)
{
    static const struct pg_statement rollback = {.sql = sql_daemon_rollback};
    struct preflight *p = arg;
    const char *sqlstate = reply->error == NULL || reply->lost
                               ? NULL
                               : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
    const char *entity;
    const char *step;

    if (reply->error == NULL) {
        finish_trial(p);
        return;
    }
    if (outcome_of(sqlstate) == OUTCOME_RETRY_SERVER) {
        p->answer.verdict = PREFLIGHT_UNANSWERED;
        p->answer.why = "the database did not plan the statements";
    } else {
        step = step_at(p, reply->failed, &entity);
        faults_add(&p->answer.faults, FAULT_ERROR, p->name,
                   "entity %s: the database refuses its %s statement: %s; look at the expressions of that entity",
                   entity, step, reply->error);
        p->answer.verdict = PREFLIGHT_BAD;
    }
    plan_free(p->answer.plan);
    p->answer.plan = NULL;
    if (reply->lost)
        finish_trial(p);
    else
        pgconn_run(p->pg, &rollback, 1, ANSWER_MS, parse_rollback, p);
}

/* Has the server plan every statement without executing it: what an expression gets wrong shows here and not later. */
static void
run_trial(struct preflight *p)
{
    struct pg_statement *script;
    char **texts;
    size_t n = 2;
    size_t count = 3;

    for (size_t e = 0; e < p->mapping->count; e++)
        count += p->answer.plan->entities[e].count;
    script = xcalloc(count, sizeof *script);
    texts = xcalloc(count, sizeof *texts);
    script[0].sql = sql_daemon_begin;
    script[1].sql = sql_daemon_names;
    for (size_t e = 0; e < p->mapping->count; e++)
        for (size_t s = 0; s < p->answer.plan->entities[e].count; s++, n++) {
            struct buf text = {0};

            buf_printf(&text, "EXPLAIN %s", p->answer.plan->entities[e].steps[s].sql);
            texts[n] = buf_steal(&text);
            script[n].sql = texts[n];
            script[n].nparams = (int) p->mapping->entities[e].identity.count + 1;
            for (int i = 0; i < script[n].nparams; i++)
                script[n].params[i] = "{}";
        }
    script[n++].sql = sql_daemon_rollback;
    pgconn_run(p->pg, script, n, ANSWER_MS, parse_trial, p);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    free(script);
}

static void
judge(struct preflight *p, const PGresult *installation, const PGresult *document)
{
    struct catalog *c = catalog_parse(PQgetvalue(document, 0, 0));

    if (c == NULL) {
        finish(p, PREFLIGHT_UNANSWERED, "the catalog query gave no answer");
        return;
    }
    free(p->own_digest);
    p->own_digest = xstrdup(PQgetvalue(installation, 0, PQfnumber(installation, "own_digest")));
    mapping_check(p->name, p->mapping, c, false, &p->answer.faults);
    if (p->answer.faults.errors > 0) {
        p->answer.verdict = PREFLIGHT_BAD;
        finish_trial(p);
    } else {
        p->answer.plan = plan_make(p->mapping, c);
        run_trial(p);
    }
    catalog_free(c);
}

static void
parse_facts(void *arg, const struct pg_reply *reply)
{
    struct preflight *p = arg;
    int version;

    if (reply->error != NULL) {
        finish_refused(p, reply);
        return;
    }
    version = atoi(PQgetvalue(reply->results[2], 0, PQfnumber(reply->results[2], "schema_version")));
    if (version != CAPTURE_SCHEMA_VERSION) {
        char why[160];

        snprintf(why, sizeof why,
                 "schema dualwrite has version %d, this program needs %d: run `dualwrited install` of the %s", version,
                 CAPTURE_SCHEMA_VERSION, version < CAPTURE_SCHEMA_VERSION ? "new version" : "version that wrote it");
        finish(p, PREFLIGHT_WAIT, why);
        return;
    }
    judge(p, reply->results[2], reply->results[3]);
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

    catalog_parameters(p->mapping, true, true, parameters);
    for (int i = 0; i < 2; i++)
        script[3].params[i] = parameters[i];
    pgconn_run(p->pg, script, sizeof script / sizeof script[0], ANSWER_MS, parse_facts, p);
    for (int i = 0; i < 2; i++)
        free(parameters[i]);
}

static void
parse_installed(void *arg, const struct pg_reply *reply)
{
    struct preflight *p = arg;

    if (reply->error != NULL)
        finish_refused(p, reply);
    else if (strcmp(PQgetvalue(reply->results[0], 0, 0), "ours") != 0)
        finish(p, PREFLIGHT_WAIT, "schema dualwrite is not installed in this database: run `dualwrited install`");
    else
        run_facts(p);
}

void
preflight_start(struct preflight *p, const char *name, const char *text, const struct mapping *mapping)
{
    const struct pg_statement script = {.sql = sql_installed};
    struct preflight_answer old = {.verdict = PREFLIGHT_BAD};

    p->name = name;
    p->text = text;
    p->mapping = mapping;
    if (pgconn_server_version(p->pg) < OLDEST_SERVER) {
        faults_add(&old.faults, FAULT_ERROR, "database", "the server is version %d; 13 or newer is needed",
                   pgconn_server_version(p->pg) / 10000);
        p->done(p->arg, &old);
        return;
    }
    pgconn_run(p->pg, &script, 1, ANSWER_MS, parse_installed, p);
}
