/* apply.c - stage two; see apply.h. The statements come from lib/core/sqlgen.c. */
#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* A run of subjects of one entity, tried under one savepoint. */
struct group {
    size_t first;
    size_t count;
    char *params[PG_MAX_PARAMS]; /* array literals, one per parameter of the plan's steps */
    int nparams;
    size_t statement; /* where its savepoint stands in the script under way */
};

struct apply {
    struct pgconn *pg;
    apply_done done;
    void *arg;

    struct batch *batch;
    const struct mapping *mapping;
    const struct plan *plan;
    int64_t statement_timeout_ms;

    struct group *groups; /* still to be done, in order; the first is next */
    size_t count;
    bool blame_rows;
    bool hurried;         /* somebody holds a row of ours: from now on we do not wait for locks, there may be more */
    bool in_failed_group; /* the next script begins by taking the savepoint back */
    char xid[32];

    struct pg_statement *script;
    size_t length;
};

struct apply *
apply_new(struct pgconn *pg, apply_done done, void *arg)
{
    struct apply *a = xcalloc(1, sizeof *a);

    a->pg = pg;
    a->done = done;
    a->arg = arg;
    return a;
}

static void
group_clear(struct group *g)
{
    for (int i = 0; i < g->nparams; i++)
        free(g->params[i]);
    g->nparams = 0;
}

static void
clear(struct apply *a)
{
    for (size_t i = 0; i < a->count; i++)
        group_clear(&a->groups[i]);
    free(a->groups);
    free(a->script);
    a->groups = NULL;
    a->script = NULL;
    a->count = a->length = 0;
    a->in_failed_group = false;
}

void
apply_free(struct apply *a)
{
    if (a != NULL)
        clear(a);
    free(a);
}

static void
finish(struct apply *a, const char *error, const char *sqlstate)
{
    struct apply_answer answer = {error, sqlstate, a->xid[0] == '\0' ? NULL : a->xid};

    clear(a);
    a->done(a->arg, &answer);
}

static size_t
entity_of(const struct apply *a, const struct group *g)
{
    return a->batch->subjects[g->first].entity;
}

static void
make_params(const struct apply *a, struct group *g)
{
    const struct mapping_entity *e = &a->mapping->entities[entity_of(a, g)];

    g->nparams = (int) e->identity.count + 1;
    for (int p = 0; p < g->nparams; p++) {
        struct buf out = {0};

        pgarray_open(&out);
        for (size_t i = g->first; i < g->first + g->count; i++) {
            const struct subject *s = &a->batch->subjects[i];

            pgarray_add(&out, p == g->nparams - 1 ? (s->removal ? "t" : "f")
                                                  : subject_identity(a->batch, a->mapping, s, (size_t) p));
        }
        pgarray_close(&out);
        g->params[p] = buf_steal(&out);
    }
}

/* Puts a group at position `at` of the list. */
static void
insert_group(struct apply *a, size_t at, size_t first, size_t count)
{
    a->groups = xreallocarray(a->groups, a->count + 1, sizeof *a->groups);
    memmove(&a->groups[at + 1], &a->groups[at], (a->count - at) * sizeof *a->groups);
    a->count++;
    a->groups[at] = (struct group){.first = first, .count = count};
    make_params(a, &a->groups[at]);
}

static void
drop_group(struct apply *a, size_t at)
{
    group_clear(&a->groups[at]);
    a->count--;
    memmove(&a->groups[at], &a->groups[at + 1], (a->count - at) * sizeof *a->groups);
}

/* One group per entity, without the subjects that cannot be tried at all. */
static void
make_groups(struct apply *a)
{
    struct batch *b = a->batch;
    size_t first = 0;

    for (size_t i = 0; i <= b->nsubjects; i++) {
        bool ends = i == b->nsubjects || b->subjects[i].state != SUBJECT_PENDING ||
                    (i > first && b->subjects[i].entity != b->subjects[first].entity);

        if (ends && i > first)
            insert_group(a, a->count, first, i - first);
        if (ends)
            first = i < b->nsubjects && b->subjects[i].state != SUBJECT_PENDING ? i + 1 : i;
    }
}

