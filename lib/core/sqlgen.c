/*
 * sqlgen.c - the statements that sync one entity, step by step; see dualwrite/sqlgen.h. Their pieces are sqlparts.h.
 */
#include "dualwrite/sqlgen.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* The identities of a batch, from the statement's parameters. */
static char *
wanted_from_parameters(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf out = {0};

    buf_puts(&out, "SELECT ");
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "u.i%zu::%s AS i%zu, ", i, gen_type(g->source, e->identity.items[i]), i);
    buf_puts(&out, "u.removal, u.n FROM unnest(");
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "$%zu::pg_catalog.text[], ", i + 1);
    buf_printf(&out, "$%zu::pg_catalog.bool[]) WITH ORDINALITY AS u(", e->identity.count + 1);
    for (size_t i = 0; i < e->identity.count; i++)
        buf_printf(&out, "i%zu, ", i);
    buf_puts(&out, "removal, n)");
    return buf_steal(&out);
}

static void
add_step(struct plan_entity *out, enum step_kind kind, const char *name, const char *template, struct fragments *f)
{
    struct buf sql = {0};

    template_fill(&sql, template, f);
    out->steps = xreallocarray(out->steps, out->count + 1, sizeof *out->steps);
    out->steps[out->count++] = (struct plan_step){kind, name, buf_steal(&sql)};
}

/* The parents of the wanted children for whom `needed` holds, as the wanted relation of the parent. */
static char *
wanted_parents(const struct gen *g, const struct fragments *child, const char *needed)
{
    const struct gen up = gen_for(g->mapping, g->catalog, g->parent);
    struct fragments f = {0};
    struct buf out = {0};

    fragments_set(&f, "wanted", fragments_get(child, "wanted"));
    fragments_set(&f, "reading", fragments_get(child, "reading"));
    fragments_set(&f, "parent_key_type", gen_type(up.source, g->parent->source_key.items[0]));
    fragments_set(&f, "needed", needed);
    template_fill(&out, sql_apply_parents, &f);
    fragments_free(&f);
    return buf_steal(&out);
}

static void
parent_without_shadow(struct buf *out, const struct mapping_entity *parent)
{
    buf_puts(out, "NOT EXISTS (SELECT FROM ");
    sql_table(out, &parent->map->table);
    buf_puts(out, " m JOIN ");
    sql_table(out, &parent->target);
    buf_puts(out, " t ON t.");
    quote_ident(out, parent->target_key.items[0]);
    buf_puts(out, " = ");
    gen_map_target(out, "m", parent->map);
    buf_puts(out, " WHERE m.");
    quote_ident(out, parent->map->source_key.items[0]);
    buf_puts(out, " = d.i0)");
}

static void
parent_unverified(struct buf *out, const struct mapping_entity *parent)
{
    buf_puts(out, "EXISTS (SELECT FROM ");
    sql_table(out, &parent->map->table);
    buf_puts(out, " m WHERE m.");
    quote_ident(out, parent->map->source_key.items[0]);
    buf_puts(out, " = d.i0 AND m.");
    quote_ident(out, parent->map->verified);
    buf_puts(out, " IS DISTINCT FROM true)");
}

static void
verify_step(struct plan_entity *out, const struct gen *g, struct fragments *f, enum step_kind kind, const char *name)
{
    struct buf marking = {0};

    if (g->e->map != NULL && g->e->map->verified != NULL)
        template_fill(&marking, sql_apply_marking, f);
    fragments_take(f, "marking", buf_steal(&marking));
    add_step(out, kind, name, sql_apply_verify, f);
}

