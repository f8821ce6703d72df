/*
 * cmd_failed_retry.c - `dualwrited failed retry`: makes failed events due at once and rings the daemons, which try them with
 * the rows of now. With --wait it stays to see what becomes of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd_failed.h"
#include "dualwrite/failed_report.h"
#include "dualwrite/shown.h"
#include "dualwrite/template.h"
#include "embedded.h"

#define WAIT_MS 60000
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 1000
#define SHOWN 20 /* failures that the text names */

struct retry {
    const struct failed_asked *asked;
    struct desk *desk;
    double matched, due, succeeded, failed;
    PGresult *chosen; /* the answer of retry.sql */
    cJSON *outcomes;  /* of --wait: what became of each that is known, as array */
};

/* In one transaction: the events are due, and the bell rings when that is committed. */
static int
make_due(struct retry *t)
{
    struct desk *d = t->desk;
    char *sql = failed_sql(sql_failed_retry);
    struct failed_params params;
    PGresult *rung = NULL;
    bool good;

    desk_doing(d, "making failed events due");
    failed_params(&params, &t->asked->filter);
    good = desk_begin(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, true);
    if (good) {
        t->chosen = desk_ask(d, DATABASE_VNEXT, sql, FAILED_PARAMS, params.values);
        good = t->chosen != NULL;
    }
    if (good) {
        t->matched = strtod(PQgetvalue(t->chosen, 0, 0), NULL);
        t->due = strtod(PQgetvalue(t->chosen, 0, 1), NULL);
        rung = desk_ask(d, DATABASE_VNEXT, sql_failed_ring, 0, NULL);
        good = rung != NULL;
    }
    good = desk_end(d, DATABASE_VNEXT, good) && good;
    desk_quiet(d);
    PQclear(rung);
    failed_params_free(&params);
    free(sql);
    return good ? EXIT_GOOD : desk_refused(d, "making failed events due");
}

/* Whether anybody will try them; says so where not. */
static bool
somebody_works(struct desk *d)
{
    PGresult *r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_failed_workers, 0, NULL);
    const bool enabled = r != NULL && PQgetvalue(r, 0, 0)[0] == 't';
    const bool any = r != NULL && atoi(PQgetvalue(r, 0, 1)) > 0;

    if (r != NULL && !enabled)
        fputs("dualwrited: dual write is off: they are tried when it is on again\n", stderr);
    else if (r != NULL && !any)
        fputs("dualwrited: no daemon works: they are tried when one runs (dualwrited status)\n", stderr);
    PQclear(r);
    return enabled && any;
}

/* ---- waiting ---- */

