/*
 * test_mapping_init.c - a proposed mapping: keys, parents, maps, columns, and what is left to a person.
 *
 * The golden file is what `mapping init` says of config/examples/subscriptions/schema.sql; test_mapping_command.py asks a
 * server for the same. It is written anew by UPDATE_GOLDEN=1 (then read the difference).
 */
/* links: lib/core/mapping_init.c lib/core/init_tables.c lib/core/init_keys.c lib/core/init_maps.c lib/core/init_columns.c lib/core/init_match.c lib/core/init_value.c lib/core/mapping_json.c lib/core/lossless.c lib/core/names.c lib/core/quote.c lib/core/schema_facts.c lib/core/catalog.c lib/core/pgarray.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/expression.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "catalog_sample.h"
#include "dualwrite/mapping_init.h"
#include "schema_sample.h"

#define SERIAL "nextval('s'::regclass)"

static const char crm[] =
    "T|CustomerLink\n"
    "C|id|int8|n|" SERIAL "\nC|customerId|uuid|n\nC|legacyId|int4|n\nC|verified|bool|n\nC|linkedAt|timestamptz|n\n"
    "P|id\nU|customerId\nU|legacyId\n"
    "T|customer\n"
    "C|id|uuid|n|gen_random_uuid()\nC|user_id|int8|n\nC|accountCode|varchar(40)|n\nC|fullName|varchar(200)|n\n"
    "C|email|text\nC|tags|text[]|n|'{}'::text[]\nC|preferences|jsonb|n|'{}'::jsonb\nC|photo|bytea\n"
    "C|credit|numeric(14,4)|n|0\nC|created_at|timestamptz|n|now()\nC|updated_at|timestamptz|n|now()\n"
    "C|deleted_at|timestamptz\n"
    "P|id\nU|user_id\nU|accountCode\n"
    "T|loyalty_period\n"
    "C|id|int8|n|" SERIAL "\nC|customerId|uuid|n\nC|tier|varchar(20)|n\nC|points|numeric(12,2)|n|0\n"
    "C|status|varchar(10)|n|'current'::character varying\nC|started_at|timestamptz|n|now()\n"
    "P|id\nF|customerId|customer|id\n"
    "T|product\n"
    "C|sku|text|n\nC|title|text|n\nC|price|numeric(12,4)|n\nC|labels|text[]|n|'{}'::text[]\n"
    "P|sku\n"
    "T|subscription\n"
    "C|id|int8|n|" SERIAL "\nC|customerId|uuid|n\nC|state|enum|n|'trial'::crm.subscription_state\nC|note|text\n"
    "C|startsOn|date|n\nC|createdAt|timestamptz|n|now()\n"
    "P|id\nF|customerId|customer|id\nL|state|trial|active|paused|cancelled\n"
    "T|subscription_item\n"
    "C|subscription_id|int8|n\nC|sku|text|n\nC|quantity|int4|n\nC|unit_price|numeric(12,4)|n\n"
    "P|subscription_id|sku\nF|sku|product|sku\nF|subscription_id|subscription|id\n";

static const char shop[] =
    "T|customers\n"
    "C|id|int4|n|" SERIAL "\nC|code|varchar(10)|n\nC|name|varchar(100)|n\nC|email|varchar(254)|n\n"
    "C|profile_id|int4|n\nC|tags|text[]|n\nC|preferences|jsonb|n\nC|locale|varchar(8)\nC|photo|bytea\n"
    "C|credit|numeric(14,4)|n\nC|signup_source|varchar(20)|n\nC|is_active|bool|n\nC|created_at|timestamptz|n\n"
    "C|updated_at|timestamptz|n\nC|closed_at|timestamptz\n"
    "P|id\nU|code\nF|profile_id|profiles|id\n"
    "T|loyalty\n"
    "C|customer_id|int4|n\nC|tier|varchar(20)|n\nC|points|numeric(12,2)|n\nC|started_at|timestamptz|n\n"
    "P|customer_id\nF|customer_id|customers|id\n"
    "T|products\n"
    "C|sku|varchar(30)|n\nC|title|varchar(80)|n\nC|price|numeric(12,4)|n\nC|labels|text[]|n\nC|tax_class|varchar(10)|"
    "n\n"
    "P|sku\n"
    "T|profiles\n"
    "C|id|int4|n|" SERIAL "\nC|user_id|int8|n\nC|nickname|varchar(50)|n\n"
    "P|id\nU|user_id\n"
    "T|subscription_items\n"
    "C|id|int4|n|" SERIAL "\nC|subscription_id|int4|n\nC|sku|varchar(30)|n\nC|quantity|int2|n\n"
    "C|unit_price|numeric(12,4)|n\n"
    "P|id\nU|subscription_id|sku\nF|sku|products|sku\nF|subscription_id|subscriptions|id\n"
    "T|subscriptions\n"
    "C|id|int4|n|" SERIAL "\nC|customer_id|int4|n\nC|status|varchar(10)|n\nC|note|text|n\nC|starts_on|date|n\n"
    "C|created_at|timestamptz|n\n"
    "P|id\nu|customer_id\nF|customer_id|customers|id\nL|status|ACTIVE|PAUSED|CANCELLED\n";

static struct mapping_proposal *
propose(const char *vnext, const char *legacy)
{
    struct sample v = sample_of("crm", vnext);
    struct sample l = sample_of("shop", legacy);
    struct init_input in = {{v.facts, v.catalog}, {l.facts, l.catalog}, false};
    struct faults faults = {0};
    struct mapping_proposal *p = mapping_init(&in, NULL, &faults);

    for (size_t i = 0; i < faults.count; i++)
        print_error("%s\n", faults.items[i].text);
    assert_non_null(p);
    faults_free(&faults);
    sample_free(&v);
    sample_free(&l);
    return p;
}

static void
test_golden(void **state)
{
    struct mapping_proposal *p = propose(crm, shop);
    struct buf out = {0};

    (void) state;
    golden("tests/unit/golden/mapping_init.json", p->json);
    for (size_t i = 0; i < p->notes.count; i++)
        buf_printf(&out, "note: %s: %s\n", p->notes.items[i].where, p->notes.items[i].text);
    buf_puts(&out, p->sql);
    for (size_t i = 0; i < p->todos.count; i++)
        buf_printf(&out, "%s: %s\n", p->todos.items[i].where, p->todos.items[i].text);
    golden("tests/unit/golden/mapping_init.todo", buf_text(&out));
    buf_free(&out);
    mapping_proposal_free(p);
}

/* Nobody installs what nobody has decided: the reader of mappings refuses every TODO, at the path that was listed. */
static void
test_each_todo_is_refused(void **state)
{
    struct mapping_proposal *p = propose(crm, shop);
    struct faults faults = {0};

    (void) state;
    assert_null(mapping_parse("m.json", p->json, strlen(p->json), &faults));
    assert_true(p->todos.count >= 15);
    for (size_t i = 0; i < p->todos.count; i++) {
        char where[300];
        bool found = false;

        snprintf(where, sizeof where, "m.json: %s", p->todos.items[i].where);
        for (size_t j = 0; j < faults.count && !found; j++)
            found = faults.items[j].severity == FAULT_ERROR && strcmp(faults.items[j].where, where) == 0;
        if (!found)
            fail_msg("not refused: %s", where);
    }
    faults_free(&faults);
    mapping_proposal_free(p);
}

