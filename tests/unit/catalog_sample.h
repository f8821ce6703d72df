/*
 * catalog_sample.h - hand-made catalogs and mappings, and a reader of SQL's words: for the tests of the generated SQL. No
 * server is asked.
 *
 * Include it after cmocka.h. A catalog is written as text, one line a thing, fields divided by '|':
 *     T|schema|name|sequence     a table; the sequence behind its key as SQL, or nothing
 *     C|name|type|flags|default  a column; flags of = has a default, j has no equality, a number: its length
 *     U|column|column...         a unique index; d: a deferrable one; u: one that is partial
 */
#ifndef TESTS_CATALOG_SAMPLE_H
#define TESTS_CATALOG_SAMPLE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"
#include "dualwrite/xalloc.h"
#include "golden.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The tables of config/sample/schema.sql, which config/mapping.json is written for. */
static const char default_catalog[] =
    "T|public|organizations_team|\n"
    "C|id|pg_catalog.int8\nC|name|pg_catalog.\"varchar\"|100\nC|slug|pg_catalog.\"varchar\"|100\n"
    "C|game_id|pg_catalog.int4\nC|region|pg_catalog.\"varchar\"|50\n"
    "C|status|pg_catalog.\"varchar\"|20\nC|description|pg_catalog.text\n"
    "C|branding|pg_catalog.jsonb\nC|created_at|pg_catalog.timestamptz\nC|updated_at|pg_catalog.timestamptz\n"
    "U|id\nU|slug\n"
    "T|public|organizations_teammembership|\n"
    "C|id|pg_catalog.int8\nC|team_id|pg_catalog.int8\nC|user_id|pg_catalog.int8\nC|role|pg_catalog.\"varchar\"|20\n"
    "C|status|pg_catalog.\"varchar\"|20\nC|created_at|pg_catalog.timestamptz\nC|updated_at|pg_catalog.timestamptz\n"
    "U|id\n"
    "T|public|organizations_teammigrationmap|\n"
    "C|id|pg_catalog.int8|=|pg_catalog.nextval('public.organizations_teammigrationmap_id_seq'::pg_catalog.regclass)\n"
    "C|legacy_team_id|pg_catalog.int8\nC|vnext_team_id|pg_catalog.int8\nC|legacy_slug|pg_catalog.\"varchar\"|100\n"
    "C|migration_date|pg_catalog.timestamptz\nC|verified|pg_catalog.bool\nC|created_at|pg_catalog.timestamptz\n"
    "C|updated_at|pg_catalog.timestamptz\n"
    "U|id\nU|legacy_team_id\nU|vnext_team_id\n"
    "T|public|teams_team|public.teams_team_id_seq\n"
    "C|id|pg_catalog.int8|=|pg_catalog.nextval('public.teams_team_id_seq'::pg_catalog.regclass)\n"
    "C|name|pg_catalog.\"varchar\"|100\nC|slug|pg_catalog.\"varchar\"|100\nC|game|pg_catalog.\"varchar\"|50\n"
    "C|region|pg_catalog.\"varchar\"|50\nC|description|pg_catalog.text\nC|logo_url|pg_catalog.\"varchar\"|500\n"
    "C|is_active|pg_catalog.bool\nC|created_at|pg_catalog.timestamptz\nC|updated_at|pg_catalog.timestamptz\n"
    "U|id\nU|slug\n"
    "T|public|teams_teammembership|\n"
    "C|id|pg_catalog.int8|=|pg_catalog.nextval('public.teams_teammembership_id_seq'::pg_catalog.regclass)\n"
    "C|team_id|pg_catalog.int8\nC|user_id|pg_catalog.int8\nC|role|pg_catalog.\"varchar\"|20\n"
    "C|status|pg_catalog.\"varchar\"|20\nC|joined_at|pg_catalog.timestamptz\nC|left_at|pg_catalog.timestamptz\n"
    "U|id\nU|team_id|user_id\n";

/*
 * A family of three levels and a lone entity, with every form of a value: what config/mapping.json does not use.
 * Names are mixed case, or hold a quote.
 */
