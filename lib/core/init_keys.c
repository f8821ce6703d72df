/* init_keys.c - keys, parents and maps of a proposed mapping; see dualwrite/init_keys.h. */
#include "dualwrite/init_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/init_maps.h"
#include "dualwrite/init_match.h"
#include "dualwrite/lossless.h"
#include "dualwrite/names.h"
#include "dualwrite/xalloc.h"

static bool
holds(const struct init_key *key, const char *name)
{
    for (size_t i = 0; i < key->count; i++)
        if (strcmp(key->items[i], name) == 0)
            return true;
    return false;
}

/* ---- keys ---- */

static void
take_columns(struct init_key *key, char *const *columns, size_t count)
{
    for (key->count = 0; key->count < count && key->count < INIT_KEY_MAX; key->count++)
        key->items[key->count] = columns[key->count];
}

/* The primary key, else the first unique key of NOT NULL columns. */
static void
find_key(const struct init_side *side, const struct catalog_table *t, struct init_key *key)
{
    const struct schema_table *facts = schema_facts_table(side->facts, t->name);

    if (facts != NULL && facts->nprimary > 0) {
        take_columns(key, facts->primary, facts->nprimary);
        return;
    }
    for (size_t i = 0; i < t->nuniques; i++) {
        const struct catalog_unique *u = &t->uniques[i];
        bool good = u->whole && u->usable;

        for (size_t j = 0; good && j < u->count; j++) {
            const struct catalog_column *c = catalog_column(t, u->columns[j]);

            good = c != NULL && c->not_null;
        }
        if (good) {
            take_columns(key, u->columns, u->count);
            return;
        }
    }
}

const char *
init_key_source(const struct init_draft *d, const char *name)
{
    const struct catalog_column *to = catalog_column(d->pair.legacy, name);
    const struct catalog_column *from;
    enum match found;

    if (d->has_parent && strcmp(d->parent.target_column, name) == 0)
        return d->parent.column;
    for (size_t i = 0; i < d->nreferences; i++)
        if (strcmp(d->references[i].target_column, name) == 0)
            return d->references[i].column;
    if (to == NULL)
        return NULL;
    from = init_match_best(d->pair.vnext, to, MATCH_SAME, &found);
    /* the two only keys belong together, whatever they are called */
    if (from == NULL && d->source_key.count == 1 && d->target_key.count == 1 &&
        strcmp(name, d->target_key.items[0]) == 0)
        from = catalog_column(d->pair.vnext, d->source_key.items[0]);
    if (from == NULL || !lossless(from, to))
        return NULL;
    /* numbers that both sides give out by themselves would meet */
    if (init_has_sequence(from) && init_has_sequence(to))
        return NULL;
    return from->name;
}

static bool
derivable(const struct init_draft *d, const struct init_key *key)
{
    for (size_t i = 0; i < key->count; i++)
        if (init_key_source(d, key->items[i]) == NULL)
            return false;
    return key->count > 0;
}

/* ---- parents ---- */

static bool
refers(const struct catalog_foreign *f, const struct catalog_table *t, const struct init_key *key)
{
    return f->count == 1 && key->count == 1 && strcmp(f->table, t->name) == 0 && strcmp(f->schema, t->schema) == 0 &&
           strcmp(f->referenced[0], key->items[0]) == 0;
}

static int
alike(const char *a, const char *b)
{
    return name_same(a, b) ? 300 : name_same_core(a, b) ? 200 : name_overlap(a, b);
}

/* Each legacy foreign key to `other` with the new one that is named most like it. */
static void
find_references(struct init_draft *d, const struct init_draft *other, size_t index)
{
    for (size_t i = 0; i < d->pair.legacy->nforeigns; i++) {
        const struct catalog_foreign *g = &d->pair.legacy->foreigns[i];
        const struct catalog_foreign *best = NULL;

        if (!refers(g, other->pair.legacy, &other->target_key))
            continue;
        for (size_t j = 0; j < d->pair.vnext->nforeigns; j++) {
            const struct catalog_foreign *f = &d->pair.vnext->foreigns[j];

            if (refers(f, other->pair.vnext, &other->source_key) &&
                (best == NULL || alike(f->columns[0], g->columns[0]) > alike(best->columns[0], g->columns[0])))
                best = f;
        }
        if (best == NULL)
            continue;
        d->references = xreallocarray(d->references, d->nreferences + 1, sizeof *d->references);
        d->references[d->nreferences++] = (struct init_reference){index, best->columns[0], g->columns[0]};
    }
}

