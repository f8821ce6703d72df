/*
 * suggest.c - the nearest known word; see dualwrite/suggest.h.
 *
 * Not a spelling checker: it compares with a handful of words, so three rows of the distance table are all it keeps.
 */
#include "dualwrite/suggest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

static bool
same_letter(char a, char b)
{
    if (a >= 'A' && a <= 'Z')
        a = (char) (a - 'A' + 'a');
    if (b >= 'A' && b <= 'Z')
        b = (char) (b - 'A' + 'a');
    return a == b;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
suggest_distance(const char *a, const char *b)
{
    size_t la = strlen(a);
    size_t lb = strlen(b);
    size_t *rows = xcalloc(3 * (lb + 1), sizeof *rows);
    size_t *before = rows; /* the row before the last one, for swaps */
    size_t *last = rows + lb + 1;
    size_t *row = rows + 2 * (lb + 1);
    size_t distance;

    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *spare = before;

        before = last;
        last = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t change = last[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);

            row[j] = least(change, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    distance = row[lb];
    free(rows);
    return distance;
}

const char *
suggest_nearest(const char *word, const char *const *known, size_t count)
{
    size_t len = strlen(word);
    size_t limit = len / 3 > 2 ? len / 3 : 2;
    const char *nearest = NULL;

    if (len == 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(known[i]);
        size_t distance;

        if ((len > other ? len - other : other - len) > limit) /* the distance is at least that */
            continue;
        distance = suggest_distance(word, known[i]);
        if (distance <= limit && (nearest == NULL || distance < limit)) {
            nearest = known[i];
            limit = distance;
        }
    }
    return nearest;
}
