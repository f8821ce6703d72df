/*
 * table_list.h - the tables of a mapping as text arrays, for statements that are asked about all of them at once.
 */
#ifndef DUALWRITE_TABLE_LIST_H
#define DUALWRITE_TABLE_LIST_H

#include <stdbool.h>

#include "dualwrite/mapping.h"

/* Side by side, an item for each table; an entity may be there twice. All owned, see table_list_free(). */
struct table_list {
    char *entities;
    char *schemas;
    char *names;
};

struct table_list table_list_of(const struct mapping *m, bool sources, bool targets);
void table_list_free(struct table_list *l);

#endif
