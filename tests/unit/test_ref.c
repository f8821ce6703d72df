/* test_ref.c - the columns that an event carries: each once, where capture and claim both look for it. */
/* links: lib/core/ref.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/ref.h"

#define MOST 4

/* Columns are written as words separated by spaces, split here. */
struct names {
    char text[64];
    char *items[MOST];
};

static struct mapping_names
split(struct names *n, const char *words)
{
    struct mapping_names out = {n->items, 0};
    char *rest = NULL;

    strcpy(n->text, words);
    for (char *word = strtok_r(n->text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        n->items[out.count++] = word;
    return out;
}

static const struct {
    const char *key;
    const char *identity;
    const char *parent; /* NULL: a root */
    bool map;
    const char *carried;
    const char *root;
} rows[] = {
    {"id", "id", NULL, true, "id", "id"},                           /* a root with a map */
    {"id", "team user", "team", false, "id team user", "team"},     /* a child by its natural key */
    {"id", "user team", "team", false, "id user team", "team"},     /* in another order: still with its parent */
    {"id", "id", "team", true, "id team", "id"},                    /* with a map it may move and must stay */
    {"id", "id", "team", false, "id team", "id"},                   /* and so it may with a key of its own */
    {"team user", "team user", "team", false, "team user", "team"}, /* its key is its identity */
    {"user team", "team user", "team", false, "user team", "team"}, /* in another order: the key's */
    {"user team", "user team", "team", true, "user team", "user"},  /* a map's key of several columns */
    {"a b", "c a d", NULL, false, "a b c d", "c"},                  /* a composite key, partly the identity */
    {"a b", "b", "c", false, "a b c", "b"},
    {"id", "code", NULL, false, "id code", "code"},          /* a natural key without a parent */
    {"id", "code code x", NULL, false, "id code x", "code"}, /* two target columns from one source column */
    {"id", "id id", "id", false, "id", "id"},
    {"id", "team ID", "team", false, "id team ID", "team"}, /* names differ by case */
    {"id", "id team", "id", false, "id team", "id"},        /* the parent's key is the child's */
};

static bool
in_identity(const struct mapping_entity *e, const char *column)
{
    for (size_t i = 0; i < e->identity.count; i++)
        if (strcmp(e->identity.items[i], column) == 0)
            return true;
    return false;
}

static void
test_layout(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct names key, identity, carried;
        char parent_column[16] = "";
        struct mapping_parent parent = {.column = parent_column};
        struct mapping_map map = {0};
        struct mapping_entity e = {
            .source_key = split(&key, rows[i].key),
            .identity = split(&identity, rows[i].identity),
            .parent = rows[i].parent == NULL ? NULL : &parent,
            .map = rows[i].map ? &map : NULL,
        };
        struct mapping_names expected = split(&carried, rows[i].carried);

        if (rows[i].parent != NULL)
            strcpy(parent_column, rows[i].parent);
        assert_int_equal(ref_count(&e), expected.count);
        for (size_t j = 0; j < expected.count; j++) {
            assert_string_equal(ref_column(&e, j), expected.items[j]);
            assert_int_equal(ref_position(&e, expected.items[j]), j);
        }
        assert_null(ref_column(&e, expected.count));
        assert_null(ref_column(&e, SIZE_MAX));
        assert_int_equal(ref_position(&e, "elsewhere"), expected.count);
        assert_int_equal(ref_position(&e, ""), expected.count);
        assert_string_equal(ref_root(&e), rows[i].root);
        assert_true(in_identity(&e, ref_root(&e)));
        /* everything that is looked for later is carried */
        for (size_t j = 0; j < e.identity.count; j++)
            assert_true(ref_position(&e, e.identity.items[j]) < ref_count(&e));
        assert_true(ref_position(&e, ref_root(&e)) < ref_count(&e));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
