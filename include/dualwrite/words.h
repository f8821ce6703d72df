/*
 * words.h - the words of a command line, as a program gets them: an argv array that grows.
 *
 * Pure. Nothing here goes through a shell; words_shown() is for people who want to type the same.
 */
#ifndef DUALWRITE_WORDS_H
#define DUALWRITE_WORDS_H

#include <stddef.h>

#include "dualwrite/buf.h"

/* `struct words w = {0};` is empty. items ends with NULL once a word was added. */
struct words {
    char **items; /* owned, and each word of it */
    size_t count;
};

void words_add(struct words *w, const char *word);
void words_addf(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Copies of all words of `from`, behind those that are there. */
void words_append(struct words *w, const struct words *from);
void words_free(struct words *w);

/* Appends the words as a shell would have to be given them. */
void words_shown(struct buf *out, const struct words *w);

#endif
