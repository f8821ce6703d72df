/* expression.c - an SQL expression cut into tokens, and what they say; see dualwrite/expression.h. Not a parser. */
#include "dualwrite/expression.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define NAME_BYTES 63 /* the server cuts longer names (NAMEDATALEN - 1) */
#define CUT_BYTES 3   /* and up to so many bytes more, not to cut a UTF-8 character in two */

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
begins_name(char c)
{
    return isalpha((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}

static bool
within_name(char c)
{
    return begins_name(c) || isdigit((unsigned char) c);
}

/* A token that goes on to `end`, or to the end of the text when that is NULL, which is `fault`. */
static struct token
token(enum token_kind kind, const char *start, const char *end, const char *fault)
{
    return (struct token){kind, start, end != NULL ? end : start + strlen(start), end != NULL ? NULL : fault};
}

/* Past what is quoted from p on; NULL when nothing closes it. */
static const char *
after_quoted(const char *p, bool backslashes)
{
    char quote = *p;

    for (p++; *p != '\0'; p++) {
        if (backslashes && *p == '\\' && p[1] != '\0') {
            p++;
        } else if (*p == quote) {
            p++;
            if (*p != quote)
                return p;
        }
    }
    return NULL;
}

/* Past "-- ..."; the line break is not part of it. */
static const char *
after_line_comment(const char *p)
{
    return p + strcspn(p, "\n\r");
}

/* Where the string that ended before p goes on: after a line break, and then in the same kind of quotes (4.1.2.1). */
static const char *
continued(const char *p)
{
    bool line_break = false;

    for (;;) {
        if (p[0] == '-' && p[1] == '-') {
            p = after_line_comment(p);
        } else if (is_space(*p)) {
            line_break = line_break || *p == '\n' || *p == '\r';
            p++;
        } else {
            return line_break && *p == '\'' ? p : NULL;
        }
    }
}

static struct token
string_token(const char *start, const char *quote, bool backslashes)
{
    const char *end = NULL;

    for (const char *p = quote; p != NULL; p = end == NULL ? NULL : continued(end))
        end = after_quoted(p, backslashes);
    return token(TOKEN_STRING, start, end, "leaves a quote open; close it (a quote within a string is written twice)");
}

/* A block comment; those within it count (4.1.5). */
static struct token
block_comment(const char *start)
{
    int depth = 1;
    const char *p = start + 2;

    while (depth > 0 && *p != '\0') {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;
        } else if (p[0] == '*' && p[1] == '/') {
            depth--;
            p += 2;
        } else {
            p++;
        }
    }
    return token(TOKEN_SPACE, start, depth == 0 ? p : NULL, "leaves a comment open; close it with */");
}

/* What begins with a dollar: a parameter, a dollar-quoted string (4.1.2.4), else the dollar alone. */
static struct token
dollar_token(const char *start)
{
    const char *p = start + 1;
    size_t tag;

    if (isdigit((unsigned char) *p)) {
        while (isdigit((unsigned char) *p))
            p++;
        return token(TOKEN_PARAMETER, start, p, NULL);
    }
    while (within_name(*p))
        p++;
    if (*p != '$')
        return token(TOKEN_OTHER, start, start + 1, NULL);
    tag = (size_t) (p + 1 - start);
    for (p++; *p != '\0'; p++)
        if (strncmp(p, start, tag) == 0)
            return token(TOKEN_STRING, start, p + tag, NULL);
    return token(TOKEN_STRING, start, NULL, "leaves a dollar-quoted string open; close it with the tag that opens it");
}

struct token
expression_token(const char *p)
{
    static const char name_open[] = "leaves a double quote open; close it (within a name it is written twice)";
    const char *end = p + 1;

    if (*p == '\0')
        return token(TOKEN_END, p, p, NULL);
    if (is_space(*p))
        return token(TOKEN_SPACE, p, end, NULL);
    if (p[0] == '-' && p[1] == '-')
        return token(TOKEN_SPACE, p, after_line_comment(p), NULL);
    if (p[0] == '/' && p[1] == '*')
        return block_comment(p);
    if (*p == '\'')
        return string_token(p, p, false);
    if ((*p == 'E' || *p == 'e') && p[1] == '\'')
        return string_token(p, p + 1, true);
    if (*p == '"')
        return token(TOKEN_QUOTED, p, after_quoted(p, false), name_open);
    if ((*p == 'U' || *p == 'u') && p[1] == '&' && p[2] == '"')
        return token(TOKEN_ESCAPED, p, after_quoted(p + 2, false), name_open);
    if (*p == '$')
        return dollar_token(p);
    if (begins_name(*p)) {
        while (within_name(*end) || *end == '$')
            end++;
        return token(TOKEN_WORD, p, end, NULL);
    }
    /* A digit too: what follows one begins anew, as in servers before 15. Later ones refuse "1e$$"; and where they read a
       longer number than this ("1e5", "1_000", "0xff"), no string can follow that would make a difference. */
    return token(TOKEN_OTHER, p, end, NULL);
}

void
expression_name(struct buf *out, const struct token *t)
{
    if (t->kind == TOKEN_WORD) {
        for (const char *p = t->start; p < t->end; p++)
            buf_putc(out, (char) ((unsigned char) *p < 0x80 ? tolower((unsigned char) *p) : *p));
        return;
    }
    for (const char *p = t->start + 1; p < t->end; p++) {
        if (*p == '"')
            p++; /* the first of two, or the last */
        if (p < t->end)
            buf_putc(out, *p);
    }
}

/* The server cuts a name that is too long, and finds the column of what is left. */
static bool
means(const struct buf *name, const char *column)
{
    size_t len = strlen(column);

    if (name->len > NAME_BYTES && len >= NAME_BYTES - CUT_BYTES)
        return strncmp(buf_text(name), column, len) == 0;
    return strcmp(buf_text(name), column) == 0;
}

bool
expression_reads(const char *expression, const char *column)
{
    struct buf name = {0};
    bool found = false;

    for (struct token t = expression_token(expression); t.kind != TOKEN_END && !found; t = expression_token(t.end)) {
        if (t.kind == TOKEN_ESCAPED)
            found = true; /* not worth decoding, so taken to match */
        if (t.kind != TOKEN_QUOTED && t.kind != TOKEN_WORD)
            continue;
        buf_clear(&name);
        expression_name(&name, &t);
        found = means(&name, column);
    }
    buf_free(&name);
    return found;
}

/* What is wrong with a single byte of SQL, given the parentheses and brackets that are open. */
static const char *
punctuation_fault(struct buf *open, char c)
{
    char last = open->len > 0 ? open->data[open->len - 1] : '\0';

    if (c == ';')
        return "holds a semicolon; write one value, not statements";
    if (c == '(' || c == '[')
        buf_putc(open, c);
    if (c != ')' && c != ']')
        return NULL;
    if (last == (c == ')' ? '(' : '[')) {
        open->data[--open->len] = '\0';
        return NULL;
    }
    if (last != '\0')
        return "closes parentheses and brackets in another order than it opens them; close the innermost first";
    return c == ')' ? "closes a parenthesis that it did not open; take it out, or open it"
                    : "closes a bracket that it did not open; take it out, or open it";
}

const char *
expression_fault(const char *expression)
{
    const char *fault = NULL;
    struct buf open = {0}; /* parentheses and brackets, the innermost last */
    bool blank = true;

    for (struct token t = expression_token(expression); t.kind != TOKEN_END && fault == NULL;
         t = expression_token(t.end)) {
        blank = blank && t.kind == TOKEN_SPACE;
        fault = t.fault;
        if (t.kind == TOKEN_PARAMETER)
            fault = "holds a parameter like $1, which is no column; name the column";
        else if (t.kind == TOKEN_OTHER)
            fault = punctuation_fault(&open, *t.start);
    }
    if (fault == NULL && open.len > 0)
        fault =
            open.data[open.len - 1] == '(' ? "leaves a parenthesis open; close it" : "leaves a bracket open; close it";
    if (fault == NULL && blank)
        fault = "is blank; write an SQL expression over the source row";
    buf_free(&open);
    return fault;
}
