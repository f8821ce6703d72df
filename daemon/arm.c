/* arm.c - the doorbell and the barrier; see arm.h. */
#include "arm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/monotime.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

enum { BARRIER = 4 }; /* where its answer stands in arm_start()'s script */

struct arm {
    struct pgconn *pg;
    arm_done done;
    void *arg;
    bool up;        /* we set the doorbell and have not taken it down */
    monotime began; /* to set it: an answer that comes late must not make it look younger than it is */
    int64_t stands_ms;
    char barrier[32]; /* "": none was taken since it was set */
};

static monotime
now(void)
{
    return (monotime){(int64_t) uv_hrtime()};
}

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
    if (reply->error == NULL) {
        a->up = true;
        snprintf(a->barrier, sizeof a->barrier, "%s", PQgetvalue(reply->results[BARRIER], 0, 0));
    }
    a->done(a->arg, reply->error == NULL);
}

/* The doorbell in one transaction, the barrier in a later one: a writer that missed the former is older than the latter. */
void
arm_start(struct arm *a, const char *instance, int64_t doorbell_ms, int64_t timeout_ms)
{
    char ms[24];
    const struct pg_statement script[] = {
        {.sql = sql_daemon_begin},
        {.sql = sql_daemon_by_index}, /* as in a claim: else the plan of what both call is none that is kept */
        {.sql = sql_daemon_arm, .nparams = 2, .params = {instance, ms}},
        {.sql = sql_daemon_commit},
        [BARRIER] = {.sql = sql_daemon_barrier}, /* a transaction by itself */
    };

    a->began = now();
    a->stands_ms = doorbell_ms;
    snprintf(ms, sizeof ms, "%" PRId64, doorbell_ms);
    pgconn_run(a->pg, script, sizeof script / sizeof script[0], timeout_ms, parse_arm, a);
}

const char *
arm_barrier(const struct arm *a)
{
    return a->barrier;
}

bool
arm_is_late(const struct arm *a)
{
    return monotime_diff_ms(now(), a->began) > a->stands_ms / 2;
}

bool
arm_take_down(struct arm *a)
{
    bool up = a->up;

    a->up = false;
    return up;
}

void
arm_forget(struct arm *a)
{
    a->barrier[0] = '\0';
}
