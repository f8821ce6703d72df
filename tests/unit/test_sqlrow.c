/*
 * test_sqlrow.c - rows as JSON: what is escaped and what is NULL, what a removal leaves out, and which value is too
 * long.
 */
/* links: lib/core/sqlrow.c lib/core/slots.c lib/core/pgarray.c lib/core/change.c lib/core/change_rows.c lib/core/ref.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/sqlrow.h"
#include "dualwrite/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char *names[] = {(char[]){"a"}, (char[]){"b"}};
static char *keys[] = {(char[]){"Key"}, (char[]){"P"}};
static struct mapping_column columns[] = {
    {.name = (char[]){"Name"}},
    {.name = (char[]){"Key"}},
    {.name = (char[]){"Note"}},
};
static struct mapping_column map_columns[] = {{.name = (char[]){"at"}, .value = {.kind = VALUE_NOW}},
                                              {.name = (char[]){"slug"}}};
static struct mapping_map map = {.columns = {map_columns, COUNT(map_columns)}};
static struct mapping_parent parent = {.column = (char[]){"b"}, .target_column = (char[]){"P"}};
static struct mapping_entity entities[] = {
    {
        .source_key = {names, 2},
        .identity = {names, 2},
        .target_key = {keys, 1},
        .columns = {columns, COUNT(columns)},
        .map = &map,
        .operation_insert = (char[]){"made"},
        .operation_update = (char[]){"changed"},
        .operation_remove = (char[]){"gone"},
    },
    {
        .source_key = {names, 1},
        .identity = {names, 1},
        .target_key = {keys, 2},
        .columns = {columns, COUNT(columns)},
        .parent = &parent,
        .operation_insert = (char[]){"made"},
        .operation_update = (char[]){"changed"},
        .operation_remove = (char[]){"gone"},
    },
    {
        .source_key = {names, 1},
        .identity = {names, 1},
        .target_key = {keys, 1},
        .columns = {columns, COUNT(columns)},
        .parent = &parent,
        .operation_insert = (char[]){"made"},
        .operation_update = (char[]){"changed"},
        .operation_remove = (char[]){"gone"},
    },
};
static const struct mapping mapping = {.entities = entities, .count = COUNT(entities)};
enum { PLAIN, CHILD, LOOSE };

/* What was written is JSON, and this. */
static void
is(char *text, const char *expected)
{
    cJSON *json = cJSON_Parse(text);

    assert_string_equal(text, expected);
    assert_non_null(json);
    cJSON_Delete(json);
    free(text);
}

static void
write_is(size_t entity, struct row r, size_t n, const char *expected)
{
    struct sqlrows rows;

    sqlrows_begin(&rows, &entities[entity]);
    sqlrows_add(&rows, &r, n);
    is(sqlrows_end(&rows), expected);
}

/* Columns Name and Note of an entity whose key is Key. */
static char *values[] = {(char[]){"x"}, NULL};

static void
test_write(void **state)
{
    char *one[] = {(char[]){"1"}};
    struct row first = {.present = true, .write = true, .create = true, .key = one, .nkey = 1, .values = values};
    struct row second = {.create = true, .nkey = 0, .values = values};
    struct sqlrows rows;

    (void) state;
    write_is(PLAIN, first, 7, "{\"n\":\"{7}\",\n\"do\":\"{7}\",\n\"k0\":\"{1}\",\n\"c0\":\"{x}\",\n\"c2\":\"{NULL}\"}");
    sqlrows_begin(&rows, &entities[PLAIN]);
    sqlrows_add(&rows, &first, 7);
    sqlrows_add(&rows, &second, 4294967296U);
    is(sqlrows_end(&rows), "{\"n\":\"{7,4294967296}\",\n\"do\":\"{7,4}\",\n\"k0\":\"{1,NULL}\",\n\"c0\":\"{x,x}\","
                           "\n\"c2\":\"{NULL,NULL}\"}");
    sqlrows_begin(&rows, &entities[PLAIN]);
    assert_null(sqlrows_end(&rows));
    is(sqlrow_alone(&entities[PLAIN], &second),
       "{\"n\":\"{1}\",\n\"do\":\"{4}\",\n\"k0\":\"{NULL}\",\n\"c0\":\"{x}\",\n\"c2\":\"{NULL}\"}");
}

