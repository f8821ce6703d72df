/* arm.c - the doorbell and the barrier; see arm.h. */
#include "arm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/xalloc.h"
#include "embedded.h"

enum { BARRIER = 4 }; /* where its answer stands in arm_start()'s script */

struct arm {
    struct pgconn *pg;
    arm_done done;
    void *arg;
};

struct arm *
arm_new(struct pgconn *pg, arm_done done, void *arg)
{
    struct arm *a = xcalloc(1, sizeof *a);

    a->pg = pg;
    a->done = done;
    a->arg = arg;
    return a;
}

void
arm_free(struct arm *a)
{
    free(a);
}

static void
parse_arm(void *arg, const struct pg_reply *reply)
{
    struct arm *a = arg;

    if (reply->error != NULL && !reply->lost)
        pgconn_reset(a->pg, reply->error);
    a->done(a->arg, reply->error != NULL ? NULL : PQgetvalue(reply->results[BARRIER], 0, 0));
}

/* The doorbell in one transaction, the barrier in a later one: a writer that missed the former is older than the latter. */
void
arm_start(struct arm *a, const char *instance, int64_t doorbell_ms, int64_t timeout_ms)
{
    char ms[24];
    const struct pg_statement script[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_arm, .nparams = 2, .params = {instance, ms}},
        {.sql = sql_daemon_commit},
        {.sql = sql_daemon_begin},
        [BARRIER] = {.sql = sql_daemon_barrier},
        {.sql = sql_daemon_commit},
    };

    snprintf(ms, sizeof ms, "%" PRId64, doorbell_ms);
    pgconn_run(a->pg, script, sizeof script / sizeof script[0], timeout_ms, parse_arm, a);
}
