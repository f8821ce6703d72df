/* test_init_tables.c - which new table belongs to which legacy table. */
/* links: lib/core/init_tables.c lib/core/names.c lib/core/schema_facts.c lib/core/catalog.c lib/core/pgarray.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dualwrite/buf.h"
#include "schema_sample.h"

/* The pairs as "a=b c=d", with ? behind those that were guessed; or the faults. */
static void
pairs_are(const char *vnext, const char *legacy, const char *by_hand, const char *expected)
{
    struct sample v = sample_of("new", vnext);
    struct sample l = sample_of("old", legacy == NULL ? vnext : legacy);
    struct init_input in = {{v.facts, v.catalog}, {l.facts, l.catalog}, legacy == NULL};
    struct faults faults = {0};
    struct init_pairs pairs = init_pairs(&in, by_hand, &faults);
    struct buf out = {0};

    for (size_t i = 0; i < pairs.count; i++)
        buf_printf(&out, "%s%s=%s%s", i == 0 ? "" : " ", pairs.items[i].vnext->name, pairs.items[i].legacy->name,
                   pairs.items[i].guessed ? "?" : "");
    for (size_t i = 0; i < faults.count; i++)
        buf_printf(&out, "%s!%s", out.len == 0 ? "" : " ", faults.items[i].text);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
    init_pairs_free(&pairs);
    faults_free(&faults);
    sample_free(&v);
    sample_free(&l);
}

static void
test_names(void **state)
{
    (void) state;
    pairs_are("T|b\nT|a", "T|a\nT|b", NULL, "a=a b=b");
    pairs_are("T|customer", "T|customers", NULL, "customer=customers");
    pairs_are("T|customerOrder", "T|customer_orders", NULL, "customerOrder=customer_orders");
    pairs_are("T|crm_customer", "T|shop_customer\nT|shop_order", NULL, "crm_customer=shop_customer");
    pairs_are("T|crm_customer", "T|customers", NULL, "crm_customer=customers");
    pairs_are("T|customer", "T|shop_customers", NULL, "customer=shop_customers");
    /* the surest first: the item is nobody's subscription */
    pairs_are("T|sub\nT|sub_item", "T|sub_items\nT|subs", NULL, "sub=subs sub_item=sub_items");
}

/* Half of the words are enough when a column says the same. */
static void
test_guesses(void **state)
{
    (void) state;
    pairs_are("T|loyalty_period\nC|tier|text", "T|loyalty\nC|tier|text", NULL, "loyalty_period=loyalty?");
    pairs_are("T|loyalty_period\nC|tier|text", "T|loyalty\nC|level|text", NULL,
              "!no table of schema new is named like one of schema old; name the pairs: --tables=NEW=LEGACY,...");
    pairs_are("T|a_b_c\nC|x|text", "T|d_e_c\nC|x|text", NULL,
              "!no table of schema new is named like one of schema old; name the pairs: --tables=NEW=LEGACY,...");
    /* of two that are equally alike the one with more columns in common */
    pairs_are("T|x_a\nC|id|int4\nC|p|text\nT|y_a\nC|id|int4\nC|p|text\nC|q|text", "T|z_a\nC|p|text\nC|q|text", NULL,
              "y_a=z_a");
}

#define MAP "T|app_itemmap\nC|legacy_item_id|int4\nC|vnext_item_id|int4\n"

/* A map table is nobody's counterpart; in one schema it says which side is the new one. */
static void
test_map_tables(void **state)
{
    (void) state;
    pairs_are(MAP "T|app_item\nT|old_item", NULL, NULL, "app_item=old_item");
    pairs_are(MAP "T|app_item", "T|app_itemmap\nT|app_item", NULL, "app_item=app_item");
    pairs_are(
        "T|app_item\nT|old_item", NULL, NULL,
        "!schema new is both the new one and the legacy one, and nothing tells their tables apart; name the pairs: "
        "--tables=NEW=LEGACY,...");
    /* a map of something else, without a legacy column, is a table like any other */
    pairs_are("T|site_map\nC|url|text", "T|site_map\nC|url|text", NULL, "site_map=site_map");
}

static void
test_by_hand(void **state)
{
    (void) state;
    pairs_are("T|a\nT|b", "T|a\nT|x", "b=x", "b=x");
    pairs_are("T|a\nT|b", "T|a\nT|x", "b=x,a=a", "b=x a=a");
    pairs_are("T|customer", "T|orders", "custmer=orders,x",
              "!schema new has no table \"custmer\"; the nearest is \"customer\" !\"x\" is not a pair; write "
              "new_table=legacy_table");
    pairs_are("T|a", "T|b", "a=zzzzzzzzz", "!schema old has no table \"zzzzzzzzz\"");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_map_tables),
        cmocka_unit_test(test_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
