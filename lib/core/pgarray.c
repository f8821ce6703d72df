/* pgarray.c - text arrays in PostgreSQL's input syntax; see dualwrite/pgarray.h. Writing only: answers come as JSON. */
#include "dualwrite/pgarray.h"

#include <stddef.h>

void
pgarray_open(struct buf *out)
{
    buf_putc(out, '{');
}

static void
separate(struct buf *out)
{
    if (out->data[out->len - 1] != '{')
        buf_putc(out, ',');
}

void
pgarray_add(struct buf *out, const char *element)
{
    separate(out);
    if (element == NULL) {
        buf_puts(out, "NULL");
        return;
    }
    buf_putc(out, '"');
    for (; *element != '\0'; element++) {
        if (*element == '"' || *element == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *element);
    }
    buf_putc(out, '"');
}

void
pgarray_add_int(struct buf *out, long long element)
{
    separate(out);
    buf_printf(out, "%lld", element);
}

void
pgarray_close(struct buf *out)
{
    buf_putc(out, '}');
}