/* The shadows of parents that have none come first, and their parents' before them. */
static void
ensure_parents(struct plan_entity *out, const struct gen *g, const struct fragments *child)
{
    const struct gen up = gen_for(g->mapping, g->catalog, g->parent);
    struct fragments f = gen_fragments(&up);
    struct buf needed = {0};

    /* an absent parent too: a child that is present cannot be without it */
    fragments_set(&f, "reserved_when", "true");
    if (g->parent->removal.kind != REMOVAL_DELETE)
        fragments_set(&f, "written_when", "true");
    parent_without_shadow(&needed, g->parent);
    fragments_take(&f, "wanted", wanted_parents(g, child, buf_text(&needed)));
    if (up.parent != NULL)
        ensure_parents(out, &up, &f);
    add_step(out, STEP_WRITE, "parent reserve", sql_apply_reserve, &f);
    add_step(out, STEP_WRITE, "parent upsert", sql_apply_upsert, &f);
    if (g->parent->map->verified != NULL) {
        buf_clear(&needed);
        parent_unverified(&needed, g->parent);
        fragments_take(&f, "wanted", wanted_parents(g, child, buf_text(&needed)));
        verify_step(out, &up, &f, STEP_WRITE, "parent verify");
    }
    buf_free(&needed);
    fragments_free(&f);
}

static char *
resync(const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct fragments f = {0};
    struct buf columns = {0}, position = {0}, text = {0}, descending = {0}, ref = {0}, entity = {0}, op = {0};
    struct buf out = {0};

    for (size_t i = 0; i < e->source_key.count; i++) {
        const char *comma = i == 0 ? "" : ", ";

        buf_printf(&columns, "%sn.", comma);
        quote_ident(&columns, e->source_key.items[i]);
        buf_printf(&position, "%s($1::pg_catalog.text[])[%zu]::%s", comma, i + 1,
                   gen_type(g->source, e->source_key.items[i]));
        buf_printf(&text, "%sn.", comma);
        quote_ident(&text, e->source_key.items[i]);
        buf_puts(&text, "::pg_catalog.text");
        buf_printf(&descending, "%sn.", comma);
        quote_ident(&descending, e->source_key.items[i]);
        buf_puts(&descending, " DESC");
    }
    for (size_t i = 0; i < ref_count(e); i++) {
        buf_puts(&ref, i == 0 ? "n." : ", n.");
        quote_ident(&ref, ref_column(e, i));
        buf_puts(&ref, "::pg_catalog.text");
    }
    quote_literal(&entity, e->name);
    quote_literal(&op, e->operation_update);
    gen_set_table(&f, "source", &e->source);
    gen_set_ident(&f, "root", ref_root(e));
    fragments_take(&f, "key_columns", buf_steal(&columns));
    fragments_take(&f, "position", buf_steal(&position));
    fragments_take(&f, "key_text", buf_steal(&text));
    fragments_take(&f, "key_descending", buf_steal(&descending));
    fragments_take(&f, "ref", buf_steal(&ref));
    fragments_take(&f, "entity", buf_steal(&entity));
    fragments_take(&f, "operation_update", buf_steal(&op));
    template_fill(&out, sql_apply_resync, &f);
    fragments_free(&f);
    return buf_steal(&out);
}

static void
plan_one(struct plan_entity *out, const struct gen *g)
{
    struct fragments f = gen_fragments(g);

    fragments_take(&f, "wanted", wanted_from_parameters(g));
    if (g->e->parent != NULL)
        ensure_parents(out, g, &f);
    if (g->e->map != NULL)
        add_step(out, STEP_WRITE, "reserve", sql_apply_reserve, &f);
    add_step(out, STEP_WRITE, "upsert", sql_apply_upsert, &f);
    if (g->e->removal.kind == REMOVAL_SET)
        add_step(out, STEP_REMOVE, "remove", sql_apply_remove_set, &f);
    else if (g->e->removal.kind == REMOVAL_DELETE)
        add_step(out, STEP_WRITE, "remove", sql_apply_remove_delete, &f);
    verify_step(out, g, &f, STEP_VERIFY, "verify");
    out->resync = resync(g);
    fragments_free(&f);
}

struct plan *
plan_make(const struct mapping *m, const struct catalog *c)
{
    struct plan *p = xcalloc(1, sizeof *p);

    p->count = m->count;
    p->entities = xcalloc(m->count, sizeof *p->entities);
    for (size_t i = 0; i < m->count; i++) {
        struct gen g = gen_for(m, c, &m->entities[i]);

        plan_one(&p->entities[i], &g);
    }
    return p;
}

void
plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++) {
        for (size_t j = 0; j < p->entities[i].count; j++)
            free(p->entities[i].steps[j].sql);
        free(p->entities[i].steps);
        free(p->entities[i].resync);
    }
    free(p->entities);
    free(p);
}
