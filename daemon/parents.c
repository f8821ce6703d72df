/* parents.c - parents that have no legacy row; see parents.h. */
#include "parents.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"

struct parents {
    struct pgconn *legacy;
    parents_done done;
    void *arg;
    struct parents_request request;
};

static struct batch *
batch(const struct parents *p)
{
    return p->request.batch;
}

/* What is done with it takes a legacy row of its parent. */
static bool
has_parent(const struct parents *p, const struct row *r)
{
    const struct mapping_entity *e = row_entity(batch(p), p->request.mapping, r);
    bool in_key = false;
    bool linked;

    if (e->parent == NULL || r->parent == NULL || batch(p)->subjects[r->subject].state != SUBJECT_PENDING)
        return false;
    for (size_t i = 0; i < e->target_key.count; i++)
        in_key = in_key || strcmp(e->target_key.items[i], e->parent->target_column) == 0;
    /* an absent row with a legacy one too: else that would lose its parent */
    linked = r->write && !in_key && r->nkey > 0 && r->key[0] != NULL;
    return r->create || linked;
}

/* The rows from `first` on need their parents: those that are not in the batch join it. */
static void
need_parents(struct parents *p, const bool *missing)
{
    struct batch *b = batch(p);

    for (size_t i = p->request.first; i < b->nrows; i++) {
        struct row *r = &b->rows[i];
        size_t entity;

        if (!has_parent(p, r) || (r->parent_key != NULL && (missing == NULL || !missing[i - p->request.first])))
            continue;
        entity = row_entity(b, p->request.mapping, r)->parent->index;
        batch_need(b, i, batch_parent(b, p->request.mapping, entity, r->parent));
    }
    p->done(p->arg, NULL, NULL);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Which rows' parents are among the keys of `result`. */
static void
note_missing(const struct parents *p, size_t parent, const PGresult *result, bool *missing)
{
    const struct batch *b = batch(p);
    size_t n = (size_t) PQntuples(result);
    char **keys = xcalloc(n, sizeof *keys);

    for (size_t i = 0; i < n; i++)
        keys[i] = PQgetvalue(result, (int) i, 0);
    qsort(keys, n, sizeof *keys, compare_texts);
    for (size_t i = p->request.first; n > 0 && i < b->nrows; i++) {
        const struct row *r = &b->rows[i];

        if (has_parent(p, r) && r->parent_key != NULL && row_entity(b, p->request.mapping, r)->parent->index == parent)
            missing[i - p->request.first] = bsearch(&r->parent_key, keys, n, sizeof *keys, compare_texts) != NULL;
    }
    free(keys);
}

/* The parents' keys that rows from `first` on name, as an array literal; NULL when they name none. */
static char *
parent_keys(const struct parents *p, size_t parent)
{
    const struct batch *b = batch(p);
    struct buf out = {0};
    bool any = false;

    pgarray_open(&out);
    for (size_t i = p->request.first; i < b->nrows; i++) {
        const struct row *r = &b->rows[i];

        if (!has_parent(p, r) || r->parent_key == NULL || row_entity(b, p->request.mapping, r)->parent->index != parent)
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
    struct parents *p = arg;
    bool *missing;
    size_t statement = 0;

    if (reply->error != NULL) {
        p->done(p->arg, reply->error,
                reply->lost ? NULL : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE));
        return;
    }
    missing = xcalloc(batch(p)->nrows - p->request.first, sizeof *missing);
    for (size_t e = 0; e < p->request.mapping->count; e++) {
        char *keys = parent_keys(p, e);

        if (keys != NULL)
            note_missing(p, e, reply->results[statement++], missing);
        free(keys);
    }
    need_parents(p, missing);
    free(missing);
}

void
parents_start(struct parents *p, const struct parents_request *request)
{
    const struct mapping *m = request->mapping;
    struct pg_statement *script = xcalloc(m->count, sizeof *script);
    char **keys = xcalloc(m->count, sizeof *keys);
    size_t n = 0;

    p->request = *request;
    for (size_t e = 0; e < m->count; e++) {
        keys[n] = parent_keys(p, e);
        if (keys[n] == NULL)
            continue;
        script[n] = (struct pg_statement){
            .sql = p->request.plan->entities[e].sql[PLAN_MISSING], .nparams = 1, .params = {keys[n]}};
        n++;
    }
    if (n == 0)
        need_parents(p, NULL);
    else if (pgconn_state(p->legacy) != PGCONN_READY)
        p->done(p->arg, "the connection to the legacy database was lost", NULL);
    else
        pgconn_run(p->legacy, script, n, (int64_t) n * p->request.statement_timeout_ms + 5000, parse_missing, p);
    for (size_t i = 0; i < n; i++)
        free(keys[i]);
    free(keys);
    free(script);
}

struct parents *
parents_new(struct pgconn *legacy, parents_done done, void *arg)
{
    struct parents *p = xcalloc(1, sizeof *p);

    p->legacy = legacy;
    p->done = done;
    p->arg = arg;
    return p;
}

void
parents_free(struct parents *p)
{
    free(p);
}
