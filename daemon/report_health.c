/* report_health.c - time, flags, and how the sync does: what waits, what failed, who writes past it; see report_run.h. */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "report_run.h"

#define COUNT_MS "1500" /* a count of the outbox that takes longer is given up for an estimate */

static PGresult *
look(struct report_run *run, enum database side, const char *sql)
{
    PGresult *r = reconcile_query(&run->ask, side, sql, 0, NULL);

    if (r == NULL)
        reconcile_break(&run->ask, "asking how the sync does");
    return r;
}

static bool
take_time(struct report_run *run)
{
    PGresult *r = look(run, DATABASE_VNEXT, sql_report_now);

    if (r == NULL)
        return false;
    run->generated_at = xstrdup(PQgetvalue(r, 0, 0));
    run->report.generated_at = run->generated_at;
    PQclear(r);
    return true;
}

static bool
take_flags(struct report_run *run)
{
    PGresult *r = look(run, DATABASE_VNEXT, sql_report_flags);

    if (r == NULL)
        return false;
    run->report.enabled = reconcile_truth(r, 0, "enabled");
    run->report.strict = reconcile_truth(r, 0, "strict");
    run->report.blocked = reconcile_truth(r, 0, "blocked");
    PQclear(r);
    return true;
}

/* What the settings say, where no database has been told yet. */
static void
take_settings(struct report_run *run)
{
    const struct flags *flags = &run->ask.settings->config->flags;

    run->report.enabled = flag_on(flags, FLAG_ENABLED);
    run->report.strict = flag_on(flags, FLAG_STRICT);
    run->report.blocked = flag_on(flags, FLAG_BLOCKED);
}

static double
number(const cJSON *object, const char *key)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(object, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

/* Too many to be counted: what the statistics say. */
static bool
estimate_backlog(struct report_run *run)
{
    PGresult *r = look(run, DATABASE_VNEXT, sql_report_backlog_estimate);

    if (r == NULL)
        return false;
    run->report.backlog = reconcile_number(r, 0, "backlog");
    run->report.oldest_seconds = strtod(reconcile_field(r, 0, "oldest"), NULL);
    PQclear(r);
    return true;
}

static bool
take_backlog(struct report_run *run)
{
    char *timeout = run->ask.timeout;
    PGresult *r;
    cJSON *answer;

    run->ask.timeout = (char *) COUNT_MS;
    r = reconcile_query(&run->ask, DATABASE_VNEXT, sql_status_backlog, 0, NULL);
    run->ask.timeout = timeout;
    run->report.backlog_exact = r != NULL;
    if (r == NULL && strcmp(run->ask.sqlstate, "57014") == 0)
        return estimate_backlog(run);
    if (r == NULL) {
        reconcile_break(&run->ask, "counting waiting events");
        return false;
    }
    answer = cJSON_Parse(PQgetvalue(r, 0, 0));
    run->report.backlog = (int64_t) number(answer, "backlog");
    run->report.oldest_seconds = number(answer, "oldest_event_age_seconds");
    cJSON_Delete(answer);
    PQclear(r);
    return true;
}

static bool
take_work(struct report_run *run)
{
    PGresult *r = look(run, DATABASE_VNEXT, sql_report_health);

    if (r == NULL)
        return false;
    run->report.failed = reconcile_number(r, 0, "failed");
    run->report.processed = reconcile_number(r, 0, "processed");
    PQclear(r);
    r = look(run, DATABASE_LEGACY, sql_report_writes);
    if (r == NULL)
        return false;
    run->report.inline_writes = reconcile_number(r, 0, "writes");
    run->report.recorded = strcmp(reconcile_field(r, 0, "guard"), "off") != 0;
    PQclear(r);
    return true;
}

bool
report_health(struct report_run *run)
{
    reconcile_doing(&run->ask, "asking how the sync does");
    if (!take_time(run))
        return false;
    if (!run->report.installed) {
        take_settings(run);
        return true;
    }
    return take_flags(run) && take_backlog(run) && take_work(run);
}
