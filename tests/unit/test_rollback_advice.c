/* test_rollback_advice.c - the decision matrix: which line fits which numbers, and the one command. */
/* links: lib/core/rollback_advice.c lib/core/shown.c lib/core/flags.c lib/core/quote.c lib/core/template.c lib/base/buf.c lib/base/xalloc.c embedded.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dualwrite/rollback_advice.h"

#define STATE(enabled, strict, blocked)                                                                                \
    "{\"flags\":{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":{\"value\":\"" enabled                                              \
    "\"},\"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE\":{\"value\":\"" strict                                                   \
    "\"},\"TEAM_LEGACY_WRITE_BLOCKED\":{\"value\":\"" blocked                                                          \
    "\"},\"TEAM_LEGACY_WRITE_BYPASS_ENABLED\":{\"value\":\"false\"}}}"
#define WELL STATE("true", "false", "true")

/* The command that these numbers lead to; NULL: none. */
static void
leads_to(const char *command, const char *state, const char *evidence, struct advice_facts facts)
{
    cJSON *s = cJSON_Parse(state);
    cJSON *e = cJSON_Parse(evidence);
    cJSON *matrix;
    const cJSON *best;
    struct buf out = {0};

    assert_true(s != NULL && e != NULL);
    facts.state = s;
    facts.evidence = e;
    facts.guard = "on";
    facts.pattern = facts.pattern == NULL ? "Staging Test%" : facts.pattern;
    facts.no_duplicates = facts.no_orphans = facts.no_test_rows = "not counted";
    matrix = rollback_advice(&facts);
    best = rollback_advice_best(matrix);
    assert_int_equal(best == NULL, command == NULL);
    rollback_advice_text(&out, matrix);
    if (command != NULL) {
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(best, "command")), command);
        assert_non_null(strstr(buf_text(&out), command));
    } else {
        assert_non_null(strstr(buf_text(&out), "nothing calls for a rollback"));
    }
    buf_free(&out);
    cJSON_Delete(matrix);
    cJSON_Delete(s);
    cJSON_Delete(e);
}

static void
test_the_most_urgent_line_that_fits(void **state)
{
    const struct advice_facts none = {0};
    static const char disable[] = "dualwrited rollback disable";

    (void) state;
    leads_to(NULL, WELL, "{}", none);
    leads_to("dualwrited rollback strict-off", STATE("true", "true", "true"), "{\"failed\":1,\"blocked_sessions\":3}",
             none);
    leads_to(NULL, STATE("true", "true", "true"), "{}", none);
    leads_to(disable, WELL, "{\"blocked_sessions\":1,\"failed\":5}", none);
    leads_to(disable, WELL, "{\"differences\":1}", none);
    leads_to("dualwrited reconcile", STATE("false", "false", "true"), "{\"differences\":1}", none);
    leads_to("dualwrited rollback block-legacy", STATE("true", "false", "false"), "{}",
             (struct advice_facts){.legacy_writes = 1});
    leads_to(NULL, WELL, "{}", (struct advice_facts){.legacy_writes = 1}); /* it was let through before, not now */
    leads_to(disable, WELL, "{}", (struct advice_facts){.duplicates = 1, .orphans = 1});
    leads_to("dualwrited reconcile", WELL, "{}", (struct advice_facts){.orphans = 1});
    leads_to("dualwrited failed list", WELL, "{\"failed\":1}", none);
    leads_to("dualwrited rollback cleanup --dry-run --match 'Staging Test%'", WELL, "{}",
             (struct advice_facts){.test_rows = 1});
    leads_to("dualwrited rollback cleanup --dry-run --match 'it'\\''s%'", WELL, "{}",
             (struct advice_facts){.test_rows = 1, .pattern = "it's%"});
    /* what is not known fits nothing */
    leads_to(NULL, WELL, "{}",
             (struct advice_facts){.legacy_writes = -1, .duplicates = -1, .orphans = -1, .test_rows = -1});
}

static void
test_the_statements_quote_names(void **state)
{
    char *source_key[] = {"v\"id"};
    char *target_key[] = {"id"};
    struct mapping_map map = {.table = {"public", "m"}, .source_key = {source_key, 1}, .target_key = "l"};
    struct mapping_column column = {.name = "name", .value = {.kind = VALUE_COLUMN, .text = "Title"}};
    struct mapping_entity e = {
        .source = {"app", "team"}, .target = {"old", "t"}, .target_key = {target_key, 1}, .map = &map};
    char *sql;

    (void) state;
    sql = rollback_map_sql(&e, false);
    assert_non_null(strstr(sql, "GROUP BY m.\"v\"\"id\""));
    assert_non_null(strstr(sql, "SELECT FROM \"old\".\"t\" t WHERE t.\"id\" = m.\"l\""));
    free(sql);
    sql = rollback_map_sql(&e, true);
    assert_non_null(strstr(sql, "NULL AS orphans"));
    free(sql);
    assert_null(rollback_name_column(&e));
    e.columns = (struct mapping_columns){&column, 1};
    assert_string_equal(rollback_name_column(&e), "Title");
    sql = rollback_test_sql(&e);
    assert_non_null(strstr(sql, "FROM \"app\".\"team\" s WHERE s.\"Title\" LIKE $1"));
    free(sql);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_most_urgent_line_that_fits),
        cmocka_unit_test(test_the_statements_quote_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
