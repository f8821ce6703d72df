/* mirror.c - brings the flags in force to the legacy database; see mirror.h. What is in force is the beat's answer. */
#include "mirror.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/log.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "status.h"

#define AGAIN_MS 4500 /* a beat comes every 5 s, and may come a little early */
#define ANSWER_MS 10000
#define COUNT_MS "250" /* flags that change wait for a count */

struct mirror {
    uv_loop_t *loop;
    struct pgconn *pg;
    void (*up)(void *arg);
    void *arg;
    char *wanted;          /* what is in force, as JSON; NULL: not heard yet */
    char *installation;    /* whose it is; NULL: nobody's */
    char *sent;            /* by the statement under way */
    char *delivered;       /* on this connection; NULL: nothing yet */
    uint64_t delivered_at; /* uv_now() */
    struct nag said;       /* complaints since all was well */
    bool counting;         /* the statement under way counts writes */
    int64_t writes;        /* past the daemon, < 0: not known */
};

static void send_flags(struct mirror *m);

static void
forget(char **text)
{
    free(*text);
    *text = NULL;
}

static void
on_up(void *arg)
{
    struct mirror *m = arg;

    m->up(m->arg);
}

static void
on_down(void *arg, const char *why, int64_t retry_in_ms)
{
    struct mirror *m = arg;

    forget(&m->wanted); /* it may be old by the time the connection is back */
    forget(&m->delivered);
    m->writes = -1;
    status_down(&m->said, uv_now(m->loop), "mirror", why, retry_in_ms);
}

static void
parse_answer(void *arg, const struct pg_reply *reply)
{
    struct mirror *m = arg;
    bool anew;

    if (reply->lost)
        return; /* on_down() follows */
    if (reply->error != NULL || PQgetisnull(reply->results[1], 0, 0)) {
        const char *why = reply->error != NULL ? reply->error : "it is no part of this installation";

        if (nag_may(&m->said, uv_now(m->loop), why))
            log_msg(
                LOG_WARNING, "mirror_failed",
                "the legacy database does not take the flags that its guard shall obey: %s; look whether `dualwrited "
                "install` was run with these two URLs, and dualwrite_daemon granted there",
                why);
        return;
    }
    pgconn_settled(m->pg);
    anew = m->delivered == NULL || strcmp(m->delivered, m->sent) != 0;
    free(m->delivered);
    m->delivered = m->sent;
    m->sent = NULL;
    m->delivered_at = uv_now(m->loop);
    status_up(&m->said, "mirror");
    if (m->wanted != NULL && strcmp(m->wanted, m->delivered) != 0)
        send_flags(m); /* they changed meanwhile */
    else if (anew)
        m->up(m->arg);
}

static void
send_flags(struct mirror *m)
{
    const struct pg_statement script[] = {
        {.sql = sql_daemon_read_write},
        {.sql = sql_daemon_mirror, .nparams = 2, .params = {m->wanted, m->installation}},
    };

    if (pgconn_state(m->pg) != PGCONN_READY)
        return;
    free(m->sent);
    m->sent = xstrdup(m->wanted);
    pgconn_run(m->pg, script, 2, ANSWER_MS, parse_answer, m);
}

static void
parse_writes(void *arg, const struct pg_reply *reply)
{
    struct mirror *m = arg;

    m->counting = false;
    if (reply->lost)
        return; /* on_down() follows */
    m->writes = reply->error != NULL ? -1 : strtoll(PQgetvalue(reply->results[1], 0, 0), NULL, 10);
    if (m->wanted != NULL && strcmp(m->wanted, m->delivered) != 0)
        send_flags(m); /* they changed meanwhile */
}

void
mirror_count_writes(struct mirror *m)
{
    const struct pg_statement script[] = {
        {.sql = sql_daemon_survey_limits, .nparams = 1, .params = {COUNT_MS}},
        {.sql = sql_daemon_legacy_writes},
    };

    /* the flags come first */
    if (pgconn_state(m->pg) != PGCONN_READY || m->wanted == NULL || m->delivered == NULL ||
        strcmp(m->wanted, m->delivered) != 0)
        return;
    m->counting = true;
    pgconn_run(m->pg, script, 2, ANSWER_MS, parse_writes, m);
}

int64_t
mirror_writes(const struct mirror *m)
{
    return m->writes;
}

struct mirror *
mirror_new(uv_loop_t *loop, const char *url, void (*up)(void *arg), void *arg)
{
    static const struct pgconn_events pg_events = {on_up, on_down, NULL};
    struct mirror *m = xcalloc(1, sizeof *m);

    m->loop = loop;
    m->up = up;
    m->arg = arg;
    m->writes = -1;
    m->pg = pgconn_new(loop, "mirror", url, &pg_events, m);
    return m;
}

void
mirror_start(struct mirror *m)
{
    pgconn_start(m->pg);
}

void
mirror_flags(struct mirror *m, const struct flags *flags, const char *installation)
{
    free(m->installation);
    m->installation = xstrdup(installation);
    free(m->wanted);
    m->wanted = flags_json(flags);
    if (m->delivered == NULL || strcmp(m->wanted, m->delivered) != 0 || uv_now(m->loop) - m->delivered_at >= AGAIN_MS)
        send_flags(m);
}

bool
mirror_settled(const struct mirror *m)
{
    if (m->counting)
        return m->wanted != NULL && strcmp(m->delivered, m->wanted) == 0;
    return pgconn_state(m->pg) != PGCONN_BUSY || (m->wanted != NULL && strcmp(m->sent, m->wanted) == 0);
}

const struct pgconn *
mirror_connection(const struct mirror *m)
{
    return m->pg;
}

int64_t
mirror_overdue_ms(const struct mirror *m)
{
    return m == NULL ? 0 : pgconn_overdue_ms(m->pg);
}

void
mirror_close(struct mirror *m)
{
    if (m == NULL)
        return;
    pgconn_close(m->pg);
    free(m->wanted);
    free(m->installation);
    free(m->sent);
    free(m->delivered);
    free(m);
}
