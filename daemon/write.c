/* write.c - stage four; see write.h. The statements are lib/core/sqlwrite.c. */
#include "write.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "fence.h"
#include "grouped.h"
#include "refuse.h"
#include "stuck.h"

#define PLACEHOLDER_LEFT "27000"       /* what dualwrite.placeholder_left() raises */
#define GROUP_BYTES ((size_t) 4 << 20) /* which become three statements with a document of that size each */

struct write {
    struct pgconn *pg;
    struct grouped *groups;
    struct fence *fence;
    write_done done;
    void *arg;
    struct write_request request;
    size_t *order; /* items of the groups: rows, by entity; a row to be tried again stands there once more */
    size_t count;
    size_t *place;      /* of each row: where in `order` it counts; NO_INDEX: nowhere for now */
    size_t freed;       /* rows that were put off and have been written: values that others wait for may be free */
    bool guessed_wrong; /* of some row: it is made or changed after the others */

    struct stuck *stuck;
    size_t *aside; /* rows that need a stuck one */
    size_t naside;
    bool last;    /* the stuck ones have been looked into: who fails now has failed */
    bool *yields; /* of each row: it is written together with others that want its values, and it theirs */
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
clear(struct write *w)
{
    stuck_clear(w->stuck);
    free(w->aside);
    free(w->yields);
    free(w->order);
    free(w->place);
    w->yields = NULL;
    w->order = w->place = w->aside = NULL;
    w->count = w->freed = w->naside = 0;
    w->last = w->guessed_wrong = false;
}

static void
finish(struct write *w, const struct write_answer *answer)
{
    clear(w);
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
    enum { STEPS = 6 };
    static const enum plan_step steps[STEPS] = {PLAN_YIELD,  PLAN_UPDATE,  PLAN_INSERT,
                                                PLAN_REMOVE, PLAN_YIELDED, PLAN_VERIFY};
    const struct write *w = arg;
    struct sqlrows rows;
    char *json;
    bool needed[STEPS] = {[5] = true};

    sqlrows_begin(&rows, row_entity(batch(w), w->request.mapping, &batch(w)->rows[w->order[first]]));
    for (size_t i = first; i < first + count; i++) {
        const struct row *r = &batch(w)->rows[w->order[i]];

        if (!counts(w, i))
            continue;
        needed[0] = needed[4] = needed[0] || w->yields[w->order[i]];
        needed[1] = needed[1] || (r->write && r->guess != GUESS_NEW) || needed[0];
        needed[2] = needed[2] || (r->create && r->guess != GUESS_THERE);
        needed[3] = needed[3] || r->remove;
        sqlrows_add(&rows, r, w->order[i]);
    }
    needed[1] = needed[1] || (needed[2] && needed[3]); /* else were_there() would count removals too */
    json = sqlrows_end(&rows);
    if (json == NULL)
        return false;
    for (size_t i = 0; i < STEPS; i++) {
        const char *sql = plan_of(w, first)->sql[steps[i]];

        if (needed[i] && sql != NULL)
            grouped_push(g, sql, 1, (char *[]){xstrdup(json)});
    }
    free(json);
    return true;
}

static void
place_at_end(struct write *w, size_t row)
{
    w->order = xreallocarray(w->order, w->count + 1, sizeof *w->order);
    w->order[w->count] = row;
    w->place[row] = w->count++;
}

/* An insert without an update before it, of rows that were thought to be new, has found some of them there. */
static bool
were_there(const struct write *w, size_t first, PGresult *const *results, size_t n)
{
    return strncmp(PQcmdStatus(results[0]), "INSERT", 6) == 0 && plan_of(w, first)->sql[PLAN_UPDATE] != NULL &&
           atoi(PQcmdTuples(results[0])) < PQntuples(results[n - 1]);
}

/* The last of the group's statements reads back. A row that was there after all is written again, as one. */
static void
done(void *arg, size_t first, size_t count, PGresult *const *results, size_t n)
{
    struct write *w = arg;
    enum { N, SHADOW, EQUAL };
    const PGresult *result = results[n - 1];
    bool some_there = were_there(w, first, results, n);
    size_t before = w->count;

    (void) count;
    for (int i = 0; i < PQntuples(result); i++) {
        size_t at = (size_t) strtoul(PQgetvalue(result, i, N), NULL, 10);
        struct row *r = &batch(w)->rows[at];

        r->shadow = PQgetvalue(result, i, SHADOW)[0] == 't';
        r->equal = PQgetvalue(result, i, EQUAL)[0] == 't';
        if (row_guessed_wrong(r, some_there)) {
            r->guess = GUESS_NONE;
            w->guessed_wrong = true;
            place_at_end(w, at);
            continue;
        }
        w->freed += subject_of(w, at)->put_off > 0;
        if (r->create && !r->shadow) {
            subject_fail(subject_of(w, at), OUTCOME_PARK, NULL, NULL,
                         "no legacy row came of it: a trigger or rule on the legacy table dropped it");
            batch_fail_children(batch(w), w->request.mapping, r->subject);
        }
    }
    if (w->count > before)
        grouped_add(w->groups, before, w->count - before);
}

static void
run_groups(struct write *w)
{
    const struct grouped_options options = {.constraints = true,
                                            .blame_items = w->request.blame_rows,
                                            .statement_timeout_ms = w->request.statement_timeout_ms};

    grouped_run(w->groups, &options);
}

/* ---- rows that cannot be written yet ---- */

/*
 * Tries `row` again after the others, and after it those that need it. The last one first: where each row waits for the next
 * one's value, as when numbers are moved up, one pass is enough.
 */
static void
defer(struct write *w, struct grouped *g, size_t row)
{
    size_t count;
    const size_t *children = batch_children(batch(w), batch(w)->rows[row].subject, &count);

    place_at_end(w, row);
    for (size_t i = 0; i < count; i++)
        defer(w, g, children[i]);
    grouped_defer(g, w->place[row]);
}

/* Who needs a row that is stuck is not tried before it. */
static void
set_children_aside(struct write *w, size_t row)
{
    size_t count;
    const size_t *children = batch_children(batch(w), batch(w)->rows[row].subject, &count);

    for (size_t i = 0; i < count; i++) {
        if (w->place[children[i]] == NO_INDEX)
            continue;
        w->place[children[i]] = NO_INDEX;
        w->aside = xreallocarray(w->aside, w->naside + 1, sizeof *w->aside);
        w->aside[w->naside++] = children[i];
        set_children_aside(w, children[i]);
    }
}

static void
fail_row(struct write *w, size_t row, const char *sqlstate, const char *constraint, const char *text)
{
    struct subject *s = subject_of(w, row);
    struct buf error = {0};

    buf_puts(&error, text);
    if (is_conflict(sqlstate)) {
        conflict_explain(&error, batch(w), w->request.mapping, stuck_conflicts(w->stuck), row, constraint);
        s->holder = conflict_holder(stuck_conflicts(w->stuck), row, constraint);
    }
    if (strcmp(sqlstate, LOOKUP_MISSING) == 0)
        subject_fail_lookup(s, text);
    else
        subject_fail(s, row_outcome_of(sqlstate), sqlstate, constraint, buf_text(&error));
    buf_free(&error);
    batch_fail_children(batch(w), w->request.mapping, batch(w)->rows[row].subject);
}

static void
failed(void *arg, struct grouped *g, size_t item, const PGresult *error, const char *text)
{
    struct write *w = arg;
    size_t row = w->order[item];
    struct subject *s = subject_of(w, row);
    const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

    /*
     * The row that holds the value may be about to give it up: a name handed over, an owner changed. Every other one was
     * tried since the failure before the last: if none of them could be written, none ever will by itself.
     */
    if (is_conflict(sqlstate) && (s->put_off < 2 || w->freed > s->freed[1])) {
        s->put_off++;
        s->freed[1] = s->freed[0];
        s->freed[0] = w->freed;
        defer(w, g, row);
    } else if (w->guessed_wrong && s->put_off == 0 && outcome_of(sqlstate) == OUTCOME_WAIT) {
        s->put_off++; /* the row that it refers to may be one that was thought to be there, and is made now */
        defer(w, g, row);
    } else if (w->yields[row] && !is_conflict(sqlstate) && row_outcome_of(sqlstate) != OUTCOME_RETRY_ROW &&
               strcmp(sqlstate, PLACEHOLDER_LEFT) != 0) {
        w->yields[row] =
            false; /* it may be its placeholder that legacy refuses: without, the row fails for what it is */
        defer(w, g, row);
    } else if (is_conflict(sqlstate) && !w->last) {
        stuck_add(w->stuck, row, error, text);
        w->place[row] = NO_INDEX;
        set_children_aside(w, row);
    } else {
        fail_row(w, row, sqlstate, PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME), text);
    }
}

