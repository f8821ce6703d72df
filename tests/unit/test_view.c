/* test_view.c - what is said of listening and of the notification queue: once, and again only after it was well. */
/* links: daemon/view.c lib/core/flags.c lib/base/log.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/view.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int real_stderr;
static FILE *log_file;

/* How often `word` stands in what was logged since the last call. */
static int
said(const char *word)
{
    char text[16384] = "";
    int times = 0;

    rewind(log_file);
    text[fread(text, 1, sizeof text - 1, log_file)] = '\0';
    for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
        times++;
    rewind(log_file);
    assert_int_equal(ftruncate(fileno(log_file), 0), 0);
    lseek(STDERR_FILENO, 0, SEEK_SET);
    return times;
}

static int
redirect(void **state)
{
    (void) state;
    log_file = tmpfile();
    real_stderr = dup(STDERR_FILENO);
    return log_file == NULL || dup2(fileno(log_file), STDERR_FILENO) < 0;
}

static int
restore(void **state)
{
    (void) state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    return fclose(log_file);
}

static struct beat_answer
well(void)
{
    struct beat_answer b = {.listening = true, .bells = true, .partitions = "0"};

    for (enum flag f = 0; f < FLAG_COUNT; f++)
        b.flags.value[f] = flag_default(f);
    return b;
}

static void
test_queue(void **state)
{
    static const struct {
        int percent, said;
    } beats[] = {{0, 0},  {50, 0}, {51, 1}, {80, 0}, {45, 0}, {60, 0},
                 {41, 0}, {40, 0}, {50, 0}, {51, 1}, {10, 0}, {99, 1}};
    struct beat_answer b = well();
    struct view v;

    (void) state;
    view_init(&v);
    view_note(&v, &b, true);
    said("flag");
    for (size_t i = 0; i < COUNT(beats); i++) {
        b.queue_percent = beats[i].percent;
        b.queue_holders = i == 2 ? "pid 7 (psql, database x)" : NULL;
        view_note(&v, &b, true);
        assert_int_equal(said(i == 2   ? "pid 7 (psql, database x)"
                              : i == 9 ? "none that this role may see"
                                       : "notification_queue_filling"),
                         beats[i].said);
    }
    view_free(&v);
}

/* L listens, d deaf, P a pooler answers, h something was heard, m a change came and nothing was heard, - the connection went. */
static void
test_hearing(void **state)
{
    static const struct {
        const char *beats;
        int said;
        bool listening;
    } cases[] = {
        {"L", 0, true},
        {"d", 0, false},
        {"dd", 0, false},
        {"ddd", 1, false},
        {"dddddd", 1, false},
        {"ddLdd", 0, false},
        {"dddLddd", 2, false},
        {"ddd-ddd", 1, false},
        {"P", 0, true},
        {"Pm", 1, false},
        {"PmPm", 1, false},
        {"PmPPP", 1, false},
        {"Pm-PPm", 1, false},
        {"Pm-Ph", 1, true},
        {"Pm-PhPm", 2, false},
        {"Pm-L", 1, true},
        {"dddPdddPddd", 1, false},
        {"LLm", 0, true}, /* a direct connection lost one: the beat made it good */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct beat_answer b = well();
        struct view v;

        view_init(&v);
        for (const char *p = cases[i].beats; *p != '\0'; p++) {
            bool between = *p == 'P' || b.between;

            if (*p == '-') {
                view_lost(&v);
                b.between = false;
                continue;
            }
            b = well();
            b.between = between && *p != 'L';
            b.listening = *p != 'd';
            b.heard = *p == 'h';
            b.armed = b.waiting = *p == 'm';
            view_note(&v, &b, true);
        }
        if (v.listening != cases[i].listening)
            fail_msg("%s: listening is %d", cases[i].beats, v.listening);
        if (said("not_listening") != cases[i].said)
            fail_msg("%s: not said %d times", cases[i].beats, cases[i].said);
        view_free(&v);
    }
}

/* What nobody captures is said when it changes; that all is well, only after it was not. */
static void
test_capture(void **state)
{
    static const struct {
        const char *missing, *said;
        int times;
    } beats[] = {
        {NULL, "capture", 0},
        {"[]", "capture", 0},
        {NULL, "capture", 0},
        {"[\"team INSERT\", \"team UPDATE\"]", "changes are NOT captured: team INSERT, team UPDATE: ", 1},
        {NULL, "capture", 0},
        {"[\"team INSERT\", \"team UPDATE\"]", "capture", 0},
        {"[\"team UPDATE\"]", "changes are NOT captured: team UPDATE: ", 1},
        {"[]", "capture_back", 1},
        {"[]", "capture", 0},
    };
    struct beat_answer b = well();
    struct view v;

    (void) state;
    view_init(&v);
    view_note(&v, &b, true);
    said("flag");
    for (size_t i = 0; i < COUNT(beats); i++) {
        b.capture_missing = beats[i].missing;
        view_note(&v, &b, true);
        if (said(beats[i].said) != beats[i].times)
            fail_msg("%zu: %s was not said %d times", i, beats[i].said, beats[i].times);
    }
    view_free(&v);
    view_init(&v);
    b.capture_missing = "[\"team DELETE\"]";
    view_note(&v, &b, true);
    assert_int_equal(said("NOT captured: team DELETE"), 1); /* with the first beat that asks */
    view_free(&v);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_queue, redirect, restore),
        cmocka_unit_test_setup_teardown(test_hearing, redirect, restore),
        cmocka_unit_test_setup_teardown(test_capture, redirect, restore),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
