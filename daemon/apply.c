/* apply.c - the road of one batch through the stages; see apply.h. What each does is in its own file. */
#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"
#include "companions.h"
#include "hold_parents.h"
#include "mark.h"
#include "parents.h"
#include "read.h"
#include "refuse.h"
#include "reserve.h"
#include "share.h"
#include "write.h"

/* Chains of companions are followed so far: each link costs a few round trips. */
#define COMPANION_ROUNDS 32

struct apply {
    struct pgconn *vnext;
    struct pgconn *legacy;
    bool two;
    struct read *read;
    struct share *share;
    struct companions *companions;
    struct hold_parents *hold_parents;
    struct parents *parents;
    struct reserve *reserve;
    struct write *write;
    struct mark *mark;
    apply_done done;
    void *arg;

    struct apply_request request;
    size_t read_rows;   /* rows that were there before the last read */
    size_t first_added; /* of the subjects that were added last */
    int rounds;         /* in which companions were looked for */
    bool wants_parents; /* companions have been looked for: what is read now are parents */
    char *partitions;   /* that the batch holds, those of such parents too */
    char *xid;
    char *epoch;
    char *leases;
    bool committed; /* by the legacy database, with this epoch */
};

static struct batch *
batch(const struct apply *a)
{
    return a->request.batch;
}

static void
finish(struct apply *a, const struct apply_answer *answer)
{
    struct apply_answer out = *answer;
    char *xid = a->xid;
    char *epoch = a->epoch;
    char *leases = a->leases;

    a->xid = a->epoch = a->leases = NULL;
    out.xid = xid;
    out.leases = leases;
    if (a->committed) {
        out.epoch = epoch;
        out.partitions = a->partitions;
    }
    a->done(a->arg, &out);
    free(xid);
    free(epoch);
    free(leases);
}

static void
fail(struct apply *a, const char *error, const char *sqlstate)
{
    finish(a, &(struct apply_answer){.error = error, .sqlstate = sqlstate});
}

/* With two databases the claim's transaction stays open meanwhile. */
static void
legacy_works(struct apply *a)
{
    if (a->two && pgconn_state(a->vnext) == PGCONN_READY)
        pgconn_keep(a->vnext);
}

/* ---- mark, write ------------------------------------------------------------------------------------------------- */

static void
on_marked(void *arg, const char *error, const char *sqlstate)
{
    if (error != NULL)
        fail(arg, error, sqlstate);
    else
        finish(arg, &(struct apply_answer){0});
}

static void
on_written(void *arg, const struct write_answer *answer)
{
    struct apply *a = arg;
    const struct mark_request request = {
        .batch = batch(a),
        .mapping = a->request.mapping,
        .plan = a->request.plan,
        .blame_rows = a->request.blame_rows,
        .statement_timeout_ms = a->request.statement_timeout_ms,
    };

    a->committed = answer->committed;
    if (answer->error != NULL)
        finish(a,
               &(struct apply_answer){.error = answer->error, .sqlstate = answer->sqlstate, .fenced = answer->fenced});
    else
        mark_start(a->mark, &request);
}

static void
set(char **text, const char *value)
{
    free(*text);
    *text = xstrdup(value);
}

/* A child of a parent whose key has just been reserved learns it from there. */
static void
tell_children(struct apply *a)
{
    struct batch *b = batch(a);

    for (size_t i = 0; i < b->nrows; i++) {
        struct row *r = &b->rows[i];
        const struct mapping_entity *e = row_entity(b, a->request.mapping, r);
        const struct subject *up = r->needs == NO_INDEX ? NULL : &b->subjects[r->needs];

        if (up == NULL)
            continue;
        if (up->state == SUBJECT_FAILED || up->row == NO_INDEX || !b->rows[up->row].create) {
            batch_fail_children(b, a->request.mapping, r->needs);
            continue;
        }
        set(&r->parent_key, b->rows[up->row].key[0]);
        for (size_t k = 0; e->map == NULL && k < r->nkey; k++)
            if (strcmp(e->target_key.items[k], e->parent->target_column) == 0)
                set(&r->key[k], r->parent_key);
    }
}

