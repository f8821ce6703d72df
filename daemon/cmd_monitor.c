/*
 * cmd_monitor.c - `dualwrited monitor`: rule packs as one health score, kept as history; the chart and the soak rule read that.
 * Who looks is integrity.c, the score is lib/core/health_score.c.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert_send.h"
#include "command.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/monitor_metrics.h"
#include "dualwrite/shown.h"
#include "embedded.h"
#include "integrity.h"

#define CHART "60"   /* runs that --history shows */
#define SOAK "10000" /* runs that --soak reads: all that are kept of a pack */

struct monitor {
    struct integrity_asked asked;
    bool json, history, alert;
    double soak_s; /* 0: not asked for */
};

/* "7d", "36h", ...; seconds, 0 for anything else. */
static double
soak_seconds(const char *text)
{
    char *end;
    const double days = strtod(text, &end);
    const int64_t ms = config_duration_ms(text);

    if (*text >= '0' && *text <= '9' && strcmp(end, "d") == 0 && days <= 400)
        return days * 86400;
    return ms > 0 ? (double) ms / 1000 : 0;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct monitor *m = into;
    int status;

    if (integrity_take(&m->asked, name, argument, &status))
        return status;
    if (strcmp(name, "json") == 0) {
        m->json = true;
    } else if (strcmp(name, "history") == 0) {
        m->history = true;
    } else if (strcmp(name, "alert") == 0) {
        m->alert = true;
    } else if (strcmp(name, "soak") == 0) {
        m->soak_s = soak_seconds(argument);
        if (m->soak_s <= 0)
            return command_bad_argument(name, argument, "a time, as 7d or 36h, at most 400d");
    } else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0) {
        m->json = strcmp(argument, "json") == 0;
    } else {
        return command_bad_argument(name, argument, "text or json");
    }
    return EXIT_GOOD;
}

static void
print_json(cJSON *document)
{
    char *text = cJSON_Print(document);

    puts(text);
    cJSON_free(text);
    cJSON_Delete(document);
}

/* ---- a run ---- */

/* Keeps what was found of each pack; false after a refusal. */
static bool
keep(struct desk *d, const struct integrity_report *report)
{
    bool good = desk_begin(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, true);

    for (size_t p = 0; good && p < report->count; p++) {
        const struct integrity_pack *pack = &report->packs[p];
        const int64_t issues = integrity_issues(pack);
        const int score = integrity_score(pack);
        cJSON *document = monitor_document(report, pack);
        char *text = cJSON_PrintUnformatted(document);
        char hours[16], points[16], count[24];
        const char *params[] = {pack->pack->name, hours, points, health_status_word(health_status(score)), count, text};
        PGresult *r;

        snprintf(hours, sizeof hours, "%d", report->period_hours);
        snprintf(points, sizeof points, "%d", score);
        snprintf(count, sizeof count, "%" PRId64, issues > INT32_MAX ? INT32_MAX : issues);
        r = desk_ask(d, DATABASE_VNEXT, sql_integrity_keep, 6, params);
        good = r != NULL;
        PQclear(r);
        cJSON_free(text);
        cJSON_Delete(document);
    }
    return desk_end(d, DATABASE_VNEXT, good) && good;
}

static void
measure(struct desk *d, struct integrity_report *report)
{
    char hours[16];
    const char *params[] = {hours};
    PGresult *r;
    cJSON *facts;

    snprintf(hours, sizeof hours, "%d", report->period_hours);
    r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_integrity_facts, 1, params);
    facts = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));
    report->metrics = monitor_metrics(facts);
    report->counters = cJSON_DetachItemFromObjectCaseSensitive(facts, "counters");
    cJSON_Delete(facts);
    PQclear(r);
}

static void
print(const struct monitor *m, const struct integrity_report *report)
{
    struct buf out = {0};

    if (m->json) {
        print_json(monitor_document(report, NULL));
        return;
    }
    monitor_text(&out, report);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static int
look(const struct monitor *m, struct integrity *i, struct desk *d)
{
    static const int statuses[] = {
        [HEALTH_IS_HEALTHY] = EXIT_GOOD, [HEALTH_IS_DEGRADED] = EXIT_FOUND, [HEALTH_IS_CRITICAL] = EXIT_CRITICAL};
    struct integrity_report report = {0};
    int status = integrity_prepare(i, d);

    if (status == EXIT_GOOD)
        status = integrity_look(i, &report);
    if (status == EXIT_GOOD) {
        measure(d, &report);
        print(m, &report);
        status = statuses[health_status(monitor_score(&report))];
        if (!keep(d, &report)) {
            const int refused = desk_refused(d, "keeping what was found");

            /* a finding is known all the same; a day that is healthy and not kept would be missing in silence */
            status = status == EXIT_GOOD ? refused : status;
        }
        if (m->alert)
            alert_send(d, &report);
    }
    integrity_report_free(&report);
    return status;
}

/* ---- what was found before ---- */

/* The last `limit` runs of a pack; NULL after saying why. */
static cJSON *
ask_runs(struct desk *d, const char *pack, const char *limit)
{
    const char *params[] = {pack, limit};
    PGresult *r =
        desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_integrity_history, 2, params);
    cJSON *runs = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    PQclear(r);
    return runs;
}

