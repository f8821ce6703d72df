/* test_sqlglance.c - the statements with which two servers compare a chunk: what is sent, how it is taken, what is doubted. */
/* links: embedded.c lib/core/sqlglance.c lib/core/sqlcompare.c lib/core/sqlgen.c lib/core/sqlread.c lib/core/sqlmap.c lib/core/sqlwrite.c lib/core/sqlrows.c lib/core/sqlunique.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_sample.h"

/* ---- one server's arrays are the other's parameters ---- */

/* The words between `from` and the next `to`, as they stand. */
static char *
between(const char *sql, const char *from, const char *to)
{
    const char *begin = strstr(sql, from), *end;

    if (begin == NULL)
        fail_msg("without %s: %s", from, sql);
    begin += strlen(from);
    end = strstr(begin, to);
    assert_non_null(end);
    return xstrndup(begin, (size_t) (end - begin));
}

/* "x.k0) AS k0, pg_catalog.array_agg(s.c1) AS c1" is ", k0, c1" */
static char *
names_of_arrays(const char *arrays)
{
    struct buf out = {0};

    for (const char *at = strstr(arrays, ") AS "); at != NULL; at = strstr(at, ") AS ")) {
        at += strlen(") AS ");
        buf_puts(&out, ", ");
        buf_add(&out, at, strcspn(at, ",\n"));
    }
    return buf_steal(&out);
}

static void
check_order(const struct sample *s)
{
    for (size_t i = 0; i < s->mapping->count; i++) {
        struct gen g = gen_for(s->mapping, &s->catalogs, &s->mapping->entities[i]);
        char *vnext = gen_glance_vnext(&g), *legacy = gen_glance_legacy(&g);
        char *arrays = between(vnext, "END) AS \"do\", ", "\nFROM w");
        char *sent = names_of_arrays(arrays);
        char *taken = between(legacy, "AS w(\"do\"", ", n)");
        char *parameters = between(legacy, "unnest($1::pg_catalog.int4[]", ") WITH ORDINALITY");

        if (strcmp(sent, taken) != 0)
            fail_msg("%s: sent%s\ntaken%s", g.e->name, sent, taken);
        assert_int_equal(times(parameters, "[]"), times(taken, ","));
        free(vnext);
        free(legacy);
        free(arrays);
        free(sent);
        free(taken);
        free(parameters);
    }
}

/* Nothing but their order says which is which. */
static void
test_order(void **state)
{
    struct sample samples[] = {sample_of(family_json, family_catalog), more_sample()};

    (void) state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        check_order(&samples[i]);
        sample_free(&samples[i]);
    }
}

/* ---- which values ---- */

/* What is written once is not compared. It is read where legacy may refuse it: not where both have one type that decides. */
static void
test_what_is_written_once(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct catalog_column *from = column_of(&s, "New", "Group", "Made"), *to = column_of(&s, "Old", "Group", "Made");
    struct gen g = gen_of(&s, "group");

    (void) state;
    has(gen_glance_vnext(&g), "array_agg(s.c2) AS c2"); /* nothing is known of the types */
    no_domain(from);
    no_domain(to);
    has_not(gen_glance_vnext(&g), "array_agg(s.c2)");
    has_not(gen_glance_legacy(&g), "c2");
    check_order(&s);
    value_of(s.mapping, "group", "Made")->insert_only = false; /* what is compared is sent */
    has(gen_glance_vnext(&g), "array_agg(s.c2) AS c2");
    value_of(s.mapping, "group", "Made")->insert_only = true;
    free(to->shown_type); /* a domain over it */
    to->shown_type = xstrdup("\"Old\".past");
    has(gen_glance_vnext(&g), "array_agg(s.c2) AS c2");
    has(gen_glance_legacy(&g), ", pg_catalog.count(r.c2) FILTER (WHERE true)");
    has_not(gen_glance_legacy(&g), "t.\"Made\"");
    sample_free(&s);
}

