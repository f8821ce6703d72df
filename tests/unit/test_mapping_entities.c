/*
 * test_mapping_entities.c - what must hold between the entities of a mapping: names, tables, operations, parents and the
 * keys of log lines. The rules are called through mapping_parse(), which is what calls them.
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
} rules[] = {
    {"\"new_team\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_team\", \"key\": [\"id\"]},\n \"map\": "
     "{\"table\": "
     "\"map\", \"source_key\": \"new_id\"",
     "\"new_team\", \"key\": [\"id\", \"no\"]}, \"target\": {\"table\": \"old_team\", \"key\": [\"id\"]}, \"map\": "
     "{\"table\": "
     "\"map\", \"source_key\": [\"a\", \"b\"]",
     "$.entities[1].parent.entity",
     "is \"team\", whose source key has 2 columns; a parent's source key and target key have one each"},
    {"\"entity\": \"team\"", "\"entity\": \"teem\"", "$.entities[1].parent.entity",
     "is \"teem\", and no entity has that name (did you mean \"team\"?)"},
    {"\"entity\": \"team\"", "\"entity\": \"zzzzzzz\"", "$.entities[1].parent.entity",
     "is \"zzzzzzz\", and no entity has that name; name one"},
    /* a line of a child carries the keys of its parents too */
    {"\"id\": \"member_id\"", "\"id\": \"team_id\"", "$.entities[1].log.id", "a key of parent \"team\""},
    {"[\"team\", \"user\"]},\n \"columns\": {\"user\": \"account\", \"role\": \"role\"},\n \"present\": {\"column\": "
     "\"status\", \"in\": [\"ACTIVE\", 1]},\n \"removal\": \"delete\",\n \"log\": {",
     "[\"x\"]}, \"map\": {\"table\": \"m\", \"source_key\": \"a\", \"target_key\": \"b\"}, \"columns\": {\"user\": "
     "\"account\"}, \"removal\": \"delete\", \"log\": {\"target_id\": \"team_id\", ",
     "$.entities[1].log.target_id", "is \"team_id\", a key of parent \"team\""},
    {"\"id\": \"team_id\"", "\"id\": \"team_id\", \"target_id\": \"member_id\"", "$.entities[1].log.id",
     "is \"member_id\""},
    /* one name, one pair of tables, one operation each */
    {"\"name\": \"member\"", "\"name\": \"team\"", "$.entities[1].name", "which entities[0] has already"},
    {"\"new_member\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_member\"",
     "\"new_team\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_team\"", "$.entities[1].target.table",
     "is fed from the same source table by entities[0] already; merge the two entities into one"},
    {"\"remove\": \"t_r\"", "\"remove\": \"t_i\"", "$.entities[0].operations.remove",
     "is \"t_i\", which is \"insert\" of entities[0] already"},
    {"\"remove\": \"t_r\"", "\"remove\": \"t_u\"", "$.entities[0].operations.remove",
     "is \"t_u\", which is \"update\" of entities[0] already"},
    {"\"update\": \"m_u\"", "\"update\": \"t_i\"", "$.entities[1].operations.update",
     "is \"t_i\", which is \"insert\" of entities[0] already"},
    {"\"remove\": \"m_r\"", "\"remove\": \"t_u\"", "$.entities[1].operations.remove",
     "is \"t_u\", which is \"update\" of entities[0] already"},
    {"\"m_u\"", "\"t_u\"", "$.entities[1].operations.update", "is \"t_u\", which is \"update\" of entities[0] already"},
    {"\"m_r\"", "\"m_i\"", "$.entities[1].operations.remove", "is \"m_i\", which is \"insert\" of entities[1] already"},
    {"\"m_r\"", "\"m_u\"", "$.entities[1].operations.remove", "is \"m_u\", which is \"update\" of entities[1] already"},
    {"\"m_i\", \"update\": \"m_u\"", "\"t_u\", \"update\": \"t_u\"", "$.entities[1].operations.insert",
     "is \"t_u\", which is \"update\" of entities[0] already"},
};

/* Each case makes one fault, and nothing is said of what follows from it. */
static void
test_rules(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(rules); i++) {
        char *text = changed(rules[i].from, rules[i].to);
        struct faults faults = {0};
        struct buf where = {0};

        buf_printf(&where, "m.json: %s", rules[i].where);
        assert_null(parse(text, &faults));
        if (faults.count != 1 || strcmp(faults.items[0].where, buf_text(&where)) != 0 ||
            strstr(faults.items[0].text, rules[i].said) == NULL) {
            for (size_t j = 0; j < faults.count; j++)
                print_error("%s: %s\n", faults.items[j].where, faults.items[j].text);
            fail_msg("not said alone: %s: %s", rules[i].where, rules[i].said);
        }
        buf_free(&where);
        faults_free(&faults);
        free(text);
    }
}

