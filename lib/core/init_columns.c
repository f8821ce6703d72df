/* init_columns.c - the columns of a proposed mapping; see dualwrite/init_columns.h. */
#include "dualwrite/init_columns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dualwrite/buf.h"
#include "dualwrite/init_maps.h"
#include "dualwrite/init_value.h"
#include "dualwrite/lossless.h"
#include "dualwrite/names.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"

/* One entity's columns in the making. */
struct work {
    const struct init_input *in;
    const struct init_drafts *drafts;
    const struct init_draft *d;
    bool *used; /* of the source's columns */
    cJSON *columns;
};

/* ---- which source column ---- */

static const struct schema_labels *
labels_from(const struct work *w, const struct catalog_column *c)
{
    return schema_facts_labels(w->in->vnext.facts, w->d->pair.vnext->name, c->name);
}

static const struct schema_labels *
labels_to(const struct work *w, const struct catalog_column *c)
{
    return schema_facts_labels(w->in->legacy.facts, w->d->pair.legacy->name, c->name);
}

static void
use(struct work *w, const char *name)
{
    for (size_t i = 0; i < w->d->pair.vnext->ncolumns; i++)
        if (strcmp(w->d->pair.vnext->columns[i].name, name) == 0)
            w->used[i] = true;
}

/* A guess, among the columns that no other target column has for sure. */
static const struct catalog_column *
guess(const struct work *w, const struct catalog_column *to, enum match *found)
{
    const struct catalog_table *t = w->d->pair.vnext;
    const struct catalog_column *best = NULL;

    *found = MATCH_NONE;
    for (size_t i = 0; i < t->ncolumns; i++) {
        enum match m = w->used[i] ? MATCH_NONE : init_match(&t->columns[i], to);

        if (!w->used[i] && init_labels_meet(labels_from(w, &t->columns[i]), labels_to(w, to)))
            m = MATCH_PART;
        if (m < *found) {
            *found = m;
            best = &t->columns[i];
        }
    }
    return best;
}

static bool
is_key(const struct init_draft *d, const char *name)
{
    for (size_t i = 0; i < d->target_key.count; i++)
        if (strcmp(d->target_key.items[i], name) == 0)
            return true;
    return false;
}

static bool
is_unique(const struct catalog_table *t, const char *name)
{
    for (size_t i = 0; i < t->nuniques; i++)
        if (t->uniques[i].whole && t->uniques[i].count == 1 && strcmp(t->uniques[i].columns[0], name) == 0)
            return true;
    return false;
}

static void
feed(struct work *w, const struct catalog_column *from, const struct catalog_column *to, enum match match)
{
    struct init_feed f = {.from = from,
                          .to = to,
                          .from_labels = labels_from(w, from),
                          .to_labels = labels_to(w, to),
                          .match = match,
                          .key = is_key(w->d, to->name),
                          .unique = is_unique(w->d->pair.legacy, to->name)};

    cJSON_AddItemToObject(w->columns, to->name, init_value(&f));
    use(w, from->name);
}

/* ---- foreign keys ---- */

static cJSON *
lookup(const char *column, const char *schema, const char *table, const char *key, const char *value, bool legacy)
{
    cJSON *v = cJSON_CreateObject();
    cJSON *l;

    cJSON_AddStringToObject(v, "column", column);
    l = cJSON_AddObjectToObject(v, "lookup");
    cJSON_AddStringToObject(l, "table", table);
    if (strcmp(schema, "public") != 0)
        cJSON_AddStringToObject(l, "schema", schema);
    cJSON_AddStringToObject(l, "key", key);
    cJSON_AddStringToObject(l, "value", value);
    if (legacy)
        cJSON_AddStringToObject(l, "database", "legacy");
    return v;
}

/* A foreign key to another entity that is not the parent: its legacy key is looked up, which also waits for it. */
static bool
feed_reference(struct work *w, const struct catalog_column *to)
{
    for (size_t i = 0; i < w->d->nreferences; i++) {
        const struct init_reference *r = &w->d->references[i];
        const struct init_draft *other = &w->drafts->items[r->draft];
        const char *key = other->target_key.items[0];
        cJSON *v;

        if (strcmp(r->target_column, to->name) != 0)
            continue;
        if (other->way == INIT_NATURAL) {
            v = lookup(r->column, other->pair.legacy->schema, other->pair.legacy->name, key, key, true);
        } else {
            char *from = init_map_source(other, 0);

            v = lookup(r->column, w->in->vnext.facts->schema, other->map_name, from, other->map_target, false);
            free(from);
        }
        cJSON_AddItemToObject(w->columns, to->name, v);
        use(w, r->column);
        return true;
    }
    return false;
}

