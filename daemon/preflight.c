/*
 * preflight.c - before any work; see preflight.h. The judgement on the mapping is lib/core/mapping_check.c.
 *
 * Two phases, facts and trial. In each the two databases are asked at the same time, and the phase ends when both have said
 * their last word: the connections are free then.
 */
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
#define UNPLANNED "the database did not plan the statements"

/* One database's part; where there is one, there is one side. */
struct side {
    struct preflight *p;
    enum database database;
    struct pgconn *pg;
    struct catalog *catalog;
    char *role;         /* what it was installed as */
    char *installation; /* the id that both databases share */
    bool again;         /* the plan is tried once more, without a step that it can do without */
    /* how the phase under way ended here */
    enum preflight_verdict verdict;
    char *why;
    struct faults faults;
};

struct preflight {
    struct side sides[2];
    size_t count;
    size_t under_way; /* sides that have not ended the phase */
    void (*next)(struct preflight *p);
    preflight_done done;
    void *arg;
    const char *name;
    const char *text;
    const struct mapping *mapping;
    struct plan *plan;    /* while it is tried */
    struct faults faults; /* of the mapping */
    char *own_digest;
    char *installed; /* the digest of the installed mapping */
    struct restored *restored;
};

static bool
two(const struct preflight *p)
{
    return p->count == 2;
}

/* "the vNext database", or "the database" where there is one. */
static const char *
side_name(const struct side *s)
{
    return !two(s->p) ? "this database" : s->database == DATABASE_VNEXT ? "the vNext database" : "the legacy database";
}

/* ---- the answer ------------------------------------------------------------------------------------------------ */

static void
drop_plan(struct preflight *p)
{
    plan_free(p->plan);
    p->plan = NULL;
}

static void
clear(struct preflight *p)
{
    drop_plan(p);
    faults_free(&p->faults);
    for (size_t i = 0; i < p->count; i++) {
        struct side *s = &p->sides[i];

        catalog_free(s->catalog);
        free(s->role);
        free(s->installation);
        free(s->why);
        faults_free(&s->faults);
        *s = (struct side){.p = p, .database = s->database, .pg = s->pg};
    }
    free(p->own_digest);
    free(p->installed);
    p->own_digest = p->installed = NULL;
}

void
preflight_free(struct preflight *p)
{
    if (p != NULL) {
        clear(p);
        restored_free(p->restored);
    }
    free(p);
}

static void
append(struct faults *to, const struct faults *from)
{
    for (size_t i = 0; i < from->count; i++) {
        faults_add(to, from->items[i].severity, from->items[i].where, "%s", from->items[i].text);
        if (from->items[i].kind != NULL)
            faults_kind(to, from->items[i].kind);
    }
}

/* The faults of the mapping and of both sides, and the verdict of the first side that found one. */
static void
finish(struct preflight *p, enum preflight_verdict verdict, const char *why)
{
    struct preflight_answer answer = {.verdict = verdict, .why = why, .own_digest = p->own_digest};

    append(&answer.faults, &p->faults);
    for (size_t i = 0; i < p->count; i++) {
        const struct side *s = &p->sides[i];

        append(&answer.faults, &s->faults);
        if (answer.verdict == PREFLIGHT_GOOD && s->verdict != PREFLIGHT_GOOD) {
            answer.verdict = s->verdict;
            answer.why = s->why;
        }
    }
    if (answer.verdict == PREFLIGHT_GOOD) {
        answer.plan = p->plan;
        p->plan = NULL;
    } else {
        drop_plan(p);
    }
    p->done(p->arg, &answer);
}

static bool
both_good(const struct preflight *p)
{
    return p->sides[0].verdict == PREFLIGHT_GOOD && (!two(p) || p->sides[1].verdict == PREFLIGHT_GOOD);
}

/* ---- phases ---------------------------------------------------------------------------------------------------- */

/* `run` ends with end() in each side; then `next` is called. */
static void
both(struct preflight *p, void (*run)(struct side *s), void (*next)(struct preflight *p))
{
    p->under_way = p->count;
    p->next = next;
    for (size_t i = 0; i < p->count; i++)
        run(&p->sides[i]);
}

