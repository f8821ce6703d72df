/*
 * rollback_after.h - the end of every rollback: the checklist, ticked by evidence, and the notification. For all words of
 * `dualwrited rollback`; the texts are lib/core/rollback_report.c.
 */
#ifndef ROLLBACK_AFTER_H
#define ROLLBACK_AFTER_H

#include <cjson/cJSON.h>

#include "desk.h"

/* What the operator may say of it: for the tables of options. */
#define ROLLBACK_TELL_OPTIONS                                                                                          \
    {"reason", "TEXT", "why; stands in the override, where there is one, and the notification"},                       \
        {"who", "NAME", "who does it (default: the user, host and login)"},                                            \
        {"environment", "NAME", "for the notification (default: host and database)"},                                  \
        {"ticket", "LINK", "of the incident, for the notification"},                                                   \
    {                                                                                                                  \
        "notice", "FILE", "write the notification there too"                                                           \
    }

struct rollback_done {
    const char *command;     /* "rollback disable" */
    const char *action;      /* "Disabled dual write" */
    const char *reason;      /* NULL: none was given */
    const char *who;         /* NULL: rollback_who() */
    const char *environment; /* NULL: host and database */
    const char *ticket;      /* NULL: none */
    const char *notice_file; /* NULL: none */
    double seconds;
    bool stopped;           /* dual write must be off now */
    const char *since;      /* the server's time before which failures do not count; NULL: now */
    const cJSON *judgement; /* rollback_judge(); NULL: no flag was to be confirmed */
};

/* Takes one of those options; false: it is none. */
bool rollback_tell_option(struct rollback_done *done, const char *name, const char *argument);

/* "ann@web-1 (daemon_login)": the person where sudo knows one. free() it. */
char *rollback_who(const PGconn *pq);

double rollback_elapsed(const struct timespec *started);

/*
 * Looks at the databases, and adds "checklist" and "notice" to `document`. Unless `json`, both are appended to `out`. The
 * notification is written to the file too; where that fails it is said on stderr. False where a point of the list failed.
 */
bool rollback_after(struct desk *d, const struct rollback_done *done, cJSON *document, bool json, struct buf *out);

/* The same on connections of its own, with the text printed. Without them it says so on stderr, and adds nothing. */
bool rollback_after_alone(const struct settings *settings, const struct rollback_done *done, cJSON *document,
                          bool json);

#endif
