/* stage_run.c - the phases of a staged test, one step after the other; see stage_run.h. */
#include "stage_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/shown.h"
#include "dualwrite/stage_state.h"
#include "dualwrite/stage_where.h"
#include "dualwrite/xalloc.h"
#include "runner.h"
#include "stage_folder.h"
#include "stage_place.h"
#include "stage_result.h"
#include "version.h"

#define ENABLE_PHASE 2 /* the first that changes anything */

struct stage {
    const struct stage_asked *asked;
    struct folder folder;
    struct place place;
    cJSON *state;
    bool terminal;
    const struct stage_step *step; /* under way */
    double began;                  /* ... since */
};

static const cJSON *
options_of(const struct stage *s)
{
    return cJSON_GetObjectItemCaseSensitive(s->state, "options");
}

static double
now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static void
now_text(char text[static 25])
{
    struct timespec t;
    struct tm utc;
    char seconds[20];

    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, 25, "%s.%03uZ", seconds, (unsigned) (t.tv_nsec / 1000000) % 1000);
}

/* ---- progress ---- */

static void
quiet(const struct stage *s)
{
    if (s->terminal)
        fputs("\r\x1b[K", stderr);
}

static void
tick(void *arg)
{
    const struct stage *s = arg;

    if (!s->terminal || s->step == NULL)
        return;
    quiet(s);
    fprintf(stderr, "phase %d of %d, %s: %s (%.0f s) ...", s->step->phase, STAGE_PHASES - 1,
            stage_phase_name(s->step->phase), s->step->doing, now_s() - s->began);
    fflush(stderr);
}

__attribute__((format(printf, 2, 3))) static void
say(const struct stage *s, const char *fmt, ...)
{
    char now[25];
    va_list ap;

    quiet(s);
    now_text(now);
    fprintf(stderr, "%.8s ", now + strlen("2026-01-25T"));
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* ---- running ---- */

/* The last line of a step's stderr, for the operator. */
static void
say_failed(const struct stage *s, const struct stage_step *step, int status, const char *why, const char *err)
{
    char *text = folder_text(&s->folder, err);
    struct buf last = {0};

    if (text != NULL) {
        size_t len = strlen(text);
        char *line;

        while (len > 0 && text[len - 1] == '\n')
            text[--len] = '\0';
        line = strrchr(text, '\n');
        shown_text(&last, line == NULL ? text : line + 1, 200);
    }
    say(s, "phase %d %s: %s: exit status %d%s%s", step->phase, stage_phase_name(step->phase), step->name, status,
        why != NULL || last.len > 0 ? ": " : "", why != NULL ? why : buf_text(&last));
    buf_free(&last);
    free(text);
}

/* Runs words of ours inside or here, and returns the exit status; -1 with *why (free it) where that could not be. */
static int
run_words(struct stage *s, enum stage_place place, const struct words *words, const char *file, const char *err,
          char **why)
{
    const char *config = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options_of(s), "config"));
    char *out_path = folder_path(&s->folder, file);
    char *err_path = folder_path(&s->folder, err);
    struct run r = {
        .out = out_path, .err = err_path, .tick = tick, .arg = s, .limit_ms = place_limit_ms(options_of(s))};
    struct words argv = {0};

    if (place == STAGE_HERE)
        words_add(&argv, "/proc/self/exe");
    else
        words_append(&argv, &s->place.before);
    words_append(&argv, words);
    if (place == STAGE_INSIDE && config != NULL)
        words_addf(&argv, "--config=%s", config);
    run_command(&r, &argv);
    *why = xstrdup(r.why);
    words_free(&argv);
    run_free(&r);
    free(out_path);
    free(err_path);
    return r.status;
}

static void
undo_words(const struct stage *s, const struct stage_step *step, struct words *words)
{
    stage_words(words, step->undo, options_of(s), s->folder.path);
}

/* Takes back all that is noted, the latest first; false when something was not. A signal does not stop it. */
static bool
undo(struct stage *s, bool at_once)
{
    struct words words = {0};
    bool good = true;

    run_forget_signal();
    while (good && stage_state_to_undo(s->state, at_once, &words)) {
        struct buf shown = {0};
        char *why = NULL;
        const int status = run_words(s, STAGE_INSIDE, &words, "logs/undo.txt", "logs/undo.err", &why);

        words_shown(&shown, &words);
        good = status == EXIT_GOOD;
        if (good)
            stage_state_taken_back(s->state, &words);
        say(s, "%s: %s%s%s", good ? "taken back" : "could not be taken back", buf_text(&shown), why == NULL ? "" : ": ",
            why == NULL ? good ? "" : " (logs/undo.err)" : why);
        good = folder_save(&s->folder, s->state) && good;
        buf_free(&shown);
        free(why);
        words_free(&words);
    }
    return good;
}

/* ---- a step ---- */

static int
collect_logs(struct stage *s, const struct stage_step *step, char **why)
{
    const char *since = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s->state, "started_at"));
    char *path = folder_path(&s->folder, step->file);
    cJSON *counts;
    const bool good = place_log(&s->place, since, path, why, &counts);

    if (*why != NULL)
        cJSON_AddStringToObject(counts, "why", *why);
    cJSON_DeleteItemFromObjectCaseSensitive(s->state, "log");
    cJSON_AddItemToObject(s->state, "log", counts);
    free(path);
    return good ? EXIT_GOOD : EXIT_FOUND;
}

