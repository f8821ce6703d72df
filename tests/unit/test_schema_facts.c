/* test_schema_facts.c - what is in a schema, from the server's answer. */
/* links: lib/core/schema_facts.c lib/core/pgarray.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dualwrite/schema_facts.h"

static const char answer[] =
    "{\"exists\": true, \"tables\": [{\"name\": \"a\\\"b\", \"primary\": [\"x\", \"y\"]}, {\"name\": \"c\", "
    "\"primary\": "
    "[]}],\n"
    " \"labels\": [{\"table\": \"c\", \"column\": \"state\", \"values\": [\"up\", \"it's\"]}]}";

static void
test_answer(void **state)
{
    struct schema_facts *f = schema_facts_parse("s", answer);
    char *p[2];

    (void) state;
    assert_non_null(f);
    assert_true(f->exists);
    assert_int_equal(f->ntables, 2);
    assert_int_equal(schema_facts_table(f, "a\"b")->nprimary, 2);
    assert_string_equal(schema_facts_table(f, "a\"b")->primary[1], "y");
    assert_int_equal(schema_facts_table(f, "c")->nprimary, 0);
    assert_null(schema_facts_table(f, "d"));
    assert_int_equal(schema_facts_labels(f, "c", "state")->count, 2);
    assert_string_equal(schema_facts_labels(f, "c", "state")->items[1], "it's");
    assert_null(schema_facts_labels(f, "c", "x"));
    assert_null(schema_facts_labels(f, "a\"b", "state"));
    schema_facts_parameters(f, p);
    assert_string_equal(p[0], "{s,s}");
    assert_string_equal(p[1], "{\"a\\\"b\",c}");
    free(p[0]);
    free(p[1]);
    schema_facts_free(f);
}

static void
test_not_an_answer(void **state)
{
    (void) state;
    assert_null(schema_facts_parse("s", "nonsense"));
    assert_null(schema_facts_parse("s", "{}"));
    assert_null(schema_facts_parse("s", "{\"tables\": []}"));
    schema_facts_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_not_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
