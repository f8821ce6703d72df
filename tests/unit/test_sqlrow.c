/*
 * test_sqlrow.c - rows as JSON: what is escaped and what is NULL, what a removal leaves out, and which value is too
 * long.
 */
/* links: lib/core/sqlrow.c lib/core/change.c lib/core/ref.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

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
static struct mapping_parent parent = {.column = (char[]){"b"}, .target_column = (char[]){"P"}};
static struct mapping_entity entities[] = {
    {
        .source_key = {names, 2},
        .identity = {names, 2},
        .target_key = {keys, 1},
        .columns = {columns, COUNT(columns)},
        .operation_remove = (char[]){"gone"},
    },
    {
        .source_key = {names, 1},
        .identity = {names, 1},
        .target_key = {keys, 2},
        .columns = {columns, COUNT(columns)},
        .parent = &parent,
        .operation_remove = (char[]){"gone"},
    },
};
static const struct mapping mapping = {.entities = entities, .count = COUNT(entities)};
enum { PLAIN, CHILD };

/* What was written is JSON, and this. */
static void
is(struct buf *out, const char *expected)
{
    cJSON *json = cJSON_Parse(buf_text(out));

    assert_string_equal(buf_text(out), expected);
    assert_non_null(json);
    cJSON_Delete(json);
    buf_free(out);
}

static void
write_is(size_t entity, struct row r, size_t n, const char *expected)
{
    struct buf out = {0};

    sqlrow_write(&out, &entities[entity], &r, n);
    is(&out, expected);
}

static void
test_write(void **state)
{
    char *one[] = {(char[]){"1"}};

    (void) state;
    write_is(PLAIN,
             (struct row){.present = true,
                          .write = true,
                          .create = true,
                          .key = one,
                          .nkey = 1,
                          .values = (char[]){"{\"c0\":\"x\"}"}},
             7, "{\"n\":7,\"do\":7,\"k0\":\"1\",\"c0\":\"x\"}");
    write_is(PLAIN, (struct row){.write = true, .key = one, .nkey = 1, .values = (char[]){"{}"}}, 0,
             "{\"n\":0,\"do\":2,\"k0\":\"1\"}");
    write_is(PLAIN, (struct row){.create = true, .nkey = 0, .values = (char[]){"{\"c0\":null}"}}, 18446744073709551614U,
             "{\"n\":18446744073709551614,\"do\":4,\"c0\":null}");
}

/* The parent's key is one of the values, also where there are no others. */
static void
test_write_parent(void **state)
{
    char *two[] = {(char[]){"1"}, NULL};
    struct row r = {
        .create = true, .key = two, .nkey = 2, .parent = (char[]){"5"}, .values = (char[]){"{\"c0\":\"x\"}"}};

    (void) state;
    write_is(CHILD, r, 1, "{\"n\":1,\"do\":4,\"k0\":\"1\",\"k1\":null,\"p\":null,\"c0\":\"x\"}");
    r.parent_key = (char[]){"\"5\\"};
    write_is(CHILD, r, 1, "{\"n\":1,\"do\":4,\"k0\":\"1\",\"k1\":null,\"p\":\"\\\"5\\\\\",\"c0\":\"x\"}");
    r.values = (char[]){"{}"};
    write_is(CHILD, r, 1, "{\"n\":1,\"do\":4,\"k0\":\"1\",\"k1\":null,\"p\":\"\\\"5\\\\\"}");
}

/* A removal has no values, or leaves them out: one that its column does not take must not stand in the way. */
static void
test_write_removal(void **state)
{
    char *one[] = {(char[]){"1"}};
    struct row r = {.remove = true, .key = one, .nkey = 1, .parent_key = (char[]){"5"}};
    static const char expected[] = "{\"n\":0,\"do\":8,\"k0\":\"1\"}";

    (void) state;
    write_is(PLAIN, r, 0, expected);
    write_is(CHILD, r, 0, expected);
    r.values = (char[]){"{\"c0\":\"x\"}"};
    write_is(PLAIN, r, 0, expected);
    write_is(CHILD, r, 0, expected);
}