/* Part of what is proposed for one pair of tables (and what they need beside them). */
struct piece {
    const char *vnext, *legacy;
    const char *has[4]; /* in the JSON, the SQL or a todo */
    const char *lacks;
};

#define V_ITEM "T|item\nC|id|int8|n|" SERIAL "\nC|a|text|n\nP|id\n"
#define L_ITEM "T|items\nC|id|int4|n|" SERIAL "\nC|a|text|n\nP|id\n"

static const struct piece pieces[] = {
    /* both sides number their rows: a map, to be made in the new schema */
    {V_ITEM,
     L_ITEM,
     {"\"table\": \"item_map\"",
      "CREATE TABLE \"crm\".\"item_map\" (\"vnext_id\" bigint NOT NULL, \"legacy_id\" integer "
      "NOT NULL UNIQUE,",
      "\"a\": \"a\"", "$.entities[0].map.TODO"},
     "\"id\": \"id\""},
    /* the name is taken */
    {V_ITEM "T|item_map\nC|x|text", L_ITEM, {"\"table\": \"item_map_2\""}, NULL},
    /* there is one */
    {V_ITEM "T|item_ids\nC|item|int8|n\nC|legacy_item_id|int4|n\nP|item\n",
     L_ITEM,
     {"\"table\": \"item_ids\"", "\"source_key\": \"item\"", "\"target_key\": \"legacy_item_id\""},
     "CREATE TABLE"},
    /* a column that it needs and nobody can tell */
    {V_ITEM "T|item_map\nC|item_id|int8|n\nC|legacy_id|int4|n\nC|why|text|n\nC|legacy_a|text|n\nP|item_id\n",
     L_ITEM,
     {"\"legacy_a\": {\"target_column\": \"a\"}", "$.entities[0].map.columns.why.TODO"},
     "CREATE TABLE"},
    /* a uuid that both sides have is the same uuid */
    {"T|item\nC|id|uuid|n|gen_random_uuid()\nC|a|text|n\nP|id\n",
     "T|item\nC|id|uuid|n|gen_random_uuid()\nC|a|text|n\nP|id\n",
     {"\"id\": \"id\"", "\"target\": {\"table\": \"item\", \"schema\": \"shop\", \"key\": [\"id\"]}"},
     "\"map\""},
    /* the only keys belong together, whatever their names */
    {"T|item\nC|code|text|n\nP|code\n",
     "T|item\nC|number|varchar(9)|n\nP|number\n",
     {"\"number\": \"code\""},
     "\"map\""},
    /* a map for a key of two columns */
    {"T|item\nC|x|int4|n\nC|y|text|n\nP|x|y\n",
     "T|item\nC|id|int4|n|" SERIAL "\nC|x|int4|n\nC|y|text|n\nP|id\n",
     {"\"source_key\": [\"vnext_x\", \"vnext_y\"]", "PRIMARY KEY (\"vnext_x\", \"vnext_y\")", "\"x\": \"x\""},
     NULL},
    /* a primary key of two columns that nothing gives, and a unique one that the parent and the row give */
    {"T|p\nC|id|uuid|n\nP|id\nT|seat\nC|id|uuid|n\nC|p_id|uuid|n\nC|row|text|n\nP|id\nF|p_id|p|id\n",
     "T|p\nC|id|uuid|n\nP|id\nT|seat\nC|x|int4|n\nC|y|int4|n\nC|p_id|uuid|n\nC|row|text|n\nP|x|y\nU|p_id|row\n"
     "F|p_id|p|id\n",
     {"\"key\": [\"p_id\", \"row\"]", "$.entities[1].columns.x.TODO"},
     "\"map\""},
    /* no key at all */
    {"T|item\nC|a|text|n\n", L_ITEM, {"$.entities[0].source.key: has no primary key"}, "\"map\""},
    /* a unique key does instead of a primary one, unless it may be NULL or is partial */
    {"T|item\nC|a|text|n\nC|b|text\nU|b\nu|a\nU|a\n", "T|item\nC|a|text|n\nP|a\n", {"\"key\": [\"a\"]"}, NULL},
    /* two foreign keys to the same table: each its own */
    {V_ITEM "T|move\nC|id|uuid|n\nC|to_item|int8|n\nC|from_item|int8|n\nP|id\nF|from_item|item|id\nF|to_item|item|id\n",
     L_ITEM "T|moves\nC|id|uuid|n\nC|from_item_id|int4|n\nC|to_item_id|int4|n\nP|id\nF|from_item_id|items|id\n"
            "F|to_item_id|items|id\n",
     {"\"parent\": {\"entity\": \"item\", \"column\": \"from_item\", \"target_column\": \"from_item_id\"}",
      "\"to_item_id\": {\n          \"column\": \"to_item\",\n          \"lookup\": {\"table\": \"item_map\", "
      "\"schema\": "
      "\"crm\", \"key\": \"vnext_id\", \"value\": \"legacy_id\"}\n        }"},
     NULL},
    /* who points to himself is looked up; there is no parent */
    {"T|item\nC|id|int8|n|" SERIAL "\nC|up|int8\nP|id\nF|up|item|id\n",
     "T|items\nC|id|int4|n|" SERIAL "\nC|up|int4\nP|id\nF|up|items|id\n",
     {"\"up\": {\n          \"column\": \"up\",\n          \"lookup\": {\"table\": \"item_map\""},
     "\"parent\""},
    /* a circle of foreign keys has no parent that is its own child */
    {"T|a\nC|id|int8|n|" SERIAL "\nC|b_id|int8|n\nP|id\nF|b_id|b|id\nT|b\nC|id|int8|n|" SERIAL
     "\nC|a_id|int8|n\nP|id\nF|a_id|a|id\n",
     "T|a\nC|id|int4|n|" SERIAL "\nC|b_id|int4|n\nP|id\nF|b_id|b|id\nT|b\nC|id|int4|n|" SERIAL
     "\nC|a_id|int4|n\nP|id\nF|a_id|a|id\n",
     {"\"parent\": {\"entity\": \"b\", \"column\": \"b_id\", \"target_column\": \"b_id\"}",
      "\"column\": \"a_id\",\n          \"lookup\": {\"table\": \"a_map\""},
     NULL},
    /* written before what points to it, parent or not */
    {"T|a\nC|id|uuid|n\nC|z|text|n\nP|id\nF|z|z|z\nT|z\nC|z|text|n\nP|z\n",
     "T|a\nC|id|uuid|n\nC|z|text|n\nP|id\nF|z|z|z\nT|z\nC|z|text|n\nP|z\n",
     {"\"entities\": [\n    {\n      \"name\": \"z\""},
     NULL},
    /* several rows, and nothing says which speaks */
    {"T|p\nC|id|uuid|n\nP|id\nT|p_stay\nC|id|int8|n|" SERIAL "\nC|p|uuid|n\nC|a|text|n\nP|id\nF|p|p|id\n",
     "T|p\nC|id|uuid|n\nP|id\nT|p_stay\nC|p|uuid|n\nC|a|text|n\nP|p\nF|p|p|id\n",
     {"$.entities[1].TODO: several vNext rows may stand for one legacy row: say with present and latest_by which "
      "speaks"},
     NULL},
    /* a flag from a state */
    {"T|item\nC|id|uuid|n\nC|state|enum|n\nP|id\nL|state|Live|Gone\n",
     "T|item\nC|id|uuid|n\nC|is_live|bool|n\nP|id\n",
     {"\"is_live\": {\"expression\": \"\\\"state\\\" = 'Live'\""},
     NULL},
    /* names that SQL and JSON must quote */
    {"T|It\"em\nC|i d|int8|n|" SERIAL "\nC|a\\b|text\nP|i d\n",
     "T|it_em\nC|id|int4|n|" SERIAL "\nC|a_b|text|n\nP|id\n",
     {"\"table\": \"It\\\"em\"", "CREATE TABLE \"crm\".\"it_em_map\"", "coalesce(\\\"a\\\\b\\\", '')",
      "\"name\": \"it_em\""},
     NULL},
};

