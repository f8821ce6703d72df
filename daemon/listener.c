/* listener.c - the connection that hears; see listener.h. Nothing is decided here: answers go to the engine. */
#include "listener.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dualwrite/buf.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "version.h"

#define CONTROL_CHANNEL "dualwrite_control"
#define ANSWER_MS 10000
#define SURVEY_MS "250" /* notifications wait behind a survey */
#define SURVEY_AT 2     /* in its script */
#define REFUSED_BEATS 3 /* in a row: perhaps another session, or the next host, fares better */

struct listener {
    struct pgconn *pg;
    struct listener_events events;
    void *arg;
    char *channel;
    bool notify;
    bool sent;        /* LISTEN was sent on this connection for this channel; the beat after it must find it in force */
    bool heard;       /* a notification, since the last beat */
    uint64_t serial;  /* of the beat under way */
    int64_t failures; /* the same */
    bool wanted;      /* another beat follows the script under way */
    int script_beat;  /* where in the script under way beat.sql stands */
    bool script_listens; /* it has LISTEN in it, which takes effect at its end */
    unsigned refused;    /* beats in a row on this connection */
    const char *leaving; /* the instance, once it takes its row out: no more beats */
    void (*gone)(void *arg);
    void *gone_arg;
};

static bool leaves(struct listener *l, bool lost);
static void listen_statements(const struct listener *l, struct buf *own, struct buf *control);

static void
parse_listen(void *arg, const struct pg_reply *reply)
{
    struct listener *l = arg;

    if (leaves(l, reply->lost) || reply->lost)
        return; /* on_down() follows */
    l->sent = reply->error == NULL;
    l->events.up(l->arg);
}

/* LISTEN needs nothing of ours, so it need not wait for the preflight; the first beat finds it in force. */
static void
on_up(void *arg)
{
    struct listener *l = arg;
    struct pg_statement script[] = {{.sql = sql_daemon_read_write}, {.sql = sql_daemon_keepalive}, {0}, {0}};
    struct buf own = {0};
    struct buf control = {0};

    l->sent = false;
    l->refused = 0;
    if (!l->notify) {
        l->events.up(l->arg);
        return;
    }
    listen_statements(l, &own, &control);
    script[2].sql = buf_text(&own);
    script[3].sql = buf_text(&control);
    pgconn_run(l->pg, script, sizeof script / sizeof *script, ANSWER_MS, parse_listen, l);
    buf_free(&own);
    buf_free(&control);
}

static void
on_down(void *arg, const char *why, int64_t retry_in_ms)
{
    struct listener *l = arg;

    l->sent = false;
    l->wanted = false;
    l->events.down(l->arg, why, retry_in_ms);
}

static void
on_notified(void *arg, const char *channel, const char *payload)
{
    struct listener *l = arg;
    char *end;
    long partition = strtol(payload, &end, 10);

    l->heard = true;
    if (strcmp(channel, CONTROL_CHANNEL) == 0)
        l->events.control(l->arg);
    else
        l->events.bell(l->arg, *payload == '\0' || *end != '\0' ? -1 : (int) partition);
}

struct listener *
listener_new(uv_loop_t *loop, const char *url, const char *channel, bool notify, const struct listener_events *events,
             void *arg)
{
    static const struct pgconn_events pg_events = {on_up, on_down, on_notified};
    struct listener *l = xcalloc(1, sizeof *l);

    l->events = *events;
    l->arg = arg;
    l->channel = xstrdup(channel);
    l->notify = notify;
    l->pg = pgconn_new(loop, "listen", url, &pg_events, l);
    return l;
}

void
listener_start(struct listener *l)
{
    pgconn_start(l->pg);
}

int64_t
listener_overdue_ms(const struct listener *l)
{
    return pgconn_overdue_ms(l->pg);
}

void
listener_configure(struct listener *l, const char *channel, bool notify)
{
    if (strcmp(l->channel, channel) != 0 || l->notify != notify)
        l->sent = false;
    free(l->channel);
    l->channel = xstrdup(channel);
    l->notify = notify;
}

static char *
copy(const PGresult *r, const char *column)
{
    int i = PQfnumber(r, column);

    return PQgetisnull(r, 0, i) ? NULL : xstrdup(PQgetvalue(r, 0, i));
}

static bool
truth(const PGresult *r, const char *column)
{
    return PQgetvalue(r, 0, PQfnumber(r, column))[0] == 't';
}

static int64_t
number_or(const PGresult *r, const char *column, int64_t none)
{
    int i = PQfnumber(r, column);

    return PQgetisnull(r, 0, i) ? none : strtoll(PQgetvalue(r, 0, i), NULL, 10);
}

