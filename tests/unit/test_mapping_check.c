/* test_mapping_check.c - the default mapping against catalogs that do not fit it, each in one point. */
/* links: lib/core/mapping_check.c lib/core/mapping_columns.c lib/core/expression.c lib/core/lossless.c lib/core/mapping_rights.c lib/core/catalog.c lib/core/quote.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check_sample.h"
#include "dualwrite/buf.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/xalloc.h"

struct edit {
    const char *from;
    const char *to;
};

struct check_case {
    struct edit catalog;
    struct edit mapping; /* NULL: as it is */
    bool for_install;
    const char *said; /* part of "WHERE: TEXT" of the only fault; NULL: none at all */
};

#define DELETING                                                                                                       \
    {                                                                                                                  \
        "{\"set\": {\"status\": {\"constant\": \"INACTIVE\"}, \"left_at\": {\"now\": true}}}", "\"delete\""            \
    }
#define SAME                                                                                                           \
    {                                                                                                                  \
        "T", "T"                                                                                                       \
    }

static const struct check_case cases[] = {
    {SAME, {0}, false, NULL},
    {SAME, {0}, true, NULL},
    /* tables */
    {{"T teams_team table", "T teams_team none"},
     {0},
     false,
     "m.json: $.entities[0].target.table: names table \"public\".\"teams_team\", which does not exist in this "
     "database; "
     "correct \"table\" or \"schema\", or connect to the right database (of the tables looked for there, found: "
     "\"public\".\"organizations_team\", \"public\".\"organizations_teammigrationmap\", "
     "\"public\".\"organizations_teammembership\", \"public\".\"teams_teammembership\"; not found: "
     "\"public\".\"teams_team\")"},
    {{"T teams_team table", "T teams_tea table"}, {0}, false, "$.entities[0].target.table: names table"},
    {{"T organizations_team table SITO", "T organizations_team view -"},
     {0},
     false,
     "$.entities[0].source.table: names \"public\".\"organizations_team\", which is a view or foreign table"},
    {{"T organizations_teammigrationmap table", "T organizations_teammigrationmap view"},
     {0},
     true,
     "$.entities[0].map.table: names"},
    {SAME,
     {"\"table\": \"teams_team\"", "\"schema\": \"old\", \"table\": \"teams_team\""},
     false,
     "$.entities[0].target.table: names table \"old\".\"teams_team\", which does not exist"},
    /* columns */
    {SAME,
     {"\"region\": \"region\"", "\"region\": \"regon\""},
     false,
     "$.entities[0].columns.region: names column \"regon\", which table \"public\".\"organizations_team\" does "
     "not "
     "have "
     "(did you mean \"region\"?); its columns are: id, name, slug, game_id, region, status, description, "
     "branding, "
     "created_at, updated_at"},
    {SAME,
     {"\"region\": \"region\"", "\"continent\": \"region\""},
     false,
     "$.entities[0].columns.continent: names column \"continent\", which table \"public\".\"teams_team\" does not "
     "have;"},
    {SAME,
     {"\"column\": \"status\", \"in\"", "\"column\": \"state\", \"in\""},
     false,
     "$.entities[1].present.column: names column \"state\""},
    {SAME,
     {"\"latest_by\": \"updated_at\"", "\"latest_by\": \"changed\""},
     false,
     "$.entities[1].latest_by: names column \"changed\""},
    {SAME,
     {"\"column\": \"team_id\", \"target", "\"column\": \"group_id\", \"target"},
     false,
     "$.entities[1].parent.column: names column \"group_id\""},
    {SAME,
     {"\"organizations_team\", \"key\": [\"id\"]", "\"organizations_team\", \"key\": [\"pk\"]"},
     false,
     "$.entities[0].source.key[0]: names column \"pk\""},
    {SAME,
     {"\"migration_date\": {\"now\": true}", "\"migration_date\": \"when\""},
     false,
     "$.entities[0].map.columns.migration_date: names column \"when\""},
    {{"C ! verified boolean", "C - verified boolean\nC - note text"},
     {"\"verified\",", "\"note\","},
     false,
     "$.entities[0].map.verified: names column \"note\" of type text; name a boolean one"},
    {{"C - logo_url", "C - logo_uri"}, {0}, false, "does not have (did you mean \"logo_uri\"?); its columns are: id, "},
    {{"C - logo_url", "C G logo_url"},
     {0},
     false,
     "$.entities[0].columns.logo_url: names column \"logo_url\", which the database generates"},
    {{"C - left_at", "C ! left_at"},
     {0},
     false,
     "$.entities[1].columns.left_at: gives null to column \"left_at\", which is NOT NULL"},
    {SAME,
     {"{\"constant\": \"false\"}", "{\"constant\": null}"},
     false,
     "$.entities[0].removal.set.is_active: gives null"},
    {SAME, {"\"otherwise\": \"PLAYER\"", "\"otherwise\": null"}, false, "$.entities[1].columns.role: gives null"},
    {SAME, {"\"4\": \"pubg\"", "\"4\": null"}, false, "$.entities[0].columns.game: gives null"},
    {{"C - logo_url",
      "C ! tag character(5)\nC ! odd\"one boolean\nC ! since date\nC != x text\nC !G y text\nC - logo_url"},
     {0},
     false,
     "$.entities[0].columns: leaves out what table \"public\".\"teams_team\" cannot do without (NOT NULL, no "
     "default): "
     "tag, odd\"one, since; add to columns: \"tag\": {\"constant\": \"...\"}, \"odd\\\"one\": {\"constant\": "
     "false}, "
     "\"since\": {\"now\": true}"},
    {{"C ! legacy_slug", "C ! source text\nC ! legacy_slug"},
     {0},
     false,
     "$.entities[0].map.columns: leaves out what table \"public\".\"organizations_teammigrationmap\" cannot do "
     "without "
     "(NOT NULL, no default): source; add to columns: \"source\": {\"constant\": \"...\"}"},
    /* keys */
    {{"U user_id,team_id\n", ""},
     {0},
     false,
     "$.entities[1].target.key: has no unique index that is not partial: one on exactly these columns is needed, "
     "or a "
     "row could be taken for another; CREATE UNIQUE INDEX CONCURRENTLY ON \"public\".\"teams_teammembership\" "
     "(\"team_id\", "
     "\"user_id\");"},
    {{"U user_id,team_id\n", "p user_id,team_id\n"}, {0}, false, "$.entities[1].target.key: has no unique index"},
    {{"U user_id,team_id\n", "d user_id,team_id\n"}, {0}, false, NULL},
    {{"U user_id,team_id\n", "U user_id\n"}, {0}, false, "$.entities[1].target.key: has no unique index"},
    {{"U user_id,team_id\n", "U user_id,team_id,id\n"}, {0}, false, "$.entities[1].target.key: has no unique index"},
    {{"U id\nU slug\n", "p id\n"}, {0}, false, "$.entities[0].target.key: has no unique index"},
    {{"U vnext_team_id\n", ""}, {0}, false, "WARNING m.json: $.entities[0].map.source_key: has no unique index"},
    {{"U vnext_team_id\n", "d vnext_team_id\n"}, {0}, false, NULL},
    {{"U vnext_team_id\n", "p vnext_team_id\n"},
     {0},
     false,
     "WARNING m.json: $.entities[0].map.source_key: has no unique"},
    {{"U vnext_team_id\n", "x lower(vnext_team_id)\n"},
     {0},
     false,
     "WARNING m.json: $.entities[0].map.source_key: has no unique"},
    {{"U id\nT teams_team ", "T teams_team "}, {0}, false, "WARNING m.json: $.entities[0].source.key: has no unique"},
    {{"T teams_team table SIUTOQ\nC != id", "T teams_team table SIUTOQ\nC ! id"},
     {0},
     false,
     "$.entities[0].target.key[0]: has no default, so no id can be reserved for a new row; ALTER TABLE "
     "\"public\".\"teams_team\" ALTER COLUMN \"id\" ADD GENERATED BY DEFAULT AS IDENTITY;"},
    {{"C != id bigint\nC ! name character varying(100)\nC ! slug character varying(100)\nC - game_id",
      "C != id date\nC ! name character varying(100)\nC ! slug character varying(100)\nC - game_id"},
     {0},
     false,
     "$.entities[0].source.key[0]: names column \"id\" of type date; rows are told apart by an integer, uuid or text"},
    {{"C ! team_id bigint", "C ! team_id numeric"},
     {0},
     false,
     "$.entities[1].parent.column: names column \"team_id\" of type numeric; rows"},
    {{"T teams_teammembership table SIUTOQ\nC != id bigint\nC ! team_id bigint",
      "T teams_teammembership table SIUTOQ\nC != id bigint\nC ! team_id public.ltree"},
     {0},
     false,
     "$.entities[1].target.key[0]: names column \"team_id\" of type public.ltree; rows"},
    {{"C ! user_id bigint\nC ! role character varying(20)\nC ! status character varying(20)\nC ! created_at timestamp "
      "with time zone\nC - updated_at timestamp with time zone\nU id\nT teams_teammembership table SIUTOQ\nC != id "
      "bigint\nC ! team_id bigint\nC ! user_id bigint",
      "C ! user_id public.mood\nC ! role character varying(20)\nC ! status character varying(20)\nC ! created_at "
      "timestamp with time zone\nC - updated_at timestamp with time zone\nU id\nT teams_teammembership table SIUTOQ\nC "
      "!= id bigint\nC ! team_id bigint\nC ! user_id text"},
     {0},
     false,
     "$.entities[1].target.key[1]: names column \"user_id\" of type public.mood; rows are told apart"},
    {{"C ! game character", "C ! game uuid"}, {0}, false, NULL}, /* values are the mapping's own */
    /* values that would be cut */
    {{"C - description text\nC - logo", "C - description name\nC - logo"},
     {0},
     false,
     "$.entities[0].columns.description: puts column \"description\" of type text into one of type name, which may cut "
     "or change the value; write an expression if you mean it"},
    {{"C ! created_at timestamp with time zone\nC - updated_at timestamp with time zone\nU id\nU slug",
      "C ! created_at timestamp with time zone\nC - updated_at date\nU id\nU slug"},
     {0},
     false,
     "$.entities[0].columns.updated_at: puts column \"updated_at\" of type timestamp with time zone into one of type "
     "date"},
    {{"C - updated_at timestamp with time zone\nU id\nU slug",
      "C - updated_at timestamp(0) with time zone\nU id\nU slug"},
     {0},
     false,
     "into one of type timestamp(0) with time zone"},
    {{"C - logo_url text", "C - logo_url integer"}, {0}, false, NULL}, /* an expression is meant */
    {{"C - description text\nC - logo", "C - description character varying(5)\nC - logo"}, {0}, false, NULL},
    /* children */
    {{"T organizations_team table", "T organizations_team parted"},
     {0},
     false,
     "WARNING m.json: $.entities[0].source.table: names \"public\".\"organizations_team\", which has partitions or "
     "inheriting tables: writes aimed at one of those are neither captured nor guarded; write to "
     "\"public\".\"organizations_team\" itself"},
    {{"T teams_team table", "T teams_team parted"}, {0}, false, "WARNING m.json: $.entities[0].target.table: names"},
    /* rights of the sync role */
    {{"T organizations_team table S", "T organizations_team table "},
     {0},
     false,
     "$.entities[0].source.table: role \"sync\" lacks SELECT; GRANT SELECT ON \"public\".\"organizations_team\" TO "
     "\"sync\";"},
    {{"T teams_team table SIUTOQ", "T teams_team table UTOQ"},
     {0},
     false,
     "$.entities[0].target.table: role \"sync\" lacks SELECT, INSERT; GRANT SELECT, INSERT ON "
     "\"public\".\"teams_team\" "
     "TO \"sync\";"},
    {{"T organizations_teammigrationmap table SIU", "T organizations_teammigrationmap table D"},
     {0},
     false,
     "GRANT SELECT, INSERT, UPDATE ON \"public\".\"organizations_teammigrationmap\" TO \"sync\";"},
    {SAME, DELETING, false, "GRANT DELETE ON \"public\".\"teams_teammembership\" TO \"sync\";"},
    {{"T teams_teammembership table SIU", "T teams_teammembership table SIUD"}, DELETING, false, NULL},
    {{"T teams_team table SIUTOQ", "T teams_team table SIUTO"},
     {0},
     false,
     "$.entities[0].target.table: role \"sync\" lacks USAGE on a sequence behind a column; GRANT USAGE ON SEQUENCE "
     "\"public\".\"teams_team_id_seq\" TO \"sync\";"},
    {{"T organizations_team table S", "T organizations_team table SR"},
     {0},
     false,
     "$.entities[0].source.table: has row-level security that applies to role \"sync\", and a hidden row would look "
     "deleted; ALTER ROLE \"sync\" BYPASSRLS; or, where it owns the table, ALTER TABLE "
     "\"public\".\"organizations_team\" NO FORCE ROW LEVEL SECURITY;"},
    {{"T teams_team table S", "T teams_team table "}, {0}, true, NULL},
    {{"T teams_team table SIUTOQ", "T teams_team table TOR"}, {0}, true, NULL},
    /* rights of the installing role */
    {{"T teams_team table SIUTOQ", "T teams_team table O"},
     {0},
     true,
     "$.entities[0].target.table: role \"sync\" lacks TRIGGER; GRANT TRIGGER ON \"public\".\"teams_team\" TO "
     "\"sync\";"},
    {{"T organizations_teammembership table STO", "T organizations_teammembership table T"},
     {0},
     true,
     "$.entities[1].source.table: \"public\".\"organizations_teammembership\" belongs to \"app\", and only the owner "
     "can "
     "switch and drop its triggers; install as that role or a superuser, or GRANT \"app\" TO \"sync\";"},
    {{"T teams_team table SIUTOQ", "T teams_team table SIUQ"}, {0}, false, NULL},
};

