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

bool
expression_reads(const char *expression, const char *column)
{
    struct buf word = {0};
    bool found = false;

    for (const char *p = expression; *p != '\0' && !found;) {
        buf_clear(&word);
        if (*p == '\'') {
            bool escapes = p > expression && (p[-1] == 'E' || p[-1] == 'e');

            quoted(&p, escapes, &word);
        } else if (*p == '"') {
            quoted(&p, false, &word);
            found = strcmp(buf_text(&word), column) == 0;
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
