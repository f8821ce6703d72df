/* pgarray.c - text arrays in PostgreSQL's syntax; see dualwrite/pgarray.h. */
#include "dualwrite/pgarray.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dualwrite/xalloc.h"

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

/* Needs no quotes, which would be escaped once more in JSON. Blanks at an end are no part of an element without them. */
static bool
is_plain(const char *element)
{
    size_t len = 0;

    for (char c; (c = element[len]) != '\0'; len++)
        if (!((c >= '0' && c <= ':') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
              c == '_' || c == '+' || c == ' '))
            return false;
    return len > 0 && element[0] != ' ' && element[len - 1] != ' ' &&
           !((element[0] | 0x20) == 'n' && strcasecmp(element, "null") == 0);
}

void
pgarray_add(struct buf *out, const char *element)
{
    separate(out);
    if (element == NULL || is_plain(element)) {
        buf_puts(out, element == NULL ? "NULL" : element);
        return;
    }
    buf_putc(out, '"');
    while (*element != '\0') {
        size_t n = strcspn(element, "\"\\");

        buf_add(out, element, n);
        element += n;
        if (*element != '\0') {
            buf_add(out, (const char[]){'\\', *element}, 2);
            element++;
        }
    }
    buf_putc(out, '"');
}

void
pgarray_add_int(struct buf *out, long long element)
{
    separate(out);
    buf_printf(out, "%lld", element);
}

/* The element at `*text`, which is moved behind it; NULL for NULL. Into `out`, which is as long as the rest of the text. */
static char *
read_element(const char **text, char *out)
{
    const char *p = *text;
    bool quoted = *p == '"';
    size_t n = 0;

    for (p += quoted; *p != '\0' && (quoted ? *p != '"' : *p != ',' && *p != '}'); p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        out[n++] = *p;
    }
    out[n] = '\0';
    *text = p + (quoted && *p == '"');
    return quoted || strcmp(out, "NULL") != 0 ? out : NULL;
}

size_t
pgarray_read(const char *text, char ***out)
{
    char *element = xcalloc(1, strlen(text) + 1);
    size_t n = 0;

    *out = NULL;
    while ((*text == '{' && text[1] != '}') || *text == ',') {
        text++;
        *out = xreallocarray(*out, n + 1, sizeof **out);
        (*out)[n++] = xstrdup(read_element(&text, element));
    }
    free(element);
    return n;
}

void
pgarray_close(struct buf *out)
{
    buf_putc(out, '}');
}
