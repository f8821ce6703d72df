/* test_init_keys.c - entities in the making: names, keys, parents, references, the way to the target key, the order. */
/* links: lib/core/init_keys.c lib/core/init_maps.c lib/core/init_match.c lib/core/init_tables.c lib/core/lossless.c lib/core/names.c lib/core/quote.c lib/core/schema_facts.c lib/core/catalog.c lib/core/pgarray.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/buf.h"
#include "dualwrite/init_keys.h"
#include "schema_sample.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void
put_key(struct buf *out, const struct init_key *key)
{
    for (size_t i = 0; i < key->count; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : ",", key->items[i]);
}

static void
put_reference(struct buf *out, const struct init_drafts *drafts, const struct init_reference *r, char how)
{
    buf_printf(out, " %c%s:%s=%s", how, drafts->items[r->draft].name, r->column, r->target_column);
}

/* Each draft as a line: "NAME SOURCE_KEY=TARGET_KEY", ^ its parent, > what it refers to, "map TABLE", "several". */
static char *
drafts_text(const struct init_drafts *drafts)
{
    static const char *const ways[] = {"", " found ", " new "};
    struct buf out = {0};

    for (size_t i = 0; i < drafts->count; i++) {
        const struct init_draft *d = &drafts->items[i];

        buf_printf(&out, "%s%s ", i == 0 ? "" : "\n", d->name);
        put_key(&out, &d->source_key);
        buf_puts(&out, "=");
        put_key(&out, &d->target_key);
        if (d->has_parent)
            put_reference(&out, drafts, &d->parent, '^');
        for (size_t j = 0; j < d->nreferences; j++)
            put_reference(&out, drafts, &d->references[j], '>');
        assert_int_equal(d->map_name == NULL, d->way == INIT_NATURAL);
        buf_printf(&out, "%s%s%s", ways[d->way], d->map_name == NULL ? "" : d->map_name, d->several ? " several" : "");
    }
    return buf_steal(&out);
}

/* The tables are paired as init_pairs() pairs them, or by hand. */
static void
drafts_are(const char *vnext, const char *legacy, const char *by_hand, const char *expected)
{
    struct sample v = sample_of("new", vnext);
    struct sample l = sample_of("old", legacy);
    struct init_input in = {{v.facts, v.catalog}, {l.facts, l.catalog}, false};
    struct faults faults = {0};
    struct init_pairs pairs = init_pairs(&in, by_hand, &faults);
    struct init_drafts drafts = init_drafts(&in, &pairs);
    char *text = drafts_text(&drafts);

    assert_int_equal(faults.count, 0);
    assert_string_equal(text, expected);
    free(text);
    init_drafts_free(&drafts);
    init_pairs_free(&pairs);
    faults_free(&faults);
    sample_free(&v);
    sample_free(&l);
}

struct row {
    const char *vnext, *legacy;
    const char *expected;
};

static void
all_are(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        drafts_are(rows[i].vnext, rows[i].legacy == NULL ? rows[i].vnext : rows[i].legacy, NULL, rows[i].expected);
}

#define SERIAL "nextval('s'::regclass)"
#define A "T|a\nC|x|uuid|n\nC|y|uuid|n\nC|z|uuid\n"