static void
push(struct apply *a, const char *sql, const struct group *g)
{
    struct pg_statement s = {.sql = sql};

    if (g != NULL) {
        s.nparams = g->nparams;
        for (int i = 0; i < g->nparams; i++)
            s.params[i] = g->params[i];
    }
    a->script = xreallocarray(a->script, a->length + 1, sizeof *a->script);
    a->script[a->length++] = s;
}

static bool
has_removal(const struct apply *a, const struct group *g)
{
    for (size_t i = g->first; i < g->first + g->count; i++)
        if (a->batch->subjects[i].removal)
            return true;
    return false;
}

static void
push_group(struct apply *a, struct group *g)
{
    const struct plan_entity *p = &a->plan->entities[entity_of(a, g)];

    g->statement = a->length;
    push(a, sql_daemon_savepoint, NULL);
    for (size_t i = 0; i < p->count; i++)
        if (p->steps[i].kind != STEP_REMOVE || has_removal(a, g))
            push(a, p->steps[i].sql, g);
    push(a, sql_daemon_constraints, NULL);
    push(a, sql_daemon_release, NULL);
}

static void parse_groups(void *arg, const struct pg_reply *reply);

static void
run_groups(struct apply *a)
{
    a->length = 0;
    if (a->xid[0] == '\0')
        push(a, sql_daemon_sync_session, NULL);
    if (a->in_failed_group) {
        push(a, sql_daemon_rollback_to, NULL);
        push(a, sql_daemon_release, NULL);
    }
    a->in_failed_group = false;
    if (a->hurried)
        push(a, sql_daemon_hurry, NULL);
    for (size_t i = 0; i < a->count; i++)
        push_group(a, &a->groups[i]);
    pgconn_run(a->pg, a->script, a->length, (int64_t) a->length * a->statement_timeout_ms + 5000, parse_groups, a);
}

static bool
truth(const PGresult *r, int row, const char *column)
{
    return PQgetvalue(r, row, PQfnumber(r, column))[0] == 't';
}

/* A verify row: what came of one subject. Two rows for one subject mean two map rows; the worse one counts. */
static void
parse_verified(struct subject *s, const PGresult *r, int row)
{
    bool first = s->state == SUBJECT_PENDING;
    int key = PQfnumber(r, "target_key");

    s->found = truth(r, row, "found");
    if (first && !PQgetisnull(r, row, key))
        s->target_key = xstrdup(PQgetvalue(r, row, key));
    s->verified = (first || s->verified) && truth(r, row, "equal");
    if (truth(r, row, "wanted_row") && !truth(r, row, "shadow"))
        subject_fail(
            s, OUTCOME_PARK, NULL, NULL,
            "no legacy row came of it: its parent has none, or a trigger or rule on the legacy table dropped it");
    else if (s->state == SUBJECT_PENDING)
        s->state = SUBJECT_DONE;
}

/* The group's last step but two: verify, SET CONSTRAINTS, RELEASE. */
static const PGresult *
verify_result(const struct apply *a, size_t at, const struct pg_reply *reply)
{
    size_t end = at + 1 < a->count ? a->groups[at + 1].statement : a->length;

    return reply->results[end - 3];
}

static void
parse_group_done(struct apply *a, size_t at, const struct pg_reply *reply)
{
    const PGresult *r = verify_result(a, at, reply);
    const struct group *g = &a->groups[at];

    for (int row = 0; row < PQntuples(r); row++) {
        long n = strtol(PQgetvalue(r, row, PQfnumber(r, "n")), NULL, 10);

        parse_verified(&a->batch->subjects[g->first + (size_t) n - 1], r, row);
    }
}

