/*
 * suggest.h - the nearest known word, for "unknown key X; is Y meant?".
 *
 * Pure. It does not know what the words are (keys, commands, JSON members) and writes no message.
 */
#ifndef DUALWRITE_SUGGEST_H
#define DUALWRITE_SUGGEST_H

#include <stddef.h>

/*
 * Damerau-Levenshtein distance (optimal string alignment): how many letters to add, drop, change or swap with their
 * neighbour to turn `a` into `b`. ASCII letters differ not by case. Time and memory grow with strlen(a) * strlen(b)
 * and strlen(b).
 */
size_t suggest_distance(const char *a, const char *b);

/*
 * The one of `known` (`count` words) that is nearest to `word`, the first of several; NULL when none is within
 * max(2, strlen(word) / 3). Fast for a word of any length.
 */
const char *suggest_nearest(const char *word, const char *const *known, size_t count);

#endif
