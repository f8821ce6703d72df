/* test_check_keys.c - which unique indexes and foreign keys rows of vNext may violate, as far as can be told without them. */
/* links: lib/core/check_keys.c lib/core/expression.c lib/core/check_value.c lib/core/sqlvalue.c lib/core/slots.c lib/core/template.c lib/core/catalog.c lib/core/quote.c lib/core/mapping.c lib/core/mapping_values.c lib/core/mapping_rules.c lib/core/mapping_entities.c lib/core/json_file.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check_sample.h"
#include "dualwrite/check_keys.h"

/* Entity 0 has a map; entity 1 is its child, and its target key says which row is meant. */
static const char tables[] =
    "T new table S\n"
    "C ! id bigint\nC ! slug text\nC ! title text\nC - owner bigint\nC - made text\n"
    "U id\nU slug\nF owner owners\n"
    "T old table SIU\n"
    "C != id bigint\nC ! slug text\nC ! title text\nC - owner bigint\nC ! code text\n"
    "C # kind integer\nC - empty text\nC - fixed text\nC = serial bigint\nU id\n"
    "T map table SIU\nC ! n bigint\nC ! o bigint\nU n\n"
    "T new_child table S\nC ! id bigint\nC ! up bigint\nC ! who bigint\nU id\n"
    "T old_child table SIU\nC != id bigint\nC ! up bigint\nC ! who bigint\nC - slug text\nU up,who\n";

static const char json[] =
    "{\"entities\": [{\"name\": \"thing\",\n"
    " \"source\": {\"table\": \"new\", \"key\": [\"id\"]}, \"target\": {\"table\": \"old\", \"key\": [\"id\"]},\n"
    " \"map\": {\"table\": \"map\", \"source_key\": \"n\", \"target_key\": \"o\"},\n"
    " \"columns\": {\"slug\": \"slug\", \"title\": \"title\", \"owner\": \"owner\", \"code\": {\"expression\": "
    "\"lower(slug)\"},\n"
    "  \"fixed\": {\"constant\": \"x\"}},\n"
    " \"removal\": \"keep\", \"log\": {\"id\": \"thing_id\"},\n"
    " \"operations\": {\"insert\": \"t_i\", \"update\": \"t_u\", \"remove\": \"t_r\"}},\n"
    "{\"name\": \"child\", \"parent\": {\"entity\": \"thing\", \"column\": \"up\", \"target_column\": \"up\"},\n"
    " \"source\": {\"table\": \"new_child\", \"key\": [\"id\"]}, \"target\": {\"table\": \"old_child\", \"key\": "
    "[\"up\", \"who\"]},\n"
    " \"columns\": {\"who\": \"who\"}, \"removal\": \"keep\", \"log\": {\"id\": \"child_id\"},\n"
    " \"operations\": {\"insert\": \"c_i\", \"update\": \"c_u\", \"remove\": \"c_r\"}}]}";

struct sample {
    struct mapping *m;
    struct catalog *c;
    struct catalog *legacy; /* NULL: the same */
    struct catalogs both;
    struct check_subject s;
};

/* `more` is added to the target table of that entity. */
static void
setup(struct sample *t, size_t entity, const char *more, bool two)
{
    struct faults faults = {0};
    const char *at = entity == 0 ? "C = serial bigint\nU id\n" : "U up,who\n";
    struct buf to = {0};
    char *text;

    buf_printf(&to, "%s%s", at, more);
    text = changed(tables, at, buf_text(&to));
    buf_free(&to);
    *t = (struct sample){.m = mapping_parse("m.json", json, strlen(json), &faults), .c = build(text)};
    assert_non_null(t->m);
    t->legacy = two ? build(text) : NULL;
    t->both = (struct catalogs){t->c, two ? t->legacy : t->c};
    assert_true(check_subject_make(&t->s, t->m, &t->both, &t->m->entities[entity], 0));
    faults_free(&faults);
    free(text);
}

static void
teardown(struct sample *t)
{
    check_subject_free(&t->s);
    mapping_free(t->m);
    catalog_free(t->c);
    catalog_free(t->legacy);
}

