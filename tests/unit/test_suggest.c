/* links: lib/base/suggest.c lib/base/xalloc.c */
/* test_suggest.c - distances, and which known word is near enough to be named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

static void
test_distance(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } table[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"abc", "abc", 0},
        {"abc", "ABC", 0},
        {"abc", "abd", 1},
        {"abc", "abcd", 1},
        {"abc", "bc", 1},
        {"abc", "acb", 1},
        {"ab", "ba", 1},
        {"ca", "abc", 3},
        {"kitten", "sitting", 3},
        {"status", "sttaus", 1},
        {"[", "{", 1}, /* only letters have case */
        {"\xC3\xA9", "\xC3\xA8", 1},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(suggest_distance(table[i].a, table[i].b), table[i].distance);
        assert_int_equal(suggest_distance(table[i].b, table[i].a), table[i].distance);
    }
}

static void
test_nearest(void **state)
{
    static const char *const known[] = {"run", "install", "uninstall", "check", "status", "report", "reconcile"};
    static const struct {
        const char *word, *nearest;
    } table[] = {
        {"status", "status"},
        {"STATUS", "status"},
        {"sttaus", "status"},
        {"statsu", "status"},
        {"stat", "status"}, /* 2 */
        {"sta", NULL},      /* 3, over the limit of short words */
        {"rnu", "run"},
        {"instal", "install"},
        {"uninstal", "uninstall"},
        {"unistal", "uninstall"},
        {"reconcil", "reconcile"},
        {"reconnncile", "reconcile"},
        {"rconcilee", "reconcile"},
        {"r3c0nc1le", "reconcile"}, /* 3 of 9 */
        {"r3c0nc113", NULL},        /* 5 of 9 */
        {"deploy", NULL},
        {"", NULL},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *got = suggest_nearest(table[i].word, known, sizeof known / sizeof *known);

        if (table[i].nearest == NULL)
            assert_null(got);
        else
            assert_string_equal(got == NULL ? "(none)" : got, table[i].nearest);
    }
    assert_null(suggest_nearest("run", known, 0));
}

static void
test_first_of_equals(void **state)
{
    static const char *const known[] = {"bat", "cat", "hat"};

    (void) state;
    assert_string_equal(suggest_nearest("xat", known, 3), "bat");
    assert_string_equal(suggest_nearest("hta", known, 3), "hat");
}

/* A hostile word of a megabyte is turned away by its length. */
static void
test_huge_word(void **state)
{
    static const char *const known[] = {"DUALWRITE_BATCH_SIZE", "status"};
    char *word = xcalloc(1000001, 1);

    (void) state;
    memset(word, 'x', 1000000);
    assert_null(suggest_nearest(word, known, 2));
    free(word);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_first_of_equals),
        cmocka_unit_test(test_huge_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
