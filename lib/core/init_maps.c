/* init_maps.c - the map tables of a proposed mapping: found, or to be made; see dualwrite/init_maps.h. */
#include "dualwrite/init_maps.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/names.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"

/* The words of `name` without those of `known` and without "id", joined. */
static char *
rest(const char *name, const char *const *known)
{
    struct name_words words = name_words(name);
    struct buf out = {0};

    for (size_t i = 0; i < words.count; i++) {
        bool skip = strcmp(words.items[i], "id") == 0;

        for (const char *const *k = known; *k != NULL; k++)
            skip = skip || strcmp(words.items[i], *k) == 0;
        buf_puts(&out, skip ? "" : words.items[i]);
    }
    name_words_free(&words);
    return buf_steal(&out);
}

/* What is left of a key column's name says the entity, or nothing while the table's name does. */
static bool
names_entity(const struct catalog_table *t, const char *column, const char *const *known, const char *entity)
{
    char *left = rest(column, known);
    char *table = name_joined(t->name, 0, "");
    bool yes = strcmp(left, entity) == 0 || (*left == '\0' && strstr(table, entity) != NULL);

    free(left);
    free(table);
    return yes;
}

static const struct catalog_column *
map_column(const struct catalog_table *t, const struct catalog_column *key, const char *entity, bool legacy)
{
    static const char *const new_words[] = {"vnext", "new", "source", NULL};

    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct catalog_column *c = &t->columns[i];
        bool old = name_word_among(c->name, init_legacy_words) != NULL;
        bool named = names_entity(t, c->name, legacy ? init_legacy_words : new_words, entity);

        /* an "id" of its own says nothing */
        if (old == legacy && named && strcmp(c->name, "id") != 0 && strcmp(c->base, key->base) == 0)
            return c;
    }
    return NULL;
}

static bool
is_paired(const struct init_drafts *drafts, const struct catalog_table *t)
{
    for (size_t i = 0; i < drafts->count; i++)
        if (drafts->items[i].pair.vnext == t || drafts->items[i].pair.legacy == t)
            return true;
    return false;
}

bool
init_map_find(const struct init_input *in, const struct init_drafts *drafts, struct init_draft *d)
{
    char *entity = name_joined(d->pair.vnext->name, d->pair.name_skip, "");
    const struct catalog_column *source = catalog_column(d->pair.vnext, d->source_key.items[0]);
    const struct catalog_column *target = catalog_column(d->pair.legacy, d->target_key.items[0]);

    for (size_t i = 0; i < in->vnext.catalog->count && d->map == NULL; i++) {
        const struct catalog_table *t = &in->vnext.catalog->tables[i];
        const struct catalog_column *old;
        const struct catalog_column *new;

        if (is_paired(drafts, t) || !t->plain)
            continue;
        old = map_column(t, target, entity, true);
        new = map_column(t, source, entity, false);
        if (old == NULL || new == NULL)
            continue;
        d->map = t;
        d->map_name = xstrdup(t->name);
        d->map_target = xstrdup(old->name);
        d->map_source = (struct init_key){.items = {new->name}, .count = 1};
    }
    free(entity);
    return d->map != NULL;
}

void
init_map_propose(const struct init_input *in, struct init_draft *d)
{
    char *base = name_joined(d->pair.vnext->name, 0, "_");
    struct buf name = {0};

    buf_printf(&name, "%.40s_map", base);
    for (int n = 2; catalog_table(in->vnext.catalog, in->vnext.facts->schema, buf_text(&name)) != NULL; n++) {
        buf_clear(&name);
        buf_printf(&name, "%.40s_map_%d", base, n);
    }
    free(base);
    d->map_name = buf_steal(&name);
    d->map_target = xstrdup("legacy_id");
    d->way = INIT_NEW_MAP;
}

char *
init_map_source(const struct init_draft *d, size_t i)
{
    struct buf name = {0};

    if (d->way == INIT_FOUND_MAP)
        return xstrdup(d->map_source.items[i]);
    if (d->source_key.count == 1)
        return xstrdup("vnext_id");
    buf_printf(&name, "vnext_%.50s", d->source_key.items[i]);
    return buf_steal(&name);
}

void
init_map_create(struct buf *out, const struct init_input *in, const struct init_draft *d)
{
    const struct catalog_column *target = catalog_column(d->pair.legacy, d->target_key.items[0]);

    buf_puts(out, "CREATE TABLE ");
    quote_qualified(out, in->vnext.facts->schema, d->map_name);
    buf_puts(out, " (");
    for (size_t i = 0; i < d->source_key.count; i++) {
        char *name = init_map_source(d, i);

        quote_ident(out, name);
        buf_printf(out, " %s NOT NULL, ", catalog_column(d->pair.vnext, d->source_key.items[i])->shown_type);
        free(name);
    }
    quote_ident(out, d->map_target);
    buf_printf(out, " %s NOT NULL UNIQUE, verified boolean NOT NULL DEFAULT false, PRIMARY KEY (", target->shown_type);
    for (size_t i = 0; i < d->source_key.count; i++) {
        char *name = init_map_source(d, i);

        buf_puts(out, i == 0 ? "" : ", ");
        quote_ident(out, name);
        free(name);
    }
    buf_puts(out, "));");
}