static const char family_json[] =
    "{\"channel\": \"bell\", \"entities\": [\n"
    "{\"name\": \"org\",\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"Org\", \"key\": [\"Id\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"O\\\"rg\", \"key\": [\"Id\"]},\n"
    " \"map\": {\"schema\": \"Map\", \"table\": \"Org Map\", \"source_key\": \"New Id\", \"target_key\": \"Old Id\",\n"
    "  \"verified\": \"Seen\", \"columns\": {\"Title\": {\"target_column\": \"Title\"}, \"By\": {\"constant\": "
    "\"it's\"}}},\n"
    " \"columns\": {\"Title\": {\"column\": \"Name\", \"truncate\": 20}, \"At\": {\"now\": true}},\n"
    " \"removal\": \"keep\",\n"
    " \"log\": {\"id\": \"org_id\"},\n"
    " \"operations\": {\"insert\": \"org_i\", \"update\": \"org_u\", \"remove\": \"org_r\"}},\n"
    "{\"name\": \"group\",\n"
    " \"parent\": {\"entity\": \"org\", \"column\": \"Org Id\", \"target_column\": \"O\"},\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"Group\", \"key\": [\"Id\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"Group\", \"key\": [\"Id\"]},\n"
    " \"map\": {\"schema\": \"Map\", \"table\": \"Group Map\", \"source_key\": \"N\", \"target_key\": \"O\"},\n"
    " \"columns\": {\n"
    "  \"Kind\": {\"column\": \"Kind\", \"values\": {\"1\": \"one\", \"2\": null}},\n"
    "  \"Sort\": {\"expression\": \"lower(\\\"Sort\\\") -- of the row\", \"values\": {\"a\": \"A\"}, \"otherwise\": "
    "null, \"truncate\": 3},\n"
    "  \"Made\": {\"column\": \"Made\", \"insert_only\": true},\n"
    "  \"Stamp\": {\"now\": true, \"insert_only\": true},\n"
    "  \"Extra\": \"Extra\",\n"
    "  \"Alive\": {\"constant\": true}},\n"
    " \"present\": {\"column\": \"State\", \"in\": [\"up\", 1]},\n"
    " \"removal\": {\"set\": {\"Alive\": {\"constant\": false}, \"Kind\": {\"constant\": null}}},\n"
    " \"log\": {\"id\": \"group_id\"},\n"
    " \"operations\": {\"insert\": \"group_i\", \"update\": \"group_u\", \"remove\": \"group_r\"}},\n"
    "{\"name\": \"seat\",\n"
    " \"parent\": {\"entity\": \"group\", \"column\": \"Group\", \"target_column\": \"G\"},\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"Seat\", \"key\": [\"A\", \"B\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"Seat\", \"key\": [\"User\", \"G\"]},\n"
    " \"columns\": {\"User\": \"Account\"},\n"
    " \"present\": {\"column\": \"State\", \"in\": [\"it's\"]},\n"
    " \"latest_by\": \"Changed\",\n"
    " \"removal\": \"delete\",\n"
    " \"log\": {\"id\": \"seat_id\"},\n"
    " \"operations\": {\"insert\": \"seat_i\", \"update\": \"seat_u\", \"remove\": \"seat_r\"}},\n"
    "{\"name\": \"tag\",\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"Tag\", \"key\": [\"Id\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"Tag\", \"key\": [\"Code\"]},\n"
    " \"columns\": {\"Code\": \"Code\", \"Note\": {\"constant\": \"a\\\\b\"}, \"Label\": \"Label\"},\n"
    " \"removal\": \"keep\",\n"
    " \"log\": {\"id\": \"tag_id\"},\n"
    " \"operations\": {\"insert\": \"tag_i\", \"update\": \"tag_u\", \"remove\": \"tag_r\"}}\n"
    "]}\n";