static void
end(struct side *s, enum preflight_verdict verdict, const char *why)
{
    s->verdict = verdict;
    if (why != NULL)
        s->why = xstrdup(why);
    if (--s->p->under_way == 0)
        s->p->next(s->p);
}

/* The first statements fail for a login that was not granted the role; say which GRANT is missing. */
static void
end_refused(struct side *s, const struct pg_reply *reply)
{
    const char *sqlstate = reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
    struct buf login = {0};

    if (sqlstate == NULL || strcmp(sqlstate, "42501") != 0) {
        end(s, PREFLIGHT_UNANSWERED, reply->error);
        return;
    }
    quote_ident(&login, pgconn_user(s->pg));
    faults_add(&s->faults, FAULT_ERROR, "database", "%s: run GRANT dualwrite_daemon TO %s;", reply->error,
               buf_text(&login));
    buf_free(&login);
    end(s, PREFLIGHT_BAD, NULL);
}

/* ---- trial: the servers plan the statements -------------------------------------------------------------------- */

/* The step of the script's statement `at` on this side, and its entity. */
static bool
find_step(const struct side *s, size_t at, size_t *entity, enum plan_step *step)
{
    const struct preflight *p = s->p;
    size_t i = TRIAL_PREFIX;

    for (size_t e = 0; e < p->mapping->count; e++)
        for (enum plan_step st = 0; st < PLAN_STEPS; st++) {
            bool tried = p->plan->entities[e].sql[st] != NULL && (!two(p) || plan_step_database(st) == s->database);

            if (tried && i++ == at) {
                *entity = e;
                *step = st;
                return true;
            }
        }
    return false;
}

/* Two databases, and all is well so far: is one of them an older copy of itself? */
static void
on_compared(void *arg, const char *error)
{
    finish(arg, error == NULL ? PREFLIGHT_GOOD : PREFLIGHT_UNANSWERED, error);
}

static void
on_tried(struct preflight *p)
{
    bool ours = p->installed != NULL && p->own_digest != NULL && strcmp(p->installed, p->own_digest) == 0;

    if (two(p) && ours && both_good(p))
        restored_compare(p->restored, p->mapping);
    else
        finish(p, PREFLIGHT_GOOD, NULL);
}

static void run_trial(struct side *s);

static void
parse_rollback(void *arg, const struct pg_reply *reply)
{
    struct side *s = arg;

    (void) reply;
    if (s->again)
        run_trial(s);
    else
        end(s, s->verdict, s->verdict == PREFLIGHT_UNANSWERED ? UNPLANNED : NULL);
}

/*
 * A statement that was cancelled, or met a lock, says nothing about the mapping. What an index is made of may need rights
 * that its use does not, a schema's USAGE say: that takes a step which is not a must.
 */
static void
judge_failure(struct side *s, const struct pg_reply *reply)
{
    const char *sqlstate = reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
    enum outcome outcome = outcome_of(sqlstate);
    bool silent = outcome == OUTCOME_RETRY_SERVER || outcome == OUTCOME_RETRY_ROW;
    enum plan_step step = PLAN_READ;
    size_t entity = 0;

    if (reply->failed < TRIAL_PREFIX || silent) {
        s->verdict = PREFLIGHT_UNANSWERED;
        return;
    }
    find_step(s, reply->failed, &entity, &step);
    s->again = plan_do_without(&s->p->plan->entities[entity], step);
    s->verdict = s->again ? PREFLIGHT_GOOD : PREFLIGHT_BAD;
    faults_add(&s->faults, s->again ? FAULT_WARNING : FAULT_ERROR, s->p->name,
               s->again
                   ? "entity %s: %s refuses its %s statement: %s; it works without, but rows that want each other's "
                     "unique values are not written together"
                   : "entity %s: %s refuses its %s statement: %s; look at its expressions, types and rights",
               s->p->mapping->entities[entity].name, side_name(s), plan_step_name(step), reply->error);
}

