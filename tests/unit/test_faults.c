/* test_faults.c - the list of what is wrong with an input: in order, with copies, errors counted. */
/* links: lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/faults.h"

static void
test_counts(void **state)
{
    struct faults f = {0};
    char where[16] = "f:1";

    (void) state;
    faults_add(&f, FAULT_WARNING, where, "is %s", "odd");
    assert_int_equal(f.count, 1);
    assert_int_equal(f.errors, 0);
    strcpy(where, "f:2"); /* the list has a copy */
    faults_add(&f, FAULT_ERROR, where, "has %d%%", 7);
    faults_add(&f, FAULT_ERROR, "database", "%s", "%s %n");
    assert_int_equal(f.count, 3);
    assert_int_equal(f.errors, 2);
    assert_int_equal(f.items[0].severity, FAULT_WARNING);
    assert_string_equal(f.items[0].where, "f:1");
    assert_string_equal(f.items[0].text, "is odd");
    assert_int_equal(f.items[1].severity, FAULT_ERROR);
    assert_string_equal(f.items[1].where, "f:2");
    assert_string_equal(f.items[1].text, "has 7%");
    assert_string_equal(f.items[2].text, "%s %n");
    faults_kind(&f, "type");
    assert_string_equal(f.items[2].kind, "type");
    assert_null(f.items[1].kind);
    faults_free(&f);
    assert_int_equal(f.count, 0);
    assert_int_equal(f.errors, 0);
    assert_null(f.items);
    faults_kind(&f, "type"); /* there is none to give it to */
    faults_free(&f);
}

static void
test_many(void **state)
{
    struct faults f = {0};

    (void) state;
    for (int i = 0; i < 1100; i++)
        faults_add(&f, i % 3 == 0 ? FAULT_WARNING : FAULT_ERROR, "x", "%d", i);
    assert_int_equal(f.count, 1100);
    assert_int_equal(f.errors, 733);
    for (int i = 0; i < 1100; i++) {
        char text[16];

        snprintf(text, sizeof text, "%d", i);
        assert_string_equal(f.items[i].text, text);
    }
    faults_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
