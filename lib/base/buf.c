/* buf.c - a growing byte string; see dualwrite/buf.h. */
#include "dualwrite/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

static void
reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;
    size_t cap = b->cap == 0 ? 64 : b->cap;

    if (need <= b->cap)
        return;
    while (cap < need)
        cap *= 2;
    b->data = xreallocarray(b->data, cap, 1);
    b->cap = cap;
}

void
buf_add(struct buf *b, const char *bytes, size_t len)
{
    reserve(b, len);
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void
buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    reserve(b, 0);
    va_copy(again, ap);
    n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
    va_end(again);
    if (n >= 0 && (size_t) n >= b->cap - b->len) {
        reserve(b, (size_t) n);
        vsnprintf(b->data + b->len, (size_t) n + 1, fmt, ap);
    }
    if (n > 0)
        b->len += (size_t) n;
    b->data[b->len] = '\0';
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

const char *
buf_text(const struct buf *b)
{
    return b->data == NULL ? "" : b->data;
}

char *
buf_steal(struct buf *b)
{
    char *text = b->data == NULL ? xstrdup("") : b->data;

    *b = (struct buf){0};
    return text;
}

void
buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data != NULL)
        b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}
