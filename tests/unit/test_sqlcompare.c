/* test_sqlcompare.c - the statements of reconcile: a golden file, and the pieces that decide what is compared and how. */
/* links: embedded.c lib/core/sqlcompare.c lib/core/sqlglance.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/sqlcompare.h"
#include "plan_sample.h"

static const char *const steps[COMPARE_STEPS] = {
    "vnext_count",   "vnext_last",   "vnext_list",  "doubt",       "compare",       "vnext_middle", "glance_vnext",
    "glance_legacy", "legacy_count", "legacy_last", "legacy_list", "legacy_middle", "glance_keys",  "stands_for"};

static void
test_golden(void **state)
{
    struct sample s = more_sample();
    struct compare_plan *plans = compare_make(s.mapping, &s.catalogs);
    struct buf out = {0};

    (void) state;
    for (size_t i = 0; i < s.mapping->count; i++)
        for (int step = 0; step < COMPARE_STEPS; step++)
            buf_printf(&out, "-- %s.%s\n%s\n\n", s.mapping->entities[i].name, steps[step],
                       plans[i].sql[step] == NULL ? "none" : plans[i].sql[step]);
    golden("tests/unit/golden/compare_more.sql", buf_text(&out));
    buf_free(&out);
    compare_free(plans, s.mapping->count);
    compare_free(NULL, 3);
    sample_free(&s);
}

static void
check(const char *entity, enum compare_step step, const char *part, bool there)
{
    struct sample s = more_sample();
    struct compare_plan *plans = compare_make(s.mapping, &s.catalogs);
    const char *sql = plans[mapping_entity_index(s.mapping, entity)].sql[step];

    assert_non_null(sql);
    if ((strstr(sql, part) != NULL) != there)
        fail_msg("%s.%s: %s %s\n%s", entity, steps[step], part, there ? "is not there" : "is there", sql);
    compare_free(plans, s.mapping->count);
    sample_free(&s);
}

/* As an update decides it: bytes; and neither keys, nor what is written once, nor the time. */
static void
test_compared_columns(void **state)
{
    (void) state;
    check("page", COMPARE_ROWS, "('Name', ", true);
    check("page", COMPARE_ROWS, "('Word', ", true); /* the parent's key */
    check("page", COMPARE_ROWS, "('Id', ", false);
    check("word", COMPARE_ROWS, "(VALUES", false); /* nothing but its key */
    check("page", COMPARE_ROWS, "OPERATOR(pg_catalog.*<>)", true);
}

/* All of the snapshot: versions of the row, events that wait, events that failed, marks. */
static void
test_doubt(void **state)
{
    (void) state;
    check("page", COMPARE_DOUBT, "source.xmin::pg_catalog.text || source.ctid", true);
    check("page", COMPARE_DOUBT, "FROM dualwrite.outbox o\n    WHERE o.entity = 'page'", true);
    check("note", COMPARE_DOUBT, "e.i0 = w.i0::pg_catalog.text AND e.i1 = w.i1::pg_catalog.text", true);
    /* identity of a line: parent's column, then the others, behind its key */
    check("line", COMPARE_DOUBT, "o.ref[", true);
}

/* Legacy keys back to source rows: through the map, the parent, and a lookup on the side where its table is. */
static void
test_stands_for(void **state)
{
    (void) state;
    check("note", COMPARE_STANDS_FOR, "LEFT JOIN \"Map\".\"Note Map\" m ON m.\"O\" = u.k0::pg_catalog.uuid", true);
    check("note", COMPARE_STANDS_FOR, "m.\"X\" = source.\"ref\" AND m.\"Y\" = source.\"root\"", true);
    check("line", COMPARE_LEGACY_LIST, "FROM \"Old\".\"Person\" l WHERE l.\"Login\"::pg_catalog.text = ", true);
    check("line", COMPARE_STANDS_FOR, "\"Person\"", false);
    /* the parent without a map has the same key on both sides, and must be there */
    check("line", COMPARE_STANDS_FOR, "FROM \"New\".\"Word\" p WHERE p.\"Code\" = u.k", true);
    check("line", COMPARE_STANDS_FOR, "g.there IS NOT NULL AND ", true);
    /* no map and no parent: a legacy row may be legacy's own, and is never called extra */
    check("word", COMPARE_STANDS_FOR, " AND false AND s.there IS NULL", true);
    check("line", COMPARE_STANDS_FOR, " AND true AND s.there IS NULL", true);
}

#define WORD(name, table, key)                                                                                         \
    "{\"name\": \"" name "\", \"source\": {\"schema\": \"New\", \"table\": \"" table "\", \"key\": [\"" key "\"]},"    \
    " \"target\": {\"schema\": \"Old\", \"table\": \"Word\", \"key\": [\"Code\"]}, \"columns\": {\"Code\": \"" key     \
    "\"},"                                                                                                             \
    " \"removal\": \"delete\", \"log\": {\"id\": \"" name "_id\"}, \"operations\": {\"insert\": \"" name "_i\","       \
    " \"update\": \"" name "_u\", \"remove\": \"" name "_r\"}}"

/* Two entities without maps in one legacy table: nothing says whose its rows are. */
static void
test_shared_table(void **state)
{
    struct sample both =
        sample_of("{\"entities\": [" WORD("a", "Word", "Code") ", " WORD("b", "Note", "root") "]}", more_catalog);
    struct sample one = sample_of("{\"entities\": [" WORD("a", "Word", "Code") "]}", more_catalog);
    struct compare_plan *plans = compare_make(both.mapping, &both.catalogs);

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        assert_null(plans[i].sql[COMPARE_STANDS_FOR]);
        assert_null(plans[i].sql[COMPARE_LEGACY_LIST]);
        assert_non_null(plans[i].sql[COMPARE_ROWS]);
    }
    compare_free(plans, 2);
    plans = compare_make(one.mapping, &one.catalogs);
    assert_non_null(plans[0].sql[COMPARE_STANDS_FOR]);
    compare_free(plans, 1);
    sample_free(&both);
    sample_free(&one);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_compared_columns), cmocka_unit_test(test_doubt),
        cmocka_unit_test(test_stands_for), cmocka_unit_test(test_shared_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