static const char family_catalog[] =
    "T|New|Org|\nC|Id|pg_catalog.uuid\nC|Name|pg_catalog.text\nU|Id\n"
    "T|Old|O\"rg|\"Old\".\"Org Seq\"\nC|Id|pg_catalog.int8|=|nextval('\"Old\".\"Org Seq\"'::regclass)\n"
    "C|Title|pg_catalog.\"varchar\"|30\nC|At|pg_catalog.timestamptz\nU|Id\n"
    "T|Map|Org Map|\"Map\".\"Org Map Seq\"\nC|New Id|pg_catalog.uuid\nC|Old Id|pg_catalog.int8\n"
    "C|Seen|pg_catalog.bool\nC|Title|pg_catalog.text\nC|By|pg_catalog.text\nU|Old Id\nU|New Id\n"
    "T|New|Group|\nC|Id|pg_catalog.int8\nC|Org Id|pg_catalog.uuid\nC|Kind|pg_catalog.int4\nC|Sort|pg_catalog.text\n"
    "C|Made|pg_catalog.date\nC|Extra|pg_catalog.json|j\nC|State|pg_catalog.text\nC|Other|pg_catalog.text\nU|Id\n"
    "T|Old|Group|\nC|Id|pg_catalog.int8|=|old_group_id()\nC|O|pg_catalog.int8\nC|Kind|pg_catalog.text\n"
    "C|Sort|pg_catalog.bpchar|3\nC|Made|pg_catalog.date\nC|Stamp|pg_catalog.timestamptz\nC|Extra|pg_catalog.json|j\n"
    "C|Alive|pg_catalog.bool\nU|Id\n"
    "T|Map|Group Map|\nC|N|pg_catalog.int8\nC|O|pg_catalog.int8\nd|N\nU|O\nU|N|O\n"
    "T|New|Seat|\nC|A|pg_catalog.int4\nC|B|pg_catalog.text\nC|Group|pg_catalog.int8\nC|Account|pg_catalog.int8\n"
    "C|State|pg_catalog.text\nC|Changed|pg_catalog.timestamptz\nU|A|B\n"
    "T|Old|Seat|\nC|User|pg_catalog.int4\nC|G|pg_catalog.int8\nU|User|G\n"
    "T|New|Tag|\nC|Id|pg_catalog.int8\nC|Code|pg_catalog.text\nC|Label|pg_catalog.text\nU|Id\n"
    "T|Old|Tag|\nC|Code|pg_catalog.\"varchar\"|10\nC|Note|pg_catalog.text\nC|Label|pg_catalog.text\nU|Code\n";

/* The next field of a line, as a copy; NULL when the line is over. */
static inline char *
next_field(char **line)
{
    char *field;
    size_t len;

    if (*line == NULL)
        return NULL;
    len = strcspn(*line, "|");
    field = xstrndup(*line, len);
    *line = (*line)[len] == '|' ? *line + len + 1 : NULL;
    return field;
}

/* pg_catalog."varchar" is varchar. */
static inline char *
base_of_type(const char *type)
{
    const char *dot = strncmp(type, "pg_catalog.", 11) == 0 ? type + 11 : type;
    struct buf out = {0};

    for (; *dot != '\0'; dot++)
        if (*dot != '"')
            buf_putc(&out, *dot);
    return buf_steal(&out);
}

static inline char *
shown_of_type(const char *type, int length)
{
    struct buf out = {0};

    buf_puts(&out, type);
    if (length > 0)
        buf_printf(&out, "(%d)", length);
    return buf_steal(&out);
}

/* As the server prints a column of an index. */
static inline char *
sample_quoted(const char *name)
{
    struct buf out = {0};

    buf_putc(&out, '"');
    for (; *name != '\0'; name++)
        buf_printf(&out, *name == '"' ? "%c\"" : "%c", *name);
    buf_putc(&out, '"');
    return buf_steal(&out);
}

static inline char *
sample_unique_name(const struct catalog_table *t)
{
    struct buf out = {0};

    buf_printf(&out, "unique_%zu", t->nuniques);
    return buf_steal(&out);
}

