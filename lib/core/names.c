/* names.c - names taken apart into words, and compared; see dualwrite/names.h. English plurals only. */
#include "dualwrite/names.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"

/* Words that say what kind of column it is, and not which. */
static const char *const kinds[] = {"id", "at", "on", "is", "has", "date", "time", "uuid", NULL};

static bool
upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool
lower(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char) c >= 0x80;
}

static bool
digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
ends(const char *word, size_t len, const char *tail)
{
    size_t n = strlen(tail);

    return len > n && memcmp(word + len - n, tail, n) == 0;
}

/* status, address and news stay; entries, boxes and orders lose their plural. */
static void
singular(char *word)
{
    size_t len = strlen(word);

    if (len < 4 || word[len - 1] != 's' || ends(word, len, "ss") || ends(word, len, "us") || ends(word, len, "is") ||
        strcmp(word, "news") == 0)
        return;
    if (ends(word, len, "ies"))
        memcpy(word + len - 3, "y", 2);
    else if (ends(word, len, "sses") || ends(word, len, "xes") || ends(word, len, "ches") || ends(word, len, "shes") ||
             ends(word, len, "uses"))
        word[len - 2] = '\0';
    else
        word[len - 1] = '\0';
}

static void
add_word(struct name_words *out, const char *from, size_t len)
{
    char *word = xstrndup(from, len);

    for (char *c = word; *c != '\0'; c++)
        if (upper(*c))
            *c = (char) (*c - 'A' + 'a');
    singular(word);
    out->items = xreallocarray(out->items, out->count + 1, sizeof *out->items);
    out->items[out->count++] = word;
}

struct name_words
name_words(const char *name)
{
    struct name_words out = {0};
    const char *start = NULL;
    const char *c;

    for (c = name; *c != '\0'; c++) {
        bool letter = upper(*c) || lower(*c) || digit(*c);
        /* orderId, and HTMLPage: the last capital before a small letter begins a word */
        bool begins = start != NULL && upper(*c) && (!upper(c[-1]) || lower(c[1]));

        if (start != NULL && (!letter || begins)) {
            add_word(&out, start, (size_t) (c - start));
            start = NULL;
        }
        if (letter && start == NULL)
            start = c;
    }
    if (start != NULL)
        add_word(&out, start, (size_t) (c - start));
    if (out.count == 0)
        add_word(&out, name, strlen(name));
    return out;
}

void
name_words_free(struct name_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    *words = (struct name_words){0};
}

static bool
among(const char *word, const char *const *known)
{
    for (; *known != NULL; known++)
        if (strcmp(word, *known) == 0)
            return true;
    return false;
}

char *
name_joined(const char *name, size_t skip, const char *between)
{
    struct name_words words = name_words(name);
    struct buf out = {0};

    for (size_t i = skip; i < words.count; i++)
        buf_printf(&out, "%s%s", i == skip ? "" : between, words.items[i]);
    name_words_free(&words);
    return buf_steal(&out);
}

bool
name_same(const char *a, const char *b)
{
    char *x = name_joined(a, 0, "");
    char *y = name_joined(b, 0, "");
    bool same = strcmp(x, y) == 0;

    free(x);
    free(y);
    return same;
}

/* Without the words that say the kind; a name of nothing else keeps them. */
static struct name_words
core(const char *name)
{
    struct name_words words = name_words(name);
    size_t kept = 0;

    for (size_t i = 0; i < words.count; i++)
        kept += !among(words.items[i], kinds);
    if (kept == 0)
        return words;
    kept = 0;
    for (size_t i = 0; i < words.count; i++)
        if (among(words.items[i], kinds))
            free(words.items[i]);
        else
            words.items[kept++] = words.items[i];
    words.count = kept;
    return words;
}

bool
name_same_core(const char *a, const char *b)
{
    struct name_words x = core(a);
    struct name_words y = core(b);
    bool same = x.count == y.count;

    for (size_t i = 0; same && i < x.count; i++)
        same = strcmp(x.items[i], y.items[i]) == 0;
    name_words_free(&x);
    name_words_free(&y);
    return same;
}

int
name_overlap(const char *a, const char *b)
{
    struct name_words x = core(a);
    struct name_words y = core(b);
    size_t shared = 0;
    size_t all;

    for (size_t i = 0; i < x.count; i++)
        for (size_t j = 0; j < y.count; j++)
            if (strcmp(x.items[i], y.items[j]) == 0) {
                shared++;
                break;
            }
    all = x.count + y.count - shared;
    name_words_free(&x);
    name_words_free(&y);
    return all == 0 || shared > all ? 100 : (int) (100 * shared / all);
}

const char *
name_word_among(const char *name, const char *const *known)
{
    struct name_words words = name_words(name);
    const char *found = NULL;

    for (; *known != NULL && found == NULL; known++)
        for (size_t i = 0; i < words.count && found == NULL; i++)
            if (strcmp(words.items[i], *known) == 0)
                found = *known;
    name_words_free(&words);
    return found;
}