static bool
begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

/* How much speaks for that reference as the parent; 0: it cannot be one. */
static int
parent_rank(const struct init_drafts *drafts, size_t i, const struct init_reference *r)
{
    const struct init_draft *d = &drafts->items[i];
    const struct catalog_column *column = catalog_column(d->pair.vnext, r->column);
    int rank = 1;

    /* an entity is not its own parent, and a row without a parent could not be written */
    if (column == NULL || !column->not_null)
        return 0;
    for (size_t at = r->draft;; at = drafts->items[at].parent.draft) {
        if (at == i)
            return 0;
        if (!drafts->items[at].has_parent)
            break;
    }
    for (size_t u = 0; u < d->pair.legacy->nuniques; u++)
        for (size_t c = 0; d->pair.legacy->uniques[u].whole && c < d->pair.legacy->uniques[u].count; c++)
            if (strcmp(d->pair.legacy->uniques[u].columns[c], r->target_column) == 0)
                rank |= 2;
    if (begins_with(d->name, drafts->items[r->draft].name))
        rank |= 4;
    return rank;
}

static void
choose_parent(struct init_drafts *drafts, size_t i)
{
    struct init_draft *d = &drafts->items[i];
    size_t best = d->nreferences;
    int rank = 0;

    for (size_t j = 0; j < d->nreferences; j++)
        if (parent_rank(drafts, i, &d->references[j]) > rank) {
            rank = parent_rank(drafts, i, &d->references[j]);
            best = j;
        }
    if (best == d->nreferences)
        return;
    d->has_parent = true;
    d->parent = d->references[best];
    memmove(&d->references[best], &d->references[best + 1], (d->nreferences - best - 1) * sizeof *d->references);
    d->nreferences--;
}

/* ---- which way ---- */

static bool
is_referenced(const struct init_drafts *drafts, size_t index)
{
    for (size_t i = 0; i < drafts->count; i++) {
        const struct init_draft *d = &drafts->items[i];

        if (d->has_parent && d->parent.draft == index)
            return true;
        for (size_t j = 0; j < d->nreferences; j++)
            if (d->references[j].draft == index)
                return true;
    }
    return false;
}

/* Others name the source row by its key, and mean the target row with the same. */
static bool
same_keys(const struct init_draft *d)
{
    return d->source_key.count == 1 && d->target_key.count == 1 &&
           strcmp(init_key_source(d, d->target_key.items[0]), d->source_key.items[0]) == 0;
}

/* A unique key of the target that holds the foreign key to the parent, and follows from the source row. */
static bool
find_natural_key(struct init_draft *d)
{
    for (size_t i = 0; d->has_parent && i < d->pair.legacy->nuniques; i++) {
        const struct catalog_unique *u = &d->pair.legacy->uniques[i];
        struct init_key key;

        take_columns(&key, u->columns, u->count);
        if (u->usable && u->whole && holds(&key, d->parent.target_column) && derivable(d, &key)) {
            d->target_key = key;
            return true;
        }
    }
    return false;
}

/* Whether the source columns that say which target row is meant are a key of the source. */
static bool
several_rows(const struct init_draft *d)
{
    struct init_key identity = {0};

    for (; identity.count < d->target_key.count; identity.count++)
        identity.items[identity.count] = init_key_source(d, d->target_key.items[identity.count]);
    for (size_t i = 0; i < d->pair.vnext->nuniques; i++) {
        const struct catalog_unique *u = &d->pair.vnext->uniques[i];
        bool within = u->whole && u->count > 0;

        for (size_t j = 0; within && j < u->count; j++)
            within = holds(&identity, u->columns[j]);
        if (within)
            return false;
    }
    return true;
}

static void
choose_way(const struct init_input *in, struct init_drafts *drafts, size_t i)
{
    struct init_draft *d = &drafts->items[i];
    bool single = d->target_key.count == 1 && d->source_key.count > 0;
    bool natural = derivable(d, &d->target_key) && (!is_referenced(drafts, i) || same_keys(d));

    if (!natural && single && d->source_key.count == 1 && init_map_find(in, drafts, d))
        d->way = INIT_FOUND_MAP;
    else if (!natural && (is_referenced(drafts, i) || !find_natural_key(d)) && single)
        init_map_propose(in, d);
    d->several = d->way == INIT_NATURAL && derivable(d, &d->target_key) && several_rows(d);
}