static void
run_write(struct apply *a)
{
    const struct write_request request = {
        .batch = batch(a),
        .mapping = a->request.mapping,
        .plan = a->request.plan,
        .two = a->two,
        .epoch = a->epoch,
        .leases = a->leases,
        .partitions = a->partitions,
        .blame_rows = a->request.blame_rows,
        .statement_timeout_ms = a->request.statement_timeout_ms,
    };

    tell_children(a);
    refuse_null_keys(batch(a), a->request.mapping);
    legacy_works(a);
    write_start(a->write, &request);
}

/* ---- reserve ----------------------------------------------------------------------------------------------------- */

static void
on_reserved(void *arg, const struct reserve_answer *answer)
{
    struct apply *a = arg;

    if (answer->error != NULL)
        fail(a, answer->error, answer->sqlstate);
    else if (a->two && answer->reserved && !a->request.reserved)
        finish(a, &(struct apply_answer){.again = true});
    else if (a->two && answer->reserved)
        fail(a, "a legacy key that was reserved a moment ago is gone from the map", NULL);
    else
        run_write(a);
}

/* A row that has no legacy row, and is not to get one, is done. */
static void
decide(struct apply *a)
{
    struct batch *b = batch(a);

    for (size_t i = 0; i < b->nrows; i++) {
        struct row *r = &b->rows[i];

        for (size_t k = 0; k < r->nkey && !r->create; k++)
            if (r->key[k] == NULL)
                r->write = r->remove = false;
    }
}

static void
run_reserve(struct apply *a)
{
    const struct reserve_request request = {
        .batch = batch(a),
        .mapping = a->request.mapping,
        .plan = a->request.plan,
        .blame_rows = a->request.blame_rows,
        .statement_timeout_ms = a->request.statement_timeout_ms,
    };

    decide(a);
    legacy_works(a);
    reserve_start(a->reserve, &request);
}

/* ---- rows that are synced along: companions, then parents --------------------------------------------------------- */

/* Subjects that have just joined the batch are in partitions of their own. */
static bool
joined(struct apply *a)
{
    if (batch(a)->nsubjects == a->first_added)
        return false;
    hold_parents_start(a->hold_parents, batch(a), a->request.mapping, a->first_added, a->request.statement_timeout_ms);
    return true;
}

static void
on_parents(void *arg, const char *error, const char *sqlstate)
{
    struct apply *a = arg;

    if (error != NULL)
        fail(a, error, sqlstate);
    else if (!joined(a))
        run_reserve(a);
}

static void
run_parents(struct apply *a)
{
    const struct parents_request request = {
        .batch = batch(a),
        .mapping = a->request.mapping,
        .plan = a->request.plan,
        .first = a->read_rows,
        .statement_timeout_ms = a->request.statement_timeout_ms,
    };

    a->read_rows = batch(a)->nrows;
    a->first_added = batch(a)->nsubjects;
    legacy_works(a);
    parents_start(a->parents, &request);
}

/* Every row is there that is synced for its own sake. */
static void
end_companions(struct apply *a)
{
    a->wants_parents = true;
    a->read_rows = 0;
    run_parents(a);
}

static void
on_companions(void *arg, const char *error, const char *sqlstate)
{
    struct apply *a = arg;

    if (error != NULL)
        fail(a, error, sqlstate);
    else if (!joined(a))
        end_companions(a);
}

static void
run_companions(struct apply *a)
{
    const struct companions_request request = {
        .batch = batch(a),
        .mapping = a->request.mapping,
        .plan = a->request.plan,
        .first = a->read_rows,
        .first_time = a->rounds == 0,
        .two = a->two,
        .blame_rows = a->request.blame_rows,
        .statement_timeout_ms = a->request.statement_timeout_ms,
    };

    if (a->rounds++ == COMPANION_ROUNDS) {
        end_companions(a);
        return;
    }
    a->read_rows = batch(a)->nrows;
    a->first_added = batch(a)->nsubjects;
    legacy_works(a);
    companions_start(a->companions, &request);
}

/* ---- read -------------------------------------------------------------------------------------------------------- */

static void
on_shared(void *arg, const char *error, const char *sqlstate)
{
    if (error != NULL)
        fail(arg, error, sqlstate);
    else
        run_companions(arg);
}

