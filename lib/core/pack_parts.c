/* pack_parts.c - a rule pack's constraints, functions and triggers; see dualwrite/pack_parts.h. */
#include "dualwrite/pack_parts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dualwrite/expression.h"
#include "dualwrite/json_node.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"

static const char constraint_form[] =
    "write ALTER TABLE t ADD CONSTRAINT name CHECK (expression); or ... UNIQUE (column, column);";
static const char function_form[] = "write CREATE FUNCTION name(...) ...; or CREATE TRIGGER name ... ON table ...;";

struct reader {
    const char *file, *text, *schema;
    const char *form;    /* what a statement of this file looks like */
    struct token t;      /* the next one */
    struct pack_part *p; /* that is being read */
    struct faults *faults;
};

/* ---- tokens ---- */

static int
line_of(const struct reader *r, const char *at)
{
    int line = 1;

    for (const char *c = r->text; c < at; c++)
        line += *c == '\n';
    return line;
}

static bool
fault(struct reader *r, const char *at, const char *what, const char *mend)
{
    struct buf where = {0};

    buf_printf(&where, "%s:%d", r->file, line_of(r, at));
    faults_add(r->faults, FAULT_ERROR, buf_text(&where), "%s; %s", what, mend);
    buf_free(&where);
    return false;
}

static void
advance(struct reader *r)
{
    do
        r->t = expression_token(r->t.end);
    while (r->t.kind == TOKEN_SPACE && r->t.fault == NULL);
}

static bool
is_word(const struct reader *r, const char *word)
{
    const size_t len = (size_t) (r->t.end - r->t.start);

    return r->t.kind == TOKEN_WORD && len == strlen(word) && strncasecmp(r->t.start, word, len) == 0;
}

static bool
is_byte(const struct reader *r, char c)
{
    return r->t.kind == TOKEN_OTHER && *r->t.start == c;
}

/* Here stands something else than the form has. */
static bool
unexpected(struct reader *r)
{
    struct buf what = {0};

    if (r->t.fault != NULL)
        return fault(r, r->t.start, r->t.fault, "the statement ends nowhere");
    if (r->t.kind == TOKEN_END)
        buf_puts(&what, "the file ends within a statement");
    else
        buf_printf(&what, "\"%.*s\" is not expected here",
                   (int) (r->t.end - r->t.start > 40 ? 40 : r->t.end - r->t.start), r->t.start);
    fault(r, r->t.start, buf_text(&what), r->form);
    buf_free(&what);
    return false;
}

/* Takes those words, separated by blanks, or says what is there instead. */
static bool
take_words(struct reader *r, const char *words)
{
    for (const char *w = words; *w != '\0'; w += strspn(w, " ")) {
        char word[16];

        snprintf(word, sizeof word, "%.*s", (int) strcspn(w, " "), w);
        if (!is_word(r, word))
            return unexpected(r);
        advance(r);
        w += strlen(word);
    }
    return true;
}

static bool
take_byte(struct reader *r, char c)
{
    if (!is_byte(r, c))
        return unexpected(r);
    advance(r);
    return true;
}

/* A name, to free; NULL after saying what is there instead. The server would cut a longer one. */
static char *
take_name(struct reader *r)
{
    struct buf name = {0};

    if ((r->t.kind != TOKEN_WORD && r->t.kind != TOKEN_QUOTED) || r->t.fault != NULL) {
        unexpected(r);
        return NULL;
    }
    expression_name(&name, &r->t);
    if (name.len == 0 || name.len > JSON_IDENTIFIER_MAX) {
        fault(r, r->t.start, name.len == 0 ? "here is an empty name" : "this name is longer than 63 bytes",
              "write one of 1 to 63");
        buf_free(&name);
        return NULL;
    }
    advance(r);
    return buf_steal(&name);
}

static bool
take_table(struct reader *r)
{
    r->p->table = take_name(r);
    if (r->p->table == NULL)
        return false;
    if (!is_byte(r, '.'))
        return true;
    advance(r);
    free(r->p->schema);
    r->p->schema = r->p->table;
    r->p->table = take_name(r);
    return r->p->table != NULL;
}

/* ---- constraints ---- */

/* What stands between this parenthesis and its partner. */
static bool
take_expression(struct reader *r)
{
    const char *start = r->t.start + 1, *open = r->t.start;
    const char *wrong;
    int depth = 0;

    if (!is_byte(r, '('))
        return unexpected(r);
    do {
        depth += is_byte(r, '(');
        depth -= is_byte(r, ')');
        if (depth > 0)
            advance(r);
        if (r->t.kind == TOKEN_END || r->t.fault != NULL)
            return r->t.fault != NULL ? unexpected(r) : fault(r, open, "this parenthesis is never closed", r->form);
    } while (depth > 0);
    r->p->text = xstrndup(start, (size_t) (r->t.start - start));
    wrong = expression_fault(r->p->text);
    if (wrong != NULL) {
        struct buf what = {0};

        buf_printf(&what, "the expression %s", wrong);
        fault(r, open, buf_text(&what), "it stands between the parentheses of CHECK");
        buf_free(&what);
        return false;
    }
    advance(r);
    return true;
}

static bool
take_columns(struct reader *r)
{
    struct buf text = {0}, columns = {0};
    bool good = take_byte(r, '(');

    pgarray_open(&columns);
    while (good) {
        char *name = take_name(r);

        good = name != NULL;
        if (good) {
            buf_puts(&text, text.len == 0 ? "" : ", ");
            quote_ident(&text, name);
            pgarray_add(&columns, name);
        }
        free(name);
        if (!good || !is_byte(r, ','))
            break;
        advance(r);
    }
    pgarray_close(&columns);
    good = good && take_byte(r, ')');
    r->p->text = buf_steal(&text);
    r->p->columns = buf_steal(&columns);
    return good;
}

