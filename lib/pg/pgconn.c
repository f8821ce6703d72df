/*
 * pgconn.c - one asynchronous libpq connection on a libuv loop; see dualwrite/pgconn.h.
 *
 * Ownership: `poll` is a handle of its own per connection attempt, freed in its close callback, because libpq may
 * change the socket between two steps of a connection and a libuv handle belongs to one file descriptor for life
 * (libuv manual, uv_poll_t). The struct itself is freed when its last handle has closed.
 */
#include "dualwrite/pgconn.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/conninfo.h"
#include "dualwrite/log.h"
#include "dualwrite/pgscript.h"
#include "dualwrite/resolve.h"
#include "dualwrite/retry.h"
#include "dualwrite/xalloc.h"

struct pgconn {
    uv_loop_t *loop;
    char *name;
    char *url;
    struct pgconn_events events;
    void *arg;

    enum pgconn_state state;
    PGconn *pq;
    uv_poll_t *poll; /* NULL when not watching */
    int watched;     /* events that poll watches */
    struct resolve *resolving;
    uv_timer_t
        timer; /* PGCONN_CONNECTING: the attempt's limit; BUSY: the script's; WAITING: the next attempt; READY: pgconn_keep() */
    uint64_t limit; /* uv_now() by which what the timer watches has ended, or has been ended by it */
    unsigned failures;
    unsigned session;
    uint64_t heard; /* uv_now() when the script was sent, or the server last said something */
    size_t hosts;   /* in the connection string, by address: each attempt tries one */
    size_t turn;
    bool closing;
    uint64_t planned; /* uv_now() since when what is prepared has its plans */

    struct pgscript script;
};

#define KEEP_MS 2500
#define KEEP_TRIES 4
#define REPLAN_MS 10000 /* how old plans may be */

static void attempt(struct pgconn *c);
static void on_poll(uv_poll_t *handle, int status, int events);

const char *
pgconn_state_name(enum pgconn_state s)
{
    static const char *const names[] = {"idle", "resolving", "connecting", "ready", "busy", "waiting"};

    return names[s];
}

enum pgconn_state
pgconn_state(const struct pgconn *c)
{
    return c->state;
}

int
pgconn_server_version(const struct pgconn *c)
{
    return c->pq == NULL ? 0 : PQserverVersion(c->pq);
}

const char *
pgconn_user(const struct pgconn *c)
{
    return c->pq == NULL ? "" : PQuser(c->pq);
}

static void
enter(struct pgconn *c, enum pgconn_state next, const char *why)
{
    bool busy_loop = (c->state == PGCONN_READY && next == PGCONN_BUSY) || c->state == PGCONN_BUSY;

    if (c->state != next && !(busy_loop && next != PGCONN_WAITING))
        log_msg(LOG_DEBUG, "connection_state", "%s: %s -> %s, %s", c->name, pgconn_state_name(c->state),
                pgconn_state_name(next), why);
    c->state = next;
}

static void
free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void
unwatch(struct pgconn *c)
{
    if (c->poll == NULL)
        return;
    uv_poll_stop(c->poll);
    uv_close((uv_handle_t *) c->poll, free_handle);
    c->poll = NULL;
    c->watched = 0;
}

/* Watches the present socket for `events`. */
static void
watch(struct pgconn *c, int events)
{
    if (c->poll == NULL) {
        c->poll = xcalloc(1, sizeof *c->poll);
        if (uv_poll_init(c->loop, c->poll, PQsocket(c->pq)) != 0) {
            free(c->poll);
            c->poll = NULL;
            return;
        }
        c->poll->data = c;
    }
    if (c->watched != events)
        uv_poll_start(c->poll, events, on_poll);
    c->watched = events;
}

static void
limit(struct pgconn *c, uv_timer_cb ended, int64_t ms)
{
    c->limit = uv_now(c->loop) + (uint64_t) ms;
    uv_timer_start(&c->timer, ended, (uint64_t) ms, 0);
}

static void
on_retry(uv_timer_t *timer)
{
    attempt(timer->data);
}

static void
on_notice(void *arg, const PGresult *r)
{
    struct pgconn *c = arg;
    const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    pgscript_note_farewell(&c->script, r);
    log_msg(LOG_DEBUG, "server_notice", "%s: %s", c->name, primary == NULL ? "" : primary);
}

