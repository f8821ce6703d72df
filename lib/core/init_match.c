/* init_match.c - columns matched by their names and types; see dualwrite/init_match.h. */
#include "dualwrite/init_match.h"

#include <stddef.h>
#include <string.h>

#include "dualwrite/lossless.h"
#include "dualwrite/names.h"

static const char *const creations[] = {"created",  "creation", "joined", "registered",
                                        "inserted", "added",    "signup", NULL};
static const char *const changes[] = {"updated", "modified", "changed", NULL};
static const char *const ends[] = {"deleted",  "removed",   "left",     "ended",       "closed",
                                   "archived", "cancelled", "canceled", "deactivated", NULL};

static bool
base_among(const struct catalog_column *c, const char *const *bases)
{
    for (; *bases != NULL; bases++)
        if (strcmp(c->base, *bases) == 0)
            return true;
    return false;
}

bool
init_is_time(const struct catalog_column *c)
{
    static const char *const bases[] = {"timestamptz", "timestamp", "date", NULL};

    return base_among(c, bases);
}

bool
init_is_text(const struct catalog_column *c)
{
    static const char *const bases[] = {"text", "varchar", "bpchar", NULL};

    return base_among(c, bases);
}

bool
init_is_integer(const struct catalog_column *c)
{
    static const char *const bases[] = {"int2", "int4", "int8", NULL};

    return base_among(c, bases);
}

bool
init_has_sequence(const struct catalog_column *c)
{
    return init_is_integer(c) && c->default_expr != NULL && strstr(c->default_expr, "nextval(") != NULL;
}

bool
init_is_creation(const struct catalog_column *c)
{
    return init_is_time(c) && name_word_among(c->name, creations) != NULL;
}

bool
init_is_end(const struct catalog_column *c)
{
    return init_is_time(c) && name_word_among(c->name, ends) != NULL;
}

static bool
same_meaning(const struct catalog_column *a, const struct catalog_column *b)
{
    static const char *const *const meanings[] = {creations, changes, ends};

    if (!init_is_time(a) || !init_is_time(b))
        return false;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (name_word_among(a->name, meanings[i]) != NULL && name_word_among(b->name, meanings[i]) != NULL)
            return true;
    return false;
}

static bool
same_kind(const struct catalog_column *a, const struct catalog_column *b)
{
    return strcmp(a->base, b->base) == 0 || (init_is_text(a) && init_is_text(b)) ||
           (init_is_integer(a) && init_is_integer(b));
}

enum match
init_match(const struct catalog_column *from, const struct catalog_column *to)
{
    if (strcmp(from->name, to->name) == 0)
        return MATCH_EXACT;
    if (name_same(from->name, to->name))
        return MATCH_SAME;
    /* from here on it is a guess, and not worth making where the types speak against it */
    if (!lossless(from, to))
        return MATCH_NONE;
    if (name_same_core(from->name, to->name))
        return MATCH_CORE;
    if (same_meaning(from, to))
        return MATCH_MEANING;
    if (name_overlap(from->name, to->name) >= 50 && same_kind(from, to))
        return MATCH_PART;
    return MATCH_NONE;
}

const struct catalog_column *
init_match_best(const struct catalog_table *source, const struct catalog_column *to, enum match worst,
                enum match *found)
{
    const struct catalog_column *best = NULL;

    *found = MATCH_NONE;
    for (size_t i = 0; i < source->ncolumns; i++) {
        enum match m = init_match(&source->columns[i], to);

        if (m <= worst && m < *found) {
            *found = m;
            best = &source->columns[i];
        }
    }
    return best;
}
