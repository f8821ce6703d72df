/* sqlshow.c - breaks the long lines of SQL text; see dualwrite/sqlshow.h. It knows words and brackets, no grammar. */
#include "dualwrite/sqlshow.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

#define INDENT 4
#define DEEPEST 4 /* levels of brackets that indent */

/* A place where a line may be broken: the text goes on at `at`, after white space that is dropped. */
struct place {
    const char *at;
    size_t depth;
};

struct line {
    const char *start, *end; /* without the line break */
    bool opaque_break;       /* a line break within quotes: its width is not ours to choose */
    struct place *places;
    size_t count;
};

static bool
letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char) c >= 0x80;
}

static bool
word_part(char c)
{
    return letter(c) || (c >= '0' && c <= '9') || c == '$';
}

/* Behind what is quoted by `quote`, which is doubled within, or escaped by backslashes. */
static const char *
skip_quoted(const char *s, char quote, bool backslashes)
{
    for (s++; *s != '\0'; s++) {
        if (backslashes && *s == '\\' && s[1] != '\0')
            s++;
        else if (*s == quote && *++s != quote)
            return s;
    }
    return s;
}

/* Behind $tag$ ... $tag$; the `s` given when it is no dollar quote but a parameter. */
static const char *
skip_dollars(const char *s)
{
    const char *tag_end = s + 1;
    const char *close;
    char *tag;

    if (letter(*tag_end))
        while (word_part(*tag_end) && *tag_end != '$')
            tag_end++;
    if (*tag_end != '$')
        return s;
    tag = xstrndup(s, (size_t) (tag_end - s) + 1);
    close = strstr(tag_end + 1, tag);
    s = close == NULL ? s + strlen(s) : close + strlen(tag);
    free(tag);
    return s;
}

static const char *
skip_comment(const char *s)
{
    size_t depth = 0;

    if (s[0] == '-')
        return s + strcspn(s, "\n");
    do {
        if (s[0] == '/' && s[1] == '*') {
            depth++;
            s += 2;
        } else if (s[0] == '*' && s[1] == '/') {
            depth--;
            s += 2;
        } else {
            s++;
        }
    } while (depth > 0 && *s != '\0');
    return s;
}

/* Behind the quotes or the comment that begin at `s`; `s` itself when none do. */
static const char *
skip_opaque(const char *text, const char *s)
{
    bool after_word = s > text && word_part(s[-1]);

    if (*s == '\'') {
        bool escapes = after_word && (s[-1] == 'E' || s[-1] == 'e') && (s - 1 == text || !word_part(s[-2]));

        return skip_quoted(s, '\'', escapes);
    }
    if (*s == '"')
        return skip_quoted(s, '"', false);
    if (*s == '$' && !after_word)
        return skip_dollars(s);
    if ((s[0] == '-' && s[1] == '-') || (s[0] == '/' && s[1] == '*'))
        return skip_comment(s);
    return s;
}

static bool
begins(const char *s, const char *word)
{
    return strncmp(s, word, strlen(word)) == 0;
}

/* Words that a line may be broken before; `text` has a space in front of `s`. */
static bool
breaks_before(const char *text, const char *s)
{
    static const char *const words[] = {"AND ", "OR ", "WHEN ", "ELSE ", "WHERE ", "ORDER BY "};
    static const char distinct[] = "DISTINCT ";
    size_t before = (size_t) (s - text);

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (begins(s, words[i]))
            return true;
    /* not IS DISTINCT FROM */
    return begins(s, "FROM ") && !(before >= strlen(distinct) && begins(s - strlen(distinct), distinct));
}

static void
add_place(struct line *line, const char *at, size_t depth)
{
    if ((line->count & (line->count - 1)) == 0)
        line->places = xreallocarray(line->places, line->count == 0 ? 1 : 2 * line->count, sizeof *line->places);
    line->places[line->count++] = (struct place){at, depth};
}

/* Reads one line from `s`, and where it may be broken. */
static void
read_line(const char *text, const char *s, struct line *line)
{
    size_t depth = 0;

    *line = (struct line){.start = s};
    while (*s != '\0' && *s != '\n') {
        const char *behind = skip_opaque(text, s);

        if (behind > s) {
            line->opaque_break = line->opaque_break || memchr(s, '\n', (size_t) (behind - s)) != NULL;
            s = behind;
            continue;
        }
        if (*s == '(' || *s == '[')
            depth++;
        else if ((*s == ')' || *s == ']') && depth > 0)
            depth--;
        else if (*s == ',' && s[1 + strspn(s + 1, " ")] != '\n' && s[1 + strspn(s + 1, " ")] != '\0')
            add_place(line, s + 1 + strspn(s + 1, " "), depth);
        else if (*s == ' ' && line->start + strspn(line->start, " ") < s && breaks_before(text, s + 1))
            add_place(line, s + 1, depth);
        s++;
    }
    line->end = s;
}

/* Without the white space before `end`. */
static size_t
trimmed(const char *start, const char *end)
{
    while (end > start && end[-1] == ' ')
        end--;
    return (size_t) (end - start);
}

/* The outermost place that keeps the width, of several the last; else the first there is; NULL: none. */
static const struct place *
choose(const struct line *line, const char *from, size_t room)
{
    const struct place *best = NULL;

    for (size_t i = 0; i < line->count; i++) {
        const struct place *p = &line->places[i];

        if (p->at <= from)
            continue;
        if (trimmed(from, p->at) > room)
            return best != NULL ? best : p;
        if (best == NULL || p->depth <= best->depth)
            best = p;
    }
    return best;
}

static void
put_line(struct buf *out, const struct line *line, size_t width)
{
    const char *from = line->start;
    size_t indent = strspn(from, " ");
    size_t used = 0; /* of the line: the indentation of one that goes on */

    while (!line->opaque_break && used + (size_t) (line->end - from) > width) {
        const struct place *p = choose(line, from, width > used ? width - used : 0);

        if (p == NULL)
            break;
        buf_add(out, from, trimmed(from, p->at));
        used = indent + INDENT * (1 + (p->depth < DEEPEST ? p->depth : DEEPEST));
        buf_printf(out, "\n%*s", (int) used, "");
        from = p->at;
    }
    buf_add(out, from, (size_t) (line->end - from));
}

void
sqlshow(struct buf *out, const char *sql, size_t width)
{
    const char *s = sql;

    for (;;) {
        struct line line;

        read_line(sql, s, &line);
        put_line(out, &line, width);
        free(line.places);
        if (*line.end == '\0')
            return;
        buf_putc(out, '\n');
        s = line.end + 1;
    }
}
