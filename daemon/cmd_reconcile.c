/*
 * cmd_reconcile.c - `dualwrited reconcile`: options, and the order of the parts, which are the reconcile_*.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"
#include "reconcile_run.h"

#define CHUNK 1000
#define MAX_CHUNK 5000 /* where nobody said how many, and nobody is to be spared */

/* ---- options ---- */

static int
take_number(const char *name, const char *argument, int64_t min, int64_t max, const char *accepted, int64_t *into)
{
    char *end;

    *into = strtoll(argument, &end, 10);
    if (*argument < '0' || *argument > '9' || *end != '\0' || *into < min || *into > max)
        return command_bad_argument(name, argument, accepted);
    return EXIT_GOOD;
}

static int
take_duration(const char *name, const char *argument, int64_t *into)
{
    *into = config_duration_ms(argument);
    return *into < 0 || strcmp(argument, "off") == 0
               ? command_bad_argument(name, argument, "a duration, like 500ms, 30s or 5m")
               : EXIT_GOOD;
}

static int
take_entity(struct reconcile_options *o, const char *argument)
{
    if (o->nentities == RECONCILE_ENTITIES_MAX) {
        fprintf(stderr, "dualwrited reconcile: --entity is taken %d times at most; leave it out for all\n",
                RECONCILE_ENTITIES_MAX);
        return EXIT_USAGE;
    }
    o->entities[o->nentities++] = argument;
    return EXIT_GOOD;
}

static bool *
switch_named(struct reconcile_options *o, const char *name)
{
    const struct {
        const char *name;
        bool *value;
    } switches[] = {
        {"resume", &o->resume},   {"fix", &o->fix},   {"dry-run", &o->dry_run},
        {"no-wait", &o->no_wait}, {"json", &o->json}, {"allow-removals", &o->allow_removals},
    };

    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        if (strcmp(switches[i].name, name) == 0)
            return switches[i].value;
    return NULL;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct reconcile_options *o = into;
    int64_t number = 0;
    int status = EXIT_GOOD;

    if (argument == NULL) {
        *switch_named(o, name) = true;
        return EXIT_GOOD;
    }
    if (strcmp(name, "config") == 0) {
        o->config = argument;
    } else if (strcmp(name, "entity") == 0) {
        status = take_entity(o, argument);
    } else if (strcmp(name, "format") == 0) {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        o->json = strcmp(argument, "json") == 0;
    } else if (strcmp(name, "chunk") == 0) {
        status = take_number(name, argument, 1, 100000, "a number of rows from 1 to 100000", &o->chunk);
    } else if (strcmp(name, "rate") == 0) {
        status = take_number(name, argument, 0, 100000000, "a number of rows per second, or 0 for no limit", &o->rate);
    } else if (strcmp(name, "sample") == 0) {
        status = take_number(name, argument, 0, 1000, "a number of rows from 0 to 1000", &number);
        o->sample = (int) number;
    } else if (strcmp(name, "removal-share") == 0) {
        status = take_number(name, argument, 0, 100, "a percentage from 0 to 100", &number);
        o->removal_share = (int) number;
    } else if (strcmp(name, "max-lag") == 0) {
        status = take_duration(name, argument, &o->max_lag_ms);
    } else {
        status = take_duration(name, argument, &o->settle_ms);
    }
    return status;
}

static int
check_combinations(const struct reconcile_options *o)
{
    const char *why = o->resume && o->nentities > 0
                          ? "--resume goes on with the entities that the run began with; leave "
                            "--entity out"
                      : !o->fix && o->no_wait        ? "--no-wait says something about --fix, which is not there"
                      : !o->fix && o->allow_removals ? "--allow-removals says something about --fix, which is not there"
                                                     : NULL;

    if (why == NULL)
        return EXIT_GOOD;
    fprintf(stderr, "dualwrited reconcile: %s\n", why);
    return EXIT_USAGE;
}

static int
check_entities(const struct reconcile_options *o, const struct mapping *m)
{
    const char **names = xcalloc(m->count, sizeof *names);
    int status = EXIT_GOOD;

    for (size_t i = 0; i < m->count; i++)
        names[i] = m->entities[i].name;
    for (size_t i = 0; i < o->nentities && status == EXIT_GOOD; i++) {
        const char *nearest;

        if (mapping_entity_index(m, o->entities[i]) < m->count)
            continue;
        nearest = suggest_nearest(o->entities[i], names, m->count);
        fprintf(stderr, "dualwrited reconcile: the mapping has no entity \"%s\"", o->entities[i]);
        if (nearest != NULL)
            fprintf(stderr, "; \"%s\" is the nearest", nearest);
        fputs(" (`dualwrited mapping show` lists them)\n", stderr);
        status = EXIT_USAGE;
    }
    free(names);
    return status;
}

/* ---- the run ---- */

/* The passes, and then what is in flight. */
static void
compare(struct reconcile_run *run)
{
    for (size_t i = 0; i < run->nprogress; i++)
        if (!reconcile_bound(run, &run->progress[i]))
            return;
    for (size_t i = 0; i < run->nprogress; i++)
        if (!reconcile_scan(run, &run->progress[i]))
            return;
    reconcile_settle(run);
}