static struct buf
run(const char *catalog, const char *mapping, bool for_install, size_t *count)
{
    struct faults faults = {0};
    struct mapping *m = mapping_parse("m.json", mapping, strlen(mapping), &faults);
    struct catalog *c = build(catalog);
    struct buf said = {0};

    if (m == NULL)
        print_error("%s: %s\n", faults.items[0].where, faults.items[0].text);
    assert_non_null(m);
    mapping_check("m.json", m, &(struct catalogs){c, c}, for_install, &faults);
    for (size_t i = 0; i < faults.count; i++)
        buf_printf(&said, "%s %s: %s\n", faults.items[i].severity == FAULT_ERROR ? "ERROR" : "WARNING",
                   faults.items[i].where, faults.items[i].text);
    *count = faults.count;
    catalog_free(c);
    mapping_free(m);
    faults_free(&faults);
    return said;
}

static void
test_cases(void **state)
{
    char *original = default_mapping();
    size_t failed = 0;

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct check_case *c = &cases[i];
        char *catalog = changed(catalog_text, c->catalog.from, c->catalog.to);
        char *mapping = c->mapping.from == NULL ? xstrdup(original) : changed(original, c->mapping.from, c->mapping.to);
        size_t count;
        struct buf said = run(catalog, mapping, c->for_install, &count);

        if (count != (c->said == NULL ? 0 : 1) || (c->said != NULL && strstr(buf_text(&said), c->said) == NULL)) {
            print_error("case %zu (%s): %zu faults, expected %s\n%s", i, c->catalog.to, count,
                        c->said == NULL ? "none" : c->said, buf_text(&said));
            failed++;
        }
        buf_free(&said);
        free(mapping);
        free(catalog);
    }
    free(original);
    assert_int_equal(failed, 0);
}