static bool
read_constraint(struct reader *r)
{
    if (!take_words(r, "alter table") || !take_table(r) || !take_words(r, "add constraint"))
        return false;
    r->p->name = take_name(r);
    if (r->p->name == NULL)
        return false;
    if (is_word(r, "unique"))
        r->p->kind = PACK_PART_UNIQUE;
    else if (!is_word(r, "check"))
        return unexpected(r);
    advance(r);
    if (!(r->p->kind == PACK_PART_CHECK ? take_expression(r) : take_columns(r)))
        return false;
    if (is_word(r, "not"))
        return fault(r, r->t.start, "NOT VALID is added by `constraints install`, which validates afterwards",
                     "leave it out");
    return is_byte(r, ';') || unexpected(r);
}

/* ---- functions and triggers ---- */

/* To the semicolon that ends the statement; that of a body stands in a string, "$$ ... $$". */
static bool
take_rest(struct reader *r, const char *start)
{
    while (r->t.kind != TOKEN_END && r->t.fault == NULL && !is_byte(r, ';'))
        advance(r);
    if (!is_byte(r, ';'))
        return unexpected(r);
    r->p->text = xstrndup(start, (size_t) (r->t.start - start));
    return true;
}

static bool
read_function(struct reader *r)
{
    const char *start = r->t.start;

    if (!take_words(r, "create"))
        return false;
    if (is_word(r, "or"))
        return fault(r, r->t.start, "OR REPLACE is not for a pack: it could replace somebody else's function",
                     "leave it out: `constraints install` replaces the pack's own");
    r->p->kind = is_word(r, "trigger") ? PACK_PART_TRIGGER : PACK_PART_FUNCTION;
    if (!take_words(r, r->p->kind == PACK_PART_TRIGGER ? "trigger" : "function"))
        return false;
    r->p->name = take_name(r);
    if (r->p->name == NULL)
        return false;
    if (r->p->kind == PACK_PART_FUNCTION) {
        if (is_byte(r, '.'))
            return fault(r, r->t.start, "a function of a pack is in the pack's schema", "leave the schema out");
        return is_byte(r, '(') ? take_rest(r, start) : unexpected(r);
    }
    while (r->t.kind != TOKEN_END && r->t.fault == NULL && !is_byte(r, ';') && !is_word(r, "on"))
        advance(r);
    return take_words(r, "on") && take_table(r) && take_rest(r, start);
}

/* ---- files ---- */

/* FNV-1a: tells texts apart, and keeps no secret. */
static void
print_of(struct pack_part *p)
{
    uint64_t hash = 14695981039346656037u;

    for (const char *c = p->text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char) *c) * 1099511628211u;
    snprintf(p->print, sizeof p->print, "%016llx", (unsigned long long) hash);
}

static bool
same_name(const struct pack_part *a, const struct pack_part *b)
{
    return strcmp(a->name, b->name) == 0;
}

/* Names are what `constraints` is asked by, so they are of the whole pack. */
static void
check_name(struct reader *r, const struct pack_parts *parts, const char *at)
{
    for (size_t i = 0; i + 1 < parts->count; i++)
        if (same_name(&parts->items[i], r->p)) {
            struct buf what = {0};

            buf_printf(&what, "\"%s\" is there already, in line %d", r->p->name, parts->items[i].line);
            fault(r, at, buf_text(&what), "each part of a pack has a name of its own");
            buf_free(&what);
            return;
        }
}

static void
free_part(struct pack_part *p)
{
    free(p->schema);
    free(p->table);
    free(p->name);
    free(p->text);
    free(p->columns);
}

static void
read_all(struct pack_parts *into, struct reader *r, bool (*read)(struct reader *r))
{
    r->t = (struct token){.end = r->text};
    advance(r);
    while (r->t.kind != TOKEN_END) {
        const char *start = r->t.start;

        into->items = xreallocarray(into->items, into->count + 1, sizeof *into->items);
        r->p = &into->items[into->count++];
        *r->p = (struct pack_part){.line = line_of(r, start), .schema = xstrdup(r->schema)};
        if (read(r)) {
            print_of(r->p);
            check_name(r, into, start);
        } else {
            free_part(r->p);
            into->count--;
            while (r->t.kind != TOKEN_END && !is_byte(r, ';'))
                advance(r);
        }
        if (is_byte(r, ';'))
            advance(r);
    }
}

void
pack_parts_constraints(struct pack_parts *into, const char *file, const char *sql, const char *schema,
                       struct faults *faults)
{
    struct reader r = {.file = file, .text = sql, .schema = schema, .form = constraint_form, .faults = faults};

    read_all(into, &r, read_constraint);
}

void
pack_parts_functions(struct pack_parts *into, const char *file, const char *sql, const char *schema,
                     struct faults *faults)
{
    struct reader r = {.file = file, .text = sql, .schema = schema, .form = function_form, .faults = faults};

    read_all(into, &r, read_function);
}

void
pack_parts_free(struct pack_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free_part(&parts->items[i]);
    free(parts->items);
    *parts = (struct pack_parts){0};
}

const char *
pack_part_word(enum pack_part_kind kind)
{
    static const char *const words[] = {"check", "unique", "function", "trigger"};

    return words[kind];
}

bool
pack_part_is_constraint(const struct pack_part *p)
{
    return p->kind == PACK_PART_CHECK || p->kind == PACK_PART_UNIQUE;
}
