/* grouped.c - groups under savepoints; see grouped.h. */
#include "grouped.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/outcome.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* Up to so many items any plan will do. For more, what is right depends on how large a table is now, not a moment ago. */
#define PLAN_KEPT 100
/* libpq moves what it could not send yet to its buffer's beginning, again and again: what is sent at once stays small. */
#define SCRIPT_BYTES ((size_t) 16 << 20)

struct group {
    size_t first;
    size_t count;
    size_t statement;  /* where its savepoint stands in the script under way */
    size_t statements; /* how many are the stage's own; 0: it had nothing to do */
    unsigned pass;     /* those that were put off are tried when all of the pass before have been */
};

struct grouped {
    struct pgconn *pg;
    struct grouped_stage stage;
    void *arg;
    struct grouped_options options;

    struct group *groups; /* still to be done, in order */
    size_t count;
    size_t pushed; /* the first so many are in the script under way */
    size_t window; /* items to send at once: few after a failure, so that what comes later is not sent again for each */
    unsigned pass; /* of the group that failed */
    bool opening;  /* the next script begins with the opening statements */
    bool in_failed_group; /* ... or by taking the savepoint back */
    bool many;            /* the group being pushed has more items than a kept plan is for */
    bool hurried;         /* somebody holds a row of ours: from now on we do not wait for locks, there may be more */

    struct pg_statement *script;
    size_t length;
    size_t prefix; /* statements before the first group */
    char **owned;  /* parameters of the script */
    size_t nowned;
    size_t bytes; /* ... their lengths */
};

struct grouped *
grouped_new(struct pgconn *pg, const struct grouped_stage *stage, void *arg)
{
    struct grouped *g = xcalloc(1, sizeof *g);

    g->pg = pg;
    g->stage = *stage;
    g->arg = arg;
    return g;
}

static void
clear_script(struct grouped *g)
{
    for (size_t i = 0; i < g->nowned; i++)
        free(g->owned[i]);
    g->nowned = g->length = g->bytes = 0;
}

static void
clear(struct grouped *g)
{
    clear_script(g);
    free(g->groups);
    free(g->script);
    free(g->owned);
    g->groups = NULL;
    g->script = NULL;
    g->owned = NULL;
    g->count = 0;
    g->pass = 0;
    g->in_failed_group = g->hurried = false;
}

void
grouped_free(struct grouped *g)
{
    if (g != NULL)
        clear(g);
    free(g);
}

static void
end(struct grouped *g, const char *error, const char *sqlstate)
{
    char *text = xstrdup(error);
    char *code = xstrdup(sqlstate);

    clear(g);
    g->stage.end(g->arg, text, code);
    free(text);
    free(code);
}

static void
insert_group(struct grouped *g, size_t at, size_t first, size_t count, unsigned pass)
{
    g->groups = xreallocarray(g->groups, g->count + 1, sizeof *g->groups);
    memmove(&g->groups[at + 1], &g->groups[at], (g->count - at) * sizeof *g->groups);
    g->count++;
    g->groups[at] = (struct group){.first = first, .count = count, .pass = pass};
}

static void
drop_groups(struct grouped *g, size_t at, size_t count)
{
    g->count -= count;
    memmove(&g->groups[at], &g->groups[at + count], (g->count - at) * sizeof *g->groups);
}

void
grouped_add(struct grouped *g, size_t first, size_t count)
{
    insert_group(g, g->count, first, count, 0);
}

void
grouped_defer(struct grouped *g, size_t item)
{
    size_t at = 0;

    while (at < g->count && g->groups[at].pass <= g->pass)
        at++;
    insert_group(g, at, item, 1, g->pass + 1);
}

static void
push(struct grouped *g, const struct pg_statement *s)
{
    g->script = xreallocarray(g->script, g->length + 1, sizeof *g->script);
    g->script[g->length++] = *s;
}

static void
push_plain(struct grouped *g, const char *sql)
{
    push(g, &(struct pg_statement){.sql = sql});
}

void
grouped_push(struct grouped *g, const char *sql, int nparams, char *const *params)
{
    struct pg_statement s = {.sql = sql, .nparams = nparams, .planned_anew = g->many};

    g->owned = xreallocarray(g->owned, g->nowned + (size_t) nparams, sizeof *g->owned);
    for (int i = 0; i < nparams; i++) {
        s.params[i] = g->owned[g->nowned++] = params[i];
        g->bytes += params[i] == NULL ? 0 : strlen(params[i]);
    }
    push(g, &s);
}

static void
push_group(struct grouped *g, struct group *group)
{
    size_t begin;

    group->statement = g->length;
    push_plain(g, sql_daemon_savepoint);
    if (g->options.read_only)
        push_plain(g, sql_daemon_read_only);
    begin = g->length;
    g->many = group->count > PLAN_KEPT;
    if (!g->stage.push(g->arg, g, group->first, group->count)) {
        g->length = group->statement;
        group->statements = 0;
        return;
    }
    group->statements = g->length - begin;
    if (g->options.constraints)
        push_plain(g, sql_daemon_constraints);
    push_plain(g, sql_daemon_release);
}

