/* mapping_rights.c - rights and row-level security of the mapped tables; see dualwrite/mapping_rights.h. */
#include "dualwrite/mapping_rights.h"

#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/json_node.h"
#include "dualwrite/quote.h"

enum right { SELECT = 1, INSERT = 2, UPDATE = 4, DELETE = 8 };

struct rights {
    const char *file;
    const struct mapping_entity *e;
    const struct catalogs *c;
    struct faults *faults;
    const char *role; /* who asked the database of the table at hand */
};

/* The fault at $.entities[..].PLACE.table; frees `text`. */
static void
say(const struct rights *k, const char *kind, const char *place, struct buf *text)
{
    struct buf where = {0};

    buf_printf(&where, "%s: $.entities[%zu].%s.table", k->file, k->e->position, place);
    faults_add(k->faults, FAULT_ERROR, buf_text(&where), "%s", buf_text(text));
    faults_kind(k->faults, kind);
    buf_free(&where);
    buf_free(text);
}

/* "role "r" lacks WHAT on table "s"."t"; GRANT WHAT ON "s"."t" TO "r";" */
static void
say_grant(const struct rights *k, const char *place, const struct catalog_table *t, const char *what)
{
    struct buf text = {0};

    buf_puts(&text, "role ");
    quote_ident(&text, k->role);
    buf_printf(&text, " lacks %s; GRANT %s ON ", what, what);
    quote_qualified(&text, t->schema, t->name);
    buf_puts(&text, " TO ");
    quote_ident(&text, k->role);
    buf_putc(&text, ';');
    say(k, "rights", place, &text);
}

static void
check_rights(const struct rights *k, const char *place, const struct catalog_table *t, unsigned needed)
{
    const struct {
        const char *name;
        enum right right;
        bool has;
    } rights[] = {{"SELECT", SELECT, t->can_select},
                  {"INSERT", INSERT, t->can_insert},
                  {"UPDATE", UPDATE, t->can_update},
                  {"DELETE", DELETE, t->can_delete}};
    struct buf lacking = {0};

    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++)
        if ((needed & rights[i].right) != 0 && !rights[i].has)
            buf_printf(&lacking, "%s%s", lacking.len == 0 ? "" : ", ", rights[i].name);
    if (lacking.len > 0)
        say_grant(k, place, t, buf_text(&lacking));
    buf_free(&lacking);
}

/* A row that a policy hides would look deleted. */
static void
check_row_security(const struct rights *k, const char *place, const struct catalog_table *t)
{
    struct buf text = {0};

    if (!t->row_security)
        return;
    buf_puts(&text, "has row-level security that applies to role ");
    quote_ident(&text, k->role);
    buf_puts(&text, ", and a hidden row would look deleted; ALTER ROLE ");
    quote_ident(&text, k->role);
    buf_puts(&text, " BYPASSRLS; or, where it owns the table, ALTER TABLE ");
    quote_qualified(&text, t->schema, t->name);
    buf_puts(&text, " NO FORCE ROW LEVEL SECURITY;");
    say(k, "row-security", place, &text);
}

static void
check_sequence(const struct rights *k, const char *place, const struct catalog_table *t)
{
    struct buf text = {0};

    if (t->sequence == NULL || t->can_use_sequence)
        return;
    buf_puts(&text, "role ");
    quote_ident(&text, k->role);
    buf_printf(&text, " lacks USAGE on a sequence behind a column; GRANT USAGE ON SEQUENCE %s TO ", t->sequence);
    quote_ident(&text, k->role);
    buf_putc(&text, ';');
    say(k, "rights", place, &text);
}

/* A trigger is created with TRIGGER, but switched (ENABLE ALWAYS) and dropped by the owner only. */
static void
check_install(const struct rights *k, const char *place, const struct catalog_table *t)
{
    struct buf text = {0};

    if (!t->can_trigger)
        say_grant(k, place, t, "TRIGGER");
    if (t->owned)
        return;
    quote_qualified(&text, t->schema, t->name);
    buf_puts(&text, " belongs to ");
    quote_ident(&text, t->owner == NULL ? "?" : t->owner);
    buf_puts(&text, ", and only the owner can switch and drop its triggers; install as that role or a superuser, or "
                    "GRANT ");
    quote_ident(&text, t->owner == NULL ? "?" : t->owner);
    buf_puts(&text, " TO ");
    quote_ident(&text, k->role);
    buf_putc(&text, ';');
    say(k, "rights", place, &text);
}

/* What is read or written of one table by a daemon. */
static void
check_use(struct rights *k, enum database side, const char *place, const struct mapping_table *table, unsigned needed)
{
    const struct catalog *c = catalog_of_side(k->c, side);
    const struct catalog_table *t = catalog_table(c, table->schema, table->name);

    if (t == NULL || !t->exists || !t->plain)
        return;
    k->role = c->role;
    check_rights(k, place, t, needed);
    check_row_security(k, place, t);
    if ((needed & INSERT) != 0)
        check_sequence(k, place, t);
}

static void
check_lookups(struct rights *k, const struct mapping_columns *columns, const char *place)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct mapping_lookup *l = columns->items[i].value.lookup;
        struct buf at = {0};

        if (l == NULL)
            continue;
        buf_puts(&at, place);
        json_path_key(&at, columns->items[i].name);
        buf_puts(&at, ".lookup");
        check_use(k, l->legacy ? DATABASE_LEGACY : DATABASE_VNEXT, buf_text(&at), &l->table, SELECT);
        buf_free(&at);
    }
}

/* A trigger hangs on source and target. */
static void
check_hung(struct rights *k, enum database side, const char *place, const struct mapping_table *table)
{
    const struct catalog *c = catalog_of_side(k->c, side);
    const struct catalog_table *t = catalog_table(c, table->schema, table->name);

    k->role = c->role;
    if (t != NULL && t->exists && t->plain)
        check_install(k, place, t);
}

void
mapping_rights(const char *file, const struct mapping_entity *e, const struct catalogs *c, bool for_install,
               struct faults *faults)
{
    struct rights k = {.file = file, .e = e, .c = c, .faults = faults};
    unsigned removing = e->removal.kind == REMOVAL_DELETE ? DELETE : 0;

    if (for_install) {
        check_hung(&k, DATABASE_VNEXT, "source", &e->source);
        check_hung(&k, DATABASE_LEGACY, "target", &e->target);
        return;
    }
    check_use(&k, DATABASE_VNEXT, "source", &e->source, SELECT);
    check_use(&k, DATABASE_LEGACY, "target", &e->target, SELECT | INSERT | UPDATE | removing);
    if (e->map != NULL)
        check_use(&k, DATABASE_VNEXT, "map", &e->map->table, SELECT | INSERT | UPDATE);
    check_lookups(&k, &e->columns, "columns");
    if (e->map != NULL)
        check_lookups(&k, &e->map->columns, "map.columns");
}
