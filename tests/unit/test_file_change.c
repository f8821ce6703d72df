/* test_file_change.c - a change is read once, when it has come to rest; a touch, a gap and half a file are none. */
/* links: lib/core/file_change.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dualwrite/file_change.h"

#define OLD 1

/* One letter a look: '-' no file, else the content; the looks that found a change, or "gone", as '!' and 'x' in *found. */
static void
looks(const char *seen, const char *found)
{
    struct file_change w = {0};

    file_change_loaded(&w, OLD);
    for (size_t i = 0; seen[i] != '\0'; i++) {
        enum file_change_finding f = file_change_look(&w, seen[i] != '-', seen[i] == 'o' ? OLD : (uint64_t) seen[i]);

        if (f != (found[i] == '!' ? FILE_CHANGE_SETTLED : found[i] == 'x' ? FILE_CHANGE_GONE : FILE_CHANGE_QUIET))
            fail_msg("%s at look %zu: %d, expected %c", seen, i, (int) f, found[i]);
    }
}

static void
test_once_when_it_has_come_to_rest(void **state)
{
    (void) state;
    looks("oooooo", "......");
    looks("oaaaaaaaaa", "...!......");
    looks("ohhaaaaaaa", ".....!...."); /* half, then whole */
    looks("oabababccc", ".........!"); /* a writer that does not stop */
    looks("oaaabbbaaa", "...!..!..!"); /* several, and back */
}

static void
test_there_and_back_is_no_change(void **state)
{
    (void) state;
    looks("oaaooaao", "........");
    looks("aaoaaoaa", "........");
}

static void
test_a_gap_is_no_change(void **state)
{
    (void) state;
    looks("oo--oooo", "........");
    looks("o-aa-aaa-a", ".......!.."); /* it must rest again after it */
}

static void
test_a_file_that_stays_away_is_said_once(void **state)
{
    struct file_change w = {0};
    int gone = 0;

    (void) state;
    file_change_loaded(&w, OLD);
    for (int i = 1; i <= 10 * FILE_CHANGE_AWAY; i++) {
        enum file_change_finding f = file_change_look(&w, false, 0);

        assert_int_not_equal(f, FILE_CHANGE_SETTLED);
        gone += f == FILE_CHANGE_GONE;
        assert_int_equal(gone, i >= FILE_CHANGE_AWAY);
    }
    assert_int_equal(file_change_look(&w, true, OLD), FILE_CHANGE_QUIET);
    for (int i = 1; i <= FILE_CHANGE_AWAY; i++)
        assert_int_equal(file_change_look(&w, false, 0), i == FILE_CHANGE_AWAY ? FILE_CHANGE_GONE : FILE_CHANGE_QUIET);
}

/* A signal was faster, or the reload read what came after the look. */
static void
test_what_was_read_otherwise_is_not_read_again(void **state)
{
    struct file_change w = {0};

    (void) state;
    file_change_loaded(&w, OLD);
    file_change_look(&w, true, 2);
    file_change_look(&w, true, 2);
    file_change_loaded(&w, 2);
    for (int i = 0; i < 5; i++)
        assert_int_equal(file_change_look(&w, true, 2), FILE_CHANGE_QUIET);
    for (int i = 1; i <= FILE_CHANGE_STILL; i++)
        assert_int_equal(file_change_look(&w, true, OLD),
                         i == FILE_CHANGE_STILL ? FILE_CHANGE_SETTLED : FILE_CHANGE_QUIET);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_when_it_has_come_to_rest),
        cmocka_unit_test(test_there_and_back_is_no_change),
        cmocka_unit_test(test_a_gap_is_no_change),
        cmocka_unit_test(test_a_file_that_stays_away_is_said_once),
        cmocka_unit_test(test_what_was_read_otherwise_is_not_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
