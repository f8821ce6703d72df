/*
 * sqlgen.c - the plan: which statements sync an entity; see dualwrite/sqlgen.h. sqlread.c, sqlmap.c, sqlwrite.c and
 * sqlunique.c make them.
 */
#include "dualwrite/sqlgen.h"

#include <stdlib.h>

#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"

static const struct {
    const char *name;
    enum database database;
    char *(*make)(const struct gen *g);
} steps[PLAN_STEPS] = {
    [PLAN_READ] = {"read", DATABASE_VNEXT, gen_read},
    [PLAN_REMOVALS] = {"removals", DATABASE_VNEXT, gen_removals},
    [PLAN_HOLDERS] = {"holders", DATABASE_LEGACY, gen_holders},
    [PLAN_OWNER] = {"owner", DATABASE_VNEXT, gen_owner},
    [PLAN_DRAW] = {"draw", DATABASE_LEGACY, gen_draw},
    [PLAN_RESERVE] = {"reserve", DATABASE_VNEXT, gen_reserve},
    [PLAN_MISSING] = {"missing", DATABASE_LEGACY, gen_missing},
    [PLAN_YIELD] = {"yield", DATABASE_LEGACY, gen_yield},
    [PLAN_UPDATE] = {"update", DATABASE_LEGACY, gen_update},
    [PLAN_INSERT] = {"insert", DATABASE_LEGACY, gen_insert},
    [PLAN_REMOVE] = {"remove", DATABASE_LEGACY, gen_remove},
    [PLAN_YIELDED] = {"yielded", DATABASE_LEGACY, gen_yielded},
    [PLAN_VERIFY] = {"verify", DATABASE_LEGACY, gen_verify},
    [PLAN_MARK] = {"mark", DATABASE_VNEXT, gen_mark},
    [PLAN_RESYNC] = {"resync", DATABASE_VNEXT, gen_resync},
};

const char *
plan_step_name(enum plan_step step)
{
    return steps[step].name;
}

enum database
plan_step_database(enum plan_step step)
{
    return steps[step].database;
}

int
plan_step_parameters(const struct mapping_entity *e, enum plan_step step)
{
    switch (step) {
    case PLAN_READ:
        return (int) e->identity.count;
    case PLAN_OWNER:
        return (int) e->target_key.count;
    case PLAN_RESYNC:
    case PLAN_DRAW:
        return 2;
    default:
        return 1;
    }
}

static int *
lengths(const struct gen *g)
{
    int *out = xcalloc(g->e->columns.count, sizeof *out);

    for (size_t i = 0; i < g->e->columns.count; i++) {
        const struct mapping_lookup *l = g->e->columns.items[i].value.lookup;

        if (l == NULL || !l->legacy) /* else the row carries a key */
            out[i] = catalog_column(g->target, g->e->columns.items[i].name)->length;
    }
    return out;
}

static void
drop(struct plan_entity *e, enum plan_step step)
{
    free(e->sql[step]);
    e->sql[step] = NULL;
}

bool
plan_do_without(struct plan_entity *e, enum plan_step step)
{
    switch (step) {
    case PLAN_HOLDERS: /* an owner of what nobody finds, and room for what is in nobody's way */
        drop(e, PLAN_HOLDERS);
        drop(e, PLAN_OWNER);
        drop(e, PLAN_YIELD);
        drop(e, PLAN_YIELDED);
        return true;
    case PLAN_YIELD:
    case PLAN_YIELDED: /* never a placeholder without the look whether it is gone */
        drop(e, PLAN_YIELD);
        drop(e, PLAN_YIELDED);
        return true;
    case PLAN_OWNER:
        drop(e, PLAN_OWNER);
        return true;
    default:
        return false;
    }
}

struct plan *
plan_make(const struct mapping *m, const struct catalogs *c)
{
    struct plan *p = xcalloc(1, sizeof *p);

    p->count = m->count;
    p->entities = xcalloc(m->count, sizeof *p->entities);
    for (size_t i = 0; i < m->count; i++) {
        const struct gen g = gen_for(m, c, &m->entities[i]);

        for (int step = 0; step < PLAN_STEPS; step++)
            p->entities[i].sql[step] = steps[step].make(&g);
        if (p->entities[i].sql[PLAN_HOLDERS] == NULL) /* then there are none to be found */
            plan_do_without(&p->entities[i], PLAN_HOLDERS);
        p->entities[i].length = lengths(&g);
    }
    return p;
}

void
plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++) {
        for (int step = 0; step < PLAN_STEPS; step++)
            free(p->entities[i].sql[step]);
        free(p->entities[i].length);
    }
    free(p->entities);
    free(p);
}
