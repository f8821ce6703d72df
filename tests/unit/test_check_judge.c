/* test_check_judge.c - the limits: how old, how far, how long, and what is said of it. */
/* links: lib/core/check_judge.c lib/core/check_report.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/check_judge.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The only finding has this level, check and message; the report is empty afterwards. */
static void
expect(struct check_report *r, enum check_level level, const char *check, const char *said)
{
    if (r->count != 1 || r->items[0].level != level || strcmp(r->items[0].check, check) != 0 ||
        strstr(r->items[0].message, said) == NULL)
        fail_msg("expected %d %s %s, got %zu: %d %s %s", level, check, said, r->count, r->items[0].level,
                 r->items[0].check, r->items[0].message);
    assert_true(level == CHECK_PASS || r->items[0].mend != NULL);
    check_report_free(r);
}

static void
test_version(void **state)
{
    struct check_report r = {0};

    (void) state;
    assert_true(check_judge_version(&r, AREA_VNEXT, "13.0", 130000));
    expect(&r, CHECK_PASS, "server", "13.0");
    assert_false(check_judge_version(&r, AREA_LEGACY, "12.17", 120017));
    expect(&r, CHECK_FAIL, "server", "too old");
}

static void
test_clock(void **state)
{
    static const struct {
        int64_t ahead;
        int64_t uncertain;
        enum check_level level;
        const char *said;
    } cases[] = {
        {0, 1, CHECK_PASS, "within 1 ms"},
        {1000, 0, CHECK_PASS, "within 1000 ms"},
        {-1000, 0, CHECK_PASS, "within 1000 ms"},
        {1001, 0, CHECK_WARN, "1.0 s"},
        {-1550, 0, CHECK_WARN, "1.5 s"},
        {1500, 600, CHECK_PASS, "within 2100 ms"}, /* the way there may have taken it */
        {10000, 0, CHECK_WARN, "10.0 s"},
        {10001, 0, CHECK_FAIL, "10.0 s"},
        {-86400000, 5, CHECK_FAIL, "86400.0 s"},
        {10500, 600, CHECK_WARN, "10.5 s"},
    };
    struct check_report r = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_judge_clock(&r, AREA_VNEXT, "two", cases[i].ahead, cases[i].uncertain);
        expect(&r, cases[i].level, "clock", cases[i].said);
    }
}

static void
test_backup(void **state)
{
    static const struct {
        struct check_backup b;
        enum check_level level;
        const char *said;
    } cases[] = {
        {{false, false, -1, 0}, CHECK_PASS, "unknown"},
        {{false, false, -1, 1}, CHECK_PASS, "running now"},
        {{true, false, -1, 0}, CHECK_WARN, "nothing was archived yet"},
        {{true, false, 86400, 0}, CHECK_PASS, "1440 min ago"},
        {{true, false, 86401, 0}, CHECK_WARN, "24 hours ago"},
        {{true, true, 10, 0}, CHECK_WARN, "failed"},
        {{true, true, 10, 2}, CHECK_WARN, "failed"},
    };
    struct check_report r = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_judge_backup(&r, AREA_LEGACY, &cases[i].b);
        expect(&r, cases[i].level, "backup", cases[i].said);
    }
}

static void
test_listen(void **state)
{
    static const struct {
        struct check_listen l;
        enum check_level level;
        const char *said;
    } cases[] = {
        {{true, true, false, false}, CHECK_PASS, "came back"},
        {{true, true, false, true}, CHECK_PASS, "whole sessions"},
        {{false, true, false, false}, CHECK_PASS, "came back"},
        {{true, false, false, false}, CHECK_WARN, "within 2 s"},
        {{true, true, true, true}, CHECK_WARN, "another session"}, /* luck */
        {{false, false, true, true}, CHECK_PASS, "the daemon polls"},
    };
    struct check_report r = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_judge_listen(&r, &cases[i].l);
        expect(&r, cases[i].level, "listen", cases[i].said);
    }
}

static void
test_queue(void **state)
{
    struct check_report r = {0};

    (void) state;
    check_judge_queue(&r, 0, "pid 7 (psql, database x)");
    expect(&r, CHECK_PASS, "notification-queue", "is 0.0 % full");
    check_judge_queue(&r, 99, "pid 7 (psql, database x)");
    expect(&r, CHECK_PASS, "notification-queue", "is 9.9 % full; the oldest transactions: pid 7 (psql, database x)");
    check_judge_queue(&r, 100, "");
    expect(&r, CHECK_WARN, "notification-queue", "is 10.0 % full");
    check_judge_queue(&r, 900, "pid 7");
    expect(&r, CHECK_FAIL, "notification-queue", "is 90.0 % full; the oldest transactions: pid 7");
}

/* One line each of backlog, failed, resync (when there is any) and daemons. */
static void
test_backlog(void **state)
{
    static const struct {
        struct check_backlog b;
        const char *levels; /* P, W in that order */
        const char *said;
    } cases[] = {
        {{0}, "PPP", "no event waits"},
        {{.waiting = 3, .oldest_s = 60, .enabled = true}, "PPP", "3 events wait, the oldest for 60 s"},
        {{.waiting = 3, .oldest_s = 61, .enabled = true}, "WPP", "for 61 s"},
        {{.waiting = 3, .oldest_s = 9999}, "PPP", "because dual write is off"},
        {{.parked = 2, .retrying = 1}, "PWP", "2 events failed"},
        {{.retrying = 1}, "PPP", "being retried"},
        {{.resyncs = 1}, "PPWP", "1 tables wait"},
        {{.daemons = 2}, "PPP", "2 running"},
        {{.daemons = 2, .others = 1}, "PPW", "1 of 2"},
        {{0}, "PPP", "none is running"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct check_report r = {0};
        bool found = false;

        check_judge_backlog(&r, &cases[i].b);
        assert_int_equal(r.count, strlen(cases[i].levels));
        for (size_t j = 0; j < r.count; j++) {
            assert_int_equal(r.items[j].level, cases[i].levels[j] == 'P' ? CHECK_PASS : CHECK_WARN);
            assert_true(r.items[j].level == CHECK_PASS || r.items[j].mend != NULL);
            found = found || strstr(r.items[j].message, cases[i].said) != NULL;
        }
        assert_true(found);
        check_report_free(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version), cmocka_unit_test(test_clock), cmocka_unit_test(test_backup),
        cmocka_unit_test(test_listen),  cmocka_unit_test(test_queue), cmocka_unit_test(test_backlog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
