/* init_tables.c - pairs of tables, by their names; see dualwrite/init_tables.h. Columns only break a tie. */
#include "dualwrite/init_tables.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/names.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

#define SURE 75 /* of alike(): from here on the whole names say so */

const char *const init_legacy_words[] = {"legacy", "old", "shadow", NULL};

struct candidate {
    size_t vnext, legacy; /* in the catalogs */
    int alike;
    int columns; /* with the same names */
    size_t name_skip;
};

/* A table that says which legacy row belongs to which new row, by its name and columns. */
static bool
is_map_table(const struct catalog_table *t)
{
    static const char *const words[] = {"map", "mapping", "link", "migration", "migrationmap", "xref", NULL};
    bool says_so = name_word_among(t->name, words) != NULL;
    size_t len = strlen(t->name);

    /* teammigrationmap is one word */
    says_so = says_so || (len > 3 && strcmp(t->name + len - 3, "map") == 0);
    for (size_t i = 0; says_so && i < t->ncolumns; i++)
        if (name_word_among(t->columns[i].name, init_legacy_words) != NULL)
            return true;
    return false;
}

/* The names without their first words, which may be an application's prefix. */
static bool
same_after_prefix(const char *a, size_t skip_a, const char *b, size_t skip_b)
{
    char *x = name_joined(a, skip_a, "");
    char *y = name_joined(b, skip_b, "");
    bool same = *x != '\0' && strcmp(x, y) == 0;

    free(x);
    free(y);
    return same;
}

/* 0: not at all; `skip` is how many words of `a` are a prefix. */
static int
alike(const char *a, const char *b, size_t *skip)
{
    int overlap;

    *skip = 0;
    if (strcmp(a, b) == 0)
        return 100;
    if (name_same(a, b))
        return 95;
    *skip = 1;
    if (same_after_prefix(a, 1, b, 1))
        return 80;
    if (same_after_prefix(a, 1, b, 0))
        return SURE;
    *skip = 0;
    if (same_after_prefix(a, 0, b, 1))
        return SURE;
    overlap = name_overlap(a, b);
    return overlap >= 50 ? overlap / 2 : 0;
}

static int
same_columns(const struct catalog_table *a, const struct catalog_table *b)
{
    int same = 0;

    for (size_t i = 0; i < a->ncolumns; i++)
        for (size_t j = 0; j < b->ncolumns; j++)
            if (strcmp(a->columns[i].name, "id") != 0 && name_same(a->columns[i].name, b->columns[j].name)) {
                same++;
                break;
            }
    return same;
}

static char *
first_word(const char *name)
{
    struct name_words words = name_words(name);
    char *first = xstrdup(words.count > 1 ? words.items[0] : "");

    name_words_free(&words);
    return first;
}

/* In a schema that holds both sides: the application that owns a map table is the new one. */
static bool
is_new_side(const struct catalog *c, const struct catalog_table *t)
{
    char *mine = first_word(t->name);
    bool found = false;

    for (size_t i = 0; i < c->count && !found && *mine != '\0'; i++)
        if (is_map_table(&c->tables[i])) {
            char *other = first_word(c->tables[i].name);

            found = strcmp(mine, other) == 0;
            free(other);
        }
    free(mine);
    return found;
}

static int
by_rank(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;

    if (x->alike != y->alike)
        return x->alike > y->alike ? -1 : 1;
    if (x->columns != y->columns)
        return x->columns > y->columns ? -1 : 1;
    if (x->vnext != y->vnext)
        return x->vnext < y->vnext ? -1 : 1;
    return x->legacy < y->legacy ? -1 : x->legacy > y->legacy;
}

static int
by_vnext(const void *a, const void *b)
{
    const struct init_pair *x = a;
    const struct init_pair *y = b;

    return strcmp(x->vnext->name, y->vnext->name);
}

static void
add_pair(struct init_pairs *out, struct init_pair pair)
{
    out->items = xreallocarray(out->items, out->count + 1, sizeof *out->items);
    out->items[out->count++] = pair;
}

