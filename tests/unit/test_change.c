/* test_change.c - claimed events grouped into subjects: one per identity, parents first, nothing lost. */
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

/* What must hold of every grouped batch. */
static void
check(const struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        assert_true(b->events[i].subject < b->nsubjects);
        assert_int_equal(b->subjects[b->events[i].subject].entity, b->events[i].entity);
    }
    for (size_t i = 0; i < b->nsubjects; i++) {
        assert_true(b->subjects[i].event < b->count);
        assert_int_equal(b->events[b->subjects[i].event].subject, i);
        if (i > 0)
            assert_true(b->subjects[i - 1].entity <= b->subjects[i].entity);
    }
}

static void
test_a_row_that_is_looked_at(void **state)
{
    struct row row = {.found = true, .present = true};

    (void) state;
    row_decide_looked(&row, REMOVAL_DELETE);
    assert_true(row.create && row.write && !row.remove);
    assert_true(row_is_settled(&row, true, true) && !row_is_settled(&row, true, false) &&
                !row_is_settled(&row, false, false));
    row = (struct row){.found = true};
    row_decide_looked(&row, REMOVAL_SET);
    assert_true(!row.create && row.write && !row.remove);
    assert_true(row_is_settled(&row, false, false) && !row_is_settled(&row, true, false));
    row = (struct row){0};
    row_decide_looked(&row, REMOVAL_DELETE);
    assert_true(!row.create && !row.write && row.remove);
    assert_true(row_is_settled(&row, false, false) && !row_is_settled(&row, true, false));
}

static void
test_empty(void **state)
{
    struct batch b = {0};

    (void) state;
    batch_group(&b, &mapping);
    assert_int_equal(b.nsubjects, 0);
    batch_free(&b);
}

static void
test_coalesces(void **state)
{
    struct batch b = {0};

    (void) state;
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, TEAM, "team_new", "10");
    ADD(&b, TEAM, "team_changed", "1");
    ADD(&b, MEMBER, "member_changed", "1", "1", "7");
    ADD(&b, MEMBER, "member_changed", "2", "1", "7"); /* another source row for the same legacy row */
    ADD(&b, MEMBER, "member_changed", "3", "17", "");
    ADD(&b, MEMBER, "member_changed", "3", "1", "77");
    ADD(&b, TEAM, "team_changed", "1");
    batch_group(&b, &mapping);
    check(&b);
    assert_int_equal(b.nsubjects, 5);
    assert_int_equal(b.events[0].subject, b.events[2].subject);
    assert_int_equal(b.events[0].subject, b.events[7].subject);
    assert_int_not_equal(b.events[0].subject, b.events[1].subject);
    assert_int_equal(b.events[3].subject, b.events[4].subject);
    assert_int_not_equal(b.events[3].subject, b.events[5].subject);
    assert_int_not_equal(b.events[3].subject, b.events[6].subject);
    assert_int_not_equal(b.events[5].subject, b.events[6].subject);
    assert_string_equal(subject_identity(&b, &mapping, &b.subjects[b.events[7].subject], 0), "1");
    assert_string_equal(subject_identity(&b, &mapping, &b.subjects[b.events[4].subject], 0), "1");
    assert_string_equal(subject_identity(&b, &mapping, &b.subjects[b.events[4].subject], 1), "7");
    for (size_t i = 0; i < b.nsubjects; i++) {
        assert_int_equal(b.subjects[i].state, SUBJECT_PENDING);
        assert_false(b.subjects[i].removal);
        assert_null(subject_null_column(&b, &mapping, &b.subjects[i]));
    }
    batch_free(&b);
    assert_null(b.events);
    assert_int_equal(b.count, 0);
}

/* Texts that only look alike are different rows, and a text never runs over into the next column. */
static void
test_distinct_identities(void **state)
{
    static const char *const rows[][2] = {
        {"a", "bc"}, {"ab", "c"},  {"A", "bc"},    {"", "abc"},
        {"abc", ""}, {"a ", "bc"}, {"NULL", "bc"}, {"\xC3\xA9", "bc"},
    };
    struct batch b = {0};

    (void) state;
    for (int twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < COUNT(rows); i++)
            ADD(&b, SEAT, "seat_new", rows[i][0], rows[i][1]);
    ADD(&b, SEAT, "seat_new", NULL, "bc");
    batch_group(&b, &mapping);
    check(&b);
    assert_int_equal(b.nsubjects, COUNT(rows) + 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct subject *s = &b.subjects[b.events[i].subject];

        assert_int_equal(b.events[i].subject, b.events[COUNT(rows) + i].subject);
        assert_string_equal(subject_identity(&b, &mapping, s, 0), rows[i][0]);
        assert_string_equal(subject_identity(&b, &mapping, s, 1), rows[i][1]);
    }
    batch_free(&b);
}

