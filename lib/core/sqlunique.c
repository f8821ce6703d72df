/*
 * sqlunique.c - the statements about values that only one legacy row may have: who holds them, and placeholders for
 * rows that want each other's; see dualwrite/sqlparts.h. Not the indexes' reading (catalog.h) nor who is tried when
 * (conflict.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/expression.h"
#include "dualwrite/quote.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* Characters of a placeholder: a word that tells where it is from, and enough of the key's digest never to meet another. */
#define PLACEHOLDER_LENGTH 27
#define PLACEHOLDER_WORD "dw-"
#define PLACEHOLDER_WORDY 12 /* in fewer characters each counts, to differ */

static bool
in_columns(const struct catalog_unique *u, const char *name)
{
    for (size_t i = 0; i < u->count; i++)
        if (strcmp(u->columns[i], name) == 0)
            return true;
    return false;
}

static bool
reads(const char *expression, const char *name)
{
    return expression != NULL && expression_reads(expression, name);
}

/* The target key's own index: a row's key is its own, and never changes. */
static bool
is_key_index(const struct gen *g, const struct catalog_unique *u)
{
    size_t held = 0;

    for (size_t i = 0; i < u->count; i++)
        held += gen_is_key(g->e, u->columns[i]);
    return u->count == g->e->target_key.count && held == u->count && u->expressions == NULL;
}

static bool
is_read(const struct catalog_unique *u, const char *name)
{
    return in_columns(u, name) || reads(u->expressions, name) || reads(u->predicate, name);
}

static size_t
mapped_index(const struct gen *g, const char *name)
{
    size_t i = 0;

    while (i < g->e->columns.count && strcmp(g->e->columns.items[i].name, name) != 0)
        i++;
    return i;
}

/* The statements write column `name`. */
static bool
is_written(const struct gen *g, const char *name)
{
    return !gen_is_key(g->e, name) && (mapped_index(g, name) < g->e->columns.count ||
                                       (gen_writes_parent(g->e) && strcmp(g->e->parent->target_column, name) == 0));
}

/* Whether the statements can meet another row there, and what the index holds of a row can be told before it is written. */
static bool
is_foreseen(const struct gen *g, const struct catalog_unique *u)
{
    bool written = false;

    if (u->nkeys == 0 || u->nkeys != u->nequals || is_key_index(g, u))
        return false;
    /* a whole row: what is foreseen of it has not the table's type */
    if ((u->expressions != NULL && strstr(u->expressions, ".*") != NULL) ||
        (u->predicate != NULL && strstr(u->predicate, ".*") != NULL))
        return false;
    for (size_t i = 0; i < g->target->ncolumns; i++) {
        const struct catalog_column *c = &g->target->columns[i];

        if (!is_read(u, c->name))
            continue;
        if (c->generated)
            return false;
        written = written || is_written(g, c->name);
    }
    return written;
}

/* ---- a row as it is to be ---- */

/* What column `name` will hold. A column that nobody writes stays; in a new row it counts as NULL, which meets nothing. */
static void
will_hold(struct buf *out, const struct gen *g, const char *name)
{
    const struct mapping_entity *e = g->e;
    size_t i = mapped_index(g, name);

    for (size_t k = 0; k < e->target_key.count; k++)
        if (strcmp(e->target_key.items[k], name) == 0) {
            buf_printf(out, "r.k%zu", k);
            return;
        }
    if (gen_writes_parent(e) && strcmp(e->parent->target_column, name) == 0) {
        gen_parent_key(out, e, name);
    } else if (i < e->columns.count && e->columns.items[i].value.insert_only) {
        buf_puts(out, "CASE WHEN t.");
        quote_ident(out, e->target_key.items[0]);
        buf_puts(out, " IS NULL THEN ");
        gen_expected(out, g, i);
        buf_puts(out, " ELSE t.");
        quote_ident(out, name);
        buf_puts(out, " END");
    } else if (i < e->columns.count) {
        gen_expected(out, g, i);
    } else {
        buf_puts(out, "t.");
        quote_ident(out, name);
    }
}

