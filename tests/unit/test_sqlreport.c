/* test_sqlreport.c - the statements of the report: a golden file over the sample mapping. */
/* links: embedded.c lib/core/sqlreport.c lib/core/sqlactive.c lib/core/report_rules.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/sqlreport.h"
#include "plan_sample.h"

static const char *const steps[REPORT_STEPS] = {"vnext",        "map",           "legacy",        "twice",
                                                "unmapped",     "sample",        "members_vnext", "members_legacy",
                                                "ranked_vnext", "ranked_legacy", "rankings"};

static void
check_golden(struct sample s, const char *file, const struct report_filter *filters, size_t nfilters)
{
    struct report_plan *p = report_plan_make(s.mapping, &s.catalogs, filters, nfilters);
    struct buf out = {0};

    for (int step = 0; step < REPORT_STEPS; step++)
        buf_printf(&out, "-- %s\n%s\n\n", steps[step], p->sql[step] == NULL ? "none" : p->sql[step]);
    golden(file, buf_text(&out));
    buf_free(&out);
    report_plan_free(p);
    sample_free(&s);
}

static void
test_golden(void **state)
{
    struct sample s = sample_with(mapping_file("config/mapping.json"), default_catalog);
    struct report_filter filters[2];
    struct buf why = {0};

    (void) state;
    assert_true(report_filter_find(s.mapping, "game_id", "1", &filters[0], &why));
    assert_true(report_filter_find(s.mapping, "region", "it's", &filters[1], &why));
    check_golden(s, "tests/unit/golden/report_default.sql", filters, 2);
    check_golden(sample_of(family_json, family_catalog), "tests/unit/golden/report_family.sql", NULL, 0);
    report_plan_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