/* Two servers may have other labels and other encodings under one name. */
static void
test_types_that_may_differ(void **state)
{
    static const char *const bases[] = {"text", "varchar", "enum", "bytea", "int4[]"};
    struct sample s = sample_of(family_json, family_catalog);
    struct catalog_column *from = column_of(&s, "New", "Group", "Made"), *to = column_of(&s, "Old", "Group", "Made");
    struct gen g = gen_of(&s, "group");

    (void) state;
    no_domain(from);
    no_domain(to);
    for (size_t i = 0; i < COUNT(bases); i++) {
        free(to->base);
        to->base = xstrdup(bases[i]);
        has(gen_glance_vnext(&g), "array_agg(s.c2) AS c2");
    }
    sample_free(&s);
}

/* A time is the sync's own; the map's columns are counted only where they may fail. */
static void
test_what_is_not_sent(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "page");

    (void) state;
    has_not(gen_glance_vnext(&g), "AS c7");
    has(gen_glance_vnext(&g), "AS ref1, pg_catalog.count(s.x4), pg_catalog.count(s.x5), ");
    g = gen_of(&s, "word");
    has_not(gen_glance_vnext(&g), "pg_catalog.count(s.x");
    sample_free(&s);
}

/* ---- how they are taken ---- */

/* varchar(n) would be cut by a cast; documents and what no array holds come as text. */
static void
test_taken(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "page");

    (void) state;
    has(gen_glance_legacy(&g), "(w.k0)::pg_catalog.int8 AS k0");
    has(gen_glance_legacy(&g), ", w.c2 AS c2,");
    has(gen_glance_legacy(&g), ", (w.c6)::pg_catalog.json AS c6");
    has_not(gen_glance_legacy(&g), "pg_catalog.json[]");
    free(column_of(&s, "Old", "Page", "Author")->base);
    column_of(&s, "Old", "Page", "Author")->base = xstrdup("int4[]");
    has_not(gen_glance_legacy(&g), "pg_catalog.uuid[]");
    has(gen_glance_legacy(&g), "'v', w.c3)) AS l(v pg_catalog.uuid) WHERE w.\"do\" & 6 <> 0) AS c3");
    sample_free(&s);
}

/* ---- what is called equal ---- */

/* Bytes, as rows are compared one by one; what has nothing to compare is there or is not. */
static void
test_differs(void **state)
{
    struct sample s = more_sample(), family = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "line");

    (void) state;
    has(gen_glance_legacy(&g), "THEN ROW(t.\"Text\", t.\"Mood\")::pg_catalog.record OPERATOR(pg_catalog.*<>) "
                               "ROW(r.c2, r.c3)::pg_catalog.record ELSE false END");
    g = gen_of(&s, "word");
    has(gen_glance_legacy(&g), "WHEN r.\"do\" & 2 <> 0 THEN false ELSE false END");
    g = gen_of(&family, "org"); /* a time that moves is none of it */
    has(gen_glance_legacy(&g), "ROW(t.\"Title\")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c0)::");
    g = gen_of(&family, "group"); /* the parent's key is */
    has(gen_glance_legacy(&g), "t.\"Alive\", t.\"O\")::pg_catalog.record");
    sample_free(&s);
    sample_free(&family);
}

/* An absent row writes nothing; legacy may not take what it has all the same. A row that is always there is compared. */
static void
test_doubts(void **state)
{
    static const char doubt[] = " OR (r.\"do\" & 1 = 0 AND pg_catalog.length(r.c2) > 8)";
    static const char read[] = ", pg_catalog.count(r.c4) FILTER (WHERE r.\"do\" & 1 = 0)";
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "page");

    (void) state;
    has(gen_glance_legacy(&g), doubt);
    has(gen_glance_legacy(&g), read);
    entity_of(s.mapping, "page")->present.kind = PRESENT_ALWAYS;
    has_not(gen_glance_legacy(&g), doubt);
    has_not(gen_glance_legacy(&g), read);
    entity_of(s.mapping, "page")->present.kind = PRESENT_IN;
    column_of(&s, "Old", "Page", "Name")->length = 0; /* varchar without a limit */
    has_not(gen_glance_legacy(&g), "pg_catalog.length(r.c2)");
    sample_free(&s);
}

