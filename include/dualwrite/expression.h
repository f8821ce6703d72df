/*
 * expression.h - what can be told of SQL of a mapping or a rule pack without parsing it: its tokens.
 *
 * Pure. The tokens are cut as the server's scanner cuts them with standard_conforming_strings on (manual, 4.1;
 * src/backend/parser/scan.l), so both agree on where a string or comment ends. Whether the expression means anything is
 * the server's business.
 */
#ifndef DUALWRITE_EXPRESSION_H
#define DUALWRITE_EXPRESSION_H

#include <stdbool.h>

#include "dualwrite/buf.h"

enum token_kind {
    TOKEN_END,
    TOKEN_SPACE, /* or a comment */
    TOKEN_STRING,
    TOKEN_QUOTED,  /* "name" */
    TOKEN_ESCAPED, /* U&"name" */
    TOKEN_WORD,
    TOKEN_PARAMETER, /* $1 */
    TOKEN_OTHER,     /* one byte */
};

struct token {
    enum token_kind kind;
    const char *start;
    const char *end;   /* the byte after it */
    const char *fault; /* of a token that the text ends within: what expression_fault() says of it */
};

/* The token that begins at `p`. The text has to outlive it. */
struct token expression_token(const char *p);

/* Appends the name that a TOKEN_WORD or TOKEN_QUOTED means: folded when it is a word. */
void expression_name(struct buf *out, const struct token *t);

/*
 * True when `expression` has the word `column`: as written when quoted, folded to lower case when not (manual, 4.1.1).
 * Deliberately generous: a column too many costs an event that changes nothing; one too few would lose a change, so a
 * caller takes an expression in which no column is recognised as reading all of them.
 */
bool expression_reads(const char *expression, const char *column);

/*
 * Why `expression` cannot be put between a parenthesis and a line break with another parenthesis without reaching out
 * of them: what is wrong and what to do, to follow a place's name ("closes a parenthesis that ..."). NULL: it can. A
 * comment that the line break ends is no fault. The text is a constant.
 */
const char *expression_fault(const char *expression);

#endif
