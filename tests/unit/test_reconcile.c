/* test_reconcile.c - what reconcile makes of what it sees: classes, judgements, pace, removals, refs. */
/* links: lib/core/reconcile.c lib/core/outcome.c lib/core/condition.c lib/core/ref.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/reconcile.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
test_classes(void **state)
{
    static const struct {
        bool write, create, remove, deletes, shadow, differs;
        enum reconcile_class class;
    } rows[] = {
        /* present: it should be there, and equal */
        {true, true, false, false, false, false, RECONCILE_MISSING},
        {true, true, false, false, true, false, RECONCILE_EQUAL},
        {true, true, false, false, true, true, RECONCILE_DRIFTED},
        /* there and not present, where the removal sets columns: equal if it is there, but it need not be */
        {true, false, false, false, false, false, RECONCILE_EQUAL},
        {true, false, false, false, true, true, RECONCILE_DRIFTED},
        {true, false, false, false, true, false, RECONCILE_EQUAL},
        /* gone: as the removal leaves it */
        {false, false, true, false, true, true, RECONCILE_EXTRA},
        {false, false, true, false, true, false, RECONCILE_EQUAL},
        {false, false, true, false, false, false, RECONCILE_EQUAL},
        {false, false, true, true, true, false, RECONCILE_EXTRA},
        {false, false, true, true, false, false, RECONCILE_EQUAL},
        /* nothing is to be done: the removal is "keep" */
        {false, false, false, false, true, true, RECONCILE_EQUAL},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row r = {.write = rows[i].write, .create = rows[i].create, .remove = rows[i].remove};

        assert_int_equal(reconcile_classify(&r, rows[i].deletes, rows[i].shadow, rows[i].differs), rows[i].class);
    }
}

/* A row that is not present is removed once; what else differs in it afterwards is only written. */
static void
test_removes(void **state)
{
    struct mapping_column set[] = {{.name = (char *) "status"}, {.name = (char *) "left_at"}};
    const struct mapping_removal removal = {REMOVAL_SET, {set, COUNT(set)}};
    const struct reconcile_difference role[] = {{.column = (char *) "role"}};
    const struct reconcile_difference both[] = {{.column = (char *) "role"}, {.column = (char *) "status"}};
    const struct row there = {.found = true, .present = true};
    const struct row absent = {.found = true};
    const struct row gone = {.found = false};

    (void) state;
    assert_false(reconcile_removes(&there, &removal, RECONCILE_DRIFTED, both, 2));
    assert_false(reconcile_removes(&there, &removal, RECONCILE_MISSING, NULL, 0));
    assert_true(reconcile_removes(&absent, &removal, RECONCILE_DRIFTED, both, 2));
    assert_false(reconcile_removes(&absent, &removal, RECONCILE_DRIFTED, role, 1));
    assert_true(reconcile_removes(&absent, &removal, RECONCILE_EXTRA, NULL, 0));
    assert_true(reconcile_removes(&gone, &removal, RECONCILE_EXTRA, NULL, 0));
    assert_false(reconcile_removes(&absent, &removal, RECONCILE_EQUAL, NULL, 0));
}

static void
test_names(void **state)
{
    (void) state;
    for (int c = 0; c < RECONCILE_CLASSES; c++)
        assert_int_equal(reconcile_class_named(reconcile_class_name((enum reconcile_class) c)), c);
    assert_int_equal(reconcile_class_named("mising"), RECONCILE_CLASSES);
}

static void
test_worse(void **state)
{
    (void) state;
    for (int c = 0; c < RECONCILE_CLASSES; c++) {
        assert_int_equal(reconcile_worse(RECONCILE_EQUAL, (enum reconcile_class) c), c);
        assert_int_equal(reconcile_worse((enum reconcile_class) c, RECONCILE_EQUAL), c);
    }
    assert_int_equal(reconcile_worse(RECONCILE_DRIFTED, RECONCILE_MISSING), RECONCILE_MISSING);
    assert_int_equal(reconcile_worse(RECONCILE_DRIFTED, RECONCILE_EXTRA), RECONCILE_DRIFTED);
    assert_int_equal(reconcile_worse(RECONCILE_REFUSED, RECONCILE_MISSING), RECONCILE_REFUSED);
}

static struct reconcile_look
look(enum reconcile_class class, const char *seen, bool waits, const char *failed, bool parked)
{
    return (struct reconcile_look){
        .class = class, .seen = (char *) seen, .waits = waits, .failed = (char *) failed, .parked = parked};
}

