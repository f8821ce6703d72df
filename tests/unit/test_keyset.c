/* test_keyset.c - sets of keys. */
/* links: lib/core/keyset.c lib/core/pgarray.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/keyset.h"

static struct keyset
pairs(const char *const *texts, size_t count)
{
    struct keyset set = {.columns = 2};

    for (size_t i = 0; i < count; i++)
        keyset_add(&set, texts + 2 * i);
    keyset_settle(&set);
    return set;
}

static void
test_sorted_each_once(void **state)
{
    static const char *const texts[] = {"b", "1", "a", "2", "b", "1", "a", "", "a", "2"};
    struct keyset set = pairs(texts, 5);

    (void) state;
    assert_int_equal(set.count, 3);
    assert_string_equal(keyset_at(&set, 0)[1], "");
    assert_string_equal(keyset_at(&set, 1)[1], "2");
    assert_string_equal(keyset_at(&set, 2)[0], "b");
    keyset_free(&set);
}

static void
test_found_by_what_it_begins_with(void **state)
{
    static const char *const texts[] = {"b", "1", "a", "2", "a", "3"};
    struct keyset set = pairs(texts, 3);

    (void) state;
    assert_int_equal(keyset_find(&set, (const char *[]){"a"}, 1), 0);
    assert_int_equal(keyset_find(&set, (const char *[]){"a", "3"}, 2), 1);
    assert_int_equal(keyset_find(&set, (const char *[]){"b"}, 1), 2);
    assert_int_equal(keyset_find(&set, (const char *[]){"a", "1"}, 2), 3);
    assert_int_equal(keyset_find(&set, (const char *[]){"c"}, 1), 3);
    keyset_free(&set);
}

static void
test_compared(void **state)
{
    static const char *const some[] = {"a", "1", "b", "2"};
    static const char *const other[] = {"b", "2", "a", "3"};
    struct keyset a = pairs(some, 2), b = pairs(other, 2), c = pairs(some, 2), none = {.columns = 2};

    (void) state;
    assert_false(keyset_same(&a, &b));
    assert_int_equal(keyset_missing(&a, &b), 1);
    assert_true(keyset_same(&a, &c));
    assert_false(keyset_same(&a, &none));
    assert_true(keyset_same(&none, &none));
    keyset_free(&a);
    keyset_free(&b);
    keyset_free(&c);
}

static void
test_parts_and_literals(void **state)
{
    static const char *const texts[] = {"a", "x\"y", "b", "z,\\"};
    struct keyset set = pairs(texts, 2), part = {.columns = 1};
    char *array = keyset_array(&set, 1);

    (void) state;
    assert_string_equal(array, "{\"x\\\"y\",\"z,\\\\\"}");
    free(array);
    keyset_add_part(&part, &set, 1);
    keyset_settle(&part);
    assert_int_equal(part.count, 2);
    assert_string_equal(keyset_at(&part, 0)[0], "x\"y");
    keyset_free(&set);
    keyset_free(&part);
}

static void
test_json_there_and_back(void **state)
{
    static const char *const texts[] = {"a", "1", "b", "\n"};
    static const char *const wrong[] = {"{}", "[[\"a\"]]", "[[\"a\", 1]]", "[1]", "null"};
    struct keyset set = pairs(texts, 2), back = {.columns = 2};
    cJSON *json = keyset_json(&set);

    (void) state;
    assert_true(keyset_from_json(&back, json));
    assert_true(keyset_same(&set, &back));
    cJSON_Delete(json);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json = cJSON_Parse(wrong[i]);
        assert_false(keyset_from_json(&back, json));
        cJSON_Delete(json);
    }
    assert_false(keyset_from_json(&back, NULL));
    keyset_free(&set);
    keyset_free(&back);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_each_once),
        cmocka_unit_test(test_found_by_what_it_begins_with),
        cmocka_unit_test(test_compared),
        cmocka_unit_test(test_parts_and_literals),
        cmocka_unit_test(test_json_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