static void
test_keys(void **state)
{
    static const struct row rows[] = {
        {A "U|y\nP|x", NULL, "a x=x"},
        {A "P|x|y", NULL, "a x,y=x,y"},
        /* without a primary key the first unique one, whole and of NOT NULL columns */
        {A "U|y\nU|x", NULL, "a y=y"},
        {A "u|y\nU|z\nU|x|z\nU|x|y\nU|x", NULL, "a x,y=x,y"},
        {A "U|z", NULL, "a ="},
        {A, NULL, "a ="},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

/* How the target key is told: from the row itself, or by a map. */
static void
test_ways(void **state)
{
    static const struct row rows[] = {
        {"T|a\nC|id|uuid|n\nP|id", NULL, "a id=id"},
        {"T|a\nC|code|text|n\nP|code", "T|a\nC|number|varchar(9)|n\nP|number", "a code=number"},
        {"T|a\nC|code|text|n\nP|code", "T|a\nC|number|int4|n\nP|number", "a code=number new a_map"},
        /* numbers of two sequences would meet */
        {"T|a\nC|id|int8|n|" SERIAL "\nP|id", "T|a\nC|id|int4|n|" SERIAL "\nP|id", "a id=id new a_map"},
        {"T|a\nC|id|int8|n|" SERIAL "\nP|id", "T|a\nC|id|int4|n\nP|id", "a id=id"},
        {"T|a\nC|id|int8|n|" SERIAL "\nP|id\nT|a_map\nC|legacy_id|int4\nC|vnext_id|int8",
         "T|a\nC|id|int4|n|" SERIAL "\nP|id", "a id=id found a_map"},
        {"T|a\nC|x|int4|n\nC|y|text|n\nP|x|y", "T|a\nC|id|int4|n|" SERIAL "\nP|id", "a x,y=id new a_map"},
        /* no map holds a target key of several columns; a source without a key needs none */
        {"T|a\nC|id|int4|n\nP|id", "T|a\nC|p|uuid|n\nC|q|uuid|n\nP|p|q", "a id=p,q"},
        {"T|a\nC|c|text|n", "T|a\nC|id|int4|n|" SERIAL "\nP|id", "a =id"},
        /* several source rows for a target row, unless a key of the source is within what tells it */
        {"T|a\nC|id|int8|n|" SERIAL "\nC|code|text|n\nP|id", "T|a\nC|code|text|n\nP|code", "a id=code several"},
        {"T|a\nC|id|int8|n|" SERIAL "\nC|code|text|n\nP|id\nU|code", "T|a\nC|code|text|n\nP|code", "a id=code"},
        {"T|a\nC|id|int8|n|" SERIAL "\nC|code|text|n\nP|id\nu|code", "T|a\nC|code|text|n\nP|code", "a id=code several"},
        {"T|a\nC|p|uuid|n\nC|q|uuid|n\nP|p", "T|a\nC|p|uuid|n\nC|q|uuid|n\nP|q|p", "a p=q,p"},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

#define P "T|p\nC|id|uuid|n\nP|id\n"
#define Q "T|q\nC|id|uuid|n\nP|id\n"

static void
test_parents(void **state)
{
    static const struct row rows[] = {
        {P "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nP|id\nF|p_id|p|id", NULL, "p id=id\nc id=id ^p:p_id=p_id"},
        /* both sides must say so */
        {P "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nP|id", P "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nP|id\nF|p_id|p|id",
         "c id=id\np id=id"},
        {P "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nP|id\nF|p_id|p|id", P "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nP|id",
         "c id=id\np id=id"},
        /* a row that may be without one has no parent */
        {P "T|c\nC|id|uuid|n\nC|p_id|uuid\nP|id\nF|p_id|p|id", NULL, "p id=id\nc id=id >p:p_id=p_id"},
        /* a foreign key to something that is not the key */
        {"T|p\nC|id|uuid|n\nC|x|uuid|n\nP|id\nU|x\nT|c\nC|id|uuid|n\nC|p_id|uuid|n\nP|id\nF|p_id|p|x", NULL,
         "c id=id\np id=id"},
        {P "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nP|id\nF|p_id|other.p|id", NULL, "c id=id\np id=id"},
        /* of two the first, one in a unique key before that, and one of its name before all */
        {P Q "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nC|q_id|uuid|n\nP|id\nF|q_id|q|id\nF|p_id|p|id", NULL,
         "p id=id\nq id=id\nc id=id ^p:p_id=p_id >q:q_id=q_id"},
        {P Q "T|c\nC|id|uuid|n\nC|p_id|uuid|n\nC|q_id|uuid|n\nP|id\nU|q_id|id\nF|p_id|p|id\nF|q_id|q|id", NULL,
         "p id=id\nq id=id\nc id=id ^q:q_id=q_id >p:p_id=p_id"},
        {P Q "T|p_line\nC|id|uuid|n\nC|p_id|uuid|n\nC|q_id|uuid|n\nP|id\nU|q_id|id\nF|p_id|p|id\nF|q_id|q|id", NULL,
         "p id=id\nq id=id\nline id=id ^p:p_id=p_id >q:q_id=q_id"},
        /* the columns that are named most alike belong together */
        {P "T|c\nC|id|uuid|n\nC|to_p|uuid|n\nC|from_p|uuid|n\nP|id\nF|from_p|p|id\nF|to_p|p|id",
         P "T|c\nC|id|uuid|n\nC|to_p_id|uuid|n\nC|from_p_id|uuid|n\nP|id\nF|to_p_id|p|id\nF|from_p_id|p|id",
         "p id=id\nc id=id ^p:to_p=to_p_id >p:from_p=from_p_id"},
        /* nobody is his own parent, nor in a circle */
        {"T|c\nC|id|uuid|n\nC|up|uuid|n\nP|id\nF|up|c|id", NULL, "c id=id >c:up=up"},
        {"T|a\nC|id|uuid|n\nC|b|uuid|n\nP|id\nF|b|b|id\nT|b\nC|id|uuid|n\nC|a|uuid|n\nP|id\nF|a|a|id", NULL,
         "b id=id >a:a=a\na id=id ^b:b=b"},
        /* of a child that both tell by its parent, the key that has the parent in it */
        {P "T|seat\nC|id|uuid|n\nC|p_id|uuid|n\nC|row|text|n\nP|id\nF|p_id|p|id",
         P "T|seat\nC|x|int4|n\nC|y|int4|n\nC|p_id|uuid|n\nC|row|text|n\nP|x|y\nU|row\nU|p_id|row\nF|p_id|p|id",
         "p id=id\nseat id=p_id,row ^p:p_id=p_id several"},
        {P "T|seat\nC|id|uuid|n\nC|p_id|uuid|n\nP|id\nF|p_id|p|id",
         P "T|seat\nC|id|int4|n|" SERIAL "\nC|p_id|uuid|n\nP|id\nU|p_id\nF|p_id|p|id",
         "p id=id\nseat id=p_id ^p:p_id=p_id several"},
        /* who is pointed to must be told by its key, or by a map */
        {"T|p\nC|id|uuid|n\nC|code|text|n\nP|id\nT|c\nC|id|uuid|n\nC|p|uuid|n\nP|id\nF|p|p|id",
         "T|p\nC|code|text|n\nP|code\nT|c\nC|id|uuid|n\nC|p|text|n\nP|id\nF|p|p|code",
         "p id=code new p_map\nc id=id ^p:p=p"},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

/* What is pointed to is written before what points to it. */
static void
test_order(void **state)
{
    static const struct row rows[] = {
        {"T|a\nC|id|uuid|n\nC|b|uuid\nP|id\nF|b|b|id\nT|b\nC|id|uuid|n\nC|c|uuid|n\nP|id\nF|c|c|id\nT|c\nC|id|uuid|n\n"
         "P|id",
         NULL, "c id=id\nb id=id ^c:c=c\na id=id >b:b=b"},
        /* in a circle that no parent breaks, anyone may be the first */
        {"T|a\nC|id|uuid|n\nC|b|uuid\nP|id\nF|b|b|id\nT|b\nC|id|uuid|n\nC|a|uuid\nP|id\nF|a|a|id\nT|c\nC|id|uuid|n\n"
         "P|id",
         NULL, "c id=id\na id=id >b:b=b\nb id=id >a:a=a"},
    };

    (void) state;
    all_are(rows, COUNT(rows));
}

#define ID "\nC|id|uuid|n\nP|id\n"
#define FORTY "a_name_of_more_than_forty_characteristics"

static void
test_names(void **state)
{
    static const struct row rows[] = {
        {"T|crm_Order" ID, "T|shop_orders" ID, "order id=id"},
        {"T|CustomerOrders" ID, "T|customer_order" ID, "customer_order id=id"},
        {"T|ma\xC3\xB1"
         "ana" ID,
         NULL, "ma__ana id=id"},
        {"T|" FORTY ID, NULL, "a_name_of_more_than_forty_characteri id=id"},
        {"T|" FORTY "_a" ID "T|" FORTY "_b" ID, NULL,
         "a_name_of_more_than_forty_characteri id=id\na_name_of_more_than_forty_characteri_2 id=id"},
        /* the line of an order is a line, where nothing else is, and what is left says something */
        {"T|order" ID "T|order_line" ID "C|o|uuid|n\nF|o|order|id", NULL, "order id=id\nline id=id ^order:o=o"},
        {"T|order" ID "T|orderline" ID "C|o|uuid|n\nF|o|order|id", NULL, "order id=id\nline id=id ^order:o=o"},
        {"T|order" ID "T|order_log" ID "C|o|uuid|n\nF|o|order|id", NULL, "order id=id\norder_log id=id ^order:o=o"},
        {"T|line" ID "T|order" ID "T|order_line" ID "C|o|uuid|n\nF|o|order|id", NULL,
         "line id=id\norder id=id\norder_line id=id ^order:o=o"},
        {"T|order" ID "T|order_line" ID, NULL, "order id=id\norder_line id=id"},
    };

    (void) state;
    all_are(rows, COUNT(rows));
    drafts_are("T|b" ID "T|a" ID, "T|x" ID "T|y" ID, "b=x,a=y", "b id=id\na id=id");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),  cmocka_unit_test(test_ways),  cmocka_unit_test(test_parents),
        cmocka_unit_test(test_order), cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
