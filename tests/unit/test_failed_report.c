/* test_failed_report.c - failed events as an operator sees them. */
/* links: lib/core/failed_report.c lib/core/shown.c lib/core/ref.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/failed_report.h"

static const char mapping_json[] =
    "{\"channel\": \"d\", \"entities\": [{\"name\": \"seat\", \"source\": {\"table\": \"s\", \"key\": [\"a\", \"b\"]}, "
    "\"target\": {\"table\": \"t\", \"key\": [\"x\"]}, \"columns\": {\"x\": \"c\"}, \"removal\": \"delete\", "
    "\"log\": {\"id\": \"seat_id\"}, "
    "\"operations\": {\"insert\": \"seat_i\", \"update\": \"seat_u\", \"remove\": \"seat_r\"}}]}";

static struct mapping *
mapping(void)
{
    struct faults faults = {0};
    struct mapping *m = mapping_parse("m", mapping_json, sizeof mapping_json - 1, &faults);

    for (size_t i = 0; i < faults.count; i++)
        print_message("%s: %s\n", faults.items[i].where, faults.items[i].text);
    assert_non_null(m);
    faults_free(&faults);
    return m;
}

#define EVENT(entity, ref, retry)                                                                                      \
    "{\"event_id\": \"9223372036854775807\", \"parked\": false, \"operation\": \"seat_u\", \"entity\": \"" entity      \
    "\", "                                                                                                             \
    "\"ref\": " ref ", \"actor\": null, \"sqlstate\": \"23505\", \"exception_type\": \"unique_violation\", "           \
    "\"constraint\": \"k\", \"message\": \"no\\nway\", \"attempts\": 2, \"captured_at\": \"C\", \"first_failed_at\": " \
    "\"F\", "                                                                                                          \
    "\"last_failed_at\": \"L\", \"first_failed_age_seconds\": 65, \"last_failed_age_seconds\": 3, "                    \
    "\"retry_in_seconds\": " retry ", \"xid\": \"44\", \"bucket\": 1, \"partition\": 0}"

static char *
json_of(const cJSON *item)
{
    return cJSON_PrintUnformatted(item);
}

/* What the mapping knows of an event; nothing is made up where it knows none. */
static void
test_event(void **state)
{
    static const struct {
        const char *json, *key, *columns;
    } cases[] = {
        {EVENT("seat", "[\"1\", null, \"3\"]", "null"), "[\"1\",null]", "[\"a\",\"b\",\"c\"]"},
        {EVENT("seat", "[\"1\", \"2\"]", "null"), "[\"1\"]", "null"},
        {EVENT("other", "[\"1\", \"2\", \"3\"]", "null"), "[\"1\"]", "null"},
        {EVENT("other", "[]", "null"), "[]", "null"},
    };
    struct mapping *m = mapping();

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *event = failed_event(cases[i].json, m);
        char *key = json_of(cJSON_GetObjectItem(event, "key"));
        char *columns = json_of(cJSON_GetObjectItem(event, "ref_columns"));

        assert_string_equal(key, cases[i].key);
        assert_string_equal(columns, cases[i].columns);
        cJSON_free(key);
        cJSON_free(columns);
        cJSON_Delete(event);
    }
    assert_null(failed_event("no json", m));
    mapping_free(m);
}

static void
test_table(void **state)
{
    struct mapping *m = mapping();
    cJSON *events = cJSON_CreateArray();
    struct buf out = {0};

    (void) state;
    cJSON_AddItemToArray(events, failed_event(EVENT("seat", "[\"1\", null, \"3\"]", "null"), m));
    cJSON_AddItemToArray(events, failed_event(EVENT("seat", "[\"1\\u001b[2J\", \"b\", \"3\"]", "2.5"), m));
    failed_table(&out, events, 0);
    assert_string_equal(buf_text(&out), "event                operation  row                 error                   "
                                        "constraint  attempts  first ago  last "
                                        "ago  next    message\n"
                                        "9223372036854775807  seat_u     seat 1, NULL        23505 unique_violation  k "
                                        "          2         1 min 5 s  3.0 "
                                        "s     parked  no\\nway\n"
                                        "9223372036854775807  seat_u     seat 1\\u{1b}[2J, b  23505 unique_violation  "
                                        "k           2         1 min 5 s  3.0 "
                                        "s     2.5 s   no\\nway\n");
    buf_clear(&out);
    failed_text(&out, cJSON_GetArrayItem(events, 0));
    assert_string_equal(
        buf_text(&out),
        "event          9223372036854775807\n"
        "operation      seat_u\n"
        "entity         seat\n"
        "vNext row      a = 1\n"
        "               b = NULL\n"
        "               c = 3\n"
        "actor          -\n"
        "error          23505 unique_violation\n"
        "constraint     k\n"
        "message        no\\nway\n"
        "attempts       2\n"
        "captured       C\n"
        "first failed   F, 1 min 5 s ago\n"
        "last failed    L, 3.0 s ago\n"
        "next try       parked: when its row, its parent or who has its value changes, or on `dualwrited "
        "failed retry`\n"
        "partition      0, transaction 44\n");
    buf_free(&out);
    cJSON_Delete(events);
    mapping_free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
