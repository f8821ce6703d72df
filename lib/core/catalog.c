/*
 * catalog.c - finding things in what was read of the database's catalog; see dualwrite/catalog.h. Reading it is
 * lib/pg/catalog_read.c.
 */
#include "dualwrite/catalog.h"

#include <stdlib.h>
#include <string.h>

const struct catalog_table *
catalog_table(const struct catalog *c, const char *schema, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->tables[i].name, name) == 0 && strcmp(c->tables[i].schema, schema) == 0)
            return &c->tables[i];
    return NULL;
}

const struct catalog_column *
catalog_column(const struct catalog_table *t, const char *name)
{
    for (size_t i = 0; i < t->ncolumns; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return &t->columns[i];
    return NULL;
}

bool
catalog_is_unique(const struct catalog_table *t, char *const *columns, size_t count, bool any)
{
    for (size_t i = 0; i < t->nuniques; i++) {
        const struct catalog_unique *u = &t->uniques[i];
        size_t held = 0;

        for (size_t j = 0; j < u->count; j++)
            for (size_t k = 0; k < count; k++)
                held += columns[k] != NULL && strcmp(u->columns[j], columns[k]) == 0;
        if (u->whole && held == u->count && (any || u->count == count))
            return true;
    }
    return false;
}

static void
free_table(struct catalog_table *t)
{
    for (size_t i = 0; i < t->ncolumns; i++) {
        free(t->columns[i].name);
        free(t->columns[i].type);
        free(t->columns[i].base);
        free(t->columns[i].shown_type);
        free(t->columns[i].exact_type);
        for (size_t j = 0; j < t->columns[i].nlabels; j++)
            free(t->columns[i].labels[j]);
        free(t->columns[i].labels);
        free(t->columns[i].default_expr);
    }
    for (size_t i = 0; i < t->nuniques; i++) {
        for (size_t j = 0; j < t->uniques[i].count; j++)
            free(t->uniques[i].columns[j]);
        free(t->uniques[i].columns);
        free(t->uniques[i].name);
        free(t->uniques[i].predicate);
        free(t->uniques[i].expressions);
        for (size_t j = 0; j < t->uniques[i].nkeys; j++)
            free(t->uniques[i].keys[j]);
        free(t->uniques[i].keys);
        for (size_t j = 0; j < t->uniques[i].nequals; j++)
            free(t->uniques[i].equals[j]);
        free(t->uniques[i].equals);
    }
    for (size_t i = 0; i < t->nforeigns; i++) {
        for (size_t j = 0; j < t->foreigns[i].count; j++) {
            free(t->foreigns[i].columns[j]);
            free(t->foreigns[i].referenced[j]);
        }
        free(t->foreigns[i].columns);
        free(t->foreigns[i].referenced);
        free(t->foreigns[i].name);
        free(t->foreigns[i].schema);
        free(t->foreigns[i].table);
    }
    free(t->foreigns);
    free(t->columns);
    free(t->uniques);
    free(t->schema);
    free(t->name);
    free(t->owner);
    free(t->sequence);
}

void
catalog_free(struct catalog *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->count; i++)
        free_table(&c->tables[i]);
    free(c->tables);
    free(c->role);
    free(c);
}
