/* test_init_maps.c - the table that says which legacy row belongs to which new row: found, or proposed. */
/* links: lib/core/init_maps.c lib/core/init_tables.c lib/core/names.c lib/core/quote.c lib/core/schema_facts.c lib/core/catalog.c lib/core/pgarray.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/init_maps.h"
#include "schema_sample.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A draft of the first table of each schema, whose keys are its primary ones. */
struct fixture {
    struct sample vnext, legacy;
    struct init_input in;
    struct init_draft draft;
    struct init_drafts drafts;
};

static void
take_key(struct init_key *key, const struct schema_table *facts)
{
    for (key->count = 0; key->count < facts->nprimary; key->count++)
        key->items[key->count] = facts->primary[key->count];
}

static void
fixture_make(struct fixture *f, const char *vnext, const char *legacy)
{
    *f = (struct fixture){.vnext = sample_of("New", vnext), .legacy = sample_of("old", legacy)};
    f->in = (struct init_input){{f->vnext.facts, f->vnext.catalog}, {f->legacy.facts, f->legacy.catalog}, false};
    f->draft.pair.vnext = &f->vnext.catalog->tables[0];
    f->draft.pair.legacy = &f->legacy.catalog->tables[0];
    take_key(&f->draft.source_key, &f->vnext.facts->tables[0]);
    take_key(&f->draft.target_key, &f->legacy.facts->tables[0]);
    f->drafts = (struct init_drafts){&f->draft, 1};
}

static void
fixture_free(struct fixture *f)
{
    free(f->draft.map_name);
    free(f->draft.map_target);
    sample_free(&f->vnext);
    sample_free(&f->legacy);
}

#define NEW "T|app_item\nC|id|int8|n\nP|id\n"
#define OLD "T|items\nC|id|int4|n\nP|id\n"