static inline void
catalog_line(struct catalog *c, char *line)
{
    char *kind = next_field(&line);
    struct catalog_table *t;

    if (*kind == 'T') {
        c->tables = xreallocarray(c->tables, c->count + 1, sizeof *c->tables);
        t = &c->tables[c->count++];
        *t = (struct catalog_table){.exists = true, .plain = true, .owned = true, .can_use_sequence = true};
        t->can_select = t->can_insert = t->can_update = t->can_delete = t->can_trigger = true;
        t->schema = next_field(&line);
        t->name = next_field(&line);
        t->owner = xstrdup("app");
        t->sequence = next_field(&line);
        if (t->sequence != NULL && *t->sequence == '\0') {
            free(t->sequence);
            t->sequence = NULL;
        }
        free(kind);
        return;
    }
    t = &c->tables[c->count - 1];
    if (*kind == 'C') {
        struct catalog_column column = {.not_null = true};
        char *flags;

        column.name = next_field(&line);
        column.type = next_field(&line);
        column.base = base_of_type(column.type);
        flags = next_field(&line);
        column.has_equality = flags == NULL || strchr(flags, 'j') == NULL;
        column.length = flags == NULL ? 0 : atoi(flags + strcspn(flags, "0123456789"));
        column.shown_type = shown_of_type(column.type, column.length);
        column.default_expr = next_field(&line);
        free(flags);
        t->columns = xreallocarray(t->columns, t->ncolumns + 1, sizeof *t->columns);
        t->columns[t->ncolumns++] = column;
    } else {
        struct catalog_unique u = {.usable = *kind == 'U', .whole = *kind != 'u'};

        for (char *name = next_field(&line); name != NULL; name = next_field(&line)) {
            u.columns = xreallocarray(u.columns, u.count + 1, sizeof *u.columns);
            u.columns[u.count++] = name;
            if (*kind == 'u')
                continue; /* its predicate is not said, so nothing can be foreseen of it */
            u.keys = xreallocarray(u.keys, u.nkeys + 1, sizeof *u.keys);
            u.keys[u.nkeys++] = sample_quoted(name);
            u.equals = xreallocarray(u.equals, u.nequals + 1, sizeof *u.equals);
            u.equals[u.nequals++] = xstrdup("OPERATOR(pg_catalog.=)");
        }
        u.name = sample_unique_name(t);
        t->uniques = xreallocarray(t->uniques, t->nuniques + 1, sizeof *t->uniques);
        t->uniques[t->nuniques++] = u;
    }
    free(kind);
}

static inline struct catalog *
catalog_of(const char *text)
{
    struct catalog *c = xcalloc(1, sizeof *c);
    char *copy = xstrdup(text);
    char *rest = NULL;

    c->role = xstrdup("sync");
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        catalog_line(c, line);
    free(copy);
    return c;
}

static inline struct mapping *
mapping_of(const char *json)
{
    struct faults faults = {0};
    struct mapping *m = mapping_parse("m.json", json, strlen(json), &faults);

    for (size_t i = 0; i < faults.count; i++)
        print_error("%s: %s\n", faults.items[i].where, faults.items[i].text);
    assert_non_null(m);
    faults_free(&faults);
    return m;
}

static inline struct mapping *
mapping_file(const char *path)
{
    char *json = read_text(path);
    struct mapping *m = mapping_of(json);

    free(json);
    return m;
}

/* `text` with the first `from` changed to `to`; a `from` that is not there fails. */
static inline char *
with(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    struct buf out = {0};

    if (at == NULL)
        fail_msg("nothing to change: %s", from);
    buf_add(&out, text, (size_t) (at - text));
    buf_puts(&out, to);
    buf_puts(&out, at + strlen(from));
    return buf_steal(&out);
}

static inline size_t
times(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + strlen(part), part))
        n++;
    return n;
}

static inline void
must_have(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("without: %s\n%s", part, text);
}

static inline void
must_not_have(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("with: %s\n%s", part, text);
}

static inline void
must_begin(const char *text, const char *part)
{
    if (strncmp(text, part, strlen(part)) != 0)
        fail_msg("does not begin with: %s\n%s", part, text);
}

/* ---- SQL's words, read as the server does (manual, section 4.1) ---- */

enum word_kind { WORD_NAME, WORD_TEXT, WORD_BARE };

struct word {
    enum word_kind kind;
    char *text; /* of names and texts without their quotes */
};

struct words {
    struct word *items;
    size_t count;
};

static inline void
push_word(struct words *out, struct word word)
{
    if ((out->count & (out->count - 1)) == 0) /* a power of two, or nothing: it is full */
        out->items = xreallocarray(out->items, out->count == 0 ? 1 : 2 * out->count, sizeof *out->items);
    out->items[out->count++] = word;
}