/* Whatever a text holds, it is read back as it was. */
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
        struct buf out = {0};
        cJSON *json;

        sqlrow_write(&out, &entities[PLAIN], &r, 0);
        json = cJSON_Parse(buf_text(&out));
        assert_non_null(json);
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "k0")), texts[i]);
        for (const char *p = buf_text(&out); *p != '\0'; p++)
            assert_true((unsigned char) *p >= 0x20);
        cJSON_Delete(json);
        buf_free(&out);
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

static void
test_reserve(void **state)
{
    struct batch b = batch_of(PLAIN, "1", "\"x\"");
    struct buf out = {0};

    (void) state;
    sqlrow_reserve(&out, &b, &mapping, 0, false);
    is(&out, "{\"n\": 0, \"s0\": \"1\", \"s1\": \"\\\"x\\\"\", \"key\": \"7\", \"refused\": false, \"x\": null}");
    b.rows[0].extra = xstrdup("{\"x0\":\"y\"}");
    sqlrow_reserve(&out, &b, &mapping, 0, true);
    is(&out,
       "{\"n\": 0, \"s0\": \"1\", \"s1\": \"\\\"x\\\"\", \"key\": \"7\", \"refused\": true, \"x\": {\"x0\":\"y\"}}");
    batch_free(&b);
    /* a parent that a child needs has no event: its key is the child's word */
    b = batch_of(PLAIN, "1", "2");
    b.subjects[0].entity = CHILD;
    b.subjects[0].implicit_key = xstrdup("5");
    sqlrow_reserve(&out, &b, &mapping, 0, false);
    is(&out, "{\"n\": 0, \"s0\": \"5\", \"key\": \"7\", \"refused\": false, \"x\": null}");
    batch_free(&b);
}

static void
test_mark(void **state)
{
    struct batch b = batch_of(PLAIN, "1", "2");
    struct buf out = {0};

    (void) state;
    sqlrow_mark(&out, &b, &mapping, 0);
    is(&out, "{\"n\": 0, \"s0\": \"1\", \"s1\": \"2\", \"key\": \"7\", \"equal\": false}");
    b.rows[0].equal = true;
    sqlrow_mark(&out, &b, &mapping, 0);
    is(&out, "{\"n\": 0, \"s0\": \"1\", \"s1\": \"2\", \"key\": \"7\", \"equal\": true}");
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
        const char *values;
        const char *said;
    } rows[] = {
        {"1", "{\"c0\":\"abc\",\"c2\":\"a note of any length\"}", NULL},
        {"1", "{\"c0\":\"abcd\",\"c2\":null}", "Name takes 3 characters and the value has 4" TOO_LONG},
        {"12345", "{\"c0\":\"abc\"}", "Key takes 4 characters and the value has 5" TOO_LONG},
        {"12345", "{\"c0\":\"abcdef\"}",
         "Name takes 3 characters and the value has 6; Key takes 4 characters and the value has 5" TOO_LONG},
        {"12345", NULL, "Key takes 4 characters and the value has 5" TOO_LONG},
        {"12345", "not JSON", "Key takes 4 characters and the value has 5" TOO_LONG},
        {NULL, NULL, NULL},
        {"1", "{\"c0\":null}", NULL},
        {"1", "{\"c0\":\"\"}", NULL},
        {"1", "{}", NULL},
        /* two bytes, three bytes, four bytes; escaped, and a pair of surrogates */
        {"1", "{\"c0\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}", NULL},
        {"1", "{\"c0\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80!\"}",
         "Name takes 3 characters and the value has 4" TOO_LONG},
        {"1", "{\"c0\":\"\\u00e9\\ud83d\\ude00\\n\"}", NULL},
        {"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", "{\"c0\":\"\\u00e9\\ud83d\\ude00\\n!\"}",
         "Name takes 3 characters and the value has 4" TOO_LONG},
        /* e and a combining accent: the server counts two */
        {"1",
         "{\"c0\":\"e\xCC\x81"
         "ab\"}",
         "Name takes 3 characters and the value has 4" TOO_LONG},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *key[] = {xstrdup(rows[i].key)};
        struct row r = {.key = key, .nkey = 1, .values = xstrdup(rows[i].values)};
        char *said = sqlrow_too_long(&entities[PLAIN], &r, length);

        if (rows[i].said == NULL)
            assert_null(said);
        else
            assert_string_equal(said, rows[i].said);
        free(said);
        free(r.values);
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