static void
test_find(void **state)
{
    static const struct {
        const char *tables; /* of the new schema, beside NEW */
        size_t skip;        /* words of app_item that are the application's */
        const char *found;  /* TABLE SOURCE TARGET; NULL: none */
    } rows[] = {
        {"", 1, NULL},
        /* the columns say the entity, or the table does */
        {"T|links\nC|legacy_item_id|int4\nC|item_id|int8", 1, "links item_id legacy_item_id"},
        {"T|links\nC|item_id|int4\nC|legacy_item_id|int4\nC|vnext_item_id|int8", 1,
         "links vnext_item_id legacy_item_id"},
        {"T|links\nC|old_item|int4\nC|new_item|int8", 1, "links new_item old_item"},
        {"T|links\nC|sourceItemId|int8\nC|shadowItemId|int4", 1, "links sourceItemId shadowItemId"},
        {"T|item_map\nC|legacy_id|int4\nC|vnext_id|int8", 1, "item_map vnext_id legacy_id"},
        {"T|links\nC|legacy_id|int4\nC|vnext_id|int8", 1, NULL},
        {"T|links\nC|legacy_user_id|int4\nC|user_id|int8", 1, NULL},
        {"T|user_map\nC|legacy_id|int4\nC|vnext_id|int8", 1, NULL},
        /* the whole name, where no word of it is the application's */
        {"T|links\nC|legacy_item_id|int4\nC|item_id|int8", 0, NULL},
        {"T|links\nC|legacy_app_item_id|int4\nC|app_item_id|int8", 0, "links app_item_id legacy_app_item_id"},
        /* an id of its own is not a key of another's */
        {"T|item_map\nC|id|int8\nC|legacy_id|int4", 1, NULL},
        {"T|item_map\nC|id|int8\nC|legacy_id|int4\nC|item_id|int8", 1, "item_map item_id legacy_id"},
        /* both keys, each of its type */
        {"T|item_map\nC|legacy_id|int4", 1, NULL},
        {"T|item_map\nC|vnext_id|int8", 1, NULL},
        {"T|item_map\nC|legacy_id|int8\nC|vnext_id|int8", 1, NULL},
        {"T|item_map\nC|legacy_id|int4\nC|vnext_id|int4", 1, NULL},
        {"T|item_map\nC|legacy_id|text\nC|old_item|int4\nC|vnext_id|int8", 1, "item_map vnext_id old_item"},
        /* the first of two */
        {"T|b\nC|legacy_item|int4\nC|item|int8\nT|a\nC|legacy_item|int4\nC|item|int8", 1, "b item legacy_item"},
        {"T|b\nC|legacy_item|int4\nT|a\nC|legacy_item|int4\nC|item|int8", 1, "a item legacy_item"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char text[400];
        bool found;

        snprintf(text, sizeof text, "%s%s", NEW, rows[i].tables);
        fixture_make(&f, text, OLD);
        f.draft.pair.name_skip = rows[i].skip;
        found = init_map_find(&f.in, &f.drafts, &f.draft);
        if (found != (rows[i].found != NULL))
            fail_msg("row %zu: %s", i, found ? f.draft.map_name : "none");
        if (found) {
            snprintf(text, sizeof text, "%s %s %s", f.draft.map_name, f.draft.map_source.items[0], f.draft.map_target);
            assert_string_equal(text, rows[i].found);
            assert_int_equal(f.draft.map_source.count, 1);
            assert_string_equal(f.draft.map->name, f.draft.map_name);
        } else {
            assert_null(f.draft.map);
            assert_null(f.draft.map_name);
            assert_null(f.draft.map_target);
        }
        fixture_free(&f);
    }
}

/* A table that is an entity of its own, and a view, are no map. */
static void
test_find_leaves_out(void **state)
{
    (void) state;
    for (int i = 0; i < 4; i++) {
        struct fixture f;
        struct init_draft two[2];
        struct catalog_table *map;

        fixture_make(&f, NEW "T|item_map\nC|legacy_id|int4\nC|vnext_id|int8", OLD);
        f.draft.pair.name_skip = 1;
        map = &f.vnext.catalog->tables[1];
        two[0] = f.draft;
        two[1] = (struct init_draft){.pair = {.vnext = i == 1 ? map : NULL, .legacy = i == 2 ? map : NULL}};
        f.drafts = (struct init_drafts){two, 2};
        map->plain = i != 3;
        assert_int_equal(init_map_find(&f.in, &f.drafts, &f.draft), i == 0);
        fixture_free(&f);
    }
}

#define LONG "a_very_long_name_of_a_table_that_went_on_and_on"

static void
test_propose(void **state)
{
    static const struct {
        const char *vnext, *legacy;
        const char *sql;
    } rows[] = {
        {NEW, OLD,
         "CREATE TABLE \"New\".\"app_item_map\" (\"vnext_id\" bigint NOT NULL, \"legacy_id\" integer NOT NULL UNIQUE, "
         "verified boolean NOT NULL DEFAULT false, PRIMARY KEY (\"vnext_id\"));"},
        {"T|It\"em\nC|Code|varchar(9)|n\nP|Code", OLD,
         "CREATE TABLE \"New\".\"it_em_map\" (\"vnext_id\" character varying(9) NOT NULL, \"legacy_id\" integer NOT "
         "NULL UNIQUE, verified boolean NOT NULL DEFAULT false, PRIMARY KEY (\"vnext_id\"));"},
        /* a key of several columns has each under its own name */
        {"T|seat\nC|Row \"A\"|text|n\nC|no|int2|n\nP|Row \"A\"|no", "T|seat\nC|id|uuid|n\nP|id",
         "CREATE TABLE \"New\".\"seat_map\" (\"vnext_Row \"\"A\"\"\" text NOT NULL, \"vnext_no\" smallint NOT NULL, "
         "\"legacy_id\" uuid NOT NULL UNIQUE, verified boolean NOT NULL DEFAULT false, PRIMARY KEY (\"vnext_Row "
         "\"\"A\"\"\", \"vnext_no\"));"},
        /* the name is cut, and a number added while it is taken */
        {"T|" LONG "\nC|id|int4|n\nP|id", OLD,
         "CREATE TABLE \"New\".\"a_very_long_name_of_a_table_that_went_on_map\" (\"vnext_id\" integer NOT NULL, "
         "\"legacy_id\" integer NOT NULL UNIQUE, verified boolean NOT NULL DEFAULT false, PRIMARY KEY "
         "(\"vnext_id\"));"},
        {NEW "T|app_item_map\nT|app_item_map_2", OLD,
         "CREATE TABLE \"New\".\"app_item_map_3\" (\"vnext_id\" bigint NOT NULL, \"legacy_id\" integer NOT NULL "
         "UNIQUE, "
         "verified boolean NOT NULL DEFAULT false, PRIMARY KEY (\"vnext_id\"));"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct buf sql = {0};

        fixture_make(&f, rows[i].vnext, rows[i].legacy);
        init_map_propose(&f.in, &f.draft);
        assert_int_equal(f.draft.way, INIT_NEW_MAP);
        assert_null(f.draft.map);
        init_map_create(&sql, &f.in, &f.draft);
        assert_string_equal(buf_text(&sql), rows[i].sql);
        buf_free(&sql);
        fixture_free(&f);
    }
}

/* The map's columns for the source key: its own of a map that was found, and of any length within 63 bytes otherwise. */
static void
test_source(void **state)
{
    static const struct {
        enum init_way way;
        struct init_key source, map;
        size_t i;
        const char *column;
    } rows[] = {
        {INIT_NEW_MAP, {{"id"}, 1}, {{0}, 0}, 0, "vnext_id"},
        {INIT_NEW_MAP, {{"code"}, 1}, {{0}, 0}, 0, "vnext_id"},
        {INIT_NEW_MAP, {{"a", "b"}, 2}, {{0}, 0}, 1, "vnext_b"},
        {INIT_NEW_MAP,
         {{"a", LONG "_and_on_and_on"}, 2},
         {{0}, 0},
         1,
         "vnext_a_very_long_name_of_a_table_that_went_on_and_on_an"},
        {INIT_FOUND_MAP, {{"id"}, 1}, {{"New Id"}, 1}, 0, "New Id"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct init_draft d = {.way = rows[i].way, .source_key = rows[i].source, .map_source = rows[i].map};
        char *column = init_map_source(&d, rows[i].i);

        assert_string_equal(column, rows[i].column);
        free(column);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_find_leaves_out),
        cmocka_unit_test(test_propose),
        cmocka_unit_test(test_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