static void
test_pieces(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct mapping_proposal *p = propose(pieces[i].vnext, pieces[i].legacy);
        struct buf all = {0};
        cJSON *tree = cJSON_Parse(p->json);

        assert_non_null(tree);
        cJSON_Delete(tree);
        buf_printf(&all, "%s%s", p->json, p->sql);
        for (size_t j = 0; j < p->todos.count; j++)
            buf_printf(&all, "%s: %s\n", p->todos.items[j].where, p->todos.items[j].text);
        for (size_t j = 0; j < 4 && pieces[i].has[j] != NULL; j++)
            must_have(buf_text(&all), pieces[i].has[j]);
        if (pieces[i].lacks != NULL)
            must_not_have(buf_text(&all), pieces[i].lacks);
        buf_free(&all);
        mapping_proposal_free(p);
    }
}

/* What no person has to decide is a mapping at once. */
static void
test_nothing_left(void **state)
{
    struct mapping_proposal *p =
        propose("T|item\nC|code|text|n\nC|a|text|n\nP|code\n", "T|item\nC|code|text|n\nC|a|text|n\nP|code\n");
    char *decided = with(p->json, "\"removal\": \"TODO: ", "\"removal\": \"keep\", \"x\": \"");
    struct faults faults = {0};

    (void) state;
    assert_int_equal(p->todos.count, 1);
    assert_string_equal(p->sql, "");
    mapping_parse("m.json", decided, strlen(decided), &faults);
    assert_int_equal(faults.count, 1); /* the "x" */
    assert_non_null(strstr(faults.items[0].where, "$.entities[0].x"));
    faults_free(&faults);
    free(decided);
    mapping_proposal_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_each_todo_is_refused),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_nothing_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
