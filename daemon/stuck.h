/*
 * stuck.h - rows of a batch that fail on a value of another row, where no other row makes room by itself.
 *
 * Collects them, has the legacy database say who holds what they want, and orders those that have a chance: rows that want
 * each other's values can be written together. Writing them is write.c's business.
 */
#ifndef STUCK_H
#define STUCK_H

#include "dualwrite/conflict.h"
#include "holders.h"

struct stuck_row {
    size_t row;
    char *constraint, *error; /* of its last attempt */
    char sqlstate[6];
};

struct stuck;

struct stuck *stuck_new(struct pgconn *legacy, holders_done done, void *arg);
void stuck_add(struct stuck *s, size_t row, const PGresult *error, const char *text);
const struct stuck_row *stuck_rows(const struct stuck *s, size_t *count);

/* Asks who holds what they want, then calls done; rows, count and found of `request` are filled in here. */
void stuck_look(struct stuck *s, const struct holders_request *request);
const struct conflicts *stuck_conflicts(const struct stuck *s);

/* The order of those of `entity` that have a chance. */
struct conflict_order stuck_order(const struct stuck *s, const struct batch *b, size_t entity);

/* Forgets all of them. */
void stuck_clear(struct stuck *s);
void stuck_free(struct stuck *s);

#endif
