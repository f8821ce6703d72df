/*
 * test_wake.c - the sleep and wake handshake: the whole table, and what must hold of every walk through it.
 *
 * The expected table is written from DESIGN section 2, not from the code: a letter is the state that follows.
 */
/* links: lib/core/wake.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/wake.h"

static const char letters[] = "DACZPS"; /* draining arming confirming Zzz polling standby */

/* In the order of enum wake_event: bell worked empty confirmed contended nothing_ours armed lapsed lost. */
static const struct {
    enum wake_state from;
    const char *listening;
    const char *deaf;
} expected[] = {
    /* Work until nothing is left; then arm, however old the barrier is that the claim saw passed. */
    {WAKE_DRAINING, "DDAAPSDDD", "DDPPPSDDD"},
    /* The doorbell is being set: only that, a beat that found it unset, or the loss of the connection ends it. */
    {WAKE_ARMING, "AAAAAACDD", "AAAAAACDD"},
    /* Poll until the barrier was passed and one more claim found nothing; whatever else happens is work again. */
    {WAKE_CONFIRMING, "DDCZPSCDD", "DDCZPSCDD"},
    /* A bell, a beat that saw the doorbell unset, or a lost connection: nothing else wakes. */
    {WAKE_ASLEEP, "DZZZZZZDD", "DZZZZZZDD"},
    /* Somebody else holds what is ours, or nobody rings: look again after a while; sleep needs a fresh arming. */
    {WAKE_POLLING, "DDAAPSPDD", "DDPPPSPDD"},
    /* A bell is not for whom nothing is ours; only a change of the partitions is. */
    {WAKE_STANDBY, "SSSSSSSDD", "SSSSSSSDD"},
};

static void
test_whole_table(void **state)
{
    (void) state;
    assert_int_equal(sizeof expected / sizeof expected[0], WAKE_STATES);
    for (size_t i = 0; i < WAKE_STATES; i++) {
        assert_int_equal(strlen(expected[i].listening), WAKE_EVENTS);
        assert_int_equal(strlen(expected[i].deaf), WAKE_EVENTS);
        for (int e = 0; e < WAKE_EVENTS; e++) {
            enum wake_state hears = wake_next(expected[i].from, (enum wake_event) e, true);
            enum wake_state deaf = wake_next(expected[i].from, (enum wake_event) e, false);

            assert_in_range(hears, 0, WAKE_STATES - 1);
            assert_in_range(deaf, 0, WAKE_STATES - 1);
            if (letters[hears] != expected[i].listening[e] || letters[deaf] != expected[i].deaf[e])
                fail_msg("%s, %s: %s, and %s when not listening", wake_state_name(expected[i].from),
                         wake_event_name((enum wake_event) e), wake_state_name(hears), wake_state_name(deaf));
        }
    }
}

static void
test_sleep_has_one_door(void **state)
{
    (void) state;
    for (int s = 0; s < WAKE_STATES; s++) {
        for (int e = 0; e < WAKE_EVENTS; e++) {
            for (int listening = 0; listening <= 1; listening++) {
                enum wake_state next = wake_next((enum wake_state) s, (enum wake_event) e, listening != 0);

                if (next == WAKE_ASLEEP && s != WAKE_ASLEEP) {
                    assert_int_equal(s, WAKE_CONFIRMING);
                    assert_int_equal(e, WAKE_CONFIRMED);
                }
                if (next == WAKE_CONFIRMING && s != WAKE_CONFIRMING) {
                    assert_int_equal(s, WAKE_ARMING);
                    assert_int_equal(e, WAKE_ARMED);
                }
                if (next == WAKE_ARMING && s != WAKE_ARMING) {
                    assert_int_equal(listening, 1);
                    assert_true(e == WAKE_EMPTY || e == WAKE_CONFIRMED);
                }
                /* Nothing is known after a lost connection, and whatever was ours may have changed after a lapse. */
                if (e == WAKE_LOST)
                    assert_int_equal(next, WAKE_DRAINING);
                if (e == WAKE_LAPSED)
                    assert_int_equal(next, WAKE_DRAINING);
                if (e == WAKE_NOTHING_OURS && s != WAKE_ASLEEP && s != WAKE_ARMING)
                    assert_int_equal(next, WAKE_STANDBY);
            }
        }
    }
}

/* Every state that any row of events leads to from the start, which is DRAINING. */
static void
reach(bool listening, bool reached[WAKE_STATES])
{
    bool more = true;

    memset(reached, 0, WAKE_STATES * sizeof reached[0]);
    reached[WAKE_DRAINING] = true;
    while (more) {
        more = false;
        for (int s = 0; s < WAKE_STATES; s++) {
            for (int e = 0; reached[s] && e < WAKE_EVENTS; e++) {
                enum wake_state next = wake_next((enum wake_state) s, (enum wake_event) e, listening);

                more = more || !reached[next];
                reached[next] = true;
            }
        }
    }
}

static void
test_reach(void **state)
{
    bool reached[WAKE_STATES];

    (void) state;
    reach(true, reached);
    for (int s = 0; s < WAKE_STATES; s++)
        assert_true(reached[s]);
    reach(false, reached);
    assert_true(reached[WAKE_POLLING]);
    assert_true(reached[WAKE_STANDBY]);
    assert_false(reached[WAKE_ARMING]);
    assert_false(reached[WAKE_CONFIRMING]);
    assert_false(reached[WAKE_ASLEEP]);
}