static const struct {
    size_t entity;
    const char *index; /* the last one of the target */
    enum check_hold taken;
    enum check_hold twice;
} uniques[] = {
    {0, "", HOLD_ALWAYS, HOLD_ALWAYS},          /* the key that the map hands out */
    {0, "U slug\n", HOLD_PERHAPS, HOLD_ALWAYS}, /* vNext has such an index */
    {0, "d slug\n", HOLD_PERHAPS, HOLD_ALWAYS},
    {0, "p slug\n", HOLD_PERHAPS, HOLD_ALWAYS}, /* over fewer rows */
    {0, "U title\n", HOLD_PERHAPS, HOLD_PERHAPS},
    {0, "U slug,title\n", HOLD_PERHAPS, HOLD_ALWAYS},
    {0, "U code\n", HOLD_PERHAPS, HOLD_PERHAPS}, /* an expression may give two slugs the same */
    {0, "x lower(slug)\n", HOLD_PERHAPS, HOLD_PERHAPS},
    {0, "U fixed\n", HOLD_PERHAPS, HOLD_PERHAPS},
    {0, "U kind\n", HOLD_PERHAPS, HOLD_PERHAPS}, /* every row gets the default */
    {0, "U kind,title\n", HOLD_PERHAPS, HOLD_PERHAPS},
    {0, "U empty\n", HOLD_ALWAYS, HOLD_ALWAYS}, /* NULL differs from NULL */
    {0, "U empty,title\n", HOLD_ALWAYS, HOLD_ALWAYS},
    {0, "U serial\n", HOLD_ALWAYS, HOLD_ALWAYS},
    {0, "U id,title\n", HOLD_ALWAYS, HOLD_ALWAYS},
    {1, "", HOLD_ALWAYS, HOLD_ALWAYS}, /* the target key itself */
    {1, "U up\n", HOLD_PERHAPS, HOLD_PERHAPS},
    {1, "U who\n", HOLD_PERHAPS, HOLD_PERHAPS},
    {1, "U slug\n", HOLD_ALWAYS, HOLD_ALWAYS},
};

static void
test_uniques(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(uniques); i++) {
        struct sample t;
        const struct catalog_unique *u;

        setup(&t, uniques[i].entity, uniques[i].index, false);
        u = &t.s.target->uniques[t.s.target->nuniques - 1];
        if (check_taken_hold(&t.s, u) != uniques[i].taken || check_twice_hold(&t.s, u) != uniques[i].twice)
            fail_msg("%s: taken %d, twice %d", uniques[i].index, check_taken_hold(&t.s, u), check_twice_hold(&t.s, u));
        teardown(&t);
    }
}

/* The rule of the mapping, and what cannot be evaluated. */
static void
test_rules(void **state)
{
    struct sample t;
    const struct catalog_unique *u;

    (void) state;
    setup(&t, 0, "U title\n", false);
    u = &t.s.target->uniques[1];
    ((struct mapping_value *) t.s.columns[1].value)->unique = UNIQUE_SUFFIX;
    assert_int_equal(check_twice_hold(&t.s, u), HOLD_ALWAYS);
    assert_int_equal(check_taken_hold(&t.s, u), HOLD_ALWAYS);
    ((struct mapping_value *) t.s.columns[1].value)->unique = UNIQUE_TRUNCATE;
    assert_int_equal(check_twice_hold(&t.s, u), HOLD_PERHAPS);
    t.s.columns[1].skip = true;
    assert_int_equal(check_twice_hold(&t.s, u), HOLD_UNKNOWN);
    assert_int_equal(check_taken_hold(&t.s, u), HOLD_UNKNOWN);
    teardown(&t);

    setup(&t, 0, "U slug\n", false); /* cut, a unique slug may become the same as another */
    ((struct mapping_value *) t.s.columns[0].value)->truncate = 3;
    assert_int_equal(check_twice_hold(&t.s, &t.s.target->uniques[1]), HOLD_PERHAPS);
    teardown(&t);
}

