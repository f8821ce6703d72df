/* test_sqlread.c - what is asked of vNext about a row, and a table's resync. The whole statements are golden files. */
/* links: embedded.c lib/core/sqlread.c lib/core/sqlvalue.c lib/core/slots.c lib/core/ref.c lib/core/template.c lib/core/quote.c lib/core/catalog.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/expression.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_sample.h"

/* The identities come as texts, one array for each column, and are read as the source's columns. */
static void
test_wanted(void **state)
{
    static const struct plan_part rows[] = {
        {0, "org",
         "(SELECT u.i0::pg_catalog.uuid AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS "
         "u(i0, n)) w"},
        {0, "seat",
         "(SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.n FROM "
         "unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[])) WITH ORDINALITY AS u(i0, i1, n)) w"},
        {1, "note", "u.i0::pg_catalog.int4 AS i0, u.i1::pg_catalog.text AS i1, u.n FROM"},
        {0, "seat", "WHERE source.\"Account\" = w.i0 AND source.\"Group\" = w.i1 ORDER BY"},
        {0, "seat", "\nORDER BY w.n"},
    };

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
}

/* Of several rows with one identity: the present, then the latest, then the highest key. A map leaves one row. */
static void
test_who_speaks(void **state)
{
    static const struct plan_part rows[] = {
        {0, "org", "ORDER BY source.\"Id\" DESC LIMIT 1) AS \"Org\""},
        {0, "seat",
         "ORDER BY coalesce(source.\"State\"::pg_catalog.text IN ('it''s'), false) DESC, source.\"Changed\" DESC "
         "NULLS LAST, source.\"A\" DESC, source.\"B\" DESC LIMIT 1) AS \"Seat\""},
        {1, "word", "ORDER BY (source.\"Gone\" IS NULL) DESC, source.\"Code\" DESC LIMIT 1"},
        {1, "line",
         "ORDER BY (source.\"Live\" IS NOT NULL) DESC, source.\"Changed\" DESC NULLS LAST, source.\"Id\" DESC"},
    };

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
}

/*
 * Bare names in an expression are the source's columns: it stands over a FROM with nothing but the source's own name.
 */
static void
test_levels(void **state)
{
    static const struct plan_part rows[] = {
        {1, "page",
         "FROM (SELECT true AS found, coalesce(\"v\"::pg_catalog.text IN ('here'), false) AS present, \"Word\" AS p0, "
         "\"Id\" AS k, \"Slug\" AS q0, coalesce((v || \"Slug\" -- both\n)) AS q1, \"v\" AS q2"},
        {1, "page", "FROM (SELECT source.* FROM \"New\".\"b\" source WHERE source.\"Id\" = w.i0"},
        {1, "page", "LIMIT 1) AS \"b\") b\n"},
        {0, "org", "AS found, true AS present, NULL AS p0, \"Id\" AS k, \"Name\" AS q0\n"},
        {0, "org", "pg_catalog.left((b.q0)::pg_catalog.text, 20) AS c0, 'it''s'::pg_catalog.text AS x1\n"},
        /* a function that returns a set cannot stand in coalesce() */
        {0, "group", "coalesce((lower(\"Sort\") -- of the row\n)) AS q1"},
    };
    static const struct plan_part nowhere[] = {
        {0, "org", "coalesce(\"Name\")"},
    };

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
    check_parts(gen_read, nowhere, COUNT(nowhere), false);
}

/* What an absent row would get matters only where it is written: one that is deleted cannot fail on it. */
static void
test_absent_and_deleted(void **state)
{
    static const struct plan_part rows[] = {
        {1, "line", "CASE WHEN (\"Live\" IS NOT NULL) THEN (1 / \"Nr\"\n) END AS q2"},
        {1, "line", "CASE WHEN (\"Live\" IS NOT NULL) THEN \"Mood\" END AS q3"},
    };
    struct sample s = more_sample();
    struct gen g = gen_of(&s, "line");

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
    entity_of(s.mapping, "line")->removal.kind = REMOVAL_KEEP; /* a child may need it although it is absent */
    has(gen_read(&g), "\"Id\" AS k, coalesce((1 / \"Nr\"\n)) AS q2, \"Mood\" AS q3\n");
    entity_of(s.mapping, "line")->removal.kind = REMOVAL_DELETE;
    entity_of(s.mapping, "line")->present.kind = PRESENT_ALWAYS;
    has(gen_read(&g), "\"Id\" AS k, coalesce((1 / \"Nr\"\n)) AS q2, \"Mood\" AS q3\n");
    sample_free(&s);
}

