/*
 * test_mapping_faults.c - the mapping file: what is said of each thing that is wrong with it, and where.
 *
 * The golden file of faults is written anew by UPDATE_GOLDEN=1 (then read the difference).
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

struct fault_case {
    const char *from;
    const char *to;
    const char *said; /* part of "WHERE: TEXT" of the one fault that is expected */
};

#define K63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct fault_case fault_cases[] = {
    /* the top and the kinds of things */
    {"{\"entities\": [", "{\"x\": 1, \"entities\": [",
     "m.json: $.x: is not a known key; known here: channel, entities"},
    {"{\"entities\": [", "{\"chanel\": 1, \"entities\": [", "$.chanel: is not a known key; did you mean \"channel\"?"},
    {"{\"entities\": [", "{\"channel\": \"0x\", \"entities\": [", "$.channel: must not begin with a digit"},
    {"{\"entities\": [", "{\"channel\": \"a-b\", \"entities\": [", "$.channel: must be 1 to 41 characters of a-z"},
    {"{\"name\": \"team\",", "{\"name\": \"team\", \"name\": \"team\",",
     "$.entities[0].name: is there twice; keep one"},
    {"{\"name\": \"member\",", "{", "$.entities[1].name: is missing; write a name like"},
    {"\"member\"", "\"Member\"", "$.entities[1].name: must be 1 to 40 characters"},
    {"\"member\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "$.entities[1].name: must be 1 to 40 characters"},
    {"\"member\"", "\"team\"", "$.entities[1].name: is \"team\", which entities[0] has already"},
    {"{\"table\": \"new_team\", \"key\": [\"id\"]}", "5", "$.entities[0].source: is a number; write an object"},
    {"{\"table\": \"new_team\", ", "{", "$.entities[0].source.table: is missing"},
    {"\"new_team\"", "[]", "$.entities[0].source.table: is an empty array; write the name of a table"},
    {"\"new_team\"", "\"\"", "$.entities[0].source.table: is an empty string"},
    {"\"new_team\"", "\"" K63 "b\"", "$.entities[0].source.table: is a name of 64 bytes; PostgreSQL's have 1 to 63"},
    {"\"new_member\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_member\"",
     "\"new_team\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_team\"",
     "$.entities[1].target.table: is fed from the same source table by entities[0] already; merge the two"},
    {"\"key\": [\"id\"]", "\"key\": \"id\"", "$.entities[0].source.key: is a string; write an array of column names"},
    {"[\"team\", \"user\"]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
     "$.entities[1].target.key: has 33 columns; an index has at most 32"},
    {"[\"team\", \"user\"]", "[\"team\", \"team\"]", "$.entities[1].target.key[1]: is there twice"},
    /* map and parent */
    {"{\"now\": true}", "{\"now\": true, \"insert_only\": true}", "map.columns.at.insert_only: says nothing here"},
    {"\"map\": {\"table\"", "\"map\": {\"columns\": {\"b\": \"x\"}, \"table\"", "[0].map.columns: is there twice"},
    {"{\"at\":", "{\"old_id\":", "$.entities[0].map.columns.old_id: is written as \"target_key\" of the map"},
    {"\"old_id\"", "\"new_id\"", "$.entities[0].map.target_key: is the same column as \"source_key\""},
    {"{\"now\": true}", "{\"target_column\": \"x\"}", "$.entities[0].map.columns.at: takes target_column \"x\", which"},
    {"\"name\": \"title\"", "\"id\": \"title\"", "$.entities[0].columns.id: is the target key, which the map gives"},
    {"\"source_key\": \"new_id\"", "\"source_key\": [\"new_id\", \"b\"]",
     "$.entities[0].map.source_key: names 2 columns, and the source key has 1; name a column of the map for each"},
    {"\"source_key\": \"new_id\"", "\"source_key\": []", "$.entities[0].map.source_key: is an empty array; write"},
    {"\"source_key\": \"new_id\"", "\"source_key\": {}", "$.entities[0].map.source_key: is an object; write the map's"},
    {"\"source_key\": \"new_id\", ", "", "$.entities[0].map.source_key: is missing; write the map's column"},
    {"\"source_key\": \"new_id\"", "\"source_key\": [\"new_id\", 1]", "$.entities[0].map.source_key[1]: is a number"},
    {"\"table\": \"old_team\", \"key\": [\"id\"]", "\"table\": \"old_team\", \"key\": [\"id\", \"b\"]",
     "$.entities[0].target.key: has 2 columns; with a \"map\" it must be one"},
    {"\"entity\": \"team\"", "\"entity\": \"teams\"",
     "$.entities[1].parent.entity: is \"teams\", and no entity has "
     "that name (did you mean \"team\"?)"},
    {"\"entity\": \"team\"", "\"entity\": \"club_house\"", "no entity has that name; name one that is in"},
    {"\"key\": [\"team\", \"user\"]},",
     "\"key\": [\"team\"]}, \"map\": {\"table\": \"m\", \"source_key\": \"a\", \"target_key\": \"b\"},",
     "$.entities[1].parent.target_column: is the target key, which the map gives"},
    {"\"entity\": \"team\"", "\"entity\": 5", "$.entities[1].parent.entity: is a number; write the name of another"},
    {"{\"now\": true}", "5", "with one of column, expression, constant, now, target_column (a fixed value is"},
    {"\"user\": \"account\"", "\"user\": 5", "$.entities[1].columns.user: is a number"},
    {"\"user\": \"account\"", "\"user\": {\"constant\": 5}", "$.entities[1].target.key[1]: is target key column"},
    {" \"columns\": {\"user\": \"account\", \"role\": \"role\"},", "", "$.entities[1].columns: is missing"},
    {"\"target_column\": \"team\"", "\"target_column\": 5", "$.entities[1].parent.target_column: is a number"},
    {"\"user\": \"account\"", "\"user\": \"account\", \"team\": \"x\"",
     "$.entities[1].columns.team: is the parent's target_column, which gets the parent's target key"},
    {"\"user\": \"account\"", "\"user\": {\"column\": \"account\", \"truncate\": 9}",
     "$.entities[1].target.key[1]: is target key column \"user\", and nothing says which row is meant"},
    {"\"user\": \"account\"", "\"user\": {\"expression\": \"lower(account)\"}",
     "$.entities[1].target.key[1]: is target"},
    {"\"user\": \"account\"", "\"user\": {\"column\": \"account\", \"values\": {\"1\": 2}}",
     "target.key[1]: is target"},
    {"\"user\": \"account\"", "\"x\": \"account\"", "$.entities[1].target.key[1]: is target key column \"user\""},
    {"\"new_member\", \"key\"", "\"new_member\", \"id\": 1, \"key\"", "$.entities[1].source.id: is not a known key"},
    /* values */
    {"\"title\"", "5",
     "$.entities[0].columns.name: is a number; write the name of a source column, or an object with "
     "one of column, expression, constant, now (a fixed value is {\"constant\": ...})"},
    {"\"title\"", "[\"title\"]", "$.entities[0].columns.name: is an array; write the name"},
    {"\"title\"", "{}", "$.entities[0].columns.name: does not say where the value is from"},
    {"\"title\"", "{\"column\": \"a\", \"now\": true}", "columns.name: has both \"column\" and \"now\"; keep one"},
    {"\"title\"", "{\"target_column\": \"active\"}",
     "$.entities[0].columns.name: cannot be from \"target_column\" here"},
    {"\"title\"", "{\"column\": \"a\", \"value\": {}}",
     "columns.name.value: is not a known key; did you mean \"values\""},
    {"\"title\"", "{\"now\": false}", "$.entities[0].columns.name.now: is false; write true, or leave the column out"},
    {"\"title\"", "{\"expression\": \" \\n\"}", "$.entities[0].columns.name.expression: is blank"},
    {"\"title\"", "{\"expression\": \"a) OR (b\"}",
     "columns.name.expression: closes a parenthesis that it did not open; take it out, or open it"},
    {"\"title\"", "{\"expression\": \"'it's'\"}",
     "columns.name.expression: leaves a quote open; close it (a quote within a string is written twice)"},
    {"\"title\"", "{\"column\": \"a\", \"look_up\": {}}", "is not a known key; did you mean \"lookup\"?"},
    {"\"title\"", "{\"column\": \"a\", \"lookup\": []}",
     "columns.name.lookup: is an empty array; write an object like"},
    {"\"title\"",
     "{\"column\": \"a\", \"lookup\": {\"table\": \"t\", \"key\": \"k\", \"value\": \"v\", \"key\": \"k\"}}",
     "columns.name.lookup.key: is there twice; keep one"},
    {"{\"now\": true}",
     "{\"column\": \"a\", \"lookup\": {\"table\": \"t\", \"key\": \"k\", \"value\": \"v\", \"database\": \"legacy\"}}",
     "$.entities[0].map.columns.at.lookup.database: is \"legacy\", where a map's columns are not looked"},
    {"{\"now\": true}", "{\"column\": \"a\", \"unique\": \"suffix\"}",
     "$.entities[0].map.columns.at.unique: says nothing here: it is for the columns of legacy rows; leave it out"},
    {"\"title\"", "{\"column\": \"a\", \"unique\": \"sufix\"}",
     "$.entities[0].columns.name.unique: is not known here; write \"fail\", \"truncate\" or \"suffix\""},
    {"\"title\"", "{\"expression\": 5}", "$.entities[0].columns.name.expression: is a number"},
    {"\"title\"", "{\"constant\": {}}", "columns.name.constant: is an object; write a string, a whole number, true"},
    {"\"title\"", "{\"constant\": 9007199254740992}",
     "name.constant: is a number beyond 2^53, which JSON readers "
     "round; write it as a string, in quotes"},
    {"\"title\"", "{\"constant\": -9007199254740993}", "columns.name.constant: is a number beyond 2^53"},
    {"\"title\"", "{\"constant\": 99999999999999999999}", "columns.name.constant: is a number beyond 2^53"},
    {"\"title\"", "{\"constant\": 1.5}", "m.json:6: has the number 1.5; write a whole number, or a string (\"1.5\")"},
    {"\"title\"", "{\"constant\": 1e3}", "m.json:6: has the number 1e3"},
    {"\"title\"", "{\"constant\": 007}", "m.json:6: has the number 007; JSON has no leading zeros"},
    {"\"title\"", "{\"constant\": 1, \"truncate\": 4}",
     "columns.name.truncate: goes with \"column\" or \"expression\""},
    {"\"title\"", "{\"now\": true, \"values\": {}}", "$.entities[0].columns.name.values: goes with \"column\""},
    {"\"title\"", "{\"column\": \"a\", \"otherwise\": 1}",
     "columns.name.otherwise: goes with \"values\" or \"lookup\""},
    {"\"title\"", "{\"column\": \"a\", \"values\": {}}", "$.entities[0].columns.name.values: is empty"},
    {"\"title\"", "{\"column\": \"a\", \"values\": {\"a b\": []}}", "columns.name.values[\"a b\"]: is an empty array"},
    {"\"title\"", "{\"column\": \"a\", \"values\": {\"1\": 1, \"1\": 2}}", "name.values.1: is there twice; keep one"},
    {"\"title\"", "{\"column\": \"a\", \"truncate\": 0}",
     "columns.name.truncate: is not a length; write a whole number "
     "of characters, 1 to 10485760"},
    {"\"title\"", "{\"column\": \"a\", \"truncate\": \"5\"}", "columns.name.truncate: is not a length"},
    {"\"title\"", "{\"column\": \"a\", \"insert_only\": 1}", "insert_only: is a number; write true or false"},
    {"\"name\": \"title\"", "\"z" K63 "aaaaaaaaaaaaaaa\xC3\xA9\": \"title\"",
     "$.entities[0].columns[\"z" K63 "aaaaaaaaaaaaaaa...\"]: is a name of 81 bytes"},
    {"\"name\": \"title\"", "\"\": \"title\"", "$.entities[0].columns[\"\"]: is a name of 0 bytes"},
    {"\"name\": \"title\"", "\"a\\n\\\"\": 5", "$.entities[0].columns[\"a\\u000a\\\"\"]: is a number"},
    /* removal, present, log, operations */
    {" \"removal\": \"delete\",", "", "$.entities[1].removal: is missing; write \"delete\", \"keep\" or {\"set\":"},
    {"\"delete\"", "\"remove\"", "$.entities[1].removal: is not a kind of removal"},
    {"\"delete\"", "true", "$.entities[1].removal: is true; write \"delete\""},
    {"\"delete\"", "{\"set\": {}}", "$.entities[1].removal.set: is empty; name at least one column"},
    {"\"delete\"", "{}", "$.entities[1].removal.set: is missing"},
    {"\"delete\"", "{\"set\": {\"role\": \"role\"}}",
     "$.entities[1].removal.set.role: is a string; write "
     "{\"constant\": ...} or {\"now\": true}"},
    {"\"delete\"", "{\"set\": {\"role\": {\"expression\": \"1\"}}}", "set.role: cannot be from \"expression\" here"},
    {"\"delete\"", "{\"set\": {\"gone\": {\"now\": true}}}", "set.gone: is not in \"columns\", so a row that returns"},
    {"\"delete\"", "{\"set\": {\"user\": {\"constant\": 1}}}", "removal.set.user: is part of the target key"},
    {"\"active\": {\"constant\": true}", "\"active\": {\"constant\": true, \"insert_only\": true}",
     "$.entities[0].removal.set.active: is insert_only in \"columns\", so a row that returns"},
    {"[\"ACTIVE\", 1]", "[]", "$.entities[1].present.in: is an empty array"},
    {", \"in\": [\"ACTIVE\", 1]", "",
     "$.entities[1].present: does not say when a row is present; write an object like {\"column\": \"status\", "
     "\"in\":"},
    {"[\"ACTIVE\", 1]", "[\"ACTIVE\"], \"null\": true",
     "$.entities[1].present: has both \"in\" and \"null\"; keep one"},
    {"\"in\": [\"ACTIVE\", 1]", "\"null\": \"no\"",
     "$.entities[1].present.null: is a string; write true (a row is present while the column is NULL) or false"},
    {"\"in\": [\"ACTIVE\", 1]", "\"null\": null", "$.entities[1].present.null: is null; write true"},
    {"\"in\": [\"ACTIVE\", 1]", "\"nul\": true, \"null\": true", "present.nul: is not a known key; did you mean"},
    {"{\"column\": \"status\", \"in\": [\"ACTIVE\", 1]}", "\"status\"", "$.entities[1].present: is a string; write an"},
    {"{\"column\": \"status\", \"in\": [\"ACTIVE\", 1]}", "[]", "$.entities[1].present: is an empty array; write an"},
    {"[\"ACTIVE\", 1]", "\"ACTIVE\"", "$.entities[1].present.in: is a string; write an array"},
    {"[\"ACTIVE\", 1]", "[\"ACTIVE\", \"\"]", "$.entities[1].present.in[1]: is an empty string"},
    {"[\"ACTIVE\", 1]", "[null]", "$.entities[1].present.in[0]: is null; write a value that the column has"},
    {"\"column\": \"status\", ", "", "$.entities[1].present.column: is missing"},
    {" \"log\": {\"id\": \"member_id\"},", "", "$.entities[1].log: is missing; write an object like"},
    {"\"member_id\"", "\"member-id\"", "$.entities[1].log.id: must be 1 to 63 characters"},
    {"\"member_id\"", "\"attempt\"", "$.entities[1].log.id: is \"attempt\", a key that log lines have already"},
    {"\"id\": \"team_id\"", "\"id\": \"team_id\", \"target_id\": \"msg\"", "log.target_id: is \"msg\", a key that log"},
    {"\"id\": \"team_id\"", "\"id\": \"team_id\", \"target_id\": \"team_id\"", "log.target_id: is the same as \"id\""},
    {"\"id\": \"member_id\"", "\"id\": \"member_id\", \"target_id\": \"x\"", "target_id: needs a target key of one"},
    {", \"remove\": \"m_r\"", "", "$.entities[1].operations.remove: is missing"},
    {"\"m_u\"", "\"\"", "$.entities[1].operations.update: is an empty string"},
};