/* The connection is of no use any more: tell whoever waits, and try again after a while. */
static void
fail(struct pgconn *c, const char *why)
{
    bool told = c->script.farewell != NULL && c->pq != NULL && PQstatus(c->pq) == CONNECTION_BAD;
    char *reason = pgscript_first_line(told ? c->script.farewell : why);
    int64_t delay;
    uint32_t random = 0;
    bool had_script = c->script.done != NULL;

    uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    unwatch(c);
    if (c->resolving != NULL)
        resolve_cancel(c->resolving);
    c->resolving = NULL;
    PQfinish(c->pq);
    c->pq = NULL;
    free(c->script.farewell);
    c->script.farewell = NULL;
    c->turn++;
    c->failures += c->turn % c->hosts == 0; /* one failure is all hosts, each tried once */
    delay = c->turn % c->hosts == 0 ? retry_delay_ms(c->failures, random) : 0;
    enter(c, PGCONN_WAITING, reason);
    limit(c, on_retry, delay);
    if (had_script)
        pgscript_finish(&c->script, true, reason);
    if (!c->closing && c->events.down != NULL)
        c->events.down(c->arg, reason, delay);
    free(reason);
}

static void
on_timeout(uv_timer_t *timer)
{
    struct pgconn *c = timer->data;

    fail(c, c->state == PGCONN_BUSY ? "no answer within the time allowed" : "connecting took too long");
}