static void
parse_trial(void *arg, const struct pg_reply *reply)
{
    static const struct pg_statement rollback = {.sql = sql_daemon_rollback};
    struct side *s = arg;

    if (reply->error != NULL)
        judge_failure(s, reply);
    if (reply->lost)
        end(s, PREFLIGHT_UNANSWERED, UNPLANNED);
    else
        pgconn_run(s->pg, &rollback, 1, ANSWER_MS, parse_rollback, s);
}

/* Has the server plan every statement without executing it: what an expression gets wrong shows here and not later. */
static void
run_trial(struct side *s)
{
    size_t most = TRIAL_PREFIX + s->p->mapping->count * PLAN_STEPS;
    struct pg_statement *script;
    char **texts;
    size_t n = TRIAL_PREFIX;
    size_t entity;
    enum plan_step step;

    s->again = false;
    if (pgconn_state(s->pg) != PGCONN_READY) {
        end(s, PREFLIGHT_UNANSWERED, "the connection was lost");
        return;
    }
    script = xcalloc(most, sizeof *script);
    texts = xcalloc(most, sizeof *texts);
    script[0].sql = sql_daemon_begin;
    script[1].sql = sql_daemon_names;
    for (; find_step(s, n, &entity, &step); n++) {
        struct buf text = {0};

        buf_printf(&text, "EXPLAIN %s", s->p->plan->entities[entity].sql[step]);
        script[n].sql = texts[n] = buf_steal(&text);
        script[n].nparams = plan_step_parameters(&s->p->mapping->entities[entity], step);
    }
    pgconn_run(s->pg, script, n, ANSWER_MS, parse_trial, s);
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
    free(script);
}

/* ---- facts ------------------------------------------------------------------------------------------------------ */

/* Each side was installed as what it is used for, and together with the other one. */
static bool
are_ours(const struct preflight *p)
{
    const struct side *vnext = &p->sides[DATABASE_VNEXT];
    const struct side *legacy = &p->sides[DATABASE_LEGACY];

    if (!two(p))
        return strcmp(vnext->role, "both") == 0;
    return strcmp(vnext->role, "vnext") == 0 && strcmp(legacy->role, "legacy") == 0 &&
           strcmp(vnext->installation, legacy->installation) == 0;
}

static void
on_facts(struct preflight *p)
{
    const struct catalogs c = {p->sides[DATABASE_VNEXT].catalog,
                               p->sides[two(p) ? DATABASE_LEGACY : DATABASE_VNEXT].catalog};

    if (!both_good(p)) {
        finish(p, PREFLIGHT_GOOD, NULL);
        return;
    }
    if (!are_ours(p)) {
        finish(p, PREFLIGHT_WAIT,
               "DUALWRITE_DATABASE_URL and DUALWRITE_LEGACY_DATABASE_URL do not lead to the databases that install was "
               "run with: correct them, or run `dualwrited install`");
        return;
    }
    mapping_check(p->name, p->mapping, &c, false, &p->faults);
    if (p->faults.errors > 0) {
        finish(p, PREFLIGHT_BAD, NULL);
        return;
    }
    p->plan = plan_make(p->mapping, &c);
    both(p, run_trial, on_tried);
}

