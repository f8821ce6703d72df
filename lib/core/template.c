/* template.c - fills the :{name} places of an SQL template; see dualwrite/template.h. No quoting, no SQL knowledge. */
#include "dualwrite/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

static struct fragment *
find(const struct fragments *f, const char *name, size_t len)
{
    for (size_t i = 0; i < f->count; i++)
        if (strlen(f->items[i].name) == len && memcmp(f->items[i].name, name, len) == 0)
            return &f->items[i];
    return NULL;
}

void
fragments_take(struct fragments *f, const char *name, char *text)
{
    struct fragment *old = find(f, name, strlen(name));

    if (old != NULL) {
        free(old->text);
        old->text = text;
        return;
    }
    f->items = xreallocarray(f->items, f->count + 1, sizeof *f->items);
    f->items[f->count++] = (struct fragment){name, text};
}

void
fragments_set(struct fragments *f, const char *name, const char *text)
{
    fragments_take(f, name, xstrdup(text));
}

static const char *
get(const struct fragments *f, const char *name, size_t len)
{
    const struct fragment *found = find(f, name, len);

    if (found != NULL)
        return found->text;
    fprintf(stderr, "dualwrited: no fragment is called %.*s\n", (int) len, name);
    abort();
}

const char *
fragments_get(const struct fragments *f, const char *name)
{
    return get(f, name, strlen(name));
}

void
fragments_free(struct fragments *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->items[i].text);
    free(f->items);
    *f = (struct fragments){0};
}

static void
fill_line(struct buf *out, const char *line, size_t len, const struct fragments *f)
{
    const char *end = line + len;

    while (line < end) {
        const char *close = NULL;

        if (line[0] == ':' && end - line > 1 && line[1] == '{')
            close = memchr(line, '}', (size_t) (end - line));
        if (close == NULL) {
            buf_putc(out, *line++);
            continue;
        }
        buf_puts(out, get(f, line + 2, (size_t) (close - line - 2)));
        line = close + 1;
    }
}

void
template_fill(struct buf *out, const char *template, const struct fragments *f)
{
    while (*template != '\0') {
        size_t len = strcspn(template, "\n");
        if (len < 2 || template[0] != '-' || template[1] != '-') {
            fill_line(out, template, len, f);
            if (template[len] == '\n')
                buf_putc(out, '\n');
        }
        template += len + (template[len] == '\n');
    }
}
