/*
 * test_mapping_columns.c - what the default mapping does not use, against catalogs that do not fit it: two databases,
 * lookups, keys of several columns, parents without a map, presence by NULL, unique rules. The model is changed after it
 * was read.
 */
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

static struct mapping_value *
value_of(struct mapping *m, size_t entity, const char *name)
{
    return (struct mapping_value *) mapping_column(&m->entities[entity].columns, name);
}

/* The default mapping with `alter` done to it, against the catalog with `edit` done to it, or against two of them. */
static struct buf
run_altered(const char *const edit[2], void (*alter)(struct mapping *m), bool two, size_t *count)
{
    struct faults faults = {0};
    char *json = default_mapping();
    char *text = changed(catalog_text, edit[0], edit[1]);
    struct mapping *m = mapping_parse("m.json", json, strlen(json), &faults);
    struct catalog *vnext = build(text);
    struct catalog *legacy = build(text);
    struct buf said = {0};

    assert_non_null(m);
    if (alter != NULL)
        alter(m);
    mapping_check("m.json", m, &(struct catalogs){vnext, two ? legacy : vnext}, false, &faults);
    for (size_t i = 0; i < faults.count; i++) {
        assert_non_null(faults.items[i].kind);
        buf_printf(&said, "%s %s %s: %s\n", faults.items[i].severity == FAULT_ERROR ? "ERROR" : "WARNING",
                   faults.items[i].kind, faults.items[i].where, faults.items[i].text);
    }
    *count = faults.count;
    value_of(m, 0, "slug")->lookup = NULL; /* it is not the mapping's to free */
    catalog_free(vnext);
    catalog_free(legacy);
    mapping_free(m);
    faults_free(&faults);
    free(json);
    free(text);
    return said;
}

/* slug, looked up. */
static void
give_lookup(struct mapping *m, const char *table, const char *key, const char *value, bool legacy)
{
    static struct mapping_lookup l;

    l = (struct mapping_lookup){{(char *) "public", (char *) table}, (char *) key, (char *) value, legacy};
    value_of(m, 0, "slug")->lookup = &l;
}

static void
look_up(struct mapping *m)
{
    give_lookup(m, "profiles", "code", "name", false);
}

static void
look_up_legacy(struct mapping *m)
{
    give_lookup(m, "profiles", "code", "name", true);
}

static void
look_up_other_key(struct mapping *m)
{
    give_lookup(m, "profiles", "id", "name", false);
}

static void
look_up_other_value(struct mapping *m)
{
    give_lookup(m, "profiles", "code", "flags", false);
}

static void
rename_names(struct mapping_names *names, const char *a, const char *b)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    names->items = xreallocarray(names->items, 2, sizeof *names->items);
    names->items[0] = xstrdup(a);
    names->items[1] = xstrdup(b);
    names->count = 2;
}

static void
two_keys(struct mapping *m)
{
    rename_names(&m->entities[0].source_key, "id", "slug");
    rename_names(&m->entities[0].map->source_key, "vnext_team_id", "legacy_slug");
}

static void
two_keys_missing(struct mapping *m)
{
    two_keys(m);
    free(m->entities[0].map->source_key.items[1]);
    m->entities[0].map->source_key.items[1] = xstrdup("vnext_slug");
}

static void
two_keys_turned(struct mapping *m)
{
    rename_names(&m->entities[0].source_key, "slug", "id");
    rename_names(&m->entities[0].map->source_key, "vnext_team_id", "legacy_slug");
}

static void
present_when(struct mapping *m, enum present_kind kind, const char *column)
{
    struct mapping_present *p = &m->entities[0].present;

    p->kind = kind;
    p->column = xstrdup(column);
}

static void
present_null(struct mapping *m)
{
    present_when(m, PRESENT_NULL, "status");
}

static void
present_not_null(struct mapping *m)
{
    present_when(m, PRESENT_NOT_NULL, "status");
}

