/* check_value.c - what the mapped columns would get from the rows of today, as SQL; see dualwrite/check_value.h. */
#include "dualwrite/check_value.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_node.h"
#include "dualwrite/quote.h"
#include "dualwrite/sqlgen.h"
#include "dualwrite/xalloc.h"

char *
check_path(const struct mapping_entity *e, const char *place, const char *key)
{
    struct buf out = {0};

    buf_printf(&out, "$.entities[%zu].%s", e->position, place);
    if (key != NULL)
        json_path_key(&out, key);
    return buf_steal(&out);
}

/* ---- an entity and its columns ---- */

static const struct catalog_table *
usable(const struct catalog *c, const struct mapping_table *t)
{
    const struct catalog_table *ct = catalog_table(c, t->schema, t->name);

    return ct != NULL && ct->exists && ct->plain ? ct : NULL;
}

static bool
has_all(const struct catalog_table *t, const struct mapping_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (catalog_column(t, names->items[i]) == NULL)
            return false;
    return true;
}

static const struct catalog_table *
map_of(const struct catalogs *c, const struct mapping_entity *e)
{
    const struct catalog_table *t = usable(c->vnext, &e->map->table);

    return t == NULL || !has_all(t, &e->map->source_key) || catalog_column(t, e->map->target_key) == NULL ? NULL : t;
}

static const struct catalog_table *
lookup_table(const struct check_subject *s, const struct mapping_lookup *l)
{
    return usable(catalog_of_side(s->c, l->legacy ? DATABASE_LEGACY : DATABASE_VNEXT), &l->table);
}

static void
add_column(struct check_subject *s, const struct catalog_table *t, const struct mapping_column *mc, const char *place,
           bool of_map)
{
    struct check_column column = {.value = &mc->value, .to = catalog_column(t, mc->name), .of_map = of_map};
    const struct mapping_lookup *l;

    if (mc->value.kind == VALUE_TARGET_COLUMN)
        column.value = mapping_column(&s->e->columns, mc->value.text);
    if (column.to == NULL || column.value == NULL)
        return;
    if (column.value->kind == VALUE_COLUMN) {
        column.from = catalog_column(s->source, column.value->text);
        if (column.from == NULL)
            return;
    }
    l = column.value->lookup;
    if (l != NULL) {
        const struct catalog_table *asked = lookup_table(s, l);

        if (asked == NULL || catalog_column(asked, l->key) == NULL)
            return;
        column.looked_up = catalog_column(asked, l->value);
        if (column.looked_up == NULL)
            return;
    }
    column.path = check_path(s->e, place, mc->name);
    s->columns[s->count++] = column;
}

bool
check_subject_make(struct check_subject *s, const struct mapping *m, const struct catalogs *c,
                   const struct mapping_entity *e, int64_t limit)
{
    size_t extra = e->map == NULL ? 0 : e->map->columns.count;

    *s = (struct check_subject){
        .m = m,
        .c = c,
        .e = e,
        .parent = e->parent == NULL ? NULL : &m->entities[e->parent->index],
        .source = usable(c->vnext, &e->source),
        .target = usable(c->legacy, &e->target),
        .map = e->map == NULL ? NULL : map_of(c, e),
        .limit = limit,
    };
    if (s->source == NULL || s->target == NULL || !has_all(s->source, &e->source_key) ||
        !has_all(s->target, &e->target_key) ||
        (e->present.column != NULL && catalog_column(s->source, e->present.column) == NULL) ||
        (e->parent != NULL && catalog_column(s->source, e->parent->column) == NULL))
        return false;
    if (s->parent != NULL && s->parent->map != NULL)
        s->parent_map = map_of(c, s->parent);
    s->columns = xcalloc(e->columns.count + extra, sizeof *s->columns);
    for (size_t i = 0; i < e->columns.count; i++)
        add_column(s, s->target, &e->columns.items[i], "columns", false);
    for (size_t i = 0; s->map != NULL && i < extra; i++)
        add_column(s, s->map, &e->map->columns.items[i], "map.columns", true);
    return true;
}

void
check_subject_free(struct check_subject *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->columns[i].path);
    free(s->columns);
    *s = (struct check_subject){0};
}

bool
check_from_row(const struct mapping_value *v)
{
    return v->kind == VALUE_COLUMN || v->kind == VALUE_EXPRESSION;
}

bool
check_known(const struct check_subject *s, size_t i)
{
    const struct check_column *column = &s->columns[i];

    return !column->skip && check_from_row(column->value) &&
           (column->value->lookup == NULL || !column->value->lookup->legacy);
}

/* ---- values ---- */

static void
text_of(struct buf *out, const char *column)
{
    quote_ident(out, column);
    buf_puts(out, "::pg_catalog.text");
}

const char *
check_same_type(const struct catalog_table *a, const char *in_a, const struct catalog_table *b, const char *in_b)
{
    const struct catalog_column *one = catalog_column(a, in_a);
    const struct catalog_column *other = catalog_column(b, in_b);

    if (one == NULL || other == NULL || strcmp(one->type, other->type) != 0 || !one->has_equality)
        return NULL;
    return strncmp(one->type, "pg_catalog.", strlen("pg_catalog.")) == 0 ? one->type : NULL;
}

