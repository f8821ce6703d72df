/*
 * quote.h - names and texts as SQL spells them.
 *
 * Pure string work: it knows no server and asks no connection. Values of rows never pass through here (they travel as
 * parameters); these are for what SQL cannot take as a parameter: identifiers, and the constants of a mapping.
 */
#ifndef DUALWRITE_QUOTE_H
#define DUALWRITE_QUOTE_H

#include "dualwrite/buf.h"

/* Appends `name` as an identifier: always in double quotes, inner ones doubled. */
void quote_ident(struct buf *out, const char *name);

/* Appends "schema"."name". */
void quote_qualified(struct buf *out, const char *schema, const char *name);

/*
 * Appends `text` as a literal that means the same whatever standard_conforming_strings says: the E'' form, with
 * doubled backslashes, when there is a backslash in it. A NULL text gives the word NULL.
 */
void quote_literal(struct buf *out, const char *text);

#endif
