/* test_constraint_report.c - what there is of a pack's parts, from facts; verdict, text and JSON. */
/* links: lib/core/constraint_report.c lib/core/constraint_sql.c lib/core/pack_parts.c lib/core/expression.c lib/core/pgarray.c lib/core/quote.c lib/core/template.c lib/core/shown.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c embedded.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/constraint_report.h"

static struct pack_part check_part = {.kind = PACK_PART_CHECK,
                                      .schema = (char *) "App",
                                      .table = (char *) "a \"b",
                                      .name = (char *) "x'y",
                                      .text = (char *) "xp >= 0 -- )",
                                      .print = "0123456789abcdef"};
static struct pack_part trigger_part = {.kind = PACK_PART_TRIGGER,
                                        .schema = (char *) "App",
                                        .table = (char *) "t",
                                        .name = (char *) "g",
                                        .text = (char *) "CREATE TRIGGER g ...",
                                        .print = "0123456789abcdef"};

static void
states(void **state)
{
    static const char ours[] = "dualwrited: pack p, 0123456789abcdef", older[] = "dualwrited: pack p, 0000",
                      other[] = "dualwrited: pack pp, 0123456789abcdef";
    static const struct {
        struct constraint_facts facts;
        enum constraint_state state;
    } cases[] = {
        {{false, true, true, true, true, ours}, CONSTRAINT_NO_TABLE},
        {{true, false, false, false, false, NULL}, CONSTRAINT_ABSENT},
        {{true, false, false, true, true, NULL}, CONSTRAINT_UNFINISHED},
        {{true, false, false, true, false, NULL}, CONSTRAINT_FOREIGN},
        {{true, true, true, false, false, NULL}, CONSTRAINT_FOREIGN},
        {{true, true, true, false, false, other}, CONSTRAINT_FOREIGN},
        {{true, true, true, false, false, older}, CONSTRAINT_CHANGED},
        {{true, true, true, false, false, ours}, CONSTRAINT_IN_FORCE},
        {{true, true, false, false, false, ours}, CONSTRAINT_UNVALIDATED},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(constraint_judge(&check_part, "p", &cases[i].facts), cases[i].state);
    assert_int_equal(constraint_judge(&trigger_part, "p", &cases[8].facts), CONSTRAINT_OFF);
}

static void
answers(void **state)
{
    struct constraint_result items[] = {
        {.part = &check_part, .state = CONSTRAINT_IN_FORCE, .failing = 0, .done = "added and validated"},
        {.part = &trigger_part, .state = CONSTRAINT_IN_FORCE, .failing = -1},
    };
    struct constraint_report r = {.pack = "p", .word = CONSTRAINTS_INSTALL, .items = items, .count = 2};
    struct buf out = {0};

    (void) state;
    assert_int_equal(constraint_verdict(&r), CONSTRAINTS_GOOD);
    constraint_text(&out, &r);
    assert_non_null(strstr(buf_text(&out), "✓ g (trigger on t): in force\n"));
    assert_non_null(strstr(buf_text(&out), "(check on a \"b): added and validated; in force\n"));
    assert_non_null(strstr(buf_text(&out), "✓ 2 of 2 in force\n"));
    buf_clear(&out);
    items[0] = (struct constraint_result){.part = &check_part,
                                          .state = CONSTRAINT_ABSENT,
                                          .failing = 1200,
                                          .samples = cJSON_Parse("[\"1\", \"2\\u001b[2J\"]")};
    assert_int_equal(constraint_verdict(&r), CONSTRAINTS_FOUND);
    constraint_text(&out, &r);
    assert_non_null(strstr(buf_text(&out), ": not there; 1 200 rows fail: 1, 2\\u{1b}[2J, ...\n"));
    assert_non_null(strstr(buf_text(&out), "✗ 1 of 2 in force\n"));
    buf_clear(&out);
    constraint_json(&out, &r);
    assert_non_null(strstr(buf_text(&out), "\"state\":\t\"absent\""));
    assert_non_null(strstr(buf_text(&out), "\"failing\":\t1200"));
    buf_clear(&out);
    r.word = CONSTRAINTS_REMOVE;
    assert_int_equal(constraint_verdict(&r), CONSTRAINTS_FOUND); /* the trigger is still there */
    r.dry_run = true;
    assert_int_equal(constraint_verdict(&r), CONSTRAINTS_GOOD);
    r.word = CONSTRAINTS_INSTALL;
    assert_int_equal(constraint_verdict(&r), CONSTRAINTS_FOUND);
    items[1].why = (char *) "why";
    assert_int_equal(constraint_verdict(&r), CONSTRAINTS_UNFINISHED);
    constraint_text(&out, &r);
    assert_non_null(strstr(buf_text(&out), "⚠ g (trigger on t): in force; why\n"));
    buf_clear(&out);
    r.count = 0;
    constraint_text(&out, &r);
    assert_string_equal(buf_text(&out), "p: brings no constraints and no functions\n");
    buf_free(&out);
    cJSON_Delete(items[0].samples);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states),
        cmocka_unit_test(answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
