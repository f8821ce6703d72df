/* check_server.c - the servers themselves: versions, clocks, backups, LISTEN; see check_run.h. Judged by check_judge.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "check_run.h"
#include "dualwrite/check_judge.h"
#include "dualwrite/conninfo.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/quote.h"
#include "dualwrite/template.h"
#include "dualwrite/uuid4.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define LISTEN_MS 2000
#define ROUNDS 5

static int64_t
milliseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- connections ---- */

static char *
shown(const char *url)
{
    char *why = NULL;
    struct conninfo *info = conninfo_parse(url, "check", &why);
    char *text = info == NULL ? xstrdup("") : conninfo_shown(info);

    conninfo_free(info);
    free(why);
    return text;
}

static bool
connect_side(struct check_run *run, enum database side)
{
    struct check_side *s = &run->sides[side];
    char *why = NULL;
    char *where = shown(s->url);

    s->pq = pgblock_open(s->url, "check", &why);
    if (s->pq == NULL) {
        why[strcspn(why, "\n")] = '\0';
        check_add(&run->report, CHECK_FAIL, s->area, "connection", s->key, "cannot connect (%s): %s", where, why);
        check_mend(&run->report, "correct %s, and see that the server runs and lets this host in", s->key);
    } else if (side == DATABASE_VNEXT || run->two) {
        check_add(&run->report, CHECK_PASS, s->area, "connection", s->key, "%s", where);
    }
    free(where);
    free(why);
    return s->pq != NULL;
}

/* ---- clocks and sessions ---- */

/* Asks several times and believes the quickest answer. */
static bool
ask_clock(struct check_run *run, enum database side, struct check_listen *listen)
{
    struct check_side *s = &run->sides[side];
    int64_t best = INT64_MAX;
    int64_t first = 0;

    for (int i = 0; i < ROUNDS; i++) {
        int64_t mono = milliseconds(CLOCK_MONOTONIC);
        int64_t sent = milliseconds(CLOCK_REALTIME);
        PGresult *r = check_ask(run, side, sql_check_clock, 0, NULL);
        int64_t took = milliseconds(CLOCK_MONOTONIC) - mono;
        int64_t pid;

        if (r == NULL)
            return false;
        if (took < best) {
            best = took;
            s->clock_ahead_ms = check_number(r, 0, "ms") - (sent + took / 2);
            s->clock_uncertain_ms = took / 2 + 1;
        }
        pid = check_number(r, 0, "pid");
        first = i == 0 ? pid : first;
        listen->sessions_vary = listen->sessions_vary || pid != first;
        listen->between = listen->between || pid != PQbackendPID(s->pq);
        PQclear(r);
    }
    return true;
}

/* Waits for our notification on the connection that listens; nothing is sent there meanwhile, or a pooler would wake up. */
static bool
hears(PGconn *pq, const char *payload)
{
    int64_t until = milliseconds(CLOCK_MONOTONIC) + LISTEN_MS;

    for (;;) {
        struct pollfd fd = {.fd = PQsocket(pq), .events = POLLIN};
        int64_t left = until - milliseconds(CLOCK_MONOTONIC);
        PGnotify *n;

        while ((n = PQnotifies(pq)) != NULL) {
            bool ours = strcmp(n->extra, payload) == 0;

            PQfreemem(n);
            if (ours)
                return true;
        }
        if (left <= 0 || (poll(&fd, 1, (int) left) < 0 && errno != EINTR) || !PQconsumeInput(pq))
            return false;
    }
}

/* LISTEN on one connection, NOTIFY in a transaction of another one, on a channel and with a word of our own. */
static bool
round_trip(struct check_run *run)
{
    struct check_side *s = &run->sides[DATABASE_VNEXT];
    unsigned char random[16];
    char word[UUID4_TEXT];
    char channel[64];
    const char *const params[] = {channel, word};
    struct fragments f = {0};
    struct buf sql = {0};
    struct buf name = {0};
    char *why = NULL;
    PGconn *other;
    PGresult *r = NULL;
    bool heard = false;

    if (getrandom(random, sizeof random, 0) != (ssize_t) sizeof random)
        return false;
    uuid4_text(random, word);
    other = pgblock_open(s->url, "check", &why);
    snprintf(channel, sizeof channel, "dualwrite_check_%s", word);
    quote_ident(&name, channel);
    fragments_take(&f, "channel", buf_steal(&name));
    template_fill(&sql, sql_check_listen, &f);
    if (other != NULL && (r = check_ask(run, DATABASE_VNEXT, buf_text(&sql), -1, NULL)) != NULL) {
        PQclear(pgblock_ask(other, sql_check_notify, 2, params, NULL, NULL));
        heard = hears(s->pq, word);
        PQclear(pgblock_ask(s->pq, sql_check_unlisten, -1, NULL, NULL, NULL));
    }
    PQclear(r);
    PQfinish(other);
    free(why);
    fragments_free(&f);
    buf_free(&sql);
    return heard;
}

