/*
 * cmd_gate.c - `dualwrited gate`: one exit code for "may we cut over". Options, how long it has to hold, and the reconcile run
 * that it may begin; what is asked is gate_look.c, what it means lib/core/gate.c. It changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/shown.h"
#include "gate_look.h"

#define PAUSE_MS 5000 /* between two looks at most, unless a look takes long */
#define SHARE 4       /* a pause is so many times as long as the look before, so that looking costs little */

struct asked {
    const char *config;
    int64_t for_ms, max_lag_ms, max_age_ms;
    bool json, reconcile;
};

static int
take_duration(const char *name, const char *argument, int64_t *ms)
{
    *ms = strcmp(argument, "off") == 0 ? -1 : config_duration_ms(argument);
    return *ms < 0 ? command_bad_argument(name, argument, "a time, as 5s, 10m or 2h") : EXIT_GOOD;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "for") == 0)
        return take_duration(name, argument, &a->for_ms);
    else if (strcmp(name, "max-lag") == 0)
        return take_duration(name, argument, &a->max_lag_ms);
    else if (strcmp(name, "max-age") == 0)
        return take_duration(name, argument, &a->max_age_ms);
    else if (strcmp(name, "reconcile") == 0)
        a->reconcile = true;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        a->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

/* ---- reconcile ---- */

/* `dualwrited reconcile` as a child: what it found is in the database, what it does on stderr; EXIT_GOOD when it ran. */
static int
reconcile(const struct asked *asked)
{
    const char *const args[] = {"dualwrited", "reconcile", asked->config == NULL ? NULL : "--config", asked->config,
                                NULL};
    posix_spawn_file_actions_t actions;
    int status = -1;
    int error;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    error = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, (char *const *) args, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        fprintf(stderr, "dualwrited gate: reconcile cannot be started: %s\n", strerror(error));
        return EXIT_UNFINISHED;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_GOOD || WEXITSTATUS(status) == EXIT_FOUND))
        return EXIT_GOOD;
    if (WIFEXITED(status))
        fprintf(stderr, "dualwrited gate: `dualwrited reconcile` ended with status %d; what it left is judged\n",
                WEXITSTATUS(status));
    else
        fputs("dualwrited gate: `dualwrited reconcile` was killed; what it left is judged\n", stderr);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNREACHABLE ? EXIT_UNREACHABLE : EXIT_GOOD;
}

/* ---- looking ---- */

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* How long to rest after a look that took `took_ms`, with `left_ms` to go. */
static int64_t
pause_ms(const struct asked *asked, int64_t took_ms, int64_t left_ms)
{
    int64_t pause = asked->for_ms / 10;

    pause = pause > PAUSE_MS ? PAUSE_MS : pause;
    pause = pause < took_ms * SHARE ? took_ms * SHARE : pause;
    return pause > left_ms ? left_ms : pause;
}

static void
rest(struct desk *d, const struct asked *asked, int64_t held_ms, int64_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    struct buf doing = {0};

    buf_puts(&doing, "it has held for ");
    shown_span(&doing, (double) held_ms / 1000);
    buf_puts(&doing, " of ");
    shown_span(&doing, (double) asked->for_ms / 1000);
    desk_doing(d, buf_text(&doing));
    nanosleep(&pause, NULL);
    d->doing = NULL;
    buf_free(&doing);
}

/* Looks until it has held for as long as was asked for, or does not hold: one miss is a no. */
static struct gate_report
look(struct gate_asked *a, const struct asked *asked, struct gate_run *run)
{
    const int64_t begun = now_ms();

    for (;;) {
        const int64_t before = now_ms();
        struct gate_report report;
        int64_t after;

        desk_doing(a->desk, "looking");
        report = gate_look(a);
        after = now_ms();
        run->looks++;
        run->held_s = (double) (after - begun) / 1000;
        if (gate_verdict(&report) != GATE_MET || after - begun >= asked->for_ms)
            return report;
        gate_report_free(&report);
        rest(a->desk, asked, after - begun, pause_ms(asked, after - before, asked->for_ms - (after - begun)));
    }
}

static void
print(struct desk *d, const struct asked *asked, const struct gate_report *report, const struct gate_run *run)
{
    struct buf out = {0};

    desk_quiet(d);
    if (asked->json)
        gate_json(&out, report, run);
    else
        gate_text(&out, report, run);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
}

static int
answer(struct desk *d, const struct asked *asked)
{
    static const int statuses[] = {
        [GATE_MET] = EXIT_GOOD, [GATE_MISSED] = EXIT_FOUND, [GATE_UNKNOWN] = EXIT_UNFINISHED};
    struct gate_asked a = {
        .desk = d, .max_lag_s = (double) asked->max_lag_ms / 1000, .max_age_s = (double) asked->max_age_ms / 1000};
    struct gate_run run = {.wanted_s = (double) asked->for_ms / 1000};
    int status = gate_prepare(&a);

    if (status == EXIT_GOOD) {
        struct gate_report report = look(&a, asked, &run);

        print(d, asked, &report, &run);
        status = statuses[gate_verdict(&report)];
        gate_report_free(&report);
    }
    gate_forget(&a);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {.max_lag_ms = 5000, .max_age_ms = 24 * INT64_C(3600000)};
    struct settings *settings;
    struct desk desk;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status = asked.reconcile ? reconcile(&asked) : EXIT_GOOD;
    if (status == EXIT_GOOD) {
        status = desk_open(&desk, settings, "gate");
        if (status == EXIT_GOOD)
            status = answer(&desk, &asked);
        desk_close(&desk);
    }
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"for", "DURATION", "it has to hold for so long; the first look that misses says no"},
    {"max-lag", "DURATION", "the oldest event may wait for so long (default: 5s)"},
    {"max-age", "DURATION", "the newest reconcile run may have begun so long ago (default: 24h)"},
    {"reconcile", NULL, "compare every row now, by `dualwrited reconcile`, before the first look"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_gate = {
    .name = "gate",
    .summary = "may we cut over: coverage, differences, parked events, lag, triggers, daemons",
    .help = "Each criterion is a line with its evidence: \xe2\x9c\x93 met, \xe2\x9c\x97 missed, ? not known; and what "
            "to run next. Differences\n"
            "are those of the newest `dualwrited reconcile`, which must be complete and recent. It changes nothing.\n"
            "Exit status: 0 yes, 1 no, 69 unreachable, 70 something could not be found out, and nothing else says no.",
    .options = options,
    .run = run,
};
