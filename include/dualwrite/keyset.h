/*
 * keyset.h - a set of keys, each of one or more texts: sorted, each once, found by its first texts.
 *
 * Pure. It neither knows what the columns are called nor how a database would sort them.
 */
#ifndef DUALWRITE_KEYSET_H
#define DUALWRITE_KEYSET_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct keyset {
    size_t columns; /* of each key */
    char **texts;   /* count * columns, owned */
    size_t count;
    size_t room;
    bool settled; /* sorted, each once */
};

/* Adds a copy; `texts` has set->columns items. */
void keyset_add(struct keyset *set, const char *const *texts);

/* Adds columns `first` and those behind it, as many as `set` has, of every key of `from`. */
void keyset_add_part(struct keyset *set, const struct keyset *from, size_t first);

/* Sorts, and leaves each key once. The functions below want that. */
void keyset_settle(struct keyset *set);

const char *const *keyset_at(const struct keyset *set, size_t i);

/* The first key that begins with these `n` texts; set->count: none does. */
size_t keyset_find(const struct keyset *set, const char *const *texts, size_t n);

bool keyset_same(const struct keyset *a, const struct keyset *b);

/* How many of `a` are not in `b`. */
size_t keyset_missing(const struct keyset *a, const struct keyset *b);

/* Column `column` of all keys as a text[] literal; free() it. */
char *keyset_array(const struct keyset *set, size_t column);

/* [["1"],["2"]]; and back: false where it is not arrays of set->columns texts. */
cJSON *keyset_json(const struct keyset *set);
bool keyset_from_json(struct keyset *set, const cJSON *json);

void keyset_free(struct keyset *set);

#endif
