/*
 * expression.h - which columns an SQL expression of the mapping may read.
 *
 * Pure and deliberately generous: it looks for column names among the expression's words, outside of string constants
 * and comments, and does not parse SQL. A column too many costs an event that changes nothing; one too few would lose
 * a change, so an expression in which no column is recognised counts as reading all of them.
 */
#ifndef DUALWRITE_EXPRESSION_H
#define DUALWRITE_EXPRESSION_H

#include <stdbool.h>

/* True when `expression` has the word `column`: as written when quoted, folded to lower case when not (manual, 4.1.1). */
bool expression_reads(const char *expression, const char *column);

#endif
