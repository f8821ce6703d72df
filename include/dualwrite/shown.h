/*
 * shown.h - text, times and tables as an operator's terminal gets them.
 *
 * Pure. Whatever a name, a key or a server's message holds, it stays on its line, moves no cursor and reorders nothing.
 * Log lines have their own rules (log.h), and JSON needs none of this.
 */
#ifndef DUALWRITE_SHOWN_H
#define DUALWRITE_SHOWN_H

#include <stddef.h>

#include "dualwrite/buf.h"

/*
 * Appends `text` in at most `columns` columns of a terminal (0: as many as it takes); what is cut ends with "...". Control
 * characters, line ends and the bidi controls of Unicode become \n, \t or \u{9b}; what is not UTF-8 becomes \x{ff}.
 */
void shown_text(struct buf *out, const char *text, size_t columns);

/*
 * Appends `text` as shown_text() has it and a line end, broken at blanks into lines of at most `width` columns; those after the
 * first begin with `indent` blanks, which the caller has in front of the first.
 */
void shown_wrapped(struct buf *out, const char *text, size_t indent, size_t width);

/* How many columns `text` takes, which went through shown_text(). */
size_t shown_width(const char *text);

/* "0.4 s", "12 s", "3 min 20 s", "4 h 10 min", "2 d 3 h". A negative time is 0. */
void shown_span(struct buf *out, double seconds);

/* "1 234 567" */
void shown_count(struct buf *out, double count);

/* A table: cells from left to right, row after row; the first row is its head. Free with grid_free(). */
struct grid {
    size_t columns;
    char **cells;
    size_t count;
};

/* Adds a cell through shown_text(); NULL is "-". */
void grid_add(struct grid *g, const char *text, size_t columns);
void grid_addf(struct grid *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Takes over what is in `text` and has been shown already. */
void grid_take(struct grid *g, struct buf *text);

/* Appends the table, aligned, each line behind `indent` spaces and in at most `width` columns (0: any). */
void grid_put(struct buf *out, const struct grid *g, size_t indent, size_t width);
void grid_free(struct grid *g);

#endif
