/*
 * sqlshow.h - SQL text with its long lines broken, for people.
 *
 * Pure. Only white space changes, and none of it within quotes, dollar quotes and comments: it stays the same SQL.
 */
#ifndef DUALWRITE_SQLSHOW_H
#define DUALWRITE_SQLSHOW_H

#include <stddef.h>

#include "dualwrite/buf.h"

/*
 * Appends `sql`, with each line longer than `width` bytes broken behind a comma or before a word like AND, where it can
 * be: at the outermost of those places that keep the width. Line breaks that are there stay.
 */
void sqlshow(struct buf *out, const char *sql, size_t width);

#endif
