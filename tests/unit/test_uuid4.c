/* test_uuid4.c - the text form of a random UUID. */
/* links: lib/base/uuid4.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/uuid4.h"

static void
version_and_variant_are_set_and_the_rest_is_the_callers(void **state)
{
    const unsigned char zeros[16] = {0};
    unsigned char ones[16];
    char out[UUID4_TEXT];

    (void) state;
    memset(ones, 0xff, sizeof ones);
    uuid4_text(zeros, out);
    assert_string_equal(out, "00000000-0000-4000-8000-000000000000");
    uuid4_text(ones, out);
    assert_string_equal(out, "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_variant_are_set_and_the_rest_is_the_callers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
