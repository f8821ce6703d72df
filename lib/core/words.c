/* words.c - the words of a command line; see dualwrite/words.h. */
#include "dualwrite/words.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

static void
take(struct words *w, char *word)
{
    w->items = xreallocarray(w->items, w->count + 2, sizeof *w->items);
    w->items[w->count++] = word;
    w->items[w->count] = NULL;
}

void
words_add(struct words *w, const char *word)
{
    take(w, xstrdup(word));
}

void
words_addf(struct words *w, const char *fmt, ...)
{
    struct buf word = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&word, fmt, ap);
    va_end(ap);
    take(w, buf_steal(&word));
}

void
words_append(struct words *w, const struct words *from)
{
    for (size_t i = 0; i < from->count; i++)
        words_add(w, from->items[i]);
}

void
words_free(struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->items[i]);
    free(w->items);
    *w = (struct words){0};
}

static void
put_quoted(struct buf *out, const char *word)
{
    buf_putc(out, '\'');
    for (; *word != '\0'; word++)
        if (*word == '\'')
            buf_puts(out, "'\\''");
        else
            buf_putc(out, *word);
    buf_putc(out, '\'');
}

void
words_shown(struct buf *out, const struct words *w)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";

    for (size_t i = 0; i < w->count; i++) {
        if (i > 0)
            buf_putc(out, ' ');
        if (*w->items[i] != '\0' && w->items[i][strspn(w->items[i], plain)] == '\0')
            buf_puts(out, w->items[i]);
        else
            put_quoted(out, w->items[i]);
    }
}
