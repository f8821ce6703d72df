/* test_change_rows.c - what is to be done with the rows of a subject, and the parents that children need. */
/* links: lib/core/change.c lib/core/change_rows.c lib/core/ref.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "change_sample.h"

/* Rows are counted under their subjects; the first one is the subject's. */
static void
test_rows(void **state)
{
    struct batch b = {0};

    (void) state;
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, MEMBER, "member_new", "1", "1", "7");
    batch_group(&b, &mapping);
    assert_int_equal(b.subjects[0].row, NO_INDEX);
    assert_int_equal(batch_add_row(&b, 1)->needs, NO_INDEX);
    batch_add_row(&b, 1)->found = true;
    batch_add_row(&b, 0);
    assert_int_equal(b.nrows, 3);
    assert_int_equal(b.subjects[1].row, 0);
    assert_int_equal(b.subjects[0].row, 2);
    assert_false(b.rows[0].found);
    assert_true(b.rows[1].found);
    assert_int_equal(b.rows[1].subject, 1);
    assert_null(b.rows[1].key);
    assert_ptr_equal(row_entity(&b, &mapping, &b.rows[1]), &entities[MEMBER]);
    assert_ptr_equal(row_entity(&b, &mapping, &b.rows[2]), &entities[TEAM]);
    batch_free(&b);
}

/*
 * What is done: rows are found or not, present or not; the events hold a removal or not; the mapping's removal; and the
 * row of a parent that a child needs. W writes what is there, C creates what is not, R removes.
 */
static void
test_decide(void **state)
{
    enum { ABSENT, FOUND, PRESENT };
    static const struct {
        int row;
        bool removal;
        const char *set, *delete, *keep;
    } rows[] = {
        /* a row that is there and present is written, whatever the events say */
        {PRESENT, false, "WC", "WC", "WC"},
        {PRESENT, true, "WC", "WC", "WC"},
        /* one that says itself that it is absent is removed; with "set" the rest of it is kept up */
        {FOUND, false, "W", "R", ""},
        {FOUND, true, "W", "R", ""},
        /* a row that cannot be seen is not a row that was deleted: that takes an event that says so */
        {ABSENT, false, "", "", ""},
        {ABSENT, true, "R", "R", ""},
    };
    static const enum removal_kind kinds[] = {REMOVAL_SET, REMOVAL_DELETE, REMOVAL_KEEP};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t k = 0; k < COUNT(kinds); k++) {
            const char *expected = k == 0 ? rows[i].set : k == 1 ? rows[i].delete : rows[i].keep;
            struct subject s = {.entity = 0, .removal = rows[i].removal};
            struct mapping_entity e = {.removal = {.kind = kinds[k]}};
            const struct mapping m = {.entities = &e, .count = 1};
            const struct batch b = {.subjects = &s, .nsubjects = 1};
            struct row r = {.found = rows[i].row >= FOUND, .present = rows[i].row == PRESENT};

            row_decide(&b, &m, &r);
            assert_int_equal(r.write, strchr(expected, 'W') != NULL);
            assert_int_equal(r.create, strchr(expected, 'C') != NULL);
            assert_int_equal(r.remove, strchr(expected, 'R') != NULL);
            assert_int_equal(r.guess, GUESS_NONE);
            r.noted = true;
            row_decide(&b, &m, &r);
            assert_int_equal(r.guess, GUESS_THERE);
            s.made = true;
            row_decide(&b, &m, &r);
            assert_int_equal(r.guess, r.create ? GUESS_NEW : GUESS_THERE);
            /* a parent is only ever made, for a child that is present cannot be without it: an absent one too, unless
             * absent ones have no legacy row */
            s.implicit_key = (char[]){"1"};
            r = (struct row){.found = r.found, .present = r.present};
            row_decide(&b, &m, &r);
            assert_false(r.write);
            assert_false(r.remove);
            assert_int_equal(r.create, r.found && (r.present || kinds[k] != REMOVAL_DELETE));
        }
}

