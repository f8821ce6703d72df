/*
 * envedit.h - sets one key in the text of an env file and takes that back, without touching anything else in it.
 *
 * Pure: text in, text out; what a line means is envfile.h's word. Above a line that was changed or added stands a comment,
 *
 *     # rollback: KEY=false, and it was
 *     # rollback| KEY=true
 *     KEY=false
 *
 * or `# rollback: KEY=false, and it was not set`. So a reader of the file sees what happened, and it can be taken back without
 * a memory elsewhere.
 */
#ifndef DUALWRITE_ENVEDIT_H
#define DUALWRITE_ENVEDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"

enum envedit {
    ENVEDIT_SAME,    /* nothing to do; nothing was appended to `out` */
    ENVEDIT_CHANGED, /* the new text was appended */
    ENVEDIT_OTHERS,  /* envedit_put_back(): somebody has changed the line since, so it stays */
    ENVEDIT_BROKEN,  /* the text has faults that make it unsafe to edit */
};

/* Some line sets it. */
bool envedit_has(const char *text, size_t len, const char *key);

/*
 * Makes `key` have `value`, a word. Where it is set several times the last line is changed, the one that holds; where it is
 * not, a line is added at the end if `add`. Quotes, `export`, blanks and line ends stay as they are.
 */
enum envedit envedit_set(struct buf *out, const char *text, size_t len, const char *key, const char *value, bool add);

/* Takes back what envedit_set() did to `key`, if the line still has the value that it got then. */
enum envedit envedit_put_back(struct buf *out, const char *text, size_t len, const char *key);

#endif