/* A unique column of `t`, other than the referenced one, that the source has too; NULL: none. */
static const struct catalog_column *
other_key(const struct work *w, const struct catalog_table *t, const char *referenced,
          const struct catalog_column **from)
{
    for (size_t i = 0; i < t->nuniques; i++) {
        const struct catalog_unique *u = &t->uniques[i];
        const struct catalog_column *key = u->whole && u->count == 1 ? catalog_column(t, u->columns[0]) : NULL;
        enum match found;

        if (key == NULL || strcmp(key->name, referenced) == 0)
            continue;
        *from = init_match_best(w->d->pair.vnext, key, MATCH_SAME, &found);
        if (*from != NULL && lossless(*from, key))
            return key;
    }
    return NULL;
}

/* A foreign key to a table that is not mapped: a lookup by something else that both sides know. */
static bool
feed_foreign(struct work *w, const struct catalog_column *to)
{
    for (size_t i = 0; i < w->d->pair.legacy->nforeigns; i++) {
        const struct catalog_foreign *f = &w->d->pair.legacy->foreigns[i];
        const struct catalog_table *t = catalog_table(w->in->legacy.catalog, f->schema, f->table);
        const struct catalog_column *from;
        const struct catalog_column *key;
        cJSON *v;

        if (t == NULL || f->count != 1 || strcmp(f->columns[0], to->name) != 0)
            continue;
        key = other_key(w, t, f->referenced[0], &from);
        if (key == NULL)
            continue;
        v = lookup(from->name, t->schema, t->name, key->name, f->referenced[0], true);
        init_todo(v, "guessed from the foreign key to %s; is it right?", t->name);
        cJSON_AddItemToObject(w->columns, to->name, v);
        use(w, from->name);
        return true;
    }
    return false;
}

/* ---- what is left ---- */

const struct catalog_column *
init_soft_delete(const struct init_draft *d)
{
    static const char *const words[] = {"deleted", "removed", "archived", NULL};

    for (size_t i = 0; i < d->pair.vnext->ncolumns; i++) {
        const struct catalog_column *c = &d->pair.vnext->columns[i];

        if (init_is_time(c) && !c->not_null && name_word_among(c->name, words) != NULL &&
            catalog_column(d->pair.legacy, c->name) == NULL)
            return c;
    }
    return NULL;
}

/* is_active is there where some column's known or first value is ACTIVE. */
static bool
feed_boolean(struct work *w, const struct catalog_column *to)
{
    const struct catalog_table *t = w->d->pair.vnext;

    if (strcmp(to->base, "bool") != 0)
        return false;
    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct schema_labels *labels = labels_from(w, &t->columns[i]);
        char *first = init_default_text(&t->columns[i]);
        const char *label = NULL;
        struct name_words words = name_words(to->name);
        const char *last = words.items[words.count - 1];

        if (labels != NULL)
            label = init_label(labels, last);
        else if (first != NULL && strcasecmp(first, last) == 0)
            label = first;
        name_words_free(&words);
        if (label != NULL) {
            struct buf sql = {0};
            cJSON *v = cJSON_AddObjectToObject(w->columns, to->name);

            quote_ident(&sql, t->columns[i].name);
            buf_puts(&sql, " = ");
            quote_literal(&sql, label);
            cJSON_AddStringToObject(v, "expression", buf_text(&sql));
            init_todo(v, "guessed from the column's values; is it right?");
            use(w, t->columns[i].name);
            buf_free(&sql);
        }
        free(first);
        if (label != NULL)
            return true;
    }
    return false;
}

static bool
needs_value(const struct catalog_column *c)
{
    return c->not_null && c->default_expr == NULL && !c->generated;
}

static void
feed_rest(struct work *w, const struct catalog_column *to, struct buf *left)
{
    enum match found;
    const struct catalog_column *from = guess(w, to, &found);

    if (from != NULL) {
        feed(w, from, to, found);
    } else if (feed_foreign(w, to) || feed_boolean(w, to)) {
        return;
    } else if (needs_value(to)) {
        cJSON_AddItemToObject(w->columns, to->name, init_constant(to, labels_to(w, to)));
    } else if (init_is_end(to) && !to->not_null) {
        cJSON *v = cJSON_AddObjectToObject(w->columns, to->name);

        cJSON_AddNullToObject(v, "constant");
        init_todo(v, "for a removal that sets it; leave the column out if none does");
    } else if (!(is_key(w->d, to->name) || init_has_sequence(to))) {
        buf_printf(left, "%s%s", left->len == 0 ? "" : ", ", to->name);
    }
}