/* A row that the guess has kept from being written. One that legacy itself has changed or dropped is none. */
static void
test_guessed_wrong(void **state)
{
    static const struct {
        enum row_guess guess;
        bool some_there, create, shadow, equal, wrong;
    } rows[] = {
        {GUESS_NEW, true, true, true, false, true},       {GUESS_NEW, true, true, true, true, true},
        {GUESS_NEW, true, true, false, false, false},     {GUESS_NEW, false, true, true, false, false},
        {GUESS_THERE, false, true, false, false, true},   {GUESS_THERE, true, true, false, false, true},
        {GUESS_THERE, false, false, false, false, false}, {GUESS_THERE, true, true, true, false, false},
        {GUESS_NONE, true, true, true, false, false},     {GUESS_NONE, true, true, false, false, false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row r = {
            .guess = rows[i].guess, .create = rows[i].create, .shadow = rows[i].shadow, .equal = rows[i].equal};

        assert_int_equal(row_guessed_wrong(&r, rows[i].some_there), rows[i].wrong);
    }
}

/* What the map has to be told: a row that was read back and is not as noted; a note made in advance where nothing came of it. */
static void
test_news(void **state)
{
    static const struct {
        enum subject_state state;
        bool shadow, equal, noted, reserved, news;
    } rows[] = {
        {SUBJECT_DONE, true, true, true, false, false},
        {SUBJECT_DONE, true, true, false, false, true},
        {SUBJECT_DONE, true, false, true, false, true},
        {SUBJECT_DONE, true, false, false, false, false},
        {SUBJECT_DONE, false, false, true, false, false},
        {SUBJECT_FAILED, true, true, true, false, false},
        {SUBJECT_FAILED, true, true, false, false, false},
        /* made with its map row in this transaction */
        {SUBJECT_DONE, true, true, true, true, false},
        {SUBJECT_DONE, true, false, true, true, true},
        {SUBJECT_DONE, false, false, true, true, true},
        {SUBJECT_FAILED, false, false, true, true, true},
        {SUBJECT_FAILED, true, true, true, true, true},
        {SUBJECT_FAILED, true, true, false, true, false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct subject s = {.state = rows[i].state};
        const struct batch b = {.subjects = &s, .nsubjects = 1};
        const struct row r = {.found = true,
                              .shadow = rows[i].shadow,
                              .equal = rows[i].equal,
                              .noted = rows[i].noted,
                              .reserved = rows[i].reserved};

        assert_int_equal(row_is_news(&b, &r), rows[i].news);
    }
}

/* ---- parents ---- */

static void
test_parent(void **state)
{
    struct batch b = {0};
    size_t one, two;

    (void) state;
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, TEAM, "team_new", NULL);
    ADD(&b, MEMBER, "member_new", "1", "1", "7");
    ADD(&b, UNKNOWN, "x", "9");
    batch_group(&b, &mapping);
    assert_int_equal(b.nsubjects, 4);
    /* one that has events of its own */
    one = batch_parent(&b, &mapping, TEAM, "1");
    assert_int_equal(one, b.events[0].subject);
    assert_int_equal(b.nsubjects, 4);
    /* one that has none */
    one = batch_parent(&b, &mapping, TEAM, "2");
    assert_int_equal(one, 4);
    assert_int_equal(b.nsubjects, 5);
    assert_int_equal(b.subjects[one].entity, TEAM);
    assert_int_equal(b.subjects[one].state, SUBJECT_PENDING);
    assert_int_equal(b.subjects[one].row, NO_INDEX);
    assert_false(b.subjects[one].removal);
    assert_string_equal(subject_identity(&b, &mapping, &b.subjects[one], 0), "2");
    assert_null(subject_null_column(&b, &mapping, &b.subjects[one]));
    /* asked for again, and one of another entity with the same key */
    assert_int_equal(batch_parent(&b, &mapping, TEAM, "2"), one);
    two = batch_parent(&b, &mapping, SEAT, "2");
    assert_int_equal(two, 5);
    assert_int_equal(batch_parent(&b, &mapping, SEAT, "2"), two);
    assert_int_equal(batch_parent(&b, &mapping, TEAM, ""), 6);
    assert_int_equal(batch_parent(&b, &mapping, TEAM, "02"), 7);
    assert_int_equal(b.nsubjects, 8);
    batch_free(&b);
    assert_null(b.index);
}

/* A row that is synced along has an identity, of one column or several, and is written like one that has an event. */
static void
test_companion(void **state)
{
    struct batch b = {0};
    struct mapping_entity e = {.removal = {.kind = REMOVAL_SET}};
    const struct mapping m = {.entities = &e, .count = 1};
    char *identity[] = {(char[]){"1"}, (char[]){"23"}};
    char *alike[] = {(char[]){"12"}, (char[]){"3"}};
    size_t one, two;

    (void) state;
    ADD(&b, MEMBER, "member_new", "1", "1", "7");
    batch_group(&b, &mapping);
    one = batch_companion(&b, &mapping, MEMBER, identity);
    assert_int_equal(one, 1);
    assert_string_equal(subject_identity(&b, &mapping, &b.subjects[one], 0), "1");
    assert_string_equal(subject_identity(&b, &mapping, &b.subjects[one], 1), "23");
    assert_string_equal(subject_root(&b, &mapping, &b.subjects[one]), "1");
    assert_int_equal(batch_companion(&b, &mapping, MEMBER, identity), one);
    assert_int_equal(batch_companion(&b, &mapping, MEMBER, alike), 2);
    identity[1] = (char[]){"7"};
    assert_int_equal(batch_companion(&b, &mapping, MEMBER, identity), 0); /* one that has an event */
    two = batch_companion(&b, &mapping, TEAM, identity);
    assert_int_equal(batch_parent(&b, &mapping, TEAM, "1"), two);
    assert_string_equal(subject_root(&b, &mapping, &b.subjects[two]), "1");
    batch_add_row(&b, one);
    b.rows[0].found = b.rows[0].present = true;
    b.subjects[one].entity = 0;
    row_decide(&b, &m, &b.rows[0]);
    assert_true(b.rows[0].write && b.rows[0].create);
    b.subjects[one].entity = MEMBER;
    batch_free(&b);
}

static void
test_many_parents(void **state)
{
    struct batch b = {0};
    char key[16];

    (void) state;
    for (int i = 0; i < MANY; i += 2) {
        snprintf(key, sizeof key, "%d", i);
        ADD(&b, TEAM, "team_new", key);
    }
    batch_group(&b, &mapping);
    for (int twice = 0; twice < 2; twice++)
        for (int i = 0; i < MANY; i++) {
            size_t s;

            snprintf(key, sizeof key, "%d", i);
            s = batch_parent(&b, &mapping, TEAM, key);
            assert_string_equal(subject_identity(&b, &mapping, &b.subjects[s], 0), key);
            assert_int_equal(b.subjects[s].implicit_key == NULL, i % 2 == 0);
        }
    assert_int_equal(b.nsubjects, MANY);
    batch_free(&b);
}

/* A new row of `subject` that needs subject `up`. */
static void
needs(struct batch *b, size_t subject, size_t up)
{
    batch_add_row(b, subject)->needs = up;
}

/*
 * Who hangs on a failed one waits, down to the last; who has failed by itself, and who hangs on another, is left alone.
 */
static void
test_fail_children(void **state)
{
    struct batch b = {0};
    size_t team, child, grandchild, cousin, failed, stranger;

    (void) state;
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, MEMBER, "member_new", "1", "1", "7");
    ADD(&b, SEAT, "seat_new", "a", "b");
    ADD(&b, MEMBER, "member_new", "2", "1", "8");
    ADD(&b, MEMBER, "member_new", "3", "1", "9");
    ADD(&b, MEMBER, "member_new", "4", "2", "7");
    batch_group(&b, &mapping);
    team = b.events[0].subject;
    child = b.events[1].subject;
    grandchild = b.events[2].subject;
    cousin = b.events[3].subject;
    failed = b.events[4].subject;
    stranger = b.events[5].subject;
    needs(&b, grandchild, child); /* it was read before its parent */
    needs(&b, child, team);
    needs(&b, cousin, NO_INDEX);
    needs(&b, cousin, team); /* two map rows: one of them is enough */
    needs(&b, failed, team);
    needs(&b, stranger, cousin + 100);
    subject_fail(&b.subjects[failed], OUTCOME_PARK, "22001", NULL, "too long");
    subject_fail(&b.subjects[team], OUTCOME_PARK, "23505", "slug_key", "slug is taken");
    batch_fail_children(&b, &mapping, team);
    assert_int_equal(b.subjects[team].outcome, OUTCOME_PARK);
    assert_int_equal(b.subjects[child].state, SUBJECT_FAILED);
    assert_int_equal(b.subjects[child].outcome, OUTCOME_WAIT);
    assert_null(b.subjects[child].sqlstate);
    assert_string_equal(b.subjects[child].error, "its parent team 1 has no legacy row: slug is taken");
    assert_int_equal(b.subjects[grandchild].outcome, OUTCOME_WAIT);
    assert_string_equal(b.subjects[grandchild].error,
                        "its parent member 1 has no legacy row: its parent team 1 has no legacy row: slug is taken");
    assert_int_equal(b.subjects[cousin].outcome, OUTCOME_WAIT);
    assert_string_equal(b.subjects[failed].error, "too long");
    assert_int_equal(b.subjects[failed].outcome, OUTCOME_PARK);
    assert_int_equal(b.subjects[stranger].state, SUBJECT_PENDING);
    batch_free(&b);
}

/* The parent did not fail: it is simply not there. */
static void
test_parent_not_there(void **state)
{
    struct batch b = {0};
    size_t team;

    (void) state;
    ADD(&b, MEMBER, "member_new", "1", "5", "7");
    batch_group(&b, &mapping);
    team = batch_parent(&b, &mapping, TEAM, "5");
    needs(&b, 0, team);
    batch_fail_children(&b, &mapping, team);
    assert_int_equal(b.subjects[team].state, SUBJECT_PENDING);
    assert_int_equal(b.subjects[0].outcome, OUTCOME_WAIT);
    assert_string_equal(b.subjects[0].error, "its parent team 5 has no legacy row: it is not there, or not present");
    batch_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_guessed_wrong),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_parent),
        cmocka_unit_test(test_companion),
        cmocka_unit_test(test_many_parents),
        cmocka_unit_test(test_fail_children),
        cmocka_unit_test(test_parent_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