/* ---- rows that want each other's values ---- */

/* Adds the rows with a chance among the stuck ones of one entity, in an order in which they can be written. */
static void
add_cycles(struct write *w, size_t entity)
{
    struct conflict_order order = stuck_order(w->stuck, batch(w), entity);

    for (size_t i = 0; i < order.ngroups; i++) {
        const struct conflict_group *g = &order.groups[i];
        size_t first = w->count;

        for (size_t j = g->first; j < g->first + g->count; j++) {
            w->yields[order.rows[j]] = g->count > 1;
            place_at_end(w, order.rows[j]);
        }
        grouped_add(w->groups, first, g->count);
    }
    conflict_order_free(&order);
}

static void
add_aside(struct write *w, size_t entity)
{
    for (size_t i = 0; i < w->naside; i++)
        if (subject_of(w, w->aside[i])->entity == entity) {
            place_at_end(w, w->aside[i]);
            grouped_add(w->groups, w->place[w->aside[i]], 1);
        }
}

/* Who holds what is known now: what can be written together is, the others have failed. */
static void
on_holders(void *arg, const char *error, const char *sqlstate)
{
    struct write *w = arg;
    const struct stuck_row *rows;
    size_t count;

    if (error != NULL) {
        finish(w, &(struct write_answer){.error = error, .sqlstate = sqlstate});
        return;
    }
    w->last = true;
    for (size_t entity = 0; entity < w->request.mapping->count; entity++) {
        add_cycles(w, entity);
        add_aside(w, entity);
    }
    rows = stuck_rows(w->stuck, &count);
    for (size_t i = 0; i < count; i++)
        if (w->place[rows[i].row] == NO_INDEX)
            fail_row(w, rows[i].row, rows[i].sqlstate, rows[i].constraint, rows[i].error);
    run_groups(w);
}