void
check_rows(struct buf *out, const struct check_subject *s)
{
    const struct mapping_entity *e = s->e;

    buf_puts(out, e->source_key.count == 1 ? "SELECT " : "SELECT pg_catalog.concat_ws(','");
    for (size_t i = 0; i < e->source_key.count; i++) {
        buf_puts(out, e->source_key.count == 1 ? "" : ", ");
        text_of(out, e->source_key.items[i]);
    }
    buf_puts(out, e->source_key.count == 1 ? " AS k, " : ") AS k, ");
    sql_present(out, e, "");
    buf_puts(out, " AS p");
    for (size_t i = 0; i < e->source_key.count; i++) {
        buf_puts(out, ", ");
        text_of(out, e->source_key.items[i]);
        buf_printf(out, " AS s%zu", i);
    }
    if (e->parent != NULL) {
        buf_puts(out, ", ");
        text_of(out, e->parent->column);
        buf_puts(out, " AS pc");
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct mapping_value *v = s->columns[i].value;

        if (!check_from_row(v))
            continue;
        buf_puts(out, ", ");
        if (s->columns[i].skip)
            buf_puts(out, "NULL::pg_catalog.text");
        else if (v->kind == VALUE_COLUMN)
            text_of(out, v->text);
        else
            buf_printf(out, "(%s\n)::pg_catalog.text", v->text); /* a comment at its end ends with the line */
        buf_printf(out, " AS r%zu", i);
    }
    buf_puts(out, " FROM ");
    quote_qualified(out, s->source->schema, s->source->name);
    if (s->limit > 0)
        buf_printf(out, " LIMIT %lld", (long long) s->limit);
}

static void
literal(struct buf *out, const char *text)
{
    quote_literal(out, text);
    buf_puts(out, "::pg_catalog.text");
}

static void
value_map(struct buf *out, const struct mapping_value *v, size_t i)
{
    buf_printf(out, "CASE WHEN x.r%zu IS NULL THEN NULL", i);
    for (size_t j = 0; j < v->nvalues; j++) {
        buf_printf(out, " WHEN x.r%zu = ", i);
        literal(out, v->values[j].from);
        buf_puts(out, " THEN ");
        literal(out, v->values[j].to);
    }
    buf_puts(out, " ELSE ");
    literal(out, v->has_otherwise ? v->otherwise : NULL);
    buf_puts(out, " END");
}

/* "FROM table l WHERE l.key = the value": the key's own type, so that its index is used. */
static void
from_lookup(struct buf *out, const struct check_subject *s, size_t i)
{
    const struct mapping_lookup *l = s->columns[i].value->lookup;

    buf_puts(out, "FROM ");
    quote_qualified(out, l->table.schema, l->table.name);
    buf_puts(out, " l WHERE l.");
    quote_ident(out, l->key);
    buf_printf(out, " = x.r%zu::%s", i, catalog_column(lookup_table(s, l), l->key)->type);
}

static void
look_up(struct buf *out, const struct check_subject *s, size_t i)
{
    const struct mapping_value *v = s->columns[i].value;

    buf_puts(out, v->has_otherwise ? "coalesce((SELECT l." : "(SELECT l.");
    text_of(out, v->lookup->value);
    buf_putc(out, ' ');
    from_lookup(out, s, i);
    buf_putc(out, ')');
    if (v->has_otherwise) {
        buf_printf(out, ", CASE WHEN x.r%zu IS NOT NULL THEN ", i);
        literal(out, v->otherwise);
        buf_puts(out, " END)");
    }
}

/* How many characters are left of a value; 0: all. */
static int
cut_at(const struct check_column *column)
{
    if (column->value->truncate > 0)
        return column->value->truncate;
    return column->value->unique != UNIQUE_FAIL ? column->to->length : 0;
}

void
check_mapped(struct buf *out, const struct check_subject *s, size_t i)
{
    const struct check_column *column = &s->columns[i];
    int cut = cut_at(column);

    buf_puts(out, cut > 0 ? "pg_catalog.\"left\"(" : "");
    if (column->value->nvalues > 0)
        value_map(out, column->value, i);
    else if (column->value->lookup != NULL)
        look_up(out, s, i);
    else
        buf_printf(out, "x.r%zu", i);
    if (cut > 0)
        buf_printf(out, ", %d)", cut);
}

/* ---- what may be wrong ---- */

static int
longest_of(const struct catalog_column *c)
{
    static const struct {
        const char *base;
        int longest;
    } types[] = {{"int2", 6}, {"int4", 11}, {"int8", 20}, {"uuid", 36}, {"bool", 5}};
    int longest = 0;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(c->base, types[i].base) == 0)
            return types[i].longest;
    for (size_t i = 0; i < c->nlabels; i++)
        if ((int) strlen(c->labels[i]) > longest)
            longest = (int) strlen(c->labels[i]);
    if (strcmp(c->base, "enum") == 0)
        return longest;
    return c->length > 0 ? c->length : INT_MAX;
}

