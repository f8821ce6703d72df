/*
 * check_judge.h - what `dualwrited check` makes of the facts that it was told: numbers in, findings out.
 *
 * Pure: the limits stand here and nowhere else. Who asks is daemon/check_*.c.
 */
#ifndef DUALWRITE_CHECK_JUDGE_H
#define DUALWRITE_CHECK_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/check_report.h"

#define CHECK_OLDEST_SERVER 130000

/* False when the server is too old to be asked anything else. */
bool check_judge_version(struct check_report *r, enum check_area area, const char *shown, int number);

/* How far `other`'s clock is before ours, with how much of that may be the way there. `where` names the two. */
void check_judge_clock(struct check_report *r, enum check_area area, const char *where, int64_t ahead_ms,
                       int64_t uncertain_ms);

struct check_backup {
    bool archiving;
    bool failing;           /* the last attempt to archive failed */
    int64_t archived_age_s; /* -1: never */
    int backups_running;
};

void check_judge_backup(struct check_report *r, enum check_area area, const struct check_backup *b);

struct check_listen {
    bool wanted;        /* DUALWRITE_NOTIFY */
    bool heard;         /* the round trip worked */
    bool sessions_vary; /* statements were answered by different server processes */
    bool between;       /* something between us and the server answers for it */
};

void check_judge_listen(struct check_report *r, const struct check_listen *l);

/* How full the notification queue is, and the sessions that may hold it back ("" for none). */
void check_judge_queue(struct check_report *r, int64_t permille, const char *holders);

struct check_backlog {
    int64_t waiting;
    int64_t oldest_s;
    int64_t retrying;
    int64_t parked;
    int64_t resyncs; /* tables */
    int daemons;     /* running */
    int others;      /* of them with another mapping */
    bool enabled;    /* dual write is on */
};

void check_judge_backlog(struct check_report *r, const struct check_backlog *b);

#endif