static void parse(void *arg, const struct pg_reply *reply);

/* Groups from the first on, as many as the window takes. */
static void
push_groups(struct grouped *g)
{
    size_t items = 0;

    for (g->pushed = 0; g->pushed < g->count && g->bytes < SCRIPT_BYTES &&
                        (items == 0 || items + g->groups[g->pushed].count <= g->window);
         g->pushed++) {
        push_group(g, &g->groups[g->pushed]);
        if (g->groups[g->pushed].statements > 0)
            items += g->groups[g->pushed].count;
    }
}

static void
run(struct grouped *g)
{
    clear_script(g);
    for (size_t i = 0; g->opening && i < g->options.nopening; i++)
        push(g, &g->options.opening[i]);
    if (g->in_failed_group) {
        push_plain(g, sql_daemon_rollback_to);
        push_plain(g, sql_daemon_release);
    }
    if (g->hurried)
        push_plain(g, sql_daemon_hurry);
    g->prefix = g->length;
    push_groups(g);
    g->in_failed_group = false;
    if (g->length == 0) {
        end(g, NULL, NULL);
        return;
    }
    if (pgconn_state(g->pg) != PGCONN_READY) {
        end(g, "the connection was lost", NULL);
        return;
    }
    pgconn_run(g->pg, g->script, g->length, (int64_t) g->length * g->options.statement_timeout_ms + 5000, parse, g);
}

void
grouped_run(struct grouped *g, const struct grouped_options *options)
{
    g->options = *options;
    g->opening = options->nopening > 0;
    g->window = SIZE_MAX / 8;
    run(g);
}

static void
parse_done(struct grouped *g, const struct group *group, const struct pg_reply *reply)
{
    size_t at = group->statement + 1 + (g->options.read_only ? 1 : 0);

    if (group->statements > 0)
        g->stage.done(g->arg, group->first, group->count, &reply->results[at], group->statements);
}

/* The group that the failed statement belongs to. */
static size_t
failed_group(const struct grouped *g, size_t statement)
{
    size_t at = 0;

    for (size_t i = 0; i < g->pushed; i++)
        if (g->groups[i].statements > 0 && g->groups[i].statement <= statement)
            at = i;
    return at;
}

/* An error that is not one item's. */
static bool
is_batchs(const struct grouped *g, const PGresult *error)
{
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    enum outcome outcome = outcome_of(sqlstate);

    if (g->options.read_only && sqlstate != NULL && strcmp(sqlstate, "25006") == 0)
        return false;
    if (is_raised(PQresultErrorField(error, PG_DIAG_SOURCE_FUNCTION)))
        return false;
    return outcome == OUTCOME_RETRY_SERVER || (outcome == OUTCOME_SCHEMA && !g->options.blame_items);
}

static void
parse_failure(struct grouped *g, const struct pg_reply *reply)
{
    const PGresult *error = reply->results[reply->failed];
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    struct group guilty;
    size_t at;

    if (is_batchs(g, error) || reply->failed < g->prefix) {
        end(g, reply->error, sqlstate);
        return;
    }
    at = failed_group(g, reply->failed);
    guilty = g->groups[at];
    for (size_t i = 0; i < at; i++)
        parse_done(g, &g->groups[i], reply);
    drop_groups(g, 0, at + 1);
    g->pass = guilty.pass;
    g->window = guilty.count;
    g->hurried = g->hurried || strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "57014") == 0;
    if (guilty.count == 1) {
        g->stage.failed(g->arg, g, guilty.first, error, reply->error);
    } else {
        insert_group(g, 0, guilty.first, guilty.count / 2, guilty.pass);
        insert_group(g, 1, guilty.first + guilty.count / 2, guilty.count - guilty.count / 2, guilty.pass);
    }
    g->in_failed_group = true;
    run(g);
}

static void
parse(void *arg, const struct pg_reply *reply)
{
    struct grouped *g = arg;

    if (reply->lost) {
        end(g, reply->error, NULL);
        return;
    }
    if (g->opening && reply->failed >= g->options.nopening) {
        g->opening = false;
        if (g->stage.opened != NULL)
            g->stage.opened(g->arg, reply->results);
    }
    if (reply->error != NULL) {
        parse_failure(g, reply);
        return;
    }
    for (size_t i = 0; i < g->pushed; i++)
        parse_done(g, &g->groups[i], reply);
    drop_groups(g, 0, g->pushed);
    if (g->window < SIZE_MAX / 8)
        g->window *= 4;
    if (g->count > 0)
        run(g);
    else
        end(g, NULL, NULL);
}