int
check_longest(const struct check_subject *s, size_t i)
{
    const struct check_column *column = &s->columns[i];
    const struct catalog_column *c = column->looked_up != NULL ? column->looked_up : column->from;
    int longest = c == NULL ? INT_MAX : longest_of(c);
    int cut = cut_at(column);

    return cut > 0 && cut < longest ? cut : longest;
}

static bool
has_label(const struct catalog_column *c, const char *label)
{
    for (size_t i = 0; i < c->nlabels; i++)
        if (strcmp(c->labels[i], label) == 0)
            return true;
    return false;
}

/* Every label of an enum that the values come from. */
static bool
same_labels(const struct catalog_column *from, const struct catalog_column *to)
{
    if (from == NULL || strcmp(from->base, "enum") != 0)
        return false;
    for (size_t i = 0; i < from->nlabels; i++)
        if (!has_label(to, from->labels[i]))
            return false;
    return true;
}

/* Every label of an enum that the values come from has an entry. */
static bool
maps_all_labels(const struct check_column *column)
{
    if (column->from == NULL || strcmp(column->from->base, "enum") != 0)
        return false;
    for (size_t i = 0; i < column->from->nlabels; i++) {
        bool found = false;

        for (size_t j = 0; j < column->value->nvalues; j++)
            found = found || strcmp(column->value->values[j].from, column->from->labels[i]) == 0;
        if (!found)
            return false;
    }
    return true;
}

struct list {
    struct check_condition *items;
    size_t count;
};

/* Takes `sql` over. */
static void
add(struct list *list, enum check_kind kind, size_t column, bool expected, struct buf *sql)
{
    list->items = xreallocarray(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct check_condition){kind, column, expected, buf_steal(sql)};
}

static void
not_among(struct buf *out, size_t i, const struct mapping_value *v)
{
    buf_printf(out, "x.r%zu IS NOT NULL AND x.r%zu NOT IN (", i, i);
    for (size_t j = 0; j < v->nvalues; j++) {
        buf_puts(out, j == 0 ? "" : ", ");
        quote_literal(out, v->values[j].from);
    }
    buf_putc(out, ')');
}

static void
not_a_label(struct buf *out, const struct check_subject *s, size_t i)
{
    const struct catalog_column *to = s->columns[i].to;

    buf_putc(out, '(');
    check_mapped(out, s, i);
    buf_puts(out, ") <> ALL (ARRAY[");
    for (size_t j = 0; j < to->nlabels; j++) {
        buf_puts(out, j == 0 ? "" : ", ");
        quote_literal(out, to->labels[j]);
    }
    buf_puts(out, "]::pg_catalog.text[])");
}

/* What varchar(n) and char(n) refuse: spaces beyond the length they drop. */
static void
too_long(struct buf *out, const struct check_subject *s, size_t i)
{
    buf_puts(out, "pg_catalog.char_length(pg_catalog.rtrim(");
    check_mapped(out, s, i);
    buf_printf(out, ", ' ')) > %d", s->columns[i].to->length);
}

static void
conditions_of(struct list *list, const struct check_subject *s, size_t i)
{
    const struct check_column *column = &s->columns[i];
    const struct mapping_value *v = column->value;
    bool plain = column->from != NULL || column->looked_up != NULL;
    struct buf sql = {0};

    if (column->to->not_null && (column->from == NULL || !column->from->not_null)) {
        buf_printf(&sql, "x.r%zu IS NULL", i);
        add(list, KIND_NULL, i, column->from != NULL, &sql);
    }
    if (v->nvalues > 0) {
        if (!v->has_otherwise && !maps_all_labels(column)) {
            not_among(&sql, i, v);
            add(list, KIND_VALUES, i, column->from != NULL && column->from->nlabels > 0, &sql);
        }
        return; /* what it becomes is a constant, and is tried as one */
    }
    if (!check_known(s, i))
        return;
    if (v->lookup != NULL && !v->has_otherwise) {
        buf_printf(&sql, "x.r%zu IS NOT NULL AND NOT EXISTS (SELECT ", i);
        from_lookup(&sql, s, i);
        buf_putc(&sql, ')');
        add(list, KIND_LOOKUP, i, false, &sql);
    }
    if (column->to->length > 0 && check_longest(s, i) > column->to->length) {
        too_long(&sql, s, i);
        add(list, KIND_LENGTH, i, plain, &sql);
    }
    if (strcmp(column->to->base, "enum") == 0 &&
        !same_labels(plain ? (column->looked_up != NULL ? column->looked_up : column->from) : NULL, column->to)) {
        not_a_label(&sql, s, i);
        add(list, KIND_LABEL, i, plain, &sql);
    }
}

struct check_condition *
check_conditions(const struct check_subject *s, size_t *count)
{
    struct list list = {0};

    for (size_t i = 0; i < s->count; i++)
        if (check_from_row(s->columns[i].value) && !s->columns[i].skip)
            conditions_of(&list, s, i);
    *count = list.count;
    return list.items;
}

void
check_conditions_free(struct check_condition *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i].sql);
    free(items);
}
