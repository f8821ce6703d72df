/* restored.c - see restored.h. */
#include "restored.h"

#include <stdlib.h>

#include "dualwrite/log.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define ANSWER_MS 30000

struct restored {
    struct pgconn *vnext;
    struct pgconn *legacy;
    restored_done done;
    void *arg;
    const struct mapping *mapping;
    char *leases;
    int drop, raise, lineage; /* where their answers stand in the script under way; -1: not in it */
};

struct restored *
restored_new(struct pgconn *vnext, struct pgconn *legacy, restored_done done, void *arg)
{
    struct restored *r = xcalloc(1, sizeof *r);

    r->vnext = vnext;
    r->legacy = legacy;
    r->done = done;
    r->arg = arg;
    return r;
}

void
restored_free(struct restored *r)
{
    if (r != NULL)
        free(r->leases);
    free(r);
}

static char *
entities(const struct mapping *m)
{
    struct buf out = {0};

    pgarray_open(&out);
    for (size_t i = 0; i < m->count; i++)
        pgarray_add(&out, m->entities[i].name);
    pgarray_close(&out);
    return buf_steal(&out);
}

static bool
said(const struct pg_reply *reply, int at)
{
    return at >= 0 && PQgetvalue(reply->results[at], 0, 0)[0] == 't';
}

static void
parse_done(void *arg, const struct pg_reply *reply)
{
    struct restored *r = arg;

    if (reply->error == NULL && said(reply, r->drop))
        log_msg(
            LOG_WARNING, "legacy_restored",
            "the legacy database has lost batches that it had committed: it was restored from an older copy, or "
            "another one took its place; every mapped table is synced anew, and legacy rows whose vNext row is gone "
            "are left alone");
    if (reply->error == NULL && said(reply, r->raise))
        log_msg(
            LOG_WARNING, "epoch_raised",
            "the legacy database knows a later epoch than the vNext one has ever drawn: the vNext database was "
            "restored from an older copy; every mapped table is synced anew, and legacy rows whose vNext row is gone "
            "are left alone");
    if (reply->error == NULL && said(reply, r->lineage))
        log_msg(
            LOG_WARNING, "failed_over",
            "the vNext database is another server's, or another copy, than it was: what was committed last in the one "
            "before may be missing here, and be in the legacy database; every mapped table is synced anew");
    r->done(r->arg, reply->error);
}

static bool
lost(struct restored *r, struct pgconn *pg)
{
    if (pgconn_state(pg) == PGCONN_READY)
        return false;
    r->done(r->arg, "the connection was lost");
    return true;
}

/* ---- on fresh connections ---- */

static void
parse_fences(void *arg, const struct pg_reply *reply)
{
    struct restored *r = arg;
    struct pg_statement script[] = {
        {.sql = sql_daemon_read_write},
        {.sql = sql_daemon_lease_drop, .nparams = 4},
        {.sql = sql_daemon_epoch_raise, .nparams = 2},
        {.sql = sql_daemon_lineage, .nparams = 1},
    };
    char *all;

    if (reply->error != NULL) {
        r->done(r->arg, reply->error);
        return;
    }
    if (lost(r, r->vnext))
        return;
    all = entities(r->mapping);
    script[1].params[0] = PQgetvalue(reply->results[0], 0, PQfnumber(reply->results[0], "partitions"));
    script[1].params[1] = PQgetvalue(reply->results[0], 0, PQfnumber(reply->results[0], "fences"));
    script[1].params[2] = r->leases;
    script[1].params[3] = all;
    script[2].params[0] = PQgetvalue(reply->results[0], 0, PQfnumber(reply->results[0], "highest"));
    script[2].params[1] = all;
    script[3].params[0] = all;
    r->drop = 1;
    r->raise = 2;
    r->lineage = 3;
    pgconn_run(r->vnext, script, 4, ANSWER_MS, parse_done, r);
    free(all);
}

static void
parse_leases(void *arg, const struct pg_reply *reply)
{
    static const struct pg_statement script = {.sql = sql_daemon_fences};
    struct restored *r = arg;

    if (reply->error != NULL) {
        r->done(r->arg, reply->error);
        return;
    }
    free(r->leases);
    r->leases = xstrdup(PQgetvalue(reply->results[0], 0, 0));
    if (!lost(r, r->legacy))
        pgconn_run(r->legacy, &script, 1, ANSWER_MS, parse_fences, r);
}

void
restored_compare(struct restored *r, const struct mapping *mapping)
{
    static const struct pg_statement script = {.sql = sql_daemon_leases};

    r->mapping = mapping;
    if (!lost(r, r->vnext))
        pgconn_run(r->vnext, &script, 1, ANSWER_MS, parse_leases, r);
}

/* ---- in the midst of work ---- */

void
restored_fenced(struct restored *r, const struct mapping *mapping, const struct fence_answer *fence, const char *leases)
{
    char *all = entities(mapping);
    const struct pg_statement dropping[] = {
        {.sql = sql_daemon_lease_drop, .nparams = 4, .params = {fence->partitions, fence->fences, leases, all}},
        {.sql = sql_daemon_commit},
    };
    /* the second is an implicit transaction of its own */
    const struct pg_statement raising[] = {
        {.sql = sql_daemon_rollback},
        {.sql = sql_daemon_epoch_raise, .nparams = 2, .params = {fence->highest, all}},
    };

    r->drop = fence->restored ? 0 : -1;
    r->raise = fence->restored ? -1 : 1;
    r->lineage = -1;
    if (!lost(r, r->vnext))
        pgconn_run(r->vnext, fence->restored ? dropping : raising, 2, ANSWER_MS, parse_done, r);
    free(all);
}
