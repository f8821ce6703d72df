/* test_smoke_fill.c - what one column of a test row gets, case by case: from --set, the mapping, the catalog, or from nowhere. */
/* links: embedded.c lib/core/smoke_fill.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/smoke_fill.h"
#include "plan_sample.h"

#define NAME "Staging Test Team 3F9a"

/*
 * A root "team" and its child "member". Column x of the team is what a case is about: `type` is its line in the catalog,
 * `columns` what the mapping makes of it.
 */
static struct sample
sample_of_x(const char *type, const char *columns, const char *more)
{
    struct buf json = {0}, catalog = {0};
    struct sample s;

    buf_printf(
        &json,
        "{\"entities\": [{\"name\": \"team\", \"source\": {\"table\": \"s\", \"key\": [\"id\"]}, \"target\": "
        "{\"table\": \"t\", "
        "\"key\": [\"id\"]}, \"map\": {\"table\": \"m\", \"source_key\": \"n\", \"target_key\": \"o\"}, \"columns\": "
        "{%s}, "
        "%s \"log\": {\"id\": \"team_id\"}, \"operations\": {\"insert\": \"i\", \"update\": \"u\", \"remove\": "
        "\"r\"}}, "
        "{\"name\": \"member\", \"parent\": {\"entity\": \"team\", \"column\": \"team\", \"target_column\": \"team\"}, "
        "\"source\": {\"table\": \"sm\", \"key\": [\"id\"]}, \"target\": {\"table\": \"tm\", \"key\": [\"team\", "
        "\"who\"]}, "
        "\"columns\": {\"who\": \"who\"}, \"removal\": \"delete\", \"log\": {\"id\": \"member_id\"}, \"operations\": "
        "{\"insert\": "
        "\"mi\", \"update\": \"mu\", \"remove\": \"mr\"}}]}",
        columns, more == NULL ? "\"removal\": \"keep\"," : more);
    buf_printf(
        &catalog,
        "T|public|s|\nC|id|pg_catalog.int8|=|nextval('q')\nC|name|pg_catalog.text\nC|x|%s\nC|state|pg_catalog.text\nU|"
        "id\n"
        "T|public|t|\nC|id|pg_catalog.int8|=|nextval('q')\nC|y|pg_catalog.text\nC|st|pg_catalog.text\nU|id\n"
        "T|public|m|\nC|n|pg_catalog.int8\nC|o|pg_catalog.int8\nU|n\nU|o\n"
        "T|public|sm|\nC|id|pg_catalog.int8|=|nextval('q')\nC|team|pg_catalog.int8\nC|who|pg_catalog.int8\nU|id\n"
        "T|public|tm|\nC|team|pg_catalog.int8\nC|who|pg_catalog.int8\nU|team|who\n",
        type);
    s = sample_of(buf_text(&json), buf_text(&catalog));
    buf_free(&json);
    buf_free(&catalog);
    return s;
}

static struct catalog_table *
source_of(const struct sample *s)
{
    return &s->catalog->tables[0];
}

static struct catalog_column *
x_of(const struct sample *s)
{
    return &source_of(s)->columns[2];
}

#define Y "\"y\": \"x\""
#define NONE "\"y\": \"name\""

/* The value of x in a new row; "" for its default, "!..." for the reason why there is none. */
static char *
value_in_new_row(const struct sample *s, const char *entity, const struct catalog_column *c,
                 const struct smoke_fill *fill)
{
    struct gen g = gen_of(s, entity);
    struct buf out = {0};
    char *why = NULL;
    const bool known = fill_value(&out, &g, c, "name", fill, &why);

    assert_int_equal(known, why == NULL);
    if (!known) {
        buf_clear(&out);
        buf_printf(&out, "!%s", why);
    }
    free(why);
    return out.len == 0 ? xstrdup("") : buf_steal(&out);
}

static void
check_value(const struct sample *s, const struct smoke_fill *fill, const char *wanted)
{
    char *value = value_in_new_row(s, "team", x_of(s), fill);

    if (strcmp(value, wanted) != 0)
        fail_msg("is %s\nnot %s", value, wanted);
    free(value);
}

#define NEWEST(of_type)                                                                                                \
    "coalesce((SELECT x.\"x\" FROM \"public\".\"s\" x WHERE x.\"x\" IS NOT NULL ORDER BY x.\"id\" DESC LIMIT "         \
    "1), " of_type ")"

