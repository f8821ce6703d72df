/*
 * names.h - how alike are two names that people gave to tables and columns: customer_orders, "CustomerOrder", order.
 *
 * Pure, for proposals only: nothing is decided by it that a person does not see. A name is taken apart into words at
 * every change of case and every character that is no letter or digit; a word is lower case and singular.
 */
#ifndef DUALWRITE_NAMES_H
#define DUALWRITE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct name_words {
    char **items;
    size_t count;
};

/* Free with name_words_free(). Without any letter or digit the name itself is the only word. */
struct name_words name_words(const char *name);
void name_words_free(struct name_words *words);

/* The words joined by `between`, the first `skip` left out, to be freed. */
char *name_joined(const char *name, size_t skip, const char *between);

/* The same words in the same order: customer_orders, "customerOrder". */
bool name_same(const char *a, const char *b);

/* name_same(), but for words that only say what kind of column it is: plan_id and plan, is_active and active. */
bool name_same_core(const char *a, const char *b);

/* Shared words in percent of all words of both, without those of name_same_core(). */
int name_overlap(const char *a, const char *b);

/* One of `known` (ends with NULL) that is a word of `name`; NULL: none is. */
const char *name_word_among(const char *name, const char *const *known);

#endif