static void
after_step(struct stage *s, const struct stage_step *step, int status)
{
    struct words words = {0};

    if (step->settles != NULL && status >= 0 && status <= step->highest) {
        undo_words(s, stage_step_named(step->settles), &words);
        stage_state_taken_back(s->state, &words);
    }
    words_free(&words);
    folder_save(&s->folder, s->state);
    if (step->undo_at_once) {
        const int stopped = run_stopped();

        undo(s, true);
        if (stopped != 0)
            raise(stopped);
    }
}

/* True: the next one may come. *status: what to exit with otherwise. */
static bool
run_step(struct stage *s, const struct stage_step *step, int *status)
{
    char err[80];
    struct words words = {0}, back = {0};
    char *why = NULL;
    const double since = now_s();
    bool good;
    int exited;

    snprintf(err, sizeof err, "logs/%s.err", step->name);
    s->step = step;
    s->began = since;
    if (step->undo != NULL) {
        undo_words(s, step, &back);
        stage_state_note(s->state, &back, step->undo_at_once);
        if (!folder_save(&s->folder, s->state)) {
            words_free(&back);
            *status = EXIT_UNFINISHED;
            return false;
        }
    }
    if (step->place == STAGE_LOGS) {
        words_add(&words, "collect");
        words_add(&words, "logs");
        exited = collect_logs(s, step, &why);
    } else {
        stage_words(&words, step->words, options_of(s), s->folder.path);
        exited = run_words(s, step->place, &words, step->file, err, &why);
    }
    quiet(s);
    stage_state_step(s->state, step, &words, exited, now_s() - since);
    good = exited >= 0 && exited <= step->highest;
    if (!good)
        say_failed(s, step, exited, why, err);
    after_step(s, step, exited);
    words_free(&words);
    words_free(&back);
    free(why);
    *status = exited == EXIT_CRITICAL || exited == EXIT_UNREACHABLE || exited == EXIT_CONFIGURATION ? exited
                                                                                                    : EXIT_UNFINISHED;
    /* what cannot be reached or started would cross one criterion after the other, and has said nothing of any */
    return run_stopped() == 0 && (good || !(step->must || exited == EXIT_UNREACHABLE || exited < 0));
}

/* Dual write is on for a step that needs it, also where a phase is done again after the last one took it back. */
static bool
be_enabled(struct stage *s, const struct stage_step *step, int *status)
{
    const struct stage_step *enable = stage_step_named("enable");
    struct words back = {0};
    bool there;

    undo_words(s, enable, &back);
    there = !step->needs_enabled || stage_state_noted(s->state, &back);
    words_free(&back);
    return there || run_step(s, enable, status);
}

/* ---- a phase ---- */

/* Where to look: what the step said on stderr, else its answer. */
static void
put_why(const struct stage *s, const struct stage_step *step, struct buf *why)
{
    struct buf err = {0};
    char *path;

    if (run_stopped()) {
        buf_printf(why, "stopped by a signal at %s", step->name);
        return;
    }
    buf_printf(&err, "logs/%s.err", step->name);
    path = folder_path(&s->folder, buf_text(&err));
    buf_printf(why, "%s failed: see %s", step->name, access(path, F_OK) == 0 ? buf_text(&err) : step->file);
    free(path);
    buf_free(&err);
}

static int
run_phase(struct stage *s, int phase)
{
    const double since = now_s();
    char now[25];
    int status = EXIT_GOOD;
    bool good = true;
    struct buf why = {0};

    now_text(now);
    stage_state_begin(s->state, phase, now);
    if (!folder_save(&s->folder, s->state))
        return EXIT_UNFINISHED;
    for (size_t i = 0; good && i < stage_step_count; i++) {
        const struct stage_step *step = &stage_steps[i];

        if (step->phase != phase || (step->unless != NULL && cJSON_HasObjectItem(options_of(s), step->unless)))
            continue;
        good = be_enabled(s, step, &status) && run_step(s, step, &status);
        if (!good)
            put_why(s, step, &why);
    }
    stage_state_end(s->state, phase, now_s() - since, good ? NULL : buf_text(&why));
    say(s, "phase %d of %d, %s: %s in %.1f s", phase, STAGE_PHASES - 1, stage_phase_name(phase),
        good ? "done" : buf_text(&why), now_s() - since);
    buf_free(&why);
    if (!folder_save(&s->folder, s->state))
        return EXIT_UNFINISHED;
    return good ? EXIT_GOOD : status;
}

/* ---- all ---- */

/* A new test; what a former one in the same folder has to take back is still to be taken back. */
static void
begin_anew(struct stage *s)
{
    char *text = folder_text(&s->folder, "stage.json");
    cJSON *former = text == NULL ? NULL : cJSON_Parse(text);
    char now[25];

    now_text(now);
    folder_clear(&s->folder);
    s->state = stage_state_new("dualwrited " DUALWRITE_VERSION, s->asked->options, now);
    if (former != NULL && stage_state_unusable(former) == NULL)
        cJSON_ReplaceItemInObjectCaseSensitive(s->state, "undo",
                                               cJSON_DetachItemFromObjectCaseSensitive(former, "undo"));
    cJSON_Delete(former);
    free(text);
}

