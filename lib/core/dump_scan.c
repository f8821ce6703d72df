/* dump_scan.c - a dump's text as it goes by; see dualwrite/dump_scan.h. */
#include "dualwrite/dump_scan.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

#define LINE_MAX_KEPT 1024

/* What follows `word` at the beginning of the line; NULL: it begins otherwise. */
static const char *
after(const char *line, const char *word)
{
    const size_t len = strlen(word);

    return strncmp(line, word, len) == 0 ? line + len : NULL;
}

/* A name as pg_dump spells it, quoted or not; moves `at` behind it. */
static char *
name_at(const char **at)
{
    struct buf out = {0};
    const char *c = *at;

    if (*c != '"') {
        const size_t len = strcspn(c, ".( ;");

        *at = c + len;
        return xstrndup(c, len);
    }
    for (c++; *c != '\0' && (*c != '"' || c[1] == '"'); c++) {
        buf_putc(&out, *c);
        c += *c == '"';
    }
    *at = c + (*c == '"');
    return buf_steal(&out);
}

const struct dump_table *
dump_scan_table(const struct dump_scan *s, const char *schema, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->tables[i].name, name) == 0 &&
            (s->tables[i].schema[0] == '\0' || strcmp(s->tables[i].schema, schema) == 0))
            return &s->tables[i];
    return NULL;
}

/* The table whose name begins here; one that was not met before is added. */
static struct dump_table *
table_at(struct dump_scan *s, const char *at)
{
    char *first = name_at(&at);
    char *schema = first;
    char *name;

    if (*at == '.') {
        at++;
        name = name_at(&at);
    } else {
        name = first;
        schema = xstrdup("");
    }
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->tables[i].name, name) == 0 && strcmp(s->tables[i].schema, schema) == 0) {
            free(schema);
            free(name);
            return &s->tables[i];
        }
    s->tables = xreallocarray(s->tables, s->count + 1, sizeof *s->tables);
    s->tables[s->count] = (struct dump_table){.schema = schema, .name = name};
    return &s->tables[s->count++];
}

static void
take_statement(struct dump_scan *s, const char *line)
{
    static const char *const leaving[] = {"\\connect", "\\c ", "CREATE DATABASE ", "DROP DATABASE ", "\\i ", "\\!"};
    const char *rest;

    for (size_t i = 0; i < sizeof leaving / sizeof leaving[0]; i++)
        if (after(line, leaving[i]) != NULL && s->elsewhere == NULL)
            s->elsewhere = xstrndup(line, strnlen(line, 80));
    if ((rest = after(line, "CREATE TABLE ")) != NULL || (rest = after(line, "CREATE UNLOGGED TABLE ")) != NULL)
        table_at(s, rest)->created = true;
    else if ((rest = after(line, "DROP TABLE IF EXISTS ")) != NULL || (rest = after(line, "DROP TABLE ")) != NULL)
        table_at(s, rest)->dropped = true;
    else if ((rest = after(line, "INSERT INTO ")) != NULL)
        table_at(s, rest)->rows++;
    else if ((rest = after(line, "COPY ")) != NULL && strstr(rest, " FROM stdin;") != NULL)
        s->copying = (size_t) (table_at(s, rest) - s->tables) + 1;
}

static void
take_line(struct dump_scan *s, const char *line)
{
    const char *rest;

    if (s->copying > 0) {
        if (strcmp(line, "\\.") == 0)
            s->copying = 0;
        else
            s->tables[s->copying - 1].rows++;
    } else if (strcmp(line, "-- PostgreSQL database dump") == 0) {
        s->begun = true;
    } else if (strcmp(line, "-- PostgreSQL database dump complete") == 0) {
        s->complete = true;
    } else if ((rest = after(line, "-- Dumped from database version ")) != NULL) {
        free(s->from);
        s->from = xstrdup(rest);
    } else {
        take_statement(s, line);
    }
}

static void
keep(struct dump_scan *s, const char *bytes, size_t len)
{
    const size_t room = LINE_MAX_KEPT - s->line.len;

    buf_add(&s->line, bytes, len < room ? len : room);
}

void
dump_scan_feed(struct dump_scan *s, const char *bytes, size_t len)
{
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        const size_t part = end == NULL ? len : (size_t) (end - bytes);

        keep(s, bytes, part);
        if (end == NULL)
            return;
        if (s->line.len > 0 && s->line.data[s->line.len - 1] == '\r')
            s->line.data[--s->line.len] = '\0';
        take_line(s, buf_text(&s->line));
        buf_clear(&s->line);
        bytes += part + 1;
        len -= part + 1;
    }
}

void
dump_scan_end(struct dump_scan *s)
{
    if (s->line.len > 0)
        take_line(s, buf_text(&s->line));
    buf_clear(&s->line);
    s->complete = s->complete && s->copying == 0;
}

int
dump_scan_major(const struct dump_scan *s)
{
    return s->from == NULL ? 0 : atoi(s->from);
}

void
dump_scan_free(struct dump_scan *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->tables[i].schema);
        free(s->tables[i].name);
    }
    free(s->tables);
    free(s->from);
    free(s->elsewhere);
    buf_free(&s->line);
    *s = (struct dump_scan){0};
}
