/* test_pack.c - rules.json: what it becomes, and every fault with its place. */
/* links: lib/core/pack.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c lib/core/pack_parts.c lib/core/expression.c lib/core/pgarray.c lib/core/quote.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/pack.h"

#define CHECK "{\"name\": \"c\", \"title\": \"t\", \"severity\": \"error\", \"find\": \"f.sql\""
#define PACK(checks) "{\"name\": \"p\", \"title\": \"t\", \"checks\": [" checks "]}"

static void
a_pack(void **state)
{
    static const char text[] =
        "{\"name\": \"p_1\", \"title\": \"A pack\", \"schema\": \"App\", \"scoring\": {\"per_issue\": 2}, \"checks\": ["
        "{\"name\": \"a\", \"title\": \"A\", \"severity\": \"critical\", \"weight\": 100, \"on\": \"vnext\","
        " \"find\": \"a.sql\", \"table\": \"T\", \"mend\": \"m.sql\", \"done\": \"mended\"},"
        "{\"name\": \"b\", \"title\": \"B\", \"severity\": \"warning\", \"each\": \"entity\", \"compares\": "
        "\"drifted\","
        " \"find\": \"b.sql\", \"legacy\": \"l.sql\", \"mend\": \"queue\", \"done\": \"queued\"},"
        "{\"name\": \"c\", \"title\": \"C\", \"severity\": \"error\", \"each\": \"child\", \"column\": \"role\","
        " \"on\": \"legacy\", \"find\": \"b.sql\", \"mend\": \"retry\", \"done\": \"tried\"}]}";
    struct faults faults = {0};
    struct pack *p = pack_parse("rules.json", text, strlen(text), &faults);

    (void) state;
    assert_non_null(p);
    assert_int_equal(faults.count, 0);
    assert_string_equal(p->name, "p_1");
    assert_string_equal(p->schema, "App");
    assert_int_equal(p->scoring.per_issue, 2);
    assert_int_equal(p->scoring.most, 50);
    assert_int_equal(p->count, 3);
    assert_int_equal(p->checks[0].severity, PACK_CRITICAL);
    assert_int_equal(p->checks[0].weight, 100);
    assert_int_equal(p->checks[0].each, PACK_ONCE);
    assert_int_equal(p->checks[0].on, PACK_VNEXT);
    assert_int_equal(p->checks[0].mends, PACK_MEND_SQL);
    assert_string_equal(p->checks[0].mend.name, "m.sql");
    assert_string_equal(p->checks[0].table_schema, "App");
    assert_string_equal(p->checks[0].table, "T");
    assert_string_equal(p->checks[0].key, "id");
    assert_int_equal(p->checks[1].each, PACK_ENTITY);
    assert_int_equal(p->checks[1].mends, PACK_MEND_QUEUE);
    assert_string_equal(p->checks[1].compares, "drifted");
    assert_null(p->checks[1].mend.name);
    assert_string_equal(p->checks[1].legacy.name, "l.sql");
    assert_null(p->checks[0].legacy.name);
    assert_int_equal(p->checks[2].each, PACK_CHILD);
    assert_int_equal(p->checks[2].on, PACK_LEGACY);
    assert_int_equal(p->checks[2].mends, PACK_MEND_RETRY);
    assert_string_equal(p->checks[2].column, "role");
    assert_true(pack_is_about_sync(p));
    assert_true(pack_compares(p));
    pack_free(p);
    faults_free(&faults);
}

/* Each text has one fault, at that place, which says this. */
static void
faults(void **state)
{
    static const struct {
        const char *text, *where, *says;
    } cases[] = {
        {"{", ":1", ""},
        {"[]", "$", "an object"},
        {"{\"name\": \"p\", \"title\": \"t\"}", "$.checks", "a list of checks"},
        {PACK(""), "$.checks", "a list of checks"},
        {PACK("7"), "$.checks[0]", "an object"},
        {"{\"title\": \"t\", \"checks\": [" CHECK "}]}", "$", "has no \"name\""},
        {"{\"name\": \"P q\", \"title\": \"t\", \"checks\": [" CHECK "}]}", "$.name", "a-z"},
        {"{\"name\": \"p\", \"title\": \" \", \"checks\": [" CHECK "}]}", "$.title", "is empty"},
        {"{\"name\": \"p\", \"title\": \"t\", \"cheks\": 1, \"checks\": [" CHECK "}]}", "$.cheks", "checks"},
        {PACK(CHECK ", \"weigth\": 3}"), "$.checks[0].weigth", "weight"},
        {PACK(CHECK ", \"weight\": 101}"), "$.checks[0].weight", "0 to 100"},
        {PACK(CHECK ", \"weight\": -1}"), "$.checks[0].weight", "0 to 100"},
        {PACK(CHECK ", \"weight\": \"3\"}"), "$.checks[0].weight", "0 to 100"},
        {PACK(CHECK ", \"each\": \"entiti\"}"), "$.checks[0].each", "did you mean \"entity\""},
        {PACK(CHECK ", \"on\": 3}"), "$.checks[0].on", "is a number"},
        {PACK(CHECK ", \"on\": \"both\"}"), "$.checks[0].on", "\"vnext\", \"legacy\""},
        {PACK(CHECK ", \"legacy\": \"../l.sql\"}"), "$.checks[0].legacy", ".sql file"},
        {PACK(CHECK ", \"legacy\": \"l.sql\", \"on\": \"legacy\"}"), "$.checks[0].legacy", "on \"vnext\""},
        {PACK(CHECK "}, " CHECK "}"), "$.checks[1].name", "$.checks[0]"},
        {PACK("{\"name\": \"c\", \"title\": \"t\", \"find\": \"f.sql\"}"), "$.checks[0]", "has no \"severity\""},
        {PACK("{\"name\": \"c\", \"title\": \"t\", \"severity\": \"error\"}"), "$.checks[0]", "has no \"find\""},
        {PACK("{\"name\": \"c\", \"title\": \"t\", \"severity\": \"error\", \"find\": \"../f.sql\"}"),
         "$.checks[0].find", ".sql file"},
        {PACK("{\"name\": \"c\", \"title\": \"t\", \"severity\": \"error\", \"find\": \"f.txt\"}"), "$.checks[0].find",
         ".sql file"},
        {PACK(CHECK ", \"done\": \"d\"}"), "$.checks[0]", "no \"mend\""},
        {PACK(CHECK ", \"mend\": \"retry\"}"), "$.checks[0]", "has no \"done\""},
        {PACK(CHECK ", \"mend\": \"m.sql\", \"done\": \"d\"}"), "$.checks[0]", "has no \"table\""},
        {PACK(CHECK ", \"mend\": \"queue\", \"done\": \"d\"}"), "$.checks[0].mend", "compares"},
        {PACK(CHECK ", \"mend\": \"m.sql\", \"done\": \"d\", \"table\": \"t\", \"on\": \"legacy\"}"), "$.checks[0]",
         "only the sync writes"},
        {PACK(CHECK ", \"compares\": \"missing\"}"), "$.checks[0].compares", "each"},
        {PACK(CHECK ", \"column\": \"role\"}"), "$.checks[0].column", "each"},
        {PACK(CHECK ", \"key\": \"id\"}"), "$.checks[0]", "no \"table\""},
        {PACK(CHECK ", \"table\": \"t\", \"each\": \"map\"}"), "$.checks[0].table", "each"},
        {"{\"name\": \"p\", \"title\": \"t\", \"scoring\": {\"most\": 1000}, \"checks\": [" CHECK "}]}",
         "$.scoring.most", "0 to 100"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct faults f = {0};
        struct pack *p = pack_parse("rules.json", cases[i].text, strlen(cases[i].text), &f);
        const char *where;

        if (p != NULL || f.errors != 1)
            print_message("%s: %zu faults%s%s\n", cases[i].text, f.errors, f.count > 0 ? ": " : "",
                          f.count > 0 ? f.items[0].text : "");
        assert_null(p);
        assert_int_equal(f.errors, 1);
        where = strrchr(f.items[0].where, cases[i].where[0] == ':' ? ':' : ' ');
        assert_string_equal(where + (*where == ' '), cases[i].where);
        if (strstr(f.items[0].text, cases[i].says) == NULL)
            print_message("%s: %s\n", f.items[0].where, f.items[0].text);
        assert_non_null(strstr(f.items[0].text, cases[i].says));
        faults_free(&f);
    }
}

static void
all_faults_at_once(void **state)
{
    static const char text[] = PACK("{\"find\": 1}, {\"name\": \"\", \"weight\": 999}");
    struct faults f = {0};

    (void) state;
    assert_null(pack_parse("rules.json", text, strlen(text), &f));
    assert_int_equal(f.errors, 4 + 5);
    faults_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pack),
        cmocka_unit_test(faults),
        cmocka_unit_test(all_faults_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
