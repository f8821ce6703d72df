/* write.c - stage four; see write.h. The statements are lib/core/sqlwrite.c. */
#include "write.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "fence.h"
#include "grouped.h"

struct write {
    struct pgconn *pg;
    struct grouped *groups;
    struct fence *fence;
    write_done done;
    void *arg;
    struct write_request request;
    size_t *order; /* items of the groups: rows, by entity; a row to be tried again stands there once more */
    size_t count;
    size_t *place; /* of each row: where in `order` it counts */
    size_t freed;  /* rows that were put off and have been written: values that others wait for may be free */
};

static struct batch *
batch(const struct write *w)
{
    return w->request.batch;
}

static struct subject *
subject_of(const struct write *w, size_t row)
{
    return &batch(w)->subjects[batch(w)->rows[row].subject];
}

static void
finish(struct write *w, const struct write_answer *answer)
{
    free(w->order);
    free(w->place);
    w->order = w->place = NULL;
    w->count = 0;
    w->done(w->arg, answer);
}

static void
give_up(struct write *w, const struct pg_reply *reply)
{
    struct write_answer answer = {.error = reply->error};

    if (!reply->lost)
        answer.sqlstate = PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);
    finish(w, &answer);
}

static bool
counts(const struct write *w, size_t item)
{
    size_t row = w->order[item];

    return w->place[row] == item && subject_of(w, row)->state == SUBJECT_PENDING;
}

static const struct plan_entity *
plan_of(const struct write *w, size_t item)
{
    return &w->request.plan->entities[subject_of(w, w->order[item])->entity];
}

static bool
push(void *arg, struct grouped *g, size_t first, size_t count)
{
    static const enum plan_step steps[] = {PLAN_UPDATE, PLAN_INSERT, PLAN_REMOVE, PLAN_VERIFY};
    const struct write *w = arg;
    struct buf json = {0};
    bool needed[4] = {false, false, false, true};

    for (size_t i = first; i < first + count; i++) {
        const struct row *r = &batch(w)->rows[w->order[i]];

        if (!counts(w, i))
            continue;
        needed[0] = needed[0] || r->write;
        needed[1] = needed[1] || r->create;
        needed[2] = needed[2] || r->remove;
        buf_puts(&json, json.len == 0 ? "[" : ",\n");
        sqlrow_write(&json, row_entity(batch(w), w->request.mapping, r), r, w->order[i]);
    }
    if (json.len == 0)
        return false;
    buf_putc(&json, ']');
    for (size_t i = 0; i < 4; i++) {
        const char *sql = plan_of(w, first)->sql[steps[i]];
        char *params[] = {NULL};

        if (!needed[i] || sql == NULL)
            continue;
        params[0] = xstrdup(buf_text(&json));
        grouped_push(g, sql, 1, params);
    }
    buf_free(&json);
    return true;
}

/* The last of the group's statements reads back. */
static void
done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    struct write *w = arg;
    const PGresult *result = results[n - 1];

    (void) first;
    (void) count;
    for (int i = 0; i < PQntuples(result); i++) {
        size_t at = (size_t) strtoul(PQgetvalue(result, i, PQfnumber(result, "n")), NULL, 10);
        struct row *r = &batch(w)->rows[at];

        r->shadow = PQgetvalue(result, i, PQfnumber(result, "shadow"))[0] == 't';
        r->equal = PQgetvalue(result, i, PQfnumber(result, "equal"))[0] == 't';
        w->freed += subject_of(w, at)->put_off > 0;
        if (r->create && !r->shadow) {
            subject_fail(subject_of(w, at), OUTCOME_PARK, NULL, NULL,
                         "no legacy row came of it: a trigger or rule on the legacy table dropped it");
            batch_fail_children(batch(w), w->request.mapping, r->subject);
        }
    }
}

/* A value that another row still has may be free once that row was synced too: a name handed over, an owner changed. */
static bool
waits_for_others(const char *sqlstate)
{
    return strcmp(sqlstate, "23505") == 0 || strcmp(sqlstate, "23P01") == 0;
}

/*
 * Tries `row` again after the others, and after it those that need it. The last one first: where each row waits for the next
 * one's value, as when numbers are moved up, one pass is enough.
 */
static void
defer(struct write *w, struct grouped *g, size_t row)
{
    size_t subject = batch(w)->rows[row].subject;

    w->order = xreallocarray(w->order, w->count + 1, sizeof *w->order);
    w->order[w->count] = row;
    w->place[row] = w->count++;
    for (size_t i = 0; i < batch(w)->nrows; i++)
        if (batch(w)->rows[i].needs == subject)
            defer(w, g, i);
    grouped_defer(g, w->place[row]);
}

static void
failed(void *arg, struct grouped *g, size_t item, const PGresult *error, const char *text)
{
    struct write *w = arg;
    const struct row *r = &batch(w)->rows[w->order[item]];
    struct subject *s = subject_of(w, w->order[item]);
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

    /* every other one was tried since the failure before the last: if none of them could be written, none ever will */
    if (waits_for_others(sqlstate) && (s->put_off < 2 || w->freed > s->freed[1])) {
        s->put_off++;
        s->freed[1] = s->freed[0];
        s->freed[0] = w->freed;
        defer(w, g, w->order[item]);
        return;
    }
    if (strcmp(sqlstate, LOOKUP_MISSING) == 0)
        subject_fail_lookup(s, text);
    else
        subject_fail(s, outcome_of(sqlstate), sqlstate, PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME), text);
    batch_fail_children(batch(w), w->request.mapping, r->subject);
}

/* ---- the end ---- */