static void
run_share(struct apply *a)
{
    const struct share_request request = {
        .batch = batch(a),
        .mapping = a->request.mapping,
        .plan = a->request.plan,
        .percent = a->request.removal_share,
        .batch_size = a->request.batch_size,
        .statement_timeout_ms = a->request.statement_timeout_ms,
    };

    share_start(a->share, &request);
}

static void
on_read(void *arg, const struct read_answer *answer)
{
    struct apply *a = arg;

    if (a->xid == NULL && *answer->xid != '\0') {
        a->xid = xstrdup(answer->xid);
        a->epoch = xstrdup(answer->epoch);
        a->leases = xstrdup(answer->leases);
    }
    if (answer->error != NULL)
        fail(a, answer->error, answer->sqlstate);
    else if (a->wants_parents)
        run_parents(a);
    else if (a->rounds > 0)
        run_companions(a);
    else
        run_share(a);
}

static void
run_read(struct apply *a, size_t first)
{
    const struct read_request request = {
        .batch = batch(a),
        .mapping = a->request.mapping,
        .plan = a->request.plan,
        .first = first,
        .first_time = first == 0,
        .two = a->two,
        .blame_rows = a->request.blame_rows,
        .statement_timeout_ms = a->request.statement_timeout_ms,
    };

    read_start(a->read, &request);
}

/* ---- the partitions of rows that are synced along ------------------------------------------------------------------ */

/* The batch works in more partitions now, and the fence has to know. */
static void
add_partitions(struct apply *a, const char *partitions)
{
    struct buf out = {0};

    buf_printf(&out, "%.*s,%s}", (int) strlen(a->partitions) - 1, a->partitions, partitions);
    free(a->partitions);
    a->partitions = buf_steal(&out);
}

static void
on_held(void *arg, const struct hold_parents_answer *answer)
{
    struct apply *a = arg;
    struct batch *b = batch(a);

    if (answer->error != NULL) {
        fail(a, answer->error, answer->sqlstate);
        return;
    }
    if (answer->held) {
        add_partitions(a, answer->partitions);
        set(&a->epoch, answer->epoch);
        set(&a->leases, answer->leases);
        run_read(a, a->first_added);
        return;
    }
    for (size_t i = a->first_added; i < b->nsubjects; i++) {
        subject_fail(&b->subjects[i], OUTCOME_WAIT, NULL, NULL, "another daemon works on its partition at this moment");
        batch_fail_children(b, a->request.mapping, i);
        companions_wait(a->companions, i);
    }
    if (a->wants_parents)
        run_reserve(a);
    else
        end_companions(a);
}

void
apply_start(struct apply *a, const struct apply_request *request)
{
    a->request = *request;
    a->read_rows = 0;
    a->committed = false;
    a->rounds = 0;
    a->wants_parents = false;
    set(&a->partitions, request->partitions);
    refuse_nulls(request->batch, request->mapping);
    run_read(a, 0);
}

struct apply *
apply_new(struct pgconn *vnext, struct pgconn *legacy, apply_done done, void *arg)
{
    struct apply *a = xcalloc(1, sizeof *a);

    a->vnext = vnext;
    a->legacy = legacy;
    a->two = vnext != legacy;
    a->done = done;
    a->arg = arg;
    a->read = read_new(vnext, on_read, a);
    a->share = share_new(vnext, on_shared, a);
    a->companions = companions_new(vnext, legacy, on_companions, a);
    a->hold_parents = hold_parents_new(vnext, on_held, a);
    a->parents = parents_new(legacy, on_parents, a);
    a->reserve = reserve_new(vnext, legacy, on_reserved, a);
    a->write = write_new(legacy, on_written, a);
    a->mark = mark_new(vnext, on_marked, a);
    return a;
}

void
apply_free(struct apply *a)
{
    if (a == NULL)
        return;
    read_free(a->read);
    share_free(a->share);
    companions_free(a->companions);
    hold_parents_free(a->hold_parents);
    parents_free(a->parents);
    reserve_free(a->reserve);
    write_free(a->write);
    mark_free(a->mark);
    free(a->xid);
    free(a->epoch);
    free(a->leases);
    free(a->partitions);
    free(a);
}