static void
present_nullable(struct mapping *m)
{
    present_when(m, PRESENT_NULL, "description");
}

static void
present_missing(struct mapping *m)
{
    present_when(m, PRESENT_NULL, "deleted_at");
}

static void
suffix_slug(struct mapping *m)
{
    value_of(m, 0, "slug")->unique = UNIQUE_SUFFIX;
}

static void
suffix_description(struct mapping *m)
{
    value_of(m, 0, "description")->unique = UNIQUE_TRUNCATE;
}

static void
suffix_description_cut(struct mapping *m)
{
    suffix_description(m);
    value_of(m, 0, "description")->truncate = 20;
}

/* The parent gives no map: its key is the child's own column. */
static void
parent_without_map(struct mapping *m)
{
    struct mapping_map *map = m->entities[0].map;

    m->entities[0].map = NULL;
    for (size_t i = 0; i < map->source_key.count; i++)
        free(map->source_key.items[i]);
    free(map->source_key.items);
    for (size_t i = 0; i < map->columns.count; i++) {
        free(map->columns.items[i].name);
        free(map->columns.items[i].value.text);
    }
    free(map->columns.items);
    free(map->table.schema);
    free(map->table.name);
    free(map->target_key);
    free(map->verified);
    free(map);
}

/* The catalog has a third table at its end. */
#define PROFILES(key_unique)                                                                                           \
    "U user_id,team_id\n", "U user_id,team_id\nT profiles table S\nC ! id bigint\nC ! code character varying(50)\nC "  \
                           "! name text\nC - flags jsonb\n" key_unique

