/* mapping_rights.c - rights and row-level security of the mapped tables; see dualwrite/mapping_rights.h. */
#include "dualwrite/mapping_rights.h"

#include <stddef.h>

#include "dualwrite/buf.h"
#include "dualwrite/quote.h"

enum right { SELECT = 1, INSERT = 2, UPDATE = 4, DELETE = 8 };

struct rights {
    const char *file;
    const struct mapping_entity *e;
    const struct catalog *c;
    struct faults *faults;
};

/* The fault at $.entities[..].PLACE.table; frees `text`. */
static void
say(const struct rights *k, const char *place, struct buf *text)
{
    struct buf where = {0};

    buf_printf(&where, "%s: $.entities[%zu].%s.table", k->file, k->e->position, place);
    faults_add(k->faults, FAULT_ERROR, buf_text(&where), "%s", buf_text(text));
    buf_free(&where);
    buf_free(text);
}

/* "role "r" lacks WHAT on table "s"."t"; GRANT WHAT ON "s"."t" TO "r";" */
static void
say_grant(const struct rights *k, const char *place, const struct catalog_table *t, const char *what)
{
    struct buf text = {0};

    buf_puts(&text, "role ");
    quote_ident(&text, k->c->role);
    buf_printf(&text, " lacks %s; GRANT %s ON ", what, what);
    quote_qualified(&text, t->schema, t->name);
    buf_puts(&text, " TO ");
    quote_ident(&text, k->c->role);
    buf_putc(&text, ';');
    say(k, place, &text);
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
    quote_ident(&text, k->c->role);
    buf_puts(&text, ", and a hidden row would look deleted; ALTER ROLE ");
    quote_ident(&text, k->c->role);
    buf_puts(&text, " BYPASSRLS; or, where it owns the table, ALTER TABLE ");
    quote_qualified(&text, t->schema, t->name);
    buf_puts(&text, " NO FORCE ROW LEVEL SECURITY;");
    say(k, place, &text);
}

static void
check_sequence(const struct rights *k, const char *place, const struct catalog_table *t)
{
    struct buf text = {0};

    if (t->sequence == NULL || t->can_use_sequence)
        return;
    buf_puts(&text, "role ");
    quote_ident(&text, k->c->role);
    buf_printf(&text, " lacks USAGE on a sequence behind a column; GRANT USAGE ON SEQUENCE %s TO ", t->sequence);
    quote_ident(&text, k->c->role);
    buf_putc(&text, ';');
    say(k, place, &text);
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
    quote_ident(&text, k->c->role);
    buf_putc(&text, ';');
    say(k, place, &text);
}

void
mapping_rights(const char *file, const struct mapping_entity *e, const struct catalog *c, bool for_install,
               struct faults *faults)
{
    const struct rights k = {file, e, c, faults};
    const struct {
        const char *place;
        const struct mapping_table *table;
        unsigned needed;
    } sides[] = {
        {"source", &e->source, SELECT},
        {"target", &e->target, SELECT | INSERT | UPDATE | (e->removal.kind == REMOVAL_DELETE ? DELETE : 0)},
        {"map", e->map == NULL ? NULL : &e->map->table, SELECT | INSERT | UPDATE},
    };

    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        const struct catalog_table *t =
            sides[i].table == NULL ? NULL : catalog_table(c, sides[i].table->schema, sides[i].table->name);

        if (t == NULL || !t->exists || !t->plain)
            continue;
        if (for_install) {
            if (sides[i].table != (e->map == NULL ? NULL : &e->map->table))
                check_install(&k, sides[i].place, t);
            continue;
        }
        check_rights(&k, sides[i].place, t, sides[i].needed);
        check_row_security(&k, sides[i].place, t);
        if (i > 0)
            check_sequence(&k, sides[i].place, t);
    }
}