static void
wanted(struct buf *out, const struct gen *g, const struct catalog_unique *u)
{
    for (size_t i = 0; i < g->target->ncolumns; i++) {
        const char *name = g->target->columns[i].name;

        if (!is_read(u, name))
            continue;
        gen_comma(out);
        will_hold(out, g, name);
        buf_puts(out, " AS ");
        quote_ident(out, name);
    }
}

/* ---- who holds what is wanted ---- */

static char *
holding(const struct gen *g, const struct catalog_unique *u)
{
    struct fragments f = {0};
    struct buf keys = {0}, want = {0}, equal = {0}, where = {0}, key = {0}, other = {0}, self = {0}, match = {0};

    for (size_t i = 0; i < u->nkeys; i++) {
        buf_printf(&keys, "%s(%s) AS i%zu", i == 0 ? "" : ", ", u->keys[i], i);
        buf_printf(&equal, "%s(%s) %s x.i%zu", i == 0 ? "" : " AND ", u->keys[i], u->equals[i], i);
    }
    if (u->predicate != NULL) {
        buf_printf(&where, " WHERE (%s)", u->predicate);
        buf_printf(&equal, " AND (%s)", u->predicate);
    }
    for (size_t i = 0; i < g->e->target_key.count; i++) {
        buf_puts(&key, i == 0 ? "h." : ", h.");
        quote_ident(&key, g->e->target_key.items[i]);
        buf_puts(&key, "::pg_catalog.text");
        buf_printf(&other, "%so.k%zu = h.", i == 0 ? "" : " AND ", i);
        quote_ident(&other, g->e->target_key.items[i]);
    }
    wanted(&want, g, u);
    gen_match(&match, g, "t");
    gen_match(&self, g, "h");
    gen_set_literal(&f, "index", u->name);
    gen_set_table(&f, "target", &g->e->target);
    fragments_take(&f, "removed", gen_removed(g));
    fragments_take(&f, "keys", buf_steal(&keys));
    fragments_take(&f, "wanted", buf_steal(&want));
    fragments_take(&f, "where", buf_steal(&where));
    fragments_take(&f, "equal", buf_steal(&equal));
    fragments_take(&f, "holder_key", buf_steal(&key));
    fragments_take(&f, "match", buf_steal(&match));
    fragments_take(&f, "match_other", buf_steal(&other));
    fragments_take(&f, "match_self", buf_steal(&self));
    return gen_fill(sql_apply_holding, &f);
}

char *
gen_holders(const struct gen *g)
{
    struct fragments f = {0};
    struct buf indexes = {0};

    for (size_t i = 0; i < g->target->nuniques; i++) {
        const struct catalog_unique *u = &g->target->uniques[i];
        char *part;

        if (!is_foreseen(g, u))
            continue;
        part = holding(g, u);
        buf_printf(&indexes, "%s%s", indexes.len == 0 ? "" : "UNION ALL\n", part);
        free(part);
    }
    if (indexes.len == 0)
        return NULL;
    fragments_take(&f, "rows", gen_rows(g));
    fragments_take(&f, "indexes", buf_steal(&indexes));
    return gen_fill(sql_apply_holders, &f);
}

/* ---- placeholders ---- */

enum placeholder { NO_PLACEHOLDER, PLACEHOLDER_NULL, PLACEHOLDER_UUID, PLACEHOLDER_TEXT };

static bool
is_text(const struct catalog_column *c)
{
    const char *dot = strrchr(c->base, '.');

    return strcmp(c->base, "text") == 0 || strcmp(c->base, "varchar") == 0 || strcmp(c->base, "bpchar") == 0 ||
           (dot != NULL && strcmp(dot, ".citext") == 0);
}

