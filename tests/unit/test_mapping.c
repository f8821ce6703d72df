/* test_mapping.c - the mapping file: what is taken, and what each part becomes. Faults are test_mapping_faults.c. */
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

static struct mapping *
parse_good(const char *text)
{
    struct faults faults = {0};
    struct mapping *m = parse(text, &faults);

    if (faults.count > 0)
        print_error("%s: %s\n", faults.items[0].where, faults.items[0].text);
    assert_int_equal(faults.count, 0);
    assert_non_null(m);
    return m;
}

static void
test_default(void **state)
{
    char *text = read_text("config/mapping.json");
    struct faults faults = {0};
    struct mapping *m = mapping_parse("config/mapping.json", text, strlen(text), &faults);
    const struct mapping_entity *team;
    const struct mapping_entity *member;
    const struct mapping_value *v;

    (void) state;
    assert_int_equal(faults.count, 0);
    assert_non_null(m);
    assert_string_equal(m->channel, "dualwrite");
    assert_int_equal(m->count, 2);
    team = &m->entities[0];
    assert_string_equal(team->name, "team");
    assert_string_equal(team->source.schema, "public");
    assert_string_equal(team->source.name, "organizations_team");
    assert_string_equal(team->map->table.name, "organizations_teammigrationmap");
    assert_string_equal(team->map->verified, "verified");
    assert_int_equal(mapping_column(&team->map->columns, "legacy_slug")->kind, VALUE_TARGET_COLUMN);
    assert_int_equal(mapping_column(&team->map->columns, "created_at")->kind, VALUE_NOW);
    assert_int_equal(team->identity.count, 1);
    assert_string_equal(team->identity.items[0], "id");
    v = mapping_column(&team->columns, "game");
    assert_int_equal(v->kind, VALUE_COLUMN);
    assert_int_equal(v->nvalues, 4);
    assert_string_equal(v->values[3].from, "4");
    assert_string_equal(v->values[3].to, "pubg");
    assert_false(v->has_otherwise);
    v = mapping_column(&team->columns, "logo_url");
    assert_int_equal(v->kind, VALUE_EXPRESSION);
    assert_string_equal(v->text, "branding ->> 'logo_url'");
    assert_true(mapping_column(&team->columns, "created_at")->insert_only);
    assert_null(mapping_column(&team->columns, "id"));
    assert_int_equal(team->removal.kind, REMOVAL_SET);
    assert_string_equal(team->removal.set.items[0].value.text, "false");
    assert_string_equal(team->log_target_id, "legacy_team_id");
    assert_null(team->present.column);

    member = &m->entities[1];
    assert_int_equal(member->parent->index, 0);
    assert_null(member->map);
    assert_int_equal(member->identity.count, 2);
    assert_string_equal(member->identity.items[0], "team_id");
    assert_string_equal(member->identity.items[1], "user_id");
    v = mapping_column(&member->columns, "role");
    assert_true(v->has_otherwise);
    assert_string_equal(v->otherwise, "PLAYER");
    v = mapping_column(&member->columns, "left_at");
    assert_int_equal(v->kind, VALUE_CONSTANT);
    assert_null(v->text);
    assert_string_equal(member->present.column, "status");
    assert_string_equal(member->present.values.items[0], "ACTIVE");
    assert_string_equal(member->latest_by, "updated_at");
    assert_string_equal(member->log_id, "membership_id");
    assert_null(member->log_target_id);
    assert_string_equal(member->operation_remove, "sync_team_member_removed");
    assert_int_equal(mapping_entity_index(m, "membership"), 1);
    assert_int_equal(mapping_entity_index(m, "nobody"), 2);
    mapping_free(m);
    free(text);
}

static const struct mapping_entity *
entity(const struct mapping *m, const char *name)
{
    size_t i = mapping_entity_index(m, name);

    assert_true(i < m->count);
    return &m->entities[i];
}

static void
assert_names(const struct mapping_names *names, const char *const *expected, size_t count)
{
    assert_int_equal(names->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(names->items[i], expected[i]);
}

#define ASSERT_NAMES(names, ...)                                                                                       \
    assert_names(&(names), (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})))

