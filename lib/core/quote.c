/* quote.c - identifiers and literals as SQL text; see dualwrite/quote.h. Values of rows are parameters, not this. */
#include "dualwrite/quote.h"

#include <string.h>

/* Appends `text` with every character of `twice` doubled. */
static void
put_doubled(struct buf *out, const char *text, const char *twice)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, twice);

        buf_add(out, text, plain);
        text += plain;
        if (*text != '\0') {
            buf_putc(out, *text);
            buf_putc(out, *text);
            text++;
        }
    }
}

void
quote_ident(struct buf *out, const char *name)
{
    buf_putc(out, '"');
    put_doubled(out, name, "\"");
    buf_putc(out, '"');
}

void
quote_qualified(struct buf *out, const char *schema, const char *name)
{
    quote_ident(out, schema);
    buf_putc(out, '.');
    quote_ident(out, name);
}

void
quote_literal(struct buf *out, const char *text)
{
    if (text == NULL) {
        buf_puts(out, "NULL");
        return;
    }
    /* The space keeps the E from growing onto a word before it: SELECT 1 ASE'..' would be another statement. */
    if (strchr(text, '\\') != NULL)
        buf_puts(out, " E");
    buf_putc(out, '\'');
    put_doubled(out, text, "'\\");
    buf_putc(out, '\'');
}