/* ---- names and order ---- */

/* [a-z0-9_], at most 40 characters, not that of another. */
static char *
entity_name(const struct init_drafts *drafts, size_t before, const char *words)
{
    char base[37];
    struct buf name = {0};

    snprintf(base, sizeof base, "%s", words);
    for (char *c = base; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    for (int n = 1;; n++) {
        bool taken = false;

        buf_clear(&name);
        buf_printf(&name, "%s", base);
        if (n > 1)
            buf_printf(&name, "_%d", n);
        for (size_t i = 0; i < before; i++)
            taken = taken || strcmp(drafts->items[i].name, buf_text(&name)) == 0;
        if (!taken)
            return buf_steal(&name);
    }
}

/* An orderline of an order is a line. */
static void
shorten_name(struct init_drafts *drafts, size_t i)
{
    struct init_draft *d = &drafts->items[i];
    const char *up;
    const char *left;
    char *shorter;

    if (!d->has_parent)
        return;
    up = drafts->items[d->parent.draft].name;
    if (!begins_with(d->name, up))
        return;
    left = d->name + strlen(up);
    left += strspn(left, "_");
    if (strlen(left) < 4)
        return;
    shorter = xstrdup(left);
    for (size_t j = 0; j < drafts->count; j++)
        if (strcmp(drafts->items[j].name, shorter) == 0) {
            free(shorter);
            return;
        }
    free(d->name);
    d->name = shorter;
}

/* What a row of `d` points to is written before it; `strictly` also where no parent says so. */
static bool
may_follow(const struct init_draft *d, size_t index, const size_t *place, bool strictly)
{
    if (d->has_parent && place[d->parent.draft] == 0)
        return false;
    for (size_t i = 0; strictly && i < d->nreferences; i++)
        if (d->references[i].draft != index && place[d->references[i].draft] == 0)
            return false;
    return true;
}

static void
sort_drafts(struct init_drafts *drafts)
{
    struct init_draft *sorted = xcalloc(drafts->count, sizeof *sorted);
    size_t *place = xcalloc(drafts->count, sizeof *place); /* new index + 1; 0: not placed yet */
    size_t done = 0;
    bool strictly = true;

    while (done < drafts->count) {
        size_t before = done;

        for (size_t i = 0; i < drafts->count; i++)
            if (place[i] == 0 && may_follow(&drafts->items[i], i, place, strictly)) {
                sorted[done++] = drafts->items[i];
                place[i] = done;
                strictly = true;
            }
        if (done == before) /* foreign keys in a circle; parents are in none */
            strictly = false;
    }
    for (size_t i = 0; i < drafts->count; i++) {
        if (sorted[i].has_parent)
            sorted[i].parent.draft = place[sorted[i].parent.draft] - 1;
        for (size_t j = 0; j < sorted[i].nreferences; j++)
            sorted[i].references[j].draft = place[sorted[i].references[j].draft] - 1;
    }
    free(place);
    free(drafts->items);
    drafts->items = sorted;
}

struct init_drafts
init_drafts(const struct init_input *in, const struct init_pairs *pairs)
{
    struct init_drafts out = {xcalloc(pairs->count, sizeof *out.items), pairs->count};

    for (size_t i = 0; i < out.count; i++) {
        struct init_draft *d = &out.items[i];
        char *words;

        d->pair = pairs->items[i];
        words = name_joined(d->pair.vnext->name, d->pair.name_skip, "_");
        d->name = entity_name(&out, i, words);
        free(words);
        find_key(&in->vnext, d->pair.vnext, &d->source_key);
        find_key(&in->legacy, d->pair.legacy, &d->target_key);
    }
    for (size_t i = 0; i < out.count; i++)
        for (size_t j = 0; j < out.count; j++)
            find_references(&out.items[i], &out.items[j], j);
    for (size_t i = 0; i < out.count; i++)
        choose_parent(&out, i);
    for (size_t i = 0; i < out.count; i++)
        choose_way(in, &out, i);
    sort_drafts(&out);
    for (size_t i = out.count; i-- > 0;)
        shorten_name(&out, i);
    return out;
}

void
init_drafts_free(struct init_drafts *drafts)
{
    for (size_t i = 0; i < drafts->count; i++) {
        struct init_draft *d = &drafts->items[i];

        free(d->name);
        free(d->references);
        free(d->map_name);
        free(d->map_target);
    }
    free(drafts->items);
    *drafts = (struct init_drafts){0};
}
