/* test_grants.c - the rights that the daemon's role gets outside our schema: all that the mapping needs, and no more. */
/* links: embedded.c lib/core/grants.c lib/core/expression.c lib/core/sqlvalue.c lib/core/slots.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog_sample.h"
#include "dualwrite/grants.h"

#define TO " TO dualwrite_daemon;\n"

static const struct {
    const char *sql;
    enum database where;
} family_grants[] = {
    {"GRANT USAGE ON SCHEMA \"New\"" TO, DATABASE_VNEXT},
    {"GRANT SELECT ON \"New\".\"Org\"" TO, DATABASE_VNEXT},
    {"GRANT USAGE ON SCHEMA \"Old\"" TO, DATABASE_LEGACY},
    {"GRANT SELECT, INSERT, UPDATE ON \"Old\".\"O\"\"rg\"" TO, DATABASE_LEGACY},
    {"GRANT USAGE ON SEQUENCE \"Old\".\"Org Seq\"" TO, DATABASE_LEGACY},
    {"GRANT USAGE ON SCHEMA \"Map\"" TO, DATABASE_VNEXT},
    {"GRANT SELECT, INSERT, UPDATE ON \"Map\".\"Org Map\"" TO, DATABASE_VNEXT},
    {"GRANT USAGE ON SEQUENCE \"Map\".\"Org Map Seq\"" TO, DATABASE_VNEXT},
    {"GRANT USAGE ON SCHEMA \"New\"" TO, DATABASE_VNEXT},
    {"GRANT SELECT ON \"New\".\"Group\"" TO, DATABASE_VNEXT},
    {"GRANT USAGE ON SCHEMA \"Old\"" TO, DATABASE_LEGACY},
    {"GRANT SELECT, INSERT, UPDATE ON \"Old\".\"Group\"" TO, DATABASE_LEGACY},
    {"GRANT USAGE ON SCHEMA \"Map\"" TO, DATABASE_VNEXT},
    {"GRANT SELECT, INSERT, UPDATE ON \"Map\".\"Group Map\"" TO, DATABASE_VNEXT},
    {"GRANT USAGE ON SCHEMA \"New\"" TO, DATABASE_VNEXT},
    {"GRANT SELECT ON \"New\".\"Seat\"" TO, DATABASE_VNEXT},
    {"GRANT USAGE ON SCHEMA \"Old\"" TO, DATABASE_LEGACY},
    /* the only entity of the family whose removal deletes */
    {"GRANT SELECT, INSERT, UPDATE, DELETE ON \"Old\".\"Seat\"" TO, DATABASE_LEGACY},
    {"GRANT USAGE ON SCHEMA \"New\"" TO, DATABASE_VNEXT},
    {"GRANT SELECT ON \"New\".\"Tag\"" TO, DATABASE_VNEXT},
    {"GRANT USAGE ON SCHEMA \"Old\"" TO, DATABASE_LEGACY},
    {"GRANT SELECT, INSERT, UPDATE ON \"Old\".\"Tag\"" TO, DATABASE_LEGACY},
};

static char *
grants_text(const struct mapping *m, const struct catalog *c, enum install_side side)
{
    struct buf out = {0};

    grants_sql(&out, m, c, side);
    return buf_steal(&out);
}

/* Only the tables of `side` can be found in it: with two databases each catalog holds its own. */
static struct catalog *
family_on(enum install_side side)
{
    struct catalog *c = catalog_of(family_catalog);

    for (size_t i = 0; i < c->count; i++)
        if (side != SIDE_BOTH && (strcmp(c->tables[i].schema, "Old") == 0) != (side == SIDE_LEGACY))
            hang(&c->tables[i].schema, " elsewhere");
    return c;
}

/* Word for word: a right too many is as wrong as one too few. */
static void
test_family(void **state)
{
    struct mapping *m = mapping_of(family_json);

    (void) state;
    for (int side = SIDE_BOTH; side <= SIDE_LEGACY; side++) {
        struct catalog *c = family_on((enum install_side) side);
        char *text = grants_text(m, c, (enum install_side) side);
        struct buf expected = {0};

        for (size_t i = 0; i < COUNT(family_grants); i++)
            if (side == SIDE_BOTH || (side == SIDE_LEGACY) == (family_grants[i].where == DATABASE_LEGACY))
                buf_puts(&expected, family_grants[i].sql);
        assert_string_equal(text, buf_text(&expected));
        buf_free(&expected);
        free(text);
        catalog_free(c);
    }
    mapping_free(m);
}

static const char lookup_grants[] = "GRANT USAGE ON SCHEMA \"Dir\"" TO "GRANT SELECT ON \"Dir\".\"Pro\"\"file\"" TO;

/* The table of a lookup is read on the side where it is, whether the target's value or the map's is looked up. */
static void
test_lookups(void **state)
{
    static const struct {
        size_t entity;
        bool of_map, legacy;
        bool granted[3]; /* by side */
    } rows[] = {
        {3, false, false, {true, true, false}},
        {3, false, true, {true, false, true}},
        {0, false, false, {true, true, false}},
        /* the map is in the vNext database */
        {0, true, false, {true, true, false}},
    };
    static char schema[] = "Dir", name[] = "Pro\"file", key[] = "user", value[] = "id";

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mapping_lookup lookup = {{schema, name}, key, value, rows[i].legacy};
        struct mapping *m = mapping_of(family_json);
        struct catalog *c = catalog_of(family_catalog);
        struct mapping_entity *e = &m->entities[rows[i].entity];
        struct mapping_columns *columns = rows[i].of_map ? &e->map->columns : &e->columns;

        for (int side = SIDE_BOTH; side <= SIDE_LEGACY; side++) {
            char *plain = grants_text(m, c, (enum install_side) side);
            char *text;

            columns->items[0].value.lookup = &lookup;
            text = grants_text(m, c, (enum install_side) side);
            assert_int_equal(times(text, lookup_grants), rows[i].granted[side]);
            assert_int_equal(strlen(text), strlen(plain) + (rows[i].granted[side] ? strlen(lookup_grants) : 0));
            columns->items[0].value.lookup = NULL; /* it is not the mapping's to free */
            free(plain);
            free(text);
        }
        mapping_free(m);
        catalog_free(c);
    }
}

/* What names a table is quoted wherever it stands. */
static void
test_hostile(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct mapping *m = mapping_of(family_json);
        struct catalog *c = catalog_of(family_catalog);
        char *plain = grants_text(m, c, SIDE_BOTH);
        char *grown;

        hang_mapping(m, hostile[i]);
        hang_catalog(c, hostile[i]);
        grown = grants_text(m, c, SIDE_BOTH);
        only_grown(plain, grown, hostile[i]);
        free(plain);
        free(grown);
        mapping_free(m);
        catalog_free(c);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_family),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