/* The parent's key is one of the values; not where it is a part of the key. */
static void
test_write_parent(void **state)
{
    char *two[] = {(char[]){"1"}, NULL};
    struct row r = {.create = true, .key = two, .nkey = 2, .parent = (char[]){"5"}, .values = values};

    (void) state;
    write_is(
        CHILD, r, 1,
        "{\"n\":\"{1}\",\n\"do\":\"{4}\",\n\"k0\":\"{1}\",\n\"k1\":\"{NULL}\",\n\"c0\":\"{x}\",\n\"c2\":\"{NULL}\"}");
    write_is(
        LOOSE, r, 1,
        "{\"n\":\"{1}\",\n\"do\":\"{4}\",\n\"k0\":\"{1}\",\n\"p\":\"{NULL}\",\n\"c0\":\"{x}\",\n\"c2\":\"{NULL}\"}");
    r.parent_key = (char[]){"\"5\\"};
    write_is(LOOSE, r, 1,
             "{\"n\":\"{1}\",\n\"do\":\"{4}\",\n\"k0\":\"{1}\",\n\"p\":\"{\\\"\\\\\\\"5\\\\\\\\\\\"}\",\n\"c0\":\"{x}"
             "\",\n\"c2\":\"{NULL}\"}");
}

/* A removal has no values, or leaves them out: one that its column does not take must not stand in the way. */
static void
test_write_removal(void **state)
{
    char *one[] = {(char[]){"1"}};
    struct row r = {.remove = true, .key = one, .nkey = 1, .parent_key = (char[]){"5"}};
    static const char plain[] =
        "{\"n\":\"{0}\",\n\"do\":\"{8}\",\n\"k0\":\"{1}\",\n\"c0\":\"{NULL}\",\n\"c2\":\"{NULL}\"}";
    static const char loose[] =
        "{\"n\":\"{0}\",\n\"do\":\"{8}\",\n\"k0\":\"{1}\",\n\"p\":\"{NULL}\",\n\"c0\":\"{NULL}\",\n\"c2\":\"{NULL}\"}";

    (void) state;
    write_is(PLAIN, r, 0, plain);
    write_is(LOOSE, r, 0, loose);
    r.values = values;
    write_is(PLAIN, r, 0, plain);
    write_is(LOOSE, r, 0, loose);
}

/* Whatever a text holds, it can stand in a document. */
static void
test_escapes(void **state)
{
    static const char *const texts[] = {
        "",       "\"",      "\\",   "\\\"", "/",        "\b\f\n\r\t",   "\x01\x1f\x7f",     "'",
        "{\"a\"", "\\u0041", "null", "%s%n", "\xC3\xA9", "\xE2\x80\xA8", "\xF0\x9F\x98\x80",
    };

    (void) state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *key[] = {xstrdup(texts[i])};
        const struct row r = {.key = key, .nkey = 1};
        struct buf array = {0};
        char *text = sqlrow_alone(&entities[PLAIN], &r);
        cJSON *json = cJSON_Parse(text);

        assert_non_null(json);
        pgarray_open(&array);
        pgarray_add(&array, texts[i]);
        pgarray_close(&array);
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "k0")), buf_text(&array));
        cJSON_Delete(json);
        buf_free(&array);
        free(text);
        free(key[0]);
    }
}

/* A batch of one event of `entity` and one row for it with legacy key 7. */
static struct batch
batch_of(size_t entity, const char *a, const char *b)
{
    struct batch out = {0};
    struct event *e;
    struct row *r;

    out.events = e = xcalloc(1, sizeof *e);
    out.count = 1;
    *e = (struct event){.id = 1, .entity = entity, .operation = xstrdup("x"), .nref = 2};
    e->ref = xcalloc(2, sizeof *e->ref);
    e->ref[0] = xstrdup(a);
    e->ref[1] = xstrdup(b);
    batch_group(&out, &mapping);
    r = batch_add_row(&out, 0);
    r->key = xcalloc(1, sizeof *r->key);
    r->nkey = 1;
    r->key[0] = xstrdup("7");
    return out;
}

static char *
reserved(const struct batch *b, const struct mapping_entity *e, bool refused)
{
    struct sqlrows rows;

    sqlrows_begin_reserve(&rows, e);
    sqlrows_add_reserve(&rows, b, &mapping, 0, refused);
    return sqlrows_end(&rows);
}

