/* test_init_columns.c - the "columns" of a proposed mapping: what feeds each legacy column, and what nothing writes. */
/* links: lib/core/init_columns.c lib/core/init_keys.c lib/core/init_maps.c lib/core/init_match.c lib/core/init_value.c lib/core/init_tables.c lib/core/lossless.c lib/core/names.c lib/core/quote.c lib/core/schema_facts.c lib/core/catalog.c lib/core/pgarray.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/buf.h"
#include "dualwrite/init_columns.h"
#include "schema_sample.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The drafts of two schemas whose tables are named alike. */
struct fixture {
    struct sample vnext, legacy;
    struct init_input in;
    struct init_pairs pairs;
    struct init_drafts drafts;
};

static void
fixture_make(struct fixture *f, const char *vnext, const char *legacy)
{
    struct faults faults = {0};

    *f = (struct fixture){.vnext = sample_of("new", vnext), .legacy = sample_of("old", legacy)};
    f->in = (struct init_input){{f->vnext.facts, f->vnext.catalog}, {f->legacy.facts, f->legacy.catalog}, false};
    f->pairs = init_pairs(&f->in, NULL, &faults);
    assert_int_equal(faults.count, 0);
    f->drafts = init_drafts(&f->in, &f->pairs);
}

static void
fixture_free(struct fixture *f)
{
    init_drafts_free(&f->drafts);
    init_pairs_free(&f->pairs);
    sample_free(&f->vnext);
    sample_free(&f->legacy);
}

/* Prints and deletes. */
static char *
printed(cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);
    return text;
}

struct row {
    const char *vnext, *legacy; /* columns of the table t after its key, then what else is in the schema */
    const char *columns;        /* of the last draft, as JSON, without the key */
    const char *left;           /* the columns of the note; NULL: no note */
};

/* Table t of each side has a key id that both know, and is the last to be written. */
static void
columns_are(const struct row *row)
{
    struct fixture f;
    struct faults notes = {0};
    struct buf vnext = {0}, legacy = {0}, expected = {0};
    char *text;

    buf_printf(&vnext, "T|t\nC|id|uuid|n\nP|id\n%s", row->vnext);
    buf_printf(&legacy, "T|t\nC|id|uuid|n\nP|id\n%s", row->legacy);
    fixture_make(&f, buf_text(&vnext), buf_text(&legacy));
    assert_string_equal(f.drafts.items[f.drafts.count - 1].name, "t");
    text = printed(init_columns(&f.in, &f.drafts, f.drafts.count - 1, &notes));
    buf_printf(&expected, "{\"id\":\"id\"%s%s}", *row->columns == '\0' ? "" : ",", row->columns);
    assert_string_equal(text, buf_text(&expected));
    assert_int_equal(notes.count, row->left == NULL ? 0 : 1);
    if (row->left != NULL) {
        assert_string_equal(notes.items[0].where, "t");
        assert_int_equal(notes.items[0].severity, FAULT_WARNING);
        assert_int_equal(strncmp(notes.items[0].text, "not written: ", 13), 0);
        assert_string_equal(notes.items[0].text + 13, row->left);
    }
    cJSON_free(text);
    faults_free(&notes);
    fixture_free(&f);
    buf_free(&vnext);
    buf_free(&legacy);
    buf_free(&expected);
}

static void
all_are(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        columns_are(&rows[i]);
}

#define GUESSED "\"TODO\":\"only guessed from names and values\""