/* The legacy key: from the map, else column by column from the identity and the parent. */
static void
test_target_key(void **state)
{
    static const struct plan_part rows[] = {
        {0, "org", "(m.\"Old Id\"::pg_catalog.text) AS k0"},
        {0, "org", "\nLEFT JOIN \"Map\".\"Org Map\" m ON m.\"New Id\" = w.i0\nORDER"},
        {0, "seat", "((w.i0)::pg_catalog.text) AS k0, (p.\"O\"::pg_catalog.text) AS k1"},
        {0, "tag", "((w.i0)::pg_catalog.text) AS k0"},
        {1, "note", "\nLEFT JOIN \"Map\".\"Note Map\" m ON m.\"X\" = w.i0 AND m.\"Y\" = w.i1\nORDER"},
        /* the looked-up key is for the legacy database to find */
        {1, "line", "((w.i0)::pg_catalog.text) AS k0, (w.i1::pg_catalog.text) AS k1, ((w.i2)::pg_catalog.text) AS k2"},
    };
    static const struct plan_part nowhere[] = {{0, "seat", " m "}, {0, "tag", "JOIN \"Map\""}, {1, "line", "Login"}};
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "tag");

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
    check_parts(gen_read, nowhere, COUNT(nowhere), false);
    look_up(value_of(s.mapping, "tag", "Code"), "New", "Code", "Code", "Short", false);
    has(gen_read(&g),
        "(CASE WHEN w.i0 IS NULL THEN NULL WHEN EXISTS (SELECT FROM \"New\".\"Code\" l WHERE l.\"Code\" = "
        "w.i0) THEN (SELECT l.\"Short\"::pg_catalog.text FROM");
    sample_free(&s);
}

/* The parent's keys: by its map; where it has none, its source key is its target key. */
static void
test_parent(void **state)
{
    static const struct plan_part rows[] = {
        {0, "org", "NULL::pg_catalog.text AS parent,\n       NULL::pg_catalog.text AS parent_key"},
        {0, "group", "s.p0::pg_catalog.text AS parent,\n       p.\"Old Id\"::pg_catalog.text AS parent_key"},
        {0, "group",
         "\nLEFT JOIN \"Map\".\"Group Map\" m ON m.\"N\" = w.i0\nLEFT JOIN \"Map\".\"Org Map\" p ON p.\"New Id\" = "
         "s.p0\n"},
        {0, "group", "\"Org Id\" AS p0"},
        /* part of the identity: known although the row is gone */
        {0, "seat", "w.i1::pg_catalog.text AS parent,\n       p.\"O\"::pg_catalog.text AS parent_key"},
        {0, "seat", "\nLEFT JOIN \"Map\".\"Group Map\" p ON p.\"N\" = w.i1\n"},
        {1, "page", "s.p0::pg_catalog.text AS parent,\n       s.p0::pg_catalog.text AS parent_key"},
        {1, "line", "w.i1::pg_catalog.text AS parent,\n       w.i1::pg_catalog.text AS parent_key"},
    };
    static const struct plan_part nowhere[] = {{1, "page", " p ON "}, {1, "line", "JOIN \"Map\""}};

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
    check_parts(gen_read, nowhere, COUNT(nowhere), false);
}

/* What is told: the mapped values but key and time; for the map's columns also what the target gets. */
static void
test_told(void **state)
{
    static const struct plan_part rows[] = {
        {0, "org", " AS k0, s.c0, s.c0 AS x0, s.x1\nFROM"},
        {0, "group", " AS k0, s.c0, s.c1, s.c2, s.c4, s.c5\nFROM"},
        {0, "seat", " AS k1\nFROM"},
        {0, "tag", " AS k0, s.c1, s.c2\nFROM"},
        {0, "org", "m.\"Seen\" AS verified"},
        {0, "group", "NULL::pg_catalog.bool AS verified"},
        {1, "page", " AS k0, s.c0, s.y0, s.o0, s.c1, s.y1, s.o1, s.c2, s.c3, s.c4, s.c5, s.c6, s.c0 AS x0, "},
        {1, "page", ", pg_catalog.now()::pg_catalog.text AS x1, s.x2, s.x4, s.x5\nFROM"},
        {1, "page", "pg_catalog.left((b.z5)::pg_catalog.text, 2) AS x5"},
        {1, "page", "coalesce((upper(v)\n)) AS z5"},
    };

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
}