/* What can stand in column `c` for a moment. One that the update does not set afterwards would keep it. */
static enum placeholder
placeholder_of(const struct gen *g, const struct catalog_column *c)
{
    size_t i = mapped_index(g, c->name);
    const struct mapping_value *v = i < g->e->columns.count ? &g->e->columns.items[i].value : NULL;

    if (v == NULL || v->insert_only || v->kind == VALUE_NOW || gen_is_key(g->e, c->name))
        return NO_PLACEHOLDER;
    if (is_text(c))
        return PLACEHOLDER_TEXT;
    if (strcmp(c->base, "uuid") == 0)
        return PLACEHOLDER_UUID;
    return c->not_null ? NO_PLACEHOLDER : PLACEHOLDER_NULL;
}

/* The column of the index that takes the best placeholder; NULL: none does. */
static const struct catalog_column *
yielding(const struct gen *g, const struct catalog_unique *u)
{
    const struct catalog_column *best = NULL;

    for (size_t i = 0; i < g->target->ncolumns; i++) {
        const struct catalog_column *c = &g->target->columns[i];

        if ((in_columns(u, c->name) || reads(u->expressions, c->name)) &&
            placeholder_of(g, c) > (best == NULL ? NO_PLACEHOLDER : placeholder_of(g, best)))
            best = c;
    }
    return best;
}

static void
placeholder(struct buf *out, const struct gen *g, const struct catalog_column *c)
{
    int length = c->length == 0 || c->length > PLACEHOLDER_LENGTH ? PLACEHOLDER_LENGTH : c->length;
    bool word = length >= PLACEHOLDER_WORDY;
    struct buf digest = {0};

    buf_puts(&digest, "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws('/'");
    for (size_t i = 0; i < g->e->target_key.count; i++)
        buf_printf(&digest, ", r.k%zu", i);
    buf_puts(&digest, "), 'UTF8')), 'hex')");
    if (placeholder_of(g, c) == PLACEHOLDER_NULL)
        buf_printf(out, "NULL::%s", c->type);
    else if (placeholder_of(g, c) == PLACEHOLDER_UUID)
        buf_printf(out, "pg_catalog.left(%s, 32)::%s", buf_text(&digest), c->type);
    else
        buf_printf(out, "pg_catalog.left(%s%s, %d)::%s", word ? "'" PLACEHOLDER_WORD "' || " : "", buf_text(&digest),
                   length, c->type);
    buf_free(&digest);
}

/* Index `n` will hold something else of the row than it does: r.gN. */
static void
changes(struct buf *out, const struct gen *g, size_t n)
{
    const struct catalog_unique *u = &g->target->uniques[n];
    struct buf is = {0}, will_be = {0};

    for (size_t i = 0; i < g->target->ncolumns; i++) {
        const char *name = g->target->columns[i].name;

        if (!is_read(u, name))
            continue;
        buf_puts(&is, is.len == 0 ? "t." : ", t.");
        quote_ident(&is, name);
        gen_comma(&will_be);
        will_hold(&will_be, g, name);
    }
    buf_printf(out, "%sROW(%s)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(%s)::pg_catalog.record AS g%zu",
               out->len == 0 ? "" : ", ", buf_text(&is), buf_text(&will_be), n);
    buf_free(&is);
    buf_free(&will_be);
}

/* Adds "column = a placeholder where one of its indexes changes" for each column that was chosen for an index. */
static void
assignments(struct buf *out, const struct gen *g, const struct catalog_column *const *chosen)
{
    for (size_t i = 0; i < g->target->ncolumns; i++) {
        const struct catalog_column *c = &g->target->columns[i];
        struct buf when = {0};

        for (size_t n = 0; n < g->target->nuniques; n++)
            if (chosen[n] == c)
                buf_printf(&when, "%sr.g%zu", when.len == 0 ? "" : " OR ", n);
        if (when.len > 0) {
            gen_comma(out);
            quote_ident(out, c->name);
            buf_printf(out, " = CASE WHEN %s THEN ", buf_text(&when));
            placeholder(out, g, c);
            buf_puts(out, " ELSE t.");
            quote_ident(out, c->name);
            buf_puts(out, " END");
        }
        buf_free(&when);
    }
}