static void
test_parents_first(void **state)
{
    struct batch b = {0};

    (void) state;
    ADD(&b, SEAT, "seat_new", "1", "1");
    ADD(&b, MEMBER, "member_new", "1", "9", "1");
    ADD(&b, UNKNOWN, "whatever", "1");
    ADD(&b, TEAM, "team_new", "9");
    ADD(&b, MEMBER, "member_new", "2", "8", "1");
    ADD(&b, TEAM, "team_new", "8");
    batch_group(&b, &mapping);
    check(&b);
    assert_int_equal(b.nsubjects, 6);
    assert_int_equal(b.subjects[0].entity, TEAM);
    assert_int_equal(b.subjects[1].entity, TEAM);
    assert_int_equal(b.subjects[2].entity, MEMBER);
    assert_int_equal(b.subjects[3].entity, MEMBER);
    assert_int_equal(b.subjects[4].entity, SEAT);
    assert_int_equal(b.subjects[5].entity, UNKNOWN);
    /* the events stay in the order of their ids */
    for (size_t i = 0; i < b.count; i++)
        assert_int_equal(b.events[i].id, i + 1);
    batch_free(&b);
}

/* One removal among the events of a subject is enough, wherever it stands and whatever came after. */
static void
test_removal(void **state)
{
    struct batch b = {0};

    (void) state;
    ADD(&b, TEAM, "team_gone", "first");
    ADD(&b, TEAM, "team_new", "first");
    ADD(&b, TEAM, "team_new", "last");
    ADD(&b, TEAM, "team_gone", "last");
    ADD(&b, TEAM, "team_new", "middle");
    ADD(&b, TEAM, "team_gone", "middle");
    ADD(&b, TEAM, "team_new", "middle");
    ADD(&b, TEAM, "team_new", "never");
    ADD(&b, TEAM, "member_gone", "other"); /* the removal of another entity is none here */
    ADD(&b, TEAM, "TEAM_GONE", "case");
    ADD(&b, UNKNOWN, "team_gone", "1");
    batch_group(&b, &mapping);
    check(&b);
    assert_int_equal(b.nsubjects, 7);
    assert_true(b.subjects[b.events[0].subject].removal);
    assert_true(b.subjects[b.events[2].subject].removal);
    assert_true(b.subjects[b.events[4].subject].removal);
    assert_false(b.subjects[b.events[7].subject].removal);
    assert_false(b.subjects[b.events[8].subject].removal);
    assert_false(b.subjects[b.events[9].subject].removal);
    assert_false(b.subjects[b.events[10].subject].removal);
    batch_free(&b);
}

/*
 * A subject that was made has nothing but insertions that were never tried: whoever says so wrongly costs a round trip, no more.
 * Where insertions and updates have one name it is never said.
 */
static void
test_made(void **state)
{
    struct batch b = {0};
    char *changed = entities[SEAT].operation_update;

    (void) state;
    entities[SEAT].operation_update = entities[SEAT].operation_insert;
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, TEAM, "team_new", "2");
    ADD(&b, TEAM, "team_changed", "2");
    ADD(&b, TEAM, "team_gone", "3");
    ADD(&b, TEAM, "team_new", "3");
    ADD(&b, TEAM, "team_new", "4");
    b.events[b.count - 1].failed_before = 1;
    ADD(&b, MEMBER, "team_new", "5", "1", "7");
    ADD(&b, SEAT, "seat_new", "1", "2");
    ADD(&b, UNKNOWN, "team_new", "6");
    batch_group(&b, &mapping);
    assert_true(b.subjects[b.events[0].subject].made);
    for (size_t i = 2; i < b.count; i++)
        assert_false(b.subjects[b.events[i].subject].made);
    entities[SEAT].operation_update = changed;
    batch_free(&b);
}

static void
test_null_identity(void **state)
{
    struct batch b = {0};

    (void) state;
    ADD(&b, MEMBER, "member_new", "1", "5", NULL);
    ADD(&b, MEMBER, "member_new", "2", "5", "");
    ADD(&b, MEMBER, "member_new", "3", NULL, NULL);
    ADD(&b, MEMBER, "member_new", "4", "5", NULL);
    ADD(&b, MEMBER, "member_new", NULL, "5", "6"); /* a NULL key is no NULL identity */
    ADD(&b, MEMBER, "member_new", "5");            /* a ref that is too short: an older layout */
    batch_group(&b, &mapping);
    check(&b);
    assert_int_equal(b.nsubjects, 4);
    assert_int_equal(b.events[0].subject, b.events[3].subject);
    assert_int_not_equal(b.events[0].subject, b.events[1].subject);
    assert_int_equal(b.events[2].subject, b.events[5].subject);
    assert_string_equal(subject_null_column(&b, &mapping, &b.subjects[b.events[0].subject]), "user_id");
    assert_null(subject_null_column(&b, &mapping, &b.subjects[b.events[1].subject]));
    assert_string_equal(subject_null_column(&b, &mapping, &b.subjects[b.events[2].subject]), "team_id");
    assert_null(subject_null_column(&b, &mapping, &b.subjects[b.events[4].subject]));
    assert_null(subject_identity(&b, &mapping, &b.subjects[b.events[0].subject], 1));
    batch_free(&b);
}

