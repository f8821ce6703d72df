/* expression.c - finds column names among the words of an SQL expression; see dualwrite/expression.h. Not a parser. */
#include "dualwrite/expression.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"

static bool
word_byte(char c)
{
    return isalnum((unsigned char) c) || c == '_' || c == '$' || (unsigned char) c >= 0x80;
}

/* Skips what is quoted from *p on, up to and including the closing quote; collects it, doubled quotes as one. */
static void
quoted(const char **p, bool backslashes, struct buf *word)
{
    char quote = *(*p)++;

    for (; **p != '\0'; (*p)++) {
        if (backslashes && **p == '\\' && (*p)[1] != '\0') {
            (*p)++;
        } else if (**p == quote) {
            (*p)++;
            if (**p != quote)
                return;
        }
        buf_putc(word, **p);
    }
}

/* Past a comment that begins at p, block comments within each other counted (manual, 4.1.5); NULL when none does. */
static const char *
after_comment(const char *p)
{
    int depth = 0;

    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\n");
    if (p[0] != '/' || p[1] != '*')
        return NULL;
    do {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;
        } else if (p[0] == '*' && p[1] == '/') {
            depth--;
            p += 2;
        } else if (*p != '\0') {
            p++;
        }
    } while (depth > 0 && *p != '\0');
    return p;
}

/* Past a dollar-quoted string that begins at p (manual, 4.1.2.4); NULL when none does. */
static const char *
after_dollar_string(const char *p)
{
    const char *end = p + 1;
    size_t len;

    if (*p != '$')
        return NULL;
    while (isalnum((unsigned char) *end) || *end == '_' || (unsigned char) *end >= 0x80)
        end++;
    if (*end != '$' || isdigit((unsigned char) p[1]))
        return NULL;
    len = (size_t) (end + 1 - p);
    for (end++; *end != '\0'; end++)
        if (strncmp(end, p, len) == 0)
            return end + len;
    return end;
}

bool
expression_reads(const char *expression, const char *column)
{
    struct buf word = {0};
    bool found = false;

    for (const char *p = expression; *p != '\0' && !found;) {
        const char *after = after_comment(p);

        if (after == NULL)
            after = after_dollar_string(p);
        buf_clear(&word);
        if (after != NULL) {
            p = after;
        } else if (*p == '\'') {
            bool escapes = p > expression && (p[-1] == 'E' || p[-1] == 'e');

            quoted(&p, escapes, &word);
        } else if (*p == '"') {
            bool escaped = p > expression && p[-1] == '&'; /* U&"...": not worth decoding, so taken to match */

            quoted(&p, false, &word);
            found = escaped || strcmp(buf_text(&word), column) == 0;
        } else if (word_byte(*p)) {
            for (; word_byte(*p); p++)
                buf_putc(&word, (char) ((unsigned char) *p < 0x80 ? tolower((unsigned char) *p) : *p));
            found = strcmp(buf_text(&word), column) == 0;
        } else {
            p++;
        }
    }
    buf_free(&word);
    return found;
}
