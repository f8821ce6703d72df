/* test_share.c - too many removals at once. */
/* links: lib/core/share.c lib/core/change.c lib/core/change_rows.c lib/core/ref.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "change_sample.h"
#include "dualwrite/share.h"

static void
test_exceeded(void **state)
{
    static const struct {
        int64_t removals, left;
        int percent;
        bool exceeded;
    } rows[] = {
        {99, 0, 20, false}, /* too few to be sure of anything */
        {100, 0, 20, true},
        {100, 400, 20, false}, /* just the share */
        {101, 400, 20, true},
        {100, 399, 20, true},
        {100, 9900, 1, false},
        {101, 9900, 1, true},
        {300, 700, 30, false},
        {1000, 0, 99, true},
        {1000, 0, 100, false}, /* off */
        {INT64_C(1000000000000), INT64_C(3000000000000), 20, true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(share_exceeded(rows[i].removals, rows[i].left, rows[i].percent), rows[i].exceeded);
}

static void
add_row(struct batch *b, size_t subject, bool present, bool remove, const char *key)
{
    struct row *r = batch_add_row(b, subject);

    r->present = present;
    r->remove = remove;
    r->key = xcalloc(1, sizeof *r->key);
    r->key[r->nkey++] = xstrdup(key);
}

/* Counted and stopped: removals that nobody has let through, of rows that legacy has. */
static void
test_stop(void **state)
{
    static const struct {
        const char *id;
        const char *operation;
        int failed_before;
        bool present, remove;
        const char *key;
        bool stopped;
        const char *actor;
    } rows[] = {
        {"1", "team_gone", 0, false, true, "11", true, NULL},
        {"2", "team_gone", 1, false, true, "12", false, NULL},
        {"3", "team_new", 0, false, true, "13", false, NULL},
        {"4", "team_gone", 0, true, false, "14", false, NULL},
        {"5", "team_gone", 0, false, true, NULL, false, NULL},
        {"6", "team_gone", 0, false, false, "16", false, NULL},
        {"7", "team_gone", 0, false, true, "17", false, ACTOR_RECONCILE},
        {"8", "team_new", 0, false, true, "18", false, "7"},
    };
    struct batch b = {0};
    int64_t newest;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ADD(&b, TEAM, rows[i].operation, rows[i].id);
        b.events[i].failed_before = rows[i].failed_before;
        if (rows[i].actor != NULL) {
            free(b.events[i].actor);
            b.events[i].actor = xstrdup(rows[i].actor);
        }
    }
    ADD(&b, SEAT, "seat_gone", "a", "b");
    batch_group(&b, &mapping);
    for (size_t i = 0; i < COUNT(rows); i++)
        add_row(&b, b.events[i].subject, rows[i].present, rows[i].remove, rows[i].key);
    add_row(&b, b.events[COUNT(rows)].subject, false, true, "a");
    assert_int_equal(share_fresh(&b, TEAM, &newest), 1);
    assert_int_equal(newest, 1);
    assert_int_equal(share_fresh(&b, SEAT, &newest), 1);
    assert_int_equal(newest, COUNT(rows) + 1);
    share_stop(&b, &mapping, TEAM, 300, 700, 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct subject *s = &b.subjects[b.events[i].subject];

        assert_int_equal(s->state, rows[i].stopped ? SUBJECT_FAILED : SUBJECT_PENDING);
        if (rows[i].stopped) {
            assert_int_equal(s->outcome, OUTCOME_PARK);
            assert_string_equal(s->sqlstate, "DW005");
            assert_string_equal(s->error,
                                "stopped: 300 of 1000 rows of team would be removed, more than "
                                "DUALWRITE_REMOVAL_SHARE=20%; `dualwrited failed retry --entity team --operation "
                                "team_gone` removes them, `dualwrited failed discard --entity team --operation "
                                "team_gone` forgets them");
        }
    }
    assert_int_equal(share_fresh(&b, TEAM, &newest), 0);
    assert_int_equal(share_fresh(&b, SEAT, &newest), 1);
    batch_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exceeded), cmocka_unit_test(test_stop)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