/* The phases from that one on again; those on test data that is gone begin with making it. */
static int
go_back(struct stage *s, int phase)
{
    const struct stage_step *smoke = stage_step_named("smoke");
    struct words back = {0};

    undo_words(s, smoke, &back);
    if (phase > smoke->phase && phase < STAGE_PHASES - 1 && phase <= stage_state_next(s->state) &&
        !stage_state_noted(s->state, &back)) {
        phase = smoke->phase;
        fprintf(stderr, "dualwrited stage: phase %d comes first: its test data is gone\n", phase);
    }
    words_free(&back);
    if (stage_state_back_to(s->state, phase))
        return EXIT_GOOD;
    fprintf(stderr, "dualwrited stage: phase %d cannot be next: phase %d is not done yet\n", phase,
            stage_state_next(s->state));
    return EXIT_USAGE;
}

/* The folder's test, or a new one. */
static int
begin(struct stage *s)
{
    const struct stage_asked *a = s->asked;
    const char *differs;
    char *why = NULL;
    int status = a->restart ? EXIT_GOOD : folder_state(&s->folder, &s->state);

    if (status != EXIT_GOOD)
        return status;
    if (s->state == NULL) {
        begin_anew(s);
    } else if ((differs = stage_state_merge(s->state, a->options)) != NULL) {
        fprintf(stderr,
                "dualwrited stage: %s was begun with another --%s: take another folder, or begin anew with --restart\n",
                a->folder, differs);
        return EXIT_USAGE;
    }
    stage_state_defaults(s->state);
    if (!stage_where_check(options_of(s), &why)) {
        fprintf(stderr, "dualwrited stage: %s\n", why);
        free(why);
        return EXIT_USAGE;
    }
    if (a->from_phase >= 0)
        return go_back(s, a->from_phase);
    return EXIT_GOOD;
}

static int
conclude(struct stage *s)
{
    char now[25];

    now_text(now);
    return result_write(&s->folder, s->state, now) ? EXIT_GOOD : EXIT_UNFINISHED;
}

static void
say_left(const struct stage *s)
{
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(s->state, "undo")) > 0)
        fprintf(stderr,
                "dualwrited stage: not everything is taken back yet: `dualwrited stage --out-dir=%s --undo` does it\n",
                s->folder.path);
}

static int
run_phases(struct stage *s)
{
    int status = EXIT_GOOD;

    for (int phase = stage_state_next(s->state); phase < STAGE_PHASES && status == EXIT_GOOD; phase++)
        status = run_phase(s, phase);
    if (status == EXIT_GOOD && run_stopped() == 0)
        status = conclude(s);
    if (status == EXIT_GOOD) {
        status = result_show(&s->folder, s->state, s->asked->json);
    } else {
        undo(s, true);
        result_write(&s->folder, s->state, NULL);
        fputs("dualwrited stage: the same command goes on from here\n", stderr);
    }
    say_left(s);
    return status;
}

/* What a test under way had changed is taken back: it goes on with changing it again. */
static bool
forget_undone(struct stage *s)
{
    const int next = stage_state_next(s->state);

    if (next > ENABLE_PHASE && next < STAGE_PHASES)
        stage_state_back_to(s->state, ENABLE_PHASE);
    return folder_save(&s->folder, s->state);
}

static void
say_where(struct stage *s)
{
    cJSON *environment = cJSON_CreateObject();

    cJSON_AddStringToObject(environment, "shown", s->place.shown);
    cJSON_AddStringToObject(environment, "version", s->place.version);
    cJSON_ReplaceItemInObjectCaseSensitive(s->state, "environment", environment);
    if (strcmp(s->place.version, DUALWRITE_VERSION) != 0)
        fprintf(stderr, "dualwrited stage: warning: %s runs version %s, this program is %s\n", s->place.shown,
                s->place.version, DUALWRITE_VERSION);
}

int
stage_run(const struct stage_asked *asked)
{
    struct stage s = {.asked = asked, .terminal = isatty(STDERR_FILENO) == 1};
    int status = asked->undo && !folder_has_test(asked->folder) ? EXIT_USAGE : folder_open(&s.folder, asked->folder);

    if (status == EXIT_GOOD)
        status = folder_is_ours(&s.folder) ? begin(&s) : EXIT_USAGE;
    if (status == EXIT_GOOD) {
        run_catch_signals();
        status = place_open(&s.place, options_of(&s));
    }
    if (status == EXIT_GOOD) {
        say_where(&s);
        if (!undo(&s, !asked->undo && !asked->restart) || (asked->undo && !forget_undone(&s)))
            status = EXIT_UNFINISHED;
        else if (!asked->undo)
            status = run_phases(&s);
    }
    place_close(&s.place);
    folder_close(&s.folder);
    cJSON_Delete(s.state);
    return status;
}
