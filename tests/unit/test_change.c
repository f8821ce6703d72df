/*
 * test_change.c - claimed events grouped into subjects: one per identity, parents first, nothing lost; what is to be
 * done with a row; parents that children need.
 */
/* links: lib/core/change.c lib/core/ref.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/change.h"
#include "dualwrite/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MANY 10000

/* team (key and identity id), member (key id, identity team_id and user_id: ref is id, team_id, user_id), and a lone
 * entity whose identity is its composite key. */
static char *team_key[] = {(char[]){"id"}};
static char *member_key[] = {(char[]){"id"}};
static char *member_identity[] = {(char[]){"team_id"}, (char[]){"user_id"}};
static char *seat_key[] = {(char[]){"row"}, (char[]){"seat"}};
static struct mapping_parent member_parent = {.entity = (char[]){"team"}, .column = (char[]){"team_id"}};
static struct mapping_entity entities[] = {
    {
        .name = (char[]){"team"},
        .source_key = {team_key, 1},
        .identity = {team_key, 1},
        .operation_remove = (char[]){"team_gone"},
    },
    {
        .name = (char[]){"member"},
        .parent = &member_parent,
        .source_key = {member_key, 1},
        .identity = {member_identity, 2},
        .operation_remove = (char[]){"member_gone"},
    },
    {
        .name = (char[]){"seat"},
        .source_key = {seat_key, 2},
        .identity = {seat_key, 2},
        .operation_remove = (char[]){"seat_gone"},
    },
};
static const struct mapping mapping = {.entities = entities, .count = COUNT(entities)};
enum { TEAM, MEMBER, SEAT, UNKNOWN };

static void
add(struct batch *b, size_t entity, const char *operation, size_t nref, const char *const *ref)
{
    struct event *e;

    b->events = xreallocarray(b->events, b->count + 1, sizeof *b->events);
    e = &b->events[b->count++];
    *e = (struct event){.id = (int64_t) b->count, .entity = entity, .operation = xstrdup(operation), .nref = nref};
    e->actor = xstrdup("actor");
    e->ref = xcalloc(nref, sizeof *e->ref);
    for (size_t i = 0; i < nref; i++)
        e->ref[i] = xstrdup(ref[i]);
}

#define ADD(batch, entity, operation, ...)                                                                             \
    add(batch, entity, operation, COUNT(((const char *const[]){__VA_ARGS__})), (const char *const[]){__VA_ARGS__})

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

/* ---- rows ---- */

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
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_coalesces),
        cmocka_unit_test(test_distinct_identities),
        cmocka_unit_test(test_parents_first),
        cmocka_unit_test(test_removal),
        cmocka_unit_test(test_null_identity),
        cmocka_unit_test(test_unknown_entity),
        cmocka_unit_test(test_first_failure_stays),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_parent),
        cmocka_unit_test(test_many_parents),
        cmocka_unit_test(test_fail_children),
        cmocka_unit_test(test_parent_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
