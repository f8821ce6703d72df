/*
 * test_mapping_rules.c - what must hold between the parts of a mapping: one rule broken at a time, and said where it
 * is. The rules are called through mapping_parse(), which is what calls them.
 */
/* links: lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mapping_sample.h"

static const struct {
    const char *from, *to; /* a change of the sample, which is right */
    const char *where;
    const char *said; /* a part of it */
} rows[] = {
    /* with a map: it holds the source key, column by column, and the target's is the map's to give */
    {"\"new_team\", \"key\": [\"id\"]", "\"new_team\", \"key\": [\"id\", \"no\"]", "$.entities[0].map.source_key",
     "names 1 column, and the source key has 2; name a column of the map for each, in their order"},
    {"\"source_key\": \"new_id\"", "\"source_key\": [\"a\", \"b\", \"c\"]", "$.entities[0].map.source_key",
     "names 3 columns, and the source key has 1"},
    {"\"source_key\": \"new_id\"", "\"source_key\": [\"new_id\", \"new_id\"]", "$.entities[0].map.source_key[1]",
     "is there twice"},
    {"\"old_team\", \"key\": [\"id\"]", "\"old_team\", \"key\": [\"id\", \"no\"]", "$.entities[0].target.key",
     "has 2 columns; with a \"map\" it must be one"},
    {"\"name\": \"title\"", "\"id\": \"id\", \"name\": \"title\"", "$.entities[0].columns.id",
     "is the target key, which the map gives"},
    {"\"map\": {\"table\": \"map\",",
     "\"parent\": {\"entity\": \"member\", \"column\": \"m\", \"target_column\": \"id\"}, "
     "\"map\": {\"table\": \"map\",",
     "$.entities[0].parent.target_column", "is the target key, which the map gives; name the foreign key"},
    {"\"source_key\": \"new_id\"", "\"source_key\": \"old_id\"", "$.entities[0].map.target_key",
     "is the same column as \"source_key\""},
    {"\"source_key\": \"new_id\"", "\"verified\": \"new_id\", \"source_key\": \"new_id\"", "$.entities[0].map.verified",
     "is the same column as \"source_key\""},
    {"\"source_key\": \"new_id\"", "\"verified\": \"old_id\", \"source_key\": \"new_id\"", "$.entities[0].map.verified",
     "is the same column as \"target_key\""},
    {"\"source_key\": \"new_id\"", "\"source_key\": [\"a\", \"old_id\"]", "$.entities[0].map.target_key",
     "is the same column as \"source_key\""},
    {"\"source_key\": \"new_id\"", "\"source_key\": [\"a\", \"b\"], \"verified\": \"b\"", "$.entities[0].map.verified",
     "is the same column as \"source_key\""},
    {"\"source_key\": \"new_id\"", "\"source_key\": [\"a\", \"at\"]", "$.entities[0].map.columns.at",
     "is written as \"source_key\" of the map"},
    {"\"source_key\": \"new_id\"", "\"source_key\": \"new_id\", \"verified\": \"at\"", "$.entities[0].map.columns.at",
     "is written as \"verified\" of the map"},
    {"{\"at\": {\"now\": true}}", "{\"old_id\": {\"now\": true}}", "$.entities[0].map.columns.old_id",
     "is written as \"target_key\" of the map"},
    {"{\"at\": {\"now\": true}}", "{\"at\": {\"target_column\": \"nam\"}}", "$.entities[0].map.columns.at",
     "takes target_column \"nam\", which \"columns\" of this entity does not write"},
    /* the identity of a row without a map */
    {"\"user\": \"account\", ", "", "$.entities[1].target.key[1]", "nothing says which row is meant"},
    {"\"user\": \"account\"", "\"user\": {\"expression\": \"account\"}", "$.entities[1].target.key[1]",
     "nothing says which row is meant"},
    {"\"user\": \"account\"", "\"user\": {\"column\": \"account\", \"truncate\": 5}", "$.entities[1].target.key[1]",
     "nothing says which row is meant"},
    {"\"user\": \"account\"", "\"user\": {\"column\": \"account\", \"values\": {\"a\": \"b\"}}",
     "$.entities[1].target.key[1]", "nothing says which row is meant"},
    {"\"user\": \"account\"",
     "\"user\": {\"column\": \"account\", \"lookup\": {\"table\": \"l\", \"key\": \"k\", \"value\": \"v\"}, "
     "\"otherwise\": 1}",
     "$.entities[1].target.key[1]", "a lookup is allowed; values, otherwise, truncate and unique are not"},
    {"\"user\": \"account\"", "\"user\": {\"column\": \"account\", \"unique\": \"suffix\"}",
     "$.entities[1].target.key[1]", "nothing says which row is meant"},
    {"\"user\": \"account\"", "\"user\": {\"column\": \"account\", \"unique\": \"fail\"}",
     "$.entities[1].target.key[1]", "nothing says which row is meant"},
    {"\"target_column\": \"team\"", "\"target_column\": \"other\"", "$.entities[1].target.key[0]",
     "is target key column \"team\", and nothing says"},
    /* a suffix is made of one column */
    {"\"new_member\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_member\", \"key\": [\"team\", \"user\"]},\n "
     "\"columns\": {\"user\": \"account\", \"role\": \"role\"}",
     "\"new_member\", \"key\": [\"id\", \"no\"]},\n \"target\": {\"table\": \"old_member\", \"key\": [\"team\", "
     "\"user\"]},\n \"columns\": {\"user\": \"account\", \"role\": {\"column\": \"role\", \"unique\": \"suffix\"}}",
     "$.entities[1].columns.role.unique", "is \"suffix\", which needs a source key of one column, this one has 2"},
    /* the parent: its key gives the child's */
    {"\"user\": \"account\"", "\"team\": \"new_team\", \"user\": \"account\"", "$.entities[1].columns.team",
     "is the parent's target_column, which gets the parent's target key"},
    /* what a removal sets a returning row must set back */
    {"{\"set\": {\"active\"", "{\"set\": {\"id\": {\"now\": true}, \"active\"", "$.entities[0].removal.set.id",
     "is part of the target key"},
    {"{\"set\": {\"active\"", "{\"set\": {\"gone\"", "$.entities[0].removal.set.gone", "is not in \"columns\""},
    {"\"active\": {\"constant\": true}", "\"active\": {\"constant\": true, \"insert_only\": true}",
     "$.entities[0].removal.set.active", "is insert_only in \"columns\""},
    /* keys of a log line */
    {"\"id\": \"team_id\"", "\"id\": \"sqlstate\"", "$.entities[0].log.id", "is \"sqlstate\", a key that log lines"},
    {"\"id\": \"team_id\"", "\"id\": \"team_id\", \"target_id\": \"level\"", "$.entities[0].log.target_id",
     "is \"level\", a key that log lines"},
    {"\"id\": \"team_id\"", "\"id\": \"team_id\", \"target_id\": \"team_id\"", "$.entities[0].log.target_id",
     "is the same as \"id\""},
    {"\"id\": \"member_id\"", "\"id\": \"member_id\", \"target_id\": \"x\"", "$.entities[1].log.target_id",
     "needs a target key of one column, this one has 2"},
};