/* Each case makes one fault, and nothing is said of what follows from it. */
static void
test_faults(void **state)
{
    size_t failed = 0;

    (void) state;
    for (size_t i = 0; i < COUNT(fault_cases); i++) {
        const struct fault_case *c = &fault_cases[i];
        char *text = changed(c->from, c->to);
        struct faults faults = {0};
        struct mapping *m = parse(text, &faults);
        bool said = false;

        for (size_t j = 0; j < faults.count; j++) {
            struct buf line = {0};

            buf_printf(&line, "%s: %s", faults.items[j].where, faults.items[j].text);
            said = said || strstr(buf_text(&line), c->said) != NULL;
            buf_free(&line);
        }
        if (m != NULL || !said || faults.errors == 0 || faults.count != 1) {
            print_error("case %zu: %s\n", i, c->to);
            for (size_t j = 0; j < faults.count; j++)
                print_error("    %s: %s\n", faults.items[j].where, faults.items[j].text);
            failed++;
        }
        mapping_free(m);
        faults_free(&faults);
        free(text);
    }
    assert_int_equal(failed, 0);
}

#define TEXT(literal) (literal), sizeof(literal) - 1

static void
test_syntax(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *said;
    } rows[] = {
        {TEXT(""), "m.json:1: is empty"},
        {NULL, 0, "m.json:1: is empty"},
        {TEXT(" \n\t\n"), "m.json:1: is empty"},
        {TEXT("hello"), "m.json:1: is not JSON here; look for a comma, colon, quote or bracket too few or too many, "
                        "at: hello"},
        {TEXT("{\n\"entities\": [\n1,\n]}"), "m.json:4: is not JSON here"},
        {TEXT("{\n\"a\": 1\n\"b\": 2}"), "m.json:3: is not JSON here"},
        {TEXT("{\n'a': 1}"), "m.json:2: is not JSON here"},
        {TEXT("{\n\"a\": tru}"), "m.json:2: is not JSON here"},
        {TEXT("{\n\"a\": 1-2}"), "m.json:2: is not JSON here"},
        {TEXT("{\n\"a\": \"\\ud800\"}"), "m.json:2: is not JSON here"},
        {TEXT("{\n\"a\": \"\\x\"}"), "m.json:2: is not JSON here"},
        {TEXT("{\"a\": [1,\n2"), "m.json:2: ends before the JSON is complete"},
        {TEXT("{\"1\":1,"), "m.json:1: ends before the JSON is complete"},
        {TEXT("{\"a\": \"open"), "m.json:1: "},
        {TEXT("{\"a\": \"open\\"), "m.json:1: "},
        {TEXT("{}\n}\n"), "m.json:2: goes on after the end of the JSON; take the rest out, at: }"},
        {TEXT("{}\n\n{}"), "m.json:3: goes on after the end of the JSON"},
        {TEXT("{}\n\0"), "m.json:2: has the control character 0x00"},
        {TEXT("{\n\"a\": \"b\0c\"}"), "m.json:2: has the control character 0x00"},
        {TEXT("{\n\"a\": \"b\nc\"}"), "m.json:2: has the control character 0x0A (10 is a line break) within a string"},
        {TEXT("{\n\"a\": \"b\\u0000c\"}"), "m.json:2: has \\u0000 in a string"},
        {TEXT("{\n\"b\\u0000c\": 1}"), "m.json:2: has \\u0000 in a string"},
        {TEXT("{\n// no\n}"), "m.json:2: begins a comment; JSON has none"},
        {TEXT("{\n# no\n}"), "m.json:2: begins a comment"},
        {TEXT("{\n\"a\": \"\xFF\"}"), "m.json:2: has the byte 0xFF, which is not UTF-8"},
        {TEXT("{\n\"a\": \"\xC0\x80\"}"), "m.json:2: has the byte 0xC0"},
        {TEXT("{\n\"a\": \"\xED\xA0\x80\"}"), "m.json:2: has the byte 0xED"},
        {TEXT("{\n\"a\": \"\xE0\x9F\xBF\"}"), "m.json:2: has the byte 0xE0"},
        {TEXT("{\n\"a\": \"\xF0\x8F\xBF\xBF\"}"), "m.json:2: has the byte 0xF0"},
        {TEXT("{\n\"a\": \"\xF4\x90\x80\x80\"}"), "m.json:2: has the byte 0xF4"},
        {TEXT("{\n\"a\": \"\xF0\x90\x80"), "m.json:2: has the byte 0xF0"},
        {TEXT("{\n\"a\": \"\xF0\x90\x80z\"}"), "m.json:2: has the byte 0xF0"},
        {TEXT("{\n\"a\": \"\xC3z\"}"), "m.json:2: has the byte 0xC3"},
        {TEXT("{\n\"a\": \"\xF5\x80\x80\x80\"}"), "m.json:2: has the byte 0xF5"},
        {TEXT("{\n\"a\": \"\xE2\x82"), "m.json:2: has the byte 0xE2"},
        {TEXT("\xFF\xFE{\0}\0"), "m.json:1: has the byte 0xFF"},
        {TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), "m.json:1: is nested more than 32 deep"},
        {TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), "m.json: $: is an array"},
        {TEXT("[]"), "m.json: $: is an empty array; write an object {\"entities\": [...]}"},
        {TEXT("[{}]"), "m.json: $: is an array; write an object"},
        {TEXT("\"x\""), "m.json: $: is a string"},
        {TEXT("null"), "m.json: $: is null"},
        {TEXT("{}"), "m.json: $.entities: is missing; write an array with at least one entity"},
        {TEXT("{\"entities\": []}"), "m.json: $.entities: is an empty array"},
        {TEXT("{\"entities\": {}}"), "m.json: $.entities: is an object"},
        {TEXT("{\"entities\": [5]}"), "m.json: $.entities[0]: is a number; write an object"},
    };
    size_t failed = 0;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct faults faults = {0};
        /* a copy of exactly that size, so that the sanitizer sees a read past the end */
        char *copy = rows[i].len == 0 ? NULL : malloc(rows[i].len);
        struct mapping *m;
        struct buf line = {0};

        if (rows[i].len > 0)
            memcpy(copy, rows[i].text, rows[i].len);
        m = mapping_parse("m.json", copy, rows[i].len, &faults);
        if (faults.count > 0)
            buf_printf(&line, "%s: %s", faults.items[0].where, faults.items[0].text);
        if (m != NULL || faults.count != 1 || strncmp(buf_text(&line), rows[i].said, strlen(rows[i].said)) != 0) {
            print_error("case %zu: %zu faults, %s\n", i, faults.count, buf_text(&line));
            failed++;
        }
        buf_free(&line);
        mapping_free(m);
        faults_free(&faults);
        free(copy);
    }
    assert_int_equal(failed, 0);
}

static void
test_golden(void **state)
{
    char *text = read_text("tests/unit/golden/mapping_broken.json");
    struct faults faults = {0};
    struct buf said = {0};

    (void) state;
    assert_null(mapping_parse("mapping_broken.json", text, strlen(text), &faults));
    for (size_t i = 0; i < faults.count; i++)
        buf_printf(&said, "%s: %s\n", faults.items[i].where, faults.items[i].text);
    golden("tests/unit/golden/mapping_broken.faults", buf_text(&said));
    buf_free(&said);
    faults_free(&faults);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_golden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