/* Everything at once: an empty database, and one in which nothing is granted. */
static void
test_all_at_once(void **state)
{
    char *mapping = default_mapping();
    size_t count;
    struct buf said = run("", mapping, false, &count);

    (void) state;
    assert_int_equal(count, 5);
    assert_non_null(strstr(buf_text(&said), "found: none; not found: \"public\".\"organizations_team\", "));
    buf_free(&said);

    said = run("T organizations_team table -\nC - slug text\nT teams_team table -\nC - slug text\n", mapping, false,
               &count);
    assert_true(count > 15);
    buf_free(&said);
    free(mapping);
}

static void
test_itself(void **state)
{
    char *original = default_mapping();
    char *mapping =
        changed(original, "\"table\": \"teams_teammembership\"", "\"table\": \"organizations_teammembership\"");
    size_t count;
    struct buf said = run(catalog_text, mapping, true, &count);

    (void) state;
    assert_non_null(strstr(buf_text(&said), "$.entities[1].target.table: names the source table"));
    buf_free(&said);
    free(mapping);
    free(original);
}

/* The mend depends on the type. (The map and the child that go with the key do not fit it any more either.) */
static void
test_key_without_default(void **state)
{
    char *mapping = default_mapping();
    char *catalog =
        changed(catalog_text, "T teams_team table SIUTOQ\nC != id bigint", "T teams_team table SIUTOQ\nC ! id uuid");
    size_t count;
    struct buf said = run(catalog, mapping, false, &count);

    (void) state;
    assert_int_equal(count, 3);
    assert_non_null(strstr(buf_text(&said), "ALTER COLUMN \"id\" SET DEFAULT gen_random_uuid();"));
    buf_free(&said);
    free(catalog);
    free(mapping);
}