/* For each index the column that yields, NULL: none; an array of nuniques + 1. NULL when no index has one. */
static const struct catalog_column **
choose(const struct gen *g)
{
    const struct catalog_column **chosen = xcalloc(g->target->nuniques + 1, sizeof *chosen);
    bool any = false;

    for (size_t n = 0; n < g->target->nuniques; n++) {
        if (is_foreseen(g, &g->target->uniques[n]))
            chosen[n] = yielding(g, &g->target->uniques[n]);
        any = any || chosen[n] != NULL;
    }
    if (any)
        return chosen;
    free(chosen);
    return NULL;
}

static void
set_common(struct fragments *f, const struct gen *g)
{
    struct buf match = {0};

    gen_match(&match, g, "t");
    gen_set_table(f, "target", &g->e->target);
    fragments_take(f, "rows", gen_rows(g));
    fragments_take(f, "match", buf_steal(&match));
}

char *
gen_yield(const struct gen *g)
{
    const struct catalog_column **chosen = choose(g);
    struct fragments f = {0};
    struct buf set = {0}, change = {0}, any = {0};

    if (chosen == NULL)
        return NULL;
    for (size_t n = 0; n < g->target->nuniques; n++) {
        if (chosen[n] == NULL)
            continue;
        changes(&change, g, n);
        buf_printf(&any, "%sr.g%zu", any.len == 0 ? "" : " OR ", n);
    }
    assignments(&set, g, chosen);
    free(chosen);
    set_common(&f, g);
    fragments_take(&f, "placeholders", buf_steal(&set));
    fragments_take(&f, "changes", buf_steal(&change));
    fragments_take(&f, "removed", gen_removed(g));
    fragments_take(&f, "any_change", buf_steal(&any));
    return gen_fill(sql_apply_yield, &f);
}

/*
 * A trigger may have kept it, there or in another column ("the name before"). NULL is no word that could be looked for: one
 * stayed where there should be something.
 */
static void
is_left(struct buf *out, const struct gen *g, const struct catalog_column *c)
{
    bool word = c->length == 0 || c->length >= PLACEHOLDER_WORDY;

    if (placeholder_of(g, c) == PLACEHOLDER_NULL) {
        buf_puts(out, "(t.");
        quote_ident(out, c->name);
        buf_puts(out, " IS NULL AND (");
        gen_expected(out, g, mapped_index(g, c->name));
        buf_puts(out, ") IS NOT NULL)");
        return;
    }
    if (placeholder_of(g, c) == PLACEHOLDER_UUID || word) {
        buf_puts(out, "pg_catalog.strpos(pg_catalog.lower(ROW(t.*)::pg_catalog.text), (");
    } else { /* too short to tell it from what a row holds by chance */
        buf_puts(out, "(t.");
        quote_ident(out, c->name);
        buf_puts(out, "::pg_catalog.text = (");
    }
    placeholder(out, g, c);
    buf_puts(out, placeholder_of(g, c) == PLACEHOLDER_UUID || word ? ")::pg_catalog.text) > 0" : ")::pg_catalog.text)");
}

char *
gen_yielded(const struct gen *g)
{
    const struct catalog_column **chosen = choose(g);
    struct fragments f = {0};
    struct buf left = {0}, name = {0};

    for (size_t n = 0; chosen != NULL && n < g->target->nuniques; n++) {
        if (chosen[n] == NULL)
            continue;
        buf_puts(&left, left.len == 0 ? "" : " OR ");
        is_left(&left, g, chosen[n]);
    }
    free(chosen);
    if (left.len == 0)
        return NULL;
    quote_literal(&name, g->e->target.schema);
    buf_puts(&name, ", ");
    quote_literal(&name, g->e->target.name);
    set_common(&f, g);
    fragments_take(&f, "removed", gen_removed(g));
    fragments_take(&f, "target_name", buf_steal(&name));
    fragments_take(&f, "any_left", buf_steal(&left));
    return gen_fill(sql_apply_yielded, &f);
}
