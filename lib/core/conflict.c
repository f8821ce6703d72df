/* conflict.c - who waits for whose value; see dualwrite/conflict.h. */
#include "dualwrite/conflict.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"

struct conflict *
conflicts_add(struct conflicts *c, size_t row)
{
    c->items = xreallocarray(c->items, c->count + 1, sizeof *c->items);
    c->items[c->count] = (struct conflict){.row = row, .holder = NO_INDEX, .owner = NO_INDEX};
    return &c->items[c->count++];
}

void
conflicts_free(struct conflicts *c)
{
    for (size_t i = 0; i < c->count; i++) {
        for (size_t k = 0; k < c->items[i].nkey; k++)
            free(c->items[i].key[k]);
        free(c->items[i].key);
        free(c->items[i].index);
    }
    free(c->items);
    *c = (struct conflicts){0};
}

/* ---- the order ---- */

/*
 * Tarjan's strongly connected components (SIAM J. Comput. 1, 1972), with a stack of its own: a chain may be as long as a
 * batch. A component is complete after all that it waits for, which is the order that is wanted.
 */
struct node {
    size_t row;
    size_t edge, edges_end; /* in `edges`: the next one to follow, and where this node's end */
    size_t number, low;     /* 0: not met yet */
    bool on_path;           /* its component is not complete */
    bool hopeful;           /* in a cycle, or waits for one that is hopeful */
};

struct walk {
    struct node *nodes;
    size_t count;
    size_t *edges; /* nodes */
    size_t nedges;
    size_t *path; /* met, and their component is not complete */
    size_t npath;
    size_t *trail; /* from the start to the node that is looked at */
    size_t ntrail;
    size_t numbers;
    struct conflict_order *order;
    size_t nrows;
};

static int
compare_nodes(const void *a, const void *b)
{
    const struct node *x = a;
    const struct node *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

static size_t
node_of(const struct walk *w, size_t row)
{
    const struct node wanted = {.row = row};
    const struct node *found =
        row == NO_INDEX ? NULL : bsearch(&wanted, w->nodes, w->count, sizeof *w->nodes, compare_nodes);

    return found == NULL ? NO_INDEX : (size_t) (found - w->nodes);
}

/* Counts the edges of each node, then lays them out one node after the other. */
static void
lay_edges(struct walk *w, const struct conflicts *c)
{
    size_t at = 0;

    for (size_t i = 0; i < c->count; i++) {
        size_t from = node_of(w, c->items[i].row);

        if (from != NO_INDEX && node_of(w, c->items[i].holder) != NO_INDEX) {
            w->nodes[from].edges_end++;
            w->nedges++;
        }
    }
    w->edges = xcalloc(w->nedges + 1, sizeof *w->edges);
    for (size_t i = 0; i < w->count; i++) {
        w->nodes[i].edge = at;
        at += w->nodes[i].edges_end;
        w->nodes[i].edges_end = w->nodes[i].edge;
    }
    for (size_t i = 0; i < c->count; i++) {
        size_t from = node_of(w, c->items[i].row);
        size_t to = node_of(w, c->items[i].holder);

        if (from != NO_INDEX && to != NO_INDEX)
            w->edges[w->nodes[from].edges_end++] = to;
    }
}

static void
meet(struct walk *w, size_t n)
{
    w->nodes[n].number = w->nodes[n].low = ++w->numbers;
    w->nodes[n].on_path = true;
    w->path[w->npath++] = n;
    w->trail[w->ntrail++] = n;
}

/* The component whose first node is `n`: from its place on the path on. */
static void
complete(struct walk *w, size_t n)
{
    struct conflict_order *o = w->order;
    size_t first = w->npath;
    bool hopeful;

    do
        first--;
    while (w->path[first] != n);
    hopeful = w->npath - first > 1;
    for (size_t i = first; i < w->npath; i++)
        hopeful = hopeful || w->nodes[w->path[i]].hopeful;
    if (hopeful)
        o->groups[o->ngroups++] = (struct conflict_group){w->nrows, w->npath - first};
    for (size_t i = first; i < w->npath; i++) {
        struct node *node = &w->nodes[w->path[i]];

        node->on_path = false;
        node->hopeful = hopeful;
        if (hopeful)
            o->rows[w->nrows++] = node->row;
    }
    w->npath = first;
}

static void
follow(struct walk *w, size_t start)
{
    meet(w, start);
    while (w->ntrail > 0) {
        struct node *n = &w->nodes[w->trail[w->ntrail - 1]];

        if (n->edge < n->edges_end) {
            const struct node *to = &w->nodes[w->edges[n->edge++]];

            if (to->number == 0)
                meet(w, (size_t) (to - w->nodes));
            else if (to->on_path && to->number < n->low)
                n->low = to->number;
            n->hopeful = n->hopeful || to->hopeful;
            continue;
        }
        w->ntrail--;
        if (n->low == n->number)
            complete(w, (size_t) (n - w->nodes));
        if (w->ntrail > 0) {
            struct node *up = &w->nodes[w->trail[w->ntrail - 1]];

            up->low = n->on_path && n->low < up->low ? n->low : up->low;
            up->hopeful = up->hopeful || n->hopeful;
        }
    }
}

struct conflict_order
conflict_order(const struct conflicts *c, const size_t *rows, size_t count)
{
    struct conflict_order order = {.rows = xcalloc(count + 1, sizeof *order.rows),
                                   .groups = xcalloc(count + 1, sizeof *order.groups)};
    struct walk w = {.nodes = xcalloc(count + 1, sizeof *w.nodes),
                     .count = count,
                     .path = xcalloc(count + 1, sizeof *w.path),
                     .trail = xcalloc(count + 1, sizeof *w.trail),
                     .order = &order};

    for (size_t i = 0; i < count; i++)
        w.nodes[i].row = rows[i];
    qsort(w.nodes, count, sizeof *w.nodes, compare_nodes);
    lay_edges(&w, c);
    for (size_t i = 0; i < count; i++)
        if (w.nodes[i].number == 0)
            follow(&w, i);
    free(w.nodes);
    free(w.edges);
    free(w.path);
    free(w.trail);
    return order;
}

void
conflict_order_free(struct conflict_order *o)
{
    free(o->rows);
    free(o->groups);
    *o = (struct conflict_order){0};
}

/* ---- what is said of it ---- */

static bool
is_row_of(const struct batch *b, const struct row *r, size_t entity, const struct conflict *c)
{
    if (b->subjects[r->subject].entity != entity || r->nkey != c->nkey)
        return false;
    for (size_t k = 0; k < c->nkey; k++)
        if (r->key[k] == NULL || strcmp(r->key[k], c->key[k]) != 0)
            return false;
    return true;
}

/* The row of the batch that is synced to the legacy row which holds the value; NULL: none is. */
static const struct row *
holder_row(const struct batch *b, size_t entity, const struct conflict *c)
{
    if (c->holder != NO_INDEX)
        return &b->rows[c->holder];
    for (size_t i = 0; i < b->nrows; i++)
        if (is_row_of(b, &b->rows[i], entity, c))
            return &b->rows[i];
    return NULL;
}

static void
put_identity(struct buf *out, const struct batch *b, const struct mapping *m, const struct subject *s)
{
    const struct mapping_entity *e = &m->entities[s->entity];

    buf_printf(out, "%s", e->name);
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(out, "%s%s", i == 0 ? " " : "/", subject_identity(b, m, s, i));
}

static const struct conflict *
conflict_of(const struct conflicts *c, size_t row, const char *index)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].row == row && (index == NULL || strcmp(c->items[i].index, index) == 0))
            return &c->items[i];
    return NULL;
}