/* The path is the file's, not that of the sorted mapping. */
static void
test_position(void **state)
{
    char *mapping = default_mapping();
    char *entities = strstr(mapping, "\"entities\": [");
    char *team = strstr(mapping, "{\n      \"name\": \"team\"");
    char *member = strstr(mapping, "{\n      \"name\": \"membership\"");
    char *end = strrchr(mapping, ']');
    struct buf turned = {0};
    char *catalog = changed(catalog_text, "T teams_team table SIUTOQ", "T teams_team table SIUTO");
    size_t count;
    struct buf said;

    (void) state;
    assert_non_null(entities);
    buf_puts(&turned, "{\"entities\": [");
    buf_add(&turned, member, (size_t) (end - member));
    buf_puts(&turned, ", ");
    buf_add(&turned, team, (size_t) (member - team));
    while (turned.data[turned.len - 1] != ',')
        turned.data[--turned.len] = '\0';
    turned.data[turned.len - 1] = ']';
    buf_puts(&turned, "}");
    said = run(catalog, buf_text(&turned), false, &count);
    assert_int_equal(count, 1);
    assert_non_null(strstr(buf_text(&said), "m.json: $.entities[1].target.table: role"));
    buf_free(&said);
    buf_free(&turned);
    free(catalog);
    free(mapping);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),    cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_itself),   cmocka_unit_test(test_key_without_default),
        cmocka_unit_test(test_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