static int
show_history(const struct monitor *m, const struct integrity *i, struct desk *d)
{
    cJSON *document = cJSON_CreateObject();
    int status = EXIT_GOOD;

    for (size_t p = 0; status == EXIT_GOOD && p < m->asked.npacks; p++) {
        cJSON *runs = ask_runs(d, i->packs[p]->name, CHART);
        struct buf out = {0};

        if (runs == NULL) {
            status = desk_refused(d, "reading the history");
            break;
        }
        if (!m->json) {
            buf_printf(&out, "%s:%s\n", i->packs[p]->name, runs->child == NULL ? " no run is kept yet" : "");
            monitor_chart(&out, runs, desk_width());
            fputs(buf_text(&out), stdout);
            buf_free(&out);
        }
        cJSON_AddItemToObject(document, i->packs[p]->name, runs);
    }
    if (m->json && status == EXIT_GOOD)
        print_json(document);
    else
        cJSON_Delete(document);
    return status;
}

static void
print_soak(const struct monitor *m, const char *pack, const struct soak *s)
{
    struct buf out = {0};

    if (m->json) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "pack", pack);
        cJSON_AddBoolToObject(object, "held", soak_held(s));
        cJSON_AddNumberToObject(object, "held_seconds", s->held_s);
        cJSON_AddNumberToObject(object, "wanted_seconds", s->wanted_s);
        cJSON_AddNumberToObject(object, "runs", s->runs);
        cJSON_AddNumberToObject(object, "lowest_score", s->lowest);
        cJSON_AddItemToObject(object, "ended_by",
                              s->low   ? cJSON_CreateString("score")
                              : s->gap ? cJSON_CreateString("gap")
                                       : cJSON_CreateNull());
        print_json(object);
        return;
    }
    buf_printf(&out, "%s %s: healthy for ", soak_held(s) ? "\xe2\x9c\x93" : "\xe2\x9c\x97", pack);
    shown_span(&out, s->held_s);
    buf_puts(&out, " of ");
    shown_span(&out, s->wanted_s);
    buf_printf(&out, ", %d run%s", s->runs, s->runs == 1 ? "" : "s");
    if (s->runs > 0)
        buf_printf(&out, ", the lowest score %d", s->lowest);
    if (!soak_held(s)) {
        buf_puts(&out, s->low   ? "; before that a score below 90"
                       : s->gap ? "; before that nobody looked for more than "
                                : "");
        if (s->gap)
            shown_span(&out, s->longest_s);
        if (!s->low && !s->gap)
            buf_puts(&out, "; no run is older");
    }
    buf_putc(&out, '\n');
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

/* A run may be late, and none may be missed: a day that nobody looked at is not known to have been healthy. */
static int
soak(const struct monitor *m, const struct integrity *i, struct desk *d)
{
    int status = EXIT_GOOD;

    for (size_t p = 0; p < m->asked.npacks; p++) {
        struct soak s = {.wanted_s = m->soak_s, .longest_s = 1.5 * 3600.0 * m->asked.period_hours, .lowest = 100};
        cJSON *runs = ask_runs(d, i->packs[p]->name, SOAK);

        if (runs == NULL)
            return desk_refused(d, "reading the history");
        for (int n = cJSON_GetArraySize(runs) - 1; n >= 0 && !soak_held(&s); n--) {
            const cJSON *run = cJSON_GetArrayItem(runs, n);

            if (!soak_add(&s, cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(run, "age")),
                          (int) cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(run, "score"))))
                break;
        }
        cJSON_Delete(runs);
        print_soak(m, i->packs[p]->name, &s);
        status = soak_held(&s) ? status : EXIT_FOUND;
    }
    return status;
}

/* ---- the command ---- */

static int
answer(void *arg, struct integrity *i, struct desk *d)
{
    const struct monitor *m = arg;

    return m->history ? show_history(m, i, d) : m->soak_s > 0 ? soak(m, i, d) : look(m, i, d);
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct monitor m = {.asked = {.period_hours = 24, .samples = 5, .timeout_ms = 60000}};
    bool helped;
    int status = command_options(self, argc, argv, &m, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    signal(SIGPIPE, SIG_IGN); /* a reader that went away keeps no run from being kept, and nobody from being told */
    if (m.history && m.soak_s > 0) {
        fputs("dualwrited monitor: --history and --soak are two questions: ask one of them\n", stderr);
        return EXIT_USAGE;
    }
    if (m.alert && (m.history || m.soak_s > 0)) {
        fputs("dualwrited monitor: --history and --soak look at nothing, so there is nothing to --alert about\n",
              stderr);
        return EXIT_USAGE;
    }
    return integrity_command(&m.asked, "monitor", false, answer, &m);
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"pack", "PACK", "a rule pack's name, or its folder; may be there more than once (default: " INTEGRITY_PACK ")"},
    {"period", "HOURS", "what counts as recent (default: 24)"},
    {"timeout", "DURATION", "one check may take so long (default: 60s)"},
    {"no-compare", NULL, "do not run `dualwrited reconcile` first: the last one counts, if it is of the period"},
    {"alert", NULL, "tell webhook, PagerDuty and mail, where they are set, what they do not know yet"},
    {"history", NULL, "the last runs as a chart; looks at nothing"},
    {"soak", "DURATION", "has it been healthy for so long, as 7d; looks at nothing"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_monitor = {
    .name = "monitor",
    .summary = "the health score of rule packs, kept as history; the soak rule",
    .help =
        "Runs the checks of rule packs and makes one score of what they found: 100 less 5 for each issue, 50 at most, "
        "less\n"
        "the weight of each check that found something; below 90 when a check could not look. Each run is kept in the\n"
        "vNext database for 400 days.\n"
        "Exit status: 0 healthy (from 90), 1 degraded (from 50) or not held for --soak, 2 critical, also where that "
        "could not\n"
        "be kept; 65 a bad pack, 69 unreachable, 70 could not finish: a healthy run that could not be kept, too.",
    .options = options,
    .run = run,
};