/* All of the language in one file. */
static void
test_whole(void **state)
{
    char *text = read_text("tests/unit/golden/mapping_whole.json");
    struct mapping *m = parse_good(text);
    const struct mapping_entity *seat = entity(m, "seat");
    const struct mapping_entity *team = entity(m, "team");
    const struct mapping_entity *member = entity(m, "member");
    const struct mapping_value *v;

    (void) state;
    assert_int_equal(m->count, 6);
    assert_string_equal(m->channel, "_everything9");
    assert_true(team->parent->index == mapping_entity_index(m, "account"));
    assert_true(seat > team);

    ASSERT_NAMES(seat->map->source_key, "new_team_id", "new_number");
    ASSERT_NAMES(seat->identity, "team_id", "number");
    assert_string_equal(seat->map->table.schema, "maps");
    assert_string_equal(seat->operation_insert, seat->operation_update);
    v = mapping_column(&seat->map->columns, "holder");
    assert_string_equal(v->lookup->table.schema, "public");
    assert_false(v->lookup->legacy);
    assert_true(mapping_column(&seat->map->columns, "row")->has_otherwise);

    ASSERT_NAMES(team->map->source_key, "new_id");
    v = mapping_column(&team->columns, "name");
    assert_int_equal(v->unique, UNIQUE_FAIL);
    assert_int_equal(v->truncate, 80);
    v = mapping_column(&team->columns, "slug");
    assert_int_equal(v->unique, UNIQUE_SUFFIX);
    assert_int_equal(v->truncate, 40);
    assert_true(v->insert_only);
    v = mapping_column(&team->columns, "tag");
    assert_int_equal(v->unique, UNIQUE_TRUNCATE);
    assert_int_equal(v->truncate, 0);
    v = mapping_column(&team->columns, "game");
    assert_int_equal(v->unique, UNIQUE_SUFFIX);
    assert_int_equal(v->nvalues, 2);
    assert_null(v->lookup);
    v = mapping_column(&team->columns, "league");
    assert_int_equal(v->kind, VALUE_EXPRESSION);
    assert_string_equal(v->lookup->table.schema, "ref");
    assert_string_equal(v->lookup->table.name, "league");
    assert_string_equal(v->lookup->key, "code");
    assert_string_equal(v->lookup->value, "id");
    assert_true(v->lookup->legacy);
    assert_true(v->has_otherwise);
    assert_string_equal(v->otherwise, "0");
    assert_int_equal(v->nvalues, 0);
    v = mapping_column(&team->columns, "region");
    assert_false(v->lookup->legacy);
    assert_false(v->has_otherwise);
    assert_int_equal(team->present.kind, PRESENT_NULL);
    assert_string_equal(team->present.column, "deleted_at");
    assert_int_equal(team->present.values.count, 0);

    assert_int_equal(entity(m, "account")->present.kind, PRESENT_NOT_NULL);
    assert_int_equal(entity(m, "contact")->present.kind, PRESENT_ALWAYS);
    assert_int_equal(member->present.kind, PRESENT_IN);
    ASSERT_NAMES(member->present.values, "ACTIVE", "1", "true");
    /* a looked-up key column stands for the column that is looked up, and one column may give two */
    ASSERT_NAMES(member->identity, "user_id", "team_id", "team_id");
    ASSERT_NAMES(entity(m, "contact")->identity, "id");
    ASSERT_NAMES(entity(m, "partner")->map->source_key, "new_id");
    mapping_free(m);
    free(text);
}

/* Forms of a value: what stands in the file, and the text of the constant it becomes. */
static void
test_scalars(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } rows[] = {
        {"\"\"", ""},
        {"\"it's\"", "it's"},
        {"null", NULL},
        {"true", "true"},
        {"false", "false"},
        {"0", "0"},
        {"-0", "0"},
        {"42", "42"},
        {"-7", "-7"},
        {"2147483648", "2147483648"},
        {"9007199254740991", "9007199254740991"},
        {"-9007199254740991", "-9007199254740991"},
        {"\"9007199254740993\"", "9007199254740993"},
        {"\"\\u00e9\\ud83d\\ude00\"", "\xC3\xA9\xF0\x9F\x98\x80"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf value = {0};
        char *text;
        struct mapping *m;
        const struct mapping_value *v;

        buf_printf(&value, "{\"column\": \"title\", \"values\": {\"x\": %s}, \"otherwise\": %s}", rows[i].json,
                   rows[i].json);
        text = changed("\"title\"", buf_text(&value));
        m = parse_good(text);
        v = mapping_column(&m->entities[0].columns, "name");
        assert_true(v->has_otherwise);
        if (rows[i].text == NULL) {
            assert_null(v->otherwise);
            assert_null(v->values[0].to);
        } else {
            assert_string_equal(v->otherwise, rows[i].text);
            assert_string_equal(v->values[0].to, rows[i].text);
        }
        mapping_free(m);
        free(text);
        buf_free(&value);
    }
}

