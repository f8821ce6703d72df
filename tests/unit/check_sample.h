/*
 * check_sample.h - the catalog of the default mapping's tables as text, to be changed in one point: for the tests of the
 * mapping against a catalog. Include it after cmocka.h.
 *
 * The catalog is written as text, one line a thing, so that a case is a piece of text changed:
 *     T NAME KIND RIGHTS   KIND table, view or none; RIGHTS of S I U D T(rigger) O(wner) Q(sequence) R(ow security)
 *     C FLAGS NAME TYPE    FLAGS of ! not null, = default, # default 0, G generated, - none
 *     U COLUMN,...         a unique index; d: a deferrable one; p: a partial one; x EXPRESSION: one on that
 *     F COLUMN TABLE       a foreign key to its id
 * A type public.mood is an enum of up and down, old.mood one of up.
 */
#ifndef TESTS_CHECK_SAMPLE_H
#define TESTS_CHECK_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char catalog_text[] = "T organizations_team table SITO\n"
                                   "C != id bigint\n"
                                   "C ! name character varying(100)\n"
                                   "C ! slug character varying(100)\n"
                                   "C - game_id integer\n"
                                   "C - region character varying(10)\n"
                                   "C ! status character varying(20)\n"
                                   "C - description text\n"
                                   "C - branding jsonb\n"
                                   "C ! created_at timestamp with time zone\n"
                                   "C ! updated_at timestamp with time zone\n"
                                   "U id\n"
                                   "T teams_team table SIUTOQ\n"
                                   "C != id bigint\n"
                                   "C ! name character varying(100)\n"
                                   "C ! slug character varying(100)\n"
                                   "C ! game character varying(20)\n"
                                   "C - region character varying(10)\n"
                                   "C - description text\n"
                                   "C - logo_url text\n"
                                   "C ! is_active boolean\n"
                                   "C ! created_at timestamp with time zone\n"
                                   "C - updated_at timestamp with time zone\n"
                                   "U id\n"
                                   "U slug\n"
                                   "T organizations_teammigrationmap table SIU\n"
                                   "C != id bigint\n"
                                   "C ! legacy_team_id bigint\n"
                                   "C ! vnext_team_id bigint\n"
                                   "C ! legacy_slug character varying(100)\n"
                                   "C ! migration_date timestamp with time zone\n"
                                   "C ! verified boolean\n"
                                   "C ! created_at timestamp with time zone\n"
                                   "C ! updated_at timestamp with time zone\n"
                                   "U id\n"
                                   "U vnext_team_id\n"
                                   "T organizations_teammembership table STO\n"
                                   "C != id bigint\n"
                                   "C ! team_id bigint\n"
                                   "C ! user_id bigint\n"
                                   "C ! role character varying(20)\n"
                                   "C ! status character varying(20)\n"
                                   "C ! created_at timestamp with time zone\n"
                                   "C - updated_at timestamp with time zone\n"
                                   "U id\n"
                                   "T teams_teammembership table SIUTOQ\n"
                                   "C != id bigint\n"
                                   "C ! team_id bigint\n"
                                   "C ! user_id bigint\n"
                                   "C ! role character varying(20)\n"
                                   "C ! status character varying(20)\n"
                                   "C - joined_at timestamp with time zone\n"
                                   "C - left_at timestamp with time zone\n"
                                   "U id\n"
                                   "U user_id,team_id\n";

static inline char *
changed(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    struct buf out = {0};

    assert_non_null(at);
    buf_add(&out, text, (size_t) (at - text));
    buf_puts(&out, to);
    buf_puts(&out, at + strlen(from));
    return buf_steal(&out);
}

static inline void
add_table(struct catalog *c, const char *name, const char *kind, const char *rights)
{
    struct catalog_table *t;

    c->tables = xreallocarray(c->tables, c->count + 1, sizeof *c->tables);
    t = &c->tables[c->count++];
    *t = (struct catalog_table){
        .schema = xstrdup("public"),
        .name = xstrdup(name),
        .exists = strcmp(kind, "none") != 0,
        .plain = strcmp(kind, "table") == 0 || strcmp(kind, "parted") == 0,
        .has_children = strcmp(kind, "parted") == 0,
        .owner = xstrdup("app"),
        .owned = strchr(rights, 'O') != NULL,
        .can_select = strchr(rights, 'S') != NULL,
        .can_insert = strchr(rights, 'I') != NULL,
        .can_update = strchr(rights, 'U') != NULL,
        .can_delete = strchr(rights, 'D') != NULL,
        .can_trigger = strchr(rights, 'T') != NULL,
        .can_use_sequence = strchr(rights, 'Q') != NULL,
        .row_security = strchr(rights, 'R') != NULL,
    };
    if (strncmp(name, "teams_", 6) == 0) {
        struct buf sequence = {0};

        buf_printf(&sequence, "\"public\".\"%s_id_seq\"", name);
        t->sequence = buf_steal(&sequence);
    }
}

