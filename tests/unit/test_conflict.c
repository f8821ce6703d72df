/* test_conflict.c - rows that want each other's values: in which order they can be written, and what is said of the rest. */
/* links: lib/core/conflict.c lib/core/change.c lib/core/change_rows.c lib/core/ref.c lib/core/pgarray.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "change_sample.h"
#include "dualwrite/buf.h"
#include "dualwrite/conflict.h"

/* "1>2 2>1 3>-": row 1 wants what row 2 holds; - is a row that is not asked about. */
static struct conflicts
conflicts_of(const char *text)
{
    struct conflicts c = {0};
    int used;

    for (unsigned row; sscanf(text, " %u>%n", &row, &used) == 1; text += used) {
        struct conflict *added = conflicts_add(&c, row);
        unsigned holder;

        text += used;
        used = 1;
        if (sscanf(text, "%u%n", &holder, &used) == 1)
            added->holder = holder;
        added->index = xstrdup("slug_key");
    }
    return c;
}

/* The order as text: the rows of a group sorted, groups apart by blanks. */
static char *
order_of(const char *conflicts, size_t rows)
{
    struct conflicts c = conflicts_of(conflicts);
    size_t *all = xcalloc(rows + 1, sizeof *all);
    struct conflict_order order;
    struct buf out = {0};

    for (size_t i = 0; i < rows; i++)
        all[i] = i + 1;
    order = conflict_order(&c, all, rows);
    for (size_t i = 0; i < order.ngroups; i++) {
        buf_puts(&out, i == 0 ? "" : " ");
        for (size_t row = 1; row <= rows; row++)
            for (size_t j = 0; j < order.groups[i].count; j++)
                if (order.rows[order.groups[i].first + j] == row)
                    buf_printf(&out, "%s%zu", out.len > 0 && out.data[out.len - 1] != ' ' ? "," : "", row);
    }
    conflict_order_free(&order);
    conflicts_free(&c);
    free(all);
    return buf_steal(&out);
}

