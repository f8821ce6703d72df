/* slots.c - what a row carries; see dualwrite/slots.h. What becomes SQL of it is sqlread.c's and sqlrows.c's. */
#include "dualwrite/slots.h"

#include <string.h>

static void
add(struct slot *out, size_t *n, char letter, size_t column)
{
    if (out != NULL)
        out[*n] = (struct slot){letter, column};
    ++*n;
}

bool
slots_is_key(const struct mapping_entity *e, const char *column)
{
    for (size_t i = 0; i < e->target_key.count; i++)
        if (strcmp(e->target_key.items[i], column) == 0)
            return true;
    return false;
}

size_t
slots_width(const struct mapping_entity *e, size_t i)
{
    const struct mapping_column *c = &e->columns.items[i];

    if (slots_is_key(e, c->name) || c->value.kind == VALUE_NOW)
        return 0;
    return c->value.unique == UNIQUE_SUFFIX ? 3 : 1;
}

size_t
slots_values(const struct mapping_entity *e, struct slot *out)
{
    size_t n = 0;

    for (size_t i = 0; i < e->columns.count; i++) {
        size_t width = slots_width(e, i);

        if (width > 0)
            add(out, &n, 'c', i);
        if (width == 3) {
            add(out, &n, 'y', i);
            add(out, &n, 'o', i);
        }
    }
    return n;
}

size_t
slots_map(const struct mapping_entity *e, struct slot *out)
{
    size_t n = 0;

    for (size_t i = 0; e->map != NULL && i < e->map->columns.count; i++)
        if (e->map->columns.items[i].value.kind != VALUE_NOW)
            add(out, &n, 'x', i);
    return n;
}