static struct candidate *
find_candidates(const struct init_input *in, size_t *count)
{
    const struct catalog *v = in->vnext.catalog;
    const struct catalog *l = in->legacy.catalog;
    struct candidate *list = NULL;

    *count = 0;
    for (size_t i = 0; i < v->count; i++) {
        if (is_map_table(&v->tables[i]) || (in->one_schema && !is_new_side(v, &v->tables[i])))
            continue;
        for (size_t j = 0; j < l->count; j++) {
            struct candidate c = {.vnext = i, .legacy = j};

            if (in->one_schema && (i == j || is_new_side(l, &l->tables[j])))
                continue;
            c.alike = alike(v->tables[i].name, l->tables[j].name, &c.name_skip);
            if (c.alike > 0)
                c.columns = same_columns(&v->tables[i], &l->tables[j]);
            if (c.alike < SURE && c.columns == 0)
                continue;
            if ((*count & (*count - 1)) == 0)
                list = xreallocarray(list, *count == 0 ? 1 : 2 * *count, sizeof *list);
            list[(*count)++] = c;
        }
    }
    return list;
}

/* The most alike first, each table once. */
static void
pair_by_names(const struct init_input *in, struct init_pairs *out)
{
    size_t count;
    struct candidate *list = find_candidates(in, &count);
    bool *vnext_taken = xcalloc(in->vnext.catalog->count, sizeof *vnext_taken);
    bool *legacy_taken = xcalloc(in->legacy.catalog->count, sizeof *legacy_taken);

    if (count > 0)
        qsort(list, count, sizeof *list, by_rank);
    for (size_t i = 0; i < count; i++) {
        const struct candidate *c = &list[i];

        if (vnext_taken[c->vnext] || legacy_taken[c->legacy])
            continue;
        vnext_taken[c->vnext] = legacy_taken[c->legacy] = true;
        add_pair(out, (struct init_pair){&in->vnext.catalog->tables[c->vnext], &in->legacy.catalog->tables[c->legacy],
                                         c->alike < SURE, c->name_skip});
    }
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, by_vnext);
    free(list);
    free(vnext_taken);
    free(legacy_taken);
}

/* ---- by hand ---- */

static const struct catalog_table *
find_table(const struct init_side *side, const char *name, struct faults *faults)
{
    const struct catalog_table *t = catalog_table(side->catalog, side->facts->schema, name);
    const char **names;
    const char *nearest;

    if (t != NULL)
        return t;
    names = xcalloc(side->catalog->count, sizeof *names);
    for (size_t i = 0; i < side->catalog->count; i++)
        names[i] = side->catalog->tables[i].name;
    nearest = suggest_nearest(name, names, side->catalog->count);
    faults_add(faults, FAULT_ERROR, "--tables", "schema %s has no table \"%s\"%s%s%s", side->facts->schema, name,
               nearest == NULL ? "" : "; the nearest is \"", nearest == NULL ? "" : nearest,
               nearest == NULL ? "" : "\"");
    free(names);
    return NULL;
}

static void
pair_by_hand(const struct init_input *in, const char *text, struct init_pairs *out, struct faults *faults)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        char *word = xstrndup(text, len);
        char *legacy = strchr(word, '=');
        struct init_pair pair = {0};

        text += len + (text[len] == ',');
        if (legacy == NULL) {
            faults_add(faults, FAULT_ERROR, "--tables", "\"%s\" is not a pair; write new_table=legacy_table", word);
        } else {
            *legacy++ = '\0';
            pair.vnext = find_table(&in->vnext, word, faults);
            pair.legacy = find_table(&in->legacy, legacy, faults);
            if (pair.vnext != NULL && pair.legacy != NULL) {
                alike(word, legacy, &pair.name_skip);
                add_pair(out, pair);
            }
        }
        free(word);
    }
}

struct init_pairs
init_pairs(const struct init_input *in, const char *by_hand, struct faults *faults)
{
    struct init_pairs out = {0};

    if (by_hand != NULL) {
        pair_by_hand(in, by_hand, &out, faults);
        return out;
    }
    pair_by_names(in, &out);
    if (out.count == 0 && in->one_schema)
        faults_add(faults, FAULT_ERROR, "--tables",
                   "schema %s is both the new one and the legacy one, and nothing tells their tables apart; name the "
                   "pairs: --tables=NEW=LEGACY,...",
                   in->vnext.facts->schema);
    else if (out.count == 0)
        faults_add(faults, FAULT_ERROR, "--tables",
                   "no table of schema %s is named like one of schema %s; name the pairs: --tables=NEW=LEGACY,...",
                   in->vnext.facts->schema, in->legacy.facts->schema);
    return out;
}

void
init_pairs_free(struct init_pairs *pairs)
{
    free(pairs->items);
    *pairs = (struct init_pairs){0};
}