/* Sends what libpq has buffered; while something is left, both directions must be watched (manual, section 34.4). */
static void
flush(struct pgconn *c)
{
    int left = PQflush(c->pq);

    if (left < 0)
        fail(c, PQerrorMessage(c->pq));
    else
        watch(c, left == 1 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void
drain_notifications(struct pgconn *c)
{
    PGnotify *n;

    while (c->pq != NULL && (n = PQnotifies(c->pq)) != NULL) {
        if (c->events.notified != NULL)
            c->events.notified(c->arg, n->relname, n->extra);
        PQfreemem(n);
    }
}

static void
read_answers(struct pgconn *c)
{
    if (c->state == PGCONN_READY)
        pgscript_read_kept(&c->script, c->pq);
    if (c->state != PGCONN_BUSY || !pgscript_read(&c->script, c->pq))
        return;
    if (c->script.stale) {
        char *why = xstrdup(c->script.error);

        fail(c, why);
        free(why);
        return;
    }
    uv_timer_stop(&c->timer);
    enter(c, PGCONN_READY, "answered");
    pgscript_finish(&c->script, false, NULL);
}

static void
established(struct pgconn *c)
{
    uv_timer_stop(&c->timer);
    if (PQsetnonblocking(c->pq, 1) != 0 || PQenterPipelineMode(c->pq) != 1) {
        fail(c, PQerrorMessage(c->pq));
        return;
    }
    watch(c, UV_READABLE);
    c->session++;
    c->script.kept = 0;
    pgscript_forget(&c->script);
    enter(c, PGCONN_READY, "connected");
    if (c->events.up != NULL)
        c->events.up(c->arg);
}

/* One step of a connection. The handle is made anew each time: libpq may have changed the socket. */
static void
step(struct pgconn *c)
{
    unwatch(c);
    switch (PQconnectPoll(c->pq)) {
    case PGRES_POLLING_READING:
        watch(c, UV_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        watch(c, UV_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        established(c);
        break;
    default:
        fail(c, PQerrorMessage(c->pq));
        break;
    }
}

/*
 * On an error of the socket libuv reports UV_EBADF, whatever it was, and stops the handle. Only libpq knows why, and
 * there may be answers left to read: so the status is ignored and the handle started again, until libpq's reads fail.
 */
static void
on_poll(uv_poll_t *handle, int status, int events)
{
    struct pgconn *c = handle->data;

    if (c->state == PGCONN_CONNECTING) {
        step(c);
        return;
    }
    if (status < 0) {
        c->watched = 0;
        watch(c, UV_READABLE);
    }
    if ((events & UV_WRITABLE) != 0)
        flush(c);
    if (c->pq == NULL)
        return;
    c->heard = uv_now(c->loop);
    if (PQconsumeInput(c->pq) != 1) {
        read_answers(c);
        if (c->pq != NULL && (c->state == PGCONN_READY || c->state == PGCONN_BUSY))
            fail(c, PQerrorMessage(c->pq));
        return;
    }
    drain_notifications(c);
    if (c->pq != NULL)
        read_answers(c);
    drain_notifications(c); /* libpq does not look behind an answer that nobody has taken */
    if (c->pq != NULL && PQstatus(c->pq) == CONNECTION_BAD)
        fail(c, PQerrorMessage(c->pq)); /* libpq lost step with the server and closed the socket */
}

static void
on_resolved(void *arg, struct conninfo *info, const char *why)
{
    struct pgconn *c = arg;

    c->resolving = NULL;
    if (info == NULL) {
        fail(c, why);
        return;
    }
    c->hosts = conninfo_pick(info, c->turn);
    enter(c, PGCONN_CONNECTING, "addresses known");
    c->pq = PQconnectStartParams((const char *const *) info->keywords, (const char *const *) info->values, 0);
    conninfo_free(info);
    if (c->pq == NULL || PQstatus(c->pq) == CONNECTION_BAD) {
        fail(c, c->pq == NULL ? "out of memory" : PQerrorMessage(c->pq));
        return;
    }
    PQsetNoticeReceiver(c->pq, on_notice, c);
    watch(c, UV_WRITABLE);
}

static void
attempt(struct pgconn *c)
{
    char *why = NULL;
    struct conninfo *info = conninfo_parse(c->url, c->name, &why);
    const char *patience;

    if (info == NULL) {
        fail(c, why);
        free(why);
        return;
    }
    patience = conninfo_get(info, "connect_timeout");
    enter(c, PGCONN_RESOLVING, "connecting");
    limit(c, on_timeout, (int64_t) (atoi(patience) > 0 ? atoi(patience) : 10) * 1000);
    c->resolving = resolve_start(c->loop, info, on_resolved, c);
}

struct pgconn *
pgconn_new(uv_loop_t *loop, const char *name, const char *url, const struct pgconn_events *events, void *arg)
{
    struct pgconn *c = xcalloc(1, sizeof *c);

    c->loop = loop;
    c->hosts = 1;
    c->name = xstrdup(name);
    c->url = xstrdup(url);
    c->events = *events;
    c->arg = arg;
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    return c;
}

void
pgconn_start(struct pgconn *c)
{
    attempt(c);
}

void
pgconn_prepare(struct pgconn *c)
{
    c->script.preparing = PREPARING_ASKS;
}

void
pgconn_run(struct pgconn *c, const struct pg_statement *statements, size_t count, int64_t timeout_ms, pgconn_done done,
           void *arg)
{
    bool takes_any = PQtransactionStatus(c->pq) != PQTRANS_INERROR; /* else nothing but the ROLLBACK that is sent */
    bool replan = takes_any && c->script.nprepared > 0 && uv_now(c->loop) >= c->planned + REPLAN_MS;

    enter(c, PGCONN_BUSY, "script sent");
    if (replan || c->script.nprepared == 0)
        c->planned = uv_now(c->loop);
    if (!pgscript_send(&c->script, c->pq, statements, count, replan, done, arg)) {
        pgconn_reset(c, PQerrorMessage(c->pq));
        return;
    }
    c->heard = uv_now(c->loop);
    limit(c, on_timeout, timeout_ms);
    flush(c);
}

static void
on_keep(uv_timer_t *timer)
{
    struct pgconn *c = timer->data;

    if (c->script.kept == KEEP_TRIES) {
        fail(c, "no answer within the time allowed");
        return;
    }
    c->script.kept++;
    if (PQpipelineSync(c->pq) != 1)
        fail(c, PQerrorMessage(c->pq));
    else
        flush(c);
}

void
pgconn_keep(struct pgconn *c)
{
    uv_timer_start(&c->timer, on_keep, KEEP_MS, KEEP_MS);
}

unsigned
pgconn_session(const struct pgconn *c)
{
    return c->session;
}

int64_t
pgconn_silent_ms(const struct pgconn *c)
{
    return c->state == PGCONN_BUSY ? (int64_t) (uv_now(c->loop) - c->heard) : 0;
}

int64_t
pgconn_overdue_ms(const struct pgconn *c)
{
    bool limited = c->state != PGCONN_IDLE && c->state != PGCONN_READY;

    return limited && uv_now(c->loop) > c->limit ? (int64_t) (uv_now(c->loop) - c->limit) : 0;
}

int
pgconn_backend(const struct pgconn *c)
{
    return c->state == PGCONN_READY || c->state == PGCONN_BUSY ? PQbackendPID(c->pq) : 0;
}

void
pgconn_reset(struct pgconn *c, const char *why)
{
    if (c->state != PGCONN_IDLE && c->state != PGCONN_WAITING)
        fail(c, why);
}

void
pgconn_settled(struct pgconn *c)
{
    c->failures = 0;
}

static void
on_closed(uv_handle_t *handle)
{
    struct pgconn *c = handle->data;

    pgscript_clear(&c->script);
    pgscript_forget(&c->script);
    free(c->script.farewell);
    free(c->name);
    free(c->url);
    free(c);
}

void
pgconn_close(struct pgconn *c)
{
    if (c == NULL || c->closing)
        return;
    c->closing = true;
    unwatch(c);
    if (c->resolving != NULL)
        resolve_cancel(c->resolving);
    PQfinish(c->pq);
    c->pq = NULL;
    c->state = PGCONN_IDLE;
    uv_close((uv_handle_t *) &c->timer, on_closed);
}
