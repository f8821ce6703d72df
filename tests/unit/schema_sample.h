/*
 * schema_sample.h - hand-made schemas for the tests of a proposed mapping. No server is asked.
 *
 * Include it after cmocka.h. A schema is written as text, one line a thing, fields divided by '|':
 *     T|name                        a table
 *     C|name|type|flags|default     a column; the type is its base, a length or the like in (); flags: n NOT NULL
 *     P|column|column...            the primary key
 *     U|column...                   a unique index; u: a partial one
 *     F|column|table|column         a foreign key; with a schema before it: other.table
 *     L|column|label|label...       the values that the column takes
 */
#ifndef TESTS_SCHEMA_SAMPLE_H
#define TESTS_SCHEMA_SAMPLE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/catalog.h"
#include "dualwrite/init_tables.h"
#include "dualwrite/schema_facts.h"
#include "dualwrite/xalloc.h"

struct sample {
    struct schema_facts *facts;
    struct catalog *catalog;
};

static inline size_t
sample_fields(char *line, char *fields[], size_t max)
{
    size_t n = 0;

    while (line != NULL && n < max)
        fields[n++] = strsep(&line, "|");
    return n;
}

static inline char **
sample_copies(char *const fields[], size_t count)
{
    char **out = xcalloc(count, sizeof *out);

    for (size_t i = 0; i < count; i++)
        out[i] = xstrdup(fields[i]);
    return out;
}

static inline const char *
sample_shown(const char *base)
{
    static const char *const names[][2] = {
        {"int2", "smallint"},
        {"int4", "integer"},
        {"int8", "bigint"},
        {"bool", "boolean"},
        {"bpchar", "character"},
        {"varchar", "character varying"},
        {"timestamptz", "timestamp with time zone"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(base, names[i][0]) == 0)
            return names[i][1];
    return base;
}

static inline void
sample_column(struct catalog_table *t, char *fields[], size_t n)
{
    struct catalog_column c = {.name = xstrdup(fields[1]), .has_equality = true};
    char *open = strchr(fields[2], '(');
    char shown[100];

    c.base = open == NULL ? xstrdup(fields[2]) : xstrndup(fields[2], (size_t) (open - fields[2]));
    snprintf(shown, sizeof shown, "%s%s", sample_shown(c.base), open == NULL ? "" : open);
    c.shown_type = xstrdup(shown);
    c.type = xstrdup(c.base);
    if (open != NULL && (strcmp(c.base, "varchar") == 0 || strcmp(c.base, "bpchar") == 0))
        c.length = atoi(open + 1);
    c.not_null = n > 3 && strchr(fields[3], 'n') != NULL;
    c.default_expr = n > 4 ? xstrdup(fields[4]) : NULL;
    t->columns = xreallocarray(t->columns, t->ncolumns + 1, sizeof *t->columns);
    t->columns[t->ncolumns++] = c;
}

static inline void
sample_unique(struct catalog_table *t, char *fields[], size_t n, bool whole)
{
    t->uniques = xreallocarray(t->uniques, t->nuniques + 1, sizeof *t->uniques);
    t->uniques[t->nuniques++] = (struct catalog_unique){
        .columns = sample_copies(fields + 1, n - 1), .count = n - 1, .usable = whole, .whole = whole};
}

static inline void
sample_foreign(struct catalog_table *t, char *fields[])
{
    char *dot = strchr(fields[2], '.');
    struct catalog_foreign f = {.columns = sample_copies(&fields[1], 1), .referenced = sample_copies(&fields[3], 1)};

    f.count = 1;
    f.name = xstrdup("fk");
    f.schema = dot == NULL ? xstrdup(t->schema) : xstrndup(fields[2], (size_t) (dot - fields[2]));
    f.table = xstrdup(dot == NULL ? fields[2] : dot + 1);
    t->foreigns = xreallocarray(t->foreigns, t->nforeigns + 1, sizeof *t->foreigns);
    t->foreigns[t->nforeigns++] = f;
}

static inline void
sample_line(struct sample *s, char *line)
{
    char *fields[20];
    size_t n = sample_fields(line, fields, 20);
    struct catalog *c = s->catalog;
    struct schema_facts *f = s->facts;
    struct catalog_table *t;

    if (*fields[0] == 'T') {
        c->tables = xreallocarray(c->tables, c->count + 1, sizeof *c->tables);
        c->tables[c->count++] = (struct catalog_table){
            .schema = xstrdup(f->schema), .name = xstrdup(fields[1]), .exists = true, .plain = true};
        f->tables = xreallocarray(f->tables, f->ntables + 1, sizeof *f->tables);
        f->tables[f->ntables++] = (struct schema_table){.name = xstrdup(fields[1])};
        return;
    }
    t = &c->tables[c->count - 1];
    switch (*fields[0]) {
    case 'C':
        sample_column(t, fields, n);
        break;
    case 'P':
        f->tables[f->ntables - 1].primary = sample_copies(fields + 1, n - 1);
        f->tables[f->ntables - 1].nprimary = n - 1;
        sample_unique(t, fields, n, true);
        break;
    case 'F':
        sample_foreign(t, fields);
        break;
    case 'L':
        f->labels = xreallocarray(f->labels, f->nlabels + 1, sizeof *f->labels);
        f->labels[f->nlabels++] =
            (struct schema_labels){xstrdup(t->name), xstrdup(fields[1]), sample_copies(fields + 2, n - 2), n - 2};
        break;
    default:
        sample_unique(t, fields, n, *fields[0] == 'U');
    }
}

static inline struct sample
sample_of(const char *schema, const char *text)
{
    struct sample s = {xcalloc(1, sizeof *s.facts), xcalloc(1, sizeof *s.catalog)};
    char *copy = xstrdup(text);
    char *rest = NULL;

    s.facts->schema = xstrdup(schema);
    s.facts->exists = true;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        sample_line(&s, line);
    free(copy);
    return s;
}

static inline void
sample_free(struct sample *s)
{
    schema_facts_free(s->facts);
    catalog_free(s->catalog);
}

#endif
