/* share.c - removals that are too many; see share.h. */
#include "share.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "dualwrite/log.h"
#include "dualwrite/monotime.h"
#include "dualwrite/share.h"
#include "dualwrite/xalloc.h"

#define ALLOWED_MS 10000    /* how long an answer holds for the removals that waited then */
#define OCCURRENCE_MS 10000 /* removals that come sooner after a stop belong to it, however few */

/* What is remembered of an entity. */
struct known {
    int64_t allowed; /* so many removals waited, and were not too many: they need not be asked about again */
    int64_t up_to;   /* ... the newest of them: who comes later was not counted */
    monotime until;
    monotime told; /* the last stop */
    bool stopped;
};

struct share {
    struct pgconn *pg;
    share_done done;
    void *arg;
    struct share_request request;
    struct known *known;           /* by entity */
    const struct mapping *mapping; /* whose entities these are */
    size_t *asked;                 /* entities of the script under way */
    size_t nasked;
};

static monotime
now(void)
{
    return (monotime){(int64_t) uv_hrtime()};
}

/* There was a stop a moment ago. */
static bool
goes_on(const struct known *k)
{
    return k->stopped && monotime_diff_ms(now(), k->told) < OCCURRENCE_MS;
}

static void
say(struct share *s, size_t entity, int64_t removals, int64_t left)
{
    const struct mapping_entity *e = &s->request.mapping->entities[entity];
    struct known *k = &s->known[entity];
    bool new = !goes_on(k);
    struct log_line l = {0};
    struct buf msg = {0};

    k->stopped = true;
    k->told = now();
    if (!new)
        return;
    buf_printf(&msg,
               "removals are stopped and parked, their legacy rows stay: `dualwrited failed retry --entity %s "
               "--operation %s` removes them, `dualwrited failed discard --entity %s --operation %s` forgets them",
               e->name, e->operation_remove, e->name, e->operation_remove);
    log_begin(&l, LOG_ERROR, "removal_share_exceeded");
    log_str(&l, "operation", e->operation_remove);
    log_str(&l, "entity", e->name);
    log_int(&l, "removals", removals);
    log_int(&l, "rows", removals + left);
    log_int(&l, "share_percent", s->request.percent);
    log_str(&l, "msg", buf_text(&msg));
    log_end(&l);
    buf_free(&msg);
}

static void
judge(struct share *s, size_t entity, const PGresult *result)
{
    int64_t removals = strtoll(PQgetvalue(result, 0, PQfnumber(result, "removals")), NULL, 10);
    int64_t left = strtoll(PQgetvalue(result, 0, PQfnumber(result, "rows")), NULL, 10);
    struct known *k = &s->known[entity];
    int64_t newest;

    if (share_exceeded(removals, left, s->request.percent)) {
        say(s, entity, removals, left);
        share_stop(s->request.batch, s->request.mapping, entity, removals, left, s->request.percent);
        return;
    }
    k->stopped = false;
    k->allowed = removals - (int64_t) share_fresh(s->request.batch, entity, &newest);
    k->up_to = strtoll(PQgetvalue(result, 0, PQfnumber(result, "newest")), NULL, 10);
    k->until = monotime_add_ms(now(), ALLOWED_MS);
}

static void
parse_waiting(void *arg, const struct pg_reply *reply)
{
    struct share *s = arg;

    for (size_t i = 0; reply->error == NULL && i < s->nasked; i++)
        judge(s, s->asked[i], reply->results[i]);
    s->done(s->arg, reply->error,
            reply->error == NULL || reply->lost ? NULL
                                                : PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE));
}

/* Whether it has to be asked how many removals of `entity` wait. */
static bool
asks(struct share *s, size_t entity)
{
    int64_t newest;
    int64_t fresh = (int64_t) share_fresh(s->request.batch, entity, &newest);
    struct known *k = &s->known[entity];
    int64_t enough = s->request.batch_size < SHARE_ASK ? s->request.batch_size : SHARE_ASK;

    if (fresh < (goes_on(k) ? 1 : enough))
        return false;
    if (fresh > k->allowed || newest > k->up_to || monotime_diff_ms(k->until, now()) <= 0)
        return true;
    k->allowed -= fresh;
    return false;
}

void
share_start(struct share *s, const struct share_request *request)
{
    const struct mapping *m = request->mapping;
    struct pg_statement *script = xcalloc(m->count, sizeof *script);
    char percent[12];

    s->request = *request;
    if (s->mapping != m) {
        free(s->known);
        free(s->asked);
        s->known = xcalloc(m->count, sizeof *s->known);
        s->asked = xcalloc(m->count, sizeof *s->asked);
        s->mapping = m;
    }
    snprintf(percent, sizeof percent, "%d", request->percent);
    s->nasked = 0;
    for (size_t e = 0; request->percent < SHARE_OFF && e < m->count; e++)
        if (asks(s, e)) {
            script[s->nasked] = (struct pg_statement){
                .sql = request->plan->entities[e].sql[PLAN_REMOVALS], .nparams = 1, .params = {percent}};
            s->asked[s->nasked++] = e;
        }
    if (s->nasked == 0)
        s->done(s->arg, NULL, NULL);
    else if (pgconn_state(s->pg) != PGCONN_READY)
        s->done(s->arg, "the connection to the vNext database was lost", NULL);
    else
        pgconn_run(s->pg, script, s->nasked, (int64_t) s->nasked * request->statement_timeout_ms + 5000, parse_waiting,
                   s);
    free(script);
}

struct share *
share_new(struct pgconn *vnext, share_done done, void *arg)
{
    struct share *s = xcalloc(1, sizeof *s);

    s->pg = vnext;
    s->done = done;
    s->arg = arg;
    return s;
}

void
share_free(struct share *s)
{
    if (s != NULL) {
        free(s->known);
        free(s->asked);
    }
    free(s);
}