/* The group that the failed statement belongs to. */
static size_t
failed_group(const struct apply *a, size_t statement)
{
    size_t at = 0;

    while (at + 1 < a->count && a->groups[at + 1].statement <= statement)
        at++;
    return at;
}

/* A value that another row still has may be free once that row was synced too: a name handed over, an owner changed. */
static bool
waits_for_others(const char *sqlstate)
{
    return sqlstate != NULL && (strcmp(sqlstate, "23505") == 0 || strcmp(sqlstate, "23P01") == 0);
}

/* Splits a failed group, or finds its one subject guilty. */
static void
blame(struct apply *a, size_t at, const PGresult *error, const char *text)
{
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME);
    size_t first = a->groups[at].first;
    size_t count = a->groups[at].count;

    drop_group(a, at);
    if (count == 1 && waits_for_others(sqlstate) && !a->batch->subjects[first].second_try) {
        a->batch->subjects[first].second_try = true;
        insert_group(a, a->count, first, 1);
        return;
    }
    if (count == 1) {
        subject_fail(&a->batch->subjects[first], outcome_of(sqlstate), sqlstate, constraint, text);
        return;
    }
    insert_group(a, at, first, count / 2);
    insert_group(a, at + 1, first + count / 2, count - count / 2);
}

/* An error that is not one subject's. */
static bool
is_batchs(const struct apply *a, const char *sqlstate)
{
    enum outcome outcome = outcome_of(sqlstate);

    return outcome == OUTCOME_RETRY_SERVER || (outcome == OUTCOME_SCHEMA && !a->blame_rows);
}

static void
parse_failure(struct apply *a, const struct pg_reply *reply)
{
    const PGresult *error = reply->results[reply->failed];
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    size_t at;

    if (is_batchs(a, sqlstate) || a->count == 0 || reply->failed < a->groups[0].statement) {
        char *text = xstrdup(reply->error);
        char *code = xstrdup(sqlstate);

        finish(a, text, code);
        free(text);
        free(code);
        return;
    }
    at = failed_group(a, reply->failed);
    for (size_t i = 0; i < at; i++)
        parse_group_done(a, i, reply);
    a->hurried = a->hurried || strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "57014") == 0;
    blame(a, at, error, reply->error);
    for (size_t i = 0; i < at; i++)
        drop_group(a, 0);
    a->in_failed_group = true;
    run_groups(a);
}

static void
parse_groups(void *arg, const struct pg_reply *reply)
{
    struct apply *a = arg;

    if (reply->lost) {
        finish(a, reply->error, NULL);
        return;
    }
    if (a->xid[0] == '\0' && reply->failed > 0)
        snprintf(a->xid, sizeof a->xid, "%s", PQgetvalue(reply->results[0], 0, 0));
    if (reply->error != NULL) {
        parse_failure(a, reply);
        return;
    }
    for (size_t i = 0; i < a->count; i++)
        parse_group_done(a, i, reply);
    finish(a, NULL, NULL);
}

void
apply_start(struct apply *a, struct batch *batch, const struct mapping *mapping, const struct plan *plan,
            bool blame_rows, int64_t statement_timeout_ms)
{
    a->blame_rows = blame_rows;
    a->hurried = false;
    a->batch = batch;
    a->mapping = mapping;
    a->plan = plan;
    a->statement_timeout_ms = statement_timeout_ms;
    a->xid[0] = '\0';
    for (size_t i = 0; i < batch->nsubjects; i++) {
        struct subject *s = &batch->subjects[i];
        const char *column = subject_null_column(batch, mapping, s);

        if (column == NULL)
            continue;
        if (s->removal)
            s->state = SUBJECT_DONE; /* what never had a legacy row cannot lose it */
        else
            subject_fail(s, OUTCOME_PARK, NULL, NULL,
                         "a column that says which legacy row is meant is NULL; give it a value, or delete the row");
    }
    make_groups(a);
    run_groups(a);
}