static void
test_by_type(void **state)
{
    static const struct {
        const char *type, *value;
    } cases[] = {
        {"pg_catalog.int4", NEWEST("1")},
        {"pg_catalog.numeric", NEWEST("1")},
        {"pg_catalog.bool", NEWEST("false")},
        {"pg_catalog.uuid", NEWEST("pg_catalog.gen_random_uuid()")},
        {"pg_catalog.jsonb", NEWEST("'{}'")},
        {"pg_catalog.int4[]", NEWEST("'{}'")},
        {"pg_catalog.text", NEWEST("'staging-test-team-3f9a'")},
        {"pg_catalog.timestamptz", "pg_catalog.now()"}, /* one that others have says nothing */
        {"pg_catalog.text|=|'d'", ""},                  /* its default will do */
        {"pg_catalog.inet", "!s.x (pg_catalog.inet) is NOT NULL, has no default, and no value is known: give it one "
                            "with --set=team.x=VALUE"},
    };
    const struct smoke_fill fill = {.name = NAME};

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = sample_of_x(cases[i].type, NONE, NULL);

        check_value(&s, &fill, cases[i].value);
        x_of(&s)->not_null = false;
        check_value(&s, &fill, "");
        sample_free(&s);
    }
}

/* A value that no other row has, where an index of its own keeps rows apart. */
static void
test_unique(void **state)
{
    static const struct {
        const char *type, *value;
    } cases[] = {
        {"pg_catalog.int8\nU|x",
         "(SELECT coalesce(pg_catalog.max(x.\"x\"), 0) OPERATOR(pg_catalog.+) 1 FROM \"public\".\"s\" x)"},
        {"pg_catalog.uuid\nU|x", "pg_catalog.gen_random_uuid()"},
        {"pg_catalog.text\nU|x", "'staging-test-team-3f9a'"},
        {"pg_catalog.\"varchar\"|9\nU|x", "'team-3f9a'"}, /* the end is what is unique */
        {"pg_catalog.\"varchar\"|7\nU|x",
         "!s.x (pg_catalog.\"varchar\"(7)) is too short for a value of which there is no other: give it "
         "one with --set=team.x=VALUE"},
        {"pg_catalog.bool\nU|x",
         "!s.x (pg_catalog.bool) is unique and NOT NULL, has no default, and no value is known: give it one with "
         "--set=team.x=VALUE"},
        {"pg_catalog.text\nU|x|state", "'staging-test-team-3f9a'"}, /* with others: a text of its own does no harm */
        {"pg_catalog.int4\nU|x|state", NEWEST("1")},
    };
    const struct smoke_fill fill = {.name = NAME};

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = sample_of_x(cases[i].type, NONE, NULL);

        check_value(&s, &fill, cases[i].value);
        sample_free(&s);
    }
}

/* Of what says something the first speaks: --set, the parent, the name, presence, a default, the mapping, the catalog. */
static void
test_who_speaks_first(void **state)
{
    static const struct smoke_set sets[] = {{"team.x", "it's"}, {"team.id", "5"}, {"member.team", "9"}};
    const struct smoke_fill fill = {.name = NAME, .parent_key = "it's 7"},
                            set = {.name = NAME, .sets = sets, .nsets = 3};
    struct sample s = sample_of_x("pg_catalog.text|=|'d'",
                                  "\"y\": {\"column\": \"x\", \"values\": {\"a\": \"1\", \"b\": \"2\"}, "
                                  "\"otherwise\": \"2\"}",
                                  NULL);
    const struct catalog_table *member = &s.catalog->tables[3];
    char *value;

    (void) state;
    check_value(&s, &set, "'it''s'");
    check_value(&s, &fill, "");
    free(x_of(&s)->default_expr);
    x_of(&s)->default_expr = NULL;
    check_value(&s, &fill, "'b'"); /* what "otherwise" stands for */
    x_of(&s)->generated = true;
    check_value(&s, &set, ""); /* nobody may write it */
    sample_free(&s);

    s = sample_of_x("pg_catalog.text", NONE, NULL);
    member = &s.catalog->tables[3];
    value = value_in_new_row(&s, "member", &member->columns[1], &fill);
    assert_string_equal(value, "'it''s 7'");
    free(value);
    value = value_in_new_row(&s, "member", &member->columns[1], &set);
    assert_string_equal(value, "'9'");
    free(value);
    value = value_in_new_row(&s, "team", &source_of(&s)->columns[1], &fill);
    assert_string_equal(value, "'" NAME "'");
    free(value);
    source_of(&s)->columns[1].length = 21;
    value = value_in_new_row(&s, "team", &source_of(&s)->columns[1], &fill);
    must_begin(value,
               "!s.name (pg_catalog.text) is too short for the name of a test row: give it one with --set=team.name=");
    free(value);
    sample_free(&s);
}