static void
test_rules(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = changed(rows[i].from, rows[i].to);
        struct faults faults = {0};
        struct buf where = {0};
        bool said = false;

        buf_printf(&where, "m.json: %s", rows[i].where);
        assert_null(parse(text, &faults));
        for (size_t j = 0; j < faults.count; j++)
            said = said || (strcmp(faults.items[j].where, buf_text(&where)) == 0 &&
                            strstr(faults.items[j].text, rows[i].said) != NULL);
        if (!said) {
            for (size_t j = 0; j < faults.count; j++)
                print_error("%s: %s\n", faults.items[j].where, faults.items[j].text);
            fail_msg("not said: %s: %s", rows[i].where, rows[i].said);
        }
        buf_free(&where);
        faults_free(&faults);
        free(text);
    }
}

/* One fault of the user is said once, not once more by every rule that it disturbs. */
static void
test_no_echo(void **state)
{
    static const char *const broken[][2] = {
        {"\"entity\": \"team\"", "\"entity\": \"teem\""},
        {"\"name\": \"member\"", "\"name\": 1"},
        {"\"target_column\": \"team\"", "\"target_column\": 1"},
        {"\"user\": \"account\"", "\"user\": {\"column\": 1}"},
        {"\"source_key\": \"new_id\"", "\"source_key\": 1"},
        {"\"source_key\": \"new_id\"", "\"source_key\": [\"a\", 1]"},
        {"\"source_key\": \"new_id\"", "\"source_key\": []"},
        {"\"map\": {\"table\": \"map\", \"source_key\": \"new_id\", \"target_key\": \"old_id\", \"columns\": {\"at\": "
         "{\"now\": true}}}",
         "\"map\": 5"},
        {"\"map\": {\"table\": \"map\", \"source_key\": \"new_id\", \"target_key\": \"old_id\", \"columns\": {\"at\": "
         "{\"now\": true}}},\n \"columns\": {",
         "\"map\": 5, \"columns\": {\"id\": \"code\", "},
        {"\"insert\": \"m_i\", \"update\": \"m_u\"", "\"insert\": \"t_i\", \"update\": \"t_i\""},
        {"\"user\": \"account\"",
         "\"user\": {\"column\": \"account\", \"lookup\": {\"table\": 1, \"key\": \"k\", \"value\": \"v\"}}"},
        {"{\"column\": \"status\", \"in\": [\"ACTIVE\", 1]}", "{\"column\": \"status\", \"in\": [], \"null\": 1}"},
        {"\"key\": [\"team\", \"user\"]", "\"key\": [\"team\", 1]"},
        {"\"insert\": \"t_i\"", "\"insert\": 1"},
        {"\"removal\": \"delete\"", "\"removal\": 1"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        char *text = changed(broken[i][0], broken[i][1]);
        struct faults faults = {0};

        assert_null(parse(text, &faults));
        if (faults.count != 1)
            fail_msg("%s: %zu faults, the last: %s: %s", broken[i][1], faults.count,
                     faults.items[faults.count - 1].where, faults.items[faults.count - 1].text);
        faults_free(&faults);
        free(text);
    }
}

/* The identity: with a map the source key; without, one source column for each target key column, in its order. */
static void
test_identity(void **state)
{
    char *text = changed("\"key\": [\"team\", \"user\"]", "\"key\": [\"user\", \"team\"]");
    struct faults faults = {0};
    struct mapping *m = parse(text, &faults);

    (void) state;
    assert_non_null(m);
    assert_int_equal(m->entities[0].identity.count, 1);
    assert_string_equal(m->entities[0].identity.items[0], "id");
    assert_int_equal(m->entities[1].identity.count, 2);
    assert_string_equal(m->entities[1].identity.items[0], "account");
    assert_string_equal(m->entities[1].identity.items[1], "new_team");
    mapping_free(m);
    faults_free(&faults);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_no_echo),
        cmocka_unit_test(test_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