static void
parse_gone(void *arg, const struct pg_reply *reply)
{
    struct listener *l = arg;

    (void) reply;
    l->gone(l->gone_arg);
}

static void
run_deregister(struct listener *l)
{
    const struct pg_statement script[] = {
        {.sql = sql_daemon_read_write},
        {.sql = sql_daemon_deregister, .nparams = 1, .params = {l->leaving}},
    };

    pgconn_run(l->pg, script, 2, ANSWER_MS, parse_gone, l);
}

/* It was to take its row out as soon as the script under way had ended. */
static bool
leaves(struct listener *l, bool lost)
{
    if (l->leaving == NULL)
        return false;
    if (lost)
        l->gone(l->gone_arg); /* closes `l` */
    else
        run_deregister(l);
    return true;
}

/* Among the channels that the server says this session listens to? */
static bool
hears(const char *channels, const char *channel)
{
    size_t len = strlen(channel);

    for (const char *p = channels; p != NULL && *p != '\0'; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == len && strncmp(p, channel, len) == 0)
            return true;
    return false;
}

static void
give_up(struct listener *l, const char *error)
{
    struct buf why = {0};

    buf_printf(&why, "%d beats in a row were refused: %s", REFUSED_BEATS, error);
    pgconn_reset(l->pg, buf_text(&why));
    buf_free(&why);
}

static void
parse_beat(void *arg, const struct pg_reply *reply)
{
    struct listener *l = arg;
    struct beat_answer answer;
    const PGresult *r;
    char *channels;

    if (leaves(l, reply->lost) || reply->lost)
        return; /* on_down() follows */
    if (reply->error != NULL) {
        l->events.beat(l->arg, NULL, reply->error);
        if (++l->refused == REFUSED_BEATS)
            give_up(l, reply->error);
        return;
    }
    l->refused = 0;
    pgconn_settled(l->pg);
    r = reply->results[l->script_beat];
    channels = copy(r, "channels");
    answer = (struct beat_answer){
        .serial = l->serial,
        .failures = l->failures,
        .flags = flags_parse(PQgetvalue(r, 0, PQfnumber(r, "flags"))),
        .disagreement = copy(r, "disagreement"),
        .overrides = copy(r, "overrides"),
        .mapping_digest = copy(r, "mapping_digest"),
        .installation = copy(r, "installation"),
        .partitions = copy(r, "partitions"),
        .armed = truth(r, "armed"),
        .waiting = truth(r, "waiting"),
        .more = truth(r, "more"),
        .resync = truth(r, "resync"),
        .oldest_ms = number_or(r, "oldest_ms", -1),
        .failed = number_or(r, "failed", 0),
        .retrying = number_or(r, "retrying", 0),
        .next_retry_ms = number_or(r, "next_retry_ms", -1),
        .peer_expires_ms = number_or(r, "peer_expires_ms", -1),
        .reload_wanted = number_or(r, "reload_wanted", 0),
        .bells = truth(r, "bells"),
        .listening = l->notify && hears(channels, l->channel) && hears(channels, CONTROL_CHANNEL),
        .between = number_or(r, "backend", 0) != pgconn_backend(l->pg),
        .heard = l->heard,
        .queue_percent = (int) number_or(r, "queue_percent", 0),
        .queue_holders = copy(r, "queue_holders"),
    };
    l->heard = false;
    if (answer.partitions == NULL)
        answer.partitions = xstrdup("");
    l->sent = answer.listening || l->script_listens;
    l->events.beat(l->arg, &answer, NULL);
    free(channels);
    free(answer.disagreement);
    free(answer.overrides);
    free(answer.mapping_digest);
    free(answer.installation);
    free(answer.partitions);
    free(answer.queue_holders);
    if (l->wanted)
        l->events.control(l->arg);
}

/* LISTEN takes no parameters; the names are quoted. It takes effect at the script's end, so this beat cannot see it. */
static void
listen_statements(const struct listener *l, struct buf *own, struct buf *control)
{
    buf_puts(own, "LISTEN ");
    quote_ident(own, l->channel);
    buf_puts(control, "LISTEN ");
    quote_ident(control, CONTROL_CHANNEL);
}