/* A difference counts only when nothing of it moved between two looks, and nothing of it is under way. */
static void
test_judgement(void **state)
{
    const struct reconcile_look drifted = look(RECONCILE_DRIFTED, "a", false, NULL, false);
    const struct {
        struct reconcile_look first, second;
        bool last;
        enum reconcile_judgement judgement;
    } rows[] = {
        {drifted, drifted, false, RECONCILE_CONFIRMED},
        {drifted, look(RECONCILE_EQUAL, "a", false, NULL, false), false, RECONCILE_GONE},
        {look(RECONCILE_EQUAL, "a", false, NULL, false), drifted, false, RECONCILE_OPEN},
        {drifted, look(RECONCILE_DRIFTED, "b", false, NULL, false), false, RECONCILE_OPEN},
        {drifted, look(RECONCILE_MISSING, "a", false, NULL, false), false, RECONCILE_OPEN},
        {drifted, look(RECONCILE_DRIFTED, "a", true, NULL, false), false, RECONCILE_OPEN},
        {look(RECONCILE_DRIFTED, "a", true, NULL, false), drifted, false, RECONCILE_OPEN},
        {look(RECONCILE_DRIFTED, "a", true, NULL, false), drifted, true, RECONCILE_OPEN},
        /* never seen is not equal to never seen */
        {look(RECONCILE_DRIFTED, NULL, false, NULL, false), look(RECONCILE_DRIFTED, NULL, false, NULL, false), false,
         RECONCILE_OPEN},
        /* a failed event: parked explains it at once; one that is tried again only when nobody looks any more */
        {drifted, look(RECONCILE_DRIFTED, "a", false, "why", true), false, RECONCILE_PARKED},
        {drifted, look(RECONCILE_DRIFTED, "a", false, "why", false), false, RECONCILE_OPEN},
        {drifted, look(RECONCILE_DRIFTED, "a", false, "why", false), true, RECONCILE_PARKED},
        {drifted, look(RECONCILE_EQUAL, "a", false, "why", true), true, RECONCILE_GONE},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(reconcile_judge(&rows[i].first, &rows[i].second, rows[i].last), rows[i].judgement);
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *sqlstate;
        size_t count;
        int tries;
        enum reconcile_refusal refusal;
    } rows[] = {
        {"", 5, 1, RECONCILE_STOP},       {"57P01", 5, 1, RECONCILE_STOP},  {"42501", 5, 1, RECONCILE_STOP},
        {"42703", 5, 1, RECONCILE_STOP},  {"22001", 5, 1, RECONCILE_HALVE}, {"DW004", 1, 1, RECONCILE_HALVE},
        {"XX000", 1, 1, RECONCILE_HALVE}, {"57014", 2, 1, RECONCILE_HALVE}, {"57014", 1, 1, RECONCILE_STOP},
        {"55P03", 5, 1, RECONCILE_AGAIN}, {"55P03", 1, 9, RECONCILE_AGAIN}, {"55P03", 1, 10, RECONCILE_STOP},
        {"40P01", 1, 1, RECONCILE_AGAIN},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(reconcile_refusal(rows[i].sqlstate, rows[i].count, rows[i].tries), rows[i].refusal);
}

static void
test_rest(void **state)
{
    (void) state;
    assert_int_equal(reconcile_rest_ms(1000, 0, 0), 0);
    assert_int_equal(reconcile_rest_ms(1000, 1000, 0), 1000);
    assert_int_equal(reconcile_rest_ms(1000, 1000, 400), 600);
    assert_int_equal(reconcile_rest_ms(1000, 1000, 1400), 0);
    assert_int_equal(reconcile_rest_ms(1, 3, 0), 333);
    assert_int_equal(reconcile_rest_ms(INT64_C(5000000000000), 100000000, 0), 50000000);
}

/* As many rows as fit, never fewer than somebody asked for. */
static void
test_chunk(void **state)
{
    (void) state;
    assert_int_equal(reconcile_chunk(1000, 100 * 1000, 1000, 5000), 5000);
    assert_int_equal(reconcile_chunk(1000, 512 * 1024, 1000, 5000), 2000);
    assert_int_equal(reconcile_chunk(1000, INT64_C(1) << 30, 1000, 5000), 1000);
    assert_int_equal(reconcile_chunk(10, 1000, 7, 7), 7);
    assert_int_equal(reconcile_chunk(0, 1000, 7, 5000), 7);
    assert_int_equal(reconcile_chunk(10, 0, 7, 5000), 7);
}

static void
test_asks(void **state)
{
    (void) state;
    assert_false(reconcile_asks(99, 99, 20)); /* few in any case */
    assert_true(reconcile_asks(100, 100, 20));
    assert_false(reconcile_asks(200, 1000, 20)); /* not more than the share */
    assert_true(reconcile_asks(201, 1000, 20));
    assert_true(reconcile_asks(100, 1000000, 0));
    assert_false(reconcile_asks(1000000, 1000000, 100));
}

/* A row that is gone is known by its identity alone: the rest of the ref is null. */
static void
test_gone_ref(void **state)
{
    char *key[] = {"id"}, *identity[] = {"team", "user"};
    struct mapping_parent parent = {.column = "team"};
    struct mapping_entity keyed = {.source_key = {key, 1}, .identity = {identity, 2}, .parent = &parent};
    struct mapping_entity mapped = {.source_key = {key, 1}, .identity = {key, 1}, .parent = &parent};
    const char *texts[] = {"7", "a \"b\""};
    struct buf out = {0};

    (void) state;
    reconcile_gone_ref(&out, &keyed, texts);
    assert_string_equal(buf_text(&out), "[null, \"7\", \"a \\\"b\\\"\"]");
    buf_clear(&out);
    reconcile_gone_ref(&out, &mapped, texts);
    assert_string_equal(buf_text(&out), "[\"7\", null]");
    buf_free(&out);
}

static void
test_look_free(void **state)
{
    struct reconcile_look l = {.class = RECONCILE_DRIFTED};

    (void) state;
    l.items = calloc(1, sizeof *l.items);
    l.count = 1;
    l.items[0].column = strdup("c");
    l.seen = strdup("s");
    reconcile_look_free(&l);
    assert_int_equal(l.class, RECONCILE_EQUAL);
    assert_null(l.seen);
    reconcile_look_free(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),   cmocka_unit_test(test_names),    cmocka_unit_test(test_worse),
        cmocka_unit_test(test_judgement), cmocka_unit_test(test_refusals), cmocka_unit_test(test_rest),
        cmocka_unit_test(test_asks),      cmocka_unit_test(test_removes),  cmocka_unit_test(test_gone_ref),
        cmocka_unit_test(test_look_free), cmocka_unit_test(test_chunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