/* Updated, deleted, left alone. */
static void
test_absent(void **state)
{
    static const char *const rows[][2] = {{"page", "2"}, {"word", "8"}, {"note", "0"}};
    struct sample s = more_sample();

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gen g = gen_of(&s, rows[i][0]);
        struct buf part = {0};

        buf_printf(&part, "WHEN s.present THEN 7 WHEN s.found THEN %s ELSE 16 END", rows[i][1]);
        has(gen_glance_vnext(&g), buf_text(&part));
        buf_free(&part);
    }
    sample_free(&s);
}

/* ---- walking ---- */

/* A key of several columns is one position, compared as a row; names are quoted, whatever they hold. */
static void
test_middle(void **state)
{
    static const char odd[] =
        "T|s\"x|t; --|\nC|a\"b|pg_catalog.int8\nC|select|pg_catalog.\"varchar\"|9\nU|a\"b|select\n";
    struct mapping_table table = {(char *) "s\"x", (char *) "t; --"};
    char *names[] = {(char *) "a\"b", (char *) "select"};
    struct catalog *c = catalog_of(odd);
    const struct catalog_table *t = catalog_table(c, table.schema, table.name);
    char *sql = gen_middle(&table, &(struct mapping_names){names, 2}, t);

    (void) state;
    must_have(
        sql, "SELECT ARRAY[n.\"a\"\"b\"::pg_catalog.text, n.\"select\"::pg_catalog.text]::pg_catalog.text[] AS middle\n"
             "FROM \"s\"\"x\".\"t; --\" n\n");
    must_have(sql, "(n.\"a\"\"b\", n.\"select\") > (($1::pg_catalog.text[])[1]::pg_catalog.int8, "
                   "($1::pg_catalog.text[])[2]::pg_catalog.\"varchar\")");
    must_have(sql, "ORDER BY n.\"a\"\"b\", n.\"select\" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1");
    free(sql);
    sql = gen_middle(&table, &(struct mapping_names){names, 1}, t);
    must_have(sql, "SELECT ARRAY[n.\"a\"\"b\"::pg_catalog.text]::");
    must_not_have(sql, "select\"");
    free(sql);
    catalog_free(c);
}

/* The last key of the chunk is the next one's beginning: of all its columns, backwards. */
static void
test_position(void **state)
{
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "note");

    (void) state;
    has(gen_glance_vnext(&g),
        "(SELECT ARRAY[w.r0::pg_catalog.text, w.r1::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY "
        "w.r0 DESC, w.r1 DESC LIMIT 1) AS position");
    has(gen_glance_vnext(&g),
        "json_agg(w.r0::pg_catalog.text) AS ref0, pg_catalog.json_agg(w.r1::pg_catalog.text) AS ref1, ");
    g = gen_of(&s, "line"); /* a ref has more columns than the key */
    has(gen_glance_vnext(&g),
        "(SELECT ARRAY[w.r0::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC LIMIT 1)");
    has(gen_glance_vnext(&g), "AS ref3, ");
    sample_free(&s);
}

/* As a source row would have it: a lookup in legacy is undone. */
static void
test_keys(void **state)
{
    struct sample s = more_sample(), family = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "line");

    (void) state;
    has(gen_glance_keys(&g), "FROM \"Old\".\"Person\" l WHERE l.\"Login\"::pg_catalog.text = ");
    has(gen_glance_keys(&g), "pg_catalog.array_agg(w.k0) AS k0, pg_catalog.array_agg(w.k1) AS k1, "
                             "pg_catalog.array_agg(w.k2) AS k2\nFROM w");
    g = gen_of(&family, "org");
    has(gen_glance_keys(&g), "t.\"Id\" AS r0, t.\"Id\"::pg_catalog.text AS k0\n    FROM \"Old\".\"O\"\"rg\" t\n");
    sample_free(&s);
    sample_free(&family);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_what_is_written_once),
        cmocka_unit_test(test_types_that_may_differ),
        cmocka_unit_test(test_what_is_not_sent),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_differs),
        cmocka_unit_test(test_doubts),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_middle),
        cmocka_unit_test(test_position),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
