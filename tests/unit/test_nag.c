/* test_nag.c - each reason once a minute, a new one at once, whatever came in between. */
/* links: lib/core/nag.c lib/base/fnv.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/nag.h"

static void
test_once_a_minute(void **state)
{
    struct nag n = {0};

    (void) state;
    assert_false(nag_said(&n));
    assert_true(nag_may(&n, 0, "refused")); /* also in the loop's first millisecond */
    assert_true(nag_said(&n));
    assert_false(nag_may(&n, 0, "refused"));
    assert_false(nag_may(&n, NAG_MS - 1, "refused"));
    assert_true(nag_may(&n, NAG_MS, "refused"));
    assert_false(nag_may(&n, 2 * NAG_MS - 1, "refused"));
    assert_true(nag_may(&n, 2 * NAG_MS, "refused"));
}

static void
test_another_reason_is_said_at_once(void **state)
{
    struct nag n = {0};

    (void) state;
    assert_true(nag_may(&n, 1000, "terminating connection due to administrator command"));
    assert_true(nag_may(&n, 1001, "password authentication failed"));
    assert_false(nag_may(&n, 2000, "password authentication failed"));
    assert_true(nag_may(&n, 2001, ""));
    n = (struct nag){0};
    assert_true(nag_may(&n, 2002, ""));
}

/* Two hosts, two reasons: no line with each attempt. */
static void
test_reasons_in_turn(void **state)
{
    struct nag n = {0};
    unsigned said = 0;

    (void) state;
    for (uint64_t t = 0; t < 5 * (uint64_t) NAG_MS; t += 500)
        said += nag_may(&n, t, t % 1000 == 0 ? "host a" : "host b");
    assert_int_equal(said, 2 * 5);
}

/* More reasons than are remembered: the one that was said longest ago makes room. */
static void
test_many_reasons(void **state)
{
    struct nag n = {0};
    char text[] = "a";

    (void) state;
    for (unsigned i = 0; i <= NAG_REASONS; i++, text[0]++)
        assert_true(nag_may(&n, 10 * i, text));
    assert_false(nag_may(&n, 100, "b"));
    assert_true(nag_may(&n, 100, "a"));
    assert_true(nag_may(&n, 101, "b")); /* "a" took its place */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_a_minute),
        cmocka_unit_test(test_another_reason_is_said_at_once),
        cmocka_unit_test(test_reasons_in_turn),
        cmocka_unit_test(test_many_reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