void
listener_beat(struct listener *l, const struct beat_request *request)
{
    char host[256] = "";
    char pid[16];
    char doorbell_ms[24];
    char outbox_max[24];
    char claim_pid[16];
    char reload_done[24];
    struct buf own = {0};
    struct buf control = {0};
    struct pg_statement script[8];
    char *flags;
    char *obeyed;
    size_t n = 0;

    l->wanted = pgconn_state(l->pg) == PGCONN_BUSY;
    if (pgconn_state(l->pg) != PGCONN_READY || l->leaving != NULL)
        return;
    l->serial = request->serial;
    l->failures = request->failures;
    gethostname(host, sizeof host - 1);
    snprintf(pid, sizeof pid, "%d", (int) getpid());
    snprintf(doorbell_ms, sizeof doorbell_ms, "%lld", (long long) request->doorbell_ms);
    snprintf(outbox_max, sizeof outbox_max, "%lld", (long long) request->outbox_max);
    snprintf(claim_pid, sizeof claim_pid, "%d", request->claim_pid);
    snprintf(reload_done, sizeof reload_done, "%lld", (long long) request->reload_done);
    flags = flags_json(&request->flags);
    obeyed = request->obeyed == NULL ? xstrdup("{}") : flags_json(request->obeyed);
    script[n++] = (struct pg_statement){.sql = sql_daemon_read_write};
    script[n++] = (struct pg_statement){.sql = sql_daemon_no_jit};
    l->script_listens = l->notify && !l->sent;
    if (l->script_listens) {
        l->sent = true;
        listen_statements(l, &own, &control);
        script[n++] = (struct pg_statement){.sql = sql_daemon_keepalive};
        script[n++] = (struct pg_statement){.sql = buf_text(&own)};
        script[n++] = (struct pg_statement){.sql = buf_text(&control)};
    }
    script[n++] = (struct pg_statement){
        .sql = sql_daemon_register,
        .nparams = 12,
        .params = {request->instance, host, pid, DUALWRITE_VERSION, request->mapping_digest, flags,
                   request->listening ? "true" : "false", request->state, request->claim_pid == 0 ? NULL : claim_pid,
                   obeyed, request->reload_done == 0 ? NULL : reload_done, request->reload_answer},
    };
    script[n++] = (struct pg_statement){.sql = sql_daemon_ceiling, .nparams = 1, .params = {outbox_max}};
    l->script_beat = (int) n;
    script[n++] = (struct pg_statement){
        .sql = sql_daemon_beat,
        .nparams = 4,
        .params = {request->instance, request->asleep ? "true" : "false", doorbell_ms, request->cursor},
    };
    pgconn_run(l->pg, script, n, ANSWER_MS, parse_beat, l);
    free(flags);
    free(obeyed);
    buf_free(&own);
    buf_free(&control);
}

static void
parse_survey(void *arg, const struct pg_reply *reply)
{
    struct listener *l = arg;
    struct survey_answer answer = {.error = reply->error};

    if (leaves(l, reply->lost) || reply->lost)
        return;
    if (reply->error != NULL) {
        const char *sqlstate = PQresultErrorField(reply->results[reply->failed], PG_DIAG_SQLSTATE);

        answer.slow = sqlstate != NULL && strcmp(sqlstate, "57014") == 0; /* query_canceled */
    } else {
        answer.survey = PQgetvalue(reply->results[SURVEY_AT], 0, 0);
        if (reply->count > SURVEY_AT + 1)
            answer.health = PQgetvalue(reply->results[SURVEY_AT + 1], 0, 0);
    }
    l->events.survey(l->arg, &answer);
    if (l->wanted)
        l->events.control(l->arg);
}

bool
listener_survey(struct listener *l, const struct survey_request *request)
{
    const struct pg_statement script[] = {
        {.sql = sql_daemon_survey_limits, .nparams = 1, .params = {SURVEY_MS}},
        {.sql = sql_daemon_no_jit},
        {.sql = sql_daemon_survey, .nparams = 2, .params = {request->whole ? "true" : "false", request->cursor}},
        {.sql = sql_daemon_survey_health},
    };

    if (pgconn_state(l->pg) != PGCONN_READY || l->leaving != NULL)
        return false;
    l->wanted = false;
    pgconn_run(l->pg, script, request->health ? SURVEY_AT + 2 : SURVEY_AT + 1, ANSWER_MS, parse_survey, l);
    return true;
}

const struct pgconn *
listener_connection(const struct listener *l)
{
    return l->pg;
}

void
listener_deregister(struct listener *l, const char *instance, void (*done)(void *arg), void *arg)
{
    l->leaving = instance;
    l->gone = done;
    l->gone_arg = arg;
    if (pgconn_state(l->pg) == PGCONN_READY)
        run_deregister(l);
    else if (pgconn_state(l->pg) != PGCONN_BUSY)
        done(arg);
}

void
listener_close(struct listener *l)
{
    if (l == NULL)
        return;
    pgconn_close(l->pg);
    free(l->channel);
    free(l);
}
