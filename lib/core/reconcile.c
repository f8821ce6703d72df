/* reconcile.c - judging what reconcile sees; see dualwrite/reconcile.h, also for why it is right. */
#include "dualwrite/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_node.h"
#include "dualwrite/ref.h"

#define CHUNK_BYTES (INT64_C(1) << 20)
#define TRIES_MAX 10 /* of a question that waits 2 s for a lock each time */

static const char *const class_names[RECONCILE_CLASSES] = {"equal", "missing", "drifted", "extra", "refused"};

const char *
reconcile_class_name(enum reconcile_class c)
{
    return class_names[c];
}

enum reconcile_class
reconcile_class_named(const char *name)
{
    int c = 0;

    while (c < RECONCILE_CLASSES && strcmp(class_names[c], name) != 0)
        c++;
    return (enum reconcile_class) c;
}

enum reconcile_class
reconcile_classify(const struct row *r, bool deletes, bool shadow, bool differs)
{
    if (r->remove)
        return shadow && (deletes || differs) ? RECONCILE_EXTRA : RECONCILE_EQUAL;
    if (r->create && !shadow)
        return RECONCILE_MISSING;
    return r->write && shadow && differs ? RECONCILE_DRIFTED : RECONCILE_EQUAL;
}

static bool
is_set(const struct mapping_removal *removal, const char *column)
{
    for (size_t i = 0; i < removal->set.count; i++)
        if (strcmp(removal->set.items[i].name, column) == 0)
            return true;
    return false;
}

bool
reconcile_removes(const struct row *r, const struct mapping_removal *removal, enum reconcile_class class,
                  const struct reconcile_difference *differences, size_t count)
{
    if (r->present || class != RECONCILE_DRIFTED)
        return !r->present && class == RECONCILE_EXTRA;
    for (size_t i = 0; i < count; i++) /* one that is removed already may differ in other columns */
        if (is_set(removal, differences[i].column))
            return true;
    return false;
}

enum reconcile_class
reconcile_worse(enum reconcile_class a, enum reconcile_class b)
{
    if (a == RECONCILE_EQUAL || b == RECONCILE_EQUAL)
        return a == RECONCILE_EQUAL ? b : a;
    if (a == RECONCILE_REFUSED || b == RECONCILE_REFUSED)
        return RECONCILE_REFUSED;
    return a < b ? a : b;
}

static bool
same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

enum reconcile_judgement
reconcile_judge(const struct reconcile_look *first, const struct reconcile_look *second, bool last)
{
    if (second->class == RECONCILE_EQUAL)
        return RECONCILE_GONE;
    if (second->failed != NULL && (second->parked || last))
        return RECONCILE_PARKED;
    if (first->waits || second->waits || second->failed != NULL || first->class != second->class ||
        !same(first->seen, second->seen))
        return RECONCILE_OPEN;
    return RECONCILE_CONFIRMED;
}

enum reconcile_refusal
reconcile_refusal(const char *sqlstate, size_t count, int tries)
{
    enum outcome outcome = outcome_of(sqlstate);

    if (outcome == OUTCOME_RETRY_SERVER || outcome == OUTCOME_SCHEMA)
        return RECONCILE_STOP;
    if (strcmp(sqlstate, "57014") == 0) /* it took too long: not said of one row */
        return count > 1 ? RECONCILE_HALVE : RECONCILE_STOP;
    if (strncmp(sqlstate, "55", 2) == 0 || strncmp(sqlstate, "40", 2) == 0)
        return tries < TRIES_MAX ? RECONCILE_AGAIN : RECONCILE_STOP;
    return RECONCILE_HALVE;
}

void
reconcile_look_free(struct reconcile_look *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].column);
        free(l->items[i].vnext);
        free(l->items[i].legacy);
    }
    free(l->items);
    free(l->seen);
    free(l->error);
    free(l->failed);
    *l = (struct reconcile_look){.class = RECONCILE_EQUAL};
}

int64_t
reconcile_rest_ms(int64_t rows, int64_t rate, int64_t elapsed_ms)
{
    int64_t due;

    if (rate <= 0)
        return 0;
    due = rows / rate * 1000 + rows % rate * 1000 / rate;
    return due > elapsed_ms ? due - elapsed_ms : 0;
}

int64_t
reconcile_chunk(int64_t rows, int64_t bytes, int64_t least, int64_t most)
{
    int64_t fit = bytes > 0 ? CHUNK_BYTES * rows / bytes : least;

    return fit < least ? least : fit > most ? most : fit;
}

bool
reconcile_asks(int64_t removals, int64_t rows, int share_percent)
{
    return removals >= RECONCILE_REMOVAL_FEW && (double) removals * 100 > (double) rows * share_percent;
}

void
reconcile_gone_ref(struct buf *out, const struct mapping_entity *e, const char *const *identity)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < ref_count(e); i++) {
        const char *text = NULL;

        for (size_t j = 0; j < e->identity.count && text == NULL; j++)
            if (strcmp(e->identity.items[j], ref_column(e, i)) == 0)
                text = identity[j];
        buf_puts(out, i == 0 ? "" : ", ");
        if (text == NULL)
            buf_puts(out, "null");
        else
            json_quote(out, text);
    }
    buf_putc(out, ']');
}