/* Of an entity that the mapping does not know nothing can be synced: its events are parked, the others go on. */
static void
test_unknown_entity(void **state)
{
    struct batch b = {0};

    (void) state;
    ADD(&b, UNKNOWN, "x", "1");
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, UNKNOWN, "y", "2");
    batch_group(&b, &mapping);
    check(&b);
    for (size_t i = 0; i < b.nsubjects; i++) {
        const struct subject *s = &b.subjects[i];

        if (s->entity == TEAM) {
            assert_int_equal(s->state, SUBJECT_PENDING);
            continue;
        }
        assert_int_equal(s->state, SUBJECT_FAILED);
        assert_int_equal(s->outcome, OUTCOME_PARK);
        assert_non_null(strstr(s->error, "no such entity"));
        assert_null(s->sqlstate);
        assert_null(subject_null_column(&b, &mapping, s));
    }
    batch_free(&b);
}

static void
test_first_failure_stays(void **state)
{
    struct batch b = {0};
    struct subject *s;

    (void) state;
    ADD(&b, TEAM, "team_new", "1");
    batch_group(&b, &mapping);
    s = &b.subjects[0];
    subject_fail(s, OUTCOME_RETRY_ROW, "40001", NULL, "first");
    subject_fail(s, OUTCOME_PARK, "23505", "slug_key", "second");
    assert_int_equal(s->state, SUBJECT_FAILED);
    assert_int_equal(s->outcome, OUTCOME_RETRY_ROW);
    assert_string_equal(s->sqlstate, "40001");
    assert_null(s->constraint);
    assert_string_equal(s->error, "first");
    batch_free(&b);
}

/* A batch as large as any: half of it one hot row, the rest every row twice, in no order. */
static void
test_many(void **state)
{
    struct batch b = {0};
    uint32_t random = 1;
    size_t hot;

    (void) state;
    for (int i = 0; i < MANY / 2; i++)
        ADD(&b, TEAM, i == 77 ? "team_gone" : "team_changed", "0");
    for (int i = 0; i < MANY / 2; i++) {
        char team[16], user[16], id[16];

        snprintf(id, sizeof id, "%d", i);
        snprintf(team, sizeof team, "%d", i % 50);
        snprintf(user, sizeof user, "%d", i % (MANY / 4));
        ADD(&b, MEMBER, "member_changed", id, team, user);
    }
    for (size_t i = b.count - 1; i > 0; i--) {
        size_t j = (random = random * 1664525 + 1013904223) % (i + 1);
        struct event e = b.events[i];

        b.events[i] = b.events[j];
        b.events[j] = e;
    }
    batch_group(&b, &mapping);
    check(&b);
    assert_int_equal(b.count, MANY);
    assert_int_equal(b.nsubjects, 1 + MANY / 4);
    hot = b.nsubjects;
    for (size_t i = 0; i < b.count; i++)
        if (b.events[i].entity == TEAM) {
            assert_true(hot == b.nsubjects || hot == b.events[i].subject);
            hot = b.events[i].subject;
        }
    assert_true(b.subjects[hot].removal);
    for (size_t i = 0; i < b.nsubjects; i++)
        for (size_t j = i + 1; j < b.nsubjects && j < i + 3; j++)
            assert_false(b.subjects[i].entity == b.subjects[j].entity &&
                         strcmp(subject_identity(&b, &mapping, &b.subjects[i], 0),
                                subject_identity(&b, &mapping, &b.subjects[j], 0)) == 0 &&
                         strcmp(subject_identity(&b, &mapping, &b.subjects[i], 1),
                                subject_identity(&b, &mapping, &b.subjects[j], 1)) == 0);
    batch_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_that_is_looked_at),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_coalesces),
        cmocka_unit_test(test_distinct_identities),
        cmocka_unit_test(test_parents_first),
        cmocka_unit_test(test_removal),
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_null_identity),
        cmocka_unit_test(test_unknown_entity),
        cmocka_unit_test(test_first_failure_stays),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