/* The legacy side is what was asked for; where nothing was, it is. An absent row that has no legacy row needs none. */
static bool
as_wanted(const struct write *w, const struct row *r)
{
    bool deleted = r->remove && row_entity(batch(w), w->request.mapping, r)->removal.kind == REMOVAL_DELETE;

    if (!r->write && !r->create && !r->remove)
        return true;
    return r->shadow ? !deleted && r->equal : !r->create;
}

static void
succeed(struct write *w)
{
    struct batch *b = batch(w);

    for (size_t i = 0; i < b->nsubjects; i++) {
        struct subject *s = &b->subjects[i];

        if (s->state != SUBJECT_PENDING)
            continue;
        s->state = SUBJECT_DONE;
        s->verified = true;
    }
    for (size_t i = 0; i < b->nrows; i++) {
        struct subject *s = &b->subjects[b->rows[i].subject];

        s->verified = s->verified && as_wanted(w, &b->rows[i]);
        if (s->target_key == NULL && b->rows[i].nkey > 0)
            s->target_key = b->rows[i].key[0];
    }
    finish(w, &(struct write_answer){.committed = w->count > 0 && w->request.two});
}

static void
parse_commit(void *arg, const struct pg_reply *reply)
{
    if (reply->error != NULL)
        give_up(arg, reply);
    else
        succeed(arg);
}

static void
end(void *arg, const char *error, const char *sqlstate)
{
    static const struct pg_statement commit = {.sql = sql_daemon_commit};
    struct write *w = arg;

    if (error != NULL)
        finish(w, &(struct write_answer){.error = error, .sqlstate = sqlstate});
    else if (!w->request.two)
        succeed(w);
    else if (pgconn_state(w->pg) != PGCONN_READY)
        finish(w, &(struct write_answer){.error = "the connection to the legacy database was lost"});
    else
        pgconn_run(w->pg, &commit, 1, w->request.statement_timeout_ms + 5000, parse_commit, w);
}

/* ---- the beginning ---- */

static void
run_groups(struct write *w)
{
    const struct grouped_options options = {
        .constraints = true,
        .blame_items = w->request.blame_rows,
        .statement_timeout_ms = w->request.statement_timeout_ms,
    };

    for (size_t first = 0, i = 0; i < w->count; i++)
        if (i + 1 == w->count || subject_of(w, w->order[i + 1])->entity != subject_of(w, w->order[first])->entity) {
            grouped_add(w->groups, first, i + 1 - first);
            first = i + 1;
        }
    grouped_run(w->groups, &options);
}

static void
on_fence(void *arg, const struct fence_answer *answer)
{
    struct write *w = arg;

    if (answer->error != NULL)
        finish(w, &(struct write_answer){.error = answer->error, .sqlstate = answer->sqlstate});
    else if (!answer->passed)
        finish(w,
               &(struct write_answer){.error = "the legacy database's fence keeps this batch out", .fenced = answer});
    else
        run_groups(w);
}

static void
run_begin(struct write *w)
{
    const struct fence_request request = {
        .epoch = w->request.epoch,
        .leases = w->request.leases,
        .partitions = w->request.partitions,
        .statement_timeout_ms = w->request.statement_timeout_ms,
    };

    fence_start(w->fence, &request);
}

/*
 * The server would say that a value is too long, but not of which column; and of blanks at the end it would cut what is too
 * much, and say nothing (manual, 8.3).
 */
static void
refuse_too_long(struct write *w)
{
    struct batch *b = batch(w);

    for (size_t i = 0; i < b->nrows; i++) {
        const struct row *r = &b->rows[i];
        struct subject *s = subject_of(w, i);
        char *why;

        if (s->state != SUBJECT_PENDING || !(r->write || r->create))
            continue;
        why = sqlrow_too_long(row_entity(b, w->request.mapping, r), r, w->request.plan->entities[s->entity].length);
        if (why == NULL)
            continue;
        subject_fail(s, OUTCOME_PARK, "22001", NULL, why);
        batch_fail_children(b, w->request.mapping, r->subject);
        free(why);
    }
}

static void
collect_entity(struct write *w, size_t entity, bool removals)
{
    const struct batch *b = batch(w);

    for (size_t i = 0; i < b->nrows; i++) {
        const struct row *r = &b->rows[i];

        if (subject_of(w, i)->entity != entity || subject_of(w, i)->state != SUBJECT_PENDING ||
            !(removals ? r->remove : r->write || r->create))
            continue;
        w->place[i] = w->count;
        w->order[w->count++] = i;
    }
}

/* The rows that have something to be done: parents are written before children, and removed after them. */
static void
collect(struct write *w)
{
    size_t entities = w->request.mapping->count;

    w->order = xcalloc(batch(w)->nrows, sizeof *w->order);
    w->place = xcalloc(batch(w)->nrows, sizeof *w->place);
    for (size_t entity = 0; entity < entities; entity++)
        collect_entity(w, entity, false);
    for (size_t entity = entities; entity-- > 0;)
        collect_entity(w, entity, true);
}

struct write *
write_new(struct pgconn *legacy, write_done on_done, void *arg)
{
    static const struct grouped_stage stage = {push, done, failed, NULL, end};
    struct write *w = xcalloc(1, sizeof *w);

    w->pg = legacy;
    w->groups = grouped_new(legacy, &stage, w);
    w->fence = fence_new(legacy, on_fence, w);
    w->done = on_done;
    w->arg = arg;
    return w;
}

void
write_free(struct write *w)
{
    if (w != NULL) {
        grouped_free(w->groups);
        fence_free(w->fence);
        free(w->order);
        free(w->place);
    }
    free(w);
}

void
write_start(struct write *w, const struct write_request *request)
{
    w->request = *request;
    w->count = w->freed = 0;
    refuse_too_long(w);
    collect(w);
    if (w->count == 0)
        succeed(w);
    else if (request->two)
        run_begin(w);
    else
        run_groups(w);
}