static inline void
add_word(struct words *out, enum word_kind kind, struct buf *text)
{
    push_word(out, (struct word){kind, buf_steal(text)});
}

static inline bool
bare_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           (unsigned char) c >= 0x80;
}

/* Reads "..." or '...' from *p on; an unclosed one fails. */
static inline void
read_quoted(const char **p, bool escapes, struct buf *out)
{
    char quote = *(*p)++;

    for (;; (*p)++) {
        if (**p == '\0')
            fail_msg("unclosed %c: %s", quote, buf_text(out));
        if (escapes && **p == '\\') {
            (*p)++;
        } else if (**p == quote) {
            (*p)++;
            if (**p != quote)
                return;
        }
        buf_putc(out, **p);
    }
}

/* The words of `sql`; the body of a dollar-quoted string is read as SQL too, because ours are function bodies. */
static inline struct words
words_of(const char *sql)
{
    struct words out = {0};
    const char *p = sql;

    while (*p != '\0') {
        struct buf text = {0};

        if (strchr(" \t\n", *p) != NULL) {
            p++;
        } else if (strncmp(p, "--", 2) == 0) {
            p += strcspn(p, "\n");
        } else if (strncmp(p, "/*", 2) == 0) {
            p = strstr(p, "*/");
            assert_non_null(p);
            p += 2;
        } else if (*p == '"') {
            read_quoted(&p, false, &text);
            add_word(&out, WORD_NAME, &text);
        } else if (*p == '\'' || ((*p == 'E' || *p == 'e') && p[1] == '\'')) {
            bool escapes = *p != '\'';

            p += escapes ? 1 : 0;
            read_quoted(&p, escapes, &text);
            add_word(&out, WORD_TEXT, &text);
        } else if (*p == '$' && strchr("0123456789", p[1]) == NULL) {
            const char *end = strchr(p + 1, '$');
            const char *close;
            char *tag, *body;
            struct words inner;

            assert_non_null(end);
            tag = xstrndup(p, (size_t) (end - p) + 1);
            close = strstr(end + 1, tag);
            assert_non_null(close);
            body = xstrndup(end + 1, (size_t) (close - end) - 1);
            inner = words_of(body);
            buf_puts(&text, tag);
            add_word(&out, WORD_BARE, &text);
            for (size_t i = 0; i < inner.count; i++)
                push_word(&out, inner.items[i]);
            buf_puts(&text, tag);
            add_word(&out, WORD_BARE, &text);
            p = close + strlen(tag);
            free(inner.items);
            free(tag);
            free(body);
        } else if (bare_byte(*p)) {
            while (bare_byte(*p))
                buf_putc(&text, *p++);
            add_word(&out, WORD_BARE, &text);
        } else {
            buf_putc(&text, *p++);
            add_word(&out, WORD_BARE, &text);
        }
    }
    return out;
}

static inline void
free_words(struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->items[i].text);
    free(w->items);
    *w = (struct words){0};
}

/* ---- hostile names and texts ---- */

/* What is hung on every name and text of a mapping and its catalog; none may change what the SQL around it means. */
static const char *const hostile[] = {
    "\"",
    "'",
    "\"\"; DROP TABLE x; --",
    "'; DROP TABLE x; --",
    "\\",
    "\\'",
    "$",
    "$$",
    "$1",
    " OR true",
    "/*",
    "*/",
    "--",
    "\n-- x",
    "\nX",
    ":{x}",
    "%s",
    "%n",
    ";",
    "::text",
    "\xC3\xA9'\"",
    ")",
    "\t",
    "{a,b}",
    "NULL",
    "E'",
};

static inline void
hang(char **text, const char *what)
{
    struct buf out = {0};

    if (*text == NULL)
        return;
    buf_puts(&out, *text);
    buf_puts(&out, what);
    free(*text);
    *text = buf_steal(&out);
}

static inline void
hang_names(struct mapping_names *names, const char *what)
{
    for (size_t i = 0; i < names->count; i++)
        hang(&names->items[i], what);
}

static inline void
hang_table(struct mapping_table *t, const char *what)
{
    hang(&t->schema, what);
    hang(&t->name, what);
}