static void
print_report(struct reconcile_run *run, const struct reconcile_report *report)
{
    struct buf out = {0};

    reconcile_quiet(run);
    if (run->options->json)
        reconcile_json(&out, report);
    else
        reconcile_text(&out, report);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

/* Says what will be queued before it is, to people. */
static void
print_plan(struct reconcile_run *run, const struct reconcile_report *report)
{
    reconcile_quiet(run);
    for (size_t i = 0; i < report->count; i++) {
        const struct reconcile_entity *e = &report->items[i];

        if (e->to_update + e->to_remove > 0)
            fprintf(stderr, "dualwrited reconcile: queueing %s: %" PRId64 " updates, %" PRId64 " removals\n", e->name,
                    e->to_update, e->to_remove);
    }
}

static bool
asks(const struct reconcile_report *report)
{
    bool any = false;

    for (size_t i = 0; i < report->count; i++)
        any = any || report->items[i].asks;
    return any;
}

static void
fix(struct reconcile_run *run)
{
    struct reconcile_report plan = {0};

    if (reconcile_store_count(run, &plan) && !asks(&plan)) {
        print_plan(run, &plan);
        reconcile_fix(run, &plan);
    }
    reconcile_report_free(&plan);
}

static int
report_on(struct reconcile_run *run)
{
    static const int statuses[] = {
        [RECONCILE_CLEAN] = EXIT_GOOD,
        [RECONCILE_MENDED] = EXIT_GOOD,
        [RECONCILE_FOUND] = EXIT_FOUND,
        [RECONCILE_UNFINISHED] = EXIT_UNFINISHED,
    };
    const struct reconcile_options *o = run->options;
    struct reconcile_report report = {.fix = o->fix, .dry_run = o->dry_run, .waits = !o->no_wait};
    int status;

    if (reconcile_store_count(run, &report))
        reconcile_samples(run, &report);
    report.broken_off = run->broken;
    report.why = xstrdup(run->why);
    report.daemons = run->daemons;
    report.enabled = run->enabled;
    report.seconds = (double) monotime_diff_ms(reconcile_now(), run->started) / 1000;
    print_report(run, &report);
    status = statuses[reconcile_verdict(&report)];
    reconcile_report_free(&report);
    return status;
}

static void
finish(struct reconcile_run *run)
{
    reconcile_quiet(run);
    for (size_t i = 0; i < run->nprogress; i++) {
        free(run->progress[i].position);
        free(run->progress[i].last[DATABASE_VNEXT]);
        free(run->progress[i].last[DATABASE_LEGACY]);
    }
    free(run->progress);
    reconcile_forget(run);
}

static int
run_with(const struct reconcile_options *o, const struct settings *settings)
{
    struct reconcile_run run = {
        .name = "reconcile",
        .options = o,
        .settings = settings,
        .mapping = settings->mapping,
        .terminal = isatty(STDERR_FILENO) == 1,
        .started = reconcile_now(),
    };
    struct buf timeout = {0};
    int status;

    buf_printf(&timeout, "%" PRId64, settings->config->statement_timeout_ms);
    run.timeout = buf_steal(&timeout);
    status = reconcile_prepare(&run, NULL);
    if (status == EXIT_GOOD)
        status = reconcile_store_open(&run);
    if (status == EXIT_GOOD) {
        reconcile_open_lanes(&run);
        compare(&run);
        if (o->fix && !o->dry_run && !run.broken)
            fix(&run);
        status = report_on(&run);
    }
    finish(&run);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct reconcile_options o = {
        .rate = 10000, .max_lag_ms = 30000, .settle_ms = 30000, .sample = 5, .removal_share = -1, /* not said */
    };
    struct settings *settings;
    bool helped;
    int status = command_options(self, argc, argv, &o, take, &helped);

    if (status == EXIT_GOOD && !helped)
        status = check_combinations(&o);
    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(o.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    if (o.removal_share < 0)
        o.removal_share = settings->config->removal_share;
    o.max_chunk = o.chunk == 0 && o.rate == 0 ? MAX_CHUNK : o.chunk;
    if (o.chunk == 0)
        o.chunk = CHUNK;
    if (o.max_chunk < o.chunk)
        o.max_chunk = o.chunk;
    status = check_entities(&o, settings->mapping);
    if (status == EXIT_GOOD)
        status = run_with(&o, settings);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"entity", "NAME", "only this entity; may be there more than once (default: all)"},
    {"resume", NULL, "go on with the last run: what it compared and found counts"},
    {"fix", NULL, "queue what is confirmed, and wait until it is applied"},
    {"dry-run", NULL, "with --fix: say what would be queued, and queue nothing"},
    {"no-wait", NULL, "with --fix: do not wait until it is applied"},
    {"allow-removals", NULL, "with --fix: also more removals than --removal-share"},
    {"removal-share", "PERCENT",
     "more removals of an entity's legacy rows stop and ask (default: DUALWRITE_REMOVAL_SHARE)"},
    {"chunk", "N", "how many rows one look takes (default: 1000; up to 5000 with --rate=0)"},
    {"rate", "ROWS", "rows per second at most, compared or queued; 0: no limit (default: 10000)"},
    {"max-lag", "DURATION", "rest while the sync is further behind (default: 30s)"},
    {"settle", "DURATION", "wait so long for rows that are in flight (default: 30s)"},
    {"sample", "N", "how many rows to show of each kind and column (default: 5)"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_reconcile = {
    .name = "reconcile",
    .summary = "compares every row with its legacy row, and queues what differs",
    .help =
        "Compares every mapped vNext row with its legacy row, and every legacy row with its vNext row, in key order. "
        "A\n"
        "difference counts when it is confirmed, not while an event of its row is under way. It writes no application\n"
        "table: --fix queues what is confirmed for the daemons, which is also how old rows get their first legacy "
        "row.\n"
        "A run that was killed goes on with --resume. Run it with the settings of the daemon.\n"
        "Exit status: 0 no difference, or all fixed; 1 differences; 69 unreachable; 70 not finished, or rows in "
        "flight.",
    .options = options,
    .run = run,
};
