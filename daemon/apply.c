/* apply.c - the road of one batch through the stages; see apply.h. What each does is in its own file. */
#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "hold_parents.h"
#include "mark.h"
#include "read.h"
#include "reserve.h"
#include "write.h"

struct apply {
    struct pgconn *vnext;
    struct pgconn *legacy;
    bool two;
    struct read *read;
    struct hold_parents *hold_parents;
    struct reserve *reserve;
    struct write *write;
    struct mark *mark;
    apply_done done;
    void *arg;

    struct apply_request request;
    size_t read_rows;    /* rows that were there before the last read */
    size_t first_parent; /* of the subjects that were added last */
    char *partitions;    /* that the batch holds, those of such parents too */
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

/* A lookup can make NULL of a part of the key: such a row would be found by nobody, and made anew each time. */
static void
refuse_null_keys(struct apply *a)
{
    struct batch *b = batch(a);

    for (size_t i = 0; i < b->nrows; i++) {
        const struct row *r = &b->rows[i];
        struct subject *s = &b->subjects[r->subject];
        struct buf why = {0};

        for (size_t k = 0; k < r->nkey && r->create && s->state == SUBJECT_PENDING; k++) {
            if (r->key[k] != NULL)
                continue;
            buf_printf(&why, "the legacy key's column %s would be NULL",
                       row_entity(b, a->request.mapping, r)->target_key.items[k]);
            subject_fail(s, OUTCOME_PARK, NULL, NULL, buf_text(&why));
            batch_fail_children(b, a->request.mapping, r->subject);
        }
        buf_free(&why);
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
    refuse_null_keys(a);
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

/* ---- parents that have no legacy row ------------------------------------------------------------------------------ */

static bool
has_parent(const struct apply *a, const struct row *r)
{
    const struct mapping_entity *e = row_entity(batch(a), a->request.mapping, r);
    bool in_key = false;
    bool linked;

    if (e->parent == NULL || r->parent == NULL)
        return false;
    for (size_t i = 0; i < e->target_key.count; i++)
        in_key = in_key || strcmp(e->target_key.items[i], e->parent->target_column) == 0;
    /* an absent row with a legacy one too: else that would lose its parent */
    linked = r->write && !in_key && r->nkey > 0 && r->key[0] != NULL;
    return r->create || linked;
}

/* The rows from read_rows on need their parents; reads those that are not in the batch, and their parents in turn. */
static void
need_parents(struct apply *a, const bool *missing)
{
    struct batch *b = batch(a);
    size_t subjects = b->nsubjects;

    for (size_t i = a->read_rows; i < b->nrows; i++) {
        struct row *r = &b->rows[i];
        size_t entity;

        if (!has_parent(a, r) || (r->parent_key != NULL && (missing == NULL || !missing[i - a->read_rows])))
            continue;
        entity = row_entity(b, a->request.mapping, r)->parent->index;
        r->needs = batch_parent(b, a->request.mapping, entity, r->parent);
    }
    a->read_rows = b->nrows;
    a->first_parent = subjects;
    if (b->nsubjects > subjects)
        hold_parents_start(a->hold_parents, b, subjects, a->request.statement_timeout_ms);
    else
        run_reserve(a);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Which rows' parents are among the keys of `result`. */
static void
note_missing(const struct apply *a, size_t parent, const PGresult *result, bool *missing)
{
    const struct batch *b = batch(a);
    size_t n = (size_t) PQntuples(result);
    char **keys = xcalloc(n, sizeof *keys);

    for (size_t i = 0; i < n; i++)
        keys[i] = PQgetvalue(result, (int) i, 0);
    qsort(keys, n, sizeof *keys, compare_texts);
    for (size_t i = a->read_rows; n > 0 && i < b->nrows; i++) {
        const struct row *r = &b->rows[i];

        if (has_parent(a, r) && r->parent_key != NULL && row_entity(b, a->request.mapping, r)->parent->index == parent)
            missing[i - a->read_rows] = bsearch(&r->parent_key, keys, n, sizeof *keys, compare_texts) != NULL;
    }
    free(keys);
}

/* The parents' keys that rows from read_rows on name, as an array literal; NULL when they name none. */
static char *
parent_keys(const struct apply *a, size_t parent)
{
    const struct batch *b = batch(a);
    struct buf out = {0};
    bool any = false;

    pgarray_open(&out);
    for (size_t i = a->read_rows; i < b->nrows; i++) {
        const struct row *r = &b->rows[i];

        if (!has_parent(a, r) || r->parent_key == NULL || row_entity(b, a->request.mapping, r)->parent->index != parent)
            continue;
        any = true;
        pgarray_add(&out, r->parent_key);
    }
    pgarray_close(&out);
    if (any)
        return buf_steal(&out);
    buf_free(&out);
    return NULL;
}

static void
parse_missing(void *arg, const struct pg_reply *reply)
{
    struct apply *a = arg;
    bool *missing;
    size_t statement = 0;

    if (reply->error != NULL) {
        fail(a, reply->error, reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE));
        return;
    }
    missing = xcalloc(batch(a)->nrows - a->read_rows, sizeof *missing);
    for (size_t e = 0; e < a->request.mapping->count; e++) {
        char *keys = parent_keys(a, e);

        if (keys != NULL)
            note_missing(a, e, reply->results[statement++], missing);
        free(keys);
    }
    need_parents(a, missing);
    free(missing);
}

static void
run_missing(struct apply *a)
{
    const struct mapping *m = a->request.mapping;
    struct pg_statement *script = xcalloc(m->count, sizeof *script);
    char **keys = xcalloc(m->count, sizeof *keys);
    size_t n = 0;

    for (size_t e = 0; e < m->count; e++) {
        keys[n] = parent_keys(a, e);
        if (keys[n] == NULL)
            continue;
        script[n] = (struct pg_statement){
            .sql = a->request.plan->entities[e].sql[PLAN_MISSING], .nparams = 1, .params = {keys[n]}};
        n++;
    }
    if (n == 0)
        need_parents(a, NULL);
    else if (pgconn_state(a->legacy) != PGCONN_READY)
        fail(a, "the connection to the legacy database was lost", NULL);
    else {
        legacy_works(a);
        pgconn_run(a->legacy, script, n, (int64_t) n * a->request.statement_timeout_ms + 5000, parse_missing, a);
    }
    for (size_t i = 0; i < n; i++)
        free(keys[i]);
    free(keys);
    free(script);
}

/* ---- read -------------------------------------------------------------------------------------------------------- */

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
    else
        run_missing(a);
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

/* ---- the partitions of parents ------------------------------------------------------------------------------------ */

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
        run_read(a, a->first_parent);
        return;
    }
    for (size_t i = a->first_parent; i < b->nsubjects; i++) {
        subject_fail(&b->subjects[i], OUTCOME_WAIT, NULL, NULL, "another daemon works on its partition at this moment");
        batch_fail_children(b, a->request.mapping, i);
    }
    run_reserve(a);
}

/* A row whose identity is NULL cannot have a legacy row. */
static void
refuse_nulls(struct apply *a)
{
    struct batch *b = batch(a);

    for (size_t i = 0; i < b->nsubjects; i++) {
        struct subject *s = &b->subjects[i];

        if (subject_null_column(b, a->request.mapping, s) == NULL)
            continue;
        if (s->removal)
            s->state = SUBJECT_DONE; /* what never had a legacy row cannot lose it */
        else
            subject_fail(s, OUTCOME_PARK, NULL, NULL,
                         "a column that says which legacy row is meant is NULL; give it a value, or delete the row");
    }
}

void
apply_start(struct apply *a, const struct apply_request *request)
{
    a->request = *request;
    a->read_rows = 0;
    a->committed = false;
    set(&a->partitions, request->partitions);
    refuse_nulls(a);
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
    a->hold_parents = hold_parents_new(vnext, on_held, a);
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
    hold_parents_free(a->hold_parents);
    reserve_free(a->reserve);
    write_free(a->write);
    mark_free(a->mark);
    free(a->xid);
    free(a->epoch);
    free(a->leases);
    free(a->partitions);
    free(a);
}
