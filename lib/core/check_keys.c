/* check_keys.c - unique indexes and foreign keys of the legacy table against the rows of today; see check_keys.h. */
#include "dualwrite/check_keys.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/expression.h"
#include "dualwrite/xalloc.h"

bool
check_is_key(const struct mapping_entity *e, const char *name)
{
    for (size_t i = 0; i < e->target_key.count; i++)
        if (strcmp(e->target_key.items[i], name) == 0)
            return true;
    return false;
}

bool
check_is_parent(const struct mapping_entity *e, const char *name)
{
    return e->parent != NULL && strcmp(e->parent->target_column, name) == 0;
}

size_t
check_column_named(const struct check_subject *s, const char *name)
{
    size_t i = 0;

    while (i < s->count && (s->columns[i].of_map || strcmp(s->columns[i].to->name, name) != 0))
        i++;
    return i;
}

/* 'x'::text, 0, (0)::numeric, true: but not now() or nextval(). */
static bool
is_fixed(const char *default_expr)
{
    const char *p = default_expr + strspn(default_expr, "(-");

    if (*p == '\'' || (*p >= '0' && *p <= '9'))
        return strstr(default_expr, "nextval") == NULL;
    return strcmp(p, "true") == 0 || strcmp(p, "false") == 0 || strncmp(p, "NULL", 4) == 0;
}

enum check_origin
check_origin_of(const struct check_subject *s, size_t n)
{
    const struct catalog_column *column = &s->target->columns[n];
    size_t i = check_column_named(s, column->name);

    if (check_is_parent(s->e, column->name))
        return s->parent->map != NULL && s->parent_map == NULL ? ORIGIN_UNKNOWN : ORIGIN_ROW;
    if (i < s->count) {
        const struct mapping_value *v = s->columns[i].value;

        return v->kind == VALUE_CONSTANT || v->kind == VALUE_NOW || check_known(s, i) ? ORIGIN_ROW : ORIGIN_UNKNOWN;
    }
    if (s->e->map != NULL && check_is_key(s->e, column->name))
        return ORIGIN_NEW;
    if (mapping_column(&s->e->columns, column->name) != NULL || column->generated)
        return ORIGIN_UNKNOWN; /* mapped, but from something that is not there */
    return column->default_expr == NULL || is_fixed(column->default_expr) ? ORIGIN_DEFAULT : ORIGIN_NEW;
}

/* ---- what the mapping says ---- */

bool
check_reads(const struct catalog_unique *u, const char *name)
{
    for (size_t i = 0; i < u->count; i++)
        if (strcmp(u->columns[i], name) == 0)
            return true;
    return (u->expressions != NULL && expression_reads(u->expressions, name)) ||
           (u->predicate != NULL && expression_reads(u->predicate, name));
}

static size_t
position(const struct catalog_table *t, const char *name)
{
    size_t n = 0;

    while (n < t->ncolumns && strcmp(t->columns[n].name, name) != 0)
        n++;
    return n;
}

/* Rows that differ in their legacy key differ in this index. */
static bool
holds_key(const struct mapping_entity *e, const struct catalog_unique *u)
{
    size_t held = 0;

    for (size_t i = 0; i < u->count; i++)
        held += check_is_key(e, u->columns[i]);
    return held == e->target_key.count;
}

/* A key column that no two rows share: NULL, or a default that gives another value each time. */
static bool
never_equal(const struct check_subject *s, const struct catalog_unique *u)
{
    for (size_t i = 0; i < u->count; i++) {
        size_t n = position(s->target, u->columns[i]);
        enum check_origin origin = n == s->target->ncolumns ? ORIGIN_UNKNOWN : check_origin_of(s, n);

        if (origin == ORIGIN_NEW || (origin == ORIGIN_DEFAULT && s->target->columns[n].default_expr == NULL))
            return true;
    }
    return false;
}

static bool
has_suffix(const struct check_subject *s, const struct catalog_unique *u)
{
    for (size_t i = 0; i < u->count; i++) {
        size_t column = check_column_named(s, u->columns[i]);

        if (column < s->count && s->columns[column].value->unique == UNIQUE_SUFFIX)
            return true;
    }
    return false;
}

/* Some column of what it reads cannot be computed. */
static bool
unknown(const struct check_subject *s, const struct catalog_unique *u)
{
    for (size_t n = 0; n < s->target->ncolumns; n++)
        if (check_reads(u, s->target->columns[n].name) &&
            (check_origin_of(s, n) == ORIGIN_UNKNOWN || check_origin_of(s, n) == ORIGIN_NEW))
            return true;
    return u->nkeys == 0;
}

enum check_hold
check_taken_hold(const struct check_subject *s, const struct catalog_unique *u)
{
    if (holds_key(s->e, u) || never_equal(s, u) || has_suffix(s, u))
        return HOLD_ALWAYS;
    return unknown(s, u) ? HOLD_UNKNOWN : HOLD_PERHAPS;
}

/* The source columns that the index's columns are copied of, all unique together in vNext. */
static bool
unique_in_source(const struct check_subject *s, const struct catalog_unique *u)
{
    char **names = xcalloc(u->count, sizeof *names);
    size_t count = 0;
    bool unique;

    for (size_t i = 0; i < u->count; i++) {
        size_t column = check_column_named(s, u->columns[i]);
        const struct mapping_value *v = column == s->count ? NULL : s->columns[column].value;

        if (check_is_parent(s->e, u->columns[i]))
            names[count++] = s->e->parent->column;
        else if (v != NULL && v->kind == VALUE_COLUMN && v->nvalues == 0 && v->lookup == NULL && v->truncate == 0 &&
                 v->unique == UNIQUE_FAIL)
            names[count++] = v->text;
    }
    unique = u->expressions == NULL && catalog_is_unique(s->source, names, count, true);
    free(names);
    return unique;
}

