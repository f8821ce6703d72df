/* cleanup.c - what `rollback cleanup` decides by itself; see dualwrite/cleanup.h. */
#include "dualwrite/cleanup.h"

#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/shown.h"

enum cleanup_pattern
cleanup_pattern(const char *pattern)
{
    bool literal = false;

    if (*pattern == '\0')
        return CLEANUP_PATTERN_EMPTY;
    for (const char *c = pattern; *c != '\0'; c++) {
        const bool escaped = *c == '\\';

        if (escaped && *++c == '\0')
            return CLEANUP_PATTERN_UNFINISHED;
        literal = literal || escaped || (*c != '%' && *c != '_');
    }
    return literal ? CLEANUP_PATTERN_GOOD : CLEANUP_PATTERN_ANYTHING;
}

bool
cleanup_too_much(double matched, double total)
{
    return matched > 0 && (matched >= total || (matched > CLEANUP_FEW && matched * 100 > total * CLEANUP_SHARE));
}

const char *
cleanup_plain(const struct mapping_entity *e, const char *name)
{
    const struct mapping_value *v = mapping_column(&e->columns, name);

    return v != NULL && v->kind == VALUE_COLUMN && v->nvalues == 0 && v->lookup == NULL && v->truncate == 0 ? v->text
                                                                                                            : NULL;
}

/* The target column that `name` means: itself, or what its copy is called. */
static const char *
target_of(const struct mapping_entity *e, const char *name)
{
    const struct mapping_value *v = mapping_column(&e->columns, name);

    if (v != NULL && v->kind == VALUE_COLUMN)
        return name;
    for (size_t i = 0; i < e->columns.count; i++)
        if (e->columns.items[i].value.kind == VALUE_COLUMN && strcmp(e->columns.items[i].value.text, name) == 0)
            return e->columns.items[i].name;
    return NULL;
}

static void
complain(struct buf *out, const struct mapping *m, const char *entity, const char *column, bool known)
{
    struct buf word = {0};

    shown_text(&word, entity != NULL && !known ? entity : column, 60);
    if (entity != NULL && !known)
        buf_printf(out, "the mapping has no root entity \"%s\" (there are:", buf_text(&word));
    else
        buf_printf(out,
                   "no root entity of the mapping copies a column \"%s\"; say with --column which one has the names (",
                   buf_text(&word));
    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];

        if (e->parent != NULL)
            continue;
        buf_printf(out, "%s%s", entity != NULL && !known ? " " : "", e->name);
        if (entity != NULL && !known)
            continue;
        buf_puts(out, ":");
        for (size_t k = 0; k < e->columns.count; k++)
            if (e->columns.items[k].value.kind == VALUE_COLUMN)
                buf_printf(out, " %s", e->columns.items[k].name);
        buf_puts(out, "; ");
    }
    if (out->data[out->len - 1] == ' ')
        out->data[out->len -= 2] = '\0';
    buf_puts(out, ")");
    buf_free(&word);
}

char *
cleanup_column(const struct mapping *m, const char *entity, const char *column, struct cleanup_column *found)
{
    const char *wanted = column == NULL ? "name" : column;
    struct buf out = {0};
    bool known = false;

    for (size_t i = 0; i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];
        const char *target = target_of(e, wanted);

        if (e->parent != NULL || (entity != NULL && strcmp(entity, e->name) != 0))
            continue;
        known = true;
        if (target == NULL)
            continue;
        *found = (struct cleanup_column){e, mapping_column(&e->columns, target)->text, target};
        return NULL;
    }
    complain(&out, m, entity, wanted, known);
    return buf_steal(&out);
}

bool
cleanup_belongs(const struct mapping *m, const struct mapping_entity *e, const struct mapping_entity *root)
{
    while (e != root && e->parent != NULL)
        e = &m->entities[e->parent->index];
    return e == root;
}
