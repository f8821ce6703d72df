/* test_mapping_rights.c - the rights an entity asks for: no more, no less, and each fault with the GRANT that mends it. */
/* links: lib/core/mapping_rights.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/expression.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/mapping_rights.h"

enum field { SELECT, INSERT, UPDATE, DELETE, TRIGGER, OWNED, SEQUENCE, FREE_ROWS, FIELDS };

static void
take(struct catalog_table *t, enum field f)
{
    switch (f) {
    case SELECT:
        t->can_select = false;
        break;
    case INSERT:
        t->can_insert = false;
        break;
    case UPDATE:
        t->can_update = false;
        break;
    case DELETE:
        t->can_delete = false;
        break;
    case TRIGGER:
        t->can_trigger = false;
        break;
    case OWNED:
        t->owned = false;
        break;
    case SEQUENCE:
        t->can_use_sequence = false;
        break;
    case FREE_ROWS:
        t->row_security = true;
        break;
    case FIELDS:
        break;
    }
}

static const struct {
    const char *entity;
    const char *place;
    bool for_install;
    const char *needs; /* one letter a field: S I U D T O Q R; a '-' is not needed */
} rows[] = {
    {"org", "source", false, "S------R"},   {"org", "target", false, "SIU---QR"},  {"org", "map", false, "SIU---QR"},
    {"seat", "source", false, "S------R"},  {"seat", "target", false, "SIUD---R"}, {"tag", "target", false, "SIU----R"},
    {"group", "target", false, "SIU----R"}, {"org", "source", true, "----TO--"},   {"org", "target", true, "----TO--"},
    {"org", "map", true, "--------"},       {"seat", "source", true, "----TO--"},  {"seat", "target", true, "----TO--"},
};

/* Each field taken away from one table at a time: a fault where it is needed, at that table, and none where not. */
static void
test_needed(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int f = 0; f <= FIELDS; f++) {
            struct mapping *m = mapping_of(family_json);
            struct catalog *c = catalog_of(family_catalog);
            const struct mapping_entity *e = &m->entities[mapping_entity_index(m, rows[i].entity)];
            const struct mapping_table *t = rows[i].place[0] == 's'   ? &e->source
                                            : rows[i].place[0] == 't' ? &e->target
                                                                      : &e->map->table;
            struct faults faults = {0};
            struct buf where = {0};
            bool needed = f < FIELDS && rows[i].needs[f] != '-';

            for (size_t j = 0; j < c->count; j++)
                if (strcmp(c->tables[j].schema, t->schema) == 0 && strcmp(c->tables[j].name, t->name) == 0)
                    take(&c->tables[j], (enum field) f);
            mapping_rights("f.json", e, &(struct catalogs){c, c}, rows[i].for_install, &faults);
            if (faults.count != (needed ? 1 : 0))
                fail_msg("%s %s, field %d: %zu faults", rows[i].entity, rows[i].place, f, faults.count);
            if (needed) {
                assert_string_equal(faults.items[0].kind, f == FREE_ROWS ? "row-security" : "rights");
                buf_printf(&where, "f.json: $.entities[%zu].%s.table", e->position, rows[i].place);
                assert_string_equal(faults.items[0].where, buf_text(&where));
                assert_int_equal(faults.items[0].severity, FAULT_ERROR);
            }
            buf_free(&where);
            faults_free(&faults);
            mapping_free(m);
            catalog_free(c);
        }
    }
}

/* The statements that are offered can be pasted: names with quotes in them too. */
static void
test_mends(void **state)
{
    static const struct {
        size_t table; /* in family_catalog */
        const char *fields;
        bool for_install;
        const char *text;
    } mends[] = {
        {1, "SIU", false,
         "role \"sy\"\"nc\" lacks SELECT, INSERT, UPDATE; GRANT SELECT, INSERT, UPDATE ON \"Old\".\"O\"\"rg\" TO "
         "\"sy\"\"nc\";"},
        {1, "U", false, "role \"sy\"\"nc\" lacks UPDATE; GRANT UPDATE ON \"Old\".\"O\"\"rg\" TO \"sy\"\"nc\";"},
        {1, "Q", false,
         "role \"sy\"\"nc\" lacks USAGE on a sequence behind a column; GRANT USAGE ON SEQUENCE \"Old\".\"Org Seq\" TO "
         "\"sy\"\"nc\";"},
        {2, "R", false,
         "has row-level security that applies to role \"sy\"\"nc\", and a hidden row would look deleted; ALTER ROLE "
         "\"sy\"\"nc\" BYPASSRLS; or, where it owns the table, ALTER TABLE \"Map\".\"Org Map\" NO FORCE ROW LEVEL "
         "SECURITY;"},
        {0, "T", true, "role \"sy\"\"nc\" lacks TRIGGER; GRANT TRIGGER ON \"New\".\"Org\" TO \"sy\"\"nc\";"},
        {1, "O", true,
         "\"Old\".\"O\"\"rg\" belongs to \"app\", and only the owner can switch and drop its triggers; install as that "
         "role or a superuser, or GRANT \"app\" TO \"sy\"\"nc\";"},
    };
    static const char letters[] = "SIUDTOQR";

    (void) state;
    for (size_t i = 0; i < COUNT(mends); i++) {
        struct mapping *m = mapping_of(family_json);
        struct catalog *c = catalog_of(family_catalog);
        struct faults faults = {0};

        free(c->role);
        c->role = xstrdup("sy\"nc");
        for (const char *p = mends[i].fields; *p != '\0'; p++)
            take(&c->tables[mends[i].table], (enum field)(strchr(letters, *p) - letters));
        mapping_rights("f.json", &m->entities[0], &(struct catalogs){c, c}, mends[i].for_install, &faults);
        assert_int_equal(faults.count, 1);
        assert_string_equal(faults.items[0].text, mends[i].text);
        faults_free(&faults);
        mapping_free(m);
        catalog_free(c);
    }
}