/* Where the mapping has no "otherwise" the first of its values will do; presence asks for its own. */
static void
test_from_the_mapping(void **state)
{
    static const struct {
        const char *columns, *more, *value;
    } cases[] = {
        {"\"y\": {\"column\": \"x\", \"values\": {\"a\": \"1\", \"b\": \"2\"}}", NULL, "'a'"},
        {"\"y\": {\"column\": \"x\", \"values\": {\"a\": \"1\", \"b\": \"2\"}, \"otherwise\": \"3\"}", NULL, "'a'"},
        {"\"y\": {\"column\": \"x\", \"values\": {\"a\": null, \"b\": \"2\"}, \"otherwise\": null}", NULL, "'a'"},
        {NONE, "\"present\": {\"column\": \"x\", \"in\": [\"it's\", \"b\"]}, \"removal\": \"delete\",", "'it''s'"},
    };
    const struct smoke_fill fill = {.name = NAME};

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = sample_of_x("pg_catalog.text", cases[i].columns, cases[i].more);

        check_value(&s, &fill, cases[i].value);
        sample_free(&s);
    }
}

/* A lookup needs a value that it finds; one that only legacy has cannot be read from a vNext database of its own. */
static void
test_lookups(void **state)
{
    const struct smoke_fill fill = {.name = NAME};
    struct sample s = sample_of_x("pg_catalog.int8", Y, NULL);
    struct catalogs apart;
    struct gen g;
    struct buf out = {0};
    char *why = NULL;

    (void) state;
    look_up(value_of(s.mapping, "team", "y"), "public", "l", "k", "v", true);
    check_value(&s, &fill,
                "(SELECT x.\"k\" FROM \"public\".\"l\" x WHERE x.\"k\" IS NOT NULL ORDER BY x.\"k\" LIMIT 1)");
    g = gen_of(&s, "team");
    apart = (struct catalogs){s.catalog, (struct catalog *) &apart}; /* another one: nothing of it is read */
    g.catalogs = &apart;
    assert_false(fill_value(&out, &g, x_of(&s), "name", &fill, &why));
    must_have(why, "must be a key that the mapping's lookup finds in the legacy database");
    free(why);
    buf_free(&out);
    sample_free(&s);
    s = sample_of_x("pg_catalog.int8\nU|x", Y, NULL);
    look_up(value_of(s.mapping, "team", "y"), "public", "l", "k", "v", false);
    check_value(&s, &fill,
                "(SELECT x.\"k\" FROM \"public\".\"l\" x\n WHERE x.\"k\" IS NOT NULL AND NOT EXISTS (SELECT FROM "
                "\"public\".\"s\" s WHERE "
                "s.\"x\" = x.\"k\")\n ORDER BY x.\"k\" LIMIT 1)");
    sample_free(&s);
}

/* Another value than the row has, and how likely the table takes it. */
static void
test_change(void **state)
{
    static const struct {
        const char *type, *columns, *sql;
        int likely;
    } cases[] = {
        {"pg_catalog.text", Y, "'Updated by " NAME "'", 4},
        {"pg_catalog.\"varchar\"|50", Y, "'Updated by " NAME "'", 3},
        {"pg_catalog.\"varchar\"|10", Y, "", 0},
        {"pg_catalog.bool", Y, "NOT coalesce(\"x\", false)", 2},
        {"pg_catalog.timestamptz", Y, "pg_catalog.now()", 1},
        {"pg_catalog.int4", Y, "", 0},
        {"pg_catalog.text", "\"y\": {\"column\": \"x\", \"values\": {\"a\": \"1\", \"b'\": \"2\"}}",
         "CASE \"x\"::pg_catalog.text WHEN 'b''' THEN 'a' ELSE 'b''' END", 5},
        {"pg_catalog.text", "\"y\": {\"column\": \"x\", \"values\": {\"a\": \"1\"}}", "", 0}, /* no other */
        {"pg_catalog.text", "\"y\": {\"column\": \"x\", \"insert_only\": true}", "", 0}, /* legacy would not see it */
        {"pg_catalog.text", NONE, "", 0},
        {"pg_catalog.text\nU|x|state", Y, "", 0}, /* an index keeps rows apart by it */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = sample_of_x(cases[i].type, cases[i].columns, NULL);
        struct gen g = gen_of(&s, "team");
        struct buf out = {0};

        assert_int_equal(fill_change(&out, &g, x_of(&s), NAME), cases[i].likely);
        assert_string_equal(buf_text(&out), cases[i].sql);
        assert_int_equal(fill_is_free(&g, "x"), strstr(cases[i].type, "U|x") == NULL);
        assert_false(fill_is_free(&g, "id"));
        buf_free(&out);
        sample_free(&s);
    }
}

