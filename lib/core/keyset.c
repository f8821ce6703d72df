/* keyset.c - a set of keys; see dualwrite/keyset.h. */
#include "dualwrite/keyset.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"

const char *const *
keyset_at(const struct keyset *set, size_t i)
{
    return (const char *const *) (set->texts + i * set->columns);
}

void
keyset_add(struct keyset *set, const char *const *texts)
{
    if (set->count == set->room) {
        set->room = set->room == 0 ? 16 : 2 * set->room;
        set->texts = xreallocarray((void *) set->texts, set->room * set->columns, sizeof *set->texts);
    }
    for (size_t i = 0; i < set->columns; i++)
        set->texts[set->count * set->columns + i] = xstrdup(texts[i]);
    set->count++;
    set->settled = false;
}

void
keyset_add_part(struct keyset *set, const struct keyset *from, size_t first)
{
    for (size_t i = 0; i < from->count; i++)
        keyset_add(set, keyset_at(from, i) + first);
}

static int
compare(const char *const *a, const char *const *b, size_t n)
{
    int order = 0;

    for (size_t i = 0; i < n && order == 0; i++)
        order = strcmp(a[i], b[i]);
    return order;
}

static int
by_texts(const void *a, const void *b, void *columns)
{
    return compare((const char *const *) a, (const char *const *) b, *(const size_t *) columns);
}

void
keyset_settle(struct keyset *set)
{
    size_t kept = 0;

    if (set->settled)
        return;
    set->settled = true;
    if (set->count == 0)
        return;
    qsort_r((void *) set->texts, set->count, set->columns * sizeof *set->texts, by_texts, &set->columns);
    for (size_t i = 0; i < set->count; i++) {
        char **key = set->texts + i * set->columns;

        if (kept > 0 && compare(keyset_at(set, kept - 1), keyset_at(set, i), set->columns) == 0) {
            for (size_t k = 0; k < set->columns; k++)
                free(key[k]);
            continue;
        }
        memmove((void *) (set->texts + kept++ * set->columns), (void *) key, set->columns * sizeof *key);
    }
    set->count = kept;
}

size_t
keyset_find(const struct keyset *set, const char *const *texts, size_t n)
{
    size_t low = 0;
    size_t high = set->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare(keyset_at(set, middle), texts, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && compare(keyset_at(set, low), texts, n) == 0 ? low : set->count;
}

size_t
keyset_missing(const struct keyset *a, const struct keyset *b)
{
    size_t missing = 0;

    for (size_t i = 0; i < a->count; i++)
        missing += keyset_find(b, keyset_at(a, i), a->columns) == b->count;
    return missing;
}

bool
keyset_same(const struct keyset *a, const struct keyset *b)
{
    return a->count == b->count && keyset_missing(a, b) == 0;
}

char *
keyset_array(const struct keyset *set, size_t column)
{
    struct buf out = {0};

    pgarray_open(&out);
    for (size_t i = 0; i < set->count; i++)
        pgarray_add(&out, keyset_at(set, i)[column]);
    pgarray_close(&out);
    return buf_steal(&out);
}

cJSON *
keyset_json(const struct keyset *set)
{
    cJSON *all = cJSON_CreateArray();

    for (size_t i = 0; i < set->count; i++)
        cJSON_AddItemToArray(all, cJSON_CreateStringArray(keyset_at(set, i), (int) set->columns));
    return all;
}

static bool
add_json(struct keyset *set, const cJSON *key, const char **texts)
{
    for (size_t i = 0; i < set->columns; i++)
        if ((texts[i] = cJSON_GetStringValue(cJSON_GetArrayItem(key, (int) i))) == NULL)
            return false;
    keyset_add(set, texts);
    return true;
}

bool
keyset_from_json(struct keyset *set, const cJSON *json)
{
    const char **texts = xcalloc(set->columns, sizeof *texts);
    const cJSON *key;
    bool good = cJSON_IsArray(json);

    cJSON_ArrayForEach(key, json) good =
        good && (size_t) cJSON_GetArraySize(key) == set->columns && add_json(set, key, texts);
    free((void *) texts);
    keyset_settle(set);
    return good;
}

void
keyset_free(struct keyset *set)
{
    for (size_t i = 0; i < set->count * set->columns; i++)
        free(set->texts[i]);
    free((void *) set->texts);
    *set = (struct keyset){.columns = set->columns};
}