static void
test_reserve(void **state)
{
    struct batch b = batch_of(PLAIN, "1", "\"x\"");
    char *extra[] = {(char[]){"y"}};

    (void) state;
    is(reserved(&b, &entities[PLAIN], false), "{\"s0\":\"{1}\",\n\"s1\":\"{\\\"\\\\\\\"x\\\\\\\"\\\"}\",\n\"key\":\"{7}"
                                              "\",\n\"refused\":\"{f}\",\n\"noted\":\"{f}\",\n\"x1\":\"{NULL}\"}");
    b.rows[0].extra = extra;
    is(reserved(&b, &entities[PLAIN], false), "{\"s0\":\"{1}\",\n\"s1\":\"{\\\"\\\\\\\"x\\\\\\\"\\\"}\",\n\"key\":\"{7}"
                                              "\",\n\"refused\":\"{f}\",\n\"noted\":\"{f}\",\n\"x1\":\"{y}\"}");
    /* what a refused row says of the map's columns cannot stand in anybody's way */
    is(reserved(&b, &entities[PLAIN], true), "{\"s0\":\"{1}\",\n\"s1\":\"{\\\"\\\\\\\"x\\\\\\\"\\\"}\",\n\"key\":\"{7}"
                                             "\",\n\"refused\":\"{t}\",\n\"noted\":\"{f}\",\n\"x1\":\"{NULL}\"}");
    b.rows[0].extra = NULL;
    batch_free(&b);
    /* a parent that a child needs has no event: its key is the child's word */
    b = batch_of(PLAIN, "1", "2");
    b.subjects[0].entity = CHILD;
    b.subjects[0].implicit_key = xstrdup("5");
    is(reserved(&b, &entities[CHILD], false),
       "{\"s0\":\"{5}\",\n\"key\":\"{7}\",\n\"refused\":\"{f}\",\n\"noted\":\"{f}\"}");
    batch_free(&b);
}

static void
test_mark(void **state)
{
    struct batch b = batch_of(PLAIN, "1", "2");
    struct sqlrows rows;

    (void) state;
    sqlrows_begin_mark(&rows, &entities[PLAIN]);
    sqlrows_add_mark(&rows, &b, &mapping, 0);
    b.rows[0].equal = b.rows[0].found = b.rows[0].shadow = true;
    sqlrows_add_mark(&rows, &b, &mapping, 0); /* it has failed since */
    b.subjects[0].state = SUBJECT_DONE;
    sqlrows_add_mark(&rows, &b, &mapping, 0);
    is(sqlrows_end(&rows), "{\"s0\":\"{1,1,1}\",\n\"s1\":\"{2,2,2}\",\n\"key\":\"{7,7,7}\",\n\"equal\":\"{f,f,t}\"}");
    batch_free(&b);
}

#define TOO_LONG ": shorten it, or give the column a \"truncate\" in the mapping"

/* Columns Name 3, Key 4, Note any length; a character is not a byte. */
static void
test_too_long(void **state)
{
    static const int length[] = {3, 4, 0};
    static const struct {
        const char *key;
        const char *name;
        const char *note;
        const char *said;
    } rows[] = {
        {"1", "abc", "a note of any length", NULL},
        {"1", "abcd", NULL, "Name takes 3 characters and the value has 4" TOO_LONG},
        {"12345", "abc", NULL, "Key takes 4 characters and the value has 5" TOO_LONG},
        {"12345", "abcdef", NULL,
         "Name takes 3 characters and the value has 6; Key takes 4 characters and the value has 5" TOO_LONG},
        {NULL, NULL, NULL, NULL},
        {"1", "", NULL, NULL},
        /* two bytes, three bytes, four bytes */
        {"1", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", NULL, NULL},
        {"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80!", NULL,
         "Name takes 3 characters and the value has 4" TOO_LONG},
        /* e and a combining accent: the server counts two */
        {"1",
         "e\xCC\x81"
         "ab",
         NULL, "Name takes 3 characters and the value has 4" TOO_LONG},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *key[] = {xstrdup(rows[i].key)};
        char *texts[] = {xstrdup(rows[i].name), xstrdup(rows[i].note)};
        struct row r = {.key = key, .nkey = 1, .values = texts};
        char *said = sqlrow_too_long(&entities[PLAIN], &r, length);

        if (rows[i].said == NULL)
            assert_null(said);
        else
            assert_string_equal(said, rows[i].said);
        free(said);
        if (strcmp(rows[i].key == NULL ? "" : rows[i].key, "12345") ==
            0) { /* a row that is gone has a key all the same */
            r.values = NULL;
            said = sqlrow_too_long(&entities[PLAIN], &r, length);
            assert_string_equal(said, "Key takes 4 characters and the value has 5" TOO_LONG);
            free(said);
        }
        free(texts[0]);
        free(texts[1]);
        free(key[0]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),    cmocka_unit_test(test_write_parent), cmocka_unit_test(test_write_removal),
        cmocka_unit_test(test_escapes),  cmocka_unit_test(test_reserve),      cmocka_unit_test(test_mark),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