/* The examples of the documents are mappings. */
static void
test_documented(void **state)
{
    static const char *const rows[][3] = {{"docs/mapping.md", "```json\n", "\n```"},
                                          {"docs/dualwrited-mapping.5", ".Bd -literal -offset indent\n", "\n.Ed"}};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *page = read_text(rows[i][0]);
        char *text = strstr(page, rows[i][1]);
        char *end;

        assert_non_null(text);
        text += strlen(rows[i][1]);
        end = strstr(text, rows[i][2]);
        assert_non_null(end);
        *end = '\0';
        mapping_free(parse_good(text));
        free(page);
    }
}

static void
test_accepted(void **state)
{
    static const char *const rows[][2] = {
        {"\"title\"", "{\"column\": \"title\", \"truncate\": 1}"},
        {"\"title\"", "{\"expression\": \"1\", \"values\": {\"1\": 2}, \"insert_only\": true, \"truncate\": 10485760}"},
        {"\"title\"", "{\"now\": true, \"insert_only\": true}"},
        {"\"name\": \"title\"", "\"a \\\"name\\\" with.everything'\": \"title\""},
        {"{\"entities\"", "\xEF\xBB\xBF{\"channel\": \"_x9\", \"entities\""},
        {"\"map\": {", "\"map\": {\"schema\": \"other\", "},
        {"\"new_team\", ", "\"new_team\", \"schema\": \"a.b\", "},
        {"\"columns\": {\"at\": {\"now\": true}}", "\"columns\": {}"},
        {"\"id\": \"team_id\"", "\"id\": \"team_id\", \"target_id\": \"old_team_id\""},
        {"\"delete\"", "\"keep\""},
        {"\"user\": \"account\"", "\"user\": {\"column\": \"account\", \"insert_only\": true}"},
        {"\"new_member\"", "\"new_team\", \"schema\": \"elsewhere\""},
        {"\"new_member\"", "\"new_team\""},
        {"\"old_member\"", "\"old_team\""},
        {"\"m_u\"", "\"m_i\""},
        {"\"source_key\": \"new_id\"", "\"source_key\": [\"new_id\"]"},
        {"\"in\": [\"ACTIVE\", 1]", "\"null\": false"},
        {"\"title\"", "{\"column\": \"title\", \"unique\": \"fail\"}"},
        {"{\"now\": true}", "{\"column\": \"x\", \"truncate\": 5}"},
        {"\"member\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
        {"\"title\"", "\"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = changed(rows[i][0], rows[i][1]);

        mapping_free(parse_good(text));
        free(text);
    }
}

static void
test_order(void **state)
{
    static const char *const rows[][2] = {{"---", "abc"}, {"-ab", "abc"},       {"b--", "bca"},
                                          {"bc-", "cba"}, {"c-d-f-", "bdfcea"}, {"--a-b", "abcde"}};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = sample_family(rows[i][0]);
        struct mapping *m = parse_good(text);

        for (size_t j = 0; j < m->count; j++) {
            const struct mapping_entity *e = &m->entities[j];

            assert_int_equal(e->position, e->name[0] - 'a');
            if (e->parent != NULL) {
                assert_true(e->parent->index < j);
                assert_string_equal(m->entities[e->parent->index].name, e->parent->entity);
            }
            assert_int_equal(e->name[0], rows[i][1][j]);
        }
        mapping_free(m);
        free(text);
    }
}

/* A warning does not refuse the mapping. */
static void
test_warning(void **state)
{
    char *text = changed("\"log\": {\"id\": \"team_id\"}", "\"latest_by\": \"at\", \"log\": {\"id\": \"team_id\"}");
    struct faults faults = {0};
    struct mapping *m = parse(text, &faults);

    (void) state;
    assert_non_null(m);
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.errors, 0);
    assert_string_equal(faults.items[0].where, "m.json: $.entities[0].latest_by");
    mapping_free(m);
    faults_free(&faults);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),  cmocka_unit_test(test_scalars), cmocka_unit_test(test_documented),
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_order),   cmocka_unit_test(test_warning),
        cmocka_unit_test(test_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