static void
test_feeds(void **state)
{
    static const struct row rows[] = {
        {"", "", "", NULL},
        /* in the order of the legacy table */
        {"C|b|text|n\nC|a|text|n", "C|a|text|n\nC|b|text|n", "\"a\":\"a\",\"b\":\"b\"", NULL},
        {"C|b|text|n", "C|a|int4|n\nC|b|text|n",
         "\"a\":{\"constant\":\"0\",\"TODO\":\"NOT NULL (integer), and no vNext column is named like it\"},\"b\":\"b\"",
         NULL},
        /* one column may be sure of two, but a guess takes none that another has for sure */
        {"C|plan_id|int4|n", "C|plan|int4|n\nC|planId|int4|n", "\"plan\":\"plan_id\",\"planId\":\"plan_id\"", NULL},
        {"C|full_name|text|n", "C|name|text\nC|full_name|text|n", "\"full_name\":\"full_name\"", "name"},
        {"C|full_name|text|n", "C|name|text|n", "\"name\":{\"column\":\"full_name\"," GUESSED "}", NULL},
        {"C|full_name|text|n", "C|name|text\nC|first_name|text", "\"name\":{\"column\":\"full_name\"," GUESSED "}",
         "first_name"},
        /* guessed from the values */
        {"C|state|text|n\nL|state|up|down", "C|mode|text|n\nL|mode|UP|DOWN",
         "\"mode\":{\"column\":\"state\",\"values\":{\"up\":\"UP\",\"down\":\"DOWN\"}," GUESSED "}", NULL},
        /* a number of its own on either side */
        {"C|no|int8|n|nextval('a'::regclass)", "C|no|int4|n|nextval('b'::regclass)", "", NULL},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

/* Nothing in the new table is like it. */
static void
test_rest(void **state)
{
    static const struct row rows[] = {
        {"", "C|a|text", "", "a"},
        {"", "C|a|text\nC|b|int4|n|0", "", "a, b"},
        {"", "C|a|int4|n|nextval('s'::regclass)", "", NULL},
        {"", "C|a|int4|n",
         "\"a\":{\"constant\":\"0\",\"TODO\":\"NOT NULL (integer), and no vNext column is named like it\"}", NULL},
        {"", "C|left_at|timestamptz",
         "\"left_at\":{\"constant\":null,\"TODO\":\"for a removal that sets it; leave the column out if none does\"}",
         NULL},
        {"", "C|left_at|timestamptz|n|now()", "", "left_at"},
        {"", "C|left_by|text", "", "left_by"},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

#define BOOLEAN(sql)                                                                                                   \
    "\"is_live\":{\"expression\":\"" sql "\",\"TODO\":\"guessed from the column's values; is it right?\"}"

/* A flag from a state that has its last word among its values. */
static void
test_booleans(void **state)
{
    static const struct row rows[] = {
        {"C|state|enum|n\nL|state|Live|Gone", "C|is_live|bool|n", BOOLEAN("\\\"state\\\" = 'Live'"), NULL},
        {"C|s\"t|text|n|'live'::text", "C|is_live|bool|n", BOOLEAN("\\\"s\\\"\\\"t\\\" = 'live'"), NULL},
        {"C|a|text|n|'x'::text\nC|b|text|n|'LIVE'::text", "C|is_live|bool", BOOLEAN("\\\"b\\\" = 'LIVE'"), NULL},
        {"C|state|enum|n\nL|state|Alive|Gone", "C|is_live|bool", "", "is_live"},
        {"C|state|enum|n|'live'::e\nL|state|on|off", "C|is_live|bool", "", "is_live"},
        {"C|state|enum|n\nL|state|Live|Gone", "C|is_live|text", "", "is_live"},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

#define KEYED(name, more) "T|" name "\nC|id|int8|n|nextval('s'::regclass)\n" more "P|id\n"
#define OWNER_LOOKUP                                                                                                   \
    "\"owner\":{\"column\":\"owner_id\",\"lookup\":{\"table\":\"user_map\",\"schema\":\"new\",\"key\":\"vnext_id\","   \
    "\"value\":\"legacy_id\"}}"

/* A foreign key: the parent's is not a column, another entity's is looked up, in its map or in the legacy table. */
static void
test_references(void **state)
{
    static const struct row rows[] = {
        /* the parent */
        {"C|up|uuid|n\nF|up|a|id\nT|a\nC|id|uuid|n\nP|id", "C|a_id|uuid|n\nF|a_id|a|id\nT|a\nC|id|uuid|n\nP|id", "",
         NULL},
        {"C|owner_id|int8\nF|owner_id|user|id\n" KEYED("user", ""),
         "C|owner|int8\nF|owner|users|id\n" KEYED("users", ""), OWNER_LOOKUP, NULL},
        {"C|owner_id|uuid\nF|owner_id|user|id\nT|user\nC|id|uuid|n\nP|id",
         "C|owner|uuid\nF|owner|users|id\nT|users\nC|id|uuid|n\nP|id",
         "\"owner\":{\"column\":\"owner_id\",\"lookup\":{\"table\":\"users\",\"schema\":\"old\",\"key\":\"id\","
         "\"value\":"
         "\"id\",\"database\":\"legacy\"}}",
         NULL},
        /* a table that is no entity, by another key that both know */
        {"C|iso|text|n", "C|land|int4|n\nF|land|country|no\nT|country\nC|no|int4|n\nC|iso|text|n\nP|no\nU|iso",
         "\"land\":{\"column\":\"iso\",\"lookup\":{\"table\":\"country\",\"schema\":\"old\",\"key\":\"iso\",\"value\":"
         "\"no\",\"database\":\"legacy\"},\"TODO\":\"guessed from the foreign key to country; is it right?\"}",
         NULL},
        {"C|iso|text|n", "C|land|int4\nF|land|country|no\nT|country\nC|no|int4|n\nC|iso|text|n\nP|no\nu|iso", "",
         "land"},
        {"C|iso|text|n", "C|land|int4\nF|land|country|no\nT|country\nC|no|int4|n\nC|iso|bool|n\nP|no\nU|iso", "",
         "land"},
        {"C|iso|text|n", "C|land|int4\nF|land|elsewhere.country|no\nT|country\nC|no|int4|n\nC|iso|text|n\nP|no\nU|iso",
         "", "land"},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

static void
test_soft_delete(void **state)
{
    static const struct {
        const char *vnext, *legacy;
        const char *name; /* NULL: none */
    } rows[] = {
        {"C|deleted_at|timestamptz", "", "deleted_at"},
        {"C|a|text\nC|archivedOn|date\nC|removed_at|timestamptz", "", "archivedOn"},
        {"C|deleted_at|timestamptz|n", "", NULL},
        {"C|deleted|bool", "", NULL},
        {"C|left_at|timestamptz", "", NULL},
        {"C|deleted_at|timestamptz", "C|deleted_at|timestamptz\n", NULL}, /* legacy takes it over */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct buf vnext = {0}, legacy = {0};
        const struct catalog_column *c;

        buf_printf(&vnext, "T|t\n%s", rows[i].vnext);
        buf_printf(&legacy, "T|t\nC|closed_at|timestamptz\n%s", rows[i].legacy);
        fixture_make(&f, buf_text(&vnext), buf_text(&legacy));
        c = init_soft_delete(&f.drafts.items[0]);
        if (rows[i].name == NULL) {
            assert_null(c);
        } else {
            struct faults notes = {0};
            char *text = printed(init_columns(&f.in, &f.drafts, 0, &notes));

            assert_string_equal(c->name, rows[i].name);
            /* and so it feeds no column whose name means the same */
            buf_clear(&vnext);
            buf_printf(&vnext, "\"%s\"", c->name);
            assert_null(strstr(text, buf_text(&vnext)));
            cJSON_free(text);
            faults_free(&notes);
        }
        fixture_free(&f);
        buf_free(&vnext);
        buf_free(&legacy);
    }
}

/* A map table that was found: what it needs beside the keys. */
static void
test_map_columns(void **state)
{
    static const struct {
        const char *map; /* more columns */
        const char *verified;
        const char *columns;
    } rows[] = {
        {"", NULL, "{}"},
        {"C|note|text\nC|n|int4|n|0", NULL, "{}"},
        {"C|seen|bool|n", "seen", "{}"},
        {"C|seen|bool|n", NULL,
         "{\"seen\":{\"constant\":\"false\",\"TODO\":\"NOT NULL (boolean), and no vNext column is named like it\"}}"},
        /* the legacy row's own */
        {"C|legacy_slug|text|n", NULL, "{\"legacy_slug\":{\"target_column\":\"slug\"}}"},
        {"C|legacy_slug|int4|n", NULL,
         "{\"legacy_slug\":{\"constant\":\"0\",\"TODO\":\"NOT NULL (integer), and no vNext column is named like "
         "it\"}}"},
        /* a map row is made once: nobody has to decide what time that is, nor when it is written */
        {"C|created_at|timestamptz|n", NULL, "{\"created_at\":{\"now\":true}}"},
        {"C|migrated|date|n", NULL, "{\"migrated\":{\"now\":true}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct faults notes = {0};
        struct buf vnext = {0};
        cJSON *columns;
        char *text;

        buf_printf(&vnext,
                   "%sC|slug|varchar(9)|n\nC|created_at|timestamptz|n\nT|t_map\nC|t_id|int8|n\nC|legacy_id|int8|n\n%s",
                   KEYED("t", ""), rows[i].map);
        fixture_make(&f, buf_text(&vnext), KEYED("t", "") "C|slug|varchar(9)|n\nC|created_at|timestamptz|n");
        assert_int_equal(f.drafts.items[0].way, INIT_FOUND_MAP);
        columns = init_columns(&f.in, &f.drafts, 0, &notes);
        text = printed(init_map_columns(&f.drafts.items[0], rows[i].verified, columns));
        assert_string_equal(text, rows[i].columns);
        cJSON_free(text);
        /* the key is the map's to give */
        assert_null(cJSON_GetObjectItemCaseSensitive(columns, "id"));
        cJSON_Delete(columns);
        faults_free(&notes);
        fixture_free(&f);
        buf_free(&vnext);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feeds),      cmocka_unit_test(test_rest),        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_references), cmocka_unit_test(test_soft_delete), cmocka_unit_test(test_map_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