/*
 * The plain value, the one with a suffix of the whole value, and whether another row with a lower key gives the same.
 */
static void
test_suffix(void **state)
{
    static const struct plan_part rows[] = {
        {1, "page",
         "pg_catalog.left((b.q0)::pg_catalog.text, 20) AS c0, dualwrite.suffixed((b.q0)::pg_catalog.text, "
         "b.k::pg_catalog.text, 20) AS y0, NOT EXISTS (SELECT FROM (SELECT \"Slug\" AS q, \"Id\" AS k FROM "
         "\"New\".\"b\") a WHERE pg_catalog.left((a.q)::pg_catalog.text, 20) = "
         "pg_catalog.left((b.q0)::pg_catalog.text, 20) AND a.k < b.k) AS o0"},
        {1, "page",
         "NOT EXISTS (SELECT FROM (SELECT (v || \"Slug\" -- both\n) AS q, \"Id\" AS k FROM \"New\".\"b\") a WHERE "
         "pg_catalog.left((a.q)::pg_catalog.text, 12) = pg_catalog.left((b.q1)::pg_catalog.text, 12)"},
        /* cut, but nobody is asked */
        {1, "page", "pg_catalog.left((b.q2)::pg_catalog.text, 8) AS c2, CASE"},
    };

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
}

/* A looked-up value is found here, or its key is carried to where it is found. */
static void
test_lookups(void **state)
{
    static const struct plan_part rows[] = {
        {1, "page", "THEN (SELECT l.\"Id\"::pg_catalog.text FROM \"Look\".\"Person\" l WHERE l.\"User\" = b.q3) ELSE"},
        {1, "page", "THEN (SELECT l.\"Id\"::pg_catalog.text FROM \"Look\".\"Person\" l WHERE l.\"User\" = b.z4) ELSE"},
        {1, "page", "(b.q4)::pg_catalog.text AS c4, (b.q5)::pg_catalog.text AS c5"},
    };
    static const struct plan_part nowhere[] = {{1, "page", "\"Old\""}};

    (void) state;
    check_parts(gen_read, rows, COUNT(rows), true);
    check_parts(gen_read, nowhere, COUNT(nowhere), false);
}

/* The resync walks the source in key order and queues what capture would. */
static void
test_resync(void **state)
{
    struct sample s = sample_of(family_json, family_catalog);
    struct gen g = gen_of(&s, "seat");
    char *sql = gen_resync(&g);

    (void) state;
    must_have(sql, "FROM \"New\".\"Seat\" n");
    must_have(sql, "(n.\"A\", n.\"B\") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, "
                   "($1::pg_catalog.text[])[2]::pg_catalog.text)");
    must_have(sql, "ARRAY[n.\"A\"::pg_catalog.text, n.\"B\"::pg_catalog.text, n.\"Account\"::pg_catalog.text, "
                   "n.\"Group\"::pg_catalog.text] AS ref");
    must_have(sql, "n.\"Group\"::text AS root");
    must_have(sql, "'seat', 'seat_u'");
    must_have(sql, "ORDER BY n.\"A\", n.\"B\" LIMIT $2");
    must_have(sql,
              "ARRAY[c.k0::pg_catalog.text, c.k1::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC, c.k1 DESC LIMIT 1");
    free(sql);
    g = gen_of(&s, "org");
    has(gen_resync(&g), "n.\"Id\"::text AS root");
    sample_free(&s);
    /* key columns called ref and root are told from the statement's own */
    s = more_sample();
    g = gen_of(&s, "note");
    has(gen_resync(&g), "SELECT n.\"ref\" AS k0, n.\"root\" AS k1, ARRAY[");
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wanted),     cmocka_unit_test(test_who_speaks),
        cmocka_unit_test(test_levels),     cmocka_unit_test(test_absent_and_deleted),
        cmocka_unit_test(test_target_key), cmocka_unit_test(test_parent),
        cmocka_unit_test(test_told),       cmocka_unit_test(test_suffix),
        cmocka_unit_test(test_lookups),    cmocka_unit_test(test_resync),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
