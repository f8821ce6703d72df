/* sqlactive.c - which rows of an entity are active, on both sides, by what its removal leaves; see dualwrite/sqlparts.h. */
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"

/* Whether the type's values can be told apart where the vNext server reads them: its own types mean the same there. */
static bool
has_common_type(const struct catalog_column *c)
{
    return strncmp(c->type, "pg_catalog.", 11) == 0 && c->has_equality;
}

/* That vNext column `c` would give legacy the constant `text`; false when the mapping alone cannot tell. */
static bool
gives_constant(struct buf *out, const struct gen *g, const struct mapping_column *c, const char *text)
{
    const struct mapping_value *v = &c->value;
    const struct catalog_column *target = catalog_column(g->target, c->name);
    struct buf input = {0};
    size_t before = out->len;

    if (v->lookup != NULL || text == NULL || !gen_input(&input, v)) {
        buf_free(&input);
        return false;
    }
    if (v->nvalues > 0) {
        for (size_t i = 0; i < v->nvalues; i++) {
            if (v->values[i].to == NULL || strcmp(v->values[i].to, text) != 0)
                continue;
            buf_printf(out, "%s%s::pg_catalog.text = ", out->len == before ? "(" : " OR ", buf_text(&input));
            quote_literal(out, v->values[i].from);
        }
        buf_puts(out, out->len == before ? "false" : ")");
    } else if (has_common_type(target)) {
        buf_printf(out, "%s::%s = ", buf_text(&input), target->type);
        quote_literal(out, text);
        buf_printf(out, "::%s", target->type);
    } else {
        buf_printf(out, "%s::pg_catalog.text = ", buf_text(&input));
        quote_literal(out, text);
    }
    buf_free(&input);
    return true;
}

void
gen_active(struct buf *out, const struct gen *g)
{
    struct buf left = {0};

    for (size_t i = 0; g->e->removal.kind == REMOVAL_SET && i < g->e->removal.set.count; i++) {
        const struct mapping_column *set = &g->e->removal.set.items[i];
        struct buf one = {0};

        if (set->value.kind != VALUE_CONSTANT)
            continue;
        for (size_t j = 0; j < g->e->columns.count; j++)
            if (strcmp(g->e->columns.items[j].name, set->name) == 0 &&
                gives_constant(&one, g, &g->e->columns.items[j], set->value.text))
                buf_printf(&left, "%s%s", left.len == 0 ? "" : " AND ", buf_text(&one));
        buf_free(&one);
    }
    sql_present(out, g->e, "");
    if (left.len > 0)
        buf_printf(out, " AND NOT coalesce(%s, false)", buf_text(&left));
    buf_free(&left);
}

/* Where the rule of presence is about a column that legacy gets as it is, it holds for legacy's own rows too. */
static void
put_present_there(struct buf *out, const struct mapping_entity *e)
{
    for (size_t i = 0; e->present.kind == PRESENT_IN && i < e->columns.count; i++) {
        const struct mapping_value *v = &e->columns.items[i].value;

        if (v->kind != VALUE_COLUMN || strcmp(v->text, e->present.column) != 0 || v->nvalues > 0 || v->lookup != NULL ||
            v->truncate > 0 || v->insert_only)
            continue;
        buf_puts(out, " AND coalesce(t.");
        quote_ident(out, e->columns.items[i].name);
        buf_puts(out, "::pg_catalog.text IN (");
        for (size_t j = 0; j < e->present.values.count; j++) {
            buf_puts(out, j == 0 ? "" : ", ");
            quote_literal(out, e->present.values.items[j]);
        }
        buf_puts(out, "), false)");
    }
}

void
gen_active_there(struct buf *out, const struct gen *g)
{
    const struct mapping_columns *set = &g->e->removal.set;
    struct buf constants = {0}, times = {0};
    const struct buf *left;

    for (size_t i = 0; g->e->removal.kind == REMOVAL_SET && i < set->count; i++) {
        const struct mapping_value *v = &set->items[i].value;
        const struct catalog_column *column = catalog_column(g->target, set->items[i].name);
        struct buf *into = v->kind == VALUE_CONSTANT ? &constants : &times;

        buf_printf(into, "%st.", into->len == 0 ? "" : " AND ");
        quote_ident(into, set->items[i].name);
        if (v->kind != VALUE_CONSTANT) {
            buf_puts(into, " IS NOT NULL");
        } else if (v->text == NULL) {
            buf_puts(into, " IS NULL");
        } else if (column->has_equality) {
            buf_puts(into, " = ");
            quote_literal(into, v->text);
            buf_printf(into, "::%s", column->type);
        } else {
            buf_puts(into, "::pg_catalog.text = ");
            quote_literal(into, v->text);
        }
    }
    left = constants.len > 0 ? &constants : &times;
    if (left->len > 0)
        buf_printf(out, "NOT coalesce(%s, false)", buf_text(left));
    else
        buf_puts(out, "true");
    put_present_there(out, g->e);
    buf_free(&constants);
    buf_free(&times);
}