static const struct {
    const char *edit[2];
    void (*alter)(struct mapping *m);
    bool two;
    const char *said; /* part of the only fault; NULL: none */
} extended[] = {
    /* two databases */
    {{"T", "T"}, NULL, true, NULL},
    /* lookups */
    {{PROFILES("U code\n")}, look_up, false, NULL},
    {{PROFILES("d code\n")}, look_up, false, NULL},
    {{PROFILES("U code\n")}, look_up_legacy, true, NULL},
    {{PROFILES("p code\n")},
     look_up,
     false,
     "ERROR lookup m.json: $.entities[0].columns.slug.lookup.key: names column \"code\", which has no unique index "
     "that "
     "is not partial: which of several rows is meant would be left to chance; CREATE UNIQUE INDEX CONCURRENTLY ON "
     "\"public\".\"profiles\" (\"code\");"},
    {{PROFILES("U code,id\n")}, look_up, false, "ERROR lookup m.json: $.entities[0].columns.slug.lookup.key: names"},
    {{PROFILES("U id\n")},
     look_up_other_key,
     false,
     "ERROR type m.json: $.entities[0].columns.slug.lookup.key: puts column \"slug\" of type character varying(100) "
     "into one of type bigint"},
    {{PROFILES("U code\n")}, look_up_other_value, false, NULL}, /* JSON into text is kept */
    {{PROFILES("U code\nC - more date\n")}, look_up, false, NULL},
    {{"U user_id,team_id\n", "U user_id,team_id\nT profiles table S\nC ! code text\nC - name bytea\nU code\n"},
     look_up,
     false,
     "ERROR type m.json: $.entities[0].columns.slug.lookup.value: puts column \"name\" of type bytea into one of type "
     "character varying(100)"},
    {{"U user_id,team_id\n", "U user_id,team_id\nT profiles table S\nC ! code text\nC - label text\nU code\n"},
     look_up,
     false,
     "ERROR column m.json: $.entities[0].columns.slug.lookup.value: names column \"name\", which table "
     "\"public\".\"profiles\" does not have"},
    {{"U user_id,team_id\n", "U user_id,team_id\nT profiles table -\nC ! code text\nC - name text\nU code\n"},
     look_up,
     false,
     "ERROR rights m.json: $.entities[0].columns.slug.lookup.table: role \"sync\" lacks SELECT; GRANT SELECT ON "
     "\"public\".\"profiles\" TO \"sync\";"},
    {{"U user_id,team_id\n", "U user_id,team_id\nT profiles table SR\nC ! code text\nC - name text\nU code\n"},
     look_up,
     false,
     "ERROR row-security m.json: $.entities[0].columns.slug.lookup.table: has row-level security"},
    {{"T", "T"},
     look_up,
     true,
     "ERROR table m.json: $.entities[0].columns.slug.lookup.table: names table \"public\".\"profiles\", which does not "
     "exist in the vNext database (DUALWRITE_DATABASE_URL); correct \"table\" or \"schema\", or connect to the right "
     "database (of the tables looked for there, found: \"public\".\"organizations_team\", "
     "\"public\".\"organizations_teammigrationmap\", \"public\".\"organizations_teammembership\"; not found: "
     "\"public\".\"profiles\")"},
    {{"T", "T"},
     look_up_legacy,
     true,
     "which does not exist in the legacy database (DUALWRITE_LEGACY_DATABASE_URL); correct \"table\" or \"schema\", or "
     "connect to the right database (of the tables looked for there, found: \"public\".\"teams_team\", "
     "\"public\".\"teams_teammembership\"; not found: \"public\".\"profiles\")"},
    {{"T teams_team table SIUTOQ",
      "T profiles table S\nC ! code text\nC - name text\nU code\nT teams_team none SIUTOQ"},
     look_up,
     true,
     "(of the tables looked for there, found: \"public\".\"teams_teammembership\"; not found: "
     "\"public\".\"teams_team\")"},
    /* a source key of several columns */
    {{"U vnext_team_id\n", "U vnext_team_id,legacy_slug\n"}, two_keys, false, NULL},
    {{"U vnext_team_id\n", "U id,legacy_slug\n"},
     two_keys,
     false,
     "WARNING key m.json: $.entities[0].map.source_key: has no unique index that is not partial: two rows for one "
     "source row would go unnoticed; CREATE UNIQUE INDEX CONCURRENTLY ON \"public\".\"organizations_teammigrationmap\" "
     "(\"vnext_team_id\", \"legacy_slug\");"},
    {{"T", "T"},
     two_keys_missing,
     false,
     "ERROR column m.json: $.entities[0].map.source_key[1]: names column \"vnext_slug\", which table"},
    {{"T", "T"},
     two_keys_turned,
     false,
     "ERROR key m.json: $.entities[0].map.source_key[0]: names column \"vnext_team_id\" of type bigint, which is to "
     "match column \"slug\" of type character varying(100); both must be integers, both uuids or both texts"},
    {{"C ! legacy_team_id bigint", "C ! legacy_team_id uuid"},
     NULL,
     false,
     "ERROR key m.json: $.entities[0].map.target_key: names column \"legacy_team_id\" of type uuid, which is to match "
     "column \"id\" of type bigint"},
    {{"C ! legacy_team_id bigint", "C ! legacy_team_id text"}, NULL, false, NULL},
    /* parents */
    {{"T", "T"}, parent_without_map, false, NULL},
    {{"T organizations_teammembership table STO\nC != id bigint\nC ! team_id bigint",
      "T organizations_teammembership table STO\nC != id bigint\nC ! team_id uuid"},
     NULL,
     false,
     "ERROR key m.json: $.entities[1].parent.column: names column \"team_id\" of type uuid, which is to match column "
     "\"id\" of type bigint; both"},
    {{"T teams_teammembership table SIUTOQ\nC != id bigint\nC ! team_id bigint",
      "T teams_teammembership table SIUTOQ\nC != id bigint\nC ! team_id text"},
     NULL,
     false,
     "ERROR key m.json: $.entities[1].parent.target_column: names column \"team_id\" of type text, which is to match "
     "column \"id\" of type bigint; both"},
    {{"T teams_teammembership table SIUTOQ\nC != id bigint\nC ! team_id bigint",
      "T teams_teammembership table SIUTOQ\nC != id bigint\nC ! team_id integer"},
     parent_without_map,
     false,
     NULL},
    /* present */
    {{"T", "T"},
     present_null,
     false,
     "ERROR present m.json: $.entities[0].present.null: is true, but column \"status\" is NOT NULL: no row would ever "
     "be present, and every legacy row would be removed"},
    {{"T", "T"}, present_not_null, false, "WARNING present m.json: $.entities[0].present.null: is false, but column"},
    {{"T", "T"}, present_nullable, false, NULL},
    {{"T", "T"}, present_missing, false, "ERROR column m.json: $.entities[0].present.column: names column"},
    /* unique */
    {{"T", "T"}, suffix_slug, false, NULL},
    {{"U slug\n", "p slug\n"}, suffix_slug, false, NULL},
    {{"U slug\n", "x lower(slug)\n"}, suffix_slug, false, NULL},
    {{"U slug\n", "x lower(slug_of_old)\n"}, suffix_slug, false, "WARNING unique"},
    {{"U slug\n", ""},
     suffix_slug,
     false,
     "WARNING unique m.json: $.entities[0].columns.slug.unique: is \"suffix\", but no unique index of table "
     "\"public\".\"teams_team\" covers column \"slug\"; leave"},
    {{"U slug\n", "U slug\nU description\n"},
     suffix_description,
     false,
     "ERROR unique m.json: $.entities[0].columns.description.unique: is \"truncate\", but nothing says how long a "
     "value may be, because type text has no length; give \"truncate\""},
    {{"U slug\n", "U slug\nU description\n"}, suffix_description_cut, false, NULL},
    /* what goes from one column of the target into the map */
    {{"C ! legacy_slug character varying(100)", "C ! legacy_slug integer"},
     NULL,
     false,
     "ERROR type m.json: $.entities[0].map.columns.legacy_slug: puts column \"slug\" of type character varying(100) "
     "into one of type integer"},
    {{"C ! game character varying(20)", "C ! game public.mood"}, NULL, false, NULL}, /* tried on the server */
    {{"C - description text\nC - logo", "C - description public.mood\nC - logo"}, NULL, false, NULL},
};