static const struct {
    size_t entity;
    const char *foreign;
    bool two;
    enum check_hold hold;
} foreigns[] = {
    {0, "F owner owners\n", false, HOLD_ALWAYS}, /* vNext has the same */
    {0, "F owner owners\n", true, HOLD_PERHAPS}, /* in another database */
    {0, "F owner others\n", false, HOLD_PERHAPS}, {0, "F title titles\n", false, HOLD_PERHAPS},
    {0, "F empty titles\n", false, HOLD_ALWAYS}, /* NULL points nowhere */
    {0, "F kind kinds\n", false, HOLD_PERHAPS},  /* the default's row may be missing */
    {0, "F serial kinds\n", false, HOLD_UNKNOWN}, {1, "F up old\n", false, HOLD_ALWAYS}, /* the parent */
    {1, "F up old\n", true, HOLD_ALWAYS},         {1, "F up elsewhere\n", false, HOLD_PERHAPS},
    {1, "F who people\n", false, HOLD_PERHAPS},
};

static void
test_foreigns(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(foreigns); i++) {
        struct sample t;
        enum check_hold hold;

        setup(&t, foreigns[i].entity, foreigns[i].foreign, foreigns[i].two);
        hold = check_foreign_hold(&t.s, &t.s.target->foreigns[0]);
        if (hold != foreigns[i].hold)
            fail_msg("%s (%s): %d", foreigns[i].foreign, foreigns[i].two ? "two" : "one", hold);
        teardown(&t);
    }
}

static struct mapping_lookup lookup = {{(char *) "public", (char *) "titles"}, (char *) "slug", (char *) "id", true};

/* What a lookup finds is there. */
static void
test_lookup(void **state)
{
    struct sample t;
    struct catalog_foreign f = {.name = (char *) "f",
                                .columns = (char *[]){(char *) "title"},
                                .count = 1,
                                .schema = (char *) "public",
                                .table = (char *) "titles",
                                .referenced = (char *[]){(char *) "id"}};
    struct mapping_value *v;

    (void) state;
    setup(&t, 0, "", true);
    v = (struct mapping_value *) t.s.columns[1].value;
    v->lookup = &lookup;
    assert_int_equal(check_foreign_hold(&t.s, &f), HOLD_ALWAYS);
    lookup.legacy = false; /* found in vNext: nothing about legacy */
    assert_int_equal(check_foreign_hold(&t.s, &f), HOLD_PERHAPS);
    lookup.legacy = true;
    f.table = (char *) "other";
    assert_int_equal(check_foreign_hold(&t.s, &f), HOLD_UNKNOWN);
    v->lookup = NULL;
    teardown(&t);
}

/* Only what must be tried or compared is streamed. */
static void
test_needed(void **state)
{
    struct sample t;
    bool *needed;

    (void) state;
    setup(&t, 0, "", false);
    assert_null(check_needed(&t.s));
    teardown(&t);
    setup(&t, 0, "U title\nF owner others\n", false);
    needed = check_needed(&t.s);
    assert_non_null(needed);
    assert_false(needed[0] || needed[1] || needed[4]);
    assert_true(needed[2] && needed[3]);
    free(needed);
    teardown(&t);
    setup(&t, 1, "U who\n", false); /* and which row is meant */
    needed = check_needed(&t.s);
    assert_true(needed[1] && needed[2]);
    free(needed);
    teardown(&t);
}

static void
test_tries(void **state)
{
    struct sample t;

    (void) state;
    setup(&t, 0, "", false);
    assert_false(check_tries(&t.s, 1)); /* text into text */
    assert_false(check_tries(&t.s, 3)); /* bigint into bigint */
    t.c->tables[1].columns[3].shown_type[0] = 'B';
    assert_true(check_tries(&t.s, 3)); /* another type */
    t.c->tables[1].columns[3].shown_type[0] = 'b';
    t.c->tables[1].columns[1].exact_type = xstrdup("character varying");
    assert_true(check_tries(&t.s, 1));  /* a domain has checks of its own */
    assert_false(check_tries(&t.s, 7)); /* a constant is tried by itself */
    assert_false(check_tries(&t.s, 5)); /* not mapped */
    teardown(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniques), cmocka_unit_test(test_rules),  cmocka_unit_test(test_foreigns),
        cmocka_unit_test(test_lookup),  cmocka_unit_test(test_needed), cmocka_unit_test(test_tries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
