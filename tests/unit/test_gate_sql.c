/* test_gate_sql.c - the statements that count coverage: a golden file, and which entities have which. */
/* links: embedded.c lib/core/gate_sql.c lib/core/sqlactive.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/gate_sql.h"
#include "plan_sample.h"

static const char *const steps[GATE_STEPS] = {"covered", "keys", "covered_keys", "present"};

static void
test_golden(void **state)
{
    struct sample s = more_sample();
    struct gate_plan *plans = gate_plan_make(s.mapping, &s.catalogs);
    struct buf out = {0};

    (void) state;
    for (size_t i = 0; i < s.mapping->count; i++)
        for (int step = 0; step < GATE_STEPS; step++)
            buf_printf(&out, "-- %s.%s\n%s\n\n", s.mapping->entities[i].name, steps[step],
                       plans[i].sql[step] == NULL ? "none" : plans[i].sql[step]);
    golden("tests/unit/golden/gate_more.sql", buf_text(&out));
    buf_free(&out);
    gate_plan_free(plans, s.mapping->count);
    gate_plan_free(NULL, 3);
    sample_free(&s);
}

/* Rows of a table that two entities feed are nobody's by their keys alone. */
static void
test_shared_table(void **state)
{
    struct sample s = more_sample();
    struct mapping_entity *page = &s.mapping->entities[mapping_entity_index(s.mapping, "page")];
    struct mapping_table *other = &s.mapping->entities[mapping_entity_index(s.mapping, "word")].target;
    const struct mapping_table kept = *other;
    struct gate_plan *plans;

    (void) state;
    *other = page->target;
    plans = gate_plan_make(s.mapping, &s.catalogs);
    assert_null(plans[mapping_entity_index(s.mapping, "page")].sql[GATE_COVERED]);
    assert_non_null(plans[mapping_entity_index(s.mapping, "page")].sql[GATE_PRESENT]);
    gate_plan_free(plans, s.mapping->count);
    *other = kept;
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_shared_table)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