/* A table that is not there, or is none, has had its fault elsewhere. */
static void
test_passed_over(void **state)
{
    (void) state;
    for (int kind = 0; kind < 3; kind++) {
        struct mapping *m = mapping_of(family_json);
        struct catalog *c = catalog_of(kind == 2 ? "" : family_catalog);
        struct faults faults = {0};

        for (size_t i = 0; i < c->count; i++) {
            c->tables[i].can_select = c->tables[i].can_insert = c->tables[i].can_trigger = c->tables[i].owned = false;
            c->tables[i].exists = kind != 0;
            c->tables[i].plain = kind != 1;
        }
        for (int for_install = 0; for_install <= 1; for_install++)
            mapping_rights("f.json", &m->entities[0], &(struct catalogs){c, c}, for_install != 0, &faults);
        assert_int_equal(faults.count, 0);
        mapping_free(m);
        catalog_free(c);
    }
}

/* With two databases each table is judged by its own, and the role is the one that was used there. */
static void
test_two_databases(void **state)
{
    struct mapping *m = mapping_of(family_json);
    struct catalog *vnext = catalog_of(family_catalog);
    struct catalog *legacy = catalog_of(family_catalog);
    const struct catalogs both = {vnext, legacy};
    struct faults faults = {0};

    (void) state;
    free(legacy->role);
    legacy->role = xstrdup("old");
    vnext->tables[1].can_insert = false;  /* the target is not used there */
    legacy->tables[0].can_select = false; /* nor the source here */
    mapping_rights("f.json", &m->entities[0], &both, false, &faults);
    assert_int_equal(faults.count, 0);
    legacy->tables[1].can_insert = false;
    mapping_rights("f.json", &m->entities[0], &both, false, &faults);
    assert_int_equal(faults.count, 1);
    must_have(faults.items[0].text, "role \"old\" lacks INSERT;");
    faults_free(&faults);
    mapping_free(m);
    catalog_free(vnext);
    catalog_free(legacy);
}

/* A table that is only looked up in is read, in the database that the mapping says. */
static void
test_lookups(void **state)
{
    struct mapping *m = mapping_of(family_json);
    struct catalog *vnext = catalog_of(family_catalog);
    struct catalog *legacy = catalog_of("T|Old|Tag|\n");
    const struct catalogs both = {vnext, legacy};
    struct mapping_entity *e = &m->entities[mapping_entity_index(m, "group")];
    struct mapping_lookup lookup = {{(char *) "Old", (char *) "Tag"}, (char *) "Code", (char *) "Note", true};
    struct mapping_value *value = (struct mapping_value *) mapping_column(&e->columns, "Extra");
    struct faults faults = {0};

    (void) state;
    value->lookup = &lookup;
    mapping_rights("f.json", e, &both, false, &faults);
    assert_int_equal(faults.count, 0);
    legacy->tables[0].can_select = legacy->tables[0].can_update = false;
    legacy->tables[0].row_security = true;
    mapping_rights("f.json", e, &both, false, &faults);
    assert_int_equal(faults.count, 2);
    assert_string_equal(faults.items[0].where, "f.json: $.entities[1].columns.Extra.lookup.table");
    must_have(faults.items[0].text, "lacks SELECT; GRANT SELECT ON \"Old\".\"Tag\" TO \"sync\";");
    assert_string_equal(faults.items[1].kind, "row-security");
    mapping_rights("f.json", e, &both, true, &faults);
    assert_int_equal(faults.count, 2); /* install hangs nothing there */
    value->lookup = NULL;
    faults_free(&faults);
    mapping_free(m);
    catalog_free(vnext);
    catalog_free(legacy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needed),        cmocka_unit_test(test_mends),   cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_two_databases), cmocka_unit_test(test_lookups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