/* ---- facts ---- */

static void
judge_server(struct check_run *run, struct check_side *s, const PGresult *r)
{
    struct check_report *report = &run->report;
    const char *replicating = check_field(r, 0, "replicating");
    bool replica = strcmp(check_field(r, 0, "replication_role"), "origin") != 0;
    const struct check_backup backup = {
        .archiving = check_truth(r, 0, "archiving"),
        .failing = check_truth(r, 0, "archive_failing"),
        .archived_age_s = *check_field(r, 0, "archived_age") == '\0' ? -1 : check_number(r, 0, "archived_age"),
        .backups_running = (int) check_number(r, 0, "backups_running"),
    };

    s->encoding = xstrdup(check_field(r, 0, "encoding"));
    s->identity = xstrdup(check_field(r, 0, "identity"));
    if (check_truth(r, 0, "standby")) {
        check_add(report, CHECK_FAIL, s->area, "standby", s->key, "is a standby, which takes no writes");
        check_mend(report, "name the primary, or let libpq find it with target_session_attrs=read-write");
    }
    if (replica || *replicating != '\0') {
        check_add(report, CHECK_WARN, s->area, "session-replication-role", NULL,
                  "is not origin for %s: the application's own triggers do not fire there, those of dualwrited do",
                  *replicating != '\0' ? replicating : check_field(r, 0, "role"));
        check_mend(report, "ALTER ROLE ... RESET session_replication_role; unless it is meant");
    }
    if (strcmp(check_field(r, 0, "prepared"), "0") != 0 && s->area == AREA_VNEXT) {
        check_add(report, CHECK_WARN, s->area, "max-prepared-transactions", NULL,
                  "is %s: where transactions can be prepared nobody rings, so daemons poll, once a second at least",
                  check_field(r, 0, "prepared"));
        check_mend(report, "set max_prepared_transactions = 0 if nothing uses two-phase commit");
    }
    check_judge_backup(report, s->area, &backup);
}

static bool
check_side_server(struct check_run *run, enum database side)
{
    struct check_side *s = &run->sides[side];
    struct check_listen listen = {.wanted = run->settings->config->notify};
    char where[80];
    PGresult *r;

    if (!check_judge_version(&run->report, s->area, PQparameterStatus(s->pq, "server_version"), PQserverVersion(s->pq)))
        return false;
    r = check_look(run, side, sql_check_server, 0, NULL);
    if (r == NULL || !ask_clock(run, side, &listen)) {
        PQclear(r);
        check_refused(run, s->area, "server", s->key);
        return false;
    }
    judge_server(run, s, r);
    if (side == DATABASE_VNEXT)
        check_judge_queue(&run->report, check_number(r, 0, "queue_permille"), check_field(r, 0, "queue_holders"));
    PQclear(r);
    snprintf(where, sizeof where, "this host and the %s server", side == DATABASE_VNEXT ? "vNext" : "legacy");
    check_judge_clock(&run->report, s->area, where, s->clock_ahead_ms, s->clock_uncertain_ms);
    if (side == DATABASE_VNEXT) {
        check_doing(run, "LISTEN");
        listen.heard = round_trip(run);
        check_judge_listen(&run->report, &listen);
    }
    return true;
}

static void
compare_sides(struct check_run *run)
{
    const struct check_side *a = &run->sides[DATABASE_VNEXT];
    const struct check_side *b = &run->sides[DATABASE_LEGACY];

    check_judge_clock(&run->report, AREA_LEGACY, "the two servers", a->clock_ahead_ms - b->clock_ahead_ms,
                      a->clock_uncertain_ms + b->clock_uncertain_ms);
    if (strcmp(a->identity, b->identity) == 0) {
        check_add(&run->report, CHECK_FAIL, AREA_LEGACY, "connection", b->key, "leads to the same database as %s",
                  a->key);
        check_mend(&run->report, "leave %s out when the legacy tables are in the vNext database", b->key);
    }
    if (strcmp(a->encoding, b->encoding) != 0) {
        check_add(&run->report, CHECK_WARN, AREA_LEGACY, "encoding", NULL,
                  "is %s, that of the vNext database is %s: a character that it does not have fails the row",
                  b->encoding, a->encoding);
        check_mend(&run->report, "use UTF8 in both");
    }
}

bool
check_server(struct check_run *run)
{
    bool connected;
    bool good;

    check_doing(run, "the servers");
    connected = connect_side(run, DATABASE_VNEXT);
    if (run->two || connected)
        connected = connect_side(run, DATABASE_LEGACY) && connected;
    run->unreachable = !connected;
    good = run->sides[DATABASE_VNEXT].pq != NULL && check_side_server(run, DATABASE_VNEXT);
    if (run->two && run->sides[DATABASE_LEGACY].pq != NULL)
        good = check_side_server(run, DATABASE_LEGACY) && good;
    if (connected && good && run->two)
        compare_sides(run);
    return connected && good;
}