static inline void
add_unique(struct catalog_table *t, const char *columns, char kind)
{
    struct catalog_unique *u;

    t->uniques = xreallocarray(t->uniques, t->nuniques + 1, sizeof *t->uniques);
    u = &t->uniques[t->nuniques++];
    *u = (struct catalog_unique){.usable = kind == 'U', .whole = kind == 'U' || kind == 'd'};
    u->predicate = kind == 'p' ? xstrdup("kind > 0") : NULL;
    u->name = xstrdup(columns);
    if (kind == 'x') {
        u->expressions = xstrdup(columns);
        u->keys = xcalloc(1, sizeof *u->keys);
        u->keys[u->nkeys++] = xstrdup(columns);
        return;
    }
    for (const char *p = columns; *p != '\0'; p += p[strcspn(p, ",")] == ',' ? strcspn(p, ",") + 1 : strcspn(p, ",")) {
        u->columns = xreallocarray(u->columns, u->count + 1, sizeof *u->columns);
        u->columns[u->count++] = xstrndup(p, strcspn(p, ","));
        u->keys = xreallocarray(u->keys, u->nkeys + 1, sizeof *u->keys);
        u->keys[u->nkeys++] = xstrndup(p, strcspn(p, ","));
    }
}

static inline void
add_foreign(struct catalog_table *t, const char *column, const char *table)
{
    struct catalog_foreign *f;

    t->foreigns = xreallocarray(t->foreigns, t->nforeigns + 1, sizeof *t->foreigns);
    f = &t->foreigns[t->nforeigns++];
    *f = (struct catalog_foreign){.name = xstrdup(column), .schema = xstrdup("public"), .table = xstrdup(table)};
    f->columns = xcalloc(1, sizeof *f->columns);
    f->referenced = xcalloc(1, sizeof *f->referenced);
    f->columns[0] = xstrdup(column);
    f->referenced[0] = xstrdup("id");
    f->count = 1;
}

/* The type's own name, of its long one; others have but one. */
static inline const char *
base_of(const char *shown)
{
    static const char *const types[][2] = {
        {"bigint", "int8"},
        {"integer", "int4"},
        {"smallint", "int2"},
        {"character varying", "varchar"},
        {"character(", "bpchar"},
        {"timestamp with time zone", "timestamptz"},
        {"timestamp(0) with time", "timestamptz"},
        {"numeric", "numeric"},
        {"boolean", "bool"},
        {"double precision", "float8"},
        {"public.mood", "enum"},
        {"old.mood", "enum"},
    };

    for (size_t i = 0; i < COUNT(types); i++)
        if (strncmp(shown, types[i][0], strlen(types[i][0])) == 0)
            return types[i][1];
    return shown;
}

static inline char *
type_of(const char *base)
{
    struct buf out = {0};

    buf_printf(&out, strchr(base, '.') == NULL ? "pg_catalog.%s" : "%s", base);
    return buf_steal(&out);
}

static inline void
add_labels(struct catalog_column *c)
{
    static const char *const labels[] = {"up", "down"};

    if (strcmp(c->base, "enum") != 0)
        return;
    c->labels = xcalloc(2, sizeof *c->labels);
    while (c->nlabels < (strcmp(c->shown_type, "old.mood") == 0 ? 1 : 2)) {
        c->labels[c->nlabels] = xstrdup(labels[c->nlabels]);
        c->nlabels++;
    }
}

static inline struct catalog *
build(const char *text)
{
    struct catalog *c = xcalloc(1, sizeof *c);
    char *copy = xstrdup(text);
    char *rest = NULL;

    c->role = xstrdup("sync");
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char a[64] = "";
        char b[64] = "";
        char more[64] = "";

        sscanf(line, "%*c %63s %63s %63[^\n]", a, b, more);
        if (line[0] == 'T') {
            add_table(c, a, b, more);
        } else if (line[0] == 'C') {
            struct catalog_table *t = &c->tables[c->count - 1];

            t->columns = xreallocarray(t->columns, t->ncolumns + 1, sizeof *t->columns);
            t->columns[t->ncolumns++] = (struct catalog_column){
                .name = xstrdup(b),
                .type = type_of(base_of(more)),
                .base = xstrdup(base_of(more)),
                .shown_type = xstrdup(more),
                .default_expr = strchr(a, '=') != NULL   ? xstrdup("nextval('s')")
                                : strchr(a, '#') != NULL ? xstrdup("0")
                                                         : NULL,
                .not_null = strchr(a, '!') != NULL,
                .generated = strchr(a, 'G') != NULL,
                .length =
                    strncmp(more, "character", 9) != 0 || strchr(more, '(') == NULL ? 0 : atoi(strchr(more, '(') + 1),
            };
            add_labels(&t->columns[t->ncolumns - 1]);
        } else if (line[0] == 'F') {
            add_foreign(&c->tables[c->count - 1], a, b);
        } else {
            add_unique(&c->tables[c->count - 1], a, line[0]);
        }
    }
    free(copy);
    return c;
}

static inline char *
default_mapping(void)
{
    FILE *f = fopen("config/mapping.json", "rb");
    struct buf text = {0};
    char part[4096];
    size_t n;

    assert_non_null(f);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(&text, part, n);
    fclose(f);
    return buf_steal(&text);
}

#endif