static void
test_extended(void **state)
{
    size_t failed = 0;

    (void) state;
    for (size_t i = 0; i < COUNT(extended); i++) {
        size_t count;
        struct buf said = run_altered(extended[i].edit, extended[i].alter, extended[i].two, &count);

        if (count != (extended[i].said == NULL ? 0 : 1) ||
            (extended[i].said != NULL && strstr(buf_text(&said), extended[i].said) == NULL)) {
            print_error("extended %zu: %zu faults, expected %s\n%s", i, count,
                        extended[i].said == NULL ? "none" : extended[i].said, buf_text(&said));
            failed++;
        }
        buf_free(&said);
    }
    assert_int_equal(failed, 0);
}

/* Two databases may have a table of the same name: one is kept in step with the other. */
static void
test_same_name(void **state)
{
    char *original = default_mapping();
    char *json =
        changed(original, "\"table\": \"teams_teammembership\"", "\"table\": \"organizations_teammembership\"");
    struct faults faults = {0};
    struct mapping *m = mapping_parse("m.json", json, strlen(json), &faults);
    struct catalog *vnext = build(catalog_text);
    struct catalog *legacy = build(catalog_text);

    (void) state;
    assert_non_null(m);
    mapping_check("m.json", m, &(struct catalogs){vnext, legacy}, true, &faults);
    for (size_t i = 0; i < faults.count; i++)
        assert_null(strstr(faults.items[i].text, "in step with itself"));
    faults_free(&faults);
    mapping_check("m.json", m, &(struct catalogs){vnext, vnext}, true, &faults);
    assert_string_equal(faults.items[faults.count - 1].kind, "key");
    faults_free(&faults);
    catalog_free(vnext);
    catalog_free(legacy);
    mapping_free(m);
    free(json);
    free(original);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extended),
        cmocka_unit_test(test_same_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
