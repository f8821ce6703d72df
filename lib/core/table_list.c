/* table_list.c - the tables of a mapping as text arrays; see dualwrite/table_list.h. */
#include "dualwrite/table_list.h"

#include <stdlib.h>

#include "dualwrite/pgarray.h"

struct table_list
table_list_of(const struct mapping *m, bool sources, bool targets)
{
    struct buf entities = {0};
    struct buf schemas = {0};
    struct buf names = {0};

    pgarray_open(&entities);
    pgarray_open(&schemas);
    pgarray_open(&names);
    for (size_t i = 0; i < 2 * m->count; i++) {
        const struct mapping_entity *e = &m->entities[i / 2];
        const struct mapping_table *t = i % 2 == 0 ? &e->source : &e->target;

        if (!(i % 2 == 0 ? sources : targets))
            continue;
        pgarray_add(&entities, e->name);
        pgarray_add(&schemas, t->schema);
        pgarray_add(&names, t->name);
    }
    pgarray_close(&entities);
    pgarray_close(&schemas);
    pgarray_close(&names);
    return (struct table_list){buf_steal(&entities), buf_steal(&schemas), buf_steal(&names)};
}

void
table_list_free(struct table_list *l)
{
    free(l->entities);
    free(l->schemas);
    free(l->names);
    *l = (struct table_list){0};
}
