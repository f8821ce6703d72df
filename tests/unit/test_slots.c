/* test_slots.c - which texts a row carries, in which order. */
/* links: lib/core/slots.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/slots.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char *keys[] = {(char[]){"Id"}};
static struct mapping_column columns[] = {
    {.name = (char[]){"Name"}},
    {.name = (char[]){"Id"}},
    {.name = (char[]){"At"}, .value = {.kind = VALUE_NOW}},
    {.name = (char[]){"Slug"}, .value = {.unique = UNIQUE_SUFFIX}},
    {.name = (char[]){"Note"}},
};
static struct mapping_column map_columns[] = {
    {.name = (char[]){"made"}, .value = {.kind = VALUE_NOW}},
    {.name = (char[]){"slug"}},
};
static struct mapping_map map = {.columns = {map_columns, COUNT(map_columns)}};
static const struct mapping_entity entity = {
    .target_key = {keys, 1}, .columns = {columns, COUNT(columns)}, .map = &map};

static void
are(const struct slot *slots, size_t count, const char *expected)
{
    char text[64] = "";
    size_t at = 0;

    for (size_t i = 0; i < count; i++)
        at += (size_t) snprintf(&text[at], sizeof text - at, "%c%zu ", slots[i].letter, slots[i].column);
    assert_string_equal(text, expected);
}

/* Not the key, and not a time that the server makes; a unique value with what a suffix needs. */
static void
test_values(void **state)
{
    static const size_t widths[] = {1, 0, 0, 3, 1};
    struct slot slots[3 * COUNT(columns)];

    (void) state;
    assert_int_equal(slots_values(&entity, NULL), 5);
    are(slots, slots_values(&entity, slots), "c0 c3 y3 o3 c4 ");
    for (size_t i = 0; i < COUNT(widths); i++)
        assert_int_equal(slots_width(&entity, i), widths[i]);
    assert_true(slots_is_key(&entity, "Id"));
    assert_false(slots_is_key(&entity, "id"));
}

static void
test_map(void **state)
{
    struct mapping_entity none = entity;
    struct slot slots[COUNT(map_columns)];

    (void) state;
    are(slots, slots_map(&entity, slots), "x1 ");
    none.map = NULL;
    assert_int_equal(slots_map(&none, NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_map)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