enum check_hold
check_twice_hold(const struct check_subject *s, const struct catalog_unique *u)
{
    enum check_hold hold = check_taken_hold(s, u);

    return hold == HOLD_ALWAYS || unique_in_source(s, u) ? HOLD_ALWAYS : hold;
}

static bool
same_words(char *const *a, char *const *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

/* vNext has the same foreign key on the columns that these are copied of; within one database only. */
static bool
referenced_in_source(const struct check_subject *s, const struct catalog_foreign *f)
{
    char **names = xcalloc(f->count, sizeof *names);
    size_t count = 0;
    bool found = false;

    for (size_t i = 0; i < f->count; i++) {
        size_t column = check_column_named(s, f->columns[i]);
        const struct mapping_value *v = column == s->count ? NULL : s->columns[column].value;

        if (v != NULL && v->kind == VALUE_COLUMN && v->nvalues == 0 && v->lookup == NULL)
            names[count++] = v->text;
    }
    for (size_t i = 0; i < s->source->nforeigns && count == f->count && s->c->vnext == s->c->legacy; i++) {
        const struct catalog_foreign *g = &s->source->foreigns[i];

        found =
            found || (g->count == f->count && strcmp(g->schema, f->schema) == 0 && strcmp(g->table, f->table) == 0 &&
                      same_words(g->columns, names, count) && same_words(g->referenced, f->referenced, count));
    }
    free(names);
    return found;
}

/* The value is that of the referenced row itself: the parent's, which is written first, or a lookup's in that table. */
static bool
from_referenced(const struct check_subject *s, const struct catalog_foreign *f, size_t i)
{
    size_t column = check_column_named(s, f->columns[i]);
    const struct mapping_lookup *l = column == s->count ? NULL : s->columns[column].value->lookup;

    if (check_is_parent(s->e, f->columns[i]))
        return strcmp(s->parent->target.schema, f->schema) == 0 && strcmp(s->parent->target.name, f->table) == 0;
    return l != NULL && strcmp(l->table.schema, f->schema) == 0 && strcmp(l->table.name, f->table) == 0 &&
           strcmp(l->value, f->referenced[i]) == 0 && (l->legacy || s->c->vnext == s->c->legacy);
}

enum check_hold
check_foreign_hold(const struct check_subject *s, const struct catalog_foreign *f)
{
    size_t safe = 0;
    bool known = true;

    for (size_t i = 0; i < f->count; i++) {
        size_t n = position(s->target, f->columns[i]);
        enum check_origin origin = n == s->target->ncolumns ? ORIGIN_UNKNOWN : check_origin_of(s, n);

        if (origin == ORIGIN_DEFAULT && s->target->columns[n].default_expr == NULL)
            return HOLD_ALWAYS; /* NULL points nowhere */
        if (from_referenced(s, f, i))
            safe++;
        else if (origin != ORIGIN_ROW && origin != ORIGIN_DEFAULT)
            known = false;
    }
    if (safe == f->count || referenced_in_source(s, f))
        return HOLD_ALWAYS;
    return known ? HOLD_PERHAPS : HOLD_UNKNOWN;
}

/* ---- what has to be streamed ---- */

bool
check_tries(const struct check_subject *s, size_t n)
{
    static const char *const counted[] = {"text", "varchar", "bpchar", "enum"};
    const struct catalog_column *to = &s->target->columns[n];
    size_t i = check_column_named(s, to->name);
    bool domain = to->exact_type != NULL && strcmp(to->exact_type, to->shown_type) != 0;

    if (i == s->count || !check_known(s, i) || s->columns[i].value->nvalues > 0)
        return false;
    for (size_t j = 0; j < sizeof counted / sizeof counted[0]; j++)
        if (strcmp(to->base, counted[j]) == 0)
            return domain;
    return s->columns[i].from == NULL || s->columns[i].looked_up != NULL ||
           strcmp(s->columns[i].from->shown_type, to->shown_type) != 0;
}

static void
need_unique(const struct check_subject *s, const struct catalog_unique *u, bool *needed)
{
    for (size_t n = 0; n < s->target->ncolumns; n++) {
        const char *name = s->target->columns[n].name;
        bool own = s->e->map == NULL && check_is_key(s->e, name);

        if ((own || check_reads(u, name)) && check_origin_of(s, n) == ORIGIN_ROW)
            needed[n] = true;
    }
}

bool *
check_needed(const struct check_subject *s)
{
    bool *needed = xcalloc(s->target->ncolumns, sizeof *needed);
    bool any = false;

    for (size_t i = 0; i < s->target->nuniques; i++)
        if (check_taken_hold(s, &s->target->uniques[i]) == HOLD_PERHAPS)
            need_unique(s, &s->target->uniques[i], needed);
    for (size_t i = 0; i < s->target->nforeigns; i++) {
        const struct catalog_foreign *f = &s->target->foreigns[i];

        for (size_t j = 0; j < f->count && check_foreign_hold(s, f) == HOLD_PERHAPS; j++) {
            size_t n = position(s->target, f->columns[j]);

            needed[n] = needed[n] || check_origin_of(s, n) == ORIGIN_ROW;
        }
    }
    for (size_t n = 0; n < s->target->ncolumns; n++) {
        needed[n] = needed[n] || check_tries(s, n);
        any = any || needed[n];
    }
    if (any)
        return needed;
    free(needed);
    return NULL;
}
