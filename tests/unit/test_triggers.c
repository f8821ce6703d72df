/* test_triggers.c - our triggers as they were found, and what is the worst of them. */
/* links: lib/core/triggers.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/triggers.h"

#define WHOLE                                                                                                          \
    {"capture_team_insert", 'A', 4}, {"capture_team_update", 'A', 16}, {"capture_team_delete", 'A', 8},                \
        {"capture_team_truncate", 'A', 32},                                                                            \
    {                                                                                                                  \
        "capture_other_insert", 'D', 4                                                                                 \
    }

static void
test_source(void **state)
{
    static const struct trigger_fact whole[] = {WHOLE};
    static const struct {
        int which; /* of whole; is changed to */
        char enabled;
        int64_t events;
        char worst;
        const char *bad;
    } cases[] = {
        {4, 'D', 4, 'A', ""}, /* another entity's */
        {0, 'O', 4, 'O', "capture_team_insert"},
        {1, 'D', 16, 'D', "capture_team_update"},
        {2, 'A', 4, '\0', "capture_team_delete"}, /* on another event */
        {3, 'R', 32, 'R', "capture_team_truncate"},
    };
    struct mapping_entity team = {.name = "team"};

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trigger_fact facts[5];
        struct buf bad = {0};

        memcpy(facts, whole, sizeof facts);
        facts[cases[i].which].enabled = cases[i].enabled;
        facts[cases[i].which].events = cases[i].events;
        assert_int_equal(triggers_of_source(&team, facts, 5, &bad), cases[i].worst);
        assert_string_equal(buf_text(&bad), cases[i].bad);
        buf_free(&bad);
    }
}

/* The worst of several is told, and all of them are named. */
static void
test_worst(void **state)
{
    struct trigger_fact facts[] = {WHOLE};
    struct mapping_entity team = {.name = "team"};
    struct buf bad = {0};

    (void) state;
    facts[0].enabled = 'D';
    facts[1].enabled = 'O';
    assert_int_equal(triggers_of_source(&team, facts, 5, &bad), 'D');
    assert_string_equal(buf_text(&bad), "capture_team_insert, capture_team_update");
    buf_clear(&bad);
    assert_int_equal(triggers_of_source(&team, facts, 2, &bad), '\0');
    assert_string_equal(buf_text(&bad),
                        "capture_team_insert, capture_team_update, capture_team_delete, capture_team_truncate");
    buf_free(&bad);
}

/* A guard that only records needs no trigger that refuses. */
static void
test_target(void **state)
{
    static const struct trigger_fact records[] = {{"guard_record", 'A', 4 | 8}, {"guard_record", 'A', 16 | 32}};
    struct buf bad = {0};

    (void) state;
    assert_int_equal(triggers_of_target("record", records, 2, &bad), 'A');
    assert_int_equal(triggers_of_target("on", records, 2, &bad), '\0');
    assert_string_equal(buf_text(&bad), "guard_refuse");
    buf_free(&bad);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_worst),
        cmocka_unit_test(test_target),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