/* What makes a row absent, where a column can. */
static void
test_absent(void **state)
{
    static const struct {
        const char *type, *columns, *more, *sql;
    } cases[] = {
        {"pg_catalog.text", Y, NULL, NULL}, /* no rule of presence: only a DELETE */
        {"pg_catalog.text", Y,
         "\"present\": {\"column\": \"x\", \"in\": [\"A\"]}, \"removal\": {\"set\": {\"y\": {\"constant\": \"it's "
         "gone\"}}},",
         "'it''s gone'"},
        {"pg_catalog.text", Y, "\"present\": {\"column\": \"x\", \"in\": [\"A\"]}, \"removal\": \"delete\",", NULL},
        {"pg_catalog.text", Y,
         "\"present\": {\"column\": \"x\", \"in\": [\"A\"]}, \"removal\": {\"set\": {\"y\": {\"constant\": \"A\"}}},",
         NULL}, /* that is present */
        {"pg_catalog.text", "\"y\": {\"column\": \"x\", \"values\": {\"A\": \"1\"}}",
         "\"present\": {\"column\": \"x\", \"in\": [\"A\"]}, \"removal\": {\"set\": {\"y\": {\"constant\": \"2\"}}},",
         NULL}, /* legacy's word */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = sample_of_x(cases[i].type, cases[i].columns, cases[i].more);
        struct gen g = gen_of(&s, "team");
        struct buf out = {0};

        assert_int_equal(fill_absent(&out, &g), cases[i].sql != NULL);
        assert_string_equal(buf_text(&out), cases[i].sql == NULL ? "" : cases[i].sql);
        buf_free(&out);
        sample_free(&s);
    }
}

/* Presence by NULL: a time makes such a row absent, NULL the other kind, if the column takes it. */
static void
test_absent_by_null(void **state)
{
    struct sample s = sample_of_x("pg_catalog.timestamptz", NONE, NULL);
    struct gen g = gen_of(&s, "team");
    const struct smoke_fill fill = {.name = NAME};
    struct buf out = {0};

    (void) state;
    set_present(entity_of(s.mapping, "team"), PRESENT_NULL, "x");
    assert_true(fill_absent(&out, &g));
    assert_string_equal(buf_text(&out), "pg_catalog.now()");
    check_value(&s, &fill, "NULL");
    buf_clear(&out);
    entity_of(s.mapping, "team")->present.kind = PRESENT_NOT_NULL;
    assert_false(fill_absent(&out, &g));
    x_of(&s)->not_null = false;
    assert_true(fill_absent(&out, &g));
    assert_string_equal(buf_text(&out), "NULL");
    x_of(&s)->generated = true;
    assert_false(fill_absent(&out, &g));
    buf_free(&out);
    sample_free(&s);
}

/* A time that every update of the row sets anew. */
static void
test_touched(void **state)
{
    static const struct {
        const char *type, *columns;
        bool touched;
    } cases[] = {
        {"pg_catalog.timestamptz", Y, true},
        {"pg_catalog.date", Y, true},
        {"pg_catalog.text", Y, false},
        {"pg_catalog.timestamptz", NONE, false},
        {"pg_catalog.timestamptz", "\"y\": {\"column\": \"x\", \"insert_only\": true}", false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample s = sample_of_x(cases[i].type, cases[i].columns, NULL);
        struct gen g = gen_of(&s, "team");

        assert_int_equal(fill_is_touched(&g, x_of(&s)), cases[i].touched);
        assert_int_equal(fill_is_text(x_of(&s)), strstr(cases[i].type, "text") != NULL);
        x_of(&s)->not_null = false;
        assert_false(fill_is_touched(&g, x_of(&s)));
        sample_free(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_type),          cmocka_unit_test(test_unique),
        cmocka_unit_test(test_who_speaks_first), cmocka_unit_test(test_from_the_mapping),
        cmocka_unit_test(test_lookups),          cmocka_unit_test(test_change),
        cmocka_unit_test(test_absent),           cmocka_unit_test(test_absent_by_null),
        cmocka_unit_test(test_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