static void
parse_facts(void *arg, const struct pg_reply *reply)
{
    struct side *s = arg;
    const PGresult *facts;
    int version;
    int works_with;

    if (reply->error != NULL) {
        end_refused(s, reply);
        return;
    }
    facts = reply->results[2];
    version = atoi(PQgetvalue(facts, 0, PQfnumber(facts, "schema_version")));
    works_with = atoi(PQgetvalue(facts, 0, PQfnumber(facts, "works_with")));
    /* a newer schema says which daemons can still work with it, so that a rollout need not stop the old ones first */
    if (version < CAPTURE_SCHEMA_VERSION || (version > CAPTURE_SCHEMA_VERSION && works_with > CAPTURE_SCHEMA_VERSION)) {
        char why[160];

        snprintf(why, sizeof why,
                 "schema dualwrite has version %d, this program needs %d: run `dualwrited install` of the %s", version,
                 CAPTURE_SCHEMA_VERSION, version < CAPTURE_SCHEMA_VERSION ? "new version" : "version that wrote it");
        end(s, PREFLIGHT_WAIT, why);
        return;
    }
    s->role = xstrdup(PQgetvalue(facts, 0, PQfnumber(facts, "side")));
    s->installation = xstrdup(PQgetvalue(facts, 0, PQfnumber(facts, "installation")));
    if (s->database == DATABASE_VNEXT) {
        s->p->own_digest = xstrdup(PQgetvalue(facts, 0, PQfnumber(facts, "own_digest")));
        s->p->installed = xstrdup(PQgetvalue(facts, 0, PQfnumber(facts, "mapping_digest")));
    }
    s->catalog = catalog_parse(PQgetvalue(reply->results[3], 0, 0));
    if (s->catalog == NULL)
        end(s, PREFLIGHT_UNANSWERED, "the catalog query gave no answer");
    else
        end(s, PREFLIGHT_GOOD, NULL);
}

static void
run_facts(struct side *s)
{
    char *parameters[2];
    struct pg_statement script[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_names},
        {.sql = sql_daemon_installation, .nparams = 1, .params = {s->p->text}},
        {.sql = sql_catalog, .nparams = 2},
        {.sql = sql_daemon_commit},
    };

    catalog_parameters(s->p->mapping, s->database == DATABASE_VNEXT, !two(s->p) || s->database == DATABASE_LEGACY,
                       parameters);
    for (int i = 0; i < 2; i++)
        script[3].params[i] = parameters[i];
    pgconn_run(s->pg, script, sizeof script / sizeof script[0], ANSWER_MS, parse_facts, s);
    for (int i = 0; i < 2; i++)
        free(parameters[i]);
}

static void
parse_installed(void *arg, const struct pg_reply *reply)
{
    struct side *s = arg;
    char why[160];

    if (reply->error != NULL) {
        end_refused(s, reply);
    } else if (strcmp(PQgetvalue(reply->results[0], 0, 0), "ours") != 0) {
        snprintf(why, sizeof why, "schema dualwrite is not installed in %s: run `dualwrited install`", side_name(s));
        end(s, PREFLIGHT_WAIT, why);
    } else {
        run_facts(s);
    }
}

static void
run_installed(struct side *s)
{
    const struct pg_statement script = {.sql = sql_installed};

    if (pgconn_state(s->pg) != PGCONN_READY) {
        end(s, PREFLIGHT_UNANSWERED, "the connection was lost");
    } else if (pgconn_server_version(s->pg) < OLDEST_SERVER) {
        faults_add(&s->faults, FAULT_ERROR, "database", "the server of %s is version %d; 13 or newer is needed",
                   side_name(s), pgconn_server_version(s->pg) / 10000);
        end(s, PREFLIGHT_BAD, NULL);
    } else {
        pgconn_run(s->pg, &script, 1, ANSWER_MS, parse_installed, s);
    }
}

struct preflight *
preflight_new(struct pgconn *vnext, struct pgconn *legacy, preflight_done done, void *arg)
{
    struct preflight *p = xcalloc(1, sizeof *p);

    p->sides[DATABASE_VNEXT] = (struct side){.p = p, .database = DATABASE_VNEXT, .pg = vnext};
    p->sides[DATABASE_LEGACY] = (struct side){.p = p, .database = DATABASE_LEGACY, .pg = legacy};
    p->count = vnext == legacy ? 1 : 2;
    p->done = done;
    p->arg = arg;
    p->restored = restored_new(vnext, legacy, on_compared, p);
    return p;
}

void
preflight_start(struct preflight *p, const char *name, const char *text, const struct mapping *mapping)
{
    clear(p);
    p->name = name;
    p->text = text;
    p->mapping = mapping;
    both(p, run_installed, on_facts);
}