/* Wherever it is, what can happen there leads back to work: no state is a trap. */
static void
test_no_trap(void **state)
{
    static const enum wake_event ways_out[WAKE_STATES] = {
        [WAKE_DRAINING] = WAKE_WORKED, [WAKE_ARMING] = WAKE_ARMED, [WAKE_CONFIRMING] = WAKE_BELL,
        [WAKE_ASLEEP] = WAKE_BELL,     [WAKE_POLLING] = WAKE_BELL, [WAKE_STANDBY] = WAKE_LAPSED,
    };

    (void) state;
    for (int s = 0; s < WAKE_STATES; s++) {
        for (int listening = 0; listening <= 1; listening++) {
            enum wake_state next = wake_next((enum wake_state) s, ways_out[s], listening != 0);

            if (s == WAKE_ARMING) {
                assert_int_equal(next, WAKE_CONFIRMING);
                next = wake_next(next, WAKE_WORKED, listening != 0);
            }
            assert_int_equal(next, WAKE_DRAINING);
        }
    }
}

static void
test_delay(void **state)
{
    static const struct {
        unsigned idle;
        int64_t cap;
        int64_t delay;
    } rows[] = {
        {0, 1000, 0},     {1, 1000, 50},    {2, 1000, 100},   {3, 1000, 200},           {4, 1000, 400},
        {5, 1000, 800},   {6, 1000, 1000},  {7, 1000, 1000},  {10, 1000, 1000},         {11, 1000, 1000},
        {12, 1000, 1000}, {64, 1000, 1000}, {65, 1000, 1000}, {UINT32_MAX, 1000, 1000}, {1, 20, 20},
        {0, 20, 0},       {1, 50, 50},      {2, 99, 99},      {9, 12800, 12800},        {10, 20000, 20000},
        {1000, 0, 0},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (wake_delay_ms(rows[i].idle, rows[i].cap) != rows[i].delay)
            fail_msg("row %zu: %lld", i, (long long) wake_delay_ms(rows[i].idle, rows[i].cap));
    for (unsigned idle = 1; idle < 5000; idle++) {
        assert_true(wake_delay_ms(idle, 1000) >= wake_delay_ms(idle - 1, 1000));
        assert_in_range(wake_delay_ms(idle, 1000), 50, 1000);
    }
}

/* The names stand in log lines and on the status page: all there, all different. */
static void
test_names(void **state)
{
    (void) state;
    for (int s = 0; s < WAKE_STATES; s++) {
        assert_non_null(wake_state_name((enum wake_state) s));
        for (int other = 0; other < s; other++)
            assert_string_not_equal(wake_state_name((enum wake_state) s), wake_state_name((enum wake_state) other));
    }
    for (int e = 0; e < WAKE_EVENTS; e++) {
        assert_non_null(wake_event_name((enum wake_event) e));
        for (int other = 0; other < e; other++)
            assert_string_not_equal(wake_event_name((enum wake_event) e), wake_event_name((enum wake_event) other));
    }
    assert_string_equal(wake_state_name(WAKE_ASLEEP), "asleep");
    assert_string_equal(wake_state_name(WAKE_STANDBY), "standby");
    assert_string_equal(wake_event_name(WAKE_BELL), "bell");
    assert_string_equal(wake_event_name(WAKE_LOST), "lost");
}

static void
test_doorbell(void **state)
{
    (void) state;
    assert_int_equal(wake_doorbell_ms(60000), 3 * WAKE_BEAT_MS);
    assert_int_equal(wake_doorbell_ms(WAKE_BEAT_MS), 3 * WAKE_BEAT_MS);
    assert_int_equal(wake_doorbell_ms(1000), 2000 + WAKE_BEAT_MS);
}

static void
test_poll(void **state)
{
    (void) state;
    assert_int_equal(wake_poll_ms(5000, true), 1000);
    assert_int_equal(wake_poll_ms(5000, false), 5000);
    assert_int_equal(wake_poll_ms(100, true), 100);
    assert_int_equal(wake_poll_ms(100, false), 100);
}

static void
test_rest(void **state)
{
    (void) state;
    assert_int_equal(wake_rest_ms(0, 0, false), 0);
    for (size_t each = 1; each < 4; each++) { /* changes of a row */
        assert_int_equal(wake_rest_ms(9, 9 / each, false), 0);
        assert_int_equal(wake_rest_ms(10, 10 / each, false), 1);
        assert_int_equal(wake_rest_ms(99, 99 / each, false), 9);
        assert_int_equal(wake_rest_ms(100, 100 / each, false), 10);
        assert_int_equal(wake_rest_ms(SIZE_MAX, SIZE_MAX / each, false), 10);
    }
    assert_int_equal(wake_rest_ms(3, 1, false), 0);
    assert_int_equal(wake_rest_ms(4, 1, false), 16);
    assert_int_equal(wake_rest_ms(8, 2, false), 16);
    assert_int_equal(wake_rest_ms(24, 1, false), 96);
    assert_int_equal(wake_rest_ms(25, 1, false), 100);
    assert_int_equal(wake_rest_ms(SIZE_MAX, 1, false), 100);
    assert_int_equal(wake_rest_ms(99, 1, true), 9);
    assert_int_equal(wake_rest_ms(SIZE_MAX, 1, true), 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doorbell), cmocka_unit_test(test_whole_table), cmocka_unit_test(test_sleep_has_one_door),
        cmocka_unit_test(test_reach),    cmocka_unit_test(test_no_trap),     cmocka_unit_test(test_delay),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_poll),        cmocka_unit_test(test_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