char *
conflict_holder(const struct conflicts *c, size_t row, const char *index)
{
    const struct conflict *found = conflict_of(c, row, index);
    struct buf out = {0};

    if (found == NULL)
        return NULL;
    pgarray_open(&out);
    for (size_t k = 0; k < found->nkey; k++)
        pgarray_add(&out, found->key[k]);
    pgarray_close(&out);
    return buf_steal(&out);
}

void
conflict_explain(struct buf *out, const struct batch *b, const struct mapping *m, const struct conflicts *c, size_t row,
                 const char *index)
{
    size_t entity = b->subjects[b->rows[row].subject].entity;
    const struct conflict *found = conflict_of(c, row, index);
    const struct subject *s;
    const struct row *r;

    if (found == NULL)
        return;
    buf_printf(out, "; the legacy row of %s that has it is", m->entities[entity].target.name);
    for (size_t k = 0; k < found->nkey; k++)
        buf_printf(out, "%s %s=%s", k == 0 ? "" : ",", m->entities[entity].target_key.items[k], found->key[k]);
    r = holder_row(b, entity, found);
    if (r == NULL)
        return;
    s = &b->subjects[r->subject];
    buf_puts(out, ", that of ");
    put_identity(out, b, m, s);
    if (s->state == SUBJECT_FAILED)
        buf_puts(out, ", which cannot be synced itself");
    else if (!r->found)
        buf_puts(out, ", which vNext has no more");
    else if (r->equal)
        buf_puts(out, ", which is in step");
}

void
conflict_wait(struct batch *b, const struct mapping *m, const struct conflicts *c, size_t s, const char *why)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t wants = b->rows[c->items[i].row].subject;

        if (c->items[i].owner != s || b->subjects[wants].state != SUBJECT_PENDING)
            continue;
        subject_fail(&b->subjects[wants], OUTCOME_WAIT, "23505", c->items[i].index, why);
        batch_fail_children(b, m, wants);
        conflict_wait(b, m, c, wants, why);
    }
}