static void
test_order(void **state)
{
    static const struct {
        const char *conflicts;
        size_t rows;
        const char *order;
    } rows[] = {
        {"", 0, ""},
        {"", 3, ""},
        /* nobody makes room by himself: those have been tried */
        {"1>2", 2, ""},
        {"1>- 2>1", 2, ""},
        /* swap, rotation, two cycles */
        {"1>2 2>1", 2, "1,2"},
        {"1>2 2>3 3>1", 3, "1,2,3"},
        {"1>2 2>1 3>4 4>3", 4, "1,2 3,4"},
        /* who waits for a cycle comes after it, and who waits for him after him */
        {"1>2 2>3 3>4 4>3", 4, "3,4 2 1"},
        /* a cycle that waits for another */
        {"1>2 2>1 2>3 3>4 4>3", 4, "3,4 1,2"},
        /* two indexes: both cycles are one */
        {"1>2 2>1 2>3 3>2", 3, "1,2,3"},
        {"1>2 2>1 1>2 2>1", 2, "1,2"},
        /* beside a cycle one that is stuck, and one that waits for it: neither is tried, nor holds the cycle up */
        {"1>2 2>1 3>- 4>3", 4, "1,2"},
        /* two want the same value */
        {"1>2 2>1 3>2", 3, "1,2 3"},
        /* of a row that is not asked about */
        {"9>1 1>2 2>1 1>9", 2, "1,2"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *order = order_of(rows[i].conflicts, rows[i].rows);

        assert_string_equal(order, rows[i].order);
        free(order);
    }
}

/* A ring and a chain as long as a batch: no recursion. */
static void
test_long(void **state)
{
    for (int ring = 0; ring < 2; ring++) {
        struct conflicts c = {0};
        size_t *rows = xcalloc(MANY, sizeof *rows);
        struct conflict_order order;

        (void) state;
        for (size_t i = 0; i < MANY; i++) {
            rows[i] = i;
            conflicts_add(&c, i)->holder = i + 1 < MANY ? i + 1 : ring ? 0 : MANY - 2;
        }
        order = conflict_order(&c, rows, MANY);
        assert_int_equal(order.ngroups, ring ? 1 : MANY - 1);
        assert_int_equal(order.groups[0].count, ring ? MANY : 2);
        if (!ring)
            for (size_t i = 1; i < MANY - 1; i++)
                assert_int_equal(order.rows[order.groups[i].first], MANY - 2 - i);
        conflict_order_free(&order);
        conflicts_free(&c);
        free(rows);
    }
}

/* ---- words ---- */

static void
hold(struct batch *b, size_t subject, const char *key)
{
    struct row *r = batch_add_row(b, subject);

    r->found = r->present = r->write = r->equal = true;
    r->key = xcalloc(1, sizeof *r->key);
    r->key[r->nkey++] = xstrdup(key);
}

static void
explains(const struct batch *b, const struct mapping *m, const struct conflicts *c, const char *index, const char *text)
{
    struct buf out = {0};

    buf_puts(&out, "taken");
    conflict_explain(&out, b, m, c, 0, index);
    assert_string_equal(buf_text(&out), text);
    buf_free(&out);
}

static void
test_explain(void **state)
{
    char *id[] = {(char[]){"id"}};
    struct mapping_entity team = entities[TEAM];
    struct mapping m = {.entities = &team, .count = 1};
    struct conflicts c = {0};
    struct batch b = {0};

    (void) state;
    team.target.name = (char[]){"old_team"};
    team.target_key = (struct mapping_names){id, 1};
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, TEAM, "team_new", "2");
    batch_group(&b, &m);
    hold(&b, 0, "11");
    explains(&b, &m, &c, NULL, "taken");
    conflicts_add(&c, 0)->index = xstrdup("slug_key");
    c.items[0].key = xcalloc(1, sizeof *c.items[0].key);
    c.items[0].key[c.items[0].nkey++] = xstrdup("12");
    explains(&b, &m, &c, "slug_key", "taken; the legacy row of old_team that has it is id=12");
    explains(&b, &m, &c, "name_key", "taken");
    hold(&b, 1, "12");
    explains(&b, &m, &c, NULL,
             "taken; the legacy row of old_team that has it is id=12, that of team 2, which is in step");
    b.rows[1].found = false;
    explains(&b, &m, &c, NULL,
             "taken; the legacy row of old_team that has it is id=12, that of team 2, which vNext has no more");
    subject_fail(&b.subjects[1], OUTCOME_PARK, "22001", NULL, "too long");
    explains(&b, &m, &c, NULL,
             "taken; the legacy row of old_team that has it is id=12, that of team 2, which cannot be synced itself");
    conflicts_free(&c);
    batch_free(&b);
}

/* Who wants what a busy row holds waits, and who wants what that one holds; others go on. */
static void
test_wait(void **state)
{
    struct conflicts c = conflicts_of("0>- 1>- 2>-");
    struct batch b = {0};
    size_t busy;

    (void) state;
    ADD(&b, TEAM, "team_new", "1");
    ADD(&b, TEAM, "team_new", "2");
    ADD(&b, TEAM, "team_new", "3");
    batch_group(&b, &mapping);
    for (size_t i = 0; i < 3; i++)
        batch_add_row(&b, i);
    busy = batch_companion(&b, &mapping, TEAM, (char *[]){(char[]){"4"}});
    c.items[0].owner = 1;
    c.items[1].owner = busy;
    subject_fail(&b.subjects[busy], OUTCOME_WAIT, NULL, NULL, "busy");
    conflict_wait(&b, &mapping, &c, busy, "somebody works there");
    assert_int_equal(b.subjects[0].outcome, OUTCOME_WAIT);
    assert_int_equal(b.subjects[1].outcome, OUTCOME_WAIT);
    assert_string_equal(b.subjects[1].sqlstate, "23505");
    assert_string_equal(b.subjects[1].constraint, "slug_key");
    assert_string_equal(b.subjects[0].error, "somebody works there");
    assert_int_equal(b.subjects[2].state, SUBJECT_PENDING);
    conflicts_free(&c);
    batch_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
