/* constraint_sql.c - the statements for the parts of a rule pack; see dualwrite/constraint_sql.h. */
#include "dualwrite/constraint_sql.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/quote.h"
#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

char *
constraint_owner(const char *pack)
{
    struct buf text = {0};

    buf_printf(&text, "dualwrited: pack %s, ", pack);
    return buf_steal(&text);
}

char *
constraint_comment(const struct pack_part *p, const char *pack)
{
    struct buf text = {0};
    char *owner = constraint_owner(pack);

    buf_printf(&text, "%s%s", owner, p->print);
    free(owner);
    return buf_steal(&text);
}

int
constraint_parameters(const struct pack_part *p, const char *parameters[4])
{
    const char *const all[] = {p->schema, p->table == NULL ? p->name : p->table, p->name, p->columns};

    for (size_t i = 0; i < 4; i++)
        parameters[i] = all[i];
    return pack_part_is_constraint(p) ? 4 : p->kind == PACK_PART_TRIGGER ? 3 : 2;
}

/* NULL: the part's own text. */
static const char *
template_of(enum constraint_step step, enum pack_part_kind kind)
{
    static const char *const templates[][4] = {
        [CONSTRAINT_STATE] = {sql_constraints_state_constraint, sql_constraints_state_constraint,
                              sql_constraints_state_function, sql_constraints_state_trigger},
        [CONSTRAINT_FAILING] = {sql_constraints_failing_check, sql_constraints_failing_unique},
        [CONSTRAINT_ADD] = {sql_constraints_add_check, sql_constraints_add_unique},
        [CONSTRAINT_REPLACE] = {sql_constraints_add_check, sql_constraints_add_unique,
                                sql_constraints_replace_function},
        [CONSTRAINT_COMMENT] = {sql_constraints_comment_constraint, sql_constraints_comment_constraint,
                                sql_constraints_comment_function, sql_constraints_comment_trigger},
        [CONSTRAINT_DROP] = {sql_constraints_drop_constraint, sql_constraints_drop_constraint,
                             sql_constraints_drop_function, sql_constraints_drop_trigger},
        [CONSTRAINT_VALIDATE] = {sql_constraints_validate},
        [CONSTRAINT_BUILD] = {NULL, sql_constraints_build},
        [CONSTRAINT_UNBUILD] = {NULL, sql_constraints_unbuild},
    };

    return templates[step][kind];
}

static void
take(struct fragments *f, const char *name, struct buf *text)
{
    fragments_take(f, name, buf_steal(text));
}

char *
constraint_sql(enum constraint_step step, const struct pack_part *p, const char *pack, const char *key)
{
    const char *template = template_of(step, p->kind);
    char *comment = constraint_comment(p, pack);
    struct fragments f = {0};
    struct buf name = {0}, qualified = {0}, table = {0}, literal = {0}, out = {0};

    quote_ident(&name, p->name);
    quote_qualified(&qualified, p->schema, p->name);
    quote_literal(&literal, comment);
    if (p->table != NULL)
        quote_qualified(&table, p->schema, p->table);
    take(&f, "name", &name);
    take(&f, "qualified", &qualified);
    take(&f, "comment", &literal);
    take(&f, "table", &table);
    fragments_set(&f, "text", p->text);
    /* a comment that says "function" before the word itself makes this a statement that the server refuses */
    fragments_set(&f, "function", p->kind == PACK_PART_FUNCTION ? strcasestr(p->text, "function") : "");
    fragments_set(&f, "key", key == NULL ? "" : key);
    if (template == NULL)
        buf_puts(&out, p->text);
    else
        template_fill(&out, template, &f);
    fragments_free(&f);
    free(comment);
    return buf_steal(&out);
}
