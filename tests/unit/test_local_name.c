/* test_local_name.c - the names that daemons give their sockets, found again in what the kernel lists. */
/* links: lib/core/local_name.c lib/base/fnv.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/local_name.h"

#define LINE "ffff9c0b: 00000002 00000000 00010000 0001 01 32017 @"

static void
test_what_is_printed_is_read(void **state)
{
    const struct local_name table[] = {
        {0, 0, 1},
        {2049, local_name_file("/etc/dualwrite/dualwrited.env"), 4194304},
        {UINT64_MAX, UINT64_MAX, INT64_MAX},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char name[LOCAL_NAME_MAX];
        char line[256];
        struct local_name n = {0};

        local_name_print(&table[i], name);
        assert_true(strlen(name) + 1 < LOCAL_NAME_MAX);
        snprintf(line, sizeof line, LINE "%s\n", name);
        assert_true(local_name_read(line, &n));
        assert_memory_equal(&n, &table[i], sizeof n);
    }
}

static void
test_other_lines_are_not_taken(void **state)
{
    static const char *const lines[] = {
        "Num       RefCount Protocol Flags    Type St Inode Path\n",
        LINE "\n",
        LINE "/tmp/dbus-x\n",
        LINE "dualwrited/\n",
        LINE "dualwrited/12/3\n",
        LINE "dualwrited/12/3/4x\n",
        LINE "dualwrited/12/3/4/5\n",
        LINE "dualwrited/01/3/4\n",
        "ffff9c0b: 00000003 00000000 00000000 0001 03 32018 @dualwrited/12/3/4\n", /* a connection to it */
        "ffff9c0b: 00000002 00000000 00010000 0001 01 32017 /run/dualwrited/12/3/4\n",
        " @dualwrited/12/3/4\n",
        "",
    };
    struct local_name n;

    (void) state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (local_name_read(lines[i], &n))
            fail_msg("taken: %s", lines[i]);
    assert_true(local_name_read(LINE "dualwrited/12/3/4\n", &n));
}

static void
test_places_are_told_apart(void **state)
{
    static const uint64_t a[] = {1, 2};
    static const uint64_t b[] = {1, 3};

    (void) state;
    assert_true(local_name_place(a, a) == local_name_place(a, a));
    assert_true(local_name_place(a, a) != local_name_place(a, b)); /* one root folder, two PID namespaces */
    assert_true(local_name_place(a, a) != local_name_place(b, a));
    assert_true(local_name_place(a, b) != local_name_place(b, a));
}

static void
test_files_are_told_apart(void **state)
{
    (void) state;
    assert_int_equal(local_name_file(NULL), 0);
    assert_int_not_equal(local_name_file("/a"), local_name_file("/b"));
    assert_int_equal(local_name_file("/a"), local_name_file("/a"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_printed_is_read),
        cmocka_unit_test(test_other_lines_are_not_taken),
        cmocka_unit_test(test_places_are_told_apart),
        cmocka_unit_test(test_files_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