/* Both tables have a number of their own, and it is nothing that one could take from the other. */
static bool
numbers_itself(const struct init_draft *d, const struct catalog_column *to)
{
    const struct catalog_column *from = catalog_column(d->pair.vnext, to->name);

    return from != NULL && init_has_sequence(from) && init_has_sequence(to);
}

/* What another part of the entity writes: the map gives the key, the parent the foreign key. */
static bool
written_elsewhere(const struct init_draft *d, const struct catalog_column *to)
{
    return to->generated || numbers_itself(d, to) || (d->way != INIT_NATURAL && is_key(d, to->name)) ||
           (d->has_parent && strcmp(d->parent.target_column, to->name) == 0);
}

/* The sure ones first, so that a guess does not take a column that belongs to another. */
static void
feed_sure(struct work *w, const struct catalog_column *to)
{
    const char *key = w->d->way == INIT_NATURAL && is_key(w->d, to->name) ? init_key_source(w->d, to->name) : NULL;
    const struct catalog_column *from;
    enum match found;

    if (feed_reference(w, to))
        return;
    from = init_match_best(w->d->pair.vnext, to, MATCH_CORE, &found);
    if (key != NULL) {
        from = catalog_column(w->d->pair.vnext, key);
        found = MATCH_EXACT;
    }
    if (from != NULL)
        feed(w, from, to, found);
}

/* In the order of the target's columns. */
static cJSON *
sorted(const struct catalog_table *t, cJSON *columns)
{
    cJSON *out = cJSON_CreateObject();

    for (size_t i = 0; i < t->ncolumns; i++) {
        cJSON *v = cJSON_DetachItemFromObjectCaseSensitive(columns, t->columns[i].name);

        if (v != NULL)
            cJSON_AddItemToObject(out, t->columns[i].name, v);
    }
    cJSON_Delete(columns);
    return out;
}

cJSON *
init_columns(const struct init_input *in, const struct init_drafts *drafts, size_t index, struct faults *notes)
{
    const struct init_draft *d = &drafts->items[index];
    struct work w = {in, drafts, d, xcalloc(d->pair.vnext->ncolumns, sizeof *w.used), cJSON_CreateObject()};
    const struct catalog_table *t = d->pair.legacy;
    struct buf left = {0};

    if (d->has_parent)
        use(&w, d->parent.column);
    if (init_soft_delete(d) != NULL)
        use(&w, init_soft_delete(d)->name);
    for (size_t i = 0; i < t->ncolumns; i++)
        if (!written_elsewhere(d, &t->columns[i]))
            feed_sure(&w, &t->columns[i]);
    for (size_t i = 0; i < t->ncolumns; i++)
        if (!written_elsewhere(d, &t->columns[i]) &&
            cJSON_GetObjectItemCaseSensitive(w.columns, t->columns[i].name) == NULL)
            feed_rest(&w, &t->columns[i], &left);
    if (left.len > 0)
        faults_add(notes, FAULT_WARNING, t->name, "not written: %s", buf_text(&left));
    buf_free(&left);
    free(w.used);
    return sorted(t, w.columns);
}

cJSON *
init_map_columns(const struct init_draft *d, const char *verified, const cJSON *target_columns)
{
    cJSON *columns = cJSON_CreateObject();

    for (size_t i = 0; i < d->map->ncolumns; i++) {
        const struct catalog_column *c = &d->map->columns[i];
        const cJSON *twin = NULL;
        const cJSON *item;

        if (!needs_value(c) || strcmp(c->name, d->map_target) == 0 || strcmp(c->name, d->map_source.items[0]) == 0 ||
            (verified != NULL && strcmp(c->name, verified) == 0))
            continue;
        cJSON_ArrayForEach(item, target_columns)
        {
            const struct catalog_column *to = catalog_column(d->pair.legacy, item->string);

            /* legacy_slug is the legacy row's slug */
            if (twin == NULL && !init_is_time(c) && to != NULL && lossless(to, c) &&
                name_overlap(c->name, item->string) >= 50)
                twin = item;
        }
        if (twin != NULL) {
            cJSON_AddStringToObject(cJSON_AddObjectToObject(columns, c->name), "target_column", twin->string);
        } else {
            cJSON *v = init_constant(c, NULL);

            /* a map row is made once, so a time in it is that of its making */
            if (init_is_time(c))
                cJSON_DeleteItemFromObjectCaseSensitive(v, "TODO");
            cJSON_DeleteItemFromObjectCaseSensitive(v, "insert_only");
            cJSON_AddItemToObject(columns, c->name, v);
        }
    }
    return columns;
}