static int64_t
elapsed_ms(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void
pause_ms(int64_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

/* One look at all of them; false after a refusal. */
static bool
look(struct retry *t)
{
    const char *params[] = {PQgetvalue(t->chosen, 0, 2), PQgetvalue(t->chosen, 0, 3), PQgetvalue(t->chosen, 0, 4),
                            PQgetvalue(t->chosen, 0, 5)};
    PGresult *r = desk_look(t->desk, DATABASE_VNEXT, t->desk->settings->config->statement_timeout_ms,
                            sql_failed_outcome, 4, params);

    if (r == NULL)
        return false;
    cJSON_Delete(t->outcomes);
    t->outcomes = cJSON_CreateArray();
    t->succeeded = 0;
    t->failed = 0;
    for (int i = 0; i < PQntuples(r); i++) {
        const bool good = PQgetvalue(r, i, 1)[0] == 't';
        cJSON *o = cJSON_CreateObject();

        *(good ? &t->succeeded : &t->failed) += 1;
        cJSON_AddStringToObject(o, "event_id", PQgetvalue(r, i, 0));
        cJSON_AddStringToObject(o, "outcome", good ? "succeeded" : "failed");
        cJSON_AddItemToObject(o, "message",
                              PQgetisnull(r, i, 2) ? cJSON_CreateNull() : cJSON_CreateString(PQgetvalue(r, i, 2)));
        cJSON_AddItemToArray(t->outcomes, o);
    }
    PQclear(r);
    return true;
}

static int
await(struct retry *t)
{
    const int64_t most = t->asked->wait_ms > 0 ? t->asked->wait_ms : WAIT_MS;
    int64_t pause = PAUSE_MIN_MS;
    struct timespec since;

    clock_gettime(CLOCK_MONOTONIC, &since);
    for (;;) {
        const int64_t left = most - elapsed_ms(&since);

        if (!look(t))
            return desk_refused(t->desk, "looking what became of them");
        if (t->succeeded + t->failed >= t->due || left <= 0)
            break;
        desk_doing(t->desk, "waiting for the daemons");
        pause_ms(pause < left ? pause : left);
        pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
    }
    desk_quiet(t->desk);
    return t->failed > 0 ? EXIT_FOUND : t->succeeded < t->due ? EXIT_UNFINISHED : EXIT_GOOD;
}

/* ---- saying ---- */

static void
print_json(const struct retry *t)
{
    cJSON *document = cJSON_CreateObject();

    cJSON_AddBoolToObject(document, "dry_run", t->asked->dry_run);
    cJSON_AddNumberToObject(document, "matched", t->matched);
    cJSON_AddNumberToObject(document, "retried", t->due);
    cJSON_AddNumberToObject(document, "busy", t->asked->dry_run ? 0 : t->matched - t->due);
    if (t->outcomes != NULL) {
        cJSON_AddNumberToObject(document, "succeeded", t->succeeded);
        cJSON_AddNumberToObject(document, "failed_again", t->failed);
        cJSON_AddNumberToObject(document, "waiting", t->due - t->succeeded - t->failed);
        cJSON_AddItemToObject(document, "events", cJSON_Duplicate(t->outcomes, true));
    }
    failed_print_json(document);
}

static void
print_text(const struct retry *t)
{
    const double open = t->due - t->succeeded - t->failed;
    const cJSON *o;
    struct buf out = {0};
    int shown = 0;

    if (t->asked->dry_run)
        buf_puts(&out, "would be retried: ");
    shown_count(&out, t->asked->dry_run ? t->matched : t->due);
    buf_puts(&out, (t->asked->dry_run ? t->matched : t->due) == 1 ? " event" : " events");
    buf_puts(&out, t->asked->dry_run ? "" : " made due");
    if (!t->asked->dry_run && t->matched > t->due) {
        buf_puts(&out, "; ");
        shown_count(&out, t->matched - t->due);
        buf_puts(&out, " left alone: a daemon is at them");
    }
    if (t->outcomes != NULL) {
        buf_puts(&out, ": ");
        shown_count(&out, t->succeeded);
        buf_puts(&out, " succeeded, ");
        shown_count(&out, t->failed);
        buf_puts(&out, " failed again");
        if (open > 0) {
            buf_puts(&out, ", ");
            shown_count(&out, open);
            buf_puts(&out, " not tried yet");
        }
    }
    buf_putc(&out, '\n');
    cJSON_ArrayForEach(o, t->outcomes)
    {
        if (strcmp(cJSON_GetObjectItem(o, "outcome")->valuestring, "failed") != 0 || shown++ >= SHOWN)
            continue;
        buf_printf(&out, "  %s: ", cJSON_GetObjectItem(o, "event_id")->valuestring);
        shown_text(&out, cJSON_GetStringValue(cJSON_GetObjectItem(o, "message")), 0);
        buf_putc(&out, '\n');
    }
    if (shown > SHOWN)
        buf_printf(&out, "  ... and %d more: dualwrited failed list\n", shown - SHOWN);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static int
retry(struct retry *t)
{
    int status = EXIT_GOOD;

    if (t->asked->dry_run) {
        double parked;
        struct failed_filter filter = t->asked->filter;
        cJSON *events;

        filter.limit = 1; /* the total is what counts */
        events = failed_choose(t->desk, &filter, &t->matched, &parked, &status);
        if (events == NULL)
            return status;
        cJSON_Delete(events);
        if (t->asked->filter.limit > 0 && t->matched > (double) t->asked->filter.limit)
            t->matched = (double) t->asked->filter.limit;
    } else {
        status = make_due(t);
        if (status != EXIT_GOOD)
            return status;
    }
    if (t->matched == 0) {
        failed_hint(t->desk, &t->asked->filter);
        status = EXIT_FOUND;
    } else if (t->due > 0) {
        const bool works = somebody_works(t->desk);

        if (t->asked->wait && !works)
            status = EXIT_UNFINISHED;
        else if (t->asked->wait)
            status = await(t);
    }
    if (t->asked->json)
        print_json(t);
    else if (t->matched == 0)
        puts("no failed event fits");
    else
        print_text(t);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct failed_asked asked = {0};
    struct settings *settings = NULL;
    struct desk desk = {0};
    struct retry t = {.asked = &asked, .desk = &desk};
    bool helped;
    int status = failed_options(self, argc, argv, &asked, &helped);

    if (status == EXIT_GOOD && !helped && failed_filter_is_all(&asked.filter) && !asked.all) {
        fputs("dualwrited failed retry: say which: --event=ID, --entity=NAME and so on, or --all\n", stderr);
        status = EXIT_USAGE;
    } else if (status == EXIT_GOOD && !helped) {
        status = failed_connect(&asked, &settings, &desk);
        if (status == EXIT_GOOD)
            status = retry(&t);
    }
    PQclear(t.chosen);
    cJSON_Delete(t.outcomes);
    failed_end(&asked, settings, &desk);
    return status;
}

static const struct option_help options[] = {
    FAILED_CONFIG,
    FAILED_CHOICE,
    {"limit", "N", "so many at most, the oldest events (default: all that fit)"},
    {"all", NULL, "every failed event; needed where nothing else says which"},
    {"wait", "[DURATION]", "wait for the outcome, 60s unless said otherwise"},
    {"dry-run", NULL, "say how many it would be, and do nothing"},
    FAILED_FORMAT,
};

const struct command cmd_failed_retry = {
    .name = "failed retry",
    .summary = "try failed events again now",
    .help =
        "The events that fit become due at once, and the daemons are rung. A retry reads the row of now, so mend the\n"
        "cause first. Events that a daemon is at in this moment are left alone. It needs the rights of\n"
        "dualwrite_daemon and no others.\n"
        "Exit status: 0 done (with --wait: all succeeded), 1 nothing fits, or some failed again, 70 not all were "
        "tried\n"
        "in time.",
    .options = options,
    .run = run,
};