/* What entities may share. */
static void
test_shared(void **state)
{
    static const char *const rows[][2] = {
        {"\"new_member\"", "\"new_team\""},
        {"\"old_member\"", "\"old_team\""},
        {"\"new_member\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_member\"",
         "\"new_team\", \"schema\": \"other\", \"key\": [\"id\"]},\n \"target\": {\"table\": \"old_team\""},
        {"\"m_u\"", "\"m_i\""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = changed(rows[i][0], rows[i][1]);
        struct faults faults = {0};
        struct mapping *m = parse(text, &faults);

        assert_int_equal(faults.count, 0);
        assert_non_null(m);
        mapping_free(m);
        faults_free(&faults);
        free(text);
    }
}

/* Keys of a log line are looked for among all of the parents, and among no others. */
static void
test_log_keys(void **state)
{
    static const struct {
        const char *parents, *from, *to;
        const char *where, *said; /* NULL: it is right */
    } rows[] = {
        {"-ab", "\"c_id\"", "\"a_id\"", "m.json: $.entities[2].log.id", "is \"a_id\", a key of parent \"a\""},
        {"-ab", "\"c_id\"", "\"c_id\", \"target_id\": \"a_id\"", "m.json: $.entities[2].log.target_id",
         "is \"a_id\", a key of parent \"a\""},
        {"-ab", "\"a_id\"", "\"a_id\", \"target_id\": \"c_id\"", "m.json: $.entities[2].log.id",
         "is \"c_id\", a key of parent \"a\""},
        {"-aa", "\"c_id\"", "\"b_id\"", NULL, NULL}, /* a sibling is on other lines */
        {"---", "\"c_id\"", "\"a_id\"", NULL, NULL},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *family = sample_family(rows[i].parents);
        char *text = changed_in(family, rows[i].from, rows[i].to);
        struct faults faults = {0};
        struct mapping *m = parse(text, &faults);

        assert_int_equal(faults.count, rows[i].where == NULL ? 0 : 1);
        assert_int_equal(m == NULL, rows[i].where != NULL);
        if (rows[i].where != NULL) {
            assert_string_equal(faults.items[0].where, rows[i].where);
            assert_non_null(strstr(faults.items[0].text, rows[i].said));
        }
        mapping_free(m);
        faults_free(&faults);
        free(text);
        free(family);
    }
}

static void
test_cycles(void **state)
{
    static const struct {
        const char *parents;
        size_t errors;
        const char *where;
        const char *said;
    } rows[] = {
        {"a", 1, "m.json: $.entities[0].parent.entity", "makes a cycle of parents: a -> a;"},
        {"ba", 1, "m.json: $.entities[0].parent.entity", "makes a cycle of parents: a -> b -> a;"},
        {"-db-c", 0, "", ""},
        {"-dbc", 1, "m.json: $.entities[1].parent.entity", "makes a cycle of parents: b -> d -> c -> b;"},
        {"badc", 2, "m.json: $.entities[0].parent.entity", "makes a cycle of parents: a -> b -> a;"},
        {"bcb", 1, "m.json: $.entities[1].parent.entity", "makes a cycle of parents: b -> c -> b;"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = sample_family(rows[i].parents);
        struct faults faults = {0};
        struct mapping *m = parse(text, &faults);

        assert_int_equal(faults.errors, rows[i].errors);
        if (rows[i].errors > 0) {
            assert_null(m);
            assert_string_equal(faults.items[0].where, rows[i].where);
            assert_non_null(strstr(faults.items[0].text, rows[i].said));
        }
        mapping_free(m);
        faults_free(&faults);
        free(text);
    }
}

/* The sample with a parent that has no map, these keys and this column. */
static char *
parent_without_map(const char *source_key, const char *target_key, const char *column)
{
    struct buf out = {0};

    buf_printf(&out,
               "{\"entities\": [{\"name\": \"team\", \"source\": {\"table\": \"new_team\", \"key\": %s}, \"target\": "
               "{\"table\": \"old_team\", \"key\": %s}, \"columns\": {%s, %s",
               source_key, target_key, column, strstr(mapping_sample, "\"name\": \"title\""));
    return buf_steal(&out);
}

/* A parent's legacy key must be told from the one column that a child has of it: by a map, or by being the same. */
static void
test_parents(void **state)
{
    static const char here[] = "m.json: $.entities[1].parent.entity";
    static const char itself[] = "m.json: $.entities[0].target.key[0]";
    static const struct {
        const char *source_key, *target_key, *column;
        const char *where, *said; /* NULL: it may be a parent */
    } rows[] = {
        {"[\"id\"]", "[\"id\"]", "\"id\": \"id\"", NULL, NULL},
        {"[\"id\"]", "[\"key\"]", "\"key\": {\"column\": \"id\", \"insert_only\": true}", NULL, NULL},
        {"[\"id\"]", "[\"id\"]", "\"id\": \"code\"", here,
         "is \"team\", whose target key cannot be told from its source key; give it a \"map\", or the same key: \"id\" "
         "from \"id\" in its \"columns\""},
        {"[\"code\"]", "[\"key\"]", "\"key\": \"id\"", here, "or the same key: \"key\" from \"code\" in its"},
        {"[\"id\"]", "[\"id\"]",
         "\"id\": {\"column\": \"id\", \"lookup\": {\"table\": \"l\", \"key\": \"k\", \"value\": \"v\"}}", here,
         "is \"team\", whose target key cannot be told"},
        {"[\"id\", \"b\"]", "[\"id\"]", "\"id\": \"id\"", here,
         "is \"team\", whose source key has 2 columns; a parent's source key and target key have one each"},
        {"[\"id\"]", "[\"id\", \"c\", \"d\"]", "\"id\": \"id\", \"c\": \"c\", \"d\": \"d\"", here,
         "is \"team\", whose target key has 3 columns"},
        {"[\"id\", \"b\"]", "[\"id\", \"b\"]", "\"id\": \"id\", \"b\": \"b\"", here, "whose source key has 2 columns"},
        /* what is wrong with the parent is said there, and nothing of what follows from it */
        {"[\"id\"]", "[\"id\"]", "\"x\": \"x\"", itself, "nothing says which row is meant"},
        {"[\"id\"]", "[\"id\"]", "\"id\": {\"expression\": \"id\"}", itself, "nothing says which row is meant"},
        {"[\"id\"]", "[\"id\"]", "\"id\": {\"column\": \"id\", \"truncate\": 9}", itself, "nothing says which row"},
        {"[\"id\"]", "[\"id\"]", "\"id\": 5", "m.json: $.entities[0].columns.id", "is a number"},
        {"5", "[\"id\"]", "\"id\": \"id\"", "m.json: $.entities[0].source.key", "is a number"},
        {"[5]", "[\"id\"]", "\"id\": \"id\"", "m.json: $.entities[0].source.key[0]", "is a number"},
        {"[\"id\"]", "5", "\"id\": \"id\"", "m.json: $.entities[0].target.key", "is a number"},
        {"[\"id\"]", "[5]", "\"id\": \"id\"", "m.json: $.entities[0].target.key[0]", "is a number"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = parent_without_map(rows[i].source_key, rows[i].target_key, rows[i].column);
        struct faults faults = {0};
        struct mapping *m = parse(text, &faults);

        if (faults.count != (rows[i].where == NULL ? 0 : 1) || (m == NULL) != (rows[i].where != NULL))
            fail_msg("row %zu: %zu faults, the last: %s", i, faults.count,
                     faults.count == 0 ? "" : faults.items[faults.count - 1].text);
        if (rows[i].where != NULL) {
            assert_string_equal(faults.items[0].where, rows[i].where);
            if (strstr(faults.items[0].text, rows[i].said) == NULL)
                fail_msg("row %zu: %s", i, faults.items[0].text);
        }
        mapping_free(m);
        faults_free(&faults);
        free(text);
    }
}

/* A parent without a map whose key is its own parent's: that one's map knows it, the child's column does not. */
static void
test_parent_of_parent(void **state)
{
    static const char club[] =
        ", {\"name\": \"club\", \"parent\": {\"entity\": \"team\", \"column\": \"t\", \"target_column\": \"t\"}, "
        "\"source\": {\"table\": \"new_club\", \"key\": [\"t\"]}, \"target\": {\"table\": \"old_club\", \"key\": "
        "[\"t\"]}, \"columns\": {\"n\": \"n\"}, \"removal\": \"keep\", \"log\": {\"id\": \"club_id\"}, \"operations\": "
        "{\"insert\": \"c_u\", \"update\": \"c_u\", \"remove\": \"c_r\"}}]}";
    char *text = changed("\"parent\": {\"entity\": \"team\"", "\"parent\": {\"entity\": \"club\"");
    struct buf whole = {0};
    struct faults faults = {0};

    (void) state;
    buf_add(&whole, text, strlen(text) - strlen("]}\n"));
    buf_puts(&whole, club);
    assert_null(parse(buf_text(&whole), &faults));
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].where, "m.json: $.entities[1].parent.entity");
    assert_non_null(strstr(faults.items[0].text, "is \"club\", whose target key cannot be told from its source key"));
    buf_free(&whole);
    faults_free(&faults);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),  cmocka_unit_test(test_shared),  cmocka_unit_test(test_log_keys),
        cmocka_unit_test(test_cycles), cmocka_unit_test(test_parents), cmocka_unit_test(test_parent_of_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
