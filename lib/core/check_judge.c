/* check_judge.c - facts into findings; see dualwrite/check_judge.h. */
#include "dualwrite/check_judge.h"

#include <inttypes.h>

#define SKEW_WARN_MS 1000
#define SKEW_FAIL_MS 10000
#define ARCHIVE_WARN_S 86400
#define BACKLOG_WARN_S 60
#define QUEUE_WARN_PERMILLE 100
#define QUEUE_FAIL_PERMILLE 900

bool
check_judge_version(struct check_report *r, enum check_area area, const char *shown, int number)
{
    if (number >= CHECK_OLDEST_SERVER) {
        check_add(r, CHECK_PASS, area, "server", NULL, "PostgreSQL %s", shown);
        return true;
    }
    check_add(r, CHECK_FAIL, area, "server", NULL, "PostgreSQL %s is too old", shown);
    check_mend(r, "upgrade the server to PostgreSQL %d or newer", CHECK_OLDEST_SERVER / 10000);
    return false;
}

void
check_judge_clock(struct check_report *r, enum check_area area, const char *where, int64_t ahead_ms,
                  int64_t uncertain_ms)
{
    int64_t off = ahead_ms < 0 ? -ahead_ms : ahead_ms;
    int64_t sure = off > uncertain_ms ? off - uncertain_ms : 0;
    enum check_level level = sure > SKEW_FAIL_MS ? CHECK_FAIL : sure > SKEW_WARN_MS ? CHECK_WARN : CHECK_PASS;

    if (level == CHECK_PASS) {
        check_add(r, level, area, "clock", where, "agree within %" PRId64 " ms", off + uncertain_ms);
        return;
    }
    check_add(r, level, area, "clock", where, "differ by %" PRId64 ".%01" PRId64 " s", off / 1000, off % 1000 / 100);
    check_mend(r, "set both by NTP (chronyd, systemd-timesyncd): beats, doorbells and lag are told by these clocks");
}

void
check_judge_backup(struct check_report *r, enum check_area area, const struct check_backup *b)
{
    static const char make[] = "make sure that there is a backup which was restored once, before the first write";

    if (b->failing) {
        check_add(r, CHECK_WARN, area, "backup", NULL, "the last attempt to archive WAL failed");
        check_mend(r, "look at pg_stat_archiver and the server's log");
    } else if (b->backups_running > 0) {
        check_add(r, CHECK_PASS, area, "backup", NULL, "a base backup is running now");
    } else if (!b->archiving) {
        check_add(r, CHECK_PASS, area, "backup", NULL,
                  "unknown: the server archives no WAL and knows of no base backup");
        check_mend(r, "%s", make);
    } else if (b->archived_age_s < 0) {
        check_add(r, CHECK_WARN, area, "backup", NULL, "WAL archiving is on, but nothing was archived yet");
        check_mend(r, "%s", make);
    } else if (b->archived_age_s > ARCHIVE_WARN_S) {
        check_add(r, CHECK_WARN, area, "backup", NULL, "WAL was archived %" PRId64 " hours ago for the last time",
                  b->archived_age_s / 3600);
        check_mend(r, "%s", make);
    } else {
        check_add(r, CHECK_PASS, area, "backup", NULL,
                  "WAL was archived %" PRId64 " min ago; how old the base backup is, the server does not know",
                  b->archived_age_s / 60);
    }
}

void
check_judge_listen(struct check_report *r, const struct check_listen *l)
{
    if (l->heard && !l->sessions_vary) {
        check_add(r, CHECK_PASS, AREA_VNEXT, "listen", NULL, "a notification came back%s",
                  l->between ? ", through something that passes whole sessions on" : "");
    } else if (!l->wanted) {
        check_add(r, CHECK_PASS, AREA_VNEXT, "listen", NULL,
                  "LISTEN does not work on this connection, and DUALWRITE_NOTIFY is off: the daemon polls");
    } else {
        check_add(r, CHECK_WARN, AREA_VNEXT, "listen", NULL,
                  l->sessions_vary ? "a pooler gives each transaction another session, so LISTEN does not hold: the "
                                     "daemon will poll, once a second at least"
                                   : "no notification came back within 2 s: the daemon will poll, once a second at "
                                     "least");
        check_mend(r, "connect to the server itself in DUALWRITE_DATABASE_URL, or say DUALWRITE_NOTIFY=off");
    }
}

void
check_judge_queue(struct check_report *r, int64_t permille, const char *holders)
{
    enum check_level level = permille >= QUEUE_FAIL_PERMILLE   ? CHECK_FAIL
                             : permille >= QUEUE_WARN_PERMILLE ? CHECK_WARN
                                                               : CHECK_PASS;
    bool named = permille > 0 && *holders != '\0';

    check_add(r, level, AREA_VNEXT, "notification-queue", NULL, "is %" PRId64 ".%" PRId64 " %% full%s%s", permille / 10,
              permille % 10, named ? "; the oldest transactions: " : "", named ? holders : "");
    if (level != CHECK_PASS)
        check_mend(r,
                   "end the session that listens and stays in a transaction: once the queue is full, transactions that "
                   "notify fail");
}

static void
judge_waiting(struct check_report *r, const struct check_backlog *b)
{
    if (b->waiting == 0) {
        check_add(r, CHECK_PASS, AREA_INSTALLATION, "backlog", NULL, "no event waits");
        return;
    }
    check_add(r, b->oldest_s > BACKLOG_WARN_S && b->enabled ? CHECK_WARN : CHECK_PASS, AREA_INSTALLATION, "backlog",
              NULL, "%" PRId64 " events wait, the oldest for %" PRId64 " s%s", b->waiting, b->oldest_s,
              b->enabled ? "" : ", because dual write is off");
    if (b->oldest_s > BACKLOG_WARN_S && b->enabled)
        check_mend(r, b->daemons == 0 ? "start `dualwrited run`" : "look at the daemons' log lines");
}

void
check_judge_backlog(struct check_report *r, const struct check_backlog *b)
{
    judge_waiting(r, b);
    if (b->parked > 0) {
        check_add(r, CHECK_WARN, AREA_INSTALLATION, "failed", NULL, "%" PRId64 " events failed and are parked",
                  b->parked);
        check_mend(r, "SELECT entity, ref, sqlstate, message FROM dualwrite.failed WHERE retry_at IS NULL;");
    } else {
        check_add(r, CHECK_PASS, AREA_INSTALLATION, "failed", NULL, "no event is parked%s",
                  b->retrying > 0 ? "; some are being retried" : "");
    }
    if (b->resyncs > 0) {
        check_add(r, CHECK_WARN, AREA_INSTALLATION, "resync", NULL, "%" PRId64 " tables wait for a resync", b->resyncs);
        check_mend(r, "a running daemon does it by itself while dual write is on");
    }
    if (b->daemons == 0) {
        check_add(r, CHECK_PASS, AREA_INSTALLATION, "daemons", NULL, "none is running");
    } else if (b->others > 0) {
        check_add(r, CHECK_WARN, AREA_INSTALLATION, "daemons", NULL,
                  "%d of %d running daemons have another mapping than the installed one, and take no work", b->others,
                  b->daemons);
        check_mend(r, "give them the installed mapping, or run `dualwrited install` with theirs");
    } else {
        check_add(r, CHECK_PASS, AREA_INSTALLATION, "daemons", NULL, "%d running", b->daemons);
    }
}