static void
look_into_stuck(struct write *w)
{
    const struct holders_request request = {.batch = batch(w),
                                            .mapping = w->request.mapping,
                                            .plan = w->request.plan,
                                            .blame_rows = w->request.blame_rows,
                                            .statement_timeout_ms = w->request.statement_timeout_ms};

    stuck_look(w->stuck, &request);
}

/* ---- the end ---- */

static void
succeed(struct write *w)
{
    batch_written(batch(w), w->request.mapping);
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
    size_t nstuck;

    stuck_rows(w->stuck, &nstuck);
    if (error != NULL)
        finish(w, &(struct write_answer){.error = error, .sqlstate = sqlstate});
    else if (nstuck > 0 && !w->last)
        look_into_stuck(w);
    else if (!w->request.two)
        succeed(w);
    else if (pgconn_state(w->pg) != PGCONN_READY)
        finish(w, &(struct write_answer){.error = "the connection to the legacy database was lost"});
    else
        pgconn_run(w->pg, &commit, 1, w->request.statement_timeout_ms + 5000, parse_commit, w);
}

/* ---- the beginning ---- */

/* One group per entity at first, or several where rows are long. */
static void
run_all(struct write *w)
{
    for (size_t first = 0, length = 0, i = 0; i < w->count; i++) {
        length += batch(w)->rows[w->order[i]].length;
        if (i + 1 < w->count && length < GROUP_BYTES &&
            subject_of(w, w->order[i + 1])->entity == subject_of(w, w->order[first])->entity)
            continue;
        grouped_add(w->groups, first, i + 1 - first);
        first = i + 1;
        length = 0;
    }
    run_groups(w);
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
        run_all(w);
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
    w->yields = xcalloc(batch(w)->nrows, sizeof *w->yields);
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
    w->stuck = stuck_new(legacy, on_holders, w);
    w->done = on_done;
    w->arg = arg;
    return w;
}

void
write_free(struct write *w)
{
    if (w == NULL)
        return;
    grouped_free(w->groups);
    fence_free(w->fence);
    clear(w);
    stuck_free(w->stuck);
    free(w);
}

void
write_start(struct write *w, const struct write_request *request)
{
    w->request = *request;
    refuse_too_long(request->batch, request->mapping, request->plan);
    collect(w);
    if (w->count == 0)
        succeed(w);
    else if (request->two)
        run_begin(w);
    else
        run_all(w);
}
