/* test_names.c - names taken apart into words, and how alike two of them are. */
/* links: lib/core/names.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dualwrite/names.h"

static void
test_words(void **state)
{
    static const struct {
        const char *name, *words;
    } table[] = {
        {"order", "order"},
        {"customer_orders", "customer order"},
        {"customerOrders", "customer order"},
        {"CustomerOrder", "customer order"},
        {"HTMLPage", "html page"},
        {"pageHTML", "page html"},
        {"Order Lines", "order line"},
        {"address", "address"},
        {"status", "status"},
        {"news", "news"},
        {"bus", "bus"},
        {"entries", "entry"},
        {"boxes", "box"},
        {"branches", "branch"},
        {"addresses", "address"},
        {"prices", "price"},
        {"line2", "line2"},
        {"__x__", "x"},
        {"\xC3\x9C"
         "ber_Zug",
         "\xC3\x9C"
         "ber zug"},
        {"-", "-"},
        {"", ""},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *joined = name_joined(table[i].name, 0, " ");

        assert_string_equal(joined, table[i].words);
        free(joined);
    }
}

static void
test_joined_without_the_first(void **state)
{
    char *joined = name_joined("app_customerOrders", 1, "_");

    (void) state;
    assert_string_equal(joined, "customer_order");
    free(joined);
    joined = name_joined("app", 1, "_");
    assert_string_equal(joined, "");
    free(joined);
}

static void
test_alike(void **state)
{
    (void) state;
    assert_true(name_same("created_at", "createdAt"));
    assert_true(name_same("products", "product"));
    assert_true(name_same("startson", "starts_on") || name_same_core("starts_on", "startOn"));
    assert_false(name_same("product", "production"));
    assert_true(name_same_core("game_id", "game"));
    assert_true(name_same_core("is_active", "active"));
    assert_true(name_same_core("id", "id"));
    assert_false(name_same_core("id", "at"));
    assert_false(name_same_core("user_id", "group_id"));
    assert_int_equal(name_overlap("full_name", "name"), 50);
    assert_int_equal(name_overlap("account_code", "code"), 50);
    assert_int_equal(name_overlap("created_at", "joined_at"), 0);
    assert_int_equal(name_overlap("a_a", "a"), 100);
}

static void
test_among(void **state)
{
    static const char *const known[] = {"deleted", "removed", NULL};

    (void) state;
    assert_string_equal(name_word_among("removed_at", known), "removed");
    assert_string_equal(name_word_among("deletedAt", known), "deleted");
    assert_null(name_word_among("undeleted", known));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_joined_without_the_first),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_among),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