static inline void
hang_columns(struct mapping_columns *columns, const char *what)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct mapping_value *v = &columns->items[i].value;

        hang(&columns->items[i].name, what);
        if (v->kind != VALUE_EXPRESSION) /* those are SQL, taken as they stand */
            hang(&v->text, what);
        for (size_t j = 0; j < v->nvalues; j++) {
            hang(&v->values[j].from, what);
            hang(&v->values[j].to, what);
        }
        hang(&v->otherwise, what);
        if (v->lookup != NULL) {
            hang_table(&v->lookup->table, what);
            hang(&v->lookup->key, what);
            hang(&v->lookup->value, what);
        }
    }
}

/* On everything in the mapping but the names of entities, which are words of [a-z0-9_] in every mapping. */
static inline void
hang_mapping(struct mapping *m, const char *what)
{
    hang(&m->channel, what);
    for (size_t i = 0; i < m->count; i++) {
        struct mapping_entity *e = &m->entities[i];

        hang_table(&e->source, what);
        hang_table(&e->target, what);
        hang_names(&e->source_key, what);
        hang_names(&e->target_key, what);
        hang_names(&e->identity, what);
        hang_columns(&e->columns, what);
        hang_columns(&e->removal.set, what);
        hang(&e->present.column, what);
        hang_names(&e->present.values, what);
        hang(&e->latest_by, what);
        hang(&e->operation_insert, what);
        hang(&e->operation_update, what);
        hang(&e->operation_remove, what);
        if (e->parent != NULL) {
            hang(&e->parent->column, what);
            hang(&e->parent->target_column, what);
        }
        if (e->map != NULL) {
            hang_table(&e->map->table, what);
            hang_names(&e->map->source_key, what);
            hang(&e->map->target_key, what);
            hang(&e->map->verified, what);
            hang_columns(&e->map->columns, what);
        }
    }
}

/* On the names of tables and columns. Types, defaults and sequences are SQL that the server wrote. */
static inline void
hang_catalog(struct catalog *c, const char *what)
{
    for (size_t i = 0; i < c->count; i++) {
        struct catalog_table *t = &c->tables[i];

        hang(&t->schema, what);
        hang(&t->name, what);
        for (size_t j = 0; j < t->ncolumns; j++)
            hang(&t->columns[j].name, what);
        for (size_t j = 0; j < t->nuniques; j++)
            for (size_t k = 0; k < t->uniques[j].count; k++) {
                hang(&t->uniques[j].columns[k], what);
                if (k < t->uniques[j].nkeys) {
                    free(t->uniques[j].keys[k]);
                    t->uniques[j].keys[k] = sample_quoted(t->uniques[j].columns[k]);
                }
            }
    }
}

/* The quote of a function's body, which gives way to what the body holds; words_of() read it in pairs. */
static inline bool
body_quote(const char *word)
{
    return strncmp(word, "$capture", strlen("$capture")) == 0 || strncmp(word, "$check", strlen("$check")) == 0;
}

/*
 * `sql` was made of the same mapping as `plain`, with `what` hung on its names and texts: word for word it must be the
 * same SQL, and only names and texts may have grown, by nothing but `what`.
 */
static inline void
only_grown(const char *plain, const char *sql, const char *what)
{
    struct words before = words_of(plain);
    struct words after = words_of(sql);
    size_t grown = 0;

    if (before.count != after.count)
        fail_msg("%zu words became %zu, with %s\n%s", before.count, after.count, what, sql);
    for (size_t i = 0; i < before.count; i++) {
        struct buf longer = {0};
        const char *now = after.items[i].text;

        assert_int_equal(before.items[i].kind, after.items[i].kind);
        buf_printf(&longer, "%s%s", before.items[i].text, what);
        if (strcmp(now, buf_text(&longer)) == 0 && before.items[i].kind != WORD_BARE)
            grown++;
        else if (strcmp(now, before.items[i].text) != 0 && !(body_quote(now) && body_quote(before.items[i].text)))
            fail_msg("%s became %s, with %s", before.items[i].text, now, what);
        buf_free(&longer);
    }
    assert_true(grown > 0);
    free_words(&before);
    free_words(&after);
}

#endif
