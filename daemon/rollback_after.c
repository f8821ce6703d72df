/* rollback_after.c - the checklist and the notification after a rollback; see rollback_after.h. */
#include "rollback_after.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/buf.h"
#include "dualwrite/rollback_report.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

bool
rollback_tell_option(struct rollback_done *done, const char *name, const char *argument)
{
    const struct {
        const char *name;
        const char **value;
    } texts[] = {{"reason", &done->reason},
                 {"who", &done->who},
                 {"environment", &done->environment},
                 {"ticket", &done->ticket},
                 {"notice", &done->notice_file}};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].value = *argument == '\0' ? NULL : argument; /* a script's variable that is not set */
            return true;
        }
    return false;
}

char *
rollback_who(const PGconn *pq)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());
    char host[256] = "";
    struct buf out = {0};

    gethostname(host, sizeof host - 1);
    if (sudo != NULL && *sudo != '\0')
        buf_puts(&out, sudo);
    else if (user != NULL)
        buf_puts(&out, user->pw_name);
    else
        buf_printf(&out, "uid %u", (unsigned) getuid());
    buf_printf(&out, "@%s (%s)", host, PQuser(pq));
    return buf_steal(&out);
}

double
rollback_elapsed(const struct timespec *started)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) (now.tv_sec - started->tv_sec) + (double) (now.tv_nsec - started->tv_nsec) / 1e9;
}

static cJSON *
ask(struct desk *d, const char *sql, const char *since)
{
    PGresult *r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql, 1, &since);
    cJSON *answer = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    PQclear(r);
    return answer;
}

static void
write_notice(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    bool good = f != NULL && fputs(text, f) >= 0;

    good = (f == NULL || fclose(f) == 0) && good;
    if (!good)
        fprintf(stderr, "dualwrited: warning: the notification could not be written to %s: %s\n", file,
                strerror(errno));
}

static bool
all_ticked(const cJSON *checklist)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, checklist)
    {
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "mark")), "failed") == 0)
            return false;
    }
    return true;
}

bool
rollback_after(struct desk *d, const struct rollback_done *done, cJSON *document, bool json, struct buf *out)
{
    char at[32];
    char *who = done->who == NULL ? rollback_who(d->pq[DATABASE_VNEXT]) : xstrdup(done->who);
    time_t now = time(NULL);
    struct tm utc;
    cJSON *state = ask(d, sql_rollback_state, NULL);
    cJSON *evidence = ask(d, sql_rollback_evidence, done->since);
    struct rollback_facts facts = {.command = done->command,
                                   .action = done->action,
                                   .reason = done->reason == NULL ? "no reason was given" : done->reason,
                                   .who = who,
                                   .environment =
                                       done->environment == NULL ? d->shown[DATABASE_VNEXT] : done->environment,
                                   .ticket = done->ticket,
                                   .at = at,
                                   .state = state,
                                   .evidence = evidence,
                                   .judgement = done->judgement,
                                   .seconds = done->seconds,
                                   .stopped = done->stopped,
                                   .notice_file = done->notice_file};
    cJSON *checklist;
    struct buf notice = {0};
    bool good;

    strftime(at, sizeof at, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
    checklist = rollback_checklist(&facts);
    rollback_notice(&notice, &facts);
    good = all_ticked(checklist);
    if (!json) {
        buf_puts(out, "\nafter the rollback (✓ holds, ✗ does not, ☐ for you to do):\n");
        rollback_checklist_text(out, checklist);
        buf_printf(out, "\n%s", buf_text(&notice));
    }
    if (done->notice_file != NULL)
        write_notice(done->notice_file, buf_text(&notice));
    cJSON_AddItemToObject(document, "checklist", checklist);
    cJSON_AddStringToObject(document, "notice", buf_text(&notice));
    buf_free(&notice);
    cJSON_Delete(state);
    cJSON_Delete(evidence);
    free(who);
    return good;
}

bool
rollback_after_alone(const struct settings *settings, const struct rollback_done *done, cJSON *document, bool json)
{
    struct desk d = {0};
    struct buf said = {0};
    struct buf out = {0};
    bool good = desk_open_saying(&d, settings, "rollback", &said) == EXIT_GOOD;

    if (good)
        good = rollback_after(&d, done, document, json, &out);
    else
        fprintf(stderr, "dualwrited: warning: no checklist and no notification could be made: %s\n", buf_text(&said));
    fputs(buf_text(&out), stdout);
    desk_close(&d);
    buf_free(&said);
    buf_free(&out);
    return good;
}
